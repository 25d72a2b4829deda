"""Ratings: known strengths are found again, another library agrees, what is odd is said."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.ratings import (
    ELO,
    Results,
    connected,
    fit,
    probabilities,
    rate,
    warnings_of,
)

ADVANTAGE, DRAWS = 0.4, -0.5
STRENGTHS = np.array([0.0, 0.6, 1.1, 1.7, 2.6])


def league(strengths: np.ndarray, games: int, seed: int, opening_luck: float = 0.0) -> Results:
    """Simulate a round robin: openings are played twice with the seats swapped.

    `opening_luck` is how much an opening favours the first player, so that its games depend on
    each other.
    """
    rng, players = np.random.default_rng(seed), len(strengths)
    one, other = np.triu_indices(players, 1)
    pairs = np.arange(games // 2) % len(one)
    first = np.stack([one[pairs], other[pairs]], axis=1).reshape(-1)
    second = np.stack([other[pairs], one[pairs]], axis=1).reshape(-1)
    luck = np.repeat(rng.normal(0, opening_luck, games // 2), 2)
    lead = strengths[first] - strengths[second] + ADVANTAGE + luck
    chances = probabilities(lead, np.array([DRAWS])).cumsum(axis=1)
    result = 1 - (rng.random(games)[:, None] > chances[:, :2]).sum(axis=1)
    return Results(first, second, result, np.repeat(np.arange(games // 2), 2))


def mini(*games: tuple[int, int, int]) -> Results:
    """Results of (first, second, result); each game from its own opening."""
    first, second, result = np.array(games).T
    return Results(first, second, result, np.arange(len(games)))


# ---- recovery ---------------------------------------------------------------------------------


def test_known_strengths_are_within_their_intervals():
    """2,000 games, 100 leagues: every player's interval holds the truth in 90 of them or more."""
    truth = ELO * (STRENGTHS - STRENGTHS.mean())
    hits, advantages, errors = np.zeros(len(STRENGTHS)), [], []
    for seed in range(100):
        found = rate(league(STRENGTHS, 2000, seed), 5, seed=seed)
        hits += (found.low <= truth) & (truth <= found.high)
        advantages.append(found.advantage)
        errors.append(found.elo - truth)
    assert hits.min() >= 90
    assert hits.mean() <= 98  # intervals are not just wide
    assert np.mean(advantages) == pytest.approx(ELO * ADVANTAGE, abs=3)
    assert np.abs(np.mean(errors, axis=0)).max() < 8


def test_openings_that_favour_a_side_do_not_spoil_the_intervals():
    equal = np.zeros(4)
    hits = np.zeros(4)
    for seed in range(60):
        found = rate(league(equal, 1200, seed, opening_luck=1.5), 4, samples=300, seed=seed)
        hits += (found.low <= 0) & (found.high >= 0)
    assert hits.min() >= 54


def test_more_games_narrow_the_intervals():
    widths = [
        np.mean(found.high - found.low)
        for found in (rate(league(STRENGTHS, games, 1), 5) for games in (400, 6400))
    ]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.25)


def test_the_share_of_draws_and_the_first_move_are_found():
    found = rate(league(STRENGTHS, 40_000, 3), 5, samples=10)
    assert found.draws == pytest.approx(math.exp(DRAWS) / (2 + math.exp(DRAWS)), abs=0.01)
    assert found.advantage == pytest.approx(ELO * ADVANTAGE, abs=8)
    assert found.elo.mean() == pytest.approx(0, abs=1e-9)


# ---- another library --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_choix_agrees(seed: int):
    """Without draws and with every result in both seats, this is the plain Bradley-Terry model."""
    choix = pytest.importorskip("choix")
    rng, players = np.random.default_rng(seed), 6
    beaten = rng.integers(1, 30, (players, players))
    np.fill_diagonal(beaten, 0)
    winner, loser = (side.repeat(beaten[beaten > 0]) for side in np.nonzero(beaten))
    theirs = choix.opt_pairwise(
        players, list(zip(winner, loser, strict=True)), alpha=1e-9, method="BFGS", tol=1e-10
    )
    seats = np.argwhere(~np.eye(players, dtype=bool))
    counts = np.zeros((1, len(seats), 3))
    counts[0, :, 0], counts[0, :, 2] = beaten[tuple(seats.T)], beaten.T[tuple(seats.T)]
    ours = fit(counts, seats, players, prior=0.0)[0]
    np.testing.assert_allclose(
        ours[:players] - ours[:players].mean(), theirs - theirs.mean(), atol=1e-4
    )
    assert ours[players] == pytest.approx(0, abs=1e-6)


