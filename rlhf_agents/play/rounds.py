"""Who plays the episodes of an environment: the agent, a person, or both in turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rlhf_agents.play.episode import EpisodePlayer


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
        scores: of the finished rounds of a match: the person's and the agent's.
        mine: the person's score in the present round, None before its end.
        done: whether the present round of a match is over.
        seed: of the present round.
    """

    episode: EpisodePlayer
    mode: Mode = Mode.WATCH
    by_hand: bool = False
    scores: list[tuple[float, float]] = field(default_factory=list)
    mine: float | None = None
    done: bool = False
    seed: int = 0

    def begin(self, mode: Mode) -> None:
        """Begin episodes of a mode."""
        fresh = self.mode is mode is Mode.WATCH
        self.mode, self.scores = mode, []
        self.by_hand, self.mine, self.done = mode is not Mode.WATCH, None, False
        if not fresh:
            self._restart()

    def next(self) -> None:
        """Go on after an episode: in a match to the agent's turn, then to the end of the round.

        A round that is left before the end of an episode does not count.
        """
        total = self.episode.frame.followed_agent.total
        if self.mode is not Mode.MATCH:
            self.episode.restart()
        elif self.done or not self.episode.frame.over:
            self.again()
        elif self.by_hand:
            self.mine, self.by_hand = total, False
            self._restart()
        else:
            self.scores.append((self.mine or 0.0, total))
            self.done = True

    def again(self, *, same: bool = False) -> None:
        """Begin another round of a match.

        Args:
            same: from the same start.
        """
        self.seed += not same
        self.by_hand, self.mine, self.done = True, None, False
        self._restart()

    def _restart(self) -> None:
        self.episode.restart(self.seed if self.mode is Mode.MATCH else None)

    def round_scores(self) -> tuple[float | None, float | None]:
        """Return the scores of the person and the agent in this round of a match, None before."""
        now = self.episode.frame.followed_agent.total
        return (now, None) if self.by_hand else (self.mine, now)

    def verdict(self) -> str:
        """Return the result of the last round in words."""
        mine, theirs = self.scores[-1]
        return "You win" if mine > theirs else "You lose" if mine < theirs else "A draw"

    def standing(self) -> str:
        """Return the result of all rounds of a match in words."""
        won = sum(mine > theirs for mine, theirs in self.scores)
        lost = sum(mine < theirs for mine, theirs in self.scores)
        drawn = len(self.scores) - won - lost
        rounds = f"{len(self.scores)} round{'s' * (len(self.scores) != 1)}"
        return f"{rounds}: {won} won, {lost} lost" + (f", {drawn} drawn" if drawn else "")
