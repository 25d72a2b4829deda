"""Atari games as goal environments."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack

from rlhf_adapters import make_env
from rlhf_adapters.specs import EnvError
from tests.adapters.goal_env_contract import ArcadeContract, LearningContract

pytest.importorskip("ale_py", reason="needs rlhf-agents[ale]")
pytest.importorskip("cv2", reason="needs rlhf-agents[ale]")

from rlhf_adapters import from_ale

FIRE = 1


class TestPong(ArcadeContract, LearningContract):
    """Small pictures: the same code, sooner."""

    learning_steps = 112

    def make(self, **options):
        return make_env("ale:Pong-v5", **{"goal": "survive_20", **options}, screen_size=36)


def test_played_for_the_score_it_is_sb3s_own():
    """Same seeds, same actions: `make_atari_env` and `VecFrameStack`, to the last pixel."""
    name = "BreakoutNoFrameskip-v4"
    ours = make_env(f"ale:{name}", n_envs=2, seed=3)
    theirs = VecFrameStack(make_atari_env(name, n_envs=2, seed=3), 4)
    seen, wanted = ours.reset()["observation"], theirs.reset()
    rng, ends = np.random.default_rng(1), 0
    for _ in range(80):
        assert np.array_equal(seen, wanted)
        actions = rng.integers(4, size=2)
        (observation, rewards, dones, infos), theirs_now = ours.step(actions), theirs.step(actions)
        seen, wanted = observation["observation"], theirs_now[0]
        assert np.array_equal(rewards, theirs_now[1])
        assert np.array_equal(dones, theirs_now[2])
        ends += dones.sum()
        for i in np.flatnonzero(dones):
            last = theirs_now[3][i]["terminal_observation"]
            assert np.array_equal(infos[i]["terminal_observation"]["observation"], last)
    assert ends


def test_scores_count_the_games_own_points():
    """An invader is worth 5 to 30 points, which `score` pays as 1."""
    for goal in ("score", "score_5"):
        env = make_env("ale:SpaceInvadersNoFrameskip-v4", goal=goal, seed=0)
        env.reset()
        for _ in range(100):
            _, reward, *_, info = env.step(FIRE)
            if reward:
                break
        assert reward == 1.0
        assert env.games.score[0] in range(5, 31, 5)
        assert info["native_reward"] == (1.0 if goal == "score" else env.games.score[0])


def test_for_other_goals_an_episode_is_a_whole_game():
    env = make_env("ale:BreakoutNoFrameskip-v4", goal="score_900", seed=0)
    env.reset()
    lives = []
    while len(lives) < 2000:
        *_, over, cut, info = env.step(FIRE)
        lives.append(info["lives"])
        if over or cut:
            break
    assert (lives[0], lives[-1]) == (5, 0)


def test_catalogue_and_mistakes():
    names = from_ale.worlds()
    assert {"Pong-v5", "PongNoFrameskip-v4"} <= set(names)
    assert not [name for name in names if name.startswith("ALE/")]
    world = from_ale.describe("Pong-v5")
    assert (world.name, world.players, world.actions) == ("ale:Pong-v5", 1, 6)
    with pytest.raises(EnvError, match="unknown ale environment 'Pongg-v5'; did you mean Pong-v5"):
        make_env("ale:Pongg-v5")
    with pytest.raises(EnvError, match="cannot be made with frameskip=1, mode=99: "):
        make_env("ale:Pong-v5", mode=99)
