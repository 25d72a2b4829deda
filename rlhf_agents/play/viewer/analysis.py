"""Thinking off the drawing thread: a desk works on what is wished for now, the first wish first.

Whoever draws says again and again what it would like to know. The desk does one small slice of
thinking at a time, so a new first wish is taken up at once and what nobody wishes for any more is
dropped: that is the cancellation. The thread is a daemon and compiled searches hold no lock of
Python's, so drawing goes on, and so does closing.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlhf_agents.players.players import Player
from rlhf_agents.search.explanation import Explanation, Forecast
from rlhf_games.base import MOVER, States

BACKGROUND = 10
"""Nice value of threads that think."""
KEPT = 4096
"""Answers remembered; a game has at most a few hundred questions."""


def stand_back() -> None:
    """Let the drawing thread go first when there are not cores enough (on Linux, by thread)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND)


@dataclass(frozen=True)
class Question:
    """What does a mind think of a position?

    Attributes:
        mind: who is asked.
        state: the position's bytes.
        goal: what is played for, by `seat`, or by the mover in a forecast.
        seat: whose eyes, `MOVER` or `WAITING`.
        against: the waiting player's goal, which makes it a question for a forecast.
    """

    player: Player
    state: bytes
    goal: str
    seat: int = MOVER
    against: str = ""

    @property
    def position(self) -> States:
        """The position, uint64 `[W]`."""
        # A copy: for arrays that are read-only all that looks at positions would compile again.
        return np.frombuffer(self.state, np.uint64).copy()

    def work(self) -> Iterator[Explanation | Forecast]:
        """Return the slices of thinking."""
        if not self.against:
            return self.player.think(self.position, self.goal, self.seat)
        teller: Any = self.player
        return iter((teller.forecast(self.position, (self.goal, self.against)),))


@dataclass(frozen=True)
class Answer:
    """The best known answer.

    Attributes:
        content: None if nothing is known yet.
        done: there will be no better one.
        error: what went wrong.
    """

    content: Explanation | Forecast | None
    done: bool = False
    error: Exception | None = None


class Analysis:
    """One thread that answers questions.

    Args:
        name: of the thread.

    Attributes:
        version: grows with every new answer.
    """

    def __init__(self, name: str) -> None:
        self.version = 0
        self._wishes: tuple[Question, ...] = ()
        self._answers: OrderedDict[Question, Answer] = OrderedDict()
        self._begun: dict[Question, Iterator[Explanation | Forecast]] = {}
        self._changed = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Some wish has no final answer yet."""
        return self._next() is not None

    def wish(self, questions: Sequence[Question]) -> None:
        """Replace all wishes; the first is the most urgent."""
        wanted = tuple(questions)
        if wanted == self._wishes:
            return
        with self._changed:
            self._wishes = wanted
            self._changed.notify()

    def answer(self, question: Question) -> Answer | None:
        """Return what is known by now, None if nothing is."""
        with self._changed:
            return self._answers.get(question)

    def close(self, seconds: float = 0.3) -> bool:
        """Stop after the present slice; return whether the thread has ended in that time."""
        with self._changed:
            self._open, self._wishes = False, ()
            self._changed.notify()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _next(self) -> Question | None:
        for question in self._wishes:
            known = self._answers.get(question)
            if known is None or not known.done:
                return question
        return None

    def _wait(self) -> Question | None:
        """Return the most urgent open wish, None when the desk closes."""
        with self._changed:
            while self._open:
                question = self._next()
                for old in [old for old in self._begun if old not in self._wishes]:
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

    def _slice(self, question: Question) -> Answer:
        """Think a little further."""
        before = self._answers.get(question)
        content = before.content if before else None
        try:
            if question not in self._begun:
                self._begun[question] = question.work()
            content = next(self._begun[question])
        except StopIteration:
            return Answer(content, done=True)
        except Exception as error:
            return Answer(content, done=True, error=error)
        return Answer(content)
