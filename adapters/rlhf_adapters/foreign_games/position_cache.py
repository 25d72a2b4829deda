"""A cache of foreign games' positions, and the callbacks by which compiled code reaches it.

A cache is asked about positions given as histories (`rules`). It keeps the foreign objects of
recent positions and replays all others from the start, so its memory stays bounded.
"""

from __future__ import annotations

import ctypes
import itertools
import threading
import weakref
from collections.abc import Callable
from ctypes import memmove, string_at
from typing import Any, NamedTuple

from rlhf_adapters.foreign_games.backend import (
    Backend,
    Labels,
    feature_bytes,
    legal_actions,
    whole,
)
from rlhf_adapters.foreign_games.rules import (
    COUNT_BITS,
    DONE,
    IMPOSSIBLE,
    LARGEST_SCORE,
    OUTCOME_SHIFT,
    SCORE_SHIFT,
)
from rlhf_adapters.specs import EnvError
from rlhf_games.base import Outcome

WORD_BYTES = 8
KEPT = 32_768
"""Positions kept in each of two generations."""


class RecordLayout(NamedTuple):
    """The layout of a position in words, see `rules`.

    Attributes:
        mask_words: words of the legal actions.
        key_words: words of the key.
        bits: per action in the history.
        skip: the action that is a pass, or -1.
        limit: the longest history that fits.
        last_ply: where the game ends as a draw, or -1.
    """

    mask_words: int
    key_words: int
    bits: int
    skip: int
    limit: int
    last_ply: int


class Known:
    """The facts of one position."""

    __slots__ = ("count", "facts", "features", "plies", "position")

    def __init__(self, position: Any, count: int, plies: int, facts: bytes) -> None:
        self.position = position
        self.count = count
        self.plies = plies
        self.facts = facts
        self.features: bytes | None = None


_bit = (1).__lshift__
UNFINISHED = (Outcome.ONGOING.value + 1) << OUTCOME_SHIFT | LARGEST_SCORE << SCORE_SHIFT


def _final(score: int, plies: int) -> int:
    """Return the facts of a finished game, from the first player's score."""
    own = -score if plies & 1 else score
    outcome = (own > 0) - (own < 0)
    return plies | (score + LARGEST_SCORE) << SCORE_SHIFT | (outcome + 1) << OUTCOME_SHIFT


class ImpossibleHistoryError(EnvError):
    """An impossible position: its history breaks the rules."""

    def __init__(self) -> None:
        super().__init__("this position is impossible: its history breaks the rules")


