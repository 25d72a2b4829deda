"""A foreign game that begins from a position of its own, such as an endgame of chess."""

from __future__ import annotations

from typing import Any


class Elsewhere:
    """A `Backend` whose games begin from another position of the same game.

    Args:
        backend: the game.
        start: a position of it, in which the game goes on.
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
        """Return who moves; whoever moves first here is the first player."""
        return int(self._backend.mover(position)) ^ self._turned

    def score(self, position: Any) -> int | None:
        """Return what the first player has won."""
        score: int | None = self._backend.score(position)
        return score if score is None or not self._turned else -score

    def features(self, position: Any, seat: int) -> bytes:
        """Return the observation in bits."""
        bits: bytes = self._backend.features(position, seat ^ self._turned)
        return bits
