"""Atari 2600 games of ale-py (its wheel brings the ROMs), prepared as SB3's `make_atari_env` does.

    make_env("ale:BreakoutNoFrameskip-v4", n_envs=8)       SB3's and the DQN paper's setting
    make_env("ale:Breakout-v5", goal="score_10")           with sticky actions (0.25)

Observations are 84 x 84 x 4 uint8: `AtariWrapper` of SB3 (no-ops at the start, four frames a step,
the brighter of the last two, grey, small) and four pictures stacked as by `VecFrameStack`. The
emulator itself never skips frames, even if the name suggests it.

* With the goal `score`, an episode is one life and rewards are -1, 0 or 1, as in SB3.
* With other goals, an episode is a whole game. Scores always count the game's own points.

Options: those of `AtariWrapper`, `frame_stack`, `wrap` (applied last); all others go to
`gymnasium.make`.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import registry
from numpy.typing import NDArray

from rlhf_adapters.kinds import Env, EnvOrVecEnv
from rlhf_adapters.single_agent.goals import ArcadeGoal, Score, Survive
from rlhf_adapters.single_agent.gym_envs import GymEnvs, make_envs
from rlhf_adapters.single_agent.tasks import SCORE, check_config, goal_names, make_task
from rlhf_adapters.specs import EnvConfig, EnvInfo, Info
from rlhf_games.base import Array

PREFIX = "ALE/"
OF_WRAPPER = ("action_repeat_probability", "frame_skip", "noop_max", "screen_size")
CLIP, ONE_LIFE, STACK = "clip_reward", "terminal_on_life_loss", "frame_stack"

GOALS: tuple[ArcadeGoal, ...] = (
    Score(1),
    Score(10),
    Score(100),
    Score(1000),
    Score(10_000),
    Survive(100),
    Survive(500),
)
"""The goals of every game besides `score`, in points and in steps of four frames."""


class AtariEnvs(GymEnvs):
    """Atari games; rewards may be clipped, points are the game's own.

    Args:
        name: of the environment.
        envs: games with unclipped rewards.
        clip: rewards are the sign of the points.
    """

    def __init__(self, name: str, envs: list[Env], clip: bool) -> None:
        super().__init__(name, envs)
        self.clip = clip

    def step(self, actions: NDArray[np.int64]) -> None:
        """Step every game."""
        self.reward = self.points
        super().step(actions)
        if self.clip:
            self.reward = np.sign(self.points)


class StackedFrames(gymnasium.ObservationWrapper[Array, np.int64, Array]):
    """The last frames stacked as channels, black before the first, as in SB3's `VecFrameStack`.

    Args:
        env: its observations are pictures `[H, W, C]`.
        n: how many to stack.
    """

    def __init__(self, env: Any, n: int) -> None:
        super().__init__(env)
        low, high = (
            np.repeat(edge, n, -1)
            for edge in (env.observation_space.low, env.observation_space.high)
        )
        self.observation_space = spaces.Box(low, high, dtype=env.observation_space.dtype)
        self.stack = np.zeros(self.observation_space.shape, self.observation_space.dtype)

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Array, Info]:
        """Forget the pictures of the last episode."""
        self.stack = np.zeros_like(self.stack)
        return super().reset(seed=seed, options=options)

    def observation(self, observation: Array) -> Array:
        """Return the stack with a picture added."""
        kept = self.stack[..., observation.shape[-1] :]
        self.stack = np.concatenate([kept, observation], axis=-1)
        return self.stack


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return the requested environment.

    Raises:
        EnvError: there is no such environment, or it cannot be made or played as requested.
        UnknownGoalError: the environment cannot measure the goal.
    """
    from rlhf_adapters.single_agent.goal_env import arcade_env  # noqa: PLC0415 - SB3 takes seconds to import

    check_config(config.name, config.n_envs, config.opponent)
    task = make_task(config.name, config.n_envs, config.goal, GOALS)
    return arcade_env(_batched(config), task, config.seed)


def worlds() -> list[str]:
    """Return the names, sorted: `GAME-v5`, and `GAMENoFrameskip-v4` as SB3 has it."""
    _register()
    ours = [name for name, spec in registry.items() if str(spec.entry_point).startswith("ale_py")]
    return sorted(
        name.removeprefix(PREFIX)
        for name in ours
        if name.startswith(PREFIX) or name.endswith("NoFrameskip-v4")
    )


def _register() -> None:
    """Register ALE's environments with Gymnasium, which importing it does."""
    import ale_py  # noqa: PLC0415 - an optional library

    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)  # no banner for every emulator


def describe(env_name: str) -> EnvInfo:
    """Return what is known of an environment."""
    played = _batched(EnvConfig(f"ale:{env_name}"))
    played.close()
    return EnvInfo(played.name, 1, played.n_actions, goal_names(GOALS))


def _batched(config: EnvConfig) -> AtariEnvs:
    from stable_baselines3.common.atari_wrappers import AtariWrapper  # noqa: PLC0415 - see `make`

    _register()
    options = dict(config.options)
    for_score = config.goal is None or config.goal == SCORE
    clip = options.pop(CLIP, for_score)
    of_wrapper = {key: options.pop(key) for key in OF_WRAPPER if key in options}
    of_wrapper |= {ONE_LIFE: options.pop(ONE_LIFE, for_score), CLIP: False}
    n_stacked, wrap = options.pop(STACK, 4), options.pop("wrap", None)
    name = config.world
    if PREFIX + name in registry:
        name = PREFIX + name
    bare = EnvConfig(config.name, config.n_envs)
    envs = make_envs(bare, name, {"frameskip": 1, **options}, worlds())
    envs = [StackedFrames(AtariWrapper(env, **of_wrapper), n_stacked) for env in envs]
    return AtariEnvs(config.name, envs if wrap is None else [wrap(env) for env in envs], clip)
