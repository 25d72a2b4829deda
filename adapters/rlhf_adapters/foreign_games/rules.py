"""Compiled rules whose answers come from Python: a position is the history that led to it.

The words of a position, uint64 `[n_words]`:

    0                       facts: plies, the first player's score, the outcome for the mover
    1 .. mask_words         which actions are legal, one bit each
    mask_words + 1          the key: how many actions were played, and whether a pass followed
    mask_words + 2 ..       the key goes on: those actions, `bits` bits each

Everything follows from the key. The rest is stored so that compiled code enters Python once per
move, not once per query. It enters through addresses of C callbacks in the tag: that costs a third
of numba's object mode and can be cached by numba, because an address is a number. One tag serves
every foreign game, so the search is compiled once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from rlhf_games import rules
from rlhf_games.base import States
from rlhf_games.compiled import count_bits, implement, inner, lowest_bit_index
from rlhf_games.rules import ANY_NUMBER, ONGOING, shows

DONE, IMPOSSIBLE = 0, 1
"""Returned by callbacks; anything larger is the address of an exception."""

PLY_BITS, SCORE_SHIFT, OUTCOME_SHIFT = 16, 16, 32
LARGEST_SCORE = (1 << 15) - 1
FIELD = numba.uint64(0xFFFF)
COUNT_BITS = 16
KEY_BITS = COUNT_BITS + 1
"""The bits of the key's first word that are used: the count, and above it the pass."""
NOTHING = numba.uint64(0xFFFFFFFFFFFFFFFF)
"""Facts of no possible position."""
ONE = numba.uint64(1)
ZERO = numba.uint64(0)


@rules.position_words(ANY_NUMBER)
class HistoryRules(NamedTuple):
    """The tag of these rules, see `rlhf_games.rules`.

    Attributes:
        n_actions: A, with the pass if there is one.
        n_cells: cells of a plane: the features, then the key, two bits per cell.
        n_goals: G.
        n_words: W.
        n_features: cells that hold features.
        mask_words: words of the legal actions.
        bits: per action in the history.
        skip: the action that is a pass between two moves of one player, or -1.
        goal_bounds: int64 `[G, 3]`: the least and largest score, and the last ply, that achieve it.
        handle: of the foreign game in this process.
        advance: address of the callback that answers a move.
        revive: address of the callback that fills in what follows from a key.
        look: address of the callback that fills in the features.
    """

    n_actions: int
    n_cells: int
    n_goals: int
    n_words: int
    n_features: int
    mask_words: int
    bits: int
    skip: int
    goal_bounds: NDArray[np.int64]
    handle: int
    advance: int
    revive: int
    look: int


# ---- entering Python -------------------------------------------------------------------------


def _pointer_call(function: Callable[..., Any]) -> Callable[..., int]:
    call: Callable[..., int] = intrinsic(function)
    return call


@_pointer_call
def call_out(
    typingctx: Any, address: Any, handle: Any, before: Any, action: Any, after: Any
) -> Any:
    """Call the C function int64 (int64, void*, int64, void*) at `address`.

    It takes the arrays themselves, so that they stay alive until it returns.
    """

    def data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
        pointer = context.make_array(kind)(context, builder, array).data
        return builder.ptrtoint(pointer, ir.IntType(64))

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        function = ir.FunctionType(word, [word] * 4)
        target = builder.inttoptr(args[0], function.as_pointer())
        first = data(context, builder, signature.args[2], args[2])
        second = data(context, builder, signature.args[4], args[4])
        return builder.call(target, [args[1], first, args[3], second])

    whole = types.int64
    return whole(whole, whole, before, whole, after), codegen


