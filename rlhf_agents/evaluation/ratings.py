"""Ratings: the strength of players, from the results of their games against each other.

The model is Bradley and Terry's with Davidson's (1970) draws and Davidson and Beaver's (1977)
advantage of the first move. With `d = strength(first) + advantage - strength(second)`

    P(first wins) : P(draw) : P(second wins)  =  exp(d / 2) : exp(draws) : exp(-d / 2)

Its log-likelihood is concave; Newton's method finds the maximum for all bootstrap samples at once.
One unit of strength is 400 / ln 10 Elo points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ELO = 400 / math.log(10)
"""Elo points in one unit of strength."""
WIN, DRAW, LOSS = 0, 1, 2
"""Columns of counts: the first player's results."""
PRIOR_GAMES = 0.5
"""Games added between any two players that met, half won and half lost (the score of a draw), so
that a score of 100 % has a finite rating."""
RIDGE = 1e-6
"""Fixes what the games do not determine, such as the distance of unconnected players."""
STEPS, TOLERANCE, LARGEST_STEP = 100, 1e-10, 2.0
SAMPLES = 1000
MISFIT = 0.01
"""The probability that a transitive league is reported as intransitive."""
SMALLEST_MISFIT = 0.02
"""The smallest difference of scores that matters, however many games show it."""


@dataclass(frozen=True)
class Results:
    """The results of N games.

    Attributes:
        first: int64 `[N]`, the player who moved first.
        second: int64 `[N]`, the other player.
        result: int64 `[N]`, 1 won, 0 drawn, -1 lost by the first player.
        opening: int64 `[N]`; games of the same two players from the same opening are resampled
            together.
    """

    first: Ints
    second: Ints
    result: Ints
    opening: Ints

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Misfit:
    """Two players whose games contradict their ratings.

    Attributes:
        player: the one that did better than expected.
        other: the other.
        score: of `player`, in [0, 1].
        expected: the score predicted by the ratings.
    """

    player: int
    other: int
    score: float
    expected: float


@dataclass(frozen=True)
class Ratings:
    """The strength of K players.

    Attributes:
        elo: float64 `[K]`; 0 is the anchor, or the mean without one.
        low: float64 `[K]`, the lower end of the 95 % interval. Intervals are for the distance to
            the mean, even with an anchor, whose own uncertainty would widen all of them equally.
        high: float64 `[K]`, its upper end.
        superiority: float64 `[K, K]`, how likely row is stronger than column, in [0, 1].
        expected: float64 `[K, K]`, the score of row against column when the seats alternate.
        advantage: the value of the first move, in Elo.
        draws: share of draws between equals.
        groups: int64 `[K]`; ratings of players in different groups cannot be compared.
        unbeaten: players that scored all points of their games: their rating is too low.
        scoreless: players without a point: their rating is too high.
        misfits: matchups that contradict the ratings, the worst first.
    """

    elo: Floats
    low: Floats
    high: Floats
    superiority: Floats
    expected: Floats
    advantage: float
    draws: float
    groups: Ints
    unbeaten: tuple[int, ...]
    scoreless: tuple[int, ...]
    misfits: tuple[Misfit, ...]


