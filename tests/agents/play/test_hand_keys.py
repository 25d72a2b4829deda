"""Keys of actions, and what they do when they are held."""

from __future__ import annotations

import pytest

from rlhf_agents.play.hand_keys import HandKeys

MINATAR = ("stay", "left", "up", "right", "down", "fire")
ATARI = ("noop", "fire", "up", "right", "left", "upright", "upleft", "leftfire", "uprightfire")


@pytest.mark.parametrize(
    ("names", "held", "action"),
    [
        (MINATAR, (), "stay"),
        (MINATAR, ("left",), "left"),
        (MINATAR, ("space",), "fire"),
        (ATARI, ("left", "space"), "leftfire"),
        (ATARI, ("up", "right", "space"), "uprightfire"),
        (ATARI, ("up", "space"), "fire"),
        (("move north", "move south", "pick up"), ("up",), "move north"),
        (("pick up", "put down"), ("return",), "pick up"),
        (("nothing", "left engine", "main engine", "right engine"), ("up",), "main engine"),
        (("lane left", "idle", "lane right", "faster", "slower"), ("down",), "lane right"),
        (("forward", "backward", "turn left", "attack"), ("space",), "attack"),
        (("pick up", "put down"), ("up",), None),
        (("turn left", "turn right", "forward"), ("left",), "turn left"),
        (("turn left", "turn right", "forward"), ("up",), "forward"),
    ],
)
def test_keys_mean_what_the_actions_are_called(names, held, action):
    found = HandKeys.of(names).action(held)
    assert (None if found is None else names[found]) == action


def test_actions_without_names_have_numbers():
    keys = HandKeys.of([str(action) for action in range(12)])
    assert keys.action(["3"]) == 2
    assert keys.action(["0"]) == 9
    assert keys.label(9) == "0"
    assert keys.label(11) == ""
    assert keys.idle is None


def test_no_key_belongs_to_two_actions():
    for names in (MINATAR, ATARI, ("left", "west", "go left")):
        keys = [own for own in HandKeys.of(names).keys if own]
        assert len(keys) == len(set(keys))


def test_labels_are_words():
    keys = HandKeys.of(ATARI)
    assert keys.label(ATARI.index("uprightfire")) == "up + right + space"
    assert keys.label(0) == "no key"
    assert keys.uses("space")
    assert not keys.uses("p")
