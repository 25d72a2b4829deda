"""Many arcade games played at the same time: their states, dice and observations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_games.arcade import rules as arcade_rules
from rlhf_games.arcade.base import ArcadeGame
from rlhf_games.arcade.compiled_game import refuse_action
from rlhf_games.arcade.dice import Dice
from rlhf_games.arrays import actions_of


class ArcadeBatch:
    """n games, each with its own dice; compiled calls step them all.

    The arrays below show the games after the last call; the next call overwrites them.

    Args:
        game: the rules.
        n: their number.
        seed: of everything random; game i is the same as a single game with seed + i.

    Attributes:
        states: int16 `[n, W]`.
        observation: uint8 `[n, C, H, W]`.
        reward: points of the last step, float32 `[n]`.
        over: bool `[n]`.
        draws: the latest draws of the dice, float64 `[n, K]`.
        dice: of all games.
    """

    def __init__(self, game: ArcadeGame, n: int, seed: int | None = None) -> None:
        self.game, self.n = game, n
        self.states = np.zeros((n, game.n_words), np.int16)
        self.observation = np.zeros((n, *game.observation_shape), np.uint8)
        self.reward = np.zeros(n, np.float32)
        self.over = np.zeros(n, np.bool_)
        self.draws = np.empty((n, game.n_draws))
        self._all = np.ones(n, np.bool_)
        self.seed(seed)
        self.restart(self._all)

    def seed(self, seed: int | None) -> None:
        """Reseed the dice and forget the last actions; call `restart` next."""
        self.dice = Dice(self.n, seed)
        self.states[:, arcade_rules.LAST_ACTION] = 0

    def restart(self, which: NDArray[np.bool_]) -> None:
        """Restart the games of `which` `[n]`."""
        self.dice.throw(which, self.draws)
        arcade_rules.restart_batch(
            self.game.rules, self.states, which, self.draws, self.observation
        )
        self.over = self.game.over(self.states)

    def step(self, actions: Any) -> None:
        """Play one action `[n]` in every game; finished games stay and earn nothing.

        Raises:
            GameError: there are not n actions.
            IllegalMoveError: an action does not exist; nothing was played.
        """
        actions = actions_of(actions, self.n)
        self.dice.throw(self._all, self.draws)
        wrong = arcade_rules.step_batch(
            self.game.rules, self.states, actions, self.draws, self.reward, self.observation
        )
        refuse_action(self.game, actions, wrong)
        self.over = self.game.over(self.states)

    def step_some(self, which: NDArray[np.int64], actions: Any) -> None:
        """Play one action `[k]` in the games of `which` `[k]`; the others stay unchanged.

        Raises:
            GameError: there are not k actions.
            IllegalMoveError: an action does not exist; nothing was played.
        """
        playing = np.zeros(self.n, np.bool_)
        playing[which] = True
        self.dice.throw(playing, self.draws)
        states, self.reward[which] = self.game.step(self.states[which], actions, self.draws[which])
        self.states[which] = states
        self.observation[which] = self.game.observe(states)
        self.over = self.game.over(self.states)
