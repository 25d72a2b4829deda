"""Foresight in plain environments: unbiased targets, plans for goals, and its limits."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from rlhf_agents import HFDQN, ModelForesight, make_env
from rlhf_agents.dqn import hyperparams
from rlhf_agents.dqn.replay.kernels import WAITED
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.dqn.world_model.lookahead import BLOCK
from rlhf_agents.errors import SettingError
from tests.adapters.multi_agent.test_parallel_envs import hives
from tests.agents.dqn.test_dqn import Corridor
from tests.agents.selfplay.gamble import CHANCES, GAMBLE, SAFE, GambleEnv

SMALL = {"learning_starts": 20, "buffer_size": 5000, "train_freq": 1, "seed": 0}


class Ring(gym.Env):
    """Sixteen cells in a ring; the actions go one to the left or right, the goal is a cell."""

    cells = 16

    def __init__(self):
        cell = spaces.Discrete(self.cells)
        self.observation_space = spaces.Dict(
            observation=cell, achieved_goal=cell, desired_goal=cell
        )
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell, self.goal = self.np_random.choice(self.cells, size=2, replace=False)
        self.steps = 0
        return self.see(), {}

    def see(self):
        cell, goal = int(self.cell), int(self.goal)
        return {"observation": cell, "achieved_goal": cell, "desired_goal": goal}

    def compute_reward(self, achieved, desired, _info):
        return np.equal(achieved, desired).astype(np.float32).reshape(-1)

    def step(self, action):
        self.steps += 1
        self.cell = (self.cell + 2 * int(action) - 1) % self.cells
        reached = bool(self.cell == self.goal)
        return self.see(), float(reached), reached, self.steps >= 16, {"is_success": reached}


def share_of_goals(model: HFDQN) -> float:
    """Return how often the goal is reached by a shortest way."""
    env, reached = Ring(), []
    for seed in range(20):
        observation, _ = env.reset(seed=seed)
        gap, reward = abs(observation["observation"] - observation["desired_goal"]), 0.0
        for _ in range(min(gap, env.cells - gap)):
            action, _ = model.predict(observation, deterministic=True)
            observation, reward, *_ = env.step(action)
        reached.append(reward)
    return float(np.mean(reached))


def test_plans_reach_every_goal_by_the_shortest_way():
    model = HFDQN("MultiInputPolicy", Ring(), foresight=True, gamma=0.95, **SMALL).learn(500)
    assert model.lookahead.world.remembers
    assert share_of_goals(model) == 1.0


def test_without_foresight_so_few_steps_are_not_enough():
    model = HFDQN("MultiInputPolicy", Ring(), gamma=0.95, **SMALL).learn(500)
    assert model.lookahead is None
    assert share_of_goals(model) < 1.0


@pytest.mark.parametrize("hindsight", [False, True])
def test_targets_are_free_of_luck(hindsight: bool):
    """The prize has its own chance as value, whatever was drawn, relabelled or not."""
    model = HFDQN(
        "MultiInputPolicy",
        GambleEnv(),
        foresight=ModelForesight(model="table"),
        hindsight=hindsight,
        gamma=0.0,
        exploration_final_eps=1.0,
        **SMALL,
    ).learn(800)
    ahead = model.lookahead
    batch = model.replay_buffer.sample(512)
    sampled = batch.rewards
    values = ahead.targets(batch, sampled, lambda seen: torch.zeros(len(seen["observation"]), 1))
    asked = batch.observations["desired_goal"].ravel() == 1
    for action in (SAFE, GAMBLE):
        rows = asked & (batch.actions.ravel() == action)
        assert values[rows].std() < 1e-6  # not a matter of the sample
        assert sampled[rows].std() > 0.1
        assert values[rows].mean() == pytest.approx(CHANCES[action], abs=0.08)


def test_bits_are_predicted_and_looked_into():
    model = HFDQN(
        "MultiInputPolicy", BitFlippingEnv(12), foresight=True, **{**SMALL, "learning_starts": 50}
    ).learn(1200)
    world = model.lookahead.world
    assert world.network is not None
    assert not world.remembers
    assert world.trusted
    goal = np.ones(12, np.int8)
    for bit in range(12):
        near = goal.copy()
        near[bit] = 0
        observation = {"observation": near, "achieved_goal": near, "desired_goal": goal}
        ranking = torch.zeros(1, 12)
        ranking[0, bit] = 1e-3  # among the best four
        tensors = {key: torch.from_numpy(value[None]) for key, value in observation.items()}
        chosen = model.lookahead.choose(tensors, ranking, model.q_net, learning=False)
        assert chosen.item() == bit


class Payday(Ring):
    """The goal is the world's own reward: 1 for coming to cell 8, which no goal tells."""

    native_goal = True

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.goal = 8
        self.cell = (9 + self.np_random.integers(15)) % 16
        return self.see(), {}

    def see(self):
        return {"observation": int(self.cell), "achieved_goal": 0, "desired_goal": 1}

    def compute_reward(self, achieved, desired, _info):
        assert not np.size(achieved), "nobody can tell"
        return np.zeros(0, np.float32)

    def compute_terminated(self, achieved, desired, _info):
        return np.zeros(np.shape(achieved)[:1], np.bool_)


