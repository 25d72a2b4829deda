"""A foreign game that begins from a given position, such as a chess endgame."""

from __future__ import annotations

from typing import Any


class Elsewhere:
    """A `Backend` whose games begin from another position of the same game.

    Args:
        backend: the game.
        start: an unfinished position of it.
    """

    def __init__(self, backend: Any, start: Any) -> None:
        self.n_actions: int = backend.n_actions
        self.max_actions: int = backend.max_actions
        self.n_features: int = backend.n_features
        self._backend = backend
        self._start = start
        self._turned: int = backend.mover(start)
        self.child = backend.child
        self.legal = backend.legal
        self.text = backend.text
        if hasattr(backend, "label"):  # see `Labels`
            self.label = backend.label

    def initial(self) -> Any:
        """Return the starting position."""
        return self._start

    def mover(self, position: Any) -> int:
        """Return the player to move; the one who moves first from `start` is the first player."""
        return int(self._backend.mover(position)) ^ self._turned

    def score(self, position: Any) -> int | None:
        """Return the first player's win."""
        score: int | None = self._backend.score(position)
        return score if score is None or not self._turned else -score

    def features(self, position: Any, seat: int) -> bytes:
        """Return the observation in bits."""
        bits: bytes = self._backend.features(position, seat ^ self._turned)
        return bits