def rate(
    results: Results,
    players: int,
    *,
    anchor: int | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Ratings:
    """Rate players by their games.

    Args:
        results: of the games.
        players: K, their number.
        anchor: the player whose rating is 0; None makes the mean 0.
        samples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        SettingError: there is no game, or a game without two valid players.
    """
    _check(results, players)
    matchups = _Matchups(results, players)
    best = fit(matchups.counts[None], matchups.seats, players)[0]
    resampled = matchups.resampled(samples, np.random.default_rng(seed))
    drawn = fit(resampled, matchups.seats, players, start=best)
    elo, elos = _centred(best[None], players)[0], _centred(drawn, players)
    low, high = np.quantile(elos, (0.025, 0.975), axis=0)
    zero = 0.0 if anchor is None else elo[anchor]
    expected = _expected(best, players)
    points, games = _points(results, players)
    return Ratings(
        elo=elo - zero,
        low=np.minimum(low, elo) - zero,
        high=np.maximum(high, elo) - zero,
        superiority=_superiority(elos),
        expected=expected,
        advantage=float(ELO * best[players]),
        draws=float(math.exp(best[-1]) / (2 + math.exp(best[-1]))),
        groups=connected(results.first, results.second, players),
        unbeaten=tuple(np.flatnonzero((games > 0) & (points == games)).tolist()),
        scoreless=tuple(np.flatnonzero((games > 0) & (points == 0)).tolist()),
        misfits=_misfits(results, best, players),
    )


def _check(results: Results, players: int) -> None:
    if not len(results):
        msg = "there are no games to rate"
        raise SettingError(msg)
    both = np.concatenate([results.first, results.second])
    if both.min() < 0 or both.max() >= players or (results.first == results.second).any():
        msg = f"every game needs two of the players 0 to {players - 1}"
        raise SettingError(msg)


# ---- the model -------------------------------------------------------------------------------


def fit(
    counts: Floats,
    seats: Ints,
    players: int,
    *,
    prior: float = PRIOR_GAMES,
    start: Floats | None = None,
) -> Floats:
    """Return the most likely parameters of S samples, float64 `[S, K + 2]`.

    They are the K strengths, the advantage of the first move and the logarithm of `draws`.

    Args:
        counts: float64 `[S, M, 3]`, wins, draws and losses of the first player of M matchups.
        seats: int64 `[M, 2]`, the first and the second player of each.
        players: K.
        prior: games added between any two players that met.
        start: float64 `[K + 2]`, the initial parameters.
    """
    rows = np.arange(len(seats))
    features = np.zeros((len(seats), 2, players + 2))  # for d and the draws
    features[rows, 0, seats[:, 0]] = 1
    features[rows, 0, seats[:, 1]] = -1
    features[:, 0, players] = 1
    features[:, 1, players + 1] = 1
    _, pair, met = _pairs(Results(seats[:, 0], seats[:, 1], rows, rows))
    even = prior / met[pair][:, None] * np.array([0.5, 0.0, 0.5])
    counts = counts + even
    current = (
        np.zeros((len(counts), players + 2)) if start is None else np.tile(start, (len(counts), 1))
    )
    bends = [
        np.einsum("ma,mb->mab", features[:, i], features[:, j]).reshape(len(seats), -1)
        for i, j in ((0, 0), (1, 1), (0, 1), (1, 0))
    ]
    for _ in range(STEPS):
        slope, step = _newton_step(counts, features, np.concatenate(bends), current)
        longest = np.abs(step).max(axis=1, keepdims=True)
        current += step * np.minimum(1, LARGEST_STEP / np.maximum(longest, LARGEST_STEP))
        if (slope * step).sum(axis=1).max() < TOLERANCE:  # twice the likelihood's remaining gain
            break
    return current


def _newton_step(
    counts: Floats, features: Floats, bends: Floats, current: Floats
) -> tuple[Floats, Floats]:
    """Return the gradient and the Newton step, both `[S, P]`.

    Args:
        counts: see `fit`.
        features: float64 `[M, 2, P]`, for d and the draws.
        bends: float64 `[4 * M, P * P]`, the products of features for the second derivative.
        current: float64 `[S, P]`.
    """
    games = counts.sum(axis=2)
    chances = probabilities(current @ features[:, 0].T, current[:, -1:])
    lead, drawn = (chances[..., WIN] - chances[..., LOSS]) / 2, chances[..., DRAW]
    slope = ((counts[..., WIN] - counts[..., LOSS]) / 2 - games * lead) @ features[:, 0]
    slope += (counts[..., DRAW] - games * drawn) @ features[:, 1] - RIDGE * current
    both = -games * lead * drawn
    weights = (games * ((1 - drawn) / 4 - lead**2), games * drawn * (1 - drawn), both, both)
    parameters = features.shape[2]
    bend = (np.concatenate(weights, axis=1) @ bends).reshape(-1, parameters, parameters)
    step: Floats = np.linalg.solve(bend + RIDGE * np.eye(parameters), slope[..., None])[..., 0]
    return slope, step


def probabilities(lead: Floats, draws: Floats) -> Floats:
    """Return the probabilities that the first player wins, draws and loses, float64 `[..., 3]`.

    Args:
        lead: its strength and advantage less the other's strength, `d` in the module's formula.
        draws: the logarithm of the weight of draws.
    """
    most = np.maximum(np.abs(lead) / 2, draws)
    powers = np.stack([np.exp(logit - most) for logit in (lead / 2, draws, -lead / 2)], axis=-1)
    chances: Floats = powers / (powers[..., 0] + powers[..., 1] + powers[..., 2])[..., None]
    return chances


def _expected(parameters: Floats, players: int) -> Floats:
    """Return the score of row against column when the seats alternate, `[K, K]`."""
    strengths, advantage, draws = parameters[:players], parameters[players], parameters[-1:]
    apart = strengths[:, None] - strengths
    both = [probabilities(apart + sign * advantage, draws) for sign in (1, -1)]
    scores: Floats = np.mean([one[..., WIN] + one[..., DRAW] / 2 for one in both], axis=0)
    return scores


def _centred(parameters: Floats, players: int) -> Floats:
    """Return Elo ratings whose mean is 0, `[S, K]`."""
    strengths = parameters[:, :players]
    elo: Floats = ELO * (strengths - strengths.mean(axis=1, keepdims=True))
    return elo


def _superiority(elos: Floats) -> Floats:
    """Return the share of samples in which row is above column, ties half, `[K, K]`."""
    apart = elos[:, :, None] - elos[:, None, :]
    shares: Floats = ((apart > 0) + (apart == 0) / 2).mean(axis=0)
    return shares


# ---- the games -------------------------------------------------------------------------------


class _Matchups:
    """Games by players and seats, and the bootstrap over openings.

    Attributes:
        seats: int64 `[M, 2]`, the first and the second player.
        counts: float64 `[M, 3]`, wins, draws and losses of the first.
    """

    def __init__(self, results: Results, players: int) -> None:
        keys, rows = np.unique(results.first * players + results.second, return_inverse=True)
        self.seats = np.stack([keys // players, keys % players], axis=1)
        columns = rows * 3 + (1 - results.result)
        cells = 3 * len(keys)
        self.counts = np.bincount(columns, minlength=cells).reshape(-1, 3).astype(np.float64)
        self._pair_of = _pairs(results)[1]
        self._opening, self._columns, self._cells = results.opening, columns, cells

    def resampled(self, samples: int, rng: np.random.Generator) -> Floats:
        """Return counts of bootstrap samples, float64 `[S, M, 3]`.

        Within each pair of players, openings are drawn with replacement, each with all its games.
        Openings with the same results are drawn together, which is much faster.
        """
        total = np.zeros((samples, self._cells))
        for pair in range(self._pair_of.max() + 1):
            games = self._pair_of == pair
            columns, where = np.unique(self._columns[games], return_inverse=True)
            openings, which = np.unique(self._opening[games], return_inverse=True)
            table = np.zeros((len(openings), len(columns)))
            np.add.at(table, (which, where), 1)
            kinds, sizes = np.unique(table, axis=0, return_counts=True)
            drawn = rng.multinomial(len(openings), sizes / len(openings), size=samples)
            total[:, columns] += drawn @ kinds
        return total.reshape(samples, -1, 3)


def _points(results: Results, players: int) -> tuple[Floats, Floats]:
    """Return the points and the number of games of each player, `[K]` both."""
    won = (results.result + 1) / 2
    points, games = np.zeros(players), np.zeros(players)
    for seat, got in ((results.first, won), (results.second, 1 - won)):
        np.add.at(points, seat, got)
        np.add.at(games, seat, 1)
    return points, games


def connected(first: Ints, second: Ints, players: int) -> Ints:
    """Return the group of each player, int64 `[K]`: games connect players."""
    groups = np.arange(players)
    for one, other in np.unique(np.stack([first, second], axis=1), axis=0):
        groups[groups == groups[one]] = groups[other]
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _pairs(results: Results) -> tuple[Ints, Ints, Ints]:
    """Return pairs of players that met `[P, 2]`, each game's pair `[N]`, and their games `[P]`."""
    both = np.sort(np.stack([results.first, results.second], axis=1), axis=1)
    pairs, which, games = np.unique(both, axis=0, return_inverse=True, return_counts=True)
    return pairs, which.reshape(-1), games


def _misfits(results: Results, parameters: Floats, players: int) -> tuple[Misfit, ...]:
    """Return matchups whose scores differ significantly from those predicted by the ratings."""
    lead = parameters[results.first] - parameters[results.second] + parameters[players]
    chances = probabilities(lead, parameters[-1:])
    mean = chances[:, WIN] + chances[:, DRAW] / 2
    pairs, which, games = _pairs(results)
    sign = np.where(results.first == pairs[which, 0], 1, -1)
    surprise = sign * ((results.result + 1) / 2 - mean)
    apart = np.bincount(which, surprise) / games
    spread = np.bincount(which, chances[:, WIN] + chances[:, DRAW] / 4 - mean**2)
    # Games from one opening depend on each other: repetitions are not further evidence.
    opening = np.unique(results.opening, return_inverse=True)[1]
    keys, cluster = np.unique(which * len(results) + opening, return_inverse=True)
    sums = np.bincount(cluster, surprise - apart[which])
    spread = np.maximum(spread, np.bincount(keys // len(results), sums**2))
    unit = np.sqrt(spread) / games
    limit = np.maximum(NormalDist().inv_cdf(1 - MISFIT / (2 * len(pairs))) * unit, SMALLEST_MISFIT)
    score = np.bincount(which, (1 + sign * results.result) / 2) / games
    found = []
    for pair in np.argsort(-np.abs(apart) / np.maximum(unit, 1e-12)):
        one, other = (int(player) for player in pairs[pair])
        got, wanted = float(score[pair]), float(score[pair] - apart[pair])
        if apart[pair] > limit[pair]:
            found.append(Misfit(one, other, got, wanted))
        elif apart[pair] < -limit[pair]:
            found.append(Misfit(other, one, 1 - got, 1 - wanted))
    return tuple(found)


def warnings_of(ratings: Ratings, names: Sequence[str]) -> list[str]:
    """Return sentences that a reader of the ratings should know."""
    found = []
    groups = [
        ", ".join(names[player] for player in np.flatnonzero(ratings.groups == group).tolist())
        for group in range(int(ratings.groups.max()) + 1)
    ]
    if len(groups) > 1:
        listed = " | ".join(groups)
        found.append(f"these groups never met, so compare ratings only within each: {listed}")
    for players, word, bound in (
        (ratings.unbeaten, "all points of its games", "a lower"),
        (ratings.scoreless, "no point", "an upper"),
    ):
        found += [
            f"{names[player]} scored {word}: its rating is only {bound} bound" for player in players
        ]
    if ratings.misfits:
        worst = ratings.misfits[0]
        found.append(
            f"results are not transitive: {len(ratings.misfits)} matchups contradict the ratings, "
            f"most of all {names[worst.player]} against {names[worst.other]}, which scored "
            f"{worst.score:.0%} where {worst.expected:.0%} were expected"
        )
    return found
