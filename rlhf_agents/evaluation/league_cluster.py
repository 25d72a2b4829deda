"""The games of a league on the machines of a Ray cluster: one process per core."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from rlhf_agents.cluster.actors import actor_pool
from rlhf_agents.cluster.session import Facts, facts_here
from rlhf_agents.evaluation.entrants import digest_of
from rlhf_agents.evaluation.league import League
from rlhf_agents.evaluation.league_play import Stage
from rlhf_agents.evaluation.openings import Openings
from rlhf_agents.processes import JobRunner
from rlhf_games.base import Game


class RemoteStage(Stage):
    """Plays batches of a league on another machine; an actor.

    Args:
        game: name of the game.
        openings: states and moves of those of the league.
        seed: of the league.
        files: the words that name players with a file, by their names in the league.
    """

    def __init__(
        self, game: str, openings: tuple[Any, Any], seed: int, files: dict[str, str]
    ) -> None:
        super().__init__(game, Openings(*openings), seed)
        self._files = files

    def facts(self) -> Facts:
        """Return what games depend on here, see `facts_of`."""
        return facts_of(self.game, self._files)


def facts_of(game: Game, files: dict[str, str]) -> Facts:
    """Return what games depend on: versions, rules, and the files of players.

    Args:
        game: the rules.
        files: the words that name players with a file, by their names in the league.
    """
    digests = {f"the file of {name}": digest_of(word, game)[:16] for name, word in files.items()}
    return {**facts_here(game), **digests}


def league_pool(league: League, address: str) -> AbstractContextManager[JobRunner]:
    """Return a pool that plays batches of a league; see `actor_pool`, also for what it raises.

    Args:
        league: the league.
        address: of the cluster.
    """
    files = {each.name: each.word for each in league.entrants if each.digest}
    openings = league.openings.states, league.openings.moves
    settings = league.game.name, openings, league.settings.seed, files
    return actor_pool(address, RemoteStage, settings, facts_of(league.game, files))
