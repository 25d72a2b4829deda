"""A foreign game as an exact `Game`: everything that compiled search, minimax and goals need.

    game = HistoryGame("openspiel:othello", "Othello", backend, goal_table(deadline=45))

`backend` is a `foreign_games.backend.Backend`. Positions are histories of actions, see `rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import rlhf_games
from rlhf_adapters.foreign_games.backend import Backend, whole
from rlhf_adapters.foreign_games.elsewhere import Elsewhere
from rlhf_adapters.foreign_games.position_cache import (
    PositionCache,
    RecordLayout,
    addresses,
    open_cache,
)
from rlhf_adapters.foreign_games.rules import KEY_BITS, LARGEST_SCORE, HistoryRules
from rlhf_adapters.specs import EnvError, margin_goals
from rlhf_games.base import Goal, States
from rlhf_games.compiled_game import CompiledGame

PASS = "pass"
MAX_HISTORY_WORDS = 256
"""The longest position in words: two kilobytes of history."""
ANY_PLY = 1 << 30
LARGEST_SIZE = 1 << 24
"""The most actions, moves and features that a foreign game can have."""


class BoundedGoal(NamedTuple):
    """A goal that a final score achieves, no later than a ply.

    Attributes:
        goal: its name and meaning.
        least: the smallest score that achieves it.
        most: the largest.
        last_ply: the latest ply at which the game may end.
    """

    goal: Goal
    least: int
    most: int
    last_ply: int = ANY_PLY


def goal_table(deadline: int | None = None, margins: Sequence[int] = ()) -> tuple[BoundedGoal, ...]:
    """Return win, draw, lose, and more.

    Args:
        deadline: a ply for `win_by_N` and `lose_by_N`.
        margins: adds a goal `win_margin_M` for each M, to win by a score of at least M.
    """
    top = LARGEST_SCORE
    table = [
        BoundedGoal(
            Goal(
                "win", "win the game; a draw is better than a loss", draw_value=0.5, zero_sum=True
            ),
            1,
            top,
        ),
        BoundedGoal(Goal("draw", "end the game in a draw"), 0, 0),
        BoundedGoal(Goal("lose", "let the opponent win"), -top, -1),
    ]
    if deadline is not None:
        wins = Goal(f"win_by_{deadline}", f"win no later than ply {deadline}", implies="win")
        losses = Goal(f"lose_by_{deadline}", f"lose no later than ply {deadline}", implies="lose")
        table += [
            BoundedGoal(wins, 1, top, deadline),
            BoundedGoal(losses, -top, -1, deadline),
        ]
    return (*table, *(BoundedGoal(goal, least, top) for goal, least in margin_goals(margins)))


class HistoryGame(CompiledGame):
    """The `Game` contract for a foreign game.

    Observations are `[2, 2, n_cells / 2]`. The first `visible_cells` hold the network's features,
    in plane 0 if the first player is to move, in plane 1 if the second is;
    the rest hold the history, so that the position can be read back.

    Args:
        name: in the registry, `LIBRARY:NAME`.
        title: the name to show.
        backend: the game.
        goals: see `goal_table`.
        action_names: what players type, n_actions of them; numbers by default.
        alternates: the players always move in turn. Otherwise there is one more action, a pass,
            which is forced between two moves of the same player.
        last_ply: end the game there as a draw; by default the library's limit applies.

    Raises:
        EnvError: its longest game does not fit into a position.
    """

    def __init__(
        self,
        name: str,
        title: str,
        backend: Backend,
        goals: Sequence[BoundedGoal],
        *,
        action_names: Sequence[str] | None = None,
        alternates: bool = False,
        last_ply: int | None = None,
    ) -> None:
        _check(name, backend, action_names)
        layout = _layout(name, backend, alternates, last_ply)
        self.cache = PositionCache(backend, layout)
        names = action_names or [str(action) for action in range(backend.n_actions)]
        longest = layout.limit if alternates else 2 * layout.limit
        rules = self._rules(layout, goals)
        super().__init__(
            name=name,
            title=title,
            rules=rules,
            shape=(2, rules.n_cells // 2),  # SB3 takes the shortest side as the channels
            max_plies=longest if last_ply is None else min(longest, last_ply),
            goals=tuple(bounded.goal for bounded in goals),
            symmetries=(),
            action_names=(*names, *([] if alternates else [PASS])),
            line_length=1,
            visible_cells=rules.n_features,
        )

    def _rules(self, layout: RecordLayout, goals: Sequence[BoundedGoal]) -> HistoryRules:
        n_features = self.cache.n_features
        key_bits = KEY_BITS + 64 * (layout.key_words - 1)
        return HistoryRules(
            n_actions=self.cache.backend.n_actions + (layout.skip >= 0),
            n_cells=_even(n_features + (key_bits + 1) // 2),
            n_goals=len(goals),
            n_words=1 + layout.mask_words + layout.key_words,
            n_features=n_features,
            mask_words=layout.mask_words,
            bits=layout.bits,
            skip=layout.skip,
            goal_bounds=np.array([bounded[1:] for bounded in goals], np.int64),
            handle=open_cache(self.cache, self),
            **addresses(),
        )

    def __reduce__(self) -> tuple[object, ...]:
        # Handles and addresses are valid in one process only.
        return rlhf_games.make, (self.name,)

    def text(self, state: States) -> str:
        """Return a position uint64 `[W]` as the library prints it."""
        return self.cache.text(self._key(state))

    def label(self, state: States, action: int) -> str:
        """Return the library's name of an action in a position, see `Game.label`."""
        common = super().label(state, action)
        return self.cache.label(self._key(state), int(action)) or common

    def foreign(self, state: States) -> Any:
        """Return a position uint64 `[W]` as the library's object, which must not be changed."""
        return self.cache.position(self._key(state))

    def starting_at(self, position: Any) -> HistoryGame:
        """Return the same game, unregistered, that begins from one of the library's positions.

        The player to move there is the first player.
        """
        bounds = self.rules.goal_bounds.tolist()
        last_ply = self.cache.layout.last_ply
        names = self.action_names if self.rules.skip < 0 else self.action_names[:-1]
        return HistoryGame(
            self.name,
            self.title,
            Elsewhere(self.cache.backend, position),
            [BoundedGoal(goal, *bound) for goal, bound in zip(self.goals, bounds, strict=True)],
            action_names=names,
            alternates=self.rules.skip < 0,
            last_ply=None if last_ply < 0 else last_ply,
        )

    def _key(self, state: States) -> bytes:
        words = self.checked_one(state)[0]
        return bytes(words[1 + self.rules.mask_words :].tobytes())


