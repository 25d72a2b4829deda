"""The contract of a game: exact, batched, pure rules, and the goals of its players.

A batch of positions is one array `states`, uint64 `[B, W]`: W words hold everything that the rules
need (for Connect Four: the mover's stones and all stones). The search tree, the replay buffer and
files store positions of every game in this form.
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
"""The two seats in a position: the player to move, and the waiting player."""


class Outcome(IntEnum):
    """The result of a game for the player to move."""

    LOSS = -1
    DRAW = 0
    WIN = 1
    ONGOING = 2


class Verdict(IntEnum):
    """The state of a goal by the rules alone; never OPEN in finished games."""

    IMPOSSIBLE = -1
    OPEN = 0
    ACHIEVED = 1


class GameError(Exception):
    """A mistake in the use of a game, in one sentence that names the cure."""


class UnknownGameError(GameError):
    """No game has the requested name."""


class UnknownGoalError(GameError):
    """The game has no goal with the requested name."""


class IllegalMoveError(GameError):
    """`Game.step` got an action that the rules forbid."""


@dataclass(frozen=True)
class Goal:
    """One thing that a player can try to achieve.

    Attributes:
        name: the name that users type, e.g. `win_by_18`.
        text: its meaning in one sentence.
        implies: the goal that is achieved whenever this one is, so that the value of this one
            never exceeds the other's (`win_by_18` implies `win_by_24`). It must come earlier in
            the table.
        draw_value: the value of a draw for this goal, in [0, 1]; 0.5 for `win`.
        zero_sum: one player's value is one minus the other's (only then may the sign flip).
        words: a readable name; None: the name spelled out, see `rlhf_agents.words`.
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
        """Return the transformed observations `[B, planes, H, W]`.

        The fourth plane, the clock, does not show the board and stays unchanged.
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
        title: the name to show.
        rules: the tag (a NamedTuple) on which compiled code dispatches, see `rlhf_games.rules`.
        n_actions: A.
        n_words: W, the uint64 words of a position.
        observation_shape: `(planes, H, W)`; 2 planes, the mover's pieces and the other's, or 4, if
            these do not show everything: cells that are empty and playable, and in the first cells
            of the last plane the number of plies in binary, the least digit first.
        max_plies: an upper bound of the length of a game.
        goals: the finite goal table.
        symmetries: those other than the identity.
        action_names: A labels for users, of the first player's actions.
        line_length: cells of the straight windows that a pattern network should look at.
        gravity: only the lowest empty cell of a column is playable.
        turned: the second player sees the board turned by 180 degrees, and its actions with it.
        lines_win: a game is won by a straight line of `line_length` stones.
        visible_cells: the cells of a plane that a network reads, counted row by row; any further
            ones only make observations complete.
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
        """Return the legal actions, bool `[B, A]`; none in a finished game."""
        ...

    def step(self, states: States, actions: NDArray[np.int64]) -> States:
        """Play one action `[B]` in each position and return the new ones; finished games stay.

        Raises:
            IllegalMoveError: an action is not legal in its position.
        """
        ...

    def mover(self, states: States) -> NDArray[np.int8]:
        """Return the player to move, int8 `[B]`: 0 the first, 1 the second."""
        ...

    def plies(self, states: States) -> NDArray[np.int64]:
        """Return the number of plies played, int64 `[B]`."""
        ...

    def outcome(self, states: States) -> NDArray[np.int8]:
        """Return `Outcome` values for the player to move, int8 `[B]`."""
        ...

    def observe(self, states: States) -> NDArray[np.float32]:
        """Return the mover's observations, float32 `[B, *observation_shape]`, values 0 and 1."""
        ...

    def from_observation(self, observations: NDArray[np.float32]) -> States:
        """Return the positions behind observations: the inverse of `observe`.

        Raises:
            GameError: an observation does not have the game's shape, or shows an impossible
                position (two stones on a cell, floating stones, impossible counts).
        """
        ...

    def verdicts(self, states: States) -> NDArray[np.int8]:
        """Return `Verdict` values, int8 `[B, 2, G]`, for the mover and for the waiting player."""
        ...

    def achieved(self, states: States) -> NDArray[np.bool_]:
        """Return the goals that finished games achieved, bool `[B, 2, G]`; False in others."""
        ...

    def random_actions(self, states: States, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return a uniformly random legal action `[B]` (0 in finished games)."""
        ...

    def restart(self, states: States) -> States:
        """Return the positions with every finished game replaced by the starting position."""
        ...

    def text(self, state: States) -> str | None:
        """Return a position uint64 `[W]` as text, None if its planes show stones."""
        ...

    def label(self, state: States, action: int) -> str:
        """Return the readable name of a legal action in a position uint64 `[W]`.

        Users type the mover's name of it, see `names_of`.
        """
        ...

    def goal_index(self, name: str) -> int:
        """Return the row of the goal `name`.

        Raises:
            UnknownGoalError: no goal has that name; suggests similar names.
        """
        ...


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean ...? " if a known name is similar, else an empty text."""
    near = difflib.get_close_matches(name, list(known), n=3)
    return f"did you mean {' or '.join(near)}? " if near else ""


def unknown_name(kind: str, name: str, known: Iterable[str], most: int = 40) -> str:
    """Return a sentence that a name is unknown, with similar and known names."""
    names = list(known)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    listed = ", ".join(names[:most]) or "none"
    return f"unknown {kind} {name!r}; {did_you_mean(name, names)}known: {listed}{more}"


def options_words(options: str) -> str:
    """Return the options of a game as a part of its title.

    "board_size=9" is " 9x9", "columns=6,rows=5" is " 5x6", others are " (komi=5.5)".
    """
    found = dict(part.split("=", 1) for part in options.split(",") if "=" in part)
    side = found.pop("board_size", "")
    if side:
        size = f" {side}x{side}"
    elif {"rows", "columns"} <= found.keys():
        size = f" {found.pop('rows')}x{found.pop('columns')}"
    else:
        size = ""
    others = ",".join(f"{name}={value}" for name, value in found.items())
    return f"{size} ({others})" if others else size


def written_options(name: str, text: str, example: str) -> dict[str, Any]:
    """Return the options in the brackets of a name.

    Args:
        name: as a user wrote it, for errors.
        text: the content of its brackets: "rows=6,columns=7".
        example: an example of correct options.

    Raises:
        GameError: they are not written like that.
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
