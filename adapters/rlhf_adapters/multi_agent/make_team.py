"""Making environments of PettingZoo's Parallel API, and passing on their own error messages."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gymnasium import spaces

from rlhf_adapters.kinds import EnvOrVecEnv
from rlhf_adapters.multi_agent.goals import (
    FORMATION,
    FormationTask,
    Places,
    Tables,
    goals_of_role,
    make_team_task,
    role_of,
)
from rlhf_adapters.multi_agent.parallel_envs import ALL, AgentFacts, ParallelEnvs
from rlhf_adapters.single_agent.tasks import SCORE, Task
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, Options
from rlhf_adapters.zoo_types import ParallelEnv

New = Callable[[Options], ParallelEnv]
"""Makes an environment from options."""
LEARNERS = "learners"
HAS_BOTH = ("pistonball",)
"""Environments with continuous actions that have an option for discrete ones."""


@dataclass(frozen=True)
class TeamKind:
    """Facts about an environment that it does not declare.

    Attributes:
        tables: goals by role, or a function that makes them for an environment.
        watcher: makes the `AgentFacts` of one environment.
        places: finds the places of the goal `formation`, None where it is not offered.
        radius: the distance that counts as arrived.
        rest: the action that does nothing.
        actions: names of the actions of all agents, or a function from an environment to those of
            each agent; empty if they are only numbers.
    """

    tables: Tables | Callable[[ParallelEnv], Tables]
    watcher: Callable[[], AgentFacts] = AgentFacts
    places: Places | None = None
    radius: float = 0.1
    rest: int = 0
    actions: Sequence[str] | Callable[[ParallelEnv], Mapping[str, Sequence[str]]] = ()

    def names(self, env: ParallelEnv, agent: str, count: int) -> tuple[str, ...]:
        """Return the names of an agent's actions."""
        names = self.actions(env).get(agent, ()) if callable(self.actions) else self.actions
        return tuple(names) if len(names) == count else tuple(map(str, range(count)))

    def goals(self, env: ParallelEnv) -> Tables:
        """Return the goals by role."""
        return self.tables(env) if callable(self.tables) else self.tables


def make_team(config: EnvConfig, kind: TeamKind, new: New) -> EnvOrVecEnv:
    """Return the requested columns.

    Args:
        config: its option `learners` says which agents learn.
        kind: facts about the environment.
        new: makes one environment from options.

    Raises:
        EnvError: the request is impossible, or the environment refuses it.
        UnknownGoalError: the environment cannot measure the goal.
    """
    from rlhf_adapters.multi_agent.goal_env import team_env  # noqa: PLC0415 - SB3 takes seconds to import

    if not isinstance(config.n_envs, int) or config.n_envs < 1:
        msg = f"n_envs must be at least 1, got {config.n_envs!r}"
        raise EnvError(msg)
    options = {key: value for key, value in config.options.items() if key != LEARNERS}
    teams = [checked(config.name, new, options) for _ in range(config.n_envs)]
    batched = ParallelEnvs(
        config.name,
        teams,
        config.options.get(LEARNERS, ALL),
        config.opponent,
        [kind.watcher() for _ in teams],
        kind.rest,
    )
    batched.action_names = tuple(
        kind.names(teams[0], agent, batched.counts[agent]) for agent in batched.agents
    )
    if config.goal == FORMATION and kind.places is not None:
        task: Task = FormationTask(batched.envs, kind.places, kind.radius)
    else:
        roles = [role_of(agent) for agent in batched.agents]
        tables = kind.goals(teams[0])
        task = make_team_task(config.name, roles, len(teams), config.goal, tables)
    return team_env(batched, task, config.seed)


def describe_team(name: str, kind: TeamKind, new: New) -> EnvInfo:
    """Return what is known of an environment."""
    env = checked(name, new, {})
    agents = list(env.possible_agents)
    tables = kind.goals(env)
    roles = dict.fromkeys(role_of(agent) for agent in agents)
    names = dict.fromkeys(goal.name for role in roles for goal in goals_of_role(tables, role))
    all_actions = [env.action_space(agent) for agent in agents]
    actions = max(int(one.n) for one in all_actions if isinstance(one, spaces.Discrete))
    env.close()
    extra = () if kind.places is None else (FORMATION,)
    return EnvInfo(name, len(agents), actions, (SCORE, *names, *extra))


def checked(name: str, new: New, options: Options) -> ParallelEnv:
    """Return an environment with discrete actions.

    Raises:
        EnvError: it refuses the options (its own message follows), or actions are continuous.
    """
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")  # otherwise some look for an audio device
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            env = new(options)
            actions = {agent: env.action_space(agent) for agent in env.possible_agents}
    except EnvError:
        raise
    except Exception as error:  # any error about the options
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        msg = f"{name} cannot be made{_with(options)}: {said}"
        raise EnvError(msg) from error
    bad = next((one for one in actions if not isinstance(actions[one], spaces.Discrete)), None)
    if actions and bad is None:
        return env
    env.close()
    if bad is None:
        msg = f"{name} has no agents{_with(options)}"
    else:
        why = f"the actions {actions[bad]} (of {bad}), which are not discrete"
        msg = f"{name} has {why}: {_cure(name, options)}"
    raise EnvError(msg)


def _with(options: Options) -> str:
    asked = ", ".join(f"{key}={value!r}" for key, value in options.items())
    return f" with {asked}" if asked else ""


def _cure(name: str, options: Options) -> str:
    for switch in ("continuous_actions", "continuous"):
        if options.get(switch):
            return f"leave {switch}={options[switch]!r} out, or say {switch}=False"
    if any(other in name for other in HAS_BOTH):
        return "say continuous=False"
    return "use one with discrete actions, such as pettingzoo:pursuit_v5 or mpe2:simple_spread_v3"
