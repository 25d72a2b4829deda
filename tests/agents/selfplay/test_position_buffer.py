"""Hindsight proposes what games were played for, achieved and narrowly missed."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_adapters import make_env
from rlhf_agents.selfplay.position_buffer import PositionBuffer, goal_parents
from rlhf_agents.settings import Hindsight

N_ENVS = 16


@pytest.fixture(scope="module")
def filled():
    """A buffer after 60 plies of random play, and every game's record kept beside it."""
    env = make_env("connect_four", n_envs=N_ENVS, seed=0)
    buffer = PositionBuffer(
        5000, env.observation_space, env.action_space, n_envs=N_ENVS, game=env.game
    )
    rng = np.random.default_rng(0)
    observation, finished = env.reset(), []
    for step in range(60):
        actions = (rng.random((N_ENVS, 7)) * observation["action_mask"]).argmax(axis=1)
        following, rewards, dones, infos = env.step(actions)
        buffer.add(observation, following, actions, rewards, dones, infos)
        finished += [(step, i, infos[i]["seat_achieved"]) for i in np.flatnonzero(dones)]
        observation = following
    return env.game, buffer, finished


def test_positions_of_a_finished_game_know_what_both_seats_achieved(filled):
    game, buffer, finished = filled
    assert len(finished) > 10
    for step, env, achieved in finished:
        slot = step
        while slot >= 0 and (slot == step or game.plies(buffer.states[slot + 1, env][None])[0] > 0):
            mover = game.mover(buffer.states[slot, env][None])[0]
            np.testing.assert_array_equal(buffer.achieved[slot, env, 0], achieved[mover])
            np.testing.assert_array_equal(buffer.achieved[slot, env, 1], achieved[1 - mover])
            slot -= 1


def test_unfinished_games_have_achieved_nothing(filled):
    _, buffer, finished = filled
    for env in range(N_ENVS):
        last = max((step for step, i, _ in finished if i == env), default=-1)
        assert not buffer.achieved[last + 1 : buffer.pos, env].any()


@pytest.mark.parametrize("win_share", [0.0, 0.5, 1.0])
def test_win_is_proposed_as_often_as_asked(filled, win_share):
    _, buffer, _ = filled
    settings = Hindsight(win_share=win_share)
    proposals = buffer.propose(20_000, np.random.default_rng(1), settings)
    share = ((proposals.goals == 0) & (proposals.seats == 0)).mean()
    assert win_share - 0.02 <= share <= win_share + 0.3 * (1 - win_share)  # others may pick it too


def test_achieved_goals_are_proposed_when_only_those_are_wanted(filled):
    game, buffer, _ = filled
    settings = Hindsight(win_share=0.0, achieved_share=1.0)
    proposals = buffer.propose(3000, np.random.default_rng(2), settings)
    flat = {
        state.tobytes(): row
        for state, row in zip(
            buffer.states[: buffer.pos].reshape(-1, game.n_words),
            buffer.achieved[: buffer.pos].reshape(-1, 2, len(game.goals)),
            strict=True,
        )
    }
    known = [
        flat[s.tobytes()][seat, goal]
        for s, goal, seat in zip(*proposals, strict=True)
        if game.plies(s[None])[0] > 8 and flat[s.tobytes()][seat].any()
    ]
    assert len(known) > 500
    assert np.mean(known) > 0.98  # positions that two games share may differ


def test_parents_are_rows_of_the_goal_table(filled):
    game, _, _ = filled
    names = [goal.name for goal in game.goals]
    parents = goal_parents(game)
    assert parents[names.index("win_by_18")] == names.index("win_by_24")
    assert parents[names.index("win_by_30")] == names.index("win")
    assert parents[names.index("win")] == -1


def test_the_ring_overwrites_the_oldest():
    env = make_env("tic_tac_toe", n_envs=2, seed=0)
    buffer = PositionBuffer(30, env.observation_space, env.action_space, n_envs=2, game=env.game)
    observation = env.reset()
    for _ in range(100):
        actions = observation["action_mask"].argmax(axis=1)
        following, rewards, dones, infos = env.step(actions)
        buffer.add(observation, following, actions, rewards, dones, infos)
        observation = following
    assert buffer.full
    assert buffer.size() == 15
    proposals = buffer.propose(200, np.random.default_rng(0), Hindsight())
    assert (env.game.outcome(proposals.states) == 2).all()
