"""Pictures and GIFs of games: colours where they belong, the winning line, files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rlhf_games
from rlhf_agents.board_image import (
    BRIGHT,
    HOLE,
    PANEL_SHARE,
    SEATS,
    SIZE,
    STRIP,
    board_layout,
    last_cell,
    stones_of,
    winning_cells,
)
from rlhf_agents.errors import OutputError
from rlhf_agents.recording import LAST_SECONDS, Frame, draw_frame, write_gif
from rlhf_agents.records import Explanation
from rlhf_games.base import Game

CONNECT_FOUR = rlhf_games.make("connect_four")
TIC_TAC_TOE = rlhf_games.make("tic_tac_toe")
NAMES = ("agent", "minimax:4")
DIAGONAL = [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3]
LONGEST = [6, 1, 0, 4, 4, 1, 4, 6, 6, 1, 1, 0, 3, 1, 1, 2, 2, 5, 5, 3, 6, 6, 6]


def draw_sequence() -> list[int]:
    """Fill Connect Four's board without four in a row: pairs of columns, shifted by two rows."""
    pairs = [0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1]
    return [*pairs, *(2 + c for c in pairs), *(4 + c for c in pairs), *[6] * 6]


def explanation(game: Game, state: np.ndarray, action: int, rng: np.random.Generator) -> Explanation:
    legal = game.legal(state[None])[0]
    values = np.where(legal, rng.random(game.n_actions), np.nan).astype(np.float32)
    return Explanation(
        action=action,
        goal="win",
        values=values,
        goal_values={goal.name: float(rng.random()) for goal in game.goals},
        line=(action, *range(game.n_actions)),
        nodes=int(rng.integers(100_000)),
        proven=bool(rng.random() < 0.2),
    )


def record(game: Game, actions: list[int], *, explained: bool = True) -> list[Frame]:
    """The frames of a game."""
    rng = np.random.default_rng(0)
    state = game.initial(1)
    frames = [Frame(state[0], None, None, 0)]
    for action in actions:
        mover = int(game.mover(state)[0])
        thought = explanation(game, state[0], action, rng) if explained else None
        state = game.step(state, np.array([action]))
        text = "" if game.legal(state).any() else "the game is over"
        frames.append(Frame(state[0], action, thought, mover, text))
    return frames


def centres(image: Image.Image, game: Game) -> dict[tuple[int, int], tuple[int, ...]]:
    """The colour in the middle of every cell."""
    layout = board_layout(game, image.size)
    return {
        (row, column): image.getpixel(tuple(int(x) for x in layout.centre(row, column)))
        for row in range(layout.rows)
        for column in range(layout.columns)
    }


def has_colour(image: Image.Image, colour: tuple[int, ...]) -> bool:
    return bool((np.asarray(image) == colour).all(axis=2).any())


@pytest.mark.parametrize("explained", [True, False])
@pytest.mark.parametrize(
    ("game", "actions", "first", "second"),
    [
        (CONNECT_FOUR, [3, 3, 0], {(5, 3), (5, 0)}, {(4, 3)}),
        (TIC_TAC_TOE, [4, 0, 8, 2], {(1, 1), (2, 2)}, {(0, 0), (0, 2)}),
    ],
    ids=["connect_four", "tic_tac_toe"],
)
def test_stones_have_the_colour_of_their_player(game, actions, first, second, explained):
    """Whoever is to move: plane 0 of an observation changes its owner with every ply."""
    for n in (len(actions), len(actions) - 1):
        frame = record(game, actions[:n], explained=explained)[-1]
        colours = centres(draw_frame(game, frame, NAMES), game)
        last = last_cell(game, stones_of(game, frame.state), actions[n - 1])
        gone = (first | second) - {last} if n == len(actions) else set()
        expected = {**dict.fromkeys(first, SEATS[0]), **dict.fromkeys(second, SEATS[1])}
        if n < len(actions):
            removed = record(game, actions)[-1]
            expected.pop(last_cell(game, stones_of(game, removed.state), actions[-1]))
        assert {cell: colours[cell] for cell in expected} == expected
        assert gone <= set(expected)
        assert last in expected


def test_empty_cells_are_holes():
    colours = centres(draw_frame(CONNECT_FOUR, record(CONNECT_FOUR, [])[0], NAMES), CONNECT_FOUR)
    assert set(colours.values()) == {HOLE}
