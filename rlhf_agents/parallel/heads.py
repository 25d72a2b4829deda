"""Learning from every step: the environment's reward, or all goals of its table at once.

A head outputs a network's values for one goal. A plain network has a single head. `AllGoalsPolicy`
has one for each goal of a finite table, and learns all of them from every step: the environment's
`achieved_goal` gives the goals that the step reached or made impossible.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv, VecNormalize, unwrap_vec_wrapper
from stable_baselines3.dqn.policies import DQNPolicy

from rlhf_agents.dqn.env_access import attribute
from rlhf_agents.files.types import Array, Bools, Floats, Info, Observations, Space
from rlhf_agents.parallel.networks import ACHIEVED, DESIRED, AllGoalsPolicy

NATIVE_END = "native_terminated"
"""Key of infos: the environment itself ended the episode."""


Happened = tuple[Array, Bools, list[Info]]


HOPELESS = 0.05
"""The largest value of a desired goal that was never reached."""


class HeadResults(NamedTuple):
    """The results of a step in n environments for K heads; each `[n, K]`.

    Attributes:
        rewards: float32.
        ended: the head's task ended with this step.
        weights: float32, 0 where the head has nothing to learn, because its goal is decided.
    """

    rewards: Floats
    ended: Bools
    weights: Floats


class RewardHead:
    """The single head of a plain network."""

    count = 1

    def acting(self, values: Floats, observation: Observations) -> Floats:
        """Return the values `[n, A]` for acting from values `[n, K, A]`."""
        del observation
        return values[:, 0]

    def asked(self, observation: Observations, n: int) -> Bools:
        """Return which heads `[n, K]` acting is for."""
        del observation
        return np.ones((n, 1), np.bool_)

    def goes_on(self, info: Info) -> Bools:
        """Return the heads `[K]` for which a finished episode was only cut short."""
        return np.array([bool(info.get("TimeLimit.truncated", False))])

    def judge(self, before: Observations, after: Observations, happened: Happened) -> HeadResults:
        """Return the results of a step.

        Args:
            before: observations before it.
            after: observations after it; where an episode ended, those of the next one.
            happened: rewards and ends `[n]`, and infos.
        """
        del before, after
        rewards, dones, _ = happened
        paid = np.asarray(rewards, np.float32)[:, None]
        return HeadResults(paid, dones[:, None], np.ones_like(paid))


class GoalHeads:
    """The heads of `AllGoalsPolicy`: one for each goal, and one for survival.

    A goal is learnt until it is decided, so once the easy ones are reached and a hard one never
    was, no goal guides the agent. The last head does then: its reward is -1 where the environment
    itself ends the episode.

    Args:
        goals: the number in the table; K is one more.
    """

    def __init__(self, goals: int) -> None:
        self.count = goals + 1

    def acting(self, values: Floats, observation: Observations) -> Floats:
        """Return the values of the desired goals, see `RewardHead.acting`.

        If the desired goal has no value for any action, because it was never reached, playing for
        the open goals and for survival leads towards it.
        """
        wanted = _with_last(np.maximum(observation[DESIRED], 0.0), 0.0)
        result = _weighted(values, wanted)
        lost = result.max(axis=1) < HOPELESS
        others = _with_last((observation[ACHIEVED] == 0).astype(np.float32), 1.0)
        result[lost] = _weighted(values[lost], others[lost])
        return result

    def asked(self, observation: Observations, n: int) -> Bools:
        """Return which goals are desired, see `RewardHead.asked`."""
        del n
        return _with_last(observation[DESIRED] > 0, False)

    def goes_on(self, info: Info) -> Bools:
        """Return the heads `[K]` that were only cut short, see `RewardHead.goes_on`."""
        is_open = info["terminal_observation"][ACHIEVED][None] == 0
        return np.asarray(_with_last(is_open, not info[NATIVE_END])[0], np.bool_)

    def judge(self, before: Observations, after: Observations, happened: Happened) -> HeadResults:
        """Return the results of a step, see `RewardHead.judge`; decided goals are not learnt."""
        _, dones, infos = happened
        was_open, flags = before[ACHIEVED] == 0, after[ACHIEVED].copy()
        for env in np.flatnonzero(dones):
            flags[env] = infos[env]["terminal_observation"][ACHIEVED]
        lost = np.zeros(len(dones), np.float32)
        for env in np.flatnonzero(dones):
            lost[env] = infos[env][NATIVE_END]
        rewards = _with_last((was_open & (flags > 0)).astype(np.float32), 0.0)
        rewards[:, -1] = -lost
        ended = dones[:, None] | _with_last(flags != 0, False)
        return HeadResults(rewards, ended, _with_last(was_open.astype(np.float32), 1.0))


def _weighted(values: Floats, weights: Array) -> Floats:
    """Return the sum over heads of values `[n, K, A]` times weights `[n, K]`."""
    each = np.zeros_like(values)  # forbidden actions have minus infinity, times 0
    np.multiply(values, weights[:, :, None], out=each, where=weights[:, :, None] > 0)
    result: Floats = each.sum(axis=1)
    return result


def _with_last(columns: Array, value: float) -> Array:
    """Return columns `[n, G]` with one more that is `value` everywhere."""
    return np.pad(columns, ((0, 0), (0, 1)), constant_values=value)


def has_goal_table(env: VecEnv | None, space: Space) -> bool:
    """Return whether environments report whether each goal of a finite table is decided.

    Our adapters do, with flags: 0 open, 1 reached, -1 lost; a `VecNormalize` hides them.
    """
    if env is None or unwrap_vec_wrapper(env, VecNormalize) is not None:
        return False
    rows = attribute(env, "goal_rows")
    is_table = isinstance(rows, np.ndarray) and len(rows) > 1
    return is_table and isinstance(space, spaces.Dict) and attribute(env, "goal_floor") == 0.0


def heads_of(policy: DQNPolicy) -> RewardHead | GoalHeads:
    """Return the heads of a policy."""
    if isinstance(policy, AllGoalsPolicy):
        return GoalHeads(policy.goals)
    return RewardHead()
