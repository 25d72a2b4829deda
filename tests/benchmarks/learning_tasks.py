"""The worlds of `learning_curves.py`, who learns them, and with which settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import goals
import gymnasium
import torch
from goals import CARTPOLE
from gymnasium import spaces
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor
from torch import nn

from rlhf_adapters.single_agent.goals import Cell
from rlhf_agents.envs.make_env import make_env

HFDQN, DQN, RANDOM, UNTRAINED = "HFDQN", "SB3 DQN", "random", "HFDQN untrained"
INDEPENDENT, QRDQN = "independent SB3 DQN", "QR-DQN"
RETURN, SUCCESS = "return", "success"


@dataclass(frozen=True)
class Learner:
    """Who learns, and how.

    Attributes:
        name: as the table calls it.
        kind: `HFDQN`, `DQN`, `INDEPENDENT`, `QRDQN` or `RANDOM`.
        settings: of the algorithm.
        goal: what is asked of the world.
        n_envs: side by side while learning; None is the task's.
    """

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    goal: Any = None
    n_envs: int | None = None


@dataclass(frozen=True)
class Task:
    """A world and its learners.

    Attributes:
        world: by name, or what makes one with goals of its own.
        score: the mean `RETURN`, or the share of episodes that reach a goal or have a reward
            (`SUCCESS`).
        steps: of every run.
        learners: the first is ours.
        n_envs: side by side while learning.
        options: of the world.
        judged: more of them while it is judged.
        looks: so many times a run is judged on the way; 0: by what it does while it learns.
        episodes: by which the end of a run is judged.
    """

    world: str | Callable[[], gymnasium.Env]
    score: str
    steps: int
    learners: tuple[Learner, ...]
    n_envs: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    judged: Mapping[str, Any] = field(default_factory=dict)
    looks: int = 20
    episodes: int = 100


def worlds(task: Task, count: int, goal: Any, seed: int, **options: Any) -> Any:
    """Return environments of a task, side by side.

    Args:
        task: which.
        count: how many.
        goal: what is asked of them; environments with goals of their own take none.
        seed: of their first episodes.
        options: besides those of the task.
    """
    if isinstance(task.world, str):
        return make_env(task.world, count, goal, seed=seed, **{**task.options, **options})
    env = VecMonitor(DummyVecEnv([task.world] * count))
    env.seed(seed)
    return env


class Planes(BaseFeaturesExtractor):
    """The network of the MinAtar paper (Young and Tian, 2019): one 3 x 3 convolution, 128 units."""

    def __init__(self, observation_space: spaces.Dict, features_dim: int = 128) -> None:
        super().__init__(observation_space, features_dim)
        channels, height, width = observation_space["observation"].shape
        cells = 16 * (height - 2) * (width - 2)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 16, 3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(cells, features_dim),
            nn.ReLU(),
        )

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        features: torch.Tensor = self.layers(observations["observation"].float())
        return features


def ablation(settings: Mapping[str, Any], goal: Any) -> tuple[Learner, ...]:
    """Return HFDQN without and with its parts, all with the same settings.

    Args:
        settings: of all.
        goal: what hindsight is told; without it there is none, unless the environment has goals.
    """
    return (
        Learner("DQN", HFDQN, {**settings, "hindsight": False}),
        Learner("+ hindsight", HFDQN, settings, goal),
        Learner("+ foresight", HFDQN, {**settings, "hindsight": False, "foresight": True}),
        Learner("+ both", HFDQN, {**settings, "foresight": True}, goal),
    )


def others(settings: Mapping[str, Any], goals_too: bool = False) -> tuple[Learner, ...]:
    """Return SB3's DQN and QR-DQN, and its HER where an environment has goals of its own."""
    her = {**settings, "replay_buffer_class": HerReplayBuffer}
    quantiles = {**settings["policy_kwargs"], "n_quantiles": 10}  # as RL Zoo has it
    return (
        Learner("SB3 DQN", DQN, settings),
        *([Learner("SB3 DQN + HER", DQN, her)] if goals_too else []),
        Learner(QRDQN, QRDQN, {**settings, "policy_kwargs": quantiles}),
    )


CELLS = {
    "learning_rate": 1e-3,
    "batch_size": 64,
    "buffer_size": 200_000,
    "learning_starts": 500,
    "gamma": 0.99,
    "target_update_interval": 500,
    "train_freq": 2,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.05,
    "policy_kwargs": {"net_arch": [128, 128]},
}

GRID = {**CELLS, "train_freq": 4, "learning_starts": 1000, "exploration_fraction": 0.5}

# RL Zoo's settings, whose rate does not fall, forget again and again what they have learnt.
STEADY_CARTPOLE = {**CARTPOLE, "learning_rate": LinearSchedule(2.3e-3, 0.0, 1.0)}

ZOO_LANDER = {
    "learning_rate": 6.3e-4,
    "batch_size": 128,
    "buffer_size": 50_000,
    "learning_starts": 0,
    "target_update_interval": 250,
    "train_freq": 4,
    "gradient_steps": -1,
    "exploration_fraction": 0.12,
    "exploration_final_eps": 0.1,
    "policy_kwargs": {"net_arch": [256, 256]},
}

TEAMS = {
    "learning_rate": 1e-3,
    "batch_size": 256,
    "buffer_size": 100_000,
    "learning_starts": 1000,
    "gamma": 0.9,
    "target_update_interval": 1200,
    "train_freq": 1,
    "gradient_steps": 4,
    "exploration_fraction": 0.4,
    "exploration_final_eps": 0.05,
    "policy_kwargs": {"net_arch": [128, 128]},
}