@_pointer_call
def check(typingctx: Any, code: Any) -> Any:
    """Raise the Python exception whose address a callback returned."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(64)
        is_error = builder.icmp_unsigned(">", args[0], word(IMPOSSIBLE))
        with builder.if_then(is_error, likely=False):
            api = context.get_python_api(builder)
            lock = api.gil_ensure()
            error = builder.inttoptr(args[0], api.pyobj)
            kind = api.object_type(error)
            api.err_set_object(kind, error)
            api.decref(kind)
            api.gil_release(lock)
            context.call_conv.return_exc(builder)
        return args[0]

    return types.int64(types.int64), codegen


# ---- words -----------------------------------------------------------------------------------


@inner
def outcome_of(state: States) -> int:
    """Return the `Outcome` for the mover."""
    return numba.int64((state[0] >> numba.uint64(OUTCOME_SHIFT)) & numba.uint64(3)) - 1


@inner
def plies_of(state: States) -> int:
    """Return the number of plies, passes among them."""
    return numba.int64(state[0] & FIELD)


@inner
def score_of(state: States, seat: int) -> int:
    """Return the score of the mover (seat 0) or of the waiting player (seat 1)."""
    first = numba.int64((state[0] >> numba.uint64(SCORE_SHIFT)) & FIELD) - LARGEST_SCORE
    return first if plies_of(state) % 2 == seat else -first


@inner
def append(tag: HistoryRules, state: States, action: int) -> None:
    """Add an action to the history of `state`, and clear its pass."""
    key = tag.mask_words + 1
    count = numba.int64(state[key] & FIELD)
    first = count * tag.bits
    word, shift = key + 1 + (first >> 6), first & 63
    if word + (shift + tag.bits > 64) >= tag.n_words:
        return  # too long for any game: the callback will report it
    state[word] |= numba.uint64(action) << numba.uint64(shift)
    if shift + tag.bits > 64:
        state[word + 1] |= numba.uint64(action) >> numba.uint64(64 - shift)
    state[key] = numba.uint64(count + 1)


@inner
def key_bit(tag: HistoryRules, state: States, bit: int) -> int:
    """Return a bit of the key as laid out over the cells after the features."""
    place = bit if bit < KEY_BITS else bit - KEY_BITS + 64
    word = state[tag.mask_words + 1 + (place >> 6)]
    return numba.int64((word >> numba.uint64(place & 63)) & ONE)


@inner
def n_key_bits(tag: HistoryRules) -> int:
    """Return the number of bits in the cells after the features."""
    return KEY_BITS + 64 * (tag.n_words - tag.mask_words - 2)


# ---- the rules -------------------------------------------------------------------------------


@implement(rules.start, HistoryRules)
def _start(rules: HistoryRules) -> States:
    state = np.zeros(rules.n_words, np.uint64)
    check(call_out(rules.revive, rules.handle, state, 0, state))
    return state


@implement(rules.is_legal, HistoryRules)
def _is_legal(rules: HistoryRules, state: States, action: int) -> bool:
    if action < 0 or action >= rules.n_actions:
        return False
    return (state[1 + (action >> 6)] >> numba.uint64(action & 63)) & ONE == ONE


@implement(rules.count_legal, HistoryRules)
def _count_legal(rules: HistoryRules, state: States) -> int:
    total = 0
    for word in range(1, rules.mask_words + 1):
        total += count_bits(state[word])
    return total


@implement(rules.nth_legal, HistoryRules)
def _nth_legal(rules: HistoryRules, state: States, n: int) -> int:
    word = 1
    while n >= count_bits(state[word]):
        n -= count_bits(state[word])
        word += 1
    left = state[word]
    for _ in range(n):
        left &= left - ONE
    return 64 * (word - 1) + lowest_bit_index(left)


@implement(rules.play, HistoryRules)
def _play(rules: HistoryRules, state: States, action: int) -> States:
    after = state.copy()
    if action == rules.skip:
        after[rules.mask_words + 1] |= ONE << numba.uint64(COUNT_BITS)
    else:
        append(rules, after, action)
    check(call_out(rules.advance, rules.handle, state, action, after))
    return after


@implement(rules.result, HistoryRules)
def _result(rules: HistoryRules, state: States) -> int:
    return outcome_of(state)


@implement(rules.plies, HistoryRules)
def _plies(rules: HistoryRules, state: States) -> int:
    return plies_of(state)


@implement(rules.symbol, HistoryRules)
def _symbol(rules: HistoryRules, state: States, cell: int) -> int:
    symbols = np.empty(rules.n_cells, np.int64)
    fill_symbols(rules, state, symbols)
    return symbols[cell]


@inner
def fill_symbols(tag: HistoryRules, state: States, out: NDArray[Any]) -> None:
    """Fill `out`: a set feature is 1 if the first player is to move, 2 if the second is, or 3."""
    features = np.empty(tag.n_features, np.uint8)
    check(call_out(tag.look, tag.handle, state, 0, features))
    who = 1 + plies_of(state) % 2
    for cell in range(tag.n_features):
        out[cell] = who if features[cell] else 3
    for cell in range(tag.n_features, tag.n_cells):
        out[cell] = 0


@implement(rules.fill_symbols, HistoryRules)
def _fill_symbols(rules: HistoryRules, state: States, out: NDArray[Any]) -> None:
    fill_symbols(rules, state, out)


@implement(rules.fill_planes, HistoryRules)
def _fill_planes(rules: HistoryRules, state: States, out: NDArray[np.float32]) -> None:
    features = np.empty(rules.n_features, np.uint8)
    check(call_out(rules.look, rules.handle, state, 0, features))
    seat = plies_of(state) % 2
    for cell in range(rules.n_features):
        out[seat, cell] = features[cell]
        out[1 - seat, cell] = 0.0
    total = n_key_bits(rules)
    for bit in range(2 * (rules.n_cells - rules.n_features)):
        shown = key_bit(rules, state, bit) if bit < total else 0
        out[bit & 1, rules.n_features + (bit >> 1)] = shown


@implement(rules.decode, HistoryRules)
def _decode(rules: HistoryRules, planes: NDArray[np.float32]) -> States:
    state = np.zeros(rules.n_words, np.uint64)
    for bit in range(n_key_bits(rules)):
        if planes[bit & 1, rules.n_features + (bit >> 1)] > 0.5:
            place = bit if bit < KEY_BITS else bit - KEY_BITS + 64
            state[rules.mask_words + 1 + (place >> 6)] |= ONE << numba.uint64(place & 63)
    if check(call_out(rules.revive, rules.handle, state, 0, state)) == IMPOSSIBLE:
        state[0] = NOTHING
    return state


@implement(rules.is_possible, HistoryRules)
def _is_possible(rules: HistoryRules, planes: NDArray[np.float32], state: Any) -> bool:
    return state[0] != NOTHING and shows(rules, planes, state)


@implement(rules.verdict, HistoryRules)
def _verdict(rules: HistoryRules, state: States, seat: int, goal: int) -> int:
    last = rules.goal_bounds[goal, 2]
    if outcome_of(state) == ONGOING:
        return -1 if plies_of(state) >= last else 0
    score = score_of(state, seat)
    within = rules.goal_bounds[goal, 0] <= score <= rules.goal_bounds[goal, 1]
    return 1 if within and plies_of(state) <= last else -1