def _check(name: str, backend: Backend, action_names: Sequence[str] | None) -> None:
    for what in ("n_actions", "max_actions", "n_features"):
        whole(f"{name}: {what}", getattr(backend, what), 1, LARGEST_SIZE)
    if action_names is not None and len(action_names) != backend.n_actions:
        msg = f"{name} has {backend.n_actions} actions, got names of {len(action_names)}"
        raise EnvError(msg)


def _even(number: int) -> int:
    return number + number % 2


def _layout(name: str, backend: Backend, alternates: bool, last_ply: int | None) -> RecordLayout:
    bits = max(1, (backend.n_actions - 1).bit_length())
    limit = backend.max_actions if last_ply is None else min(backend.max_actions, last_ply)
    words = -(-limit * bits // 64)
    if words > MAX_HISTORY_WORDS:
        fits = MAX_HISTORY_WORDS * 64 // bits
        msg = (
            f"a game of {name} may have {limit} moves of {bits} bits, and a position holds "
            f"{fits} of them; let it end earlier as a draw, with max_plies={fits} or less"
        )
        raise EnvError(msg)
    return RecordLayout(
        mask_words=-(-(backend.n_actions + (not alternates)) // 64),
        key_words=1 + max(words, 1),
        bits=bits,
        skip=-1 if alternates else backend.n_actions,
        limit=limit,
        last_ply=-1 if last_ply is None else last_ply,
    )
