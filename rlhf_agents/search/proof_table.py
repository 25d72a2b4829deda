"""The solver's transposition table: it has only proven answers, so it is never out of date.

Every entry is one uint64, so that threads may share a table without locks:

    bits 9 .. 63    part of the key, see `fingerprint`
    bits 4 .. 8     binary logarithm of the nodes that the answer took
    bits 0 .. 3     the proven bounds: `AT_LEAST`, `LESS_THAN`, each for a draw and for a win

A bucket has two entries: the first keeps the answer that took the most work, the second the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from rlhf_games.compiled import inner_views
from rlhf_games.solver_rules import (
    NO,
    UNKNOWN,
    YES,
)

ENTRY_BYTES, PER_BUCKET = 8, 2
DATA_BITS, WORK_SHIFT = 9, 4
"""With at least 2**9 buckets, an entry and its place determine all 64 bits of a key."""

FLAGS = numba.uint64(0b1111)
WORK = numba.uint64(0b11111)
AT_LEAST, LESS_THAN = numba.uint64(1), numba.uint64(4)
"""Shifted by the question: the mover gets at least a draw (0) or a win (1), or less."""
BOTH = numba.uint64(0b11)
NOTHING = numba.uint64(0)
ONE = numba.uint64(1)

Word = Any
"""A uint64; numba's own types are untyped."""


class ProofTable(NamedTuple):
    """A table of 2**k buckets.

    Attributes:
        entries: uint64 `[2 * 2**k]`.
        bits: k.
    """

    entries: NDArray[np.uint64]
    bits: int


def new_proof_table(megabytes: int) -> ProofTable:
    """Allocate a table, and write to all of it.

    Otherwise the system hands out its memory as searches touch it, in large pages for which it may
    have to move others: up to 0.2 s that no search by the clock can foresee.

    Args:
        megabytes: its size, rounded down to a power of two; at least 1.
    """
    bits = ((megabytes << 20) // (ENTRY_BYTES * PER_BUCKET)).bit_length() - 1
    return ProofTable(np.full(PER_BUCKET << bits, 0, np.uint64), bits)


@inner_views
def fingerprint(key: int) -> Word:
    """Mix a key; different keys stay different."""
    key = numba.uint64(key) * numba.uint64(0x9E3779B97F4A7C15)
    key ^= key >> numba.uint64(32)
    return key * numba.uint64(0xD6E8FEB86659FD93)


@inner_views
def place_of(table: ProofTable, mark: int) -> Word:
    """Return the first entry of the bucket of a fingerprint."""
    return numba.int64((mark >> numba.uint64(64 - table.bits)) << ONE)


@inner_views
def proven(table: ProofTable, mark: int) -> Word:
    """Return the flags of the proven bounds of a fingerprint, 0 if there are none."""
    place, wanted = place_of(table, mark), mark << numba.uint64(DATA_BITS)
    entry = table.entries[place]
    if (entry ^ wanted) >> numba.uint64(DATA_BITS) == NOTHING:
        return entry & FLAGS
    entry = table.entries[place + 1]
    if (entry ^ wanted) >> numba.uint64(DATA_BITS) == NOTHING:
        return entry & FLAGS
    return NOTHING


@inner_views
def answer_in(flags: int, question: int) -> int:
    """Return the answer to a question from flags."""
    if flags & (AT_LEAST << numba.uint64(question)):
        return YES
    if flags & (LESS_THAN << numba.uint64(question)):
        return NO
    return UNKNOWN


@inner_views
def remember(table: ProofTable, mark: int, question: int, answer: int, nodes: int) -> None:
    """Store a proven answer and the number of nodes that it took."""
    # A win is also at least a draw, and less than a draw is also less than a win.
    if answer == YES:
        flags = AT_LEAST if question == 0 else AT_LEAST * BOTH
    else:
        flags = LESS_THAN * BOTH if question == 0 else LESS_THAN << ONE
    work = numba.uint64(logarithm(nodes))
    new = (mark << numba.uint64(DATA_BITS)) | (work << numba.uint64(WORK_SHIFT)) | flags
    place = place_of(table, mark)
    first, second = table.entries[place], table.entries[place + 1]
    if (first ^ new) >> numba.uint64(DATA_BITS) == NOTHING:
        table.entries[place] = new | (first & FLAGS)
        return
    if (second ^ new) >> numba.uint64(DATA_BITS) == NOTHING:
        new |= second & FLAGS
    if work >= (first >> numba.uint64(WORK_SHIFT)) & WORK:
        table.entries[place + 1] = first
        table.entries[place] = new
    else:
        table.entries[place + 1] = new


@inner_views
def logarithm(count: int) -> int:
    """Return the binary logarithm of a number > 0, rounded down, at most 31."""
    power = 0
    while count > 1 and power < 31:
        count >>= 1
        power += 1
    return power


def _processor_hint(function: Callable[..., object]) -> Callable[..., None]:
    call: Callable[..., None] = intrinsic(function)
    return call


@_processor_hint
def prefetch(typingctx: Any, array: Any, index: Any) -> Any:
    """Ask the processor for the cache line of `array[index]`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        address = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(call, [address, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen
