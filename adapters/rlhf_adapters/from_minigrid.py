"""MiniGrid: grid environments with keys, doors and lava, seen through a window of 7 x 7 cells.

    make_env("minigrid:MiniGrid-Empty-8x8-v0", goal="cell")
    make_env("minigrid:MiniGrid-DoorKey-5x5-v0", goal="open_door")

The observation is the symbolic window, flat and one-hot, uint8: for every cell its object (11), the
colour of doors, keys, balls and boxes (6) and the state of doors (3), then the agent's direction
(4). The mission text is left out: environments that vary it can be played but not solved.
The open goal `cell` is the cell in which the agent stands: its column one-hot, then its row.

Options go to `gymnasium.make`; `wrap` is a function that wraps each environment, for example
`minigrid.wrappers.FullyObsWrapper` to see the whole grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol, TypedDict, TypeGuard

import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import registry
from numpy.typing import NDArray

from rlhf_adapters.kinds import Env, EnvOrVecEnv
from rlhf_adapters.single_agent.goals import ArcadeGoal, Bools, Event, StepBatch
from rlhf_adapters.single_agent.gym_envs import GymEnvs, Write, make_envs
from rlhf_adapters.single_agent.tasks import Floats, check_config, goal_names, make_task
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo
from rlhf_games.base import Array


class Thing(Protocol):
    """A MiniGrid object in a cell; only doors can be open or locked."""

    type: str
    color: str
    is_open: bool
    is_locked: bool

    def can_overlap(self) -> bool:
        """Return whether the agent can stand there."""
        ...

    def can_pickup(self) -> bool:
        """Return whether the agent can carry it."""
        ...


class GridContents(Protocol):
    """The cells of a `GridEnv`."""

    def get(self, column: int, row: int) -> Thing | None:
        """Return what is in a cell."""
        ...


class GridEnv(Protocol):
    """The members of a MiniGrid environment that are used here."""

    grid: GridContents
    width: int
    height: int
    carrying: Thing | None
    agent_pos: tuple[int, int]
    front_pos: tuple[int, int]


class ShownGrid(TypedDict):
    """A MiniGrid observation: uint8 `[7, 7, 3]` and the agent's direction."""

    image: NDArray[np.uint8]
    direction: int


COLOURED = ("door", "key", "ball", "box")
DIRECTIONS = 4

Place = tuple[int, int]


def _paid(now: StepBatch) -> Bools:
    return now.reward > 0


def _carries(now: StepBatch) -> Bools:
    return np.array([env.unwrapped.carrying is not None for env in now.envs])


def _opened(now: StepBatch) -> Bools:
    return np.array([_faces_open_door(env.unwrapped) for env in now.envs])


def _grid_of(env: Env) -> GridEnv:
    bare: Any = env.unwrapped
    grid: GridEnv = bare
    return grid


def _faces_open_door(env: GridEnv) -> bool:
    thing = env.grid.get(*env.front_pos)
    return thing is not None and thing.type == "door" and bool(thing.is_open)


SOLVE = (Event("solve", _paid, text="do what the mission says", batched=True),)
REACH_GOAL = (Event("reach_goal", _paid, text="step on the goal", batched=True),)
PICK_UP = (Event("pick_up", _carries, text="carry a thing", batched=True),)
OPEN_DOOR = (Event("open_door", _opened, text="stand before an open door", batched=True),)

GOALS: dict[str, tuple[ArcadeGoal, ...]] = {
    "MiniGrid-Empty": REACH_GOAL,
    "MiniGrid-DoorKey": (*PICK_UP, *OPEN_DOOR, *REACH_GOAL),
    "MiniGrid-MultiRoom": (*OPEN_DOOR, *REACH_GOAL),
    "MiniGrid-FourRooms": REACH_GOAL,
    "MiniGrid-DistShift": REACH_GOAL,
    "MiniGrid-Dynamic-Obstacles": REACH_GOAL,
    "MiniGrid-LavaCrossing": REACH_GOAL,
    "MiniGrid-LavaGap": REACH_GOAL,
    "MiniGrid-SimpleCrossing": REACH_GOAL,
    "MiniGrid-LockedRoom": (*PICK_UP, *OPEN_DOOR, *REACH_GOAL),
    "MiniGrid-Fetch": (*PICK_UP, *SOLVE),
    "MiniGrid-PutNear": (*PICK_UP, *SOLVE),
    "MiniGrid-RedBlueDoors": (*OPEN_DOOR, *SOLVE),
    "MiniGrid-Unlock": (*PICK_UP, *OPEN_DOOR, *SOLVE),
    "MiniGrid-BlockedUnlockPickup": (*PICK_UP, *OPEN_DOOR, *SOLVE),
    "MiniGrid-KeyCorridor": (*PICK_UP, *OPEN_DOOR, *SOLVE),
    "MiniGrid-ObstructedMaze": (*PICK_UP, *OPEN_DOOR, *SOLVE),
}
"""Goals by prefix of a name, besides `score` and `cell`."""


