"""A ring buffer of transitions and their episodes: drawing, n-step returns, priorities.

Every stored transition can be drawn, including those of unfinished episodes and of episodes whose
beginning has been overwritten. A transition is identified by its row, slot * n_envs + env.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_agents.dqn.replay.kernels import (
    GOAL_ENDED,
    TERMINAL,
    WAITED,
    Rows,
    follow_episodes,
    n_step_returns,
    settle,
)
from rlhf_agents.dqn.replay.rows import Limits, RowLayout, value_limits
from rlhf_agents.dqn.replay.sum_tree import SumTree
from rlhf_agents.files.array_checks import check_arrays, check_numbers
from rlhf_agents.files.types import Array, Arrays, Ints, Space
from rlhf_agents.settings import Priorities

REDRAWS = 100
ALL_FLAGS = TERMINAL | GOAL_ENDED | WAITED


class Drawn(NamedTuple):
    """Transitions that were drawn.

    Attributes:
        rows: int64 `[B]`.
        weights: importance weights, float32 `[B]`, or None without priorities.
    """

    rows: Ints
    weights: NDArray[np.float32] | None


class Judged(NamedTuple):
    """Rewards and ends of the next n steps of V transitions of a batch under other goals.

    Attributes:
        sources: `KEEP` where the goal stays, int64 `[V]`.
        rewards: float32 `[V * n]`.
        reached: whether the step reaches the goal and so ends the episode, bool `[V * n]`.
    """

    sources: Ints
    rewards: NDArray[np.float32]
    reached: NDArray[np.bool_]


UNJUDGED = Judged(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.bool_))


class NStepResult(NamedTuple):
    """The n-step outcome of a batch.

    Attributes:
        returns: n-step returns, float32 `[B]`.
        done: the episode ends, bool `[B]`.
        last: the step that each return ends with, 0 to n - 1, int64 `[B]`.
        final: the row of that step, int64 `[B]`.
    """

    returns: NDArray[np.float32]
    done: NDArray[np.bool_]
    last: Ints
    final: Ints


class TransitionStore:
    """The ring.

    Args:
        capacity: steps per environment.
        n_envs: number of environments.
        layout: fields of a row.
        action_space: Discrete or any other.
        n_steps: of the returns, >= 1.
        gamma: discount per step.
        priorities: None draws uniformly.
    """

    def __init__(
        self,
        capacity: int,
        n_envs: int,
        layout: RowLayout,
        action_space: Space,
        n_steps: int = 1,
        gamma: float = 0.99,
        priorities: Priorities | None = None,
    ) -> None:
        if n_steps < 1:
            msg = f"n_steps must be 1 or more, got {n_steps}"
            raise ValueError(msg)
        self.capacity, self.n_envs, self.layout = capacity, n_envs, layout
        self.n_steps, self.gamma = n_steps, gamma
        total = capacity * n_envs
        self.rows: Rows = np.zeros((total, layout.width), np.uint8)
        self.action_space = action_space
        self.action_type = np.dtype(action_space.dtype)
        self.actions = np.zeros((total, _action_size(action_space)), _action_type(action_space))
        self.rewards = np.zeros(total, np.float32)
        self.flags = np.zeros(total, np.uint8)
        self.waits = False
        self.episode_start = np.zeros(total, np.int32)
        self.episode_length = np.zeros(total, np.int32)  # 0: unfinished
        self.running_since = np.zeros(n_envs, np.int64)
        self.running_for = np.zeros(n_envs, np.int64)
        self.pos, self.full = 0, False
        self.priorities = priorities
        self.tree = None if priorities is None else SumTree(total)
        self.highest = 1.0

    @property
    def filled(self) -> int:
        """Stored transitions."""
        return (self.capacity if self.full else self.pos) * self.n_envs

    @property
    def places(self) -> tuple[NDArray[np.int32], NDArray[np.int32], Ints, int, bool]:
        """Arguments by which the kernels locate a row in its episode."""
        return self.episode_start, self.episode_length, self.running_for, self.pos, self.full

    def add(
        self,
        rows: Rows,
        actions: Array,
        rewards: Array,
        flags: NDArray[np.uint8],
        ends: NDArray[np.bool_],
    ) -> None:
        """Store one step of every environment.

        Args:
            rows: uint8 `[n_envs, width]`.
            actions: `[n_envs, ...]`.
            rewards: `[n_envs]`.
            flags: `TERMINAL`, `GOAL_ENDED` and `WAITED`, `[n_envs]`.
            ends: the episode is over, `[n_envs]`.
        """
        begin = self.pos * self.n_envs
        here = slice(begin, begin + self.n_envs)
        self.rows[here], self.rewards[here], self.flags[here] = rows, rewards, flags
        waited = (flags & WAITED) > 0
        self.waits = self.waits or bool(waited.any())
        self.actions[here] = np.asarray(actions).reshape(self.n_envs, -1)
        self.episode_start[here], self.episode_length[here] = self.running_since, 0
        self.running_for += 1
        if self.tree is not None:
            fresh = np.arange(begin, begin + self.n_envs)
            self.tree.put(fresh, np.where(waited, 0.0, self.highest))
        self.pos += 1
        if self.pos == self.capacity:
            self.pos, self.full = 0, True
        ends = ends | (self.running_for == self.capacity)
        if ends.any():
            for env in np.flatnonzero(ends):
                self.close(int(env))

    def close(self, env: int) -> None:
        """End the current episode of an environment here."""
        length = int(self.running_for[env])
        slots = (self.running_since[env] + np.arange(length)) % self.capacity
        self.episode_length[slots * self.n_envs + env] = length
        self.running_since[env], self.running_for[env] = self.pos, 0

    def draw(self, count: int, chances: NDArray[np.float64] | None = None) -> Drawn:
        """Draw transitions with numpy's global generator, which SB3 seeds.

        Args:
            count: B.
            chances: uniform numbers `[B]` that choose them; None draws the same rows as SB3's
                buffers, which is slower. Ignored with priorities.
        """
        if self.tree is None or self.priorities is None:
            if chances is None:
                rows = np.random.randint(self.filled, size=count)  # noqa: NPY002
            else:
                rows = (chances * self.filled).astype(np.int64)
            return Drawn(self._acted(rows) if self.waits else rows, None)
        rows, chance = self.tree.draw(count)
        rows = np.minimum(rows, self.filled - 1)  # in spite of rounding in sums of priorities
        weights = (chance * self.filled) ** -self.priorities.beta
        return Drawn(rows, (weights / weights.max()).astype(np.float32))

    def _acted(self, rows: Ints) -> Ints:
        """Draw again where no action was taken, up to a hundred times."""
        for _ in range(REDRAWS):
            waited = np.flatnonzero(self.flags[rows] & WAITED)
            if not len(waited):
                break
            rows[waited] = np.random.randint(self.filled, size=len(waited))  # noqa: NPY002
        return rows

    def update_priorities(self, rows: Ints, errors: Array) -> None:
        """Set the priorities of transitions from their errors `[B]`."""
        if self.tree is None or self.priorities is None:
            return
        values = (np.abs(errors) + self.priorities.epsilon) ** self.priorities.alpha
        self.highest = max(self.highest, float(values.max()))
        self.tree.put(rows, values)

    def ahead(self, rows: Ints) -> Ints:
        """Return the rows of the next `n_steps` steps, `[B, n]`, -1 where none is stored."""
        if self.n_steps == 1:
            return rows[:, None]
        result = np.empty((len(rows), self.n_steps), np.int64)
        follow_episodes(rows, *self.places, result)
        return result

    def earned(
        self, ahead: Ints, judged: Judged = UNJUDGED
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return rewards and terminations of steps, `[B, n]`, some under other goals."""
        rewards, terminal = np.empty(ahead.shape, np.float32), np.empty(ahead.shape, np.bool_)
        settle(ahead, self.rewards, self.flags, *judged, rewards, terminal)
        return rewards, terminal

    def outcome(
        self, ahead: Ints, rewards: NDArray[np.float32], terminal: NDArray[np.bool_]
    ) -> NStepResult:
        """Return the n-step outcome of rewards and ends `[B, n]`."""
        if self.n_steps == 1:
            zeros = np.zeros(len(ahead), np.int64)
            return NStepResult(rewards[:, 0], terminal[:, 0], zeros, ahead[:, 0])
        returns = np.empty(len(ahead), np.float32)
        last = np.zeros(len(ahead), np.int64)
        n_step_returns(rewards, terminal, ahead, self.gamma, returns, last)
        each = np.arange(len(ahead))
        return NStepResult(returns, terminal[each, last], last, ahead[each, last])

    # ---- saving ----------------------------------------------------------------------------

    @property
    def nbytes(self) -> int:
        """Bytes of `state` when the ring is full."""
        arrays = [*(getattr(self, name) for name in self.ARRAYS), self.running_since]
        arrays += [self.running_for] + ([] if self.tree is None else [self.tree.tree])
        return sum(array.nbytes for array in arrays)

    ARRAYS = ("rows", "actions", "rewards", "flags", "episode_start", "episode_length")

    def state(self) -> Arrays:
        """Return all that is stored, as arrays."""
        filled = {name: getattr(self, name)[: self.filled] for name in self.ARRAYS}
        numbers = np.array([self.pos, self.full, self.capacity, self.n_envs], np.int64)
        running = {"running_since": self.running_since, "running_for": self.running_for}
        state = {**filled, **running, "numbers": numbers, "highest": np.array([self.highest])}
        if self.tree is not None:
            state["priorities"] = self.tree.tree
        return state

    def targets(self, numbers: Array) -> Arrays:
        """Return views where the arrays of a state with these `numbers` belong.

        Raises:
            ValueError: they are for a buffer of another size.
        """
        pos, full = check_numbers(numbers, [self.capacity, self.n_envs])
        filled = (self.capacity if full else pos) * self.n_envs
        targets = {name: getattr(self, name)[:filled] for name in self.ARRAYS}
        targets["running_since"], targets["running_for"] = self.running_since, self.running_for
        if self.tree is not None:
            targets["priorities"] = self.tree.tree
        return targets

    def restore(self, state: Arrays) -> None:
        """Restore the arrays from `state`.

        Raises:
            ValueError: they are for a buffer of another size or kind, or are impossible.
            KeyError: something is missing.
        """
        numbers, highest = state["numbers"], state["highest"]
        targets = self.targets(numbers)
        check_arrays({**targets, "highest": np.zeros(1)}, state)
        if not 0 < highest[0] < np.inf:
            msg = f"its highest priority is {highest[0]}"
            raise ValueError(msg)
        self._check(state, len(targets["rows"]))
        for name, target in targets.items():
            target[...] = state[name]
        self.waits = bool((self.flags & WAITED).any())
        self.pos, self.full, self.highest = int(numbers[0]), bool(numbers[1]), float(highest[0])

    def _check(self, state: Arrays, filled: int) -> None:
        """Raise `ValueError` if compiled code, which checks nothing, could read beyond an array."""
        if not np.isfinite(state["rewards"]).all() or state["flags"].max(initial=0) > ALL_FLAGS:
            msg = "its rewards or flags are not those of steps"
            raise ValueError(msg)
        actions, (least, greatest) = state["actions"], action_range(self.action_space)
        if not ((actions >= least) & (actions <= greatest)).all():
            msg = "its actions are not those of this buffer's action space"
            raise ValueError(msg)
        for field in self.layout.fields.values():
            field.check(state["rows"])
        last = self.capacity
        most = {
            "episode_start": last - 1,
            "episode_length": last,
            "running_since": last - 1,
            "running_for": last,
        }
        for name, limit in most.items():
            if state[name].size and not 0 <= state[name].min() <= state[name].max() <= limit:
                msg = f"{name} is not between 0 and {limit}"
                raise ValueError(msg)
        if self.tree is not None and not self.tree.fits(state["priorities"], filled):
            msg = "its priorities contradict each other"
            raise ValueError(msg)


def _action_size(space: Space) -> int:
    return 1 if isinstance(space, spaces.Discrete) else int(np.prod(np.asarray(space.shape)))


def action_range(space: Space) -> Limits:
    """Return the smallest and the largest value of each number of an action."""
    if isinstance(space, spaces.MultiBinary):
        return 0, 1
    if (limits := value_limits(space)) is not None:
        return limits
    greatest = np.finfo(np.float64).max  # SB3 stores them scaled
    return -greatest, greatest


def _action_type(space: Space) -> np.dtype[np.generic]:
    if isinstance(space, spaces.Discrete) and space.start >= 0 and space.start + space.n <= 256:
        return np.dtype(np.uint8)
    return np.dtype(space.dtype)
