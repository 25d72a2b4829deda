"""Searching outside the drawing thread.

With every frame the window requests answers, the most urgent first. An `Analysis` works in small
slices, so it takes up a new first request at once and drops what is not requested any more: this is
how a search is cancelled. Its thread is a daemon, and compiled searches release Python's lock, so
they hold up neither drawing nor closing.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from rlhf_agents.players.players import Player
from rlhf_agents.search.explanation import Explanation, Forecast
from rlhf_agents.words import player_words
from rlhf_games.base import MOVER, States

BACKGROUND = 10
"""Nice value of threads that search."""
KEPT = 4096
"""Answers kept; a game raises a few hundred questions at most."""


def stand_back() -> None:
    """Give the drawing thread priority when cores are scarce (on Linux, where threads have one)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND)


@runtime_checkable
class Forecaster(Protocol):
    """A player that can say how a game is likely to end."""

    def forecast(self, state: States, goals: tuple[str, str]) -> Forecast:
        """Return how the game is expected to end, see `AgentPlayer.forecast`."""
        ...


Content = Explanation | Forecast | str
"""What is known of a question; of a mistake, a sentence."""


@dataclass(frozen=True)
class Question:
    """A question about a position.

    Attributes:
        player: the player to ask.
        state: the position's bytes.
        goal: the goal of `seat`, or of the mover in a forecast.
        seat: whose point of view, `MOVER` or `WAITING`.
        against: the waiting player's goal if the question asks for a forecast, else empty.
    """

    player: Player
    state: bytes
    goal: str
    seat: int = MOVER
    against: str = ""

    @property
    def position(self) -> States:
        """The position, uint64 `[W]`."""
        # A copy: numba would compile everything again for read-only arrays.
        return np.frombuffer(self.state, np.uint64).copy()

    def work(self) -> Iterator[Content]:
        """Return an iterator that searches a little further with every step."""
        if not self.against:
            return self.player.think(self.position, self.goal, self.seat)
        assert isinstance(self.player, Forecaster)
        return iter((self.player.forecast(self.position, (self.goal, self.against)),))


@dataclass(frozen=True)
class AnalysisResult:
    """The best answer so far.

    Attributes:
        content: None if nothing is known yet.
        done: whether the answer is final.
        error: the exception that ended the search, if any.
    """

    content: Content | None
    done: bool = False
    error: Exception | None = None


class Analysis:
    """One thread that answers questions.

    Args:
        name: of the thread.

    Attributes:
        version: a number that grows with every new answer.
    """

    def __init__(self, name: str) -> None:
        self.version = 0
        self._requests: tuple[Question, ...] = ()
        self._answers: OrderedDict[Question, AnalysisResult] = OrderedDict()
        self._begun: dict[Question, Iterator[Content]] = {}
        self._changed = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a request has no final answer yet."""
        return self._next() is not None

    def request(self, questions: Sequence[Question]) -> None:
        """Replace all requests; the first is the most urgent."""
        wanted = tuple(questions)
        if wanted == self._requests:
            return
        with self._changed:
            self._requests = wanted
            self._changed.notify()

    def answer(self, question: Question) -> AnalysisResult | None:
        """Return the best answer so far, or None."""
        with self._changed:
            return self._answers.get(question)

    def close(self, seconds: float = 0.3) -> bool:
        """Stop after the present slice; return whether the thread ended within `seconds`."""
        with self._changed:
            self._open, self._requests = False, ()
            self._changed.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _next(self) -> Question | None:
        for question in self._requests:
            known = self._answers.get(question)
            if known is None or not known.done:
                return question
        return None

    def _wait(self) -> Question | None:
        """Wait for an open request and return the most urgent one; None after `close`."""
        with self._changed:
            while self._open:
                question = self._next()
                for old in [old for old in self._begun if old not in self._requests]:
                    del self._begun[old]
                if question is not None:
                    return question
                self._changed.wait()
        return None

    def _run(self) -> None:
        stand_back()
        while (question := self._wait()) is not None:
            answer = self._slice(question)
            with self._changed:
                self._answers[question] = answer
                self._answers.move_to_end(question)
                while len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
                self.version += 1

    def _slice(self, question: Question) -> AnalysisResult:
        """Search a little further."""
        before = self._answers.get(question)
        content = before.content if before else None
        try:
            if question not in self._begun:
                self._begun[question] = question.work()
            content = next(self._begun[question])
        except StopIteration:
            return AnalysisResult(content, done=True)
        except Exception as error:
            return AnalysisResult(content, done=True, error=error)
        return AnalysisResult(content)


class Searches:
    """The two threads of a match: one searches for the side that is shown, one for all the rest.

    Attributes:
        shown: searches for the seat whose values are shown.
        others: answers everything else, such as hints and the review.
        failure: the message of a player that failed, else empty.
    """

    def __init__(self) -> None:
        self.shown, self.others = Analysis("shown"), Analysis("others")
        self.failure = ""

    @property
    def version(self) -> int:
        """A number that grows with every new answer."""
        return self.shown.version + self.others.version

    @property
    def busy(self) -> bool:
        """Whether a request has no final answer yet."""
        return self.shown.busy or self.others.busy

    def request(self, shown: Question | None, others: Sequence[Question | None]) -> None:
        """Replace all requests of both threads, see `Analysis.request`."""
        self.shown.request([] if shown is None else [shown])
        self.others.request([question for question in others if question is not None])

    def answer(self, question: Question | None) -> AnalysisResult | None:
        """Return the best answer of either thread, or None."""
        if question is None:
            return None
        found = [self.shown.answer(question), self.others.answer(question)]
        answers = [answer for answer in found if answer is not None]
        best = next((answer for answer in answers if answer.done), answers[0] if answers else None)
        if best is not None and best.error is not None:
            self.failure = f"{player_words(question.player.name)} failed: {best.error}"
        return best

    def close(self) -> bool:
        """Stop both threads; return whether they have ended."""
        ended = [self.shown.close(), self.others.close()]
        return all(ended)
