"""HFDQN on many environments side by side, as users of SB3 meet it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from rlhf_agents.envs.make_env import make_env
from rlhf_agents.errors import SettingError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.parallel.compute import PlanesComputation, TorchComputation
from rlhf_agents.settings import Parallel
from tests.agents.envs.small_envs import Walk

QUICK = {"parallel": Parallel(epochs=2, explore_steps=1000), "batch_size": 32, "train_freq": 8}
BREAKOUT = "minatar:breakout"


def many(make, n=8, seed=0):
    env = DummyVecEnv([lambda: Monitor(make()) for _ in range(n)])
    env.seed(seed)
    return env


def walks(seed=0):
    return many(Walk, seed=seed)


def walker(seed=0, env=None, **changes):
    return HFDQN("MlpPolicy", env or walks(seed=seed), seed=seed, **{**QUICK, **changes})


def weights_of(model):
    return torch.cat([part.detach().flatten() for part in model.policy.parameters()])


@pytest.fixture(scope="module")
def trained():
    return walker(learning_rate=2e-3).learn(12_000)


def test_it_learns(trained):
    """Chance comes to the end of the line in one of some twenty episodes."""
    score, _ = evaluate_policy(trained, walks(seed=99), n_eval_episodes=40)
    assert score > 0.8
    assert trained.replay_buffer is None
    assert trained.num_timesteps == 12_032  # the rollout that reaches the budget is finished
    assert trained._n_updates == 12_032 // 64 * 2 * 2
    assert trained.exploration_rate == pytest.approx(0.05)


def test_it_learns_planes_from_the_compiled_batch():
    env = make_env(BREAKOUT, n_envs=32, seed=0)
    model = HFDQN("MultiInputPolicy", env, seed=0, parallel=Parallel(explore_steps=5000))
    model.learn(30_000)
    assert type(model.learner.computation) is PlanesComputation
    assert np.mean([episode["r"] for episode in model.ep_info_buffer]) > 1.2  # chance: 0.5


def test_same_seed_same_weights():
    first, second, other = (walker(seed).learn(500) for seed in (3, 3, 4))
    assert torch.equal(weights_of(first), weights_of(second))
    assert not torch.equal(weights_of(first), weights_of(other))


def test_a_model_goes_on_after_saving(tmp_path):
    """Bit for bit: optimizer, counters and exploration are in the file."""
    path = tmp_path / "walk.zip"
    model = walker().learn(640)
    model.save(path)
    loaded = HFDQN.load(path, env=walks(seed=5))
    assert loaded.parallel == QUICK["parallel"]
    assert torch.equal(weights_of(model), weights_of(loaded))
    for one in (model, loaded):
        one.set_env(walks(seed=5))
        one.learner.rng = np.random.default_rng(1)
        one.learn(640)
    assert torch.equal(weights_of(model), weights_of(loaded))
    assert loaded.num_timesteps == 640


def test_a_file_predicts_without_an_environment(tmp_path, trained):
    path = tmp_path / "walk.zip"
    trained.save(path)
    loaded = HFDQN.load(path)
    observations = walks(seed=1).reset()
    for deterministic in (True, False):
        torch.manual_seed(0)
        assert loaded.predict(observations, deterministic=deterministic)[0].shape == (8,)
    same = loaded.predict(observations, deterministic=True)[0]
    assert np.array_equal(same, trained.predict(observations, deterministic=True)[0])
    assert loaded.replay_buffer is None


class Stop(BaseCallback):
    """Counts, and stops in the middle of a rollout."""

    def __init__(self, after):
        super().__init__()
        self.after, self.rollouts = after, 0

    def _on_rollout_start(self):
        self.rollouts += 1

    def _on_step(self):
        assert {"new_obs", "rewards", "dones", "infos"} <= self.locals.keys()
        return self.n_calls < self.after


def test_callbacks_are_asked():
    callback = Stop(after=20)
    model = walker().learn(10_000, callback=callback)
    assert (callback.n_calls, callback.rollouts, model.num_timesteps) == (20, 3, 160)


def test_masks_are_honoured():
    env = DummyVecEnv([lambda: Walk(masked=True) for _ in range(4)])
    seen = []
    step = env.step

    def step_and_look(actions):
        masks = np.stack(env.env_method("action_masks"))
        assert masks[np.arange(4), actions].all()
        seen.append(masks.all())
        return step(actions)

    env.step = step_and_look
    walker(env=env).learn(2000)
    assert not all(seen)


def test_every_game_explores_by_itself():
    """A draw for the whole batch, as SB3's `predict` makes it, would explore in all or in none."""
    env = make_env(BREAKOUT, n_envs=64, seed=0)
    half = {"exploration_initial_eps": 0.5, "exploration_final_eps": 0.5}
    model = HFDQN("MultiInputPolicy", env, seed=0, parallel=True, **half)
    best = []
    step = env.step

    def step_and_look(actions):
        best.append(model.predict(model._last_obs, deterministic=True)[0] == actions)
        return step(actions)

    env.step = step_and_look
    model.learn(64)
    shares = np.mean(best, axis=1)
    assert ((shares > 0.3) & (shares < 0.9)).all()