def test_the_likelihood_is_greatest_at_the_fit():
    results = league(STRENGTHS, 600, 5)
    found = rate(results, 5, samples=10)
    seats = np.stack([results.first, results.second], axis=1)
    counts = np.eye(3)[1 - results.result][None]
    best = fit(counts, seats, 5)[0]
    np.testing.assert_allclose(ELO * (best[:5] - best[:5].mean()), found.elo, atol=1e-4)

    def likelihood(parameters: np.ndarray) -> float:
        lead = parameters[results.first] - parameters[results.second] + parameters[5]
        return float(np.log(probabilities(lead, parameters[-1:])[counts[0] > 0]).sum())

    rng = np.random.default_rng(0)
    free = fit(counts, seats, 5, prior=0.0)[0]
    for _ in range(50):
        assert likelihood(free + rng.normal(0, 0.05, 7)) < likelihood(free)


# ---- what is odd ------------------------------------------------------------------------------


def test_only_wins_give_a_finite_rating_and_a_warning():
    found = rate(mini(*[(0, 1, 1), (1, 0, -1)] * 50), 2, anchor=1)
    assert 400 < found.elo[0] < 2000
    assert (found.unbeaten, found.scoreless) == ((0,), (1,))
    warnings = warnings_of(found, ["strong", "weak"])
    assert any("strong" in line and "lower bound" in line for line in warnings)
    assert any("weak" in line and "upper bound" in line for line in warnings)


def test_only_draws_are_equals():
    found = rate(mini(*[(0, 1, 0), (1, 0, 0)] * 50), 2)
    np.testing.assert_allclose(found.elo, 0, atol=1e-6)
    assert found.draws > 0.95
    assert found.superiority[0, 1] == pytest.approx(0.5, abs=0.5)


def test_players_that_never_met_are_named():
    results = mini((0, 1, 1), (1, 0, 1), (2, 3, 0), (3, 2, -1))
    np.testing.assert_array_equal(connected(results.first, results.second, 5), [0, 0, 1, 1, 2])
    found = rate(results, 5)
    assert np.isfinite(found.elo).all()
    warnings = warnings_of(found, list("abcde"))
    assert "a, b | c, d | e" in warnings[0]


def test_rock_paper_scissors_is_not_transitive():
    circle = [(0, 1, 1), (1, 0, -1), (1, 2, 1), (2, 1, -1), (2, 0, 1), (0, 2, -1)] * 20
    found = rate(mini(*circle), 3)
    np.testing.assert_allclose(found.elo, 0, atol=1e-6)
    assert {(one.player, one.other) for one in found.misfits} == {(0, 1), (1, 2), (2, 0)}
    assert found.misfits[0].score == 1
    assert found.misfits[0].expected == pytest.approx(0.5)
    assert any("not transitive" in line for line in warnings_of(found, ["r", "p", "s"]))


def test_transitive_leagues_are_seldom_called_intransitive():
    called = sum(
        bool(rate(league(STRENGTHS, 2000, seed), 5, samples=2).misfits) for seed in range(60)
    )
    assert called <= 3


def test_superiority_follows_the_strengths():
    found = rate(league(STRENGTHS, 2000, 1), 5)
    np.testing.assert_allclose(found.superiority + found.superiority.T, 1)
    assert (found.superiority[np.tril_indices(5, -1)] > 0.95).all()
    np.testing.assert_allclose(found.expected + found.expected.T, 1)


def test_identical_openings_do_not_narrow_the_intervals():
    """Deterministic players repeat themselves: ten times the same games say no more."""
    once = league(STRENGTHS, 400, 2)
    again = Results(
        *(np.tile(part, 10) for part in (once.first, once.second, once.result, once.opening))
    )
    widths = [np.mean(found.high - found.low) for found in (rate(once, 5), rate(again, 5))]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)


def test_the_seed_decides_the_intervals():
    results = league(STRENGTHS, 200, 1)
    one, same, other = (rate(results, 5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.low, same.low)
    assert (one.low != other.low).any()


def test_games_of_nobody_are_refused():
    with pytest.raises(SettingError, match="no games"):
        rate(Results(*np.zeros((4, 0), np.int64)), 3)
    with pytest.raises(SettingError, match="0 to 1"):
        rate(mini((0, 2, 1)), 2)
    with pytest.raises(SettingError, match="two"):
        rate(mini((1, 1, 1)), 2)


def test_an_anchor_moves_the_zero_and_nothing_else():
    games = league(STRENGTHS, 400, 4)
    free, anchored = rate(games, 5), rate(games, 5, anchor=2)
    assert anchored.elo[2] == 0
    for name in ("elo", "low", "high"):
        moved = getattr(free, name) - getattr(anchored, name)
        np.testing.assert_allclose(moved, free.elo[2])
