"""Worlds of many agents in the programs: trained, measured and watched, every agent of them."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_adapters.specs import EnvConfig
from rlhf_agents.envs.open_env import open_env, open_one
from rlhf_agents.evaluation.env_scores import measure
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_events import EventKind, goal_floor

pytest.importorskip("mpe2", reason="needs rlhf-agents[mpe2]")

SPREAD, TAG = "mpe2:simple_spread_v3", "mpe2:simple_tag_v3"
LISTENER = "mpe2:simple_speaker_listener_v4"


class Opinionated:
    """Values action a of agent k at (a + k) / 10, whatever the goal; illegal ones would be best."""

    name, weighs_goals = "opinionated", True

    def __init__(self):
        self.shapes = set()

    def values(self, batch):
        masks = batch["action_mask"]
        self.shapes.add(batch["observation"].shape)
        worth = np.arange(masks.shape[1]) + np.arange(len(masks))[:, None]
        return np.where(masks > 0, worth / 10, 0.99).astype(np.float32)

    def predict(self, batch, state=None, episode_start=None, deterministic=False):
        return np.where(batch["action_mask"] > 0, self.values(batch), -1).argmax(axis=1), state


def watched(order):
    """Return an episode whose actor is opinionated."""
    episode = EpisodePlayer(order, "random")
    episode.actor = Opinionated()
    episode.floor = goal_floor(episode.env, episode.actor)
    episode.restart()
    return episode


def test_all_agents_act_and_are_seen():
    env = open_one(EnvConfig(SPREAD, goal="cover_1", seed=1))
    batch, _ = env.reset(seed=1)
    over, steps = False, 0
    while not over:
        assert batch["observation"].shape == (3, 21)
        assert env.playing.tolist() == [True] * 3
        assert env.successes == [None] * 3
        batch, rewards, ended, cut, info = env.step([1, 2, 0])
        over, steps = ended or cut, steps + 1
    assert over or steps == 25
    assert env.successes == [bool(reward) for reward in rewards]
    assert info["is_success"] == any(env.successes)
    assert env.games.steps[0] == steps  # the end is shown before the world begins anew
    env.close()


def test_every_agent_has_values_a_chance_and_a_choice():
    episode = watched(EnvConfig(SPREAD, goal="cover_3", seed=2))
    agents = episode.frame.agents
    assert [agent.name for agent in agents] == ["agent_0", "agent_1", "agent_2"]
    assert episode.actor.shapes == {(3, 21)}
    assert [agent.next_action for agent in agents] == [4, 4, 4]
    assert [agent.chance for agent in agents] == pytest.approx([0.4, 0.5, 0.6])
    assert [agent.goal for agent in agents] == ["cover_3"] * 3
    assert [agent.values[0] for agent in agents] == pytest.approx([0.0, 0.1, 0.2])
    assert episode.action_names == ("stay", "left", "right", "down", "up")
    frame = episode.advance()
    assert [agent.action for agent in frame.agents] == [4, 4, 4]
    episode.close()


def test_probabilities_are_those_of_the_best_legal_action():
    """The speaker has three actions of five: what it cannot do, worth 0.99, does not count."""
    episode = watched(EnvConfig(LISTENER, goal="arrive", seed=2))
    speaker, listener = episode.frame.agents
    assert np.isnan(speaker.values[3:]).all()
    assert speaker.chance == pytest.approx(0.2)
    assert [goal.chance for goal in speaker.goals] == pytest.approx([0.2, 0.2])
    assert listener.chance == pytest.approx(0.5)
    assert episode.names == (("say A", "say B", "say C"), ("stay", "left", "right", "down", "up"))
    episode.close()


def test_one_agent_is_followed_until_another_is_chosen():
    episode = watched(EnvConfig(SPREAD, goal="cover_3", seed=2))
    assert episode.frame.followed == 0
    assert episode.follow(4).followed == 1  # round and round
    assert episode.frame.values is episode.frame.agents[1].values
    assert episode.advance().followed == 1
    assert episode.restart().followed == 1
    assert episode.follow(-1).followed_agent.name == "agent_2"
    episode.close()


def test_agents_that_are_out_show_what_became_of_them():
    """Adversaries lose their deadline; their goals, events and state tell, and the prey goes on."""
    goal = {"adversary": "tag_1_within_10", "agent": "escape"}
    env = open_one(EnvConfig(TAG, goal=goal, seed=3))
    env.reset(seed=3)
    for _ in range(10):
        env.step([0, 0, 0, 0])  # nobody moves, nobody touches
    assert env.playing.tolist() == [False, False, False, True]
    assert env.successes == [False, False, False, None]
    env.close()
    episode = watched(EnvConfig(TAG, goal=goal, seed=3))
    episode.actor.predict = lambda batch, **_: (np.zeros(len(batch["observation"]), int), None)
    while episode.frame.agents[0].playing:
        before = episode.frame
        episode.advance()
    hunters, prey = episode.frame.agents[:3], episode.frame.agents[3]
    assert (before.followed, episode.frame.followed) == (0, 3)  # whoever still plays
    assert [agent.success for agent in hunters] == [False] * 3
    assert all(agent.values is None and agent.next_action is None for agent in hunters)
    assert [goal.flag for goal in hunters[0].goals if goal.asked] == [-1]
    assert (prey.playing, prey.success, prey.goal) == (True, None, "escape")
    missed = [event for event in episode.frame.events if event.kind is EventKind.MISSED]
    assert [event.who for event in missed] == [("adversary_0", "adversary_1", "adversary_2")]
    assert missed[0].sentence.startswith("Adversary 1, Adversary 2, Adversary 3: tag 1 within 10")
    assert episode.advance().agents[0].success is False  # it stays so
    assert (
        episode.follow(0).followed_agent.name == "adversary_0"
    )  # also who is out can be looked at
    assert episode.advance().followed == 0
    episode.close()


def test_goals_are_those_of_the_role():
    episode = watched(EnvConfig(TAG, goal="mixed", seed=3))
    adversary, prey = episode.frame.agents[0], episode.frame.agents[3]
    assert {goal.name for goal in adversary.goals} == {"tag_1", "tag_3", "tag_1_within_10"}
    assert {goal.name for goal in prey.goals} == {"escape"}
    episode.close()


def test_rewards_are_no_probabilities():
    episode = watched(EnvConfig(SPREAD, seed=2))
    assert episode.floor is None
    assert [agent.chance for agent in episode.frame.agents] == [None] * 3
    assert [agent.goals for agent in episode.frame.agents] == [()] * 3
    frame = episode.advance()
    assert frame.total == pytest.approx(np.mean([agent.total for agent in frame.agents]))
    assert frame.agents[0].total < 0
    assert not frame.events  # rewards of every step are none
    episode.close()


def test_it_is_watched_to_its_end():
    episode = EpisodePlayer(EnvConfig(SPREAD, seed=2), "random")
    for _ in range(25):
        frame = episode.advance()
    assert frame.over
    assert frame.picture.shape[2] == 3
    assert 0 < frame.picture.shape[1] <= 700  # margins are cropped
    assert episode.advance().episode == 2
    assert episode.trouble == ""
    episode.close()


def test_it_is_measured_per_agent():
    scores = measure(EnvConfig(SPREAD, goal="cover_1", seed=0), "random", 2)
    assert scores.episodes == 2
    assert scores.success_rate is not None
    alone = measure(EnvConfig(SPREAD, seed=0), "random", 1)
    assert alone.mean_length == 25


def test_columns_are_trained():
    assert open_env(EnvConfig(SPREAD), 2).num_envs == 6
    assert open_env(EnvConfig(SPREAD)).num_envs == 24  # eight environments are recommended
    one = open_env(EnvConfig(SPREAD, options={"learners": "agent_0"}), 2)
    assert one.num_envs == 2
