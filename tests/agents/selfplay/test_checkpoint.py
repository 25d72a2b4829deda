"""The part of a model file that describes a model of a game."""

from __future__ import annotations

import json

import pytest
from gymnasium import spaces

import rlhf_games
from rlhf_adapters.two_player.goal_env import goal_space
from rlhf_agents.files.json_codec import encode
from rlhf_agents.selfplay.checkpoint import _space


def old_facts(space):
    """Return a space as version 0.1 described it."""
    if isinstance(space, spaces.Dict):
        return {"dict": {key: old_facts(part) for key, part in space.spaces.items()}}
    if isinstance(space, spaces.Discrete):
        return {"discrete": int(space.n)}
    bounds = [float(space.low.min()), float(space.high.max())]
    return {"box": bounds, "shape": list(space.shape), "dtype": str(space.dtype)}


@pytest.mark.parametrize("describe", [encode, old_facts], ids=["now", "version 0.1"])
@pytest.mark.parametrize("name", ["tic_tac_toe", "connect_four", "othello"])
def test_spaces_survive_json(name, describe):
    game = rlhf_games.make(name)
    for space in (goal_space(game), spaces.Discrete(game.n_actions)):
        assert _space(json.loads(json.dumps(describe(space)))) == space


@pytest.mark.parametrize(
    "facts", [{}, {"dict": {}}, {"box": [0, 1], "shape": [10**9], "dtype": "<f4"}, {"custom": "x"}]
)
def test_what_is_not_a_space_of_a_game_is_refused(facts):
    game = rlhf_games.make("tic_tac_toe")
    with pytest.raises((ValueError, KeyError, AssertionError)):
        assert _space(facts) == goal_space(game)
