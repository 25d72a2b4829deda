"""Checks that arrays from a file fit their targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rlhf_agents.files.types import Array

Arrays = Mapping[str, Array]


def check_arrays(targets: Arrays, found: Arrays) -> None:
    """Raise unless every target has an array of the same shape and type.

    Args:
        targets: the arrays to copy to, by name.
        found: the arrays from a file.

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
        numbers: whole numbers `[4]` from a file: the place, whether it is full, and its size.
        size: steps and environments of the buffer to fill.

    Raises:
        ValueError: its size is different, or there is no such place.
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
