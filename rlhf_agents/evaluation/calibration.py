"""Calibration: how strong an agent plays with which settings, for its levels.

First, settings of the search, from weak to strong, play each other: this tells which settings make
twelve equal steps. Then these twelve levels play each other, in more games: this sets the scale, as
near and far opponents have the same weight at every level. Games are played in batches, see
`arena.play_games`; time is CPU time, as other work may share the machine.
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
from rlhf_agents.players.levels import LEVELS, LevelTable, Measured, Strength
from rlhf_agents.players.players import AgentPlayer, Player, make_player
from rlhf_agents.processes import JobRunner, in_turn, process_pool
from rlhf_agents.progress import progress_bar
from rlhf_agents.search.budget import cpu_time

STRENGTHS = (
    Strength(1, 1.8, 0.0),
    Strength(1, 1.2, 0.7),
    Strength(2, 1.0, 1.6),
    Strength(4, 2.5),
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
APART, LEVELS_APART = (1, 2, 4, 6), (1, 2, 3)
"""Settings, and levels, so many places apart play each other: near ones tell their order, far ones
the scale."""
ANCHOR = "random"
"""Has 0 Elo, and plays the weakest only. More would distort the scale: what beats chance by far
need not beat the next weaker setting as clearly."""
ANCHORED = 2
"""How many settings, or levels, the anchor plays."""
SLOW_NODES = 1000
SLOW_APART = (1, 2)
"""Settings that look at so many positions, or play by the clock, take long: these are their
distances."""
CLOCKED_SHARE = 0.1
"""Share of the games that settings by the clock play."""
SETTINGS_SHARE = 0.25
"""Share of the games that two settings play; two levels play all."""
SAME_ERRORS = 10
"""From how many openings the same two players play; then they misjudge other things."""
GAMES, FEWEST = 400, 20
"""Of two levels that meet: what is usual, and the fewest."""
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
    """Who plays each other: the anchor, then settings.

    Attributes:
        agent: whose settings they are.
        strengths: the settings.
        games: of two players that meet, an even number.
        seed: of openings and players.
        apart: settings so many places apart meet.
    """

    agent: Agent
    strengths: Sequence[Strength]
    games: int
    seed: int
    apart: tuple[int, ...]

    def __len__(self) -> int:
        return 1 + len(self.strengths)

    def pairs(self) -> list[Pair]:
        """Return who meets."""
        found = [Pair(0, 1 + place, self.games) for place in range(ANCHORED)]
        for place, strength in enumerate(self.strengths):
            clocked = strength.seconds is not None
            games = self.games if not clocked else max(2 * round(self.games * CLOCKED_SHARE / 2), 2)
            distances = SLOW_APART if strength.nodes >= SLOW_NODES else self.apart
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
        pair, rng = self.pairs[job], np.random.default_rng([self.pool.seed, job])
        rows = np.resize(rng.permutation(len(self._openings)), pair.games // 2)
        parts = np.split(rows, range(SAME_ERRORS, len(rows), SAME_ERRORS))
        with cpu_time():
            played = [self._played(pair, part, rng) for part in parts]
        return np.concatenate(played, axis=1)

    def _played(
        self, pair: Pair, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Play from some openings, with errors of their own."""
        one, other = (
            self.pool.player(number, int(rng.integers(2**31))) for number in (pair.one, pair.other)
        )
        chosen = Openings(self._openings.states[rows], self._openings.moves[rows])
        games = play_games(self.pool.agent.game, (one, other), chosen, 2 * len(rows))
        first = np.where(games.agent_second, pair.other, pair.one)
        second = np.where(games.agent_second, pair.one, pair.other)
        result = np.where(games.agent_second, -games.results, games.results)
        return np.stack([first, second, result, np.repeat(rows, 2)]).astype(np.int64)


class RemotePairPlayer(PairPlayer):
    """The same in another process, from plain values.

    Args:
        name: of the agent.
        file: its model file.
        strengths: the values of each `Strength`.
        rest: games, seed and apart, see `Pool`.
    """

    def __init__(self, name: str, file: bytes, strengths: Sequence[Any], *rest: Any) -> None:
        agent = agent_from_file(name, read_model(BytesIO(file)))
        super().__init__(Pool(agent, [Strength(*values) for values in strengths], *rest))

    def facts(self) -> Facts:
        """Return what games depend on, see `facts_here`."""
        return facts_here(self.pool.agent.game)


