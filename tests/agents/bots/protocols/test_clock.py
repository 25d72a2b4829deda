"""GTP's clocks: main time, Canadian overtime, and no clock at all."""

from __future__ import annotations

import pytest

from rlhf_agents.bots.protocols.clock import MOVES_TO_GO, SPARE_SECONDS, GtpClock
from rlhf_agents.errors import SettingError


def test_without_a_clock_a_move_has_the_usual_time():
    clock = GtpClock(5.0)
    clock.spend("b", 100.0)
    assert clock.seconds("b") == 5.0
    clock.set("0", "30", "0")  # as the specification says: no limit
    assert clock.seconds("b") == 5.0


def test_main_time_is_shared_and_runs_down():
    clock = GtpClock()
    clock.set("300", "0", "0")
    assert clock.seconds("b") == pytest.approx(300 / MOVES_TO_GO - SPARE_SECONDS)
    clock.spend("b", 150.0)
    assert clock.seconds("b") == pytest.approx(150 / MOVES_TO_GO - SPARE_SECONDS)
    assert clock.seconds("w") == pytest.approx(300 / MOVES_TO_GO - SPARE_SECONDS)
    clock.spend("b", 151.0)
    assert clock.seconds("b") < 0
    clock.restart()
    assert clock.seconds("b") > 0


def test_overtime_begins_after_main_time_and_anew_after_its_stones():
    clock = GtpClock()
    clock.set("10", "20", "5")
    clock.spend("w", 11.0)
    assert clock.seconds("w") == pytest.approx(4.0 - SPARE_SECONDS)
    for _ in range(4):
        clock.spend("w", 4.5)
    assert clock.seconds("w") == pytest.approx(2.0 - SPARE_SECONDS)
    clock.spend("w", 1.0)
    assert clock.seconds("w") == pytest.approx(4.0 - SPARE_SECONDS)


def test_the_client_knows_better():
    clock = GtpClock()
    clock.set_left("b", "60", "0")
    assert clock.seconds("b") == pytest.approx(60 / MOVES_TO_GO - SPARE_SECONDS)
    clock.set_left("b", "10", "5")
    assert clock.seconds("b") == pytest.approx(2.0 - SPARE_SECONDS)
    clock.set_left("b", "0", "1")
    assert clock.seconds("b") <= 0


@pytest.mark.parametrize("words", [("x", "0", "0"), ("-1", "0", "0"), ("1", "2", "1e3")])
def test_other_words_are_refused(words: tuple[str, str, str]):
    with pytest.raises(SettingError, match="whole number"):
        GtpClock().set(*words)


def test_the_clocks_of_kgs():
    clock = GtpClock(5.0)
    clock.set_kgs("byoyomi", ("0", "20", "3"))
    assert clock.seconds("b") == pytest.approx(20.0 - SPARE_SECONDS)
    clock.spend("b", 19.0)
    assert clock.seconds("b") == pytest.approx(20.0 - SPARE_SECONDS)
    clock.set_left("b", "15", "3")  # three periods, not moves
    assert clock.seconds("b") == pytest.approx(15.0 - SPARE_SECONDS)
    clock.set_kgs("canadian", ("0", "20", "5"))
    assert clock.seconds("b") == pytest.approx(4.0 - SPARE_SECONDS)
    clock.set_kgs("absolute", ("300",))
    assert clock.seconds("b") == pytest.approx(300 / MOVES_TO_GO - SPARE_SECONDS)
    clock.set_kgs("none", ())
    assert clock.seconds("b") == 5.0
    with pytest.raises(SettingError, match="byoyomi SECONDS"):
        clock.set_kgs("fischer", ("1", "2"))
