"""The review of a recorded game: its mistakes, the better moves, and what was missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rlhf_agents.play.board_cells import shown_name
from rlhf_agents.play.reasons import reason
from rlhf_agents.players.players import Player
from rlhf_games.base import Game

WORTH_MENTIONING = 0.1
"""The least loss in value that counts as a mistake; less is within the analyst's own error."""


@dataclass(frozen=True)
class Blunder:
    """A mistake in a game.

    Attributes:
        ply: how many moves were made before it.
        seat: who made it, 0 the first player.
        played: the action.
        better: the action that the analyst prefers.
        drop: the value lost, in [0, 1].
        goal: what the player played for.
        reason: what was missed, in one sentence.
        names: of the move that was played and of the better one, as people read them.
    """

    ply: int
    seat: int
    played: int
    better: int
    drop: float
    goal: str
    reason: str
    names: tuple[str, str]


def review(
    game: Game,
    moves: Sequence[int],
    analyst: Player,
    goals: Sequence[str] = ("win", "win"),
    *,
    opening: int = 0,
    on_progress: Callable[[int], object] = lambda _: None,
) -> list[Blunder]:
    """Return the mistakes of a game, in the order of play.

    Args:
        game: the rules.
        moves: all actions.
        analyst: values the moves.
        goals: what the first and the second player played for.
        opening: how many of the first moves nobody chose.
        on_progress: called with the number of moves reviewed so far.
    """
    states, found = game.initial(1), []
    for ply, move in enumerate(moves):
        if ply >= opening:
            seat = int(game.mover(states)[0])
            why = analyst.explain(states[0], goals[seat])
            best, own = float(why.values[why.action]), float(why.values[move])
            if best - own >= WORTH_MENTIONING:
                said = reason(game, states[0], move, why.action, (best, own), goals[seat])
                names = (shown_name(game, states[0], move), shown_name(game, states[0], why.action))
                found.append(
                    Blunder(ply, seat, move, why.action, best - own, goals[seat], said, names)
                )
        states = game.step(states, np.array([move]))
        on_progress(ply + 1)
    return found
