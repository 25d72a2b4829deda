"""A world model that stores which states followed from which, and how often.

It is exact in the limit, however random the environment is, but knows only states it has seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.dqn.world_model.outcomes import Imagined, Ints, Parts, Transitions
from rlhf_agents.files.types import Array, Arrays

BRANCHING = 8
"""The most outcomes kept per action; an action with more counts as unknown."""
FIRST_ROOM = 1024
TWICE = 2
NOWHERE = -1
MOST_PLACES, EDGES_SHARE = 1_000_000, 64
"""Limits of states times actions in a file: in total, or per outcome."""
PER_EDGE = ("counts", "rewards", "ends")
PART = "part."


class Memory(NamedTuple):
    """Outcomes of S states and A actions, up to K of each.

    Attributes:
        after: states that followed, -1 none, int32 `[S, A, K]`.
        counts: how often each did, float32 `[S, A, K]`.
        rewards: sums of rewards, float32 `[S, A, K]`.
        ends: how often the episode ended there, float32 `[S, A, K]`.
        crowded: there were too many outcomes to keep, bool `[S, A]`.
    """

    after: NDArray[np.int32]
    counts: NDArray[np.float32]
    rewards: NDArray[np.float32]
    ends: NDArray[np.float32]
    crowded: NDArray[np.bool_]


class StateTable:
    """Counts of the outcomes of each state and action.

    Args:
        n_actions: A.
        limit: the most states to store; later ones are ignored.

    Attributes:
        news: number of different outcomes so far.
    """

    def __init__(self, n_actions: int, limit: int = 500_000) -> None:
        self.n_actions, self.limit = n_actions, limit
        self._forget()

    def _forget(self) -> None:
        self._index: dict[bytes, int] = {}
        self._parts: Parts = {}
        self._room = self.news = 0
        edges = (0, self.n_actions, BRANCHING)
        self.after = np.full(edges, NOWHERE, np.int32)
        self.counts = np.zeros(edges, np.float32)
        self.rewards = np.zeros(edges, np.float32)  # sums
        self.ends = np.zeros(edges, np.float32)  # counts
        self.crowded = np.zeros((0, self.n_actions), np.bool_)

    @property
    def states(self) -> int:
        """Number of stored states."""
        return len(self._index)

    @property
    def chance(self) -> float:
        """The share of actions with different outcomes among those tried twice or more."""
        memory = self.memory()
        again = memory.counts.sum(axis=2) >= TWICE
        several = memory.after[:, :, 1] != NOWHERE
        return float(several[again].mean()) if again.any() else 0.0

    def learn(self, steps: Transitions) -> int:
        """Count outcomes; return how many of the steps led to known states."""
        known_before = 0
        before, after = self._keys(steps.before), self._keys(steps.after)
        for i, (source, target) in enumerate(zip(before, after, strict=True)):
            known_before += target in self._index
            here = self._place(source, steps.before, i)
            there = self._place(target, steps.after, i)
            if NOWHERE not in (here, there):
                self._count((here, int(steps.actions[i])), there, steps, i)
        return known_before

    def _count(self, edge: tuple[int, int], there: int, steps: Transitions, i: int) -> None:
        slots = self.after[edge]
        for k in range(BRANCHING):
            if slots[k] in (there, NOWHERE):
                self.news += slots[k] == NOWHERE
                slots[k] = there
                self.counts[edge][k] += 1
                self.rewards[edge][k] += steps.rewards[i]
                self.ends[edge][k] += steps.ends[i]
                return
        self.crowded[edge] = True

    def places(self, before: Parts) -> Ints:
        """Return the index of each state in the table, int64 `[B]`, -1 if it is unknown."""
        return np.array([self._index.get(key, NOWHERE) for key in self._keys(before)], np.int64)

    def memory(self) -> Memory:
        """Return the outcomes of all stored states."""
        arrays = (self.after, self.counts, self.rewards, self.ends, self.crowded)
        return Memory(*(array[: self.states] for array in arrays))  # type: ignore[arg-type]

    def remembered(self) -> Parts:
        """Return all stored states, `[S, ...]` each."""
        return {key: part[: self.states] for key, part in self._parts.items()}

    def imagine(self, before: Parts, actions: Ints) -> Imagined:
        """Return the possible outcomes of actions int64 `[B, M]` in states `[B, ...]`."""
        here = self.places(before)[:, None]
        edges = (np.maximum(here, 0), actions)
        counts = self.counts[edges] if self._room else np.zeros((*actions.shape, 1), np.float32)
        total = counts.sum(axis=2)
        known = (total > 0) & (here != NOWHERE)
        if self._room:
            known &= ~self.crowded[edges]
        state, action, slot = np.nonzero((counts > 0) & known[:, :, None])
        found = (edges[0][state, 0], actions[state, action], slot)
        seen = self.counts[found]
        return Imagined(
            after={key: part[self.after[found]] for key, part in self._parts.items()},
            pairs=state * actions.shape[1] + action,
            chances=seen / total[state, action],
            rewards=self.rewards[found] / seen,
            ends=self.ends[found] / seen,
            known=known,
        )

    # ---- saving ----------------------------------------------------------------------------

    def state(self) -> Arrays:
        """Return the table as arrays: E outcomes, and the S states.

        Their names: `edges` int32 `[E, 4]` (state, action, slot, state that followed), `counts`,
        `rewards` and `ends` float32 `[E]`, `crowded` int32 `[C, 2]`, and `part.KEY` `[S, ...]`.
        """
        memory = self.memory()
        edges = np.argwhere(memory.after != NOWHERE)
        found = tuple(edges.T)
        seen = {name: getattr(memory, name)[found] for name in PER_EDGE}
        return {
            "edges": np.column_stack([edges, memory.after[found]]).astype(np.int32),
            "crowded": np.argwhere(memory.crowded).astype(np.int32),
            **seen,
            **{PART + key: part for key, part in self.remembered().items()},
        }

    def restore(self, state: Arrays) -> None:
        """Replace the table by the one from `state`.

        Raises:
            ValueError: it is not a table for this number of actions.
            KeyError: something is missing.
        """
        parts = {k.removeprefix(PART): v for k, v in state.items() if k.startswith(PART)}
        index = {key: place for place, key in enumerate(self._keys(parts))} if parts else {}
        edges, crowded = state["edges"], state["crowded"]
        if any(len(part) != len(index) for part in parts.values()) or len(index) > self.limit:
            msg = "its states are not all different"
            raise ValueError(msg)
        if len(index) * self.n_actions > max(MOST_PLACES, EDGES_SHARE * len(edges)):
            msg = f"it has {len(index)} states but only {len(edges)} outcomes"
            raise ValueError(msg)
        _check_places(edges, (len(index), self.n_actions, BRANCHING, len(index)))
        _check_places(crowded, (len(index), self.n_actions))
        _check_counts(state, len(edges))
        self._forget()
        if parts:
            self._expand(parts, len(index))
        for key, part in parts.items():
            self._parts[key][:] = part
        self._index, self.news = index, len(edges)
        found = tuple(edges[:, :3].T)
        self.after[found] = edges[:, 3]
        for name in PER_EDGE:
            getattr(self, name)[found] = state[name]
        self.crowded[tuple(crowded.T)] = True

    def _keys(self, parts: Parts) -> list[bytes]:
        rows = [np.ascontiguousarray(part).reshape(len(part), -1) for part in parts.values()]
        joined = np.concatenate([row.view(np.uint8) for row in rows], axis=1)
        return [row.tobytes() for row in joined]

    def _place(self, key: bytes, parts: Parts, i: int) -> int:
        place = self._index.get(key)
        if place is not None:
            return place
        place = len(self._index)
        if place == self.limit:
            return NOWHERE
        if place == self._room:
            self._expand(parts, max(FIRST_ROOM, 2 * self._room))
        for name, part in parts.items():
            self._parts[name][place] = part[i]
        self._index[key] = place
        return place

    def _expand(self, parts: Parts, room: int) -> None:
        old, self._room = self._room, room
        if not self._parts:
            self._parts = {k: np.zeros((0, *p.shape[1:]), p.dtype) for k, p in parts.items()}
        self._parts = {name: _longer(part, self._room) for name, part in self._parts.items()}
        for name in Memory._fields:
            setattr(self, name, _longer(getattr(self, name), self._room))
        self.after[old:] = NOWHERE


def _longer(array: Array, length: int) -> Array:
    result = np.zeros((length, *array.shape[1:]), array.dtype)
    result[: len(array)] = array
    return result


def _check_places(places: Array, limits: tuple[int, ...]) -> None:
    """Raise `ValueError` unless `places` is int32 `[N, len(limits)]`, all from 0 to the limits."""
    if places.dtype != np.int32 or places.ndim != 2 or places.shape[1] != len(limits):
        msg = f"its outcomes are {places.dtype} {places.shape}"
        raise ValueError(msg)
    if len(places) and not ((places >= 0) & (places < np.array(limits))).all():
        msg = "its outcomes refer to states or actions that it does not have"
        raise ValueError(msg)


def _check_counts(state: Arrays, edges: int) -> None:
    counts, rewards, ends = (state[name] for name in PER_EDGE)
    kinds = {(array.dtype.str, array.shape) for array in (counts, rewards, ends)}
    if kinds != {(np.dtype(np.float32).str, (edges,))}:
        msg = f"its counts are {sorted(kinds)}, not float32 {(edges,)}"
        raise ValueError(msg)
    sound = np.isfinite(counts) & (counts > 0) & (ends >= 0) & (ends <= counts)
    if not (sound & np.isfinite(rewards)).all():
        msg = "its counts are not positive finite numbers"
        raise ValueError(msg)
