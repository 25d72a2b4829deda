"""Environments that can be put back in the middle of an episode, and that are watched."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from rlhf_agents.envs.monitored_vec_env import MonitoredVecEnv, not_finite
from rlhf_agents.envs.resumable_env import ResumableEnv, digest, episode_seed
from rlhf_agents.errors import EnvironmentFailureError
from tests.agents.envs.small_envs import Walk


def played(env, actions):
    """What an environment shows while it is played from where it is."""
    seen = []
    for action in actions:
        observation, reward, terminated, truncated, _ = env.step(action)
        seen.append((observation.tolist(), reward))
        if terminated or truncated:
            seen.append(env.reset()[0].tolist())
    return seen


@given(before=st.lists(st.integers(0, 1), max_size=30), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_it_goes_on_where_it_was(before, seed):
    first = ResumableEnv(Walk(), "walk", seed, 1)
    first.reset()
    played(first, before)
    second = ResumableEnv(Walk(), "walk", 0, 1)
    assert second.restore_run_state(first.run_state())
    after = [1, 0, 1, 1, 0] * 5
    assert played(first, after) == played(second, after)


def test_episodes_and_environments_differ_and_runs_repeat():
    seeds = {episode_seed(s, i, e) for s in (0, 1) for i in (0, 1) for e in range(50)}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**31 for seed in seeds)
    again = [played(ResumableEnv(Walk(), "", 3), []) for _ in range(2)]
    assert again[0] == again[1]
    starts = []
    for _ in range(2):
        env = ResumableEnv(Walk(), "", 3)
        starts.append([env.reset(seed=each)[0].tolist() for each in (9, None, None)])
    assert starts[0] == starts[1]
    assert len({tuple(start) for start in starts[0]}) == 3


def test_another_world_is_found_out():
    env = ResumableEnv(Walk(), "walk", 0)
    env.reset()
    played(env, [1, 1, 0])
    state = env.run_state()
    for other in (Walk(remembers=True), Walk(fails_at=2, how="raise")):
        other.episodes = 8
        again = ResumableEnv(other, "other", 0)
        assert not again.restore_run_state(state)
        assert again.episode == env.episode  # the next one is new
    long = {**state, "actions": np.ones(20, np.int64)}
    assert not ResumableEnv(Walk(), "walk", 0).restore_run_state(long)


def test_errors_of_reset_are_named():
    class Closed(Walk):
        def reset(self, **_options):
            raise ConnectionError

    with pytest.raises(
        EnvironmentFailureError, match=r"^far raised ConnectionError \(environment 2, re"
    ):
        ResumableEnv(Closed(), "far", 0, 2).reset()


def test_fingerprints_tell_parts_and_order():
    a, b = np.arange(3.0), np.arange(2)
    assert digest({"x": a, "y": b}) == digest({"y": b, "x": a})
    assert digest((a, b)) != digest((b, a))
    assert digest(a) != digest(a + 1e-9)
    assert digest(3) == digest(np.int64(3))


# ---- watched -----------------------------------------------------------------------------------


def watched(*envs):
    makers = [lambda env=env, i=i: ResumableEnv(env, "walk", 0, i) for i, env in enumerate(envs)]
    return MonitoredVecEnv(DummyVecEnv(makers), "walk", 0)


def test_returns_and_lengths_are_told_and_survive():
    env = watched(Walk(), Walk())
    env.reset()
    for _ in range(3):
        env.step(np.ones(2, np.int64))
    again = watched(Walk(), Walk())
    assert again.restore_run_state(env.run_state())
    told = []
    for each in (env, again):
        for _ in range(9):
            _, _, dones, infos = each.step(np.ones(2, np.int64))
            told.append([info["episode"] for info, done in zip(infos, dones, strict=True) if done])
    assert told[:9] == told[9:]
    assert sum(map(len, told[:9])) >= 2
    results = [result for ended in told[:9] for result in ended]
    assert all(3 < result["l"] <= 12 and result["r"] in {0.0, 1.0} for result in results)


def test_one_environment_that_cannot_go_back_ends_all_episodes():
    env = watched(Walk(), Walk(remembers=True))
    env.reset()
    env.reset()
    again = watched(Walk(), Walk(remembers=True))
    assert not again.restore_run_state(env.run_state())
    assert [each.episode for each in again.each] == [1, 1]


class Batch(VecEnv):
    """Two environments in one, which know nothing of our wrappers."""

    render_mode = None

    def __init__(self, tells):
        super().__init__(2, spaces.Box(-1, 1, (1,), np.float32), spaces.Discrete(2))
        self.reward, self.place = np.zeros(2, np.float32), 0
        if tells:
            self.run_state = lambda: {"place": np.array([self.place])}
            self.restore_run_state = self._restore

    def _restore(self, state):
        self.place = int(state["place"][0])
        return True

    def reset(self):
        return np.zeros((2, 1), np.float32)

    def step_async(self, actions):
        self.place += 1

    def step_wait(self):
        if self.place == 4:
            raise OSError("the line is dead")
        return self.reset(), self.reward, np.zeros(2, bool), [{}, {}]

    def close(self):
        pass

    def get_attr(self, attr_name, indices=None):
        return [getattr(self, attr_name)] * 2

    def set_attr(self, attr_name, value, indices=None):
        pass

    def env_method(self, method_name, *args, indices=None, **kwargs):
        pass

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False, False]


def test_batches_that_can_tell_where_they_are_are_asked():
    env, again = (MonitoredVecEnv(Batch(tells=True), "batch", 7) for _ in range(2))
    env.step(np.zeros(2))
    assert again.restore_run_state(env.run_state())
    assert again.venv.place == 1
    silent = MonitoredVecEnv(Batch(tells=False), "batch", 7)
    assert not silent.restore_run_state(silent.run_state())


def test_failures_of_batches_are_named():
    env = MonitoredVecEnv(Batch(tells=False), "batch", 7)
    env.step(np.zeros(2))
    env.venv.reward[1] = np.inf
    with pytest.raises(
        EnvironmentFailureError, match=r"reward is inf \(environment 1, seed 7, step 2"
    ):
        env.step(np.zeros(2))
    env.venv.reward[1] = 0
    env.step(np.zeros(2))
    with pytest.raises(
        EnvironmentFailureError, match=r"raised OSError: the line is dead \(seed 7, ste"
    ):
        env.step(np.zeros(2))


def test_only_numbers_with_a_point_can_be_undefined():
    assert not_finite(np.array([1, 2])) is None
    assert not_finite(np.array([1.0, 2.0])) is None
    assert not_finite(np.array([[1.0, np.nan], [np.inf, 0]])) == (0, 1)
    assert not_finite(np.float32("nan")) == ()


def test_dicts_name_the_part():
    class Goals(gymnasium.Env):
        observation_space = spaces.Dict(a=spaces.Box(0, 1, (2,)), b=spaces.Discrete(3))
        action_space = spaces.Discrete(2)

        def reset(self, *, seed=None, options=None):
            return {"a": np.zeros(2, np.float32), "b": 1}, {}

        def step(self, action):
            return {"a": np.array([0, np.nan], np.float32), "b": 1}, 0.0, False, False, {}

    env = watched(Goals())
    env.reset()
    with pytest.raises(EnvironmentFailureError, match=r"its observation\['a'\] at \[1\] is nan"):
        env.step(np.zeros(1, np.int64))
