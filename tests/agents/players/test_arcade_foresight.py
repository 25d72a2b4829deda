"""Models that simulate the exact rules of arcade games before they act."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents.envs.make_env import make_env
from rlhf_agents.envs.open_env import EnvConfig
from rlhf_agents.envs.trained_models import load_for
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.evaluation.env_scores import measure
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.actors import split_nodes
from rlhf_agents.players.arcade_foresight import FUTURES, ArcadeForesight, actor_of

BREAKOUT = "minatar:breakout"
ACTIONS = 6


@pytest.fixture(scope="module")
def untrained():
    return HFDQN("MultiInputPolicy", make_env(BREAKOUT, 32, seed=0), seed=0)


def lengths(actor, env):
    """Return how long the first games last."""
    observation, running = env.reset(), np.ones(env.num_envs, bool)
    steps = np.zeros(env.num_envs)
    while running.any():
        actions, _ = actor.predict(observation, deterministic=True)
        observation, _, dones, _ = env.step(actions)
        steps += running
        running &= ~dones
    return steps


def test_games_go_on_for_longer(untrained):
    env = make_env("minatar:asterix", 32, seed=3, max_steps=300)
    alone = lengths(untrained, env)
    env = make_env("minatar:asterix", 32, seed=3, max_steps=300)
    ahead = lengths(ArcadeForesight(untrained, env, "b", 2 * FUTURES * ACTIONS), env)
    assert ahead.mean() > 1.3 * alone.mean()


def test_frames_are_counted_and_games_stay_as_they_are(untrained):
    env = make_env(BREAKOUT, 5, seed=0)
    observation = env.reset()
    before = env.arcade.states.copy()
    actor = ArcadeForesight(untrained, env, "b", 4 * FUTURES * ACTIONS)
    actor.predict(observation)
    assert (actor.name, actor.horizon) == ("b@48", 4)
    assert actor.simulated == 5 * 48
    assert np.array_equal(env.arcade.states, before)
    with pytest.raises(SettingError, match="4 observations"):
        actor.predict({key: part[:4] for key, part in observation.items()})


def test_bundled_agents_look_ahead_by_name():
    """The compiled games are opened, whichever library would be by default."""
    config, model = load_for(EnvConfig(BREAKOUT), "agent@12")
    assert config.options == {"fast": True}
    assert model is not None
    scores = measure(EnvConfig(BREAKOUT, options={"max_steps": 30}), "agent@12", 2)
    assert scores.agent == "breakout@12"


def test_numbers_behind_names(tmp_path):
    assert split_nodes("agent") == ("agent", 0)
    assert split_nodes("my@agents/a.zip@60") == ("my@agents/a.zip", 60)
    file = tmp_path / "a@5"
    file.touch()
    assert split_nodes(str(file)) == (str(file), 0)
    with pytest.raises(UserError):
        split_nodes("agent@many")


def test_where_nothing_can_be_simulated(untrained):
    original = make_env(BREAKOUT, 1, fast=False)
    with pytest.raises(SettingError, match="needs compiled games"):
        ArcadeForesight(untrained, original, "b", 12)
    with pytest.raises(SettingError, match="random does not look ahead"):
        actor_of("random@12", original, BREAKOUT, None, 0, None)
