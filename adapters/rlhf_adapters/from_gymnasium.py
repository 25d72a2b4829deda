"""Environments of Gymnasium with discrete actions: classic control, toy text, Box2D, and any other.

    make_env("CartPole-v1", goal="survive_200")
    make_env("FrozenLake-v1", map_name="8x8", is_slippery=False, goal="cell")
    make_env("Pendulum-v1", discretize=5)
    make_env("highway_env:highway-fast-v0")

Options go to `gymnasium.make`, except `discretize`, the number of values of each continuous action,
and `wrap`, a function that wraps each environment. `module:ID` imports the module first, as in
Gymnasium. Environments with a transition table `P` (FrozenLake, CliffWalking, Taxi) have the open
goal `cell`: reach a state. Environments with native goals keep them (goal `native`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec, registry
from numpy.typing import NDArray

from rlhf_adapters.kinds import Env, EnvOrVecEnv
from rlhf_adapters.single_agent import driving
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Event, Score, StepBatch, Survive
from rlhf_adapters.single_agent.gym_envs import OURS, GymEnvs, make_envs, prepared
from rlhf_adapters.single_agent.native_goals import NATIVE, NativeEnvs, NativeTask, has_goals
from rlhf_adapters.single_agent.tasks import (
    SCORE,
    Cells,
    Floats,
    check_config,
    goal_names,
    make_task,
)
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, Options

OF_OTHER_ADAPTERS = (
    "ale_py",
    "gymnasium.envs.mujoco",  # continuous actions
    "gymnasium.envs.phys2d",  # needs jax
    "gymnasium.envs.tabular",
    "minigrid",
    "shimmy",
)
NOT_DISCRETE = ("BipedalWalker", "CarRacing", "Continuous", "GymV2", "Pendulum")

TAXI_RIDING = 4
"""The place of Taxi's passenger inside the taxi; states count 5 places and 4 destinations."""


def _event(
    called: str,
    happened: Callable[[StepBatch], Any],
    within: tuple[int | None, ...] = (None,),
    text: str = "",
) -> tuple[ArcadeGoal, ...]:
    return tuple(Event(called, happened, steps, text, batched=True) for steps in within)


def _paid(now: StepBatch) -> Bools:
    return now.reward > 0


def _over(now: StepBatch) -> Bools:
    return now.terminated


