"""numba behind typed decorators, and the bit operations that it lacks.

Everything compiled in this project is a module-level function that dispatches on the *type* of its
first argument (a game's rules, a network). Only such functions can be loaded from the on-disk cache
(`compile_cache`) by a new process; closures and functions passed as arguments are recompiled every
time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from rlhf_games.compile_cache import SourceCache, implementers

Function = TypeVar("Function", bound=Callable[..., Any])
Real = float | np.floating[Any]
"""A number inside compiled code, of either precision."""

_SPLITMIX_GAMMA = 0x9E3779B97F4A7C15


_FAST = {"contract", "reassoc", "nsz", "arcp"}


def compiled(function: Function) -> Function:
    """Compile `function` with numba: cached on disk, free of the GIL, exact arithmetic."""
    return _cached(numba.njit(nogil=True)(function))


def compiled_fast(function: Function) -> Function:
    """Compile arithmetic whose sums may be reordered, so that they use vector instructions."""
    return _cached(numba.njit(nogil=True, fastmath=_FAST)(function))


def compiled_views(function: Function) -> Function:
    """Compile code that only reads and writes rows of arrays, without reference counting.

    Counting references to rows costs more than a small game's step.
    """
    return _cached(numba.njit(nogil=True, _nrt=False)(function))


def _cached(jitted: Any) -> Any:
    jitted._cache = SourceCache(jitted.py_func)
    return jitted


def inner(function: Function) -> Function:
    """Compile like `compiled` a function called only by compiled code; Python sees it unchanged.

    It compiles in half the time: there is no code to unpack Python's arguments, and constant
    arguments do not get separate versions.
    """
    registered: Function = register_jitable(nogil=True)(function)
    return registered


def inner_fast(function: Function) -> Function:
    """Compile like `compiled_fast` a function called only by compiled code, see `inner`."""
    registered: Function = register_jitable(nogil=True, fastmath=_FAST)(function)
    return registered


def inner_views(function: Function) -> Function:
    """Compile like `compiled_views` a function called only by compiled code, see `inner`."""
    registered: Function = register_jitable(nogil=True, _nrt=False)(function)
    return registered


def inner_fast_views(function: Function) -> Function:
    """Compile like `compiled_fast` and `compiled_views` what compiled code alone calls."""
    registered: Function = register_jitable(nogil=True, fastmath=_FAST, _nrt=False)(function)
    return registered


def inner_positions(function: Function) -> Function:
    """Compile what compiled code alone calls, without counting who uses rows where that can be.

    Where positions are tuples it is like `inner_views`; where they are arrays, like `inner`.
    The function's first argument is a tag of rules, or a tuple that begins with one.
    """

    def with_tuples(first: Any, *_rest: Any) -> Function | None:
        return None if _has_arrays(first) else function

    def with_arrays(first: Any, *_rest: Any) -> Function | None:
        return function if _has_arrays(first) else None

    for choose, options in ((with_tuples, {"_nrt": False}), (with_arrays, {})):
        overload(function, strict=False, jit_options={"nogil": True, **options})(choose)
    return function


def _has_arrays(first: Any) -> bool:
    while isinstance(first, types.BaseNamedTuple) and not hasattr(first.instance_class, "WORDS"):
        first = first.types[0]
    return first.instance_class.WORDS == 0


_owners: dict[str, set[type]] = {}


def implement(
    stub: Callable[..., Any], *owners: type, views: bool = False
) -> Callable[[Function], Function]:
    """Make the decorated function the implementation of `stub` for named tuples.

    Args:
        stub: a function of `rlhf_games.rules` (or any other stub) whose first argument selects
            the implementation.
        owners: the `NamedTuple` classes of that first argument.
        views: the function makes no arrays, see `compiled_views`.
    """
    _owners.setdefault(stub.__name__, set()).update(owners)

    def register(function: Function) -> Function:
        for owner in owners:
            implementers.setdefault(owner, set()).add(function.__module__)

        def choose(first: Any, *_rest: Any) -> Function | None:
            mine = isinstance(first, types.BaseNamedTuple) and first.instance_class in owners
            return function if mine else None

        options = {"nogil": True, "_nrt": False} if views else {"nogil": True}
        overload(stub, strict=False, jit_options=options)(choose)
        return function

    return register


def by_default(stub: Callable[..., Any]) -> Callable[[Function], Function]:
    """Make the decorated function the default implementation of `stub`."""

    def register(function: Function) -> Function:
        def choose(first: Any, *_rest: Any) -> Function | None:
            if not isinstance(first, types.BaseNamedTuple):
                return None
            has_own = first.instance_class in _owners.get(stub.__name__, ())
            return None if has_own else function

        overload(stub, strict=False, jit_options={"nogil": True})(choose)
        return function

    return register


def _bit_instruction(function: Callable[..., Any]) -> Callable[[int], int]:
    instruction: Callable[[int], int] = intrinsic(function)
    return instruction


@_bit_instruction
def count_bits(typingctx: Any, bits: Any) -> Any:
    """Number of one bits of a uint64, as int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@_bit_instruction
def lowest_bit_index(typingctx: Any, bits: Any) -> Any:
    """Index 0..63 of the lowest one bit of a non-zero uint64, as int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, False))

    return types.int64(types.uint64), codegen


@_bit_instruction
def reversed_bits(typingctx: Any, bits: Any) -> Any:
    """The bits of a uint64 in reverse order, as uint64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitreverse(args[0])

    return types.uint64(types.uint64), codegen


@compiled
def next_random(state: int) -> tuple[int, int]:
    """SplitMix64 (Steele, Lea, Flood 2014): the next generator state and 64 random bits."""
    state = numba.uint64(state) + numba.uint64(_SPLITMIX_GAMMA)
    mixed = state
    mixed = (mixed ^ (mixed >> numba.uint64(30))) * numba.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> numba.uint64(27))) * numba.uint64(0x94D049BB133111EB)
    return state, mixed ^ (mixed >> numba.uint64(31))


@compiled
def random_below(bits: int, bound: int) -> int:
    """Map 64 random bits to 0..bound-1 (Lemire's multiply-shift on the upper half)."""
    upper = numba.uint64(bits) >> numba.uint64(32)
    return numba.int64((upper * numba.uint64(bound)) >> numba.uint64(32))


@compiled
def random_unit(bits: int) -> float:
    """Map 64 random bits to a float64 in [0, 1)."""
    return numba.float64(numba.uint64(bits) >> numba.uint64(11)) * (1.0 / 9007199254740992.0)
