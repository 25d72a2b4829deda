"""MinAtar: five small Atari games with the original's dynamics, one or thousands at a time.

    make_env("minatar:breakout")                              the original library, one game
    make_env("minatar:breakout", n_envs=64)                   compiled games, stepped in one call
    make_env("minatar:asterix", goal="survive_500", fast=True)

Both return uint8 planes `[C, 10, 10]` of zeros and ones (the original's are `[10, 10, C]`), have
all six actions, repeat the last action with probability 0.1, and have no time limit. Tests play
them in lockstep; the same seed gives different games, because their random numbers differ.

Options: `fast` (True: compiled, False: the original; by default compiled if n_envs > 1 or the
original is not installed), `sticky` (0.1), `ramping` (True), `max_steps` (None), `render_mode`
(None or "rgb_array"; pictures are available either way).
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.kinds import Arrays, Env, EnvOrVecEnv
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Score, Survive
from rlhf_adapters.single_agent.gym_envs import GymEnvs
from rlhf_adapters.single_agent.run_state import EpisodeLog
from rlhf_adapters.single_agent.tasks import check_config, goal_names, make_task
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, Info, unknown_env
from rlhf_games import minatar
from rlhf_games.arcade.base import ArcadeGame
from rlhf_games.arcade.batch import ArcadeBatch
from rlhf_games.base import Array, unknown_name

RGB = "rgb_array"

GOALS: dict[str, tuple[ArcadeGoal, ...]] = {
    "asterix": (Score(1), Score(5), Score(20), Score(5, within=300), Survive(100), Survive(500)),
    "breakout": (Score(1), Score(5), Score(10), Score(30), Score(5, within=100), Survive(100)),
    "freeway": (Score(1), Score(10), Score(30), Score(1, within=100), Score(10, within=1000)),
    "seaquest": (Score(1), Score(5), Score(20), Score(5, within=300), Survive(100), Survive(500)),
    "space_invaders": (
        Score(5),
        Score(24),
        Score(100),
        Score(24, within=300),
        Survive(100),
        Survive(500),
    ),
}
"""The goals of every game besides `score`; a wave of invaders has 24."""

BACKGROUND = (12, 12, 24)
COLOURS = np.array(
    [
        BACKGROUND,
        (94, 201, 98),
        (253, 231, 37),
        (72, 82, 120),
        (230, 97, 1),
        (220, 50, 90),
        (67, 147, 195),
        (178, 102, 255),
        (120, 220, 232),
        (200, 200, 200),
        (255, 160, 220),
    ],
    np.uint8,
)
"""Colours of the background and of each plane; where planes overlap, the last one shows."""
CELL_PIXELS = 16


def picture(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return planes `[C, H, W]` as a picture, uint8 `[16 H, 16 W, 3]`."""
    config = np.arange(1, len(planes) + 1).reshape(-1, 1, 1)
    pixels: NDArray[np.uint8] = COLOURS[(planes * config).max(axis=0)]
    return pixels.repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)


@dataclass(frozen=True)
class MinatarOptions:
    """The options of an environment, see the module.

    Raises:
        EnvError: an option is invalid.
    """

    fast: bool
    sticky: float = 0.1
    ramping: bool = True
    max_steps: int | None = None
    render_mode: str | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.sticky <= 1.0:
            msg = f"sticky is a probability, got {self.sticky}"
            raise EnvError(msg)
        if self.max_steps is not None and self.max_steps < 1:
            msg = f"max_steps must be at least 1, got {self.max_steps}"
            raise EnvError(msg)
        if self.render_mode not in (RGB, None):
            msg = f"MinAtar's games have the render_mode {RGB!r}, got {self.render_mode!r}"
            raise EnvError(msg)


class CompiledEnvs:
    """n compiled games that step in one call; arrays as in `batched_envs.BatchedEnvs`.

    Args:
        name: e.g. `minatar:breakout`.
        game: the rules.
        n: their number.
        settings: only `max_steps` and `render_mode` matter.
    """

    envs: Sequence[Env] = ()
    planes_first = True
    silent = True

    def __init__(self, name: str, game: ArcadeGame, n: int, settings: MinatarOptions) -> None:
        self.name, self.n, self.n_actions = name, n, game.n_actions
        self.action_names, self.mirrored = game.action_names, game.mirrored
        self.batch = ArcadeBatch(game, n)
        self.render_mode, self.max_steps = settings.render_mode, settings.max_steps
        self.space = plane_space(game)
        self.mask = np.ones((n, game.n_actions), np.int8)
        self.infos: list[Info] = [{} for _ in range(n)]
        self.log = EpisodeLog(self.batch)
        self._show()

    def seed(self, seed: int | None) -> None:
        """Reseed the random numbers of game i with seed + i."""
        self.batch.seed(seed)

    def restart(self, which: Bools, options: Sequence[Info | None]) -> None:
        """Restart the games of `which` `[n]`; there are no options."""
        self.log.begin(which)
        self.batch.restart(which)
        self._show()

    def step(self, actions: NDArray[np.int64]) -> None:
        """Play one action in every game."""
        self.batch.step(actions)
        self.log.add(actions)
        self._show()

    def replay(self, state: Arrays) -> None:
        """Bring the games to the state of `log.state()`, see `EpisodeLog.replay`."""
        self.log.replay(state)
        self._show()

    def render(self) -> list[NDArray[np.uint8]]:
        """Return a picture of every game."""
        return [picture(planes) for planes in self.observation]

    def close(self) -> None:
        """Nothing to release."""

    def _show(self) -> None:
        self.observation: Array = self.batch.observation
        self.terminated = self.batch.over
        self.reward = self.points = self.batch.reward.astype(np.float64)
        if self.max_steps is None:
            self.truncated = np.zeros(self.n, np.bool_)
        else:
            self.truncated = (self.log.lengths >= self.max_steps) & ~self.terminated


