"""Playing the missing games of a league, in one process or several."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.arena import NO_MOVE, play_games
from rlhf_agents.evaluation.entrants import Entrant, depends_on_seed, make_entrant
from rlhf_agents.evaluation.league import Batch, League, LeagueGame
from rlhf_agents.evaluation.openings import Openings
from rlhf_agents.players.agent import load_agent
from rlhf_agents.players.players import Player
from rlhf_agents.processes import JobRunner, in_turn, process_pool
from rlhf_agents.settings import MAX_WORKERS
from rlhf_games.base import States

MS_DIGITS = 5
Elsewhere = Callable[[League], AbstractContextManager[JobRunner]]
"""Opens a pool that plays the batches of a league."""


class Clocked:
    """A player with timed moves, in CPU time, as other work may share the machine.

    Attributes:
        seconds: its CPU time so far.
        moves: its number of moves.
    """

    def __init__(self, player: Player) -> None:
        self.player = player
        self.seconds, self.moves = 0.0, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.player, name)

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return the player's actions, see `Player.act`."""
        begun = time.process_time()
        actions = self.player.act(states, goal)
        self.seconds += time.process_time() - begun
        self.moves += len(states)
        return actions

    @property
    def ms(self) -> float:
        """CPU milliseconds per move, rounded as in files."""
        return round(1000 * self.seconds / max(self.moves, 1), MS_DIGITS)


class Stage:
    """Plays batches; deterministic players are made once.

    Args:
        game: name of the game.
        openings: of the league.
        seed: of the league.
    """

    def __init__(self, game: str, openings: Openings, seed: int) -> None:
        self.game, self.openings, self.seed = rlhf_games.make(game), openings, seed
        self._load = lru_cache(load_agent)
        self._made: dict[str, Player] = {}

    def player(self, entrant: Entrant, seed: int) -> Player:
        """Return a player; the first call compiles everything, so that no game's time includes it.

        Raises:
            UserError: there is no such player, or it cannot play this game.
        """
        known = self._made.get(entrant.name)
        if known is None:
            known = make_entrant(entrant, self.game, seed, self._load)
            known.act(self.game.initial(1), "win")
            self._made[entrant.name] = known
        return (
            make_entrant(entrant, self.game, seed, self._load) if depends_on_seed(known) else known
        )

    def work(self, job: Batch) -> list[LeagueGame]:
        """Return the games of a batch."""
        seeds = job.seeds(self.seed)
        one, other = (Clocked(self.player(*who)) for who in zip(job.pair, seeds, strict=True))
        rows = np.array(job.openings) % len(self.openings)
        chosen = Openings(self.openings.states[rows], self.openings.moves[rows])
        games = play_games(self.game, (one, other), chosen, 2 * len(rows))
        names, ms = [entrant.name for entrant in job.pair], (one.ms, other.ms)
        found = []
        for number, swapped in enumerate(games.agent_second.tolist()):
            moves, result = games.moves[number], int(games.results[number])
            seats = (1, 0) if swapped else (0, 1)
            found.append(
                LeagueGame(
                    players=(names[seats[0]], names[seats[1]]),
                    opening=job.openings[number // 2],
                    opening_plies=chosen.moves.shape[1],
                    moves=tuple(moves[moves != NO_MOVE].tolist()),
                    result=-result if swapped else result,
                    ms=(ms[seats[0]], ms[seats[1]]),
                )
            )
        return found


def play_league(
    league: League,
    *,
    workers: int = 1,
    on_progress: Callable[[int], object] = lambda _: None,
    elsewhere: Elsewhere | None = None,
) -> None:
    """Play the missing games; each batch is saved as soon as it is finished.

    Args:
        league: the league.
        workers: number of processes; 1 plays in this one.
        on_progress: called with the number of finished games of the plan.
        elsewhere: opens a pool to use in place of such processes.

    Raises:
        UserError: a player cannot be loaded, a file cannot be written, or a worker died.
        KeyboardInterrupt: from the keyboard; finished games are saved.
    """
    if not 1 <= workers <= MAX_WORKERS:
        msg = f"workers must be 1 to {MAX_WORKERS}, not {workers}"
        raise SettingError(msg)
    settings = league.game.name, league.openings, league.settings.seed
    stage = Stage(*settings)
    for entrant in league.entrants:
        stage.player(entrant, 0)  # reveals mistakes before the first game
    league.prepare()
    batches, wanted = league.missing(), league.wanted()
    many = min(workers, len(batches))
    done = sum(key in league.games for key in wanted)
    on_progress(done)
    pool: AbstractContextManager[JobRunner] = nullcontext(partial(in_turn, stage))
    if elsewhere is not None and batches:
        pool = elsewhere(league)
    elif many > 1:
        pool = process_pool(Stage, settings, many)
    with pool as carry_out:
        for _, games in carry_out(batches):
            done += league.add(games)
            on_progress(done)
