"""MiniGrid's worlds as goal environments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rlhf_adapters import make_env
from rlhf_adapters.single_agent.goals import Cell
from rlhf_adapters.specs import EnvError
from tests.adapters.goal_env_contract import ArcadeContract, LearningContract

pytest.importorskip("minigrid", reason="needs rlhf-agents[minigrid]")

from minigrid.core.grid import Grid
from minigrid.core.world_object import Box, Door, Goal, Key, Lava, Wall
from minigrid.wrappers import FullyObsWrapper

from rlhf_adapters import from_minigrid

LEFT, RIGHT, FORWARD, PICK_UP, TOGGLE = 0, 1, 2, 3, 5
DOOR_KEY = "minigrid:MiniGrid-DoorKey-5x5-v0"


class TestMiniGrid(ArcadeContract):
    @pytest.fixture(autouse=True, params=["MiniGrid-DoorKey-5x5-v0", "BabyAI-GoToObj-v0"])
    def _world(self, request):
        self.world = f"minigrid:{request.param}"

    def make(self, **options):
        return make_env(self.world, **{"goal": "survive_15", **options})


class TestCells(LearningContract):
    learning_steps = 200
    drawn = "cell"

    def make(self, **options):
        return make_env("minigrid:MiniGrid-Empty-5x5-v0", **{"goal": Cell((2, 1)), **options})


def scripted(env: Any, pieces: dict[tuple[int, int], Any], start: tuple[int, int]) -> Any:
    """Lay out a 5 x 5 grid, walls around it, after a reset; the agent faces right."""
    grid = env.batched.envs[0].unwrapped
    grid.grid = Grid(5, 5)
    grid.grid.wall_rect(0, 0, 5, 5)
    for place, piece in pieces.items():
        grid.grid.set(*place, piece)
    grid.agent_pos, grid.agent_dir = start, 0
    return grid


def test_declared_goals_are_what_they_say():
    pieces = {(2, 1): Key("yellow"), (3, 1): Door("yellow", is_locked=True), (3, 2): Goal()}
    for goal, moves in (
        ("pick_up", [PICK_UP]),
        ("open_door", [PICK_UP, FORWARD, TOGGLE]),
        ("reach_goal", [RIGHT, FORWARD, LEFT, FORWARD, FORWARD]),
    ):
        env = make_env(DOOR_KEY, goal=goal)
        env.reset(seed=0)
        scripted(env, pieces, (1, 1))
        rewards = [env.step(move)[1] for move in moves]
        assert rewards == [0.0] * (len(moves) - 1) + [1.0]


@pytest.mark.parametrize(
    ("pieces", "reachable"),
    [
        ({}, {(x, y) for x in (1, 2, 3) for y in (1, 2, 3)}),
        ({(2, y): Wall() for y in (1, 2, 3)}, {(1, y) for y in (1, 2, 3)}),
        ({(2, 1): Wall(), (2, 2): Lava(), (2, 3): Goal()}, {(1, 1), (1, 2), (1, 3), (2, 3)}),
        (
            {(2, 1): Wall(), (2, 2): Door("red", is_locked=True), (2, 3): Wall()},
            {(1, 1), (1, 2), (1, 3)},
        ),
        (
            {
                (2, 1): Wall(),
                (2, 2): Door("red", is_locked=True),
                (2, 3): Wall(),
                (1, 3): Key("red"),
            },
            {(x, y) for x in (1, 3) for y in (1, 2, 3)} | {(2, 2)},
        ),
        (
            {(2, 1): Wall(), (2, 2): Door("red", is_locked=True), (2, 3): Box("red", Key("red"))},
            {(x, y) for x in (1, 2, 3) for y in (1, 2, 3)} - {(2, 1)},
        ),
    ],
    ids=["empty", "wall", "lava and goal", "locked", "key", "key in a box"],
)
def test_cells_that_can_be_reached(pieces, reachable):
    env = make_env("minigrid:MiniGrid-Empty-5x5-v0", goal="cell")
    env.reset(seed=0)
    grid = scripted(env, pieces, (1, 2))
    assert set(from_minigrid.reachable(grid)) == reachable - {(1, 2)}


def test_a_cell_can_be_asked_for():
    env = make_env("minigrid:MiniGrid-Empty-5x5-v0", goal=Cell((2, 1)))
    observation, _ = env.reset(seed=0)
    assert np.flatnonzero(observation["desired_goal"]).tolist() == [2, 5 + 1]
    assert np.flatnonzero(observation["achieved_goal"]).tolist() == [1, 5 + 1]
    _, reward, over, _, info = env.step(FORWARD)
    assert (reward, over, info["native_terminated"]) == (1.0, True, False)
    for place in ((5, 1), (1, -1), 7, ("a", "b"), (1, 2, 3)):
        with pytest.raises(EnvError, match=r"a cell is \(column, row\) in a grid of 5 x 5, got"):
            make_env("minigrid:MiniGrid-Empty-5x5-v0", goal=Cell(place))


def test_the_view_is_the_symbolic_window():
    env = make_env(DOOR_KEY, seed=4)
    for _ in range(5):
        observation, _ = env.reset()
        bare = env.batched.envs[0].unwrapped
        raw = bare.gen_obs()
        cells = observation["observation"][:-4].reshape(7, 7, -1)
        assert np.array_equal(cells[..., :11].argmax(axis=2), raw["image"][..., 0])
        assert (cells[..., :11].sum(axis=2) == 1).all()
        (door,) = np.argwhere(raw["image"][..., 0] == 4) if 4 in raw["image"][..., 0] else (None,)
        if door is not None:
            assert cells[tuple(door)][11:].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1]  # yellow, locked
        assert observation["observation"][-4:].argmax() == raw["direction"]


def test_wrappers_are_taken():
    env = make_env("minigrid:MiniGrid-Empty-8x8-v0", wrap=FullyObsWrapper)
    assert env.reset(seed=0)[0]["observation"].shape == (8 * 8 * 20 + 4,)


def test_catalogue_and_mistakes():
    assert {"MiniGrid-Empty-8x8-v0", "BabyAI-GoToObj-v0"} <= set(from_minigrid.worlds())
    world = from_minigrid.describe("MiniGrid-DoorKey-5x5-v0")
    assert world.goals == ("score", "pick_up", "open_door", "reach_goal", "cell")
    assert (world.name, world.players, world.actions) == (DOOR_KEY, 1, 7)
    with pytest.raises(EnvError, match="did you mean MiniGrid-DoorKey-8x8-v0"):
        make_env("minigrid:MiniGrid-DoorKey-9x9-v0")
