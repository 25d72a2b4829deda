"""Calibration: how strong an agent plays with which settings, for its levels.

Settings of the search, from weak to strong, play each other and a few other players; the ratings of
these games make the agent's `LevelTable`. Games are played in batches, see `arena.play_games`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import astuple, dataclass
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.cluster.actors import actor_pool
from rlhf_agents.cluster.session import Facts, facts_here
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.arena import play_games
from rlhf_agents.evaluation.openings import Openings, draw_openings
from rlhf_agents.evaluation.ratings import Results, rate
from rlhf_agents.files.model_file import read_model
from rlhf_agents.players.agent import Agent, agent_from_file
from rlhf_agents.players.levels import LevelTable, Measured, Strength
from rlhf_agents.players.players import AgentPlayer, Player, make_player
from rlhf_agents.processes import JobRunner, in_turn, process_pool

STRENGTHS = (
    Strength(1, 1.8, 0.0),
    Strength(1, 1.2, 0.7),
    Strength(2, 1.0, 1.6),
    Strength(4, 1.5),
    Strength(4, 0.9),
    Strength(4, 0.7),
    Strength(6, 0.5),
    Strength(8, 0.4),
    Strength(8, 0.3),
    Strength(12, 0.23),
    Strength(16, 0.18),
    Strength(20, 0.14),
    Strength(24, 0.11),
    Strength(32, 0.085),
    Strength(32, 0.065),
    Strength(48, 0.045),
    Strength(64, 0.03),
    Strength(64, 0.015),
    Strength(64),
    Strength(256),
    Strength(1000),
    Strength(1000, seconds=1.0),
)
"""From weak to strong. The weakest overlook even what happens at once, the strongest only what the
agent itself does not know."""
APART = (1, 2, 4, 6)
"""Settings so many places apart play each other: near ones tell their order, far ones the scale."""
ANCHOR = "random"
"""Has 0 Elo, and plays the weakest settings only. More would distort the scale: what beats chance
by far need not beat the next weaker setting as clearly."""
ANCHORED = 2
"""How many settings the anchor plays."""
SLOW_NODES = 1000
SLOW_APART = (1, 2)
"""The same for settings that look at so many positions, or play by the clock: they take long."""
CLOCKED_SHARE = 0.1
"""Share of the games that settings by the clock play."""
GAMES, FEWEST = 400, 20
"""Of two settings that meet: what is usual, and the fewest."""
LEAST_STEP = 0.1
"""Elo between neighbours, where the games show no order."""
SAMPLES = 400


@dataclass(frozen=True)
class Pair:
    """Two players that meet.

    Attributes:
        one: an index of the pool.
        other: likewise.
        games: how many they play.
    """

    one: int
    other: int
    games: int


@dataclass
class Pool:
    """Who plays in a calibration: the anchor, then the settings.

    Attributes:
        agent: whose settings they are.
        strengths: the settings.
        games: of two players that meet.
        seed: of openings and players.
    """

    agent: Agent
    strengths: Sequence[Strength] = STRENGTHS
    games: int = GAMES
    seed: int = 0

    def __post_init__(self) -> None:
        if self.games < FEWEST or self.games % 2:
            msg = f"a calibration needs an even number of games, {FEWEST} or more, not {self.games}"
            raise SettingError(msg)

    def __len__(self) -> int:
        return 1 + len(self.strengths)

    def pairs(self) -> list[Pair]:
        """Return who meets."""
        found = [Pair(0, 1 + place, self.games) for place in range(ANCHORED)]
        for place, strength in enumerate(self.strengths):
            clocked = strength.seconds is not None
            games = 2 * round(self.games * (CLOCKED_SHARE if clocked else 1.0) / 2)
            distances = SLOW_APART if strength.nodes >= SLOW_NODES else APART
            weaker = [1 + place - apart for apart in distances if place >= apart]
            found += [Pair(other, 1 + place, games) for other in weaker]
        return found

    def player(self, number: int, seed: int) -> Player:
        """Return a player; its errors depend on the seed."""
        if number == 0:
            return make_player(ANCHOR, self.agent.game, nodes=0, seed=seed)
        strength = self.strengths[number - 1]
        return AgentPlayer(self.agent.with_strength(strength, str(strength), seed), seed=seed)


class PairPlayer:
    """Plays the pairs of a pool; their games do not depend on where and when.

    Args:
        pool: who plays.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool, self.pairs = pool, pool.pairs()
        most = max(pair.games for pair in self.pairs)
        self._openings = draw_openings(pool.agent.game, most, pool.seed)

    def work(self, job: int) -> NDArray[np.int64]:
        """Return who was first, who second, the result and the opening, int64 `[4, N]`.

        Args:
            job: the number of the pair.
        """
        pool, pair, openings = self.pool, self.pairs[job], self._openings
        seeds = np.random.SeedSequence([pool.seed, job]).generate_state(3)
        rng = np.random.default_rng(int(seeds[2]))
        rows = rng.permutation(len(openings))[: pair.games // 2]
        chosen = Openings(openings.states[rows], openings.moves[rows])
        one, other = (
            pool.player(number, int(seed >> 1))
            for number, seed in zip((pair.one, pair.other), seeds[:2], strict=True)
        )
        games = play_games(pool.agent.game, (one, other), chosen, pair.games)
        first = np.where(games.agent_second, pair.other, pair.one)
        second = np.where(games.agent_second, pair.one, pair.other)
        result = np.where(games.agent_second, -games.results, games.results)
        opening = rows[(np.arange(pair.games) // 2) % len(rows)]
        return np.stack([first, second, result, opening]).astype(np.int64)


class RemotePairPlayer(PairPlayer):
    """The same in another process, from plain values.

    Args:
        name: of the agent.
        file: its model file.
        strengths: the values of each `Strength`.
        games: see `Pool`.
        seed: see `Pool`.
    """

    def __init__(
        self, name: str, file: bytes, strengths: Sequence[Any], games: int, seed: int
    ) -> None:
        agent = agent_from_file(name, read_model(BytesIO(file)))
        super().__init__(Pool(agent, [Strength(*values) for values in strengths], games, seed))

    def facts(self) -> Facts:
        """Return what games depend on, see `facts_here`."""
        return facts_here(self.pool.agent.game)


def runner_of(
    pool: Pool, file: bytes, workers: int, cluster: str | None = None
) -> AbstractContextManager[JobRunner]:
    """Return what carries out a calibration in several processes.

    Args:
        pool: who plays.
        file: the agent's model file.
        workers: processes on this machine.
        cluster: address of a Ray cluster to use instead, see `actor_pool`.
    """
    strengths = [astuple(each) for each in pool.strengths]
    plain = pool.agent.name, file, strengths, pool.games, pool.seed
    if cluster is not None:
        return actor_pool(cluster, RemotePairPlayer, plain, facts_here(pool.agent.game))
    if workers == 1:
        return nullcontext(partial(in_turn, PairPlayer(pool)))
    return process_pool(RemotePairPlayer, plain, workers)


def calibrate(
    pool: Pool,
    on_progress: Callable[[int], object] = lambda _: None,
    runner: AbstractContextManager[JobRunner] | None = None,
) -> LevelTable:
    """Let the pool play, and return the levels that follow.

    Args:
        pool: who plays.
        on_progress: called with the number of games played so far.
        runner: see `runner_of`; None plays here.

    Raises:
        SettingError: the settings do not differ in strength.
    """
    pairs, done = pool.pairs(), 0
    results: list[NDArray[np.int64]] = [np.empty((4, 0), np.int64)] * len(pairs)
    with runner or nullcontext(partial(in_turn, PairPlayer(pool))) as carry_out:
        slowest_first = range(len(pairs))[::-1]  # so that no process is left with a long job
        for place, found in carry_out(slowest_first):
            results[slowest_first[place]] = found
            done += found.shape[1]
            on_progress(done)
    joined = np.concatenate(results, axis=1)
    return _table(pool, Results(*joined))


def _table(pool: Pool, results: Results) -> LevelTable:
    ratings = rate(results, len(pool), anchor=0, samples=SAMPLES, seed=pool.seed)
    elo = rising(ratings.elo[1:])
    error = (ratings.high - ratings.low)[1:] / 2
    if elo[-1] - elo[0] < 1.0:
        msg = f"the settings of {pool.agent.name} do not differ in strength: train it longer"
        raise SettingError(msg)
    measured = tuple(
        Measured(strength, round(float(mine), 1), round(float(off), 1))
        for strength, mine, off in zip(pool.strengths, elo, error, strict=True)
    )
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return LevelTable(measured, date, (ANCHOR,), len(results))


def rising(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest values that rise by `LEAST_STEP` or more from each to the next, `[K]`.

    The pool-adjacent-violators algorithm: neighbours in the wrong order take their mean.
    """
    steps = LEAST_STEP * np.arange(len(values))
    blocks: list[tuple[float, int]] = []
    for value in values - steps:
        blocks.append((float(value), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (low, few), (high, more) = blocks[-2:]
            blocks[-2:] = [((low * few + high * more) / (few + more), few + more)]
    means = np.array([value for value, _ in blocks])
    return np.asarray(np.repeat(means, [count for _, count in blocks]) + steps, np.float64)
