"""The contract of a game: exact, batched, pure rules, and the goals that a game can be played for.

A batch of positions is one array `states`, uint64 `[B, W]`: W words hold everything that the rules
need (for Connect Four: the mover's stones and all stones). The search tree, the replay buffer and
files keep positions of any game in that form.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

States = NDArray[np.uint64]

Array = NDArray[np.number | np.bool_]
"""An array of numbers or truth values of any type and shape."""

CLOCK = 3
"""The plane of an observation that shows the number of plies in binary, if there is one."""

MOVER, WAITING = 0, 1
"""The two seats, seen from a position: who is to move, and who waits."""


class Outcome(IntEnum):
    """The result of a game for the player to move."""

    LOSS = -1
    DRAW = 0
    WIN = 1
    ONGOING = 2


class Verdict(IntEnum):
    """The state of a goal by the rules alone. In finished games it is never OPEN."""

    IMPOSSIBLE = -1
    OPEN = 0
    ACHIEVED = 1


class GameError(Exception):
    """A mistake in the use of a game, in one sentence that names the cure."""


class UnknownGameError(GameError):
    """No game has the name that was asked for."""


class UnknownGoalError(GameError):
    """The game has no goal of the name that was asked for."""


class IllegalMoveError(GameError):
    """An action that the rules forbid was given to `Game.step`."""


@dataclass(frozen=True)
class Goal:
    """One thing that a player can try to achieve.

    Attributes:
        name: how users call it, e.g. `win_by_18`.
        text: what it means, in one sentence.
        implies: the goal that is achieved whenever this one is, so that the value of this one
            never exceeds the other's (`win_by_18` implies `win_by_24`). It must stand earlier in
            the table.
        draw_value: what a drawn game is worth to this goal, in [0, 1]; 0.5 for `win`.
        zero_sum: one player's value is one minus the other's (only then may the sign flip).
        words: what people call it, in a few words; None: the name spelled out, see
            `rlhf_agents.words`.
    """

    name: str
    text: str
    implies: str | None = None
    draw_value: float = 0.0
    zero_sum: bool = False
    words: str | None = None


@dataclass(frozen=True)
class Symmetry:
    """A reflection or rotation: cell i goes to `cells[i]`, action a becomes `actions[a]`.

    Attributes:
        cells: int64 `[H * W]`, a permutation.
        actions: int64 `[A]`, a permutation.
    """

    cells: NDArray[np.int64]
    actions: NDArray[np.int64]

    def seen(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return observations `[B, planes, H, W]` as they look afterwards.

        The plane of the clock, the fourth, does not show the board: it stays.
        """
        flat = observations.reshape(*observations.shape[:2], len(self.cells))
        moved = flat.copy()
        moved[:, :CLOCK, self.cells] = flat[:, :CLOCK]
        return moved.reshape(observations.shape)


