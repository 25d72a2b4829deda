"""How well an actor does in a world: returns, successes and lengths of whole episodes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from stable_baselines3.common.evaluation import evaluate_policy

from rlhf_agents.envs.open_env import EnvConfig, open_many
from rlhf_agents.players.actors import load_actor

SIDE_BY_SIDE = 8

Progress = Callable[[int], object]
"""Is told how many episodes have ended."""


@dataclass(frozen=True)
class Scores:
    """The results of some episodes.

    Attributes:
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

    def __call__(self, seen: dict[str, Any], _globals: dict[str, Any]) -> None:
        if not seen["done"]:
            return
        self.ended += 1
        self.progress(self.ended)
        if "is_success" in seen["info"]:
            self.successes.append(bool(seen["info"]["is_success"]))


def measure(
    config: EnvConfig, agent: str, episodes: int, progress: Progress = lambda _: None
) -> Scores:
    """Play whole episodes by the best actions and return how they went.

    Args:
        config: the world.
        agent: who acts, see `load_actor`.
        episodes: how many.
        progress: is told how many have ended.

    Raises:
        UserError: there is no such agent, or it does not fit.
        WorldFailureError: the world raised an error.
        rlhf_games.base.GameError: there is no such world, or it cannot be set up like that.
    """
    envs = open_many(config, min(SIDE_BY_SIDE, episodes))
    try:
        actor, watch = (
            load_actor(agent, envs, config.name, config.goal, config.seed or 0),
            _Watch(progress),
        )
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
