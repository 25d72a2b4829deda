"""Exact foresight in arcade games whose rules are compiled: no action after which the game ends.

The network's ranking of the actions is kept, and simulated futures only verify that the game goes
on: looking for points in few of them is worse than the network's own values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.errors import SettingError
from rlhf_agents.files.types import Floats, Ints
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.parallel.compute import computation_of
from rlhf_agents.parallel.networks import BOARD
from rlhf_agents.parallel.rollout import keys_of
from rlhf_agents.players.actors import (
    Actor,
    ModelActor,
    Seen,
    Spaces,
    State,
    load_actor,
    split_nodes,
)
from rlhf_games.arcade.base import Grids
from rlhf_games.arcade.batch import ArcadeBatch
from rlhf_games.base import Array

ARCADE = "arcade"
"""Attribute of environments: the `ArcadeBatch` that they play."""
FUTURES = 2
"""Simulated for each action."""
PRICE = np.float32(10.0)
"""What the end of the game costs, in the units of the values."""


class ArcadeForesight(ModelActor):
    """A model that simulates what may follow from each action, by copies of the exact rules.

    Args:
        model: an `HFDQN` that plays for the score.
        env: where it acts, one environment or many.
        name: how results call it.
        nodes: frames that are simulated per action chosen.

    Attributes:
        horizon: steps of each simulated future.
        simulated: frames in all so far.

    Raises:
        SettingError: the environment's rules are not compiled, or the model plays for goals.
    """

    def __init__(self, model: HFDQN, env: Spaces, name: str, nodes: int) -> None:
        super().__init__(model, env, f"{name}@{nodes}")
        self.batches = arcades_of(env)
        space = model.observation_space
        keys = keys_of(model.policy, space)
        if not self.batches or keys not in ((), (BOARD,)):
            msg = (
                f"looking {nodes} frames ahead needs compiled games that are played for the score, "
                "such as minatar:breakout; leave out @"
            )
            raise SettingError(f"{msg}{nodes}")
        self.key = keys[0] if keys else ""
        self.rules = self.batches[0].game
        kind: Any = type(self.rules)
        self.at_once = kind(sticky=0.0, ramping=self.rules.rules.ramping)
        self.horizon = max(1, nodes // (FUTURES * self.rules.n_actions))
        self.rng = np.random.default_rng(0)
        self.computation = computation_of(model.policy, space)
        self.simulated = 0

    def predict(
        self,
        observation: Seen,
        state: State = None,
        episode_start: Array | None = None,
        deterministic: bool = False,
    ) -> tuple[Array, State]:
        """Return the best actions after which the game goes on, see `Actor.predict`."""
        del episode_start, deterministic
        values = self.values(observation)
        assert values is not None
        return values.argmax(axis=1), state

    def values(self, observation: Seen) -> Floats | None:
        """Return the values of the network `[B, A]`, less the price of ends that were simulated."""
        planes = observation[BOARD] if isinstance(observation, dict) else observation
        own = self._values(np.ascontiguousarray(planes))
        states = np.concatenate([batch.states for batch in self.batches])
        if len(states) != len(own):
            msg = f"{len(own)} observations do not belong to {len(states)} games"
            raise SettingError(msg)
        result: Floats = own - PRICE * self._ends(states)
        return result

    def _values(self, planes: Array) -> Floats:
        return self.computation.values({self.key: planes}).copy()

    def _ends(self, states: Grids) -> Floats:
        """Return the share of futures `[B, A]` in which the game has ended at the horizon."""
        n, actions = len(states), self.rules.n_actions
        states = np.repeat(states, actions * FUTURES, axis=0)
        chosen: Ints = np.tile(np.repeat(np.arange(actions), FUTURES), n)
        for step in range(self.horizon):
            # All actions meet the same chance, so that luck does not decide between them.
            draws = self.rng.random((n, 1, FUTURES, self.rules.n_draws)).repeat(actions, axis=1)
            game = self.rules if step else self.at_once
            states, _ = game.step(states, chosen, draws.reshape(len(states), -1))
            self.simulated += len(states)
            if step + 1 < self.horizon:
                chosen = self._values(self.rules.observe(states)).argmax(axis=1)
        ended = self.rules.over(states).reshape(n, actions, FUTURES)
        share: Floats = ended.mean(axis=2, dtype=np.float32)
        return share


def actor_of(
    spec: str, env: Spaces, name: str, goal: str | None, seed: int, model: HFDQN | None
) -> Actor:
    """Return the actor that a word names, one that looks ahead for `agent@240`; see `load_actor`.

    Raises:
        SettingError: also if it cannot look ahead there.
    """
    who, nodes = split_nodes(spec)
    actor = load_actor(who, env, name, goal, seed, model)
    if not nodes:
        return actor
    if not isinstance(actor, ModelActor):
        msg = f"{who} does not look ahead: leave out @{nodes}"
        raise SettingError(msg)
    return ArcadeForesight(actor.model, env, actor.name, nodes)


def arcades_of(env: Any) -> list[ArcadeBatch]:
    """Return the compiled games of an environment or of many, none where there are others."""
    if isinstance(env, VecEnv):
        found = env.get_attr(ARCADE) if env.has_attr(ARCADE) else []
    else:
        found = [env.get_wrapper_attr(ARCADE)] if env.has_wrapper_attr(ARCADE) else []
    unique = list({id(one): one for one in found}.values())
    return unique if all(isinstance(one, ArcadeBatch) for one in unique) else []
