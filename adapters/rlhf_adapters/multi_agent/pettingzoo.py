"""PettingZoo's environments with many agents that move at once, as columns of one VecEnv.

    make_env("pettingzoo:pursuit_v5", n_envs=4, goal="catch_5", n_evaders=10)
    make_env("pettingzoo:knights_archers_zombies_v11", n_envs=4, learners="knight")
    make_env("pettingzoo:cooperative_pong_v6", n_envs=2, goal="survive_100")

One network plays all agents, see `parallel_envs`; `learners` and `opponent` are as in
`from_mpe2`. Actions must be discrete: `pistonball_v6` needs `continuous=False`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from rlhf_adapters.kinds import EnvOrVecEnv
from rlhf_adapters.multi_agent.goals import ANY, Tables, at_least
from rlhf_adapters.multi_agent.make_team import TeamKind, describe_team, make_team
from rlhf_adapters.multi_agent.parallel_envs import AgentFacts, Facts
from rlhf_adapters.pettingzoo_names import EnvKind, missing, zoo_library
from rlhf_adapters.single_agent.goals import Score, Survive
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, Options
from rlhf_adapters.zoo_types import ParallelEnv


class Kills(AgentFacts):
    """The number of zombies killed by all agents together in this episode: `team_score`."""

    def restart(self, env: ParallelEnv) -> None:
        """Count anew."""
        self.killed = 0.0
        # PettingZoo's reset does not clear it, so an episode would depend on the one before.
        env.unwrapped.zombie_spawn_interval.reset()

    def look(self, env: ParallelEnv, rewards: Mapping[str, float]) -> Facts:
        """Count."""
        self.killed += sum(rewards.values())
        return {agent: {"team_score": self.killed} for agent in env.possible_agents}


class Catches(AgentFacts):
    """The number of evaders that are `caught`, the same for all."""

    def look(self, env: ParallelEnv, rewards: Mapping[str, float]) -> Facts:
        """Count."""
        caught = int(env.unwrapped.env.evaders_gone.sum())
        return {agent: {"caught": caught} for agent in env.possible_agents}


def _pursuit_goals(env: ParallelEnv) -> Tables:
    """Return goals to catch some of the evaders, and all of them."""
    everyone = int(env.unwrapped.env.n_evaders)
    counts = [*(k for k in (1, 5, 15) if k < everyone), everyone]
    return {
        ANY: tuple(
            at_least(f"catch_{k}", "caught", k, f"catch {k} evaders together") for k in counts
        )
    }


KINDS: dict[str, TeamKind] = {
    "knights_archers_zombies": TeamKind(
        {
            ANY: (
                Score(1),
                Score(3),
                Survive(100),
                Survive(300),
                at_least("team_3", "team_score", 3, "kill 3 zombies together and stay alive"),
                at_least("team_10", "team_score", 10, "kill 10 zombies together and stay alive"),
            )
        },
        Kills,
        rest=5,
        actions=("forward", "backward", "turn left", "turn right", "attack", "nothing"),
    ),
    "pursuit": TeamKind(
        _pursuit_goals,
        Catches,
        rest=4,
        actions=("left", "right", "down", "up", "stay"),
    ),
    "cooperative_pong": TeamKind(
        {ANY: (Survive(50), Survive(100), Survive(300))}, actions=("stay", "up", "down")
    ),
    "rps": TeamKind({ANY: (Score(1), Score(3))}, actions=("rock", "paper", "scissors")),
}
"""Goals, facts and names of actions; all other environments have score and time goals."""
ALWAYS_DRAWN = ("cooperative_pong",)
"""These render pictures as observations, and warn without a render mode."""
OTHER = TeamKind({ANY: (Survive(20), Survive(100))})


def make(kind: EnvKind, config: EnvConfig) -> EnvOrVecEnv:
    """Return the requested columns.

    Raises:
        EnvError: the environment cannot be made or played as requested.
        UnknownGoalError: the environment cannot measure the goal.
    """
    named = replace(config, name=f"{config.library}:{kind.name}", options=kind.options)
    return make_team(named, KINDS.get(kind.base, OTHER), partial(_new, kind))


def describe(kind: EnvKind) -> EnvInfo:
    """Return what is known of an environment.

    Raises:
        EnvError: as for `make`.
    """
    options = {"continuous": False} if kind.base == "pistonball" else {}
    new = partial(_new, kind._replace(options=options))
    return describe_team(kind.full, KINDS.get(kind.base, OTHER), lambda _: new(options))


def _new(kind: EnvKind, options: Options) -> ParallelEnv:
    zoo = zoo_library()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shown = {} if kind.base not in ALWAYS_DRAWN else {"render_mode": "rgb_array"}
            env: ParallelEnv = zoo.make("parallel", kind.key, **{**shown, **options})
            return env
    except (ImportError, zoo.env_registry.exceptions.FailedToImport) as error:
        raise EnvError(missing(kind, error)) from error
