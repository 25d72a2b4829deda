"""The compiled inner loops of replay: reading rows, episodes, goals to learn for, and returns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.files.types import Bools, Floats, Ints
from rlhf_games.compiled import compiled_fast, inner_fast

Rows = NDArray[np.uint8]
Words = NDArray[np.uint64]
Slots = NDArray[np.int32]
Whole = int | np.int64

FUTURE, FINAL, EPISODE, RANDOM = range(4)
KEEP = -1
"""In place of a row: keep the original goal."""
TERMINAL = 1
"""Flag: the value after this transition is 0."""
GOAL_ENDED = 2
"""Flag: it ended because the goal was reached; with another goal it would have gone on."""
WAITED = 4
"""Flag: no action was taken, so there is nothing to learn from the step."""
FIRST, SECOND, GOAL = range(3)
"""Lists of rows to read from, see `read_rows`."""
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
UNPACKED = _BITS @ (np.uint64(256) ** np.arange(8, dtype=np.uint64))
EIGHT = np.uint64(8)


@compiled_fast
def read_rows(
    rows: Rows, first: Ints, second: Ints, sources: Ints, plan: Ints, unpacked: Words, out: Rows
) -> None:
    """Read fields of rows, one block of `out` after the other.

    Packed values are written eight at a time: the next row overwrites the excess, and eight bytes
    after the last row of a block are spare.

    Args:
        rows: uint8 `[N, width]`.
        first: int64 `[B]`, rows to read.
        second: the same for other fields.
        sources: rows whose achieved goals replace the desired ones of the first V, or `KEEP`, int64
            `[V]`.
        plan: int64 `[F, 6]`: the list (`FIRST`, `SECOND`, or `GOAL`: the first list, unless there
            is a source), first byte, that of the field to read from a source, values, packed, and
            where the block begins.
        unpacked: the bits of every byte, eight bytes in a word, uint64 `[256]`.
        out: uint8, large enough.
    """
    for f in range(plan.shape[0]):
        which, begin, elsewhere, size, packed, place = plan[f]
        indices = second if which == SECOND else first
        replaced = sources.shape[0] if which == GOAL else 0
        n_bytes, width = np.uint64((size + 7) // 8), np.uint64(size)
        for i in range(indices.shape[0]):
            # Unsigned, otherwise every access would check for a negative index.
            row, from_byte = np.uint64(indices[i]), np.uint64(begin)
            at = np.uint64(place + i * size)
            if i < replaced and sources[i] != KEEP:
                row, from_byte = np.uint64(sources[i]), np.uint64(elsewhere)
            if packed:
                for byte in range(n_bytes):
                    # Shifted bytes of a word become one store; copied bytes would not.
                    word, to = unpacked[rows[row, from_byte + byte]], at + EIGHT * byte
                    for k in range(8):
                        out[to + np.uint64(k)] = np.uint8(word >> np.uint64(8 * k))
            else:
                for k in range(width):
                    out[at + k] = rows[row, from_byte + k]


@inner_fast
def locate(
    index: Whole, start: Slots, length: Slots, running_for: Ints, pos: int, full: bool
) -> tuple[Whole, Whole, Whole, Whole]:
    """Return a row's place: its episode's first slot, first stored step, own step and end.

    Args:
        index: row, slot * n_envs + env.
        start: slots where episodes began, int32 `[N]`.
        length: of finished episodes, otherwise 0, int32 `[N]`.
        running_for: steps of the unfinished episodes, int64 `[n_envs]`.
        pos: slot that is written next.
        full: every slot has been written.
    """
    n_envs = running_for.shape[0]
    capacity = start.shape[0] // n_envs
    slot = index // n_envs
    begin = np.int64(start[index])
    now = slot - begin if slot >= begin else slot - begin + capacity
    end = np.int64(length[index]) if length[index] > 0 else running_for[index - slot * n_envs]
    overwritten = pos - begin if pos >= begin else pos - begin + capacity
    first = overwritten if full and overwritten <= now else np.int64(0)
    return begin, first, now, end


@compiled_fast
def follow_episodes(
    indices: Ints,
    start: Slots,
    length: Slots,
    running_for: Ints,
    pos: int,
    full: bool,
    ahead: Ints,
) -> None:
    """Write the rows of the next n steps to `ahead`, int64 `[B, n]`, -1 where there is none."""
    n_envs = running_for.shape[0]
    capacity = start.shape[0] // n_envs
    for i in range(indices.shape[0]):
        slot, env = indices[i] // n_envs, indices[i] % n_envs
        _, _, now, end = locate(indices[i], start, length, running_for, pos, full)
        for k in range(ahead.shape[1]):
            ahead[i, k] = ((slot + k) % capacity) * n_envs + env if now + k < end else -1


@compiled_fast
def choose_goals(  # noqa: PLR0913, PLR0917 - compiled code takes arrays, not objects
    indices: Ints,
    start: Slots,
    length: Slots,
    running_for: Ints,
    pos: int,
    full: bool,
    rows: Rows,
    fields: tuple[int, int, int],
    strategy: int,
    trials: int,
    chances: NDArray[np.float64],
    goals: Ints,
) -> int:
    """Write the rows whose achieved goals transitions get, or `KEEP`, to `goals`, int64 `[B]`.

    Args:
        indices: rows of the transitions, int64 `[B]`.
        start: as for `locate`, and so on.
        length: see `locate`.
        running_for: see `locate`.
        pos: see `locate`.
        full: see `locate`.
        rows: uint8 `[N, width]`.
        fields: first bytes of the achieved goals before and after a step, and their number; with 0
            bytes, goals may be reached already.
        strategy: `FUTURE`, `FINAL`, `EPISODE` or `RANDOM`.
        trials: to find a goal, at most.
        chances: uniform numbers, float64 `[B]`.
        goals: result.

    Returns:
        how many get another goal.
    """
    n_envs = running_for.shape[0]
    capacity = start.shape[0] // n_envs
    filled = (capacity if full else pos) * n_envs
    before, after, size = fields
    changed = 0
    for i in range(indices.shape[0]):
        row = indices[i]
        begin, first, now, end = locate(row, start, length, running_for, pos, full)
        low = now if strategy == FUTURE else first
        if strategy == FINAL:
            low = end - 1
        goals[i] = KEEP
        chance = chances[i]
        for _ in range(trials):
            place = chance * (filled if strategy == RANDOM else end - low)
            chance = place - np.int64(place)  # the digits that are left are as random
            if strategy == RANDOM:
                candidate = np.int64(place)
            else:
                step = low + np.int64(place)
                slot = begin + step if begin + step < capacity else begin + step - capacity
                candidate = slot * n_envs + row % n_envs
            fresh = size == 0
            for k in range(size):
                if rows[candidate, after + k] != rows[row, before + k]:
                    fresh = True
                    break
            if fresh:
                goals[i] = candidate
                changed += 1
                break
    return changed


@compiled_fast
def n_step_returns(
    rewards: Floats, terminal: Bools, ahead: Ints, gamma: float, returns: Floats, last: Ints
) -> None:
    """Write n-step returns `[B]` and the step that each ends with, 0 to n - 1.

    Args:
        rewards: of the next n steps, float32 `[B, n]`.
        terminal: which of them end everything, bool `[B, n]`.
        ahead: rows of the steps, -1 where there is none, int64 `[B, n]`.
        gamma: discount per step.
        returns: result, float32 `[B]`.
        last: result, int64 `[B]`.
    """
    for i in range(rewards.shape[0]):
        total, power = 0.0, 1.0
        for k in range(rewards.shape[1]):
            if ahead[i, k] < 0:
                break
            total += power * rewards[i, k]
            power *= gamma
            last[i] = k
            if terminal[i, k]:
                break
        returns[i] = total


@compiled_fast
def settle(
    ahead: Ints,
    stored_rewards: Floats,
    stored_flags: NDArray[np.uint8],
    sources: Ints,
    earned: Floats,
    reached: Bools,
    rewards: Floats,
    terminal: Bools,
) -> None:
    """Write rewards and ends of the next n steps `[B, n]`, for the first V under other goals.

    Args:
        ahead: rows of the steps, -1 where there is none, int64 `[B, n]`.
        stored_rewards: float32 `[N]`.
        stored_flags: uint8 `[N]`.
        sources: `KEEP` where the goal is the original one, int64 `[V]`.
        earned: rewards under the other goals, float32 `[V * n]`.
        reached: which steps reach the other goals and so end, bool `[V * n]`.
        rewards: result, float32 `[B, n]`.
        terminal: result, bool `[B, n]`.
    """
    n_steps = ahead.shape[1]
    for i in range(ahead.shape[0]):
        other_goal = i < sources.shape[0] and sources[i] != KEEP
        for k in range(n_steps):
            row = max(ahead[i, k], 0)
            ends = stored_flags[row] & TERMINAL != 0
            if other_goal:
                rewards[i, k] = earned[i * n_steps + k]
                other_cause = stored_flags[row] & GOAL_ENDED == 0
                terminal[i, k] = reached[i * n_steps + k] or (ends and other_cause)
            else:
                rewards[i, k] = stored_rewards[row]
                terminal[i, k] = ends