@runtime_checkable
class Game(Protocol):
    """An exact, batched, pure simulator of a two-player game.

    Attributes:
        name: the name in the registry.
        title: the name that people use.
        rules: the tag (a NamedTuple) on which compiled code dispatches, see `rlhf_games.rules`.
        n_actions: A.
        n_words: W, the uint64 words of a position.
        observation_shape: `(planes, H, W)`; 2 planes, the mover's pieces and the other's, or 4, if
            these do not show everything: cells that are empty and playable, and in the first cells
            of the last plane the number of plies in binary, the least digit first.
        max_plies: an upper bound of the length of a game.
        goals: the finite goal table.
        symmetries: those other than the identity.
        action_names: A labels that players type and read, for the first player's actions.
        line_length: cells of the straight windows that a pattern network should look at.
        gravity: only the lowest empty cell of a column is playable.
        turned: the second player sees the board turned by 180 degrees, and its actions with it.
        lines_win: a game is won by a straight line of `line_length` stones.
        visible_cells: a network looks at so many cells of a plane, counted row by row; those behind
            them, if any, only make sure that observations show everything.
    """

    name: str
    title: str
    rules: Any
    n_actions: int
    n_words: int
    observation_shape: tuple[int, int, int]
    max_plies: int
    goals: tuple[Goal, ...]
    symmetries: tuple[Symmetry, ...]
    action_names: tuple[str, ...]
    line_length: int
    gravity: bool
    visible_cells: int
    turned: bool
    lines_win: bool

    def names_of(self, seat: int) -> tuple[str, ...]:
        """Return the A labels of a seat's actions: those of the second may differ if `turned`."""
        ...

    def initial(self, n: int) -> States:
        """Return n starting positions, uint64 `[n, W]`."""
        ...

    def legal(self, states: States) -> NDArray[np.bool_]:
        """Return which actions are legal, bool `[B, A]`; none in a finished game."""
        ...

    def step(self, states: States, actions: NDArray[np.int64]) -> States:
        """Play one action `[B]` in each position and return the new ones; finished games stay.

        Raises:
            IllegalMoveError: an action is not legal in its position.
        """
        ...

    def mover(self, states: States) -> NDArray[np.int8]:
        """Return who is to move, int8 `[B]`: 0 the first player, 1 the second."""
        ...

    def plies(self, states: States) -> NDArray[np.int64]:
        """Return how many plies were played, int64 `[B]`."""
        ...

    def outcome(self, states: States) -> NDArray[np.int8]:
        """Return `Outcome` values for the player to move, int8 `[B]`."""
        ...

    def observe(self, states: States) -> NDArray[np.float32]:
        """Return what the mover sees, float32 `[B, *observation_shape]`, values 0 and 1."""
        ...

    def from_observation(self, observations: NDArray[np.float32]) -> States:
        """Return the positions behind observations: the inverse of `observe`.

        Raises:
            GameError: an observation does not have the game's shape, or shows what cannot
                occur (two stones on a cell, floating stones, counts that no game leads to).
        """
        ...

    def verdicts(self, states: States) -> NDArray[np.int8]:
        """Return `Verdict` values, int8 `[B, 2, G]`, for the mover and for the waiting player."""
        ...

    def achieved(self, states: States) -> NDArray[np.bool_]:
        """Return which goals finished games achieved, bool `[B, 2, G]`; all False while ongoing."""
        ...

    def random_actions(self, states: States, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return a uniformly random legal action `[B]` (0 in finished games)."""
        ...

    def restart(self, states: States) -> States:
        """Return the positions with every finished game replaced by the starting position."""
        ...

    def text(self, state: States) -> str | None:
        """Return a position uint64 `[W]` as people read it, None if its planes show stones."""
        ...

    def label(self, state: States, action: int) -> str:
        """Return what people call a legal action in a position uint64 `[W]`.

        What they type is always the mover's name of it, see `names_of`.
        """
        ...

    def goal_index(self, name: str) -> int:
        """Return the row of the goal `name`.

        Raises:
            UnknownGoalError: no goal has that name; near names are listed.
        """
        ...


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean ...? " if a known name is near, else nothing."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"did you mean {' or '.join(near)}? " if near else ""


def unknown_name(kind: str, name: str, known: Iterable[str], most: int = 40) -> str:
    """Return a sentence that says that a name is unknown, which are near, and which there are."""
    names = list(known)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    listed = ", ".join(names[:most]) or "none"
    return f"unknown {kind} {name!r}; {did_you_mean(name, names)}known: {listed}{more}"


def written_options(name: str, text: str, example: str) -> dict[str, Any]:
    """Return the options that a name holds in its brackets.

    Args:
        name: as a user wrote it, for errors.
        text: what its brackets hold: "rows=6,columns=7".
        example: how options are written.

    Raises:
        GameError: they are not written so.
    """
    msg = f"the options of {name!r} must be written like {example}"
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise GameError(msg) from error
    if not isinstance(call, ast.Call) or call.args or not all(word.arg for word in call.keywords):
        raise GameError(msg)
    try:
        return {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise GameError(msg) from error
