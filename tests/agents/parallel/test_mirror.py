"""Games that are the same in a mirror are learnt from both sides of it."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents.envs.make_env import make_env
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.parallel.mirror import mirror_of, mirrored
from rlhf_agents.parallel.rollout import Examples
from rlhf_agents.settings import Parallel
from tests.agents.envs.small_envs import Walk
from tests.agents.parallel.test_learner import many


def mirror_in(env):
    return mirror_of(env, env.observation_space, int(env.action_space.n))


@pytest.mark.parametrize("goal", ["score", "mixed"])
def test_which_environments_have_a_mirror(goal):
    for name, has in ("breakout", True), ("asterix", True), ("seaquest", False):
        assert (mirror_in(make_env(f"minatar:{name}", 2, goal)) is not None) == has
    assert mirror_in(many(Walk)) is None


def test_what_a_mirror_shows():
    env = make_env("minatar:breakout", 4, seed=0)
    planes = env.reset()["observation"]
    one = np.ones((4, 1), np.float32)
    examples = Examples({"observation": planes}, np.array([0, 1, 3, 5]), one, one)
    there = mirrored(examples, mirror_in(env))
    assert there.actions.tolist() == [0, 3, 1, 5]
    assert np.array_equal(there.seen["observation"], planes[..., ::-1])
    back = mirrored(there, mirror_in(env))
    assert np.array_equal(back.seen["observation"], planes)


@pytest.mark.parametrize("mirror", [True, False])
def test_the_mirror_can_be_left_out(mirror):
    """With it, what is good on the left of a game is soon known on the right."""
    env = make_env("minatar:breakout", n_envs=8, seed=0)
    settings = Parallel(mirror=mirror, explore_steps=1000)
    model = HFDQN("MultiInputPolicy", env, seed=0, parallel=settings, train_freq=8)
    model.learn(2000)
    assert (model.learner.mirror is not None) == mirror
    planes = env.reset()["observation"]
    values = model.learner.computation.values({"observation": planes}).copy()
    flipped = np.ascontiguousarray(planes[..., ::-1])
    there = model.learner.computation.values({"observation": flipped})
    apart = np.abs(values - there[:, list(env.mirrored_actions)]).mean() / np.abs(values).mean()
    assert (apart < 0.3) == mirror
