"""Hindsight replay: which goals are given, what they are worth, and where episodes end."""

from __future__ import annotations

import pickle
import tracemalloc

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3 import DQN
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from rlhf_agents.dqn.replay.hindsight_buffer import STRATEGIES, HindsightReplayBuffer
from rlhf_agents.dqn.replay.kernels import KEEP
from rlhf_agents.dqn.replay.samples import save_state
from rlhf_agents.errors import ModelFileError, SettingError
from rlhf_agents.settings import Priorities

GOALS = np.eye(10, dtype=np.float32)[:4]


class Line(gym.Env):
    """A walk along numbers; the observation tells the time, which makes every state unique."""

    def __init__(self, lengths=(5,), ends=True):
        cell = spaces.Box(-1000.0, 1000.0, (1,), np.float32)
        self.observation_space = spaces.Dict(
            observation=cell, achieved_goal=cell, desired_goal=cell
        )
        self.action_space = spaces.Discrete(2)
        self.lengths, self.ends, self.clock, self.episode = list(lengths), ends, 0, -1

    def see(self):
        now = np.array([self.clock], np.float32)
        return {"observation": now, "achieved_goal": now, "desired_goal": -np.ones(1, np.float32)}

    def reset(self, *, seed=None, options=None):
        self.episode += 1
        self.clock += 1
        self.left = self.lengths[self.episode % len(self.lengths)]
        return self.see(), {}

    def step(self, action):
        self.clock += 1
        self.left -= 1
        over = self.left == 0
        return self.see(), -1.0, over and self.ends, over and not self.ends, {}

    def compute_reward(self, achieved, desired, info):
        return np.where((achieved == desired).all(axis=-1), 0.0, -1.0)


def filled(steps, lengths=(5,), n_envs=1, size=1000, ends=True, **options):
    """A buffer after some steps of `Line`."""
    env = DummyVecEnv([lambda: Line(lengths, ends) for _ in range(n_envs)])
    buffer = HindsightReplayBuffer(
        size, env.observation_space, env.action_space, env, n_envs=n_envs, **options
    )
    select(buffer, env, env.reset(), steps)
    return buffer


def select(buffer, env, observation, steps):
    for _ in range(steps):
        actions = np.zeros(env.num_envs, np.int64)
        fresh, rewards, dones, infos = env.step(actions)
        after = {key: value.copy() for key, value in fresh.items()}
        for i in np.flatnonzero(dones):
            for key, value in after.items():
                value[i] = infos[i]["terminal_observation"][key]
        buffer.add(observation, after, actions, rewards, dones, infos)
        observation = fresh
    return observation


def numbers(tensor):
    return tensor.numpy().ravel().astype(int)


@settings(max_examples=40, deadline=None)
@given(
    strategy=st.sampled_from(["future", "final", "episode"]),
    steps=st.integers(3, 60),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    n_envs=st.integers(1, 3),
    size=st.integers(10, 30),
)
def test_goals_come_from_the_same_episode(strategy, steps, lengths, n_envs, size):
    """Also from running episodes, and from those whose beginning has been overwritten."""
    buffer = filled(
        steps, lengths, n_envs, size * n_envs, goal_selection_strategy=strategy, n_sampled_goal=1000
    )
    batch = buffer.sample(200)
    now = numbers(batch.observations["observation"])
    goals = numbers(batch.observations["desired_goal"])
    # The clock of `Line` jumps by two between episodes: end of every state's episode by replaying.
    ends, clock, episode = {}, 0, 0
    while clock <= steps * 3 + 20:
        start = clock + 1
        clock = start + lengths[episode % len(lengths)]
        ends.update(dict.fromkeys(range(start, clock + 1), (start, clock)))
        episode += 1
    newest = {i: now[batch.indices % n_envs == i].max(initial=0) for i in range(n_envs)}
    for state, goal, row in zip(now, goals, batch.indices, strict=True):
        if goal < 0:
            continue
        start, end = ends[state]
        assert start < goal <= end
        assert goal > state or strategy == "episode"
        if strategy == "final" and newest[row % n_envs] > end:
            assert goal == end


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_rewards_and_ends_follow_the_new_goal(strategy):
    goals = np.array([[3.0], [5.0]], np.float32) if strategy == "all_goals" else None
    buffer = filled(60, (5, 7), goal_selection_strategy=strategy, goals=goals)
    batch = buffer.sample(300)
    reached = numbers(batch.next_observations["achieved_goal"]) == numbers(
        batch.observations["desired_goal"]
    )
    virtual = numbers(batch.observations["desired_goal"]) >= 0
    assert 0 < virtual.sum() <= 240
    np.testing.assert_array_equal(numbers(batch.rewards), np.where(reached, 0, -1))
    done = batch.dones.numpy().ravel() > 0
    assert done[reached].all()
    np.testing.assert_array_equal(
        batch.observations["desired_goal"], batch.next_observations["desired_goal"]
    )
    # An end that no goal caused stays an end.
    clock = numbers(batch.next_observations["achieved_goal"])
    natural = np.isin(clock, [6, 14, 20, 28, 34, 42, 48, 56, 62, 70])
    np.testing.assert_array_equal(done, reached | natural)


