"""The games of a league on the machines of a Ray cluster: one process per core."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import rlhf_games
from rlhf_agents.cluster.session import (
    Facts,
    actor_on,
    connect,
    facts_here,
    free_nodes,
    mismatch,
)
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.entrants import digest_of
from rlhf_agents.evaluation.league import Batch, League, LeagueGame
from rlhf_agents.evaluation.league_play import Stage
from rlhf_agents.evaluation.openings import Openings
from rlhf_agents.progress import warn
from rlhf_games.base import Game


class RemoteStage:
    """Plays batches of a league on another machine; an actor.

    Args:
        game: name of the game.
        openings: of the league.
        seed: of the league.
    """

    def __init__(self, game: str, openings: tuple[Any, Any], seed: int) -> None:
        self._stage = Stage(rlhf_games.make(game), Openings(*openings), seed)

    def facts(self, files: dict[str, str]) -> Facts:
        """Return what games depend on here, see `facts_of`."""
        return facts_of(self._stage.game, files)

    def play(self, batch: Batch) -> list[dict[str, Any]]:
        """Return the games of a batch."""
        return [asdict(game) for game in self._stage.play(batch)]


def facts_of(game: Game, files: dict[str, str]) -> Facts:
    """Return what games depend on: versions, rules, and the files of players.

    Args:
        game: the rules.
        files: the words that name players with a file, by their names in the league.
    """
    digests = {f"the file of {name}": digest_of(word, game)[:16] for name, word in files.items()}
    return {**facts_here(game), **digests}


def play_in_cluster(
    league: League, batches: Sequence[Batch], address: str
) -> Iterator[list[LeagueGame]]:
    """Yield the games of batches as they are finished; those of a lost process are played again.

    Args:
        league: the league.
        batches: to play.
        address: of the cluster, see `connect`.

    Raises:
        SettingError: there is no such cluster, no machine of it can play, or a player fails.
    """
    ray = connect(address)
    actors = _admitted(ray, league)
    waiting, playing = list(reversed(batches)), dict[Any, tuple[Any, Batch]]()
    free = list(actors)
    try:
        while waiting or playing:
            while waiting and free:
                actor, batch = free.pop(), waiting.pop()
                playing[actor.play.remote(batch)] = actor, batch
            if not playing:
                msg = "all machines of the cluster are gone; the same command plays what is missing"
                raise SettingError(msg)
            (ready,), _ = ray.wait(list(playing))
            actor, batch = playing.pop(ready)
            try:
                games = ray.get(ready)
            except ray.exceptions.RayTaskError as error:
                raise SettingError(f"a player failed on the cluster: {error.cause}") from error
            except ray.exceptions.RayError as error:
                actors.remove(actor)
                reason = type(error).__name__
                warn(f"lost a process of the cluster ({reason}): {len(actors)} go on")
                waiting.append(batch)
                continue
            free.append(actor)
            yield [LeagueGame(**each) for each in games]
    finally:
        for actor in actors:
            ray.kill(actor)


def _admitted(ray: Any, league: League) -> list[Any]:
    """Return an actor for each core of those machines whose versions, rules and files are ours."""
    files = {each.name: each.word for each in league.entrants if each.digest}
    ours = facts_of(league.game, files)
    openings = league.openings.states, league.openings.moves
    settings = league.game.name, openings, league.settings.seed
    started = [
        (address, actor_on(ray, node, 1, RemoteStage, *settings))
        for node, address, cores in free_nodes(ray)
        for _ in range(cores)
    ]
    asked = [actor.facts.remote(files) for _, actor in started]
    admitted, reasons = [], []
    for (address, actor), facts in zip(started, asked, strict=True):
        try:
            reason = mismatch(ours, ray.get(facts))
        except ray.exceptions.RayError as error:  # a machine that died a moment ago
            warn(f"a process on {address} failed ({type(error).__name__})")
            continue
        if reason:
            reasons.append(f"the machine {address} does not take part: {reason}")
            warn(reasons[-1])
            ray.kill(actor)
        else:
            admitted.append(actor)
    if not admitted:
        msg = f"no machine of the cluster can play: {reasons[0] if reasons else 'no core is free'}"
        raise SettingError(msg)
    return admitted
