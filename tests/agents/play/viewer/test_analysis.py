"""The desk: urgent wishes first, what nobody wishes is dropped, failures are answers."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from rlhf_agents.play.viewer.analysis import Desk, Question
from rlhf_agents.search.explanation import Explanation


def thought(goal, nodes):
    return Explanation(0, goal, np.zeros(1, np.float32), nodes=nodes)


class Mind:
    """Thinks in slices that the test allows one by one."""

    name = "mind"

    def __init__(self, slices=3, free=False):
        self.slices, self.begun, self.log = slices, [], []
        self.turn = threading.Semaphore(10**6 if free else 0)

    def think(self, state, goal, seat=0):
        self.begun.append(goal)
        for i in range(self.slices):
            assert self.turn.acquire(timeout=20)
            self.log.append(goal)
            yield thought(goal, i + 1)


@pytest.fixture
def desk():
    desk = Desk("test")
    yield desk
    desk.close(2)


def until(what):
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.001)


def ask(mind, goal, against=""):
    return Question(mind, np.zeros(1, np.uint64).tobytes(), goal, against=against)


def nodes_of(desk, question):
    answer = desk.answer(question)
    return answer.content.nodes if answer and answer.content else 0


def test_answers_get_better_until_they_are_done(desk):
    mind, question = Mind(), None
    question = ask(mind, "win")
    desk.wish([question])
    assert desk.answer(question) is None or not desk.answer(question).done
    for i in (1, 2, 3):
        mind.turn.release()
        until(lambda i=i: nodes_of(desk, question) == i)
    until(lambda: desk.answer(question).done)
    assert not desk.busy
    assert desk.version >= 4


def test_a_new_first_wish_is_taken_up_at_once(desk):
    mind = Mind(slices=5)
    slow, urgent = ask(mind, "slow"), ask(mind, "urgent")
    desk.wish([slow])
    mind.turn.release()
    until(lambda: nodes_of(desk, slow) == 1)
    desk.wish([urgent, slow])
    for _ in range(20):
        mind.turn.release()
    until(lambda: desk.answer(slow) is not None and desk.answer(slow).done)
    assert mind.log.index("urgent") <= 2  # one slice may have been under way
    last_urgent = len(mind.log) - 1 - mind.log[::-1].index("urgent")
    assert "slow" not in mind.log[mind.log.index("urgent") : last_urgent]
    assert mind.begun == ["slow", "urgent"]  # and it was not begun anew


def test_what_nobody_wishes_is_dropped(desk):
    mind = Mind(slices=1000)
    question = ask(mind, "slow")
    desk.wish([question])
    mind.turn.release()
    until(lambda: nodes_of(desk, question) == 1)
    desk.wish([])
    mind.turn.release()  # the slice that is under way
    time.sleep(0.05)
    seen = nodes_of(desk, question)
    for _ in range(10):
        mind.turn.release()
    time.sleep(0.05)
    assert nodes_of(desk, question) == seen <= 2
    assert not desk.busy


def test_failures_are_answers(desk):
    class Broken:
        name = "broken"

        def think(self, state, goal, seat=0):
            msg = "no idea"
            raise RuntimeError(msg)

    question, other = ask(Broken(), "win"), ask(Mind(free=True), "win")
    desk.wish([question, other])
    until(lambda: desk.answer(other) is not None and desk.answer(other).done)
    assert str(desk.answer(question).error) == "no idea"
    assert desk.answer(question).done


def test_forecasts_are_questions_too(desk):
    class Teller(Mind):
        def forecast(self, state, goals):
            return goals

    question = ask(Teller(), "win", against="draw")
    desk.wish([question])
    until(lambda: desk.answer(question) is not None and desk.answer(question).done)
    assert desk.answer(question).content == ("win", "draw")


def test_closing_does_not_wait_for_a_long_thought():
    mind, desk = Mind(), Desk("test")
    desk.wish([ask(mind, "win")])
    until(lambda: mind.begun)
    assert not desk.close(0.1)
    for _ in range(3):
        mind.turn.release()


def test_closing_an_idle_desk():
    assert Desk("test").close(5)
