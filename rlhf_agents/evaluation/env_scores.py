"""How well an actor does in an environment: return, success and length of whole episodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from stable_baselines3.common.evaluation import evaluate_policy

from rlhf_agents.envs.kinds import Info
from rlhf_agents.envs.open_env import EnvConfig, open_many
from rlhf_agents.envs.trained_models import load_for
from rlhf_agents.players.arcade_foresight import actor_of

SIDE_BY_SIDE = 8

Progress = Callable[[int], object]
"""Takes how many episodes have ended."""


@dataclass(frozen=True)
class Scores:
    """The results of some episodes.

    Attributes:
        world: the environment.
        goal: what was asked for, None for what it rewards.
        opponent: where there is one.
        seed: of everything random.
        agent: who acted.
        episodes: how many ended.
        mean_return: of an episode.
        std_return: its standard deviation.
        min_return: the worst.
        max_return: the best.
        success_rate: share of the episodes that reached the goal; None if nothing was asked.
        mean_length: steps of an episode.
        seconds: all of it took.
    """

    world: str
    goal: str | None
    opponent: str | None
    seed: int | None
    agent: str
    episodes: int
    mean_return: float
    std_return: float
    min_return: float
    max_return: float
    success_rate: float | None
    mean_length: float
    seconds: float


class _Watch:
    """Counts what ends while `evaluate_policy` goes on, and whether it was a success."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.ended = 0
        self.successes: list[bool] = []

    def __call__(self, seen: Info, _globals: Info) -> None:
        if not seen["done"]:
            return
        self.ended += 1
        self.progress(self.ended)
        if "is_success" in seen["info"]:
            self.successes.append(bool(seen["info"]["is_success"]))


def measure(
    config: EnvConfig,
    agent: str,
    episodes: int,
    progress: Progress = lambda _: None,
    *,
    trust: bool = False,
    device: str = "auto",
) -> Scores:
    """Play whole episodes by the best actions and return how they went.

    Args:
        config: the environment; what it leaves open is as it was when the agent was trained.
        agent: who acts, see `actor_of`.
        episodes: how many.
        progress: called with how many have ended.
        trust: read the agent's file as SB3 does, which runs whatever code it holds.
        device: where its network runs.

    Raises:
        UserError: there is no such agent, or it does not fit.
        EnvironmentFailureError: the environment raised an error.
        rlhf_games.base.GameError: there is no such environment, or it cannot be set up like that.
    """
    config, model = load_for(config, agent, trust=trust, device=device)
    observed = None if model is None else model.observation_space
    envs = open_many(config, min(SIDE_BY_SIDE, episodes), observed)
    try:
        actor = actor_of(agent, envs, config.name, config.goal, config.seed or 0, model)
        watch = _Watch(progress)
        started = time.perf_counter()
        returns, lengths = evaluate_policy(
            actor,
            envs,
            episodes,
            deterministic=True,
            return_episode_rewards=True,
            warn=False,
            callback=watch,
        )
        seconds = time.perf_counter() - started
    finally:
        envs.close()
    counted = len(watch.successes) == episodes
    return Scores(
        world=config.name,
        goal=config.goal,
        opponent=config.opponent,
        seed=config.seed,
        agent=actor.name,
        episodes=episodes,
        mean_return=float(np.mean(returns)),
        std_return=float(np.std(returns)),
        min_return=float(np.min(returns)),
        max_return=float(np.max(returns)),
        success_rate=float(np.mean(watch.successes)) if counted else None,
        mean_length=float(np.mean(lengths)),
        seconds=seconds,
    )
