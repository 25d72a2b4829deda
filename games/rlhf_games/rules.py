"""The compiled side of a game: a few scalar functions per game, and functions built on them.

A game implements the first group for its rules tag with `rlhf_games.compiled.implement`; a position
is a tuple of W uint64. The second group has default implementations based on the first; a game
replaces them for speed, or for stricter checks. The third, batched over `states` uint64 `[B, W]`,
is
written once for all games. Search, replay and playouts also use the first two, so that no Python
runs per position. Compiled callers dispatch on the type of `rules`; Python cannot call the first
two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types
from numba.extending import overload
from numba.np.unsafe.ndarray import to_fixed_tuple
from numpy.typing import NDArray

from rlhf_games.base import CLOCK, Outcome, States, Verdict
from rlhf_games.compiled import by_default, compiled, inner, next_random, random_below

Rules = Any
"""A NamedTuple with the ints `n_actions, n_cells, n_goals` and the class constant `WORDS`.

Its type selects the game. `n_cells` counts the cells of a plane, `WORDS` (see `position_words`) the
words of a position."""
State = tuple[int, ...]
"""A position in compiled code: a tuple of W uint64, or an array of them if W is known at run time
only (`ANY_NUMBER` of words)."""
Owner = TypeVar("Owner", bound=type)

ANY_NUMBER = 0
ONGOING = int(Outcome.ONGOING)
ACHIEVED = int(Verdict.ACHIEVED)
CLOCK_DIGITS = 8
"""Binary digits of the number of plies in observations that show it."""


def position_words(words: int) -> Callable[[Owner], Owner]:
    """Give the decorated rules tag its constant `WORDS`, the number of uint64 in a position.

    Args:
        words: W; or `ANY_NUMBER` for positions that are arrays, with W in the tag's field
            `n_words`.
    """

    def decorate(owner: Owner) -> Owner:
        tag: Any = owner
        tag.WORDS = words
        return owner

    return decorate


# ---- implemented by every game ---------------------------------------------------------------


def start(rules: Rules) -> State:
    """Return the starting position."""
    raise TypeError(_only_compiled(rules))


def is_legal(rules: Rules, state: State, action: int) -> bool:
    """Return whether `action` may be played; False for all actions in a finished game."""
    raise TypeError(_only_compiled(rules))


def count_legal(rules: Rules, state: State) -> int:
    """Return the number of legal actions."""
    raise TypeError(_only_compiled(rules))


def nth_legal(rules: Rules, state: State, n: int) -> int:
    """Return the n-th legal action, `0 <= n < count_legal`."""
    raise TypeError(_only_compiled(rules))


def play(rules: Rules, state: State, action: int) -> State:
    """Return the position after a legal action, seen by the next mover."""
    raise TypeError(_only_compiled(rules))


def result(rules: Rules, state: State) -> int:
    """Return the `Outcome` for the player to move."""
    raise TypeError(_only_compiled(rules))


def plies(rules: Rules, state: State) -> int:
    """Return the number of plies since the starting position."""
    raise TypeError(_only_compiled(rules))


def symbol(rules: Rules, state: State, cell: int) -> int:
    """Return the symbol of a cell: 0 empty, 1 the mover's, 2 the other's, 3 empty and playable."""
    raise TypeError(_only_compiled(rules))


def decode(rules: Rules, planes: NDArray[np.float32]) -> State:
    """Return the position that an observation `[planes, n_cells]` shows."""
    raise TypeError(_only_compiled(rules))


def verdict(rules: Rules, state: State, seat: int, goal: int) -> int:
    """Return the `Verdict` on a goal of the mover (seat 0) or of the waiting player (seat 1)."""
    raise TypeError(_only_compiled(rules))


def _only_compiled(rules: Rules) -> str:
    name = type(rules).__name__
    return f"the rules of {name} run inside compiled code only; call the Game instead"


# ---- with a default implementation ---------------------------------------------------------------


def random_legal(rules: Rules, state: State, bits: int) -> int:
    """Return the legal action that 64 random bits select, uniformly; -1 in a finished game."""
    raise TypeError(_only_compiled(rules))


@by_default(random_legal)
def _random_legal(rules: Rules, state: State, bits: int) -> int:
    choices = count_legal(rules, state)
    return nth_legal(rules, state, random_below(bits, choices)) if choices > 0 else -1


def fill_symbols(rules: Rules, state: State, out: NDArray[Any]) -> None:
    """Fill `out` `[n_cells]`, of any integer type, with the `symbol` of every cell."""
    raise TypeError(_only_compiled(rules))


@by_default(fill_symbols)
def _fill_symbols(rules: Rules, state: State, out: NDArray[Any]) -> None:
    for cell in range(rules.n_cells):
        out[cell] = symbol(rules, state, cell)


def fill_planes(rules: Rules, state: State, out: NDArray[np.float32]) -> None:
    """Fill `out` `[planes, n_cells]`: plane 0 the mover's cells, plane 1 the other's.

    With four planes, plane 2 shows the cells that are empty and playable, plane 3 the clock.
    """
    raise TypeError(_only_compiled(rules))


@by_default(fill_planes)
def _fill_planes(rules: Rules, state: State, out: NDArray[np.float32]) -> None:
    for cell in range(rules.n_cells):
        what = symbol(rules, state, cell)
        out[0, cell] = what == 1
        out[1, cell] = what == 2
    if out.shape[0] > CLOCK:
        clock = numba.uint64(plies(rules, state))
        for cell in range(rules.n_cells):
            out[2, cell] = symbol(rules, state, cell) == 3
            digit = clock >> numba.uint64(cell) if cell < CLOCK_DIGITS else numba.uint64(0)
            out[CLOCK, cell] = numba.int32(digit & numba.uint64(1))


def is_possible(rules: Rules, planes: NDArray[np.float32], state: State) -> bool:
    """Return whether `state`, decoded from `planes`, is possible; only cheap checks."""
    raise TypeError(_only_compiled(rules))


@by_default(is_possible)
def _is_possible(rules: Rules, planes: NDArray[np.float32], state: State) -> bool:
    return True


def age(rules: Rules, state: State) -> int:
    """Return a number of plies such that at most `max_plies - age` can still follow.

    By default these are the plies played; a game usually shorter than `max_plies` may do better.
    """
    raise TypeError(_only_compiled(rules))


@by_default(age)
def _age(rules: Rules, state: State) -> int:
    return plies(rules, state)


# ---- written once for all games --------------------------------------------------------------


def load(rules: Rules, states: States, index: int) -> State:
    """Return row `index` of `states` as a tuple of W words, or as an array of its own."""
    raise TypeError(_only_compiled(rules))


def _load(rules: Any, states: Any, index: Any) -> Any:
    if not isinstance(rules, types.BaseNamedTuple):
        return None
    words = rules.instance_class.WORDS  # a compile-time constant, so that rows become plain tuples

    def copy_row(rules: Rules, states: States, index: int) -> States:
        return states[index].copy()

    if words == ANY_NUMBER:
        return copy_row

    def load_row(rules: Rules, states: States, index: int) -> State:
        return to_fixed_tuple(states[index], words)

    return load_row


overload(load, strict=False, jit_options={"nogil": True})(_load)


@inner
def clock_shown(planes: NDArray[np.float32]) -> int:
    """Return the number of plies that the fourth plane of an observation `[4, n_cells]` shows."""
    clock = 0
    for digit in range(CLOCK_DIGITS):
        if planes[CLOCK, digit] > 0.5:
            clock |= 1 << digit
    return clock


@inner
def shows(rules: Rules, planes: NDArray[np.float32], state: State) -> bool:
    """Return whether the observation of `state` is `planes` `[planes, n_cells]`, cell by cell."""
    seen = np.empty(planes.shape, np.float32)
    fill_planes(rules, state, seen)
    for plane in range(planes.shape[0]):
        for cell in range(rules.n_cells):
            if seen[plane, cell] != planes[plane, cell]:
                return False
    return True


@inner
def store(states: States, index: int, state: State) -> None:
    """Write a position into row `index` of `states`."""
    for word in range(len(state)):
        states[index, word] = state[word]


@compiled
def fill_initial(rules: Rules, states: States) -> None:
    """Fill `states` with starting positions."""
    for i in range(states.shape[0]):
        store(states, i, start(rules))


@compiled
def step_batch(rules: Rules, states: States, actions: NDArray[np.int64], out: States) -> int:
    """Play one action per row; return the first row whose action is illegal, or -1.

    Finished games stay unchanged, whatever the action.
    """
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        if is_legal(rules, state, actions[i]):
            store(out, i, play(rules, state, actions[i]))
        elif result(rules, state) == ONGOING:
            return i
        else:
            store(out, i, state)
    return -1


@compiled
def legal_batch(rules: Rules, states: States, out: NDArray[np.bool_]) -> None:
    """Fill `out` `[B, A]` with the legal actions."""
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        for action in range(rules.n_actions):
            out[i, action] = is_legal(rules, state, action)


@compiled
def result_batch(rules: Rules, states: States, out: NDArray[np.int8]) -> None:
    """Fill `out` `[B]` with outcomes for the player to move."""
    for i in range(states.shape[0]):
        out[i] = result(rules, load(rules, states, i))


@compiled
def plies_batch(rules: Rules, states: States, out: NDArray[np.int64]) -> None:
    """Fill `out` `[B]` with the number of plies played."""
    for i in range(states.shape[0]):
        out[i] = plies(rules, load(rules, states, i))


@compiled
def symbols_batch(rules: Rules, states: States, out: NDArray[np.int8]) -> None:
    """Fill `out` `[B, n_cells]` with the symbol of every cell."""
    for i in range(states.shape[0]):
        fill_symbols(rules, load(rules, states, i), out[i])


@compiled
def observe_batch(rules: Rules, states: States, out: NDArray[np.float32]) -> None:
    """Fill `out` `[B, planes, n_cells]`, see `fill_planes`."""
    for i in range(states.shape[0]):
        fill_planes(rules, load(rules, states, i), out[i])


@compiled
def decode_batch(rules: Rules, planes: NDArray[np.float32], out: States) -> int:
    """Fill `out` with the positions behind observations `[B, planes, n_cells]`.

    Returns:
        the first row that shows an impossible position, or -1.
    """
    for i in range(planes.shape[0]):
        state = decode(rules, planes[i])
        if not is_possible(rules, planes[i], state):
            return i
        store(out, i, state)
    return -1


@compiled
def verdict_batch(rules: Rules, states: States, out: NDArray[np.int8]) -> None:
    """Fill `out` `[B, 2, G]` with the verdicts on every goal of both seats."""
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        for goal in range(rules.n_goals):
            out[i, 0, goal] = verdict(rules, state, 0, goal)
            out[i, 1, goal] = verdict(rules, state, 1, goal)


@compiled
def random_action_batch(rules: Rules, states: States, seed: int, out: NDArray[np.int64]) -> None:
    """Fill `out` `[B]` with uniformly random legal actions (0 in finished games)."""
    generator = numba.uint64(seed)
    for i in range(states.shape[0]):
        generator, bits = next_random(generator)
        out[i] = max(random_legal(rules, load(rules, states, i), bits), 0)


@compiled
def restart_batch(rules: Rules, states: States, out: States) -> None:
    """Copy `states` to `out` with every finished game replaced by the starting position."""
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        store(out, i, state if result(rules, state) == ONGOING else start(rules))