class PositionCache:
    """One foreign game and a cache of its recent positions.

    Args:
        backend: the game.
        layout: of its positions.
        kept: positions in each of two generations: when the young generation is full, it becomes
            the old one, and the old one's positions that were not used since are dropped.

    Attributes:
        rebuilt: the number of positions replayed from the start.
    """

    def __init__(self, backend: Backend, layout: RecordLayout, kept: int = KEPT) -> None:
        self.backend = backend
        self.layout = layout
        self.kept = kept
        self.rebuilt = 0
        self._young: dict[bytes, Known] = {}
        self._old: dict[bytes, Known] = {}
        self._labels = backend if isinstance(backend, Labels) else None
        self._lock = threading.Lock()
        self._key_at = (1 + layout.mask_words) * WORD_BYTES
        self._key_bytes = layout.key_words * WORD_BYTES

    # ---- called by compiled code -----------------------------------------------------------

    def advance(self, before: int, action: int, after: int) -> int:
        """Complete the words at address `after`, one action after those at `before`."""
        key = string_at(after + self._key_at, self._key_bytes)
        with self._lock:
            known = self._young.get(key) or self._recall(key)
            if known is None:
                known = self._next(self._find(before), action)
                self._keep(key, known)
        memmove(after, known.facts, self._key_at)
        return DONE

    def revive(self, _before: int, _action: int, after: int) -> int:
        """Complete the words at address `after`, whose key may be anything."""
        try:
            with self._lock:
                facts = self._find(after).facts
        except ImpossibleHistoryError:
            return IMPOSSIBLE
        memmove(after, facts, self._key_at)
        return DONE

    def look(self, before: int, _action: int, out: int) -> int:
        """Write the features of the position at address `before`."""
        with self._lock:
            known = self._find(before)
            features = known.features
            if features is None:
                features = known.features = self._features(known)
        memmove(out, features, len(features))
        return DONE

    @property
    def n_features(self) -> int:
        """The number of features: the backend's, one that is always set, and one for a due pass."""
        return self.backend.n_features + 1 + (self.layout.skip >= 0)

    @property
    def remembered(self) -> int:
        """The number of positions that are kept at present."""
        return len(self._young) + len(self._old)

    def text(self, key: bytes) -> str:
        """Return a position in readable form."""
        with self._lock:
            return self.backend.text(self._known(key).position)

    def position(self, key: bytes) -> Any:
        """Return a position as the backend keeps it."""
        with self._lock:
            return self._known(key).position

    def label(self, key: bytes, action: int) -> str | None:
        """Return the readable name of an action in a position, None if it has none."""
        if action == self.layout.skip or self._labels is None:
            return None
        with self._lock:
            return self._labels.label(self._known(key).position, action)

    # ---- positions -------------------------------------------------------------------------

    def _find(self, address: int) -> Known:
        return self._known(string_at(address + self._key_at, self._key_bytes))

    def _known(self, key: bytes) -> Known:
        known = self._young.get(key) or self._recall(key)
        if known is None:
            known = self._replay(key)
            self._keep(key, known)
        return known

    def _recall(self, key: bytes) -> Known | None:
        known = self._old.get(key)
        if known is not None:
            self._keep(key, known)
        return known

    def _keep(self, key: bytes, known: Known) -> None:
        if len(self._young) >= self.kept:
            self._old, self._young = self._young, {}
        self._young[key] = known

    def _replay(self, key: bytes) -> Known:
        """Play the history of a key from the start.

        Raises:
            ImpossibleHistoryError: it breaks the rules.
        """
        self.rebuilt += 1
        head = int.from_bytes(key[:WORD_BYTES], "little")
        count, passed = head & ((1 << COUNT_BITS) - 1), head >> COUNT_BITS
        history = int.from_bytes(key[WORD_BYTES:], "little")
        unused = history >> count * self.layout.bits
        if count > self.layout.limit or passed > 1 or unused:
            raise ImpossibleHistoryError
        known = self._judge(self.backend.initial(), 0, 0)
        actions = [(history >> place * self.layout.bits) for place in range(count)]
        for action in actions:
            known = self._obey(self._let_pass(known), action & ((1 << self.layout.bits) - 1))
        return self._obey(known, self.layout.skip) if passed else known

    def _let_pass(self, known: Known) -> Known:
        skip = self.layout.skip
        return self._next(known, skip) if skip >= 0 and self._allows(known, skip) else known

    def _obey(self, known: Known, action: int) -> Known:
        if not self._allows(known, action):
            raise ImpossibleHistoryError
        return self._next(known, action)

    def _allows(self, known: Known, action: int) -> bool:
        if action < 0 or action >= self.layout.mask_words * 64:
            return False
        byte = known.facts[WORD_BYTES + (action >> 3)]
        return bool(byte >> (action & 7) & 1)

    def _next(self, known: Known, action: int) -> Known:
        if action == self.layout.skip:
            return self._judge(known.position, known.count, known.plies + 1)
        child = self.backend.child(known.position, action)
        return self._judge(child, known.count + 1, known.plies + 1)

    def _judge(self, position: Any, count: int, plies: int) -> Known:
        score = self.backend.score(position)
        if score is not None:
            score = whole("score() of a Backend", score, -LARGEST_SCORE, LARGEST_SCORE)
        if score is None and plies != self.layout.last_ply:
            facts = UNFINISHED | plies | self._mask(position, count, plies & 1) << 64
        else:
            facts = _final(score or 0, plies)
        return Known(position, count, plies, facts.to_bytes(self._key_at, "little"))

    def _mask(self, position: Any, count: int, seat: int) -> int:
        if count >= self.layout.limit:
            msg = f"a game goes on after {count} moves, more than the library declares"
            raise EnvError(msg)
        if whole("mover() of a Backend", self.backend.mover(position), 0, 1) == seat:
            actions = legal_actions(self.backend.legal(position), self.backend.n_actions)
            return sum(map(_bit, actions))
        if self.layout.skip < 0:
            msg = "a player moves twice in a row in a game that was declared to alternate"
            raise EnvError(msg)
        return _bit(self.layout.skip)

    def _features(self, known: Known) -> bytes:
        extra = b"\1"
        if self.layout.skip >= 0:
            extra += b"\1" if self._allows(known, self.layout.skip) else b"\0"
        features = self.backend.features(known.position, known.plies & 1)
        return feature_bytes(features, self.backend.n_features) + extra


# ---- callbacks for compiled code --------------------------------------------------------------

_caches: dict[int, PositionCache] = {}
_handles = itertools.count()


def open_cache(cache: PositionCache, owner: object) -> int:
    """Return the handle by which compiled code finds a cache, for as long as its owner lives."""
    handle = next(_handles)
    _caches[handle] = cache
    weakref.finalize(owner, _caches.pop, handle, None)
    return handle


_Callback = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 4)
_raised = threading.local()


def _entrance(ask: Callable[[PositionCache, int, int, int], int]) -> Any:
    """Return a C function that calls a cache.

    C has no exceptions: it returns the address of one, which is kept until compiled code
    raises it, see `rules.check`.
    """

    def enter(handle: int, before: int, action: int, after: int) -> int:
        try:
            return ask(_caches[handle], before, action, after)
        except BaseException as error:  # Ctrl-C too
            _raised.error = error
            return id(error)

    return _Callback(enter)


_ENTRANCES = {
    name: _entrance(getattr(PositionCache, name)) for name in ("advance", "revive", "look")
}


def addresses() -> dict[str, int]:
    """Return the addresses of the C functions `advance`, `revive` and `look` in this process."""
    return {
        name: ctypes.cast(entrance, ctypes.c_void_p).value or 0
        for name, entrance in _ENTRANCES.items()
    }