Runner = AbstractContextManager[JobRunner]


def here(pool: Pool) -> Runner:
    """Return what plays the pairs of a pool in this process."""
    return nullcontext(partial(in_turn, PairPlayer(pool)))


def runner_of(pool: Pool, file: bytes, workers: int, cluster: str | None = None) -> Runner:
    """Return what plays the pairs of a pool in several processes.

    Args:
        pool: who plays.
        file: the agent's model file.
        workers: processes on this machine.
        cluster: address of a Ray cluster to use instead, see `actor_pool`.
    """
    strengths = [astuple(each) for each in pool.strengths]
    plain = pool.agent.name, file, strengths, pool.games, pool.seed, pool.apart
    if cluster is not None:
        return actor_pool(cluster, RemotePairPlayer, plain, facts_here(pool.agent.game))
    return here(pool) if workers == 1 else process_pool(RemotePairPlayer, plain, workers)


def calibrate(
    agent: Agent,
    games: int = GAMES,
    seed: int = 0,
    strengths: Sequence[Strength] = STRENGTHS,
    runner: Callable[[Pool], Runner] = here,
) -> LevelTable:
    """Let settings of an agent play each other, and return the levels that follow.

    Args:
        agent: whose levels.
        games: of two levels that meet.
        seed: of openings and players.
        strengths: the settings, from weak to strong.
        runner: makes what plays the pairs of a pool.

    Raises:
        SettingError: the settings do not differ in strength, or `games` is too small or odd.
    """
    if games < FEWEST or games % 2:
        msg = f"a calibration needs an even number of games, {FEWEST} or more, not {games}"
        raise SettingError(msg)
    fewer = 2 * round(games * SETTINGS_SHARE / 2)
    first = _measured(Pool(agent, strengths, fewer, seed, APART), runner)
    levels = [first.of_level(level) for level in range(1, LEVELS + 1)]
    second = _measured(Pool(agent, levels, games, seed + 1, LEVELS_APART), runner)
    return rescaled(first, second)


def _measured(pool: Pool, runner: Callable[[Pool], Runner]) -> LevelTable:
    """Let a pool play, and return its settings with the Elo of these games."""
    pairs, done = pool.pairs(), 0
    found: list[NDArray[np.int64]] = [np.empty((4, 0), np.int64)] * len(pairs)
    title = "levels" if pool.apart == LEVELS_APART else "settings"
    total = sum(pair.games for pair in pairs)
    with runner(pool) as carry_out, progress_bar(title, total, "games") as show:
        slowest_first = range(len(pairs))[::-1]  # so that no process is left with a long job
        for place, games in carry_out(slowest_first):
            found[slowest_first[place]] = games
            done += games.shape[1]
            show(done)
    results = Results(*np.concatenate(found, axis=1))
    ratings = rate(results, len(pool), anchor=0, samples=SAMPLES, seed=pool.seed)
    elo = rising(ratings.elo[1:])
    if elo[-1] - elo[0] < 1.0:
        msg = f"the settings of {pool.agent.name} do not differ in strength: train it longer"
        raise SettingError(msg)
    return _table(pool.strengths, elo, (ratings.high - ratings.low)[1:] / 2, done)


def rescaled(first: LevelTable, second: LevelTable) -> LevelTable:
    """Return the settings of `first`, with the scale of games between its levels, `second`."""
    asked = [first.elo_of(level) for level in range(1, LEVELS + 1)]
    old = np.array([one.elo for one in first.measured])
    elo = np.interp(old, asked, [one.elo for one in second.measured])
    error = np.interp(old, asked, [one.error for one in second.measured])
    strengths = [one.strength for one in first.measured]
    return _table(strengths, rising(elo), error, first.games + second.games)


def _table(
    strengths: Sequence[Strength], elo: NDArray[np.float64], error: NDArray[np.float64], games: int
) -> LevelTable:
    measured = tuple(
        Measured(strength, round(float(mine), 1), round(float(off), 1))
        for strength, mine, off in zip(strengths, elo, error, strict=True)
    )
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return LevelTable(measured, date, (ANCHOR,), games)


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
