"""`RayVecEnv` steps as SB3's own `DummyVecEnv` does, and outlives its processes."""

from __future__ import annotations

import os
import signal

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit
from stable_baselines3 import A2C, DQN
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

from rlhf_agents.cluster.vec_env import RayVecEnv  # noqa: E402 - only where Ray is


class Bits(BitFlippingEnv):
    """Says in which process it is."""

    def __init__(self):
        super().__init__(n_bits=4, max_steps=3)

    def process(self):
        return os.getpid()


def flat(seen):
    return seen if isinstance(seen, dict) else {"": seen}


@pytest.mark.parametrize("make", [Bits, lambda: gymnasium.make("CartPole-v1")])
def test_it_steps_as_sb3s_own(nodes, make):
    nodes.want(2)
    makes = [make] * 3
    envs = DummyVecEnv(makes), RayVecEnv(makes, 2, nodes.cluster.address)
    for each in envs:
        each.seed(7)
    starts = [flat(each.reset()) for each in envs]
    for key, part in starts[0].items():
        np.testing.assert_array_equal(part, starts[1][key])
    for _ in range(40):
        actions = np.array([envs[0].action_space.sample() for _ in makes])
        (seen, *rest), (theirs, *others) = (each.step(actions) for each in envs)
        for key, part in flat(seen).items():
            np.testing.assert_array_equal(part, flat(theirs)[key])
        np.testing.assert_array_equal(rest[0], others[0])
        np.testing.assert_array_equal(rest[1], others[1])
        assert str(rest[2]) == str(others[2])
    assert envs[1].env_is_wrapped(TimeLimit, [0, 2]) == envs[0].env_is_wrapped(TimeLimit, [0, 2])
    envs[1].set_attr("colour", 3, [1])
    assert envs[1].get_attr("colour", 1) == [3]
    envs[1].close()


def test_a_lost_process_truncates_its_episodes(nodes, capfd):
    nodes.want(2)
    envs = RayVecEnv([Bits] * 3, 2, nodes.cluster.address)
    envs.seed(7)  # one flip does not end an episode
    before = envs.reset()
    processes = envs.env_method("process")
    assert processes[0] == processes[1] != processes[2]
    os.kill(processes[0], signal.SIGKILL)
    seen, rewards, dones, infos = envs.step(np.zeros(3, np.int64))
    assert dones.tolist() == [True, True, False]
    assert rewards[:2].tolist() == [0.0, 0.0]
    assert [info.get("TimeLimit.truncated") for info in infos[:2]] == [True, True]
    last = infos[1]["terminal_observation"]
    np.testing.assert_array_equal(last["observation"], before["observation"][1])
    assert seen["observation"].shape == (3, 4)
    assert "environments [0, 1]" in capfd.readouterr().err
    for _ in range(5):
        envs.step(np.zeros(3, np.int64))
    envs.close()


@pytest.mark.parametrize("algorithm", [A2C, DQN])
def test_sb3_learns_in_it(nodes, algorithm):
    nodes.want(2)
    envs = RayVecEnv([Bits] * 2, 1, nodes.cluster.address)
    model = algorithm("MultiInputPolicy", envs, seed=0).learn(200)
    assert model.num_timesteps >= 200
    envs.close()
