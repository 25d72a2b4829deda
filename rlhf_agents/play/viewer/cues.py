"""Sounds of a game: which one is due, without playing it."""

from __future__ import annotations

from rlhf_agents.play.viewer.game.match import Match


class Cues:
    """Listens to a match: returns the name of a sound when something happens."""

    def __init__(self) -> None:
        self._seen: tuple[int, int, bool] | None = None

    def next(self, match: Match) -> str:
        """Return "move", "win", "loss" or "draw" if that has just happened, else empty."""
        session = match.session
        now = (id(session), len(session.moves), session.over)
        before, self._seen = self._seen, now
        if before is None or before[0] != now[0] or now[1] != before[1] + 1:
            return ""
        if not session.over:
            return "move"
        if session.winner is None:
            return "draw"
        return "win" if match.person in (None, session.winner) else "loss"