def test_time_limits_are_no_ends():
    batch = filled(60, (5,), ends=False, n_sampled_goal=0).sample(100)
    assert not batch.dones.any()


def test_ends_caused_by_the_asked_goal_do_not_end_other_goals():
    env = make_vec_env(lambda: BitFlippingEnv(n_bits=3), 1, seed=0)
    model = DQN(
        "MultiInputPolicy",
        env,
        replay_buffer_class=HindsightReplayBuffer,
        learning_starts=300,
        seed=0,
    )
    model.learn(300)
    batch = model.replay_buffer.sample(500)
    reached = (batch.next_observations["achieved_goal"] == batch.observations["desired_goal"]).all(
        dim=1
    )
    assert (batch.dones.flatten() > 0)[reached].all()
    assert not (batch.dones.flatten() > 0)[~reached].any()
    assert (model.replay_buffer.store.flags > 0).any()


@pytest.mark.parametrize("n", [2, 3])
def test_n_step_returns_are_cut_at_the_goal_and_at_the_end(n):
    buffer = filled(100, (5, 6), n_steps=n, gamma=0.5)
    batch = buffer.sample(400)
    now = numbers(batch.observations["observation"])
    goal = numbers(batch.observations["desired_goal"])
    final = numbers(batch.next_observations["observation"])
    ends, clock = [], 0
    for episode in range(30):
        clock += 1 + (5, 6)[episode % 2]
        ends.append(clock)
    for i in range(len(now)):
        end = min(e for e in ends if e > now[i])
        # 19 episodes have begun, so after 100 steps the clock says 119.
        last = min(now[i] + n, end, goal[i] if goal[i] > now[i] else 119, 119)
        assert final[i] == last
        steps = last - now[i]
        rewards = [-1.0] * steps
        if goal[i] == final[i]:
            rewards[-1] = 0.0
        expected = sum(reward * 0.5**k for k, reward in enumerate(rewards))
        assert batch.rewards[i].item() == pytest.approx(expected)
        assert batch.discounts[i].item() == pytest.approx(0.5**steps)
        assert batch.dones[i].item() == (final[i] == goal[i] or final[i] in ends)


@pytest.mark.parametrize("skip", [True, False])
def test_goals_that_are_reached_already_are_not_given(skip):
    """Bits return to what they were after two flips."""
    env = make_vec_env(lambda: BitFlippingEnv(n_bits=2, max_steps=20), 1, seed=0)
    model = DQN(
        "MultiInputPolicy",
        env,
        replay_buffer_class=HindsightReplayBuffer,
        replay_buffer_kwargs={"skip_achieved": skip},
        learning_starts=400,
        seed=0,
    ).learn(400)
    buffer = model.replay_buffer
    sources, _ = buffer._sources(np.arange(400), np.random.default_rng(0).random(400))
    rows = np.flatnonzero(sources != KEEP)
    before, after, _ = buffer.codec.read(buffer.store.rows, rows, sources[rows])
    reached = (before["achieved_goal"] == after["achieved_goal"]).all(axis=1)
    assert len(reached) > 200
    assert reached.any() == (not skip)


def test_every_goal_stands_beside_every_transition():
    goals = np.arange(4, dtype=np.float32)[:, None] + 2
    buffer = filled(50, goal_selection_strategy="all_goals", goals=goals, skip_achieved=False)
    batch = buffer.sample(100)
    asked = numbers(batch.observations["desired_goal"])[:80]
    np.testing.assert_array_equal(asked, np.tile([2, 3, 4, 5], 20))
    states = numbers(batch.observations["observation"])[:80].reshape(20, 4)
    assert (states == states[:, :1]).all()


def test_priorities_draw_what_was_wrong_more_often():
    buffer = filled(100, priorities=Priorities(alpha=1.0, beta=1.0), n_sampled_goal=0)
    batch = buffer.sample(50)
    assert batch.weights.shape == (50, 1)
    rows = np.arange(100)
    errors = np.where(rows == 17, 9.0, 1e-9)
    buffer.update_priorities(rows, errors)
    assert (buffer.sample(50).indices == 17).mean() > 0.9


def test_bits_take_a_bit():
    env = make_vec_env(lambda: BitFlippingEnv(n_bits=16), 1)
    buffer = HindsightReplayBuffer(100, env.observation_space, env.action_space, env)
    assert buffer.store.layout.width == 5 * 2  # both observations, both achieved goals, one desired


