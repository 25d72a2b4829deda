"""Checks that arrays of a file fit where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rlhf_agents.files.types import Array

Arrays = Mapping[str, Array]


def check_arrays(targets: Arrays, found: Arrays) -> None:
    """Raise unless there is an array of the same shape and type for every target.

    Args:
        targets: where the arrays will be copied, by name.
        found: what a file holds.

    Raises:
        ValueError: a shape or a type differs.
        KeyError: an array is missing.
    """
    for name, target in targets.items():
        array = found[name]
        if array.shape != target.shape or array.dtype != target.dtype:
            msg = (
                f"{name} has the shape {array.shape} of {array.dtype}, not {target.shape} of "
                f"{target.dtype}"
            )
            raise ValueError(msg)


def check_numbers(numbers: Array, size: Sequence[int]) -> tuple[int, bool]:
    """Return the next place of a ring buffer, and whether it is full.

    Args:
        numbers: whole numbers `[4]` of a file: the place, whether it is full, and its size.
        size: steps and environments of the buffer that is to be filled.

    Raises:
        ValueError: it has another size, or there is no such place.
    """
    if numbers.shape != (4,) or numbers.dtype.kind not in "iu":
        msg = "it does not say how much is stored"
        raise ValueError(msg)
    pos, full, *room = (int(number) for number in numbers)
    if room != list(size):
        stored, wanted = (" x ".join(map(str, each)) for each in (room, size))
        msg = f"it has room for {stored} steps, not {wanted}"
        raise ValueError(msg)
    if not 0 <= pos < size[0] or full not in {0, 1}:
        msg = f"the next step cannot go to place {pos} of {size[0]}"
        raise ValueError(msg)
    return pos, bool(full)