def test_truncated_episodes_go_on_in_value():
    """Every step pays 1 and episodes are cut after 12 steps, which must not look like an end."""

    class Endless(Walk):
        def step(self, action):
            seen, _, _, cut, info = super().step(action)
            return 0 * seen, 1.0, False, cut, info

        def reset(self, **kwargs):
            seen, info = super().reset(**kwargs)
            return 0 * seen, info

    model = walker(env=many(Endless), gamma=0.8, learning_rate=3e-3)
    model.learn(20_000)
    values = model.learner.computation.values({"": np.zeros((1, 2), np.float32)})
    assert values == pytest.approx(5.0, rel=0.1)  # 1 / (1 - gamma)


def test_normalized_observations_and_goals():
    model = walker(env=VecNormalize(walks()))
    model.learn(200)
    assert type(model.learner.computation) is TorchComputation
    env = make_env(BREAKOUT, n_envs=8, goal="mixed", seed=0, max_steps=20)
    model = HFDQN("MultiInputPolicy", env, **QUICK)
    model.learn(500)
    assert (model.policy.goals, model.q_net.features_extractor.goal_size) == (6, 0)
    assert type(model.learner.computation) is PlanesComputation


def test_a_policy_of_the_users_own_is_kept():
    model = walker(policy_kwargs={"net_arch": [5]}, learning_rate=1e-2)
    model.learn(100)
    assert [layer.out_features for layer in model.q_net.q_net[::2]] == [5, 2]
    assert model.policy.optimizer.param_groups[0]["lr"] == 1e-2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n_steps": 3}, "n_steps"),
        ({"hindsight": True}, "hindsight"),
        ({"foresight": True}, "foresight"),
        ({"double_q": True}, "double_q"),
        ({"train_freq": (2, "episode")}, "train_freq in episodes"),
    ],
)
def test_what_does_not_go_together_is_refused(changes, said):
    with pytest.raises(SettingError, match=f"does not work with {said}"):
        walker(**changes)


def test_spaces_keep_their_names():
    space = spaces.Dict({"a": spaces.Box(0, 1, (2,)), "b": spaces.Discrete(3)})

    class Two(Walk):
        def __init__(self):
            super().__init__()
            self.observation_space = space

        def _see(self):
            return {"a": np.ones(2, np.float32), "b": 2}

    model = HFDQN("MultiInputPolicy", many(Two), **QUICK)
    model.learn(100)
    assert model.q_net.features_extractor.layers[0].in_features == 5


def test_a_compact_file_plays(tmp_path, trained):
    small, whole = tmp_path / "small.zip", tmp_path / "whole.zip"
    trained.save_agent(small, {"command": "by hand"})
    trained.save(whole)
    assert small.stat().st_size < whole.stat().st_size / 4
    loaded = HFDQN.load(small)
    for part, other in zip(loaded.q_net.parameters(), trained.q_net.parameters(), strict=True):
        assert torch.allclose(part, other, rtol=1e-3, atol=1e-3)
    for part, other in zip(
        loaded.q_net_target.parameters(), loaded.q_net.parameters(), strict=True
    ):
        assert torch.equal(part, other)
    score, _ = evaluate_policy(loaded, walks(seed=99), n_eval_episodes=40)
    assert score > 0.8


def test_what_waits_is_not_learnt():
    class Waiting(Walk):
        def step(self, action):
            seen, paid, over, cut, info = super().step(action)
            return seen, paid, over, cut, {**info, "waiting": action == 0}

    model = walker(env=many(Waiting))
    model.learn(64)
    rollout = model.learner._rollout
    assert np.array_equal(rollout.weights[..., 0] == 0, rollout.actions == 0)
