"""Searches that a clock ends."""

from __future__ import annotations

import time

import pytest

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.players.players import make_player
from rlhf_agents.search import budget
from tests.agents.players.player_contract import PlayerContract


def timed(game, spec: str):
    return make_player(spec, game, nodes=1, seed=0)


class TestTimedMinimax(PlayerContract):
    @pytest.fixture
    def player(self):
        game = rlhf_games.make("tic_tac_toe")
        return timed(game, "minimax:2@0.001s"), game


def test_a_deep_search_ends_in_time(monkeypatch):
    monkeypatch.setattr(budget, "now", time.thread_time)  # other programs delay only real time
    game = rlhf_games.make("connect_four")
    player = timed(game, "minimax:40@0.05s")
    assert player.name == "minimax:40@0.05s"
    player.explain(game.initial(1)[0])  # compiles
    begun = time.thread_time()
    why = player.explain(game.initial(1)[0])
    assert time.thread_time() - begun < 0.1
    assert why.nodes > 100


@pytest.mark.parametrize("spec", ["minimax:3@7", "minimax:3@level4", "minimax:3@0s"])
def test_other_budgets_are_refused(spec: str):
    with pytest.raises(SettingError, match=r"minimax:3@0\.5s|seconds must be above 0"):
        timed(rlhf_games.make("tic_tac_toe"), spec)
