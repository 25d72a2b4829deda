"""Boxes: inside the window, apart from each other, big enough to be read and hit."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlhf_agents.play.viewer.commands import BUTTONS, COMMANDS, OVERLAYS, command_of, help_lines
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.layout import SMALLEST, arrange

sizes = st.tuples(st.integers(SMALLEST[0], 3000), st.integers(SMALLEST[1], 2000))


def boxes(layout):
    named = {
        "board": layout.board,
        "title": layout.title,
        "forecast": layout.forecast,
        "goals head": layout.goals_head,
        "goals": layout.goals,
        "line": layout.line,
        "slider": layout.slider,
        "graph": layout.graph,
    }
    for group, name in (
        (layout.cards, "card"),
        (layout.overlays, "switch"),
        (layout.buttons, "button"),
    ):
        named |= {f"{name} {i}": box for i, box in enumerate(group)}
    return {name: box for name, box in named.items() if not box.empty}


def overlap(one, other):
    across = min(one.right, other.right) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    return across > 0.01 and down > 0.01


@given(sizes)
def test_nothing_overlaps_or_leaves_the_window(size):
    named = boxes(arrange(*size))
    window = Box(0, 0, *size)
    for name, box in named.items():
        assert window.x <= box.x <= box.right <= window.right + 0.01, name
        assert window.y <= box.y <= box.bottom <= window.bottom + 0.01, name
    for one, other in combinations(named, 2):
        assert not overlap(named[one], named[other]), (one, other)


@given(sizes)
def test_what_must_be_hit_can_be_hit(size):
    layout = arrange(*size)
    assert len(layout.buttons) == len(BUTTONS)
    assert len(layout.overlays) == len(OVERLAYS)
    for box in (*layout.buttons, *layout.overlays):
        assert box.width >= 24
        assert box.height >= 18
    assert min(layout.board.width, layout.board.height) >= 120


@pytest.mark.parametrize("size", [(480, 400), (480, 480), (480, 720), (800, 600), (1600, 1000)])
def test_goals_have_room_in_every_window(size):
    layout = arrange(*size)
    assert layout.goal_rows() >= 2
    assert layout.goal_boxes(0, 16)
    shown = {
        number
        for scroll in range(layout.scroll_limit(16) + 1)
        for number, _ in layout.goal_boxes(scroll, 16)
    }
    assert shown == set(range(16))


def test_too_small_a_window_is_drawn_as_the_smallest():
    assert arrange(10, 10) == arrange(*SMALLEST)


@given(st.floats(0.2, 5), sizes)
def test_fitted_boxes_keep_their_aspect(aspect, size):
    box = Box(3, 4, *size).fitted(aspect)
    assert box.width / box.height == pytest.approx(aspect)
    assert box.width <= size[0] + 0.01
    assert box.height <= size[1] + 0.01


def test_no_key_has_two_meanings():
    keys = [key for command in COMMANDS for key in command.keys]
    keys += [key for key, _ in OVERLAYS.values()]
    assert len(keys) == len(set(keys))
    assert command_of("ctrl+z") == "undo"
    assert command_of("x") is None


def test_the_help_page_has_every_command_and_switch():
    text = " ".join(f"{keys} {meaning}" for keys, meaning in help_lines())
    for command in COMMANDS:
        assert command.help in text
    for name in OVERLAYS:
        assert name in text