# Each sees a third of the columns: counted in steps of the worlds, it learns as the one for all.
ONE_OF_THREE = {
    **TEAMS,
    "buffer_size": 33_333,
    "learning_starts": 333,
    "target_update_interval": 400,
}

# Eight games are stepped at once; the gradient steps per frame are those that are named.
MINATAR_ENVS = 8

# SB3's defaults: a step of gradients per four frames, batches of 32, two layers of 64.
SB3_MINATAR = {"train_freq": 4, "gradient_steps": MINATAR_ENVS, "buffer_size": 200_000}

# Of the MinAtar paper, appendix: RMSprop, a gradient step per frame, epsilon 1 to 0.1 in 100,000.
PAPER_MINATAR = {
    "learning_rate": 2.5e-4,
    "batch_size": 32,
    "buffer_size": 100_000,
    "learning_starts": 5000,
    "gamma": 0.99,
    "target_update_interval": 1000,
    "train_freq": 1,
    "gradient_steps": MINATAR_ENVS,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.1,
    "policy_kwargs": {
        "net_arch": [],
        "features_extractor_class": Planes,
        "optimizer_class": torch.optim.RMSprop,
        "optimizer_kwargs": {"alpha": 0.95, "centered": True, "eps": 0.01},
    },
}


def _minatar(game: str) -> Task:
    return Task(
        f"minatar:{game}",
        RETURN,
        1_000_000,
        (
            Learner("HFDQN", HFDQN, n_envs=32),  # as make_env recommends
            Learner("SB3 DQN", DQN, SB3_MINATAR),
            Learner("SB3 DQN with the paper's settings", DQN, PAPER_MINATAR),
            Learner("QR-DQN with the paper's settings", QRDQN, PAPER_MINATAR),
        ),
        n_envs=MINATAR_ENVS,
        options={"fast": True},
        judged={"max_steps": 5000},
        looks=0,
    )


def _with_goals(name: str, steps: int) -> Task:
    """Return one of the tasks of `goals.py`, for so many steps."""
    task = goals.TASKS[name]
    asked = task.settings["exploration_fraction"] * task.cap  # in steps
    settings = {**task.settings, "exploration_fraction": min(1.0, asked / steps)}
    learners = (*ablation(settings, None), *others(settings, goals_too=True))
    return Task(task.make, SUCCESS, steps, learners, looks=10)


TASKS = {
    "bits-10": _with_goals("bits-10", 2000),
    "bits-15": _with_goals("bits-15", 3000),
    "bits-25": _with_goals("bits-25", 5000),
    "taxi": _with_goals("taxi", 4000),
    "maze": _with_goals("maze", 8000),
    "cartpole": Task(
        "gymnasium:CartPole-v1",
        RETURN,
        50_000,
        (
            *ablation(STEADY_CARTPOLE, "survive_500"),
            Learner("SB3 DQN, the rate falls", DQN, STEADY_CARTPOLE),
            *others(CARTPOLE),
        ),
    ),
    # As many steps, and environments side by side, as `rlhf-train` takes.
    "cartpole_defaults": Task(
        "gymnasium:CartPole-v1", RETURN, 300_000, (Learner("HFDQN", HFDQN, n_envs=16),)
    ),
    "frozenlake": Task(
        "gymnasium:FrozenLake8x8-v1",
        SUCCESS,
        60_000,
        (Learner("HFDQN", HFDQN), *ablation(CELLS, Cell(63)), *others(CELLS)),
        episodes=1000,  # the ice decides: of 100 episodes, the share is only known to 0.06
    ),
    "lander": Task(
        "gymnasium:LunarLander-v3",
        RETURN,
        800_000,
        (
            Learner("HFDQN", HFDQN, n_envs=32),
            Learner("SB3 DQN with RL Zoo's settings", DQN, ZOO_LANDER),
        ),
    ),
    "empty": Task(
        "minigrid:MiniGrid-Empty-8x8-v0",
        SUCCESS,
        20_000,
        (*ablation(GRID, Cell((6, 6))), *others(GRID)),
    ),
    # The cell of the goal is behind the door, whose key has to be found first.
    "doorkey": Task(
        "minigrid:MiniGrid-DoorKey-5x5-v0",
        SUCCESS,
        40_000,
        (*ablation(GRID, Cell((3, 3))), *others(GRID)),
    ),
    **{
        game: _minatar(game)
        for game in ("breakout", "asterix", "space_invaders", "seaquest", "freeway")
    },
    # A goal of the table is drawn for every episode; the network has a head for each.
    "breakout_goals": Task(
        "minatar:breakout",
        SUCCESS,
        1_000_000,
        (Learner("HFDQN", HFDQN, goal="mixed"),),
        n_envs=32,
        options={"fast": True},
        judged={"max_steps": 5000},
    ),
    # Eight worlds of three agents, each of which is a column: a step counts for every agent.
    "spread": Task(
        "mpe2:simple_spread_v3",
        RETURN,
        100_000,
        (
            Learner("HFDQN", HFDQN),
            Learner("SB3 DQN", DQN, TEAMS),
            Learner(INDEPENDENT, INDEPENDENT, ONE_OF_THREE),
            Learner("random", RANDOM),
        ),
        n_envs=8,
    ),
}

BOARDS = {"othello": "othello_6x6", "breakthrough": "breakthrough_6x6"}
