"""A league on a cluster has the games that it has here."""

from __future__ import annotations

from functools import partial

import pytest

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.entrants import entrants_of
from rlhf_agents.evaluation.league import League, LeagueSettings
from rlhf_agents.evaluation.league_play import play_league

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

from rlhf_agents.evaluation import league_cluster  # noqa: E402 - only where Ray is

PLAYER = "agent@8"


def league():
    game = rlhf_games.make("tic_tac_toe")
    entrants = entrants_of(["random", "minimax:1", PLAYER], game, 8)
    return League(game, entrants, LeagueSettings(games=8))


def games_of(played):
    return sorted((g.players, g.opening, g.moves, g.result) for g in played.games.values())


def test_machines_play_the_same_games(nodes):
    nodes.want(2)
    here, there = league(), league()
    play_league(here)
    address = nodes.cluster.address
    play_league(there, elsewhere=partial(league_cluster.league_pool, address=address))
    assert games_of(there) == games_of(here)
    assert len(games_of(here)) == 24


def test_other_files_are_refused(nodes, monkeypatch):
    nodes.want(1)
    ours = league_cluster.facts_of
    monkeypatch.setattr(
        league_cluster,
        "facts_of",
        lambda *args: {**ours(*args), "the file of agent@8": "another"},
    )
    pool = league_cluster.league_pool(league(), nodes.cluster.address)
    with pytest.raises(SettingError, match="the file of agent@8 there is"), pool:
        pass
