"""Agents that die, join, and end at different times: nothing leaks from column to column."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from rlhf_adapters import make_env
from rlhf_adapters.multi_agent.goal_env import team_env
from rlhf_adapters.multi_agent.goals import ANY, make_team_task, role_of
from rlhf_adapters.multi_agent.make_team import TeamKind
from rlhf_adapters.multi_agent.parallel_envs import ParallelEnvs
from rlhf_agents import HFDQN
from rlhf_agents.dqn.replay.kernels import WAITED

os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
AGENTS = ("bee_0", "bee_1", "ant_0")
ACTIONS = {"bee_0": 3, "bee_1": 3, "ant_0": 2}
LIVES = {"bee_0": (0, 4), "bee_1": (2, 6), "ant_0": (0, 7)}
"""When agents join and when they die: `bee_1` joins late, `bee_0` dies early."""


class Hive:
    """PettingZoo's Parallel API; an agent sees its number, the world's, the episode, the step."""

    possible_agents = list(AGENTS)  # noqa: RUF012
    metadata = {"name": "hive", "render_modes": []}  # noqa: RUF012
    render_mode = None

    def __init__(self, number: int, cut: int | None = None):
        self.number, self.episode, self.cut = number, 0, cut
        self.agents: list[str] = []

    @property
    def unwrapped(self) -> Any:
        return self

    def observation_space(self, agent):
        size = 4 if agent == "ant_0" else 5
        box = spaces.Box(0, 1000, (size,), np.float32)
        mask = spaces.Box(0, 1, (ACTIONS[agent],), np.int8)
        return spaces.Dict({"observation": box, "action_mask": mask})

    def action_space(self, agent):
        return spaces.Discrete(ACTIONS[agent])

    def reset(self, seed=None, options=None):
        self.episode, self.time = self.episode + 1, 0
        self.agents = [agent for agent in AGENTS if LIVES[agent][0] == 0]
        self.heard: list[dict[str, int]] = []
        return {agent: self.see(agent) for agent in self.agents}, self.tell(self.agents)

    def tell(self, agents):
        return {agent: {"who": agent, "at": self.time} for agent in agents}

    def see(self, agent):
        told = [AGENTS.index(agent) + 1, self.number + 1, self.episode, self.time, 9]
        size = 4 if agent == "ant_0" else 5
        mask = np.ones(ACTIONS[agent], np.int8)
        mask[1] = (self.time + AGENTS.index(agent)) % 2
        return {"observation": np.array(told[:size], np.float32), "action_mask": mask}

    def step(self, actions):
        assert set(actions) == set(self.agents)
        for agent, action in actions.items():
            assert self.see(agent)["action_mask"][action], "a forbidden action came through"
        self.heard.append(dict(actions))
        self.time += 1
        acted = list(self.agents)
        ended = {agent: self.time >= LIVES[agent][1] for agent in acted}
        cut = {agent: self.time == self.cut and not ended[agent] for agent in acted}
        self.agents = [
            agent
            for agent in AGENTS
            if LIVES[agent][0] <= self.time < LIVES[agent][1] and self.time != self.cut
        ]
        shown = {agent: self.see(agent) for agent in {*acted, *self.agents}}
        rewards = {agent: float(AGENTS.index(agent) + 1) for agent in acted}
        return shown, rewards, ended, cut, self.tell(shown)

    def close(self):
        pass


def hives(n: int, goal=None, learners="all", cut=None, opponent=None):
    all_hives = [Hive(i, cut) for i in range(n)]
    worlds = ParallelEnvs("test:hive", all_hives, learners, opponent, rest=0)
    roles = [role_of(agent) for agent in worlds.agents]
    task = make_team_task("test:hive", roles, n, goal, TeamKind({ANY: ()}).goals(None))
    return team_env(worlds, task, seed=0)


@pytest.mark.parametrize("goal", [None, "survive_1", "survive_3"])
@pytest.mark.parametrize("cut", [None, 5])
def test_nothing_leaks(goal, cut):
    """A column only ever shows its own agent in its own world, in one episode at a time."""
    env, rng = hives(3, goal, cut=cut), np.random.default_rng(0)
    observation, last = env.reset(), [None] * 9
    waited = np.zeros(9, np.bool_)
    for _ in range(200):
        for column, seen in enumerate(observation["observation"]):
            agent = AGENTS[column % 3]
            if not seen[:6].any():
                assert observation["action_mask"][column].tolist() == [1, 0, 0]
                assert not observation["achieved_goal"][column].any()
                continue
            assert seen[0] == column % 3 + 1
            assert seen[1] == column // 3 + 1
            hive = env.batched.teams[column // 3]
            assert (seen[2], seen[3]) == (hive.episode, hive.time)
            mask = observation["action_mask"][column]
            assert mask.tolist() == [1, (hive.time + column % 3) % 2, ACTIONS[agent] - 2]
        before = observation["observation"].copy()
        observation, rewards, dones, infos = env.step(rng.integers(3, size=9))
        for column, info in enumerate(infos):
            idle = not before[column, :6].any()
            assert info["waiting"] == idle
            waited[column] |= idle
            if idle:
                assert rewards[column] == 0
                assert not dones[column]
                continue
            own = column % 3 + 1
            assert (info["who"], info["at"]) == (AGENTS[own - 1], before[column, 3] + 1)
            assert goal is not None or rewards[column] == own
            if dones[column]:
                ending = info["terminal_observation"]["observation"]
                assert ending[:3].tolist() == before[column, :3].tolist()
                assert ending[3] == before[column, 3] + 1
            else:
                after = observation["observation"][column]
                assert after[:3].tolist() == before[column, :3].tolist()
        last = dones
    assert waited.any()
    assert last is not None


def test_those_who_do_not_learn_see_and_play_their_own():
    """They are asked while they live, and what they answer is what their agent does."""
    asked = []

    def opponent(batch, goals):
        asked.append(batch["observation"].copy())
        legal = batch["action_mask"] > 0
        return np.where(legal[:, 2], 2, np.where(legal[:, 1], 1, 0))

    env = hives(2, learners="bee_0", opponent=opponent)
    env.reset()
    for _ in range(20):
        hives_now = env.batched.teams
        living = [
            (number, hive.number + 1, hive.episode, hive.time)
            for hive in hives_now
            for number in (2, 3)
            if AGENTS[number - 1] in hive.agents
        ]
        before = [(hive, hive.time) for hive in hives_now]
        env.step(np.zeros(2, np.int64))
        assert [tuple(row) for row in asked[-1][:, :4]] == living
        for hive, time in before:
            heard = hive.heard[-1] if hive.heard else {}
            assert heard.get("bee_1", 2) == 2
            assert heard.get("ant_0", time % 2) == time % 2


def test_lives_are_episodes():
    env = hives(1)
    env.reset()
    lengths: dict[str, list[int]] = {agent: [] for agent in AGENTS}
    for _ in range(7 * 5):
        *_, infos = env.step(np.zeros(3, np.int64))
        for info in infos:
            if "episode" in info:
                lengths[info["agent"]].append(info["episode"]["l"])
    assert lengths == {"bee_0": [4] * 5, "bee_1": [4] * 5, "ant_0": [7] * 5}


def test_worlds_begin_anew_when_no_learner_is_left():
    env = hives(1, learners="bee_0")
    env.reset(seed=0)
    for _ in range(3):
        assert not env.step(0)[2]
    assert env.step(0)[2]
    observation, _ = env.reset()
    assert observation["observation"][2] == 2


def test_whoever_reached_its_goal_rests():
    env = hives(1, goal={"bee": "survive_2", "ant": "survive_5"})
    env.reset()
    for _ in range(4):
        env.step(np.array([2, 2, 0]))
    heard = env.batched.teams[0].heard
    assert [actions["bee_0"] for actions in heard] == [2, 2, 0, 0]


def test_what_waits_is_not_learnt():
    env = hives(2)
    model = HFDQN(
        "MultiInputPolicy", env, learning_starts=50, buffer_size=2000, seed=0, device="cpu"
    )
    model.learn(400)
    store = model.replay_buffer.store
    waited = (store.flags[: store.filled] & WAITED) > 0
    assert 0.1 < waited.mean() < 0.6
    drawn = store.draw(5000).rows
    assert not (store.flags[drawn] & WAITED).any()


# ---- the storm -------------------------------------------------------------------------------

STORMS = [
    # tests/benchmarks/storms.py plays 100,000 joint actions of each; here fewer
    ("mpe2:simple_spread_v3", "mixed", 400, {}),
    ("mpe2:simple_tag_v3", "mixed", 200, {}),
    ("mpe2:simple_speaker_listener_v4", "mixed", 600, {}),
    ("pettingzoo:knights_archers_zombies_v11", "mixed", 400, {}),
    ("pettingzoo:pursuit_v5", "mixed", 100, {"n_evaders": 4}),
    ("pettingzoo:cooperative_pong_v6", "mixed", 60, {}),
]


def storm(name: str, goal: Any, actions: int, options: dict[str, Any], n_envs: int = 2) -> int:
    """Play random, partly forbidden joint actions; return by how many blocks memory has grown."""
    env = make_env(name, n_envs=n_envs, goal=goal, seed=1, **options)
    rng, n_actions, blocks = np.random.default_rng(2), int(env.action_space.n), 0
    env.reset()
    steps = max(actions // n_envs, 4)
    for step in range(steps):
        observation, rewards, dones, infos = env.step(rng.integers(n_actions, size=env.num_envs))
        worlds = env.batched
        assert set(np.unique(rewards)) <= {0.0, 1.0}
        for column, agent in enumerate(worlds.agents * n_envs):
            mask, seen = observation["action_mask"][column], observation["observation"][column]
            if worlds.waiting[column]:
                assert mask.sum() == 1
                assert not seen[..., : getattr(worlds.view, "length", 3)].any()
            else:
                assert mask.tolist() == [int(i < worlds.counts[agent]) for i in range(n_actions)]
            assert infos[column]["agent"] == agent
            assert ("terminal_observation" in infos[column]) == bool(dones[column])
        if step in (steps // 2, steps - 1):
            gc.collect()
            blocks = sys.getallocatedblocks() - blocks
    env.close()
    return blocks


@pytest.mark.parametrize(("name", "goal", "actions", "options"), STORMS)
def test_storm(name: str, goal: str, actions: int, options: dict[str, Any]):
    library = name.partition(":")[0]
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"needs rlhf-agents[{library}]")
    assert storm(name, goal, actions, options) < 3000
