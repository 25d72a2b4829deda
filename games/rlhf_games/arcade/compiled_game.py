"""An `ArcadeGame` whose rules are compiled: the batched contract over `rlhf_games.arcade.rules`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_games.arcade import rules as arcade_rules
from rlhf_games.arcade.base import ArcadeGame, Draws, Grids
from rlhf_games.arcade.rules import OVER, SIDE
from rlhf_games.arrays import actions_of, whole_rows
from rlhf_games.base import GameError, IllegalMoveError


def refuse_action(game: ArcadeGame, actions: NDArray[np.int64], wrong: int) -> None:
    """Raise the error for the first wrong row, unless that is -1.

    Raises:
        IllegalMoveError: the action of that row does not exist.
    """
    if wrong >= 0:
        msg = (
            f"{game.title} has no action {actions[wrong]} (game {wrong}); "
            f"actions: 0 to {game.n_actions - 1}"
        )
        raise IllegalMoveError(msg)


WORD = np.dtype(np.int16)


class CompiledArcade:
    """The `ArcadeGame` contract for any rules tag; a game only adds its tables."""

    def __init__(
        self,
        *,
        name: str,
        title: str,
        rules: Any,
        action_names: tuple[str, ...],
        plane_names: tuple[str, ...],
        mirrored: tuple[int, ...] | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.rules = rules
        self._states = f"states of {title}"
        self.n_actions: int = rules.n_actions
        self.n_words: int = rules.n_words
        self.n_draws: int = rules.n_draws
        self.observation_shape = (rules.n_planes, SIDE, SIDE)
        self.action_names = action_names
        self.plane_names = plane_names
        self.mirrored = mirrored
        self._unseen = np.empty((0, *self.observation_shape), np.uint8)

    def initial(self, draws: Draws) -> Grids:
        """Return new games, int16 `[B, W]`, see `ArcadeGame.initial`."""
        self._check(draws)
        states = np.zeros((len(draws), self.n_words), np.int16)
        states[:, OVER] = 1
        return self.restart(states, draws, out=states)

    def step(
        self, states: Grids, actions: NDArray[np.int64], draws: Draws, out: Grids | None = None
    ) -> tuple[Grids, NDArray[np.float32]]:
        """Return states and points float32 `[B]` after one action each, see `ArcadeGame.step`."""
        states = self.checked(states)
        actions = actions_of(actions, len(states))
        self._check(draws, len(states))
        new = self._into(states, out)
        rewards = np.empty(len(states), np.float32)
        wrong = arcade_rules.step_batch(self.rules, new, actions, draws, rewards, self._unseen)
        refuse_action(self, actions, wrong)
        return new, rewards

    def restart(self, states: Grids, draws: Draws, out: Grids | None = None) -> Grids:
        """Return the states with finished games restarted, see `ArcadeGame.restart`."""
        states = self.checked(states)
        self._check(draws, len(states))
        new = self._into(states, out)
        arcade_rules.restart_batch(self.rules, new, self.over(new), draws, self._unseen)
        return new

    def over(self, states: Grids) -> NDArray[np.bool_]:
        """Return bool `[B]`, see `ArcadeGame.over`."""
        return self.checked(states)[:, OVER] != 0

    def legal(self, states: Grids) -> NDArray[np.bool_]:
        """Return bool `[B, A]`, see `ArcadeGame.legal`."""
        return np.repeat(~self.over(states)[:, None], self.n_actions, axis=1)

    def observe(self, states: Grids) -> NDArray[np.uint8]:
        """Return uint8 `[B, C, SIDE, SIDE]`, see `ArcadeGame.observe`."""
        states = self.checked(states)
        planes = np.empty((len(states), *self.observation_shape), np.uint8)
        arcade_rules.observe_batch(self.rules, states, planes)
        return planes

    def checked(self, states: Grids) -> Grids:
        """Return states in the form for compiled code, int16 `[B, W]`.

        Raises:
            GameError: these are not states; every method with states raises it.
        """
        return whole_rows(states, WORD, self.n_words, self._states)

    def _into(self, states: Grids, out: Grids | None) -> Grids:
        if out is None:
            return states.copy()
        if self.checked(out) is not out or len(out) != len(states):
            msg = f"new states are written into int16 [{len(states)}, {self.n_words}] in C order"
            raise GameError(msg)
        if out is not states:
            out[:] = states
        return out

    def _check(self, draws: Draws, n: int | None = None) -> None:
        is_array = isinstance(draws, np.ndarray) and draws.dtype == np.float64 and draws.ndim == 2
        if not is_array or draws.shape != (len(draws) if n is None else n, self.n_draws):
            got = f"{draws.dtype} {list(draws.shape)}" if hasattr(draws, "dtype") else type(draws)
            msg = f"{self.title} needs draws float64 [{n or 'B'}, {self.n_draws}], got {got}"
            raise GameError(msg)
