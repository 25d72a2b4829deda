"""The analysis: urgent requests first, what nobody requests is dropped, failures are answers."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from rlhf_agents.play.viewer.game.analysis import Analysis, Question
from rlhf_agents.search.explanation import Explanation


def thought(goal, nodes):
    return Explanation(0, goal, np.zeros(1, np.float32), nodes=nodes)


class SearchContext:
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
def analysis():
    analysis = Analysis("test")
    yield analysis
    analysis.close(2)


def until(what):
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.001)


def ask(player, goal, against=""):
    return Question(player, np.zeros(1, np.uint64).tobytes(), goal, against=against)


def nodes_of(analysis, question):
    answer = analysis.answer(question)
    return answer.content.nodes if answer and answer.content else 0


def test_answers_get_better_until_they_are_done(analysis):
    player, question = SearchContext(), None
    question = ask(player, "win")
    analysis.request([question])
    assert analysis.answer(question) is None or not analysis.answer(question).done
    for i in (1, 2, 3):
        player.turn.release()
        until(lambda i=i: nodes_of(analysis, question) == i)
    until(lambda: analysis.answer(question).done)
    assert not analysis.busy
    assert analysis.version >= 4


def test_a_new_first_request_is_taken_up_at_once(analysis):
    player = SearchContext(slices=5)
    slow, urgent = ask(player, "slow"), ask(player, "urgent")
    analysis.request([slow])
    player.turn.release()
    until(lambda: nodes_of(analysis, slow) == 1)
    analysis.request([urgent, slow])
    for _ in range(20):
        player.turn.release()
    until(lambda: analysis.answer(slow) is not None and analysis.answer(slow).done)
    assert player.log.index("urgent") <= 2  # one slice may have been under way
    last_urgent = len(player.log) - 1 - player.log[::-1].index("urgent")
    assert "slow" not in player.log[player.log.index("urgent") : last_urgent]
    assert player.begun == ["slow", "urgent"]  # and it was not begun anew


def test_what_is_not_requested_is_dropped(analysis):
    player = SearchContext(slices=1000)
    question = ask(player, "slow")
    analysis.request([question])
    player.turn.release()
    until(lambda: nodes_of(analysis, question) == 1)
    analysis.request([])
    player.turn.release()  # the slice that is under way
    time.sleep(0.05)
    seen = nodes_of(analysis, question)
    for _ in range(10):
        player.turn.release()
    time.sleep(0.05)
    assert nodes_of(analysis, question) == seen <= 2
    assert not analysis.busy


def test_failures_are_answers(analysis):
    class Broken:
        name = "broken"

        def think(self, state, goal, seat=0):
            msg = "no idea"
            raise RuntimeError(msg)

    question, other = ask(Broken(), "win"), ask(SearchContext(free=True), "win")
    analysis.request([question, other])
    until(lambda: analysis.answer(other) is not None and analysis.answer(other).done)
    assert str(analysis.answer(question).error) == "no idea"
    assert analysis.answer(question).done


def test_forecasts_are_questions_too(analysis):
    class Teller(SearchContext):
        def forecast(self, state, goals):
            return goals

    question = ask(Teller(), "win", against="draw")
    analysis.request([question])
    until(lambda: analysis.answer(question) is not None and analysis.answer(question).done)
    assert analysis.answer(question).content == ("win", "draw")


def test_closing_does_not_wait_for_a_long_thought():
    player, analysis = SearchContext(), Analysis("test")
    analysis.request([ask(player, "win")])
    until(lambda: player.begun)
    assert not analysis.close(0.1)
    for _ in range(3):
        player.turn.release()


def test_closing_an_idle_desk():
    assert Analysis("test").close(5)
