"""MPE2: particles that spread, chase and talk, several agents at a time (its Parallel API).

    make_env("mpe2:simple_spread_v3", n_envs=8)                      24 columns, one per agent
    make_env("mpe2:simple_spread_v3", n_envs=8, goal="formation")
    make_env("mpe2:simple_tag_v3", n_envs=8, goal={"adversary": "tag_1", "agent": "escape"})
    make_env("mpe2:simple_tag_v3", learners="adversary", opponent="random")

All agents share one network: observations are padded to one length and followed by a one-hot code
of the agent. By default all agents learn, adversaries included, each for its own reward. `learners`
names a role ("adversary"), an agent ("agent_0") or a list; `opponent` plays the others, at random
by default. One learner in one environment is a Gymnasium environment, anything else a `VecEnv` with
a column per learner and environment, see `multi_agent.goal_env`.

The open goal `formation` of `simple_spread` is the landmarks' positions, whichever agent covers
them: hindsight relabels with the formation that the agents reached, in any order.

Other options are those of MPE2's constructors, e.g. `N=4`, `max_cycles=50`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.kinds import EnvOrVecEnv
from rlhf_adapters.multi_agent.goals import ANY, Tables, at_least
from rlhf_adapters.multi_agent.make_team import TeamKind, describe_team, make_team
from rlhf_adapters.multi_agent.parallel_envs import AgentFacts, Facts
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Event, StepBatch, Survive
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, Options, unknown_env
from rlhf_adapters.zoo_types import ParallelEnv
from rlhf_games.base import Array

LIBRARY = "mpe2"
MOVES = ("stay", "left", "right", "down", "up")
NEAR = 0.1
"""The distance within which a landmark is covered, as in `simple_spread` itself."""


def _distances(world: Any) -> NDArray[np.float64]:
    """Return the distance of every agent to every landmark, `[A, L]`."""
    agents = np.array([agent.state.p_pos for agent in world.agents])
    landmarks = np.array([landmark.state.p_pos for landmark in world.landmarks])
    return np.asarray(np.linalg.norm(agents[:, None] - landmarks, axis=-1))


class Coverage(AgentFacts):
    """The number of landmarks that an agent covers: `covered`, the same for all agents."""

    def look(self, env: ParallelEnv, rewards: Mapping[str, float]) -> Facts:
        """Count."""
        covered = int((_distances(env.unwrapped.world).min(axis=0) < NEAR).sum())
        return {agent: {"covered": covered} for agent in env.possible_agents}


class Chase(AgentFacts):
    """The number of `touches` of prey by adversaries in this episode, the same for all agents."""

    def restart(self, env: ParallelEnv) -> None:
        """Count anew."""
        self.touches = 0

    def look(self, env: ParallelEnv, rewards: Mapping[str, float]) -> Facts:
        """Count."""
        bare = env.unwrapped
        agents = bare.world.agents
        if rewards:  # the start counts nothing
            self.touches += sum(
                bool(bare.scenario.is_collision(prey, hunter))
                for prey in agents
                if not prey.adversary
                for hunter in agents
                if hunter.adversary
            )
        return {agent: {"touches": self.touches} for agent in env.possible_agents}


class Errand(AgentFacts):
    """Whether the listener is at the target landmark: `near` (1 or 0)."""

    def look(self, env: ParallelEnv, rewards: Mapping[str, float]) -> Facts:
        """Measure."""
        speaker, listener = env.unwrapped.world.agents
        there = np.linalg.norm(listener.state.p_pos - speaker.goal_b.state.p_pos) < NEAR
        return {agent: {"near": int(there)} for agent in env.possible_agents}


def _spread_goals(env: ParallelEnv) -> Tables:
    count = len(env.unwrapped.world.landmarks)
    table = [
        at_least(f"cover_{k}", "covered", k, f"have {k} landmarks covered at once, by any agents")
        for k in range(1, count + 1)
    ]
    return {ANY: table}


def _spread_places(env: ParallelEnv) -> tuple[Array, Array]:
    world = env.unwrapped.world
    return (
        np.array([agent.state.p_pos for agent in world.agents]),
        np.array([landmark.state.p_pos for landmark in world.landmarks]),
    )


def _action_names(env: ParallelEnv) -> dict[str, tuple[str, ...]]:
    """Return names for every agent's actions: a move, a word, or both at once."""
    world = env.unwrapped.world
    words = [f"say {chr(ord('A') + word)}" for word in range(world.dim_c)]
    names = {}
    for agent in world.agents:
        if not agent.movable:
            names[agent.name] = tuple(words)
        elif agent.silent:
            names[agent.name] = MOVES
        else:
            names[agent.name] = tuple(f"{move}, {word}" for word in words for move in MOVES)
    return names


def _untouched(now: StepBatch) -> Bools:
    last = np.array([info.get("touches", 1) == 0 for info in now.infos])
    return np.asarray(last & (now.truncated | now.terminated))


ESCAPE: ArcadeGoal = Event(
    "escape", _untouched, text="stay untouched until the time is over", batched=True
)
ARRIVE = at_least("arrive", "near", 1, "bring the listener to the target landmark")

KINDS: dict[str, TeamKind] = {
    "simple_spread": TeamKind(_spread_goals, Coverage, _spread_places, NEAR, actions=_action_names),
    "simple_tag": TeamKind(
        {
            "adversary": (
                at_least("tag_1", "touches", 1, "touch a prey"),
                at_least("tag_3", "touches", 3, "touch prey three times in all"),
                at_least("tag_1", "touches", 1, "touch a prey").before(10),
            ),
            "agent": (ESCAPE,),
        },
        Chase,
        actions=_action_names,
    ),
    "simple_speaker_listener": TeamKind(
        {ANY: (ARRIVE, ARRIVE.before(10))}, Errand, actions=_action_names
    ),
}
"""Goals, facts and places; all other environments have score and time goals."""
OTHER = TeamKind({ANY: (Survive(10), Survive(20))}, actions=_action_names)


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return the requested columns.

    Raises:
        EnvError: there is no such environment, or it cannot be made or played as requested.
        UnknownGoalError: the environment cannot measure the goal.
    """
    new = partial(_new, config.world)
    return make_team(config, _kind(config.world), new)


def worlds() -> list[str]:
    """Return the names of the environments, sorted."""
    package = importlib.import_module("mpe2")
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in names if "_v" in name)


def describe(world: str) -> EnvInfo:
    """Return what is known of an environment.

    Raises:
        EnvError: as for `make`.
    """
    return describe_team(f"{LIBRARY}:{world}", _kind(world), partial(_new, world))


def _kind(world: str) -> TeamKind:
    return KINDS.get(world.rpartition("_v")[0], OTHER)


def _new(world: str, options: Options) -> ParallelEnv:
    if world not in worlds():
        raise EnvError(unknown_env(LIBRARY, world, worlds()))
    env: ParallelEnv = importlib.import_module(f"mpe2.{world}").parallel_env(**options)
    return env
