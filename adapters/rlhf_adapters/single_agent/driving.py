"""Goals of driving: keep right, keep a speed, overtake, arrive, no crash for n steps (HighwayEnv).

    make_env("gymnasium:highway-fast-v0", goal="keep_right_15")
    make_env("gymnasium:highway-fast-v0", goal=[overtake(5), keep_speed(5)])

With a goal, every row of an observation has the counts of `Progress` as further columns, on which
the goals depend. The functions below take arrays of n cars, so that any batch of environments that
knows lanes, speeds and distances can use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.kinds import Env
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Event, StepBatch, Survive
from rlhf_adapters.single_agent.gym_envs import GymEnvs
from rlhf_adapters.specs import Info
from rlhf_games.base import Array

Floats = NDArray[np.float64]
MODULE = "highway_env"
FULL_SPEED = 0.9
"""Share of a car's largest target speed that counts as full speed."""
SCALE = 10.0
"""Counts are divided by it in observations."""
COLUMNS = ("in right lane", "at full speed", "overtaken")
"""The columns added to observations: steps in a row, steps in a row, cars."""
RIGHT, SPEED, OVERTAKEN = range(-len(COLUMNS), 0)


class Drive(NamedTuple):
    """n cars after a step.

    Attributes:
        in_right_lane: bool `[n]`.
        at_full_speed: bool `[n]`.
        gaps: float64 `[n, m]`, metres to m other cars along the road, positive ahead; NaN for none.
    """

    in_right_lane: Bools
    at_full_speed: Bools
    gaps: Floats


class Progress:
    """What n cars have done in their episodes.

    Args:
        n: number of cars.

    Attributes:
        counts: float32 `[n, 3]`, see `COLUMNS`, divided by `SCALE`.
    """

    def __init__(self, n: int) -> None:
        self.counts = np.zeros((n, len(COLUMNS)), np.float32)
        self._behind = np.zeros(n)

    def start(self, which: Bools, drive: Drive) -> None:
        """Begin episodes where `which` `[n]` is set."""
        self.counts[which] = 0
        self._behind[which] = behind(drive.gaps)[which]

    def step(self, drive: Drive) -> None:
        """Add a step."""
        self.counts[:, RIGHT] = streak(self.counts[:, RIGHT], drive.in_right_lane)
        self.counts[:, SPEED] = streak(self.counts[:, SPEED], drive.at_full_speed)
        self.counts[:, OVERTAKEN] = (behind(drive.gaps) - self._behind) / SCALE


def streak(counts: NDArray[np.float32], holds: Bools) -> NDArray[np.float32]:
    """Return scaled counts `[n]` of steps in a row, after one in which `holds` is set or not."""
    return np.where(holds, counts + np.float32(1 / SCALE), np.float32(0))


def behind(gaps: Floats) -> NDArray[np.int64]:
    """Return the number of cars behind each of n, given gaps `[n, m]`."""
    return np.asarray((gaps < 0).sum(axis=1))


def crashed(infos: Sequence[Info]) -> Bools:
    """Return which of n cars crashed in this step."""
    return np.array([bool(info.get("crashed")) for info in infos])


# ---- goals ---------------------------------------------------------------------------------------


def keep_right(steps: int) -> ArcadeGoal:
    """Return the goal to be in the rightmost lane for a number of steps in a row."""
    return _count("keep_right", RIGHT, steps, f"stay in the right lane for {steps} steps")


def keep_speed(steps: int) -> ArcadeGoal:
    """Return the goal to drive at full speed for a number of steps in a row."""
    return _count("keep_speed", SPEED, steps, f"drive at full speed for {steps} steps")


def overtake(cars: int) -> ArcadeGoal:
    """Return the goal to have overtaken a number of cars more than have overtaken it."""
    return _count("overtake", OVERTAKEN, cars, f"overtake {cars} cars")


def arrive() -> ArcadeGoal:
    """Return the goal to get to the end of the road without a crash."""

    def there(now: StepBatch) -> Bools:
        return np.asarray((now.terminated | now.truncated) & ~crashed(now.infos))

    return Event("arrive", there, text="drive to the end without a crash", batched=True)


