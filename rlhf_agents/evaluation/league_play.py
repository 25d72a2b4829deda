"""Playing the missing games of a league, in one process or several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache

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
from rlhf_agents.settings import MAX_WORKERS
from rlhf_games.base import Game, States

MS_DIGITS = 5
Elsewhere = Callable[[League, Sequence[Batch]], Iterator[list[LeagueGame]]]
"""Plays batches of a league and yields their games as they are finished."""


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
        game: the rules.
        openings: of the league.
        seed: of the league.
    """

    def __init__(self, game: Game, openings: Openings, seed: int) -> None:
        self.game, self.openings, self.seed = game, openings, seed
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

    def play(self, batch: Batch) -> list[LeagueGame]:
        """Return the games of a batch."""
        seeds = batch.seeds(self.seed)
        one, other = (Clocked(self.player(*who)) for who in zip(batch.pair, seeds, strict=True))
        rows = np.array(batch.openings) % len(self.openings)
        chosen = Openings(self.openings.states[rows], self.openings.moves[rows])
        games = play_games(self.game, (one, other), chosen, 2 * len(rows))
        names, ms = [entrant.name for entrant in batch.pair], (one.ms, other.ms)
        found = []
        for number, swapped in enumerate(games.agent_second.tolist()):
            moves, result = games.moves[number], int(games.results[number])
            seats = (1, 0) if swapped else (0, 1)
            found.append(
                LeagueGame(
                    players=(names[seats[0]], names[seats[1]]),
                    opening=batch.openings[number // 2],
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
        elsewhere: plays batches in place of such processes.

    Raises:
        UserError: a player cannot be loaded, a file cannot be written, or a worker died.
        KeyboardInterrupt: from the keyboard; finished games are saved.
    """
    if not 1 <= workers <= MAX_WORKERS:
        msg = f"workers must be 1 to {MAX_WORKERS}, not {workers}"
        raise SettingError(msg)
    stage = Stage(league.game, league.openings, league.settings.seed)
    for entrant in league.entrants:
        stage.player(entrant, 0)  # reveals mistakes before the first game
    league.prepare()
    batches, wanted = league.missing(), league.wanted()
    many = min(workers, len(batches))
    if elsewhere is not None and batches:
        played = elsewhere(league, batches)
    else:
        played = _in_processes(league, batches, many) if many > 1 else map(stage.play, batches)
    done = sum(key in league.games for key in wanted)
    on_progress(done)
    for games in played:
        done += league.add(games)
        on_progress(done)


def _in_processes(
    league: League, batches: Sequence[Batch], workers: int
) -> Iterator[list[LeagueGame]]:
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    settings = (league.game.name, league.openings, league.settings.seed)
    pool = ProcessPoolExecutor(workers, context, _set_up, settings)
    try:
        with _interrupts_ignored():  # inherited by the processes that start here
            futures = [pool.submit(_play, batch) for batch in batches]
        for future in as_completed(futures):
            yield future.result()
        pool.shutdown()
    except BrokenProcessPool as error:
        msg = "a worker process died, perhaps because memory ran out: try fewer --workers"
        raise SettingError(msg) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()


def _set_up(game: str, openings: Openings, seed: int) -> None:
    """Prepare a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker.append(Stage(rlhf_games.make(game), openings, seed))


def _end_with_parent() -> None:
    """End this process once its parent is gone, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_worker: list[Stage] = []
"""The stage of this worker process, None in the main process."""


def _play(batch: Batch) -> list[LeagueGame]:
    return _worker[0].play(batch)