def _riding(now: StepBatch) -> Bools:
    return np.asarray(now.observation.argmax(axis=1) // 4 % 5 == TAXI_RIDING)


def _landed(now: StepBatch) -> Bools:
    return np.asarray(now.terminated & (now.reward == 100))  # lander at rest; crashing pays -100


GOALS: dict[str, tuple[ArcadeGoal, ...]] = {
    "CartPole": (Survive(50), Survive(100), Survive(200), Survive(500)),
    "Acrobot": _event("swing_up", _over, (None, 100, 200), "swing the tip above the line"),
    "MountainCar": (
        *_event("reach_left_hill", lambda now: now.observation[:, 0] <= -1.0),
        *_event("reach_right_hill", lambda now: now.observation[:, 0] >= 0.0),
        *_event("reach_flag", lambda now: now.observation[:, 0] >= 0.5, (None, 120, 160)),
    ),
    "LunarLander": (
        *_event("touch_down", lambda now: now.observation[:, 6:8].all(axis=1)),
        *_event("land", _landed, (None, 300), "come to rest on the ground"),
        Score(100),
        Score(200),
    ),
    "FrozenLake": (Survive(20), *_event("reach_goal", _paid, (None, 20, 50))),
    "FrozenLake8x8": (Survive(20), *_event("reach_goal", _paid, (None, 50, 100))),
    "CliffWalking": _event("reach_goal", _over, (None, 15, 30)),
    "CliffWalkingSlippery": _event("reach_goal", _over, (None, 50, 100)),
    "Taxi": (
        *_event("pick_up", _riding, (None, 10), "take the passenger aboard"),
        *_event("deliver", _over, (None, 15, 30), "bring the passenger to the destination"),
    ),
    "Blackjack": (
        *_event("win", _paid),
        *_event("draw", lambda now: now.terminated & (now.reward == 0)),
    ),
}
"""Goals by the part of a name before `-v`, besides `score` and `cell`."""

ACTIONS: dict[str, tuple[str, ...]] = {
    "CartPole": ("left", "right"),
    "Acrobot": ("torque -1", "torque 0", "torque +1"),
    "MountainCar": ("left", "nothing", "right"),
    "LunarLander": ("nothing", "left engine", "main engine", "right engine"),
    "FrozenLake": ("left", "down", "right", "up"),
    "FrozenLake8x8": ("left", "down", "right", "up"),
    "CliffWalking": ("up", "right", "down", "left"),
    "CliffWalkingSlippery": ("up", "right", "down", "left"),
    "Taxi": ("south", "north", "east", "west", "pick up", "drop off"),
    "Blackjack": ("stick", "hit"),
}
"""Names of actions by the part of a name before `-v`."""

SCORES = (1, 10, 100)
"""Scores to ask for in environments without their own goal table."""


class StateCells:
    """The states of toy-text environments as cells: one-hot float32 `[n, S]`.

    Args:
        batched: environments with a table `P[state][action] -> [(probability, next, reward, end)]`.
    """

    def __init__(self, batched: GymEnvs) -> None:
        self.batched = batched
        self.size = batched.space.shape[0]
        self._from: dict[tuple[int, int], NDArray[np.int64]] = {}

    def here(self) -> Floats:
        """Return the states, which are what the agent sees."""
        return np.asarray(self.batched.observation, np.float32).copy()

    def draw(self, number: int, rng: np.random.Generator) -> Floats:
        """Return a random state that can be reached."""
        start = int(self.batched.observation[number].argmax())
        toy_text: Any = self.batched.envs[number].unwrapped
        table = toy_text.P
        key = (id(table), start)
        if key not in self._from:
            self._from[key] = reachable(table, start)
        states = self._from[key]
        if not len(states):
            msg = f"{self.batched.name}: no other state can be reached from state {start}"
            raise EnvError(msg)
        return self.at(int(rng.choice(states)))

    def at(self, place: object) -> Floats:
        """Return the one-hot vector of a state's number."""
        if isinstance(place, bool) or not isinstance(place, int | np.integer):
            number = -1
        else:
            number = int(place)
        if not 0 <= number < self.size:
            msg = f"{self.batched.name}: a cell is a state, 0..{self.size - 1}, got {place!r}"
            raise EnvError(msg)
        one_hot = np.zeros(self.size, np.float32)
        one_hot[number] = 1
        return one_hot


def reachable(table: Any, start: int) -> NDArray[np.int64]:
    """Return the states other than `start` that can be reached from it, sorted."""
    reached, passed, todo = {start}, {start}, [start]
    while todo:
        outcomes = [one for action in table[todo.pop()].values() for one in action]
        for chance, state, _, ends in outcomes:
            if chance > 0:
                reached.add(int(state))
                if not ends and int(state) not in passed:
                    passed.add(int(state))
                    todo.append(int(state))
    return np.array(sorted(reached - {start}), np.int64)


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return the requested environment.

    Raises:
        EnvError: there is no such environment, or it cannot be made or played as requested.
        UnknownGoalError: the environment cannot measure the goal.
    """
    check_config(config.name, config.n_envs, config.opponent)
    return _goal_env(config, make_envs(config, config.world, config.options, worlds()))


def make_from(
    source: Any, n_envs: int, goal: object, opponent: object, seed: int | None, options: Options
) -> EnvOrVecEnv:
    """Return a user's own environment as a goal-conditioned one.

    Args:
        source: a Gymnasium environment, or a function (or class) that makes one.
        n_envs: more than one needs a function.
        goal: as for `rlhf_adapters.make_env`.
        opponent: None.
        seed: of everything random.
        options: `discretize` and `wrap`.

    Raises:
        EnvError: this is neither, or it cannot be played as requested.
        UnknownGoalError: the environment cannot measure the goal.
    """
    is_env = isinstance(source, gymnasium.Env)
    if not is_env and not callable(source):
        msg = (
            "make_env takes a name, a Game, a Gymnasium environment or a function that makes one, "
            f"got {type(source).__name__}"
        )
        raise EnvError(msg)
    first = source if is_env else source()
    if not isinstance(first, gymnasium.Env):
        msg = f"the function given to make_env must return a Gymnasium environment, got {first!r}"
        raise EnvError(msg)
    env_name = type(first.unwrapped).__name__ if first.spec is None else first.spec.id
    config = EnvConfig(f"gymnasium:{env_name}", n_envs, goal, opponent, seed, options)
    check_config(env_name, n_envs, opponent)
    if unknown := [key for key in options if key not in OURS]:
        msg = f"{env_name} already exists: only {' and '.join(OURS)} apply to it, got {unknown[0]}"
        raise EnvError(msg)
    if is_env and n_envs > 1:
        msg = f"one environment cannot be played {n_envs} times: give make_env a function"
        raise EnvError(msg)
    envs = [first, *(source() for _ in range(n_envs - 1))]
    return _goal_env(config, [prepared(config, env) for env in envs])


def worlds() -> list[str]:
    """Return the registered names with discrete actions, sorted."""
    return sorted(name for name, spec in registry.items() if _is_ours(name, spec))


def describe(env_name: str) -> EnvInfo:
    """Return what is known of an environment."""
    config = EnvConfig(f"gymnasium:{env_name}")
    envs = make_envs(config, env_name, {}, worlds())
    played = _played(config, envs)
    names = goal_names(goals_of(env_name, envs[0]), cells_of(played) is not None)
    own = (NATIVE,) if has_goals(envs[0]) else ()
    played.close()
    return EnvInfo(config.name, 1, played.n_actions, (*own, *names))


def goals_of(env_name: str, env: Env) -> Sequence[ArcadeGoal]:
    """Return the goal table of an environment, without goals that take longer than its episodes."""
    limit = limit_of(env)
    table = driving.GOALS.get(_bare(env_name)) if driving.drives(env) else None
    if (table := table or GOALS.get(_bare(env_name))) is None:
        times = (100, 500) if limit is None or limit >= 500 else {max(1, limit // 5), limit}
        config = getattr(env.unwrapped, "config", None)
        normal = isinstance(config, Mapping) and config.get("normalize_reward") is True
        most = limit if normal and limit is not None else math.inf  # at most 1 a step
        return (*(Score(k) for k in SCORES if k <= most), *map(Survive, sorted(times)))
    return [
        goal
        for goal in table
        if limit is None or not isinstance(goal, Survive) or goal.amount <= limit
    ]


def limit_of(env: Env) -> int | None:
    """Return the largest number of steps in an episode, None if unknown.

    Gymnasium's limit counts steps; HighwayEnv's `duration` counts seconds.
    """
    steps = None if env.spec is None else env.spec.max_episode_steps
    config = getattr(env.unwrapped, "config", None)
    if steps is None and isinstance(config, Mapping):
        seconds, frequency = config.get("duration"), config.get("policy_frequency", 1)
        if isinstance(seconds, int | float) and isinstance(frequency, int | float):
            steps = int(seconds * frequency)
    return steps if steps is None or steps > 0 else None


def _bare(env_name: str) -> str:
    return env_name.rpartition(":")[2].rpartition("-v")[0]


def cells_of(played: GymEnvs) -> Cells | None:
    """Return the places of environments with a transition table, else None."""
    bare = played.envs[0].unwrapped
    states = played.envs[0].observation_space
    has_states = hasattr(bare, "P") and getattr(states, "n", 0) == len(bare.P)
    return StateCells(played) if has_states else None


def _goal_env(config: EnvConfig, envs: list[Env]) -> EnvOrVecEnv:
    from rlhf_adapters.single_agent.goal_env import arcade_env  # noqa: PLC0415 - SB3 takes seconds to import

    if has_goals(envs[0]) and config.goal in (None, NATIVE):
        native = NativeEnvs(config.name, envs)
        return arcade_env(native, NativeTask(native), config.seed)
    played = _played(config, envs)
    table = goals_of(config.world, envs[0])
    task = make_task(config.name, played.n, config.goal, table, cells_of(played))
    return arcade_env(played, task, config.seed)


def _played(config: EnvConfig, envs: list[Env]) -> GymEnvs:
    asked = config.goal not in (None, SCORE)
    kind = driving.DrivingEnvs if asked and driving.drives(envs[0]) else GymEnvs
    played = kind(config.name, envs)
    played.action_names = ACTIONS.get(_bare(config.world), played.action_names)
    return played


def _is_ours(name: str, spec: EnvSpec) -> bool:
    origin = str(spec.entry_point)
    foreign = origin.startswith(OF_OTHER_ADAPTERS) or "_raise_" in origin  # part of the message
    return not foreign and not any(part in name for part in NOT_DISCRETE)