class OriginalEnvs(GymEnvs):
    """n games of the original library; arrays as in `batched_envs.BatchedEnvs`."""

    planes_first = True


class OriginalGame(gymnasium.Env[NDArray[np.uint8], np.int64]):
    """One game of the library as a Gymnasium environment.

    Args:
        name: of the game.
        settings: see the module.
    """

    metadata = {"render_modes": [RGB]}  # noqa: RUF012 - Gymnasium declares it so

    def __init__(self, name: str, settings: MinatarOptions) -> None:
        self.game = library().Environment(name, settings.sticky, settings.ramping)
        self.render_mode = settings.render_mode
        self.observation_space: Any = plane_space(minatar.make(name))
        self.action_space = spaces.Discrete(self.game.num_actions())

    def reset(
        self, *, seed: int | None = None, options: Info | None = None
    ) -> tuple[NDArray[np.uint8], Info]:
        """Start a new game, see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        if seed is not None:
            self.game.seed(seed)
            self.game.last_action = 0  # the library would let it stick in the new game
        self.game.reset()
        return self._planes(), {}

    def step(self, action: int | np.int64) -> tuple[NDArray[np.uint8], float, bool, bool, Info]:
        """Play one action, see `gymnasium.Env.step`."""
        points, over = self.game.act(int(action))
        return self._planes(), float(points), bool(over), False, {}

    def render(self) -> NDArray[np.uint8]:
        """Return a picture; the library's own needs matplotlib and seaborn."""
        return picture(self._planes())

    def _planes(self) -> NDArray[np.uint8]:
        planes: NDArray[np.bool_] = self.game.state().transpose(2, 0, 1)
        return planes.astype(np.uint8)


def plane_space(game: ArcadeGame) -> spaces.Box:
    """Return the space of observations."""
    return spaces.Box(0, 1, game.observation_shape, np.uint8)


def library() -> ModuleType:
    """Import the original.

    Raises:
        EnvError: it is not installed.
    """
    if importlib.util.find_spec("minatar") is None:
        msg = (
            "the original MinAtar is not installed: fast=True plays the same game compiled, or: "
            'pip install "rlhf-agents[minatar]"'
        )
        raise EnvError(msg)
    root, silence = logging.getLogger(), logging.NullHandler()
    root.addHandler(silence)  # the library warns that it cannot draw without seaborn: we draw
    try:
        return importlib.import_module("minatar")
    finally:
        root.removeHandler(silence)


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return the requested environment.

    Raises:
        EnvError: there is no such game, or it cannot be made as requested.
        UnknownGoalError: the game cannot measure the goal.
    """
    from rlhf_adapters.single_agent.goal_env import arcade_env  # noqa: PLC0415 - SB3 takes seconds to import

    check_config(config.name, config.n_envs, config.opponent)
    if config.world not in GOALS:
        raise EnvError(unknown_env("minatar", config.world, worlds()))
    played = _batched(config)
    task = make_task(config.name, config.n_envs, config.goal, GOALS[config.world])
    env = arcade_env(played, task, config.seed)
    if config.n_envs == 1:
        env.metadata = {**env.metadata, "render_modes": [RGB]}
    return env


def worlds() -> list[str]:
    """Return the names of the games, sorted."""
    return minatar.names()


def describe(env_name: str) -> EnvInfo:
    """Return what is known of a game."""
    game = minatar.make(env_name)
    return EnvInfo(f"minatar:{env_name}", 1, game.n_actions, goal_names(GOALS[env_name]))


def _batched(config: EnvConfig) -> CompiledEnvs | OriginalEnvs:
    has_original = importlib.util.find_spec("minatar") is not None
    options = {"fast": config.n_envs > 1 or not has_original, **config.options}
    known = tuple(MinatarOptions.__dataclass_fields__)
    for name in options:
        if name not in known:
            raise EnvError(f"{config.name}: {unknown_name('option', name, known)}")
    settings = MinatarOptions(**options)
    if settings.fast:
        game = minatar.make(config.world, settings.sticky, settings.ramping)
        return CompiledEnvs(config.name, game, config.n_envs, settings)
    games = [_limited(config.world, settings) for _ in range(config.n_envs)]
    original = OriginalEnvs(config.name, games)
    original.action_names = minatar.make(config.world).action_names
    return original


def _limited(env_name: str, settings: MinatarOptions) -> Env:
    game = OriginalGame(env_name, settings)
    if settings.max_steps is None:
        return game
    return gymnasium.wrappers.TimeLimit(game, settings.max_steps)