class GridCells:
    """The cells of grids: column and row, each one-hot, float32 `[n, W + H]`.

    Args:
        batched: environments of MiniGrid.
    """

    def __init__(self, batched: GymEnvs) -> None:
        self.name = batched.name
        self.grids = [_grid_of(env) for env in batched.envs]
        self.width, self.height = self.grids[0].width, self.grids[0].height
        self.size = self.width + self.height

    def here(self) -> Floats:
        """Return the agents' cells."""
        return np.stack([self._vector(*grid.agent_pos) for grid in self.grids])

    def draw(self, number: int, rng: np.random.Generator) -> Floats:
        """Return a random cell that the agent can get to by opening doors and moving things."""
        cells = reachable(self.grids[number])
        if not cells:
            msg = f"{self.name}: the agent cannot leave its cell"
            raise EnvError(msg)
        return self._vector(*cells[rng.integers(len(cells))])

    def at(self, place: object) -> Floats:
        """Return the cell (column, row)."""
        pair = place if isinstance(place, tuple) else ()
        numbers = [isinstance(one, int) for one in pair] == [True, True]
        inside = numbers and pair[0] in range(self.width)
        if not inside or pair[1] not in range(self.height):
            msg = (
                f"{self.name}: a cell is (column, row) in a grid of {self.width} x {self.height}, "
                f"got {place!r}"
            )
            raise EnvError(msg)
        return self._vector(*pair)

    def _vector(self, column: int, row: int) -> Floats:
        vector = np.zeros(self.size, np.float32)
        vector[column] = vector[self.width + row] = 1
        return vector


def reachable(grid: GridEnv) -> list[Place]:
    """Return the cells (column, row) that the agent can reach, without its own, sorted."""
    keys: set[str] = {grid.carrying.color} if _is_key(grid.carrying) else set()
    while True:
        cells = _flood(grid, keys)
        things = [grid.grid.get(*cell) for cell in cells]
        contents = [getattr(thing, "contains", None) for thing in things]
        more = {thing.color for thing in (*things, *contents) if _is_key(thing)} - keys
        if not more:
            return sorted(cells - {(int(grid.agent_pos[0]), int(grid.agent_pos[1]))})
        keys |= more


def _flood(grid: GridEnv, keys: set[str]) -> set[Place]:
    start = int(grid.agent_pos[0]), int(grid.agent_pos[1])
    cells, todo = {start}, [start]
    while todo:
        x, y = todo.pop()
        for cell in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            thing = grid.grid.get(*cell)
            if cell not in cells and _yields(thing, keys):
                cells.add(cell)
                if thing is None or thing.type != "goal":  # stepping on it ends the episode
                    todo.append(cell)
    return cells


def _yields(thing: Thing | None, keys: set[str]) -> bool:
    """Whether the agent can enter a cell, if need be after opening or picking up what is there."""
    if thing is None:
        return True
    if thing.type == "door":
        return not thing.is_locked or thing.color in keys
    return thing.type != "lava" and bool(thing.can_overlap() or thing.can_pickup())


def _is_key(thing: Thing | None) -> TypeGuard[Thing]:
    return thing is not None and thing.type == "key"


@cache
def _cell_codes() -> NDArray[np.uint8]:
    """Return the one-hot code of every object, colour and state, uint8 `[11, 6, 4, 20]`."""
    from minigrid.core.constants import (  # noqa: PLC0415 - an optional library
        COLOR_TO_IDX,
        OBJECT_TO_IDX,
        STATE_TO_IDX,
    )

    n_objects, n_colours, n_states = len(OBJECT_TO_IDX), len(COLOR_TO_IDX), len(STATE_TO_IDX)
    codes = np.zeros(
        (n_objects, n_colours, max(n_states, DIRECTIONS), n_objects + n_colours + n_states),
        np.uint8,
    )
    for thing, number in OBJECT_TO_IDX.items():
        codes[number, :, :, number] = 1
        for colour in range(n_colours if thing in COLOURED else 0):
            codes[number, colour, :, n_objects + colour] = 1
        for state in range(n_states if thing == "door" else 0):
            codes[number, :, state, n_objects + n_colours + state] = 1
    return codes


def symbolic_view(space: spaces.Dict) -> tuple[spaces.Box, Write]:
    """Return the space of the one-hot window and the function that writes it, see this module."""
    rows, columns, _ = space["image"].shape or (0, 0, 0)
    codes = _cell_codes()
    length = rows * columns * codes.shape[-1]

    def write(raw: ShownGrid, out: Array) -> None:
        image = raw["image"]
        out[:length] = codes[image[..., 0], image[..., 1], image[..., 2]].reshape(-1)
        out[length:] = 0
        out[length + int(raw["direction"])] = 1

    return spaces.Box(0, 1, (length + DIRECTIONS,), np.uint8), write


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return the requested environment.

    Raises:
        EnvError: there is no such environment, or it cannot be made or played as requested.
        UnknownGoalError: the environment cannot measure the goal.
    """
    from rlhf_adapters.single_agent.goal_env import arcade_env  # noqa: PLC0415 - SB3 takes seconds to import

    check_config(config.name, config.n_envs, config.opponent)
    played = _batched(config)
    task = make_task(config.name, played.n, config.goal, goals_of(config.world), GridCells(played))
    return arcade_env(played, task, config.seed)


def worlds() -> list[str]:
    """Return the names, sorted."""
    import minigrid  # noqa: F401, PLC0415 - registers its environments, an optional library

    return sorted(
        name for name, spec in registry.items() if str(spec.entry_point).startswith("minigrid")
    )


def describe(env_name: str) -> EnvInfo:
    """Return what is known of an environment."""
    played = _batched(EnvConfig(f"minigrid:{env_name}"))
    played.close()
    return EnvInfo(played.name, 1, played.n_actions, goal_names(goals_of(env_name), cells=True))


def goals_of(env_name: str) -> Sequence[ArcadeGoal]:
    """Return the goal table of an environment."""
    fitting = [name for name in GOALS if env_name.startswith(name)]
    return GOALS[max(fitting, key=len)] if fitting else SOLVE


def _batched(config: EnvConfig) -> GymEnvs:
    envs = make_envs(config, config.world, config.options, worlds())
    space = envs[0].observation_space
    symbolic = isinstance(space, spaces.Dict) and {"image", "direction"} <= set(space.spaces)
    view = symbolic_view(space) if isinstance(space, spaces.Dict) and symbolic else None
    return GymEnvs(config.name, envs, view)
