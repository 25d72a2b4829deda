"""Who plays the episodes of an environment: the agent, a person, or both in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.words import number_text


class Mode(StrEnum):
    """Who plays."""

    WATCH = "watch"
    HAND = "hand"
    MATCH = "match"


@dataclass
class Rounds:
    """Begins episodes, and says who plays them.

    Attributes:
        episode: the environment.
        mode: who plays; in a match first the person, then the agent with the same seed.
        by_hand: whether the person plays the present episode.
        scores: of the rounds of a match: the person's and the agent's return, None if unknown.
    """

    episode: EpisodePlayer
    mode: Mode = Mode.WATCH
    by_hand: bool = False
    scores: list[tuple[float, float | None]] = field(default_factory=list)
    seed: int = 0

    def begin(self, mode: Mode) -> None:
        """Begin episodes of a mode."""
        fresh = self.mode is mode is Mode.WATCH
        self.mode, self.by_hand, self.scores = mode, mode is not Mode.WATCH, []
        if not fresh:
            self._restart()

    def next(self) -> None:
        """Begin the next episode: after a person's round of a match, the agent's."""
        frame = self.episode.frame
        if self.mode is not Mode.MATCH:
            self.episode.restart()
            return
        total = frame.followed_agent.total
        if self.by_hand:
            self.scores.append((total, None))
        else:
            self.scores[-1] = (self.scores[-1][0], total)
            self.seed += 1
        self.by_hand = not self.by_hand
        self._restart()

    def _restart(self) -> None:
        self.episode.restart(self.seed if self.mode is Mode.MATCH else None)

    @property
    def player(self) -> str:
        """The name of who plays the present episode."""
        return "you" if self.by_hand else self.episode.actor.name

    def standing(self) -> str:
        """Return the state of a match in words, else ""."""
        if self.mode is not Mode.MATCH:
            return ""
        done = [(mine, theirs) for mine, theirs in self.scores if theirs is not None]
        frame = self.episode.frame
        if not self.by_hand and self.scores:
            mine = self.scores[-1][0]
            if frame.over:
                return _verdict(mine, frame.followed_agent.total)
            return f"you had {number_text(mine)}; now the agent, same start"
        won = sum(mine > theirs for mine, theirs in done)
        lost = sum(mine < theirs for mine, theirs in done)
        return f"round {len(done) + 1}: you won {won}, lost {lost}" if done else "your round"


def _verdict(mine: float, theirs: float) -> str:
    word = "you win" if mine > theirs else "you lose" if mine < theirs else "a draw"
    return f"{word}, {number_text(mine)} to {number_text(theirs)}"
