"""Progress lines: the most important parts fit into every terminal."""

from __future__ import annotations

from rlhf_agents.progress import leading_parts


def test_only_whole_parts_of_a_line_are_shown():
    text = "9/20 steps, 0:00:08 left, mean return 0.5 (last 100), 219 episodes"
    assert leading_parts(text, 80) == text
    assert leading_parts(text, 55) == "9/20 steps, 0:00:08 left, mean return 0.5 (last 100)"
    assert leading_parts(text, 3) == "9/20 steps"
