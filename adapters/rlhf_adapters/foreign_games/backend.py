"""A foreign game, one position at a time: the protocol for adapters, and checks of its answers.

Compiled code trusts what it is given, so every answer is checked here first.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from operator import index
from typing import Any, Protocol, SupportsIndex, runtime_checkable

import numpy as np

from rlhf_adapters.specs import EnvError


class Backend(Protocol):
    """A foreign two-player game of perfect information, one position at a time.

    A position is any object; `child` returns a new one and leaves its argument as it is. Calls
    for one game never overlap, but may come from any thread. If a player moves several times in a
    row, the cache lets the other pass in between.

    Attributes:
        n_actions: actions are 0 .. n_actions - 1.
        max_actions: the most moves a game can have.
        n_features: see `features`.
    """

    n_actions: int
    max_actions: int
    n_features: int

    def initial(self) -> Any:
        """Return the starting position."""
        ...

    def child(self, position: Any, action: int) -> Any:
        """Return the position after a legal action."""
        ...

    def mover(self, position: Any) -> int:
        """Return the player to move in an unfinished position: 0 the first, 1 the second."""
        ...

    def legal(self, position: Any) -> Sequence[int]:
        """Return the legal actions of an unfinished position, at least one."""
        ...

    def score(self, position: Any) -> int | None:
        """Return the first player's win (the second's loss), None while the game goes on.

        Its sign gives the winner; it lies within +-32767.
        """
        ...

    def features(self, position: Any, seat: int) -> bytes:
        """Return the network's input for a player, `n_features` bytes 0 or 1; also at the end."""
        ...

    def text(self, position: Any) -> str:
        """Return the position in readable form, in one or more lines."""
        ...


@runtime_checkable
class Labels(Protocol):
    """A backend whose action names depend on the position."""

    def label(self, position: Any, action: int) -> str:
        """Return the readable name of a legal action."""
        ...


def whole(what: str, number: SupportsIndex, least: int, most: int) -> int:
    """Return a whole number from a backend.

    Raises:
        EnvError: it is not one, or not between `least` and `most`.
    """
    try:
        found = index(number)
    except TypeError:
        found = least - 1
    if not least <= found <= most:
        msg = f"{what} must be a whole number from {least} to {most}, got {_short(number)}"
        raise EnvError(msg)
    return found


def legal_actions(legal: Collection[SupportsIndex], n_actions: int) -> set[int]:
    """Return the legal actions from a backend.

    Raises:
        EnvError: there are none, or they are not different actions of the game.
    """
    try:
        actions, count = set(map(index, legal)), len(legal)
    except TypeError:
        actions, count = set(), 0
    if not actions or len(actions) != count or min(actions) < 0 or max(actions) >= n_actions:
        msg = (
            f"legal() of a Backend must return different whole numbers from 0 to {n_actions - 1}, "
            f"at least one, got {_short(legal)}"
        )
        raise EnvError(msg)
    return actions


def feature_bytes(features: object, count: int) -> bytes:
    """Return the features from a backend, bytes 0 or 1; an array of these numbers also works.

    Raises:
        EnvError: these are not `count` zeros and ones.
    """
    is_exact = type(features) is bytes and len(features) == count
    if isinstance(features, bytes) and is_exact and not features.translate(None, b"\0\1"):
        return features
    if isinstance(features, np.ndarray) and features.shape == (count,):
        ones = features == 1
        if features.dtype.kind in "biuf" and (ones | (features == 0)).all():
            return bytes(ones)
    msg = f"features() of a Backend must return {count} bytes 0 or 1, got {_short(features)}"
    raise EnvError(msg)


def _short(value: object) -> str:
    size = f" of length {len(value)}" if isinstance(value, Collection) else ""
    return f"{type(value).__name__}{size}: {textwrap.shorten(repr(value), 60)}"
