"""Measuring an actor in an environment: return, success and length of whole episodes."""

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
"""Called with the number of finished episodes."""


@dataclass(frozen=True)
class Scores:
    """The results of some episodes.

    Attributes:
        world: the environment.
        goal: the goal, None for the environment's rewards.
        opponent: if there is one.
        seed: of everything random.
        agent: the actor.
        episodes: the number of finished episodes.
        mean_return: the mean return of an episode.
        std_return: the standard deviation of the return.
        min_return: the worst return.
        max_return: the best return.
        success_rate: share of the episodes that reached the goal; None without a goal.
        mean_length: the mean number of steps of an episode.
        seconds: the total time.
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
    """Counts finished episodes and successes during `evaluate_policy`."""

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
    """Play whole episodes with the best actions and return the results.

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
