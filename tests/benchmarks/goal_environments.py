"""The worlds of `goals.py`: SB3's bit flipping, a maze, and two of Gymnasium's with goals."""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.envs import BitFlippingEnv

Observation = dict[str, Any]


class Bits(BitFlippingEnv):
    """SB3's environment with a success flag, and starts that `reset(seed=...)` determines."""

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        if seed is not None:
            self._obs_space.seed(seed)
        return super().reset(options=options)

    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, reward, terminated, truncated, {**info, "is_success": terminated}


class NoisyBits(Bits):
    """Bit flipping in which one flip in ten fails.

    Hindsight takes its goals from what happened, so flips that failed count too little.
    """

    MISS = 0.1

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        if seed is not None:
            self.luck = np.random.default_rng(seed)
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        fails = self.luck.random() < self.MISS
        if fails:
            self.state[action] = 1 - self.state[action]  # SB3's step flips it back
        return super().step(action)


class CellWorld(gymnasium.Env):
    """What worlds have in common whose observations, and goals, are numbered states.

    The reward is 1 where the goal is reached, else 0.
    """

    def __init__(self, n_states: int, n_goals: int, n_actions: int) -> None:
        self.observation_space = spaces.Dict(
            {
                "observation": spaces.Discrete(n_states),
                "achieved_goal": spaces.Discrete(n_goals),
                "desired_goal": spaces.Discrete(n_goals),
            }
        )
        self.action_space = spaces.Discrete(n_actions)

    def compute_reward(self, achieved: Any, desired: Any, info: Any) -> NDArray[np.float32]:
        del info
        return np.equal(achieved, desired).astype(np.float32).reshape(-1)

    def _result(self, observation: Observation, failed: bool, truncated: bool) -> Any:
        reached = bool(observation["achieved_goal"] == observation["desired_goal"])
        info = {"is_success": reached}
        return observation, float(reached), reached or failed, truncated, info


MOVES = np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])


class Maze(CellWorld):
    """A maze of `size` x `size` rooms with walls; start and goal are drawn for every episode.

    A spanning tree from a depth-first walk (seed 0), with a tenth of the other walls taken out.
    """

    def __init__(self, size: int = 20, limit: int = 200) -> None:
        super().__init__(size * size, size * size, 4)
        self.size, self.limit = size, limit
        self.open = _carve(size, np.random.default_rng(0))

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        super().reset(seed=seed)
        self.cell, self.goal = self.np_random.choice(self.size**2, size=2, replace=False)
        self.steps = 0
        return self._observe(), {}

    def _observe(self) -> Observation:
        return {
            "observation": int(self.cell),
            "achieved_goal": int(self.cell),
            "desired_goal": int(self.goal),
        }

    def step(self, action: int) -> Any:
        self.steps += 1
        if self.open[self.cell, action]:
            self.cell += MOVES[action] @ (self.size, 1)
        return self._result(self._observe(), False, self.steps >= self.limit)


def _carve(size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which of the four moves are open in every cell, bool `[size * size, 4]`."""
    is_open = np.zeros((size * size, 4), bool)
    seen, stack = {0}, [0]
    while stack:
        ways = [(move, to) for move, to in _neighbours(stack[-1], size) if to not in seen]
        if not ways:
            stack.pop()
            continue
        move, to = ways[rng.integers(len(ways))]
        is_open[stack[-1], move] = is_open[to, move ^ 1] = True
        seen.add(to)
        stack.append(to)
    for cell in range(size * size):
        for move, to in _neighbours(cell, size):
            if rng.random() < 0.05:
                is_open[cell, move] = is_open[to, move ^ 1] = True
    return is_open


def _neighbours(cell: int, size: int) -> list[tuple[int, int]]:
    row, column = divmod(cell, size)
    places = [(move, row + down, column + right) for move, (down, right) in enumerate(MOVES)]
    return [(move, int(r * size + c)) for move, r, c in places if 0 <= r < size and 0 <= c < size]


class Lake(CellWorld):
    """FrozenLake 8x8, slippery: the goal is its goal cell; holes end the episode, 200 steps do."""

    def __init__(self) -> None:
        self.lake: Any = gymnasium.make("FrozenLake-v1", map_name="8x8", is_slippery=True)
        super().__init__(64, 64, 4)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        cell, _ = self.lake.reset(seed=seed)
        return self._observe(cell), {}

    @staticmethod
    def _observe(cell: int) -> Observation:
        return {"observation": int(cell), "achieved_goal": int(cell), "desired_goal": 63}

    def step(self, action: int) -> Any:
        cell, _, over, truncated, _ = self.lake.step(action)
        return self._result(self._observe(cell), over and cell != 63, truncated)

    @staticmethod
    def best_success(limit: int = 200) -> float:
        """Return the success of an optimal policy within the limit, by dynamic programming."""
        table = gymnasium.make("FrozenLake-v1", map_name="8x8", is_slippery=True).unwrapped.P
        value = np.zeros(64)
        value[63] = 1.0
        for _ in range(limit):
            value[:63] = [
                max(sum(p * value[to] for p, to, *_ in table[cell][a]) for a in range(4))
                for cell in range(63)
            ]
        return float(value[0])


class Taxi(CellWorld):
    """Taxi-v4: the state is taxi and passenger, the goal both at the destination; 200 steps."""

    CORNERS = ((0, 0), (0, 4), (4, 0), (4, 3))

    def __init__(self) -> None:
        self.taxi: Any = gymnasium.make("Taxi-v4")
        super().__init__(125, 125, 6)

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        state, _ = self.taxi.reset(seed=seed)
        return self._observe(state), {}

    def _observe(self, state: int) -> Observation:
        row, column, passenger, destination = self.taxi.unwrapped.decode(state)
        where = int((row * 5 + column) * 5 + passenger)
        at_row, at_column = self.CORNERS[destination]
        wanted = (at_row * 5 + at_column) * 5 + destination
        return {"observation": where, "achieved_goal": where, "desired_goal": wanted}

    def step(self, action: int) -> Any:
        state, _, _, truncated, _ = self.taxi.step(action)
        return self._result(self._observe(state), False, truncated)


def maze_distances(maze: Maze, goal: int) -> NDArray[np.int64]:
    """Return how many steps every cell is from `goal`, -1 if it cannot be reached."""
    result = np.full(maze.size**2, -1)
    result[goal], queue = 0, deque([goal])
    while queue:
        cell = queue.popleft()
        for move, to in _neighbours(cell, maze.size):
            if maze.open[cell, move] and result[to] < 0:
                result[to] = result[cell] + 1
                queue.append(to)
    return result
