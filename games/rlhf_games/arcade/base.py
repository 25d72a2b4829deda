"""The contract of an arcade game: one player, exact batched rules, chance comes from outside.

A batch of games is one array `states`, int16 `[B, W]`. The rules are pure functions: `draws`,
float64 `[B, K]` in [0, 1), decide everything random in one step or one start
(`rlhf_games.arcade.dice` draws them), so the same draws give the same games.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Grids = NDArray[np.int16]
"""States of arcade games, int16 `[B, W]`."""
Draws = NDArray[np.float64]
"""Uniform numbers in [0, 1), float64 `[B, K]`."""


@runtime_checkable
class ArcadeGame(Protocol):
    """Exact, batched, pure rules of a one-player game on a grid.

    Attributes:
        name: the name in its registry.
        title: the name to show.
        rules: the tag (a NamedTuple) on which compiled code dispatches, see `arcade_rules`.
        n_actions: A; all of them are legal until the game is over.
        n_words: W, the int16 words of a state.
        n_draws: K, the most draws that one step or start uses.
        observation_shape: `(planes, H, W)`.
        action_names: A labels.
        plane_names: what each plane of an observation shows.
        mirrored: the mirror image of each action, if swapping left and right keeps the rules and
            only swaps the columns of planes; None otherwise.
    """

    name: str
    title: str
    rules: Any
    n_actions: int
    n_words: int
    n_draws: int
    observation_shape: tuple[int, int, int]
    action_names: tuple[str, ...]
    plane_names: tuple[str, ...]
    mirrored: tuple[int, ...] | None

    def initial(self, draws: Draws) -> Grids:
        """Return one new game per row of `draws`, int16 `[B, W]`.

        Raises:
            GameError: the draws do not have the shape `[B, K]`; also below.
        """
        ...

    def step(
        self, states: Grids, actions: NDArray[np.int64], draws: Draws, out: Grids | None = None
    ) -> tuple[Grids, NDArray[np.float32]]:
        """Play one action `[B]` in each game; finished games stay and earn nothing.

        Args:
            states: int16 `[B, W]`.
            actions: int64 `[B]`, 0..A-1.
            draws: the random numbers.
            out: receives the new states; may be `states` itself.

        Returns:
            the new states, and the points that the step earned, float32 `[B]`.

        Raises:
            IllegalMoveError: an action does not exist.
        """
        ...

    def restart(self, states: Grids, draws: Draws, out: Grids | None = None) -> Grids:
        """Return the states with every finished game restarted; `out` as in `step`."""
        ...

    def over(self, states: Grids) -> NDArray[np.bool_]:
        """Return which games are finished, bool `[B]`."""
        ...

    def legal(self, states: Grids) -> NDArray[np.bool_]:
        """Return which actions are legal, bool `[B, A]`; none in a finished game."""
        ...

    def observe(self, states: Grids) -> NDArray[np.uint8]:
        """Return the player's observations, uint8 `[B, *observation_shape]`, values 0 and 1."""
        ...
