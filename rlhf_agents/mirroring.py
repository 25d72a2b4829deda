"""Every lesson may be seen in a mirror: positions, targets and known moves turn together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.lessons import Lesson
from rlhf_games.base import Game


def mirrored(
    game: Game, lesson: Lesson, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Lesson]:
    """Return boards `[R, planes, H, W]` and the lesson, each row through a random symmetry."""
    boards = game.observe(lesson.states)
    choice = rng.integers(len(game.symmetries) + 1, size=len(boards))
    targets, known = lesson.targets.copy(), lesson.known.copy()
    for number, symmetry in enumerate(game.symmetries, start=1):
        rows = np.flatnonzero(choice == number)
        boards[rows] = symmetry.seen(boards[rows])
        answers, seen = np.empty_like(targets[rows]), np.empty_like(known[rows])
        answers[..., symmetry.actions] = targets[rows]
        seen[:, symmetry.actions] = known[rows]
        targets[rows], known[rows] = answers, seen
    return boards, lesson._replace(targets=targets, known=known)
