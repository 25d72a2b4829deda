"""Weaker play: what is overlooked, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_agents import load_agent
from rlhf_agents.evaluation.openings import is_quiet
from rlhf_agents.search import weak_play
from rlhf_agents.search.handicap import UNPROVEN, Handicap, normals, shown
from rlhf_games.base import Outcome


@pytest.fixture(scope="module")
def agent():
    return load_agent("connect_four")


@pytest.fixture(scope="module")
def states(agent):
    """Unfinished positions of random games."""
    game, rng = agent.game, np.random.default_rng(0)
    found, positions = [], game.initial(300)
    for _ in range(24):
        positions = game.step(positions, game.random_actions(positions, rng))
        positions = positions[game.outcome(positions) == Outcome.ONGOING]
        found.append(positions)
    return np.concatenate(found)


def judged(values, plies, *, noise=0.5, sight=2.0, seed=0, relative=False, states=None):
    rows = np.arange(2 * len(values), dtype=np.uint64).reshape(-1, 2) if states is None else states
    values = np.array(values, np.float32)
    flags = np.full(len(values), relative)
    return Handicap(noise, sight, seed).judged(rows, values, np.array(plies), flags)


def test_errors_are_standard_normal_and_depend_on_all():
    rows = np.random.default_rng(0).integers(0, 2**63, (4000, 2)).astype(np.uint64)
    drawn = normals(rows, 7, 3)
    assert drawn.shape == (4000, 7)
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.02
    assert np.abs(np.corrcoef(drawn.T) - np.eye(7)).max() < 0.06
    assert (normals(rows, 7, 3) == drawn).all()
    assert (normals(rows, 7, 4) != drawn).all()
    assert (normals(rows[::-1].copy(), 7, 3) == drawn[::-1]).all()


def test_the_farther_the_more_is_overlooked():
    plies = [[1, 2, 3, 5, 9, UNPROVEN]] * 3000
    values = [[0.5] * 6] * 3000
    spread = judged(values, plies).std(axis=0)
    assert spread[:2].tolist() == [0.0, 0.0]
    assert (np.diff(spread[1:]) > 0).all()
    assert spread[-1] == pytest.approx(0.5, rel=0.05)


def test_what_happens_at_once_ranks_first_or_last_whatever_the_errors():
    row = judged([[0.995, 0.4, 0.0099]] * 500, [[1, UNPROVEN, 2]] * 500, noise=20.0)
    assert (row[:, 0] > row[:, 1]).all()
    assert (row[:, 1] > row[:, 2]).all()
    assert shown(row)[0, [0, 2]].tolist() == pytest.approx([0.995, 0.0099], abs=1e-4)
    assert ((shown(row) >= 0) & (shown(row) <= 1)).all()


def test_errors_of_goals_that_are_hard_to_reach_are_in_proportion():
    values, plies = [[0.02, 0.01]] * 3000, [[UNPROVEN, UNPROVEN]] * 3000
    assert judged(values, plies, relative=True).std() < 0.03
    assert judged(values, plies).std() > 0.3


def test_illegal_moves_stay_unknown():
    assert np.isnan(judged([[0.5, np.nan]], [[UNPROVEN, UNPROVEN]])[0, 1])


def test_wins_are_taken_and_losses_blocked(agent, states):
    """With exact sight nobody gives a game away in one move, however weak."""
    game, searcher = agent.game, agent._searcher
    goals = np.zeros(len(states), np.int64)
    actions = weak_play.choose(searcher, states, goals, 1, Handicap(20.0))
    after = game.step(states, actions)
    outcome = game.outcome(after)
    rows, moves = np.nonzero(game.legal(states))
    wins = np.zeros(len(states), bool)
    wins[rows[game.outcome(game.step(states[rows], moves)) == Outcome.LOSS]] = True
    assert wins.sum() > 100
    assert (outcome[wins] == Outcome.LOSS).all()
    quiet = is_quiet(game, states) & ~wins
    ongoing = quiet & (outcome == Outcome.ONGOING)
    assert ongoing.sum() > 1000
    loses = [can_win(game, one) for one in after[ongoing]]
    assert not any(loses)


def can_win(game, state) -> bool:
    moves = np.flatnonzero(game.legal(state[None])[0])
    children = game.step(np.repeat(state[None], len(moves), 0), moves)
    return bool((game.outcome(children) == Outcome.LOSS).any())


def test_a_weak_player_is_steady_and_seeds_differ(agent, states):
    goals = np.zeros(len(states), np.int64)

    def choose(seed: int):
        return weak_play.choose(agent._searcher, states, goals, 4, Handicap(0.3, 2.0, seed))

    assert (choose(1) == choose(1)).all()
    assert 0.05 < (choose(1) != choose(2)).mean() < 0.8
    assert (choose(1)[:5] == [choose_one(agent, state) for state in states[:5]]).all()


def choose_one(agent, state) -> int:
    *_, last = weak_play.explained(agent._searcher, state, 0, 4, Handicap(0.3, 2.0, 1))
    return last.action


def test_without_noise_nothing_changes(agent, states):
    goals = np.zeros(len(states), np.int64)
    plain = agent._searcher.choose(states, goals, 16)
    assert (
        weak_play.choose(agent._searcher, states, goals, 16, Handicap(0.0)) == plain
    ).mean() > 0.99