def test_sampling_before_the_first_episode_ends():
    assert len(filled(3, (50,)).sample(8).rewards) == 8
    with pytest.raises(RuntimeError, match="nothing to sample"):
        filled(0).sample(8)


@pytest.mark.parametrize("options", [{}, {"priorities": Priorities()}])
def test_a_file_goes_on_in_the_middle_of_an_episode(tmp_path, options):
    env = DummyVecEnv([lambda: Line((7,)) for _ in range(2)])
    make = lambda: HindsightReplayBuffer(  # noqa: E731
        60, env.observation_space, env.action_space, env, n_envs=2, **options
    )
    first, second = make(), make()
    observation = select(first, env, env.reset(), 40)  # 30 slots for each: the ring is full
    first.save(tmp_path / "replay")
    second.load(tmp_path / "replay")
    select(first, env, observation, 0)
    for buffer in (first, second):
        np.random.seed(0)  # noqa: NPY002 - the generator that buffers draw with
        buffer.batch = buffer.sample(64)
    for key, value in first.batch.observations.items():
        np.testing.assert_array_equal(value, second.batch.observations[key])
    np.testing.assert_array_equal(first.store.running_for, second.store.running_for)


def test_files_of_other_buffers_are_refused(tmp_path):
    path = tmp_path / "replay"
    filled(20).save(path)
    with pytest.raises(ModelFileError, match="room for 1000 x 1 steps, not 500 x 1"):
        filled(0, size=500).load(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelFileError, match="not a replay buffer"):
        filled(0).load(path)


def test_actions_of_strangers_are_in_the_action_space(tmp_path):
    path, buffer = tmp_path / "replay", filled(20)
    buffer.store.actions[5] = 200
    buffer.save(path)
    with pytest.raises(ModelFileError, match="not those of this buffer's action space"):
        filled(0).load(path)


def test_no_array_is_read_before_its_size_is_known(tmp_path):
    """Numbers that nobody asked for, and rows of another size, cost no memory."""
    path, buffer = tmp_path / "replay", filled(20)
    state = {**buffer.store.state(), "extra": np.zeros(40 * 2**20, np.uint8)}
    path.write_bytes(save_state("HindsightReplayBuffer", state))
    again = filled(0)
    tracemalloc.start()
    again.load(path)
    assert again.size() == 20
    state["rows"] = state.pop("extra")
    path.write_bytes(save_state("HindsightReplayBuffer", state))
    del state["rows"]
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    with pytest.raises(ModelFileError, match="rows has the shape"):
        again.load(path)
    assert tracemalloc.get_traced_memory()[1] - before < 2**20
    tracemalloc.stop()


def test_pickling_leaves_the_environment_out():
    buffer = pickle.loads(pickle.dumps(filled(20)))
    assert buffer.env is None
    with pytest.raises(SettingError, match="set_env"):
        buffer.sample(4)


def test_observations_are_normalised():
    env = VecNormalize(DummyVecEnv([Line]), norm_obs=True, norm_reward=False)
    model = DQN("MultiInputPolicy", env, replay_buffer_class=HindsightReplayBuffer, seed=0)
    model.learn(150)
    batch = model.replay_buffer.sample(64, env=env)
    assert batch.observations["observation"].abs().max() <= 10.0
    raw = model.replay_buffer.sample(64)
    assert raw.observations["observation"].max() > 20.0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"goal_selection_strategy": "past"}, "must be one of future, final"),
        ({"n_sampled_goal": -1}, "0 or more"),
        ({"goals": GOALS}, "needs goals"),
        ({"goal_selection_strategy": "all_goals"}, "needs goals"),
    ],
)
def test_impossible_options_are_refused(options, sentence):
    with pytest.raises(SettingError, match=sentence):
        filled(0, **options)


@pytest.mark.parametrize("n_steps", [1, 2])
def test_goals_of_two_types_are_converted(n_steps):
    env = DummyVecEnv([Line])
    space = spaces.Dict(
        {**env.observation_space, "achieved_goal": spaces.Box(-1e3, 1e3, (1,), np.float64)}
    )
    buffer = HindsightReplayBuffer(100, space, env.action_space, env, n_steps=n_steps)
    select(buffer, env, env.reset(), 20)
    batch = buffer.sample(100)
    assert batch.observations["desired_goal"].dtype == batch.observations["observation"].dtype
    asked, now = (numbers(batch.observations[key]) for key in ("desired_goal", "observation"))
    assert (asked[:80] > now[:80]).all()  # of the steps to come
    assert (asked[80:] == -1).all()
    reached = asked[:80] <= numbers(batch.next_observations["observation"])[:80]
    np.testing.assert_array_equal(batch.dones.numpy()[:80, 0] > 0, reached | (now[:80] % 6 == 5))