def _count(kind: str, column: int, amount: int, text: str) -> ArcadeGoal:
    least = (amount - 0.5) / SCALE

    def reached(now: StepBatch) -> Bools:
        counts = now.observation.reshape(len(now.steps), -1, now.observation.shape[-1])
        return np.asarray((counts[:, 0, column] > least) & ~crashed(now.infos))

    return Event(f"{kind}_{amount}", reached, text=text, batched=True, kind=kind, amount=amount)


HIGHWAY = (
    Survive(10),
    Survive(30),
    keep_right(5),
    keep_right(15),
    keep_speed(3),
    keep_speed(10),
    overtake(3),
    overtake(8),
)
GOALS: dict[str, tuple[ArcadeGoal, ...]] = {
    "highway": HIGHWAY,
    "highway-fast": HIGHWAY,
    "merge": (arrive(), keep_speed(3), overtake(1), overtake(3)),
    "roundabout": (arrive(), Survive(5), keep_speed(3)),
    "intersection": (arrive(), Survive(5), keep_speed(3)),
}
"""Goals by the part of a name before `-v`, besides `score`."""


# ---- HighwayEnv ----------------------------------------------------------------------------------


def drives(env: Env) -> bool:
    """Return whether this is an environment of HighwayEnv whose goals can be measured."""
    space = env.observation_space
    ours = type(env.unwrapped).__module__.startswith(MODULE)
    return ours and isinstance(space, spaces.Box) and len(space.shape) == 2


class DrivingEnvs(GymEnvs):
    """n environments of HighwayEnv, with `Progress` in their observations.

    Args:
        name: of the environment, for errors.
        envs: n environments, see `drives`.

    Attributes:
        risk: a crash, and the goal that excludes it; None without goals of driving.
    """

    def __init__(self, name: str, envs: Sequence[Env]) -> None:
        seen = envs[0].observation_space
        assert isinstance(seen, spaces.Box)
        rows, width = seen.shape
        box = spaces.Box(-np.inf, np.inf, (rows, width + len(COLUMNS)), np.float32)

        def write(raw: NDArray[np.float32], out: Array) -> None:
            out[:, :width] = raw

        super().__init__(name, envs, (box, write))
        self.progress = Progress(self.n)
        table = GOALS.get(name.rpartition(":")[2].rpartition("-v")[0], ())
        to_the_end = [goal for goal in table if goal.name in {"survive_30", "arrive"}]
        self.risk = ("crash", to_the_end[0].name) if to_the_end else None

    def restart(self, which: Bools, options: Sequence[Info | None]) -> None:
        """Reset the environments of `which` `[n]`."""
        super().restart(which, options)
        self.progress.start(which, drive_of(self.envs))
        self._show_progress()

    def step(self, actions: NDArray[np.int64]) -> None:
        """Step every environment."""
        super().step(actions)
        self.progress.step(drive_of(self.envs))
        self._show_progress()

    def _show_progress(self) -> None:
        self.observation[..., -len(COLUMNS) :] = self.progress.counts[:, None]


def drive_of(envs: Sequence[Env]) -> Drive:
    """Return where and how fast the cars of n environments drive."""
    cars: list[Any] = [env.unwrapped for env in envs]
    roads = [car.road for car in cars]
    most = max(len(road.vehicles) for road in roads)
    gaps = np.full((len(cars), most), np.nan)
    for row, (car, road) in enumerate(zip(cars, roads, strict=True)):
        ahead = [other.position[0] for other in road.vehicles if other is not car.vehicle]
        gaps[row, : len(ahead)] = np.array(ahead) - car.vehicle.position[0]
    return Drive(
        np.array([_in_right_lane(car) for car in cars]),
        np.array([car.vehicle.speed >= FULL_SPEED * _full_speed(car) for car in cars]),
        gaps,
    )


def _in_right_lane(env: Any) -> bool:
    lanes = env.road.network.all_side_lanes(env.vehicle.lane_index)
    return bool(env.vehicle.lane_index[2] == len(lanes) - 1)


def _full_speed(env: Any) -> float:
    return float(np.max(getattr(env.vehicle, "target_speeds", env.vehicle.MAX_SPEED)))