def test_where_the_goal_is_the_worlds_own_reward_that_is_planned_for():
    options = {**SMALL, "train_freq": 4}
    model = HFDQN("MultiInputPolicy", Payday(), foresight=True, gamma=0.95, **options).learn(500)
    assert model.lookahead.world.remembers
    env = Payday()
    for seed in range(10):
        observation, _ = env.reset(seed=seed)
        reward, gap = 0.0, abs(observation["observation"] - 8)
        for _ in range(gap):
            action, _ = model.predict(observation, deterministic=True)
            observation, reward, *_ = env.step(action)
        assert reward == 1.0


def test_adapters_say_whether_a_goal_is_the_worlds_own_reward():
    assert make_env("gymnasium:FrozenLake-v1").native_goal
    assert make_env("gymnasium:FrozenLake-v1", n_envs=2).native_goal
    assert not make_env("gymnasium:FrozenLake-v1", goal="cell").native_goal


def test_what_waiting_columns_show_is_no_part_of_the_world():
    model = HFDQN("MultiInputPolicy", hives(2), foresight=True, **SMALL).learn(300)
    store, table = model.replay_buffer.store, model.lookahead.world.table
    waited = (store.flags[: store.filled] & WAITED) > 0
    assert waited.sum() > 50
    assert 0 <= (~waited).sum() - table.counts.sum() < 6 * BLOCK
    assert all(
        seen[:3].all() for seen in table.remembered()["observation"]
    )  # not a waiting agent's


def test_a_world_with_numbers_and_no_goals():
    model = HFDQN("MlpPolicy", "CartPole-v1", foresight=True, **{**SMALL, "train_freq": 4})
    model.learn(1500)
    assert isinstance(model.replay_buffer, MaskedReplayBuffer)
    assert model.lookahead.world.table is None


def test_masks_hold_while_looking_ahead():
    env = Corridor(observed=True)
    model = HFDQN("MultiInputPolicy", env, foresight=True, **SMALL).learn(600)
    assert model.lookahead.world.trusted
    observation, _ = env.reset()
    over = False
    for _ in range(6):
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, over, *_ = env.step(int(action))
    assert over
    assert reward == 1.0


def test_the_same_seed_gives_the_same_run():
    runs = [HFDQN("MultiInputPolicy", Ring(), foresight=True, **SMALL).learn(300) for _ in range(2)]
    first, second = (run.policy.state_dict() for run in runs)
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_several_environments():
    env = make_vec_env(Ring, n_envs=3, seed=0)
    model = HFDQN("MultiInputPolicy", env, foresight=True, **SMALL).learn(600)
    assert model.lookahead.world.table.counts.sum() == pytest.approx(600, abs=3 * 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_steps": 3}, "n_steps > 1"),
        ({"replay_buffer_class": HerReplayBuffer}, "replay_buffer_class=HerReplayBuffer"),
        ({"foresight": ModelForesight(model="crystal")}, "auto, table, network, got 'crystal'"),
        ({"foresight": ModelForesight(model="network")}, "at most 1024 bits and numbers"),
        ({"foresight": ModelForesight(members=1)}, "at least 2 members"),
    ],
)
def test_what_does_not_go_together_is_said(options: dict, message: str):
    with pytest.raises(SettingError, match=message):
        HFDQN("MultiInputPolicy", Ring(), **{"foresight": True, **SMALL, **options})


def test_normalised_observations_are_refused():
    env = VecNormalize(DummyVecEnv([lambda: gym.make("CartPole-v1")]))
    with pytest.raises(SettingError, match="VecNormalize"):
        HFDQN("MlpPolicy", env, foresight=True, **SMALL)


def slippery_success(model: HFDQN, steps: int = 100) -> float:
    """Return the exact chance that the best actions cross the ice of FrozenLake in time."""
    rules = gym.make("FrozenLake-v1").unwrapped.P
    actions, _ = model.predict(np.arange(16), deterministic=True)
    here, crossed = np.eye(16)[0], 0.0
    for _ in range(steps):
        there = np.zeros(16)
        for state in np.flatnonzero(here):
            for chance, after, reward, over in rules[state][int(actions[state])]:
                crossed += here[state] * chance * reward
                there[after] += here[state] * chance * (not over)
        here = there
    return crossed


@pytest.mark.parametrize("slippery", [True, False])
def test_one_outcome_is_doubted_where_there_is_chance(slippery):
    """Nothing is paid before the end, and what an action did once says little on ice."""
    env = gym.make("FrozenLake-v1", is_slippery=slippery)
    settings = hyperparams.recommended("FrozenLake-v1", 1)
    model = HFDQN("MlpPolicy", env, seed=0, **settings).learn(6000)
    chance = model.lookahead.world.table.chance
    assert (chance > 0.9) if slippery else (chance == 0)
    if slippery:
        assert slippery_success(model) > 0.72
