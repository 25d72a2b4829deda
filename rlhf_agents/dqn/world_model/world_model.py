"""The world model of a plain environment: a table, a network, or none yet."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from rlhf_agents.dqn.world_model.dynamics_network import DynamicsNetwork, can_predict
from rlhf_agents.dqn.world_model.outcomes import Imagined, Ints, Parts, Transitions
from rlhf_agents.dqn.world_model.state_table import PART, StateTable
from rlhf_agents.errors import SettingError
from rlhf_agents.files.types import Arrays, Space
from rlhf_agents.settings import ModelForesight

DESIRED = "desired_goal"
TRIAL = 1000
"""Transitions after which "auto" decides."""
SMALL, COMES_BACK = 0.8, 0.2
"""Shares of steps that led to states seen before. In a small environment a table, which plans, is
best; otherwise a network, if it predicts well; otherwise a table, if states recur at all."""
FIRST_LOOK = 100
"""Transitions before which the share of recurring states is not judged."""
SETTLED = 0.005
"""A network with fewer mistakes learns only occasionally."""
REST = 8
OLDER_NUMBERS = 5
"""Names of arrays that files of earlier versions do not have."""
KINDS = ("auto", "table", "network")
TABLE, NETWORK = "table.", "network."
"""Prefixes of the names of arrays."""


class WorldModel:
    """Learns the outcomes of actions, and says which of them it knows.

    A table works wherever states recur; a network also generalises to new states, if the
    environment is deterministic. With "auto" both are tried, and the better one is kept.

    Args:
        space: of observations.
        n_actions: A.
        settings: how to look ahead.
        seed: of everything random.

    Raises:
        SettingError: no model can learn from such observations.
    """

    def __init__(
        self, space: Space, n_actions: int, settings: ModelForesight, seed: int | None
    ) -> None:
        parts = parts_of(space)
        _check(parts, settings)
        self.settings, self.n_actions = settings, n_actions
        self.dtypes = {key: part.dtype for key, part in parts.items()}
        self.shapes = {key: tuple(part.shape or (1,)) for key, part in parts.items()}
        self.rng = np.random.default_rng(seed)
        tries = settings.model
        self.table = StateTable(n_actions) if tries != "network" else None
        self.network = None
        if tries != "table" and can_predict(parts):
            self.network = DynamicsNetwork(parts, n_actions, settings, seed)
        self.steps = self.familiar = self.turns = 0
        self.reward_range, self.most_on_the_way = (0.0, 0.0), 0.0

    @property
    def trusted(self) -> bool:
        """Whether there is a usable model."""
        return self.remembers or self._predicts

    @property
    def _predicts(self) -> bool:
        return self.network is not None and self.network.mistakes <= self.settings.trust

    @property
    def remembers(self) -> bool:
        """Whether the model is a table, which knows all outcomes and not only certain ones."""
        if self.table is None:
            return False
        return self.network is None or self._comes_back(SMALL)

    def _comes_back(self, share: float) -> bool:
        return self.steps >= FIRST_LOOK and self.familiar >= share * self.steps

    def observe(self, steps: Transitions) -> None:
        """Add new transitions, each once and in order."""
        if self.network is not None:
            self.network.check(steps)
        if self.table is not None:
            self.familiar += self.table.learn(steps)
        low, high = self.reward_range
        self.reward_range = (
            min(low, float(steps.rewards.min())),
            max(high, float(steps.rewards.max())),
        )
        going_on = steps.rewards[~steps.ends]
        if len(going_on):
            self.most_on_the_way = max(self.most_on_the_way, float(going_on.max()))
        before = self.steps
        self.steps += len(steps.actions)
        if before < TRIAL <= self.steps and self.settings.model == "auto":
            self._decide()

    def _decide(self) -> None:
        keeps = self._comes_back(SMALL if self._predicts else COMES_BACK)
        if keeps:
            self.network = None
        else:
            self.table = None

    def wants_practice(self) -> bool:
        """Return whether the network should learn from random transitions now."""
        if self.network is None:
            return False
        self.turns += 1
        return self.network.mistakes > SETTLED or self.turns % REST == 0

    def practise(self, steps: Transitions) -> None:
        """Train the network."""
        if self.network is not None:
            self.network.learn(steps)

    def imagine(self, before: Parts, actions: Ints) -> Imagined:
        """Return what may follow from actions int64 `[B, M]` in states `[B, ...]`.

        Args:
            before: observations by key; the desired goal is ignored.
            actions: int64 `[B, M]`.
        """
        parts = self._own(before)
        if self.remembers and self.table is not None:
            return self.table.imagine(parts, actions)
        assert self.network is not None
        return self.network.imagine(parts, actions)

    def places(self, before: Parts) -> Ints:
        """Return which of the remembered states each is, int64 `[B]`, -1 where none."""
        assert self.table is not None
        return self.table.places(self._own(before))

    # ---- saving ----------------------------------------------------------------------------

    def state(self) -> Arrays:
        """Return the model as arrays."""
        counts = (self.steps, self.familiar, self.turns)
        known = {"numbers": np.array([*counts, *self.reward_range, self.most_on_the_way])}
        for prefix, model in self._models().items():
            known |= {prefix + name: array for name, array in model.state().items()}
        return known

    def _models(self) -> dict[str, StateTable | DynamicsNetwork]:
        both = {TABLE: self.table, NETWORK: self.network}
        return {prefix: model for prefix, model in both.items() if model is not None}

    def restore(self, state: Arrays) -> None:
        """Replace the model by the one from `state`.

        Raises:
            ValueError: it is for another environment or other settings.
            KeyError: something is missing.
            RuntimeError: see `DynamicsNetwork.restore`.
        """
        numbers = [float(number) for number in state["numbers"]]
        if len(numbers) == OLDER_NUMBERS:
            numbers.append(numbers[-1])
        steps, familiar, turns, low, high, lasting = numbers
        counted = 0 <= familiar <= steps < np.inf and 0 <= turns < np.inf
        if not (counted and low <= 0 <= lasting <= high):
            msg = "its numbers of steps or its rewards are impossible"
            raise ValueError(msg)
        kept = {
            prefix: {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            for prefix in (TABLE, NETWORK)
        }
        kept = {prefix: arrays for prefix, arrays in kept.items() if arrays}
        models = self._models()
        if not kept or not kept.keys() <= models.keys():
            msg = f"it has {' and '.join(kept) or 'no model'} instead of {' or '.join(models)}"
            raise ValueError(msg)
        self._check_states(kept.get(TABLE, {}))
        for prefix, arrays in kept.items():
            models[prefix].restore(arrays)
        self.table = self.table if TABLE in kept else None
        self.network = self.network if NETWORK in kept else None
        self.steps, self.familiar, self.turns = int(steps), int(familiar), int(turns)
        self.reward_range, self.most_on_the_way = (low, high), lasting

    def _check_states(self, arrays: Arrays) -> None:
        found = {
            name.removeprefix(PART): (array.dtype, array.shape[1:])
            for name, array in arrays.items()
            if name.startswith(PART)
        }
        expected = {key: (np.dtype(self.dtypes[key]), self.shapes[key]) for key in self.dtypes}
        if found and found != expected:
            msg = "its states are those of another environment"
            raise ValueError(msg)

    def _own(self, parts: Parts) -> Parts:
        """Return the parts that actions change, in stored form; scalars get a dimension."""
        arrays = {key: np.asarray(parts[key], dtype) for key, dtype in self.dtypes.items()}
        return {key: a.reshape(-1, 1) if a.ndim < 2 else a for key, a in arrays.items()}


def parts_of(space: Space) -> dict[str, Space]:
    """Return the space of every part of an observation that actions change."""
    if not isinstance(space, spaces.Dict):
        return {"": space}
    return {key: part for key, part in space.spaces.items() if key != DESIRED}


def _check(parts: dict[str, Space], settings: ModelForesight) -> None:
    if settings.model not in KINDS:
        msg = f"the model of foresight must be one of {', '.join(KINDS)}, got {settings.model!r}"
        raise SettingError(msg)
    if settings.members < 2 or settings.width < 1:
        msg = (
            "foresight needs at least 2 members and width 1, got "
            f"{settings.members} and {settings.width}"
        )
        raise SettingError(msg)
    if settings.model == "network" and not can_predict(parts):
        msg = (
            "the network of foresight reads vectors of at most 1024 bits and numbers, got "
            f"{', '.join(map(str, parts.values()))}; use model='table' or foresight=None"
        )
        raise SettingError(msg)
