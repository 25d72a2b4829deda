"""What the actions of worlds are called, and which goals an agent can be asked: for viewers."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_adapters import from_gymnasium, make_env


@pytest.mark.parametrize("name", sorted(from_gymnasium.ACTIONS))
def test_every_action_has_a_name(name):
    known = [one for one in from_gymnasium.worlds() if one.rpartition("-v")[0] == name]
    if not known:
        pytest.skip(f"{name} is not installed")
    env = make_env(f"gymnasium:{known[-1]}")  # older versions warn
    assert len(env.action_names) == len(set(env.action_names)) == env.action_space.n
    env.close()


@pytest.mark.parametrize("options", [{"fast": True}, {"fast": False}])
def test_minatar_names_its_six_actions(options):
    if not options["fast"]:
        pytest.importorskip("minatar", reason="needs the extra minatar")
    env = make_env("minatar:breakout", **options)
    assert env.action_names == ("stay", "left", "up", "right", "down", "fire")
    env.close()


TEAMS = {
    "pettingzoo:knights_archers_zombies_v11": "forward",
    "pettingzoo:pursuit_v5": "left",
    "pettingzoo:cooperative_pong_v6": "stay",
    "mpe2:simple_spread_v3": "stay",
    "mpe2:simple_reference_v3": "stay, say A",
    "mpe2:simple_crypto_v3": "say A",
}


@pytest.mark.parametrize("name", TEAMS)
def test_every_agent_has_names_for_what_it_can_do(name):
    pytest.importorskip(name.partition(":")[0], reason="needs the extra of that library")
    if name.startswith("pettingzoo"):
        pytest.importorskip("pymunk", reason="needs pettingzoo[butterfly,sisl]")
    worlds = make_env(name).batched
    assert [names[0] for names in worlds.action_names] == [TEAMS[name]] * len(worlds.agents)
    counts = [worlds.counts[agent] for agent in worlds.agents]
    assert [len(set(names)) for names in worlds.action_names] == counts
    worlds.close()


def test_names_of_moves_tell_where_agents_go():
    pytest.importorskip("mpe2", reason="needs the extra mpe2")
    env = make_env("mpe2:simple_spread_v3", seed=0)
    env.reset()
    agent = env.batched.envs[0].unwrapped.world.agents[0]
    ways = {"left": (-1, 0), "right": (1, 0), "down": (0, -1), "up": (0, 1), "stay": (0, 0)}
    for action, name in enumerate(env.batched.action_names[0]):
        env.reset()
        before = agent.state.p_pos.copy()
        for _ in range(2):  # the first gives it speed
            env.step(np.array([action, 0, 0]))
        assert np.sign(np.round(agent.state.p_pos - before, 3)).tolist() == list(ways[name])
    env.close()


def test_roles_can_be_asked_their_own_goals():
    pytest.importorskip("mpe2", reason="needs the extra mpe2")
    env = make_env("mpe2:simple_tag_v3", n_envs=2, goal={"adversary": "score_5", "agent": "escape"})
    names = np.array(env.goal_names)
    hunter, prey = env.task.possible[0], env.task.possible[3]
    assert set(names[hunter]) == {"tag_1", "tag_3", "tag_1_within_10", "score_5"}
    assert set(names[prey]) == {"escape"}
    assert (env.task.possible[4:] == env.task.possible[:4]).all()
    env.close()


def test_missing_a_goal_pays_nothing_and_rewards_are_no_goals():
    for goal, floor in (("reach_goal", 0.0), ("cell", 0.0), (None, None)):
        env = make_env("gymnasium:FrozenLake-v1", goal=goal)
        assert env.goal_floor == floor
        env.close()
