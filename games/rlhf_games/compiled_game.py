"""A `Game` whose rules are compiled: the batched contract over `rlhf_games.rules`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_games import rules as compiled_rules
from rlhf_games.arrays import actions_of, real_numbers, whole_rows
from rlhf_games.base import (
    GameError,
    Goal,
    IllegalMoveError,
    States,
    Symmetry,
    UnknownGoalError,
    unknown_name,
)
from rlhf_games.perft import perft_from

WORD = np.dtype(np.uint64)


class CompiledGame:
    """The `Game` contract for any rules tag; a game only adds its tables.

    The arguments are the attributes of `Game`, and `shape` = (H, W), `planes` (2 or 4), and
    `second_names`: labels of the second player's actions, if it sees the board turned.
    """

    def __init__(  # noqa: PLR0913 - one argument per table of the contract
        self,
        *,
        name: str,
        title: str,
        rules: Any,
        shape: tuple[int, int],
        max_plies: int,
        goals: tuple[Goal, ...],
        symmetries: tuple[Symmetry, ...],
        action_names: tuple[str, ...],
        line_length: int,
        planes: int = 2,
        gravity: bool = False,
        lines_win: bool = False,
        second_names: tuple[str, ...] | None = None,
        visible_cells: int | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.rules = rules
        self._positions = f"positions of {title}"
        self.n_actions: int = rules.n_actions
        self.n_words: int = type(rules).WORDS or rules.n_words
        self.observation_shape = (planes, *shape)
        self.max_plies = max_plies
        self.goals = goals
        self.symmetries = symmetries
        self.action_names = action_names
        self.line_length = line_length
        self.gravity = gravity
        self.visible_cells: int = rules.n_cells if visible_cells is None else visible_cells
        self.lines_win = lines_win
        self.turned = second_names is not None
        self._second_names = second_names or action_names

    def __repr__(self) -> str:
        sides = self.observation_shape[1:]
        shown = self.visible_cells == int(np.prod(sides))
        board = f"a board of {' x '.join(map(str, sides))}, " if shown else ""
        return (
            f"{self.title}: {board}{self.n_actions} actions, {len(self.goals)} goals "
            f"({', '.join(goal.name for goal in self.goals)})"
        )

    def names_of(self, seat: int) -> tuple[str, ...]:
        """Return A labels, see `Game.names_of`."""
        return self._second_names if seat else self.action_names

    def checked(self, states: States) -> States:
        """Return positions in the form for compiled code, uint64 `[B, W]`.

        Raises:
            GameError: these are not positions; every method with positions raises it.
        """
        return whole_rows(states, WORD, self.n_words, self._positions)

    def checked_one(self, state: States) -> States:
        """Return one position uint64 `[W]` as a batch uint64 `[1, W]`.

        Raises:
            GameError: this is not a position.
        """
        return self.checked([state] if isinstance(state, list | tuple) else np.asarray(state)[None])

    def initial(self, n: int) -> States:
        """Return n starting positions, see `Game.initial`."""
        if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 0:
            msg = f"the number of games must be a whole number >= 0, got {n!r}"
            raise GameError(msg)
        states = self._empty(n)
        compiled_rules.fill_initial(self.rules, states)
        return states

    def legal(self, states: States) -> NDArray[np.bool_]:
        """Return bool `[B, A]`, see `Game.legal`."""
        states = self.checked(states)
        out = np.empty((len(states), self.n_actions), np.bool_)
        compiled_rules.legal_batch(self.rules, states, out)
        return out

    def step(self, states: States, actions: NDArray[np.int64]) -> States:
        """Return the positions after one action each, see `Game.step`."""
        states = self.checked(states)
        actions = actions_of(actions, len(states))
        out = np.empty_like(states)
        wrong = compiled_rules.step_batch(self.rules, states, actions, out)
        if wrong >= 0:
            legal = np.flatnonzero(self.legal(states[wrong : wrong + 1])[0]).tolist()
            msg = f"action {actions[wrong]} is illegal in position {wrong}; legal: {legal}"
            raise IllegalMoveError(msg)
        return out

    def mover(self, states: States) -> NDArray[np.int8]:
        """Return int8 `[B]`, 0 the first player, see `Game.mover`."""
        return (self.plies(states) % 2).astype(np.int8)

    def plies(self, states: States) -> NDArray[np.int64]:
        """Return int64 `[B]`, see `Game.plies`."""
        states = self.checked(states)
        out = np.empty(len(states), np.int64)
        compiled_rules.plies_batch(self.rules, states, out)
        return out

    def outcome(self, states: States) -> NDArray[np.int8]:
        """Return int8 `[B]`, see `Game.outcome`."""
        states = self.checked(states)
        out = np.empty(len(states), np.int8)
        compiled_rules.result_batch(self.rules, states, out)
        return out

    def observe(self, states: States) -> NDArray[np.float32]:
        """Return float32 `[B, planes, H, W]`, see `Game.observe`."""
        states = self.checked(states)
        shape = (len(states), self.observation_shape[0], self.rules.n_cells)
        planes = np.empty(shape, np.float32)
        compiled_rules.observe_batch(self.rules, states, planes)
        return planes.reshape(-1, *self.observation_shape)

    def symbols(self, states: States) -> NDArray[np.int8]:
        """Return the symbol of every cell, int8 `[B, H * W]`, see `rules.symbol`."""
        states = self.checked(states)
        out = np.empty((len(states), self.rules.n_cells), np.int8)
        compiled_rules.symbols_batch(self.rules, states, out)
        return out

    def from_observation(self, observations: NDArray[np.float32]) -> States:
        """Return the positions behind observations, see `Game.from_observation`."""
        planes = real_numbers(observations, f"observations of {self.title}")
        if planes.shape[1:] != self.observation_shape:
            msg = (
                f"{self.title} observations have the shape [B, "
                f"{', '.join(map(str, self.observation_shape))}], got {list(planes.shape)}"
            )
            raise GameError(msg)
        states = self._empty(len(planes))
        shape = (len(planes), self.observation_shape[0], self.rules.n_cells)
        wrong = compiled_rules.decode_batch(self.rules, planes.reshape(shape), states)
        if wrong >= 0:
            msg = f"observation {wrong} shows an impossible position of {self.title}"
            raise GameError(msg)
        return states

    def verdicts(self, states: States) -> NDArray[np.int8]:
        """Return int8 `[B, 2, G]`, see `Game.verdicts`."""
        states = self.checked(states)
        out = np.empty((len(states), 2, len(self.goals)), np.int8)
        compiled_rules.verdict_batch(self.rules, states, out)
        return out

    def achieved(self, states: States) -> NDArray[np.bool_]:
        """Return bool `[B, 2, G]`, see `Game.achieved`."""
        states = self.checked(states)
        finished = self.outcome(states) != compiled_rules.ONGOING
        is_achieved = self.verdicts(states) == compiled_rules.ACHIEVED
        return np.asarray(is_achieved & finished[:, None, None])

    def random_actions(self, states: States, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return random legal actions int64 `[B]`, see `Game.random_actions`."""
        states = self.checked(states)
        out = np.empty(len(states), np.int64)
        seed = int(rng.integers(1 << 63))
        compiled_rules.random_action_batch(self.rules, states, seed, out)
        return out

    def restart(self, states: States) -> States:
        """Return the positions with finished games restarted, see `Game.restart`."""
        states = self.checked(states)
        out = np.empty_like(states)
        compiled_rules.restart_batch(self.rules, states, out)
        return out

    def text(self, state: States) -> str | None:
        """Return None: the planes show stones, see `Game.text`."""
        self.checked_one(state)
        return None

    def label(self, state: States, action: int) -> str:
        """Return the name of an action, see `Game.label`."""
        mover = int(self.mover(self.checked_one(state))[0])
        (number,) = actions_of([action], 1)
        if not 0 <= number < self.n_actions:
            msg = f"{self.title} has no action {action}; actions: 0 to {self.n_actions - 1}"
            raise IllegalMoveError(msg)
        return self.names_of(mover)[number]

    def perft(self, depth: int) -> int:
        """Count the positions `depth` plies from the start, without games that end earlier."""
        return int(perft_from(self.rules, self.initial(1), depth))

    def goal_index(self, name: str) -> int:
        """Return the row of a goal, see `Game.goal_index`."""
        names = [goal.name for goal in self.goals]
        if name in names:
            return names.index(name)
        raise UnknownGoalError(unknown_name(f"goal of {self.title}", name, names))

    def _empty(self, n: int) -> States:
        return np.empty((n, self.n_words), np.uint64)
