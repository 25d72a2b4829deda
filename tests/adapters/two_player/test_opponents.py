"""Opponents and mixtures of them: who plays, which seat, what is legal, what the loser gets."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rlhf_games
from rlhf_adapters import make_env
from rlhf_adapters.two_player.opponents import Opponents
from rlhf_games.base import GameError, IllegalMoveError

GAME = rlhf_games.make("tic_tac_toe")


def lowest(states, goals):
    return GAME.legal(states).argmax(axis=1)


def highest(states, goals):
    return GAME.n_actions - 1 - GAME.legal(states)[:, ::-1].argmax(axis=1)


def play(env, steps: int, seed: int = 0):
    """Random legal steps of a VecEnv: yields the seats before each step and its results."""
    rng = np.random.default_rng(seed)
    observation = env.reset()
    for _ in range(steps):
        seats = env.games.learner.copy()
        noise = rng.random(observation["action_mask"].shape)
        actions = (noise * observation["action_mask"]).argmax(axis=1)
        observation, rewards, dones, infos = env.step(actions)
        yield observation, seats, rewards, dones, infos


# ---- seats, masks, rewards ------------------------------------------------------------------


@pytest.mark.parametrize("opponent", ["random", lowest, {"random": 1, lowest: 2}])
@pytest.mark.parametrize(("n_envs", "seed"), [(2, 0), (5, 3)])
def test_the_learner_moves_first_and_second_equally_often(opponent, n_envs: int, seed: int):
    env = make_env("tic_tac_toe", n_envs=n_envs, opponent=opponent, seed=seed, goal="win")
    starts = [[] for _ in range(n_envs)]
    for _, seats, _, dones, _ in play(env, 80):
        for number in np.flatnonzero(dones):
            starts[number].append(int(seats[number]))
    for number, seen in enumerate(starts):
        first = (number + seed) % 2
        assert len(seen) >= 10
        assert seen == [(first + game) % 2 for game in range(len(seen))]


def test_seeding_every_game_does_not_fix_the_seat():
    env = make_env("connect_four")
    stones = [int(env.reset(seed=seed)[0]["observation"].sum()) for seed in range(6)]
    assert stones == [0, 1, 0, 1, 0, 1]
    assert [int(env.reset()[0]["observation"].sum()) for _ in range(4)] == [0, 1, 0, 1]


@pytest.mark.parametrize("opponent", ["self", "random", [("self", 1), ("random", 1)]])
def test_the_mask_is_that_of_whoever_moves_next(opponent):
    env = make_env("tic_tac_toe", n_envs=16, opponent=opponent, seed=1)
    for observation, *_ in play(env, 30):
        states = GAME.from_observation(observation["observation"])
        assert np.array_equal(observation["action_mask"], GAME.legal(states))
        assert np.array_equal(states, env.games.states)
        assert np.array_equal(env.games.learner, GAME.mover(states))


@pytest.mark.parametrize("opponent", ["random", {lowest: 1, highest: 1}])
def test_the_loser_receives_its_minus_one_in_every_game(opponent):
    env = make_env("tic_tac_toe", n_envs=32, opponent=opponent, goal="win", seed=2)
    ends = {"win": 0, "draw": 0, "lose": 0}
    for _, seats, rewards, dones, infos in play(env, 30):
        for number in np.flatnonzero(dones):
            row = infos[number]["seat_achieved"][seats[number]]
            (end,) = [name for name in ends if row[GAME.goal_index(name)]]
            assert rewards[number] == {"win": 1, "draw": 0, "lose": -1}[end]
            ends[end] += 1
    assert all(ends.values())


# ---- mixtures -------------------------------------------------------------------------------


def test_opponents_of_a_mixture_are_drawn_by_weight():
    env = make_env("tic_tac_toe", n_envs=64, opponent=[(lowest, 3), (highest, 1)], seed=0)
    games = {"lowest": 0, "highest": 0}
    for *_, dones, infos in play(env, 60):
        for number in np.flatnonzero(dones):
            games[infos[number]["opponent"]] += 1
    assert sum(games.values()) > 500
    assert 0.70 < games["lowest"] / sum(games.values()) < 0.80


def test_the_opponent_of_a_game_stays_to_its_end():
    env = make_env("tic_tac_toe", n_envs=16, opponent={lowest: 1, highest: 1}, seed=4)
    rng = np.random.default_rng(0)
    observation, replies = env.reset(), 0
    names = [env.games.opponents.name(number) for number in range(16)]
    for _ in range(60):
        actions = (rng.random((16, 9)) * observation["action_mask"]).argmax(axis=1)
        free = observation["action_mask"].astype(bool)
        free[np.arange(16), actions] = False
        observation, _, dones, infos = env.step(actions)
        for number in range(16):
            if dones[number]:
                assert infos[number]["opponent"] == names[number]
                names[number] = env.games.opponents.name(number)
                continue
            (reply,) = np.flatnonzero(
                free[number] & ~observation["action_mask"].astype(bool)[number]
            )
            cells = np.flatnonzero(free[number])
            assert reply == (cells.min() if names[number] == "lowest" else cells.max())
            replies += 1
    assert replies > 500


def test_self_play_may_be_part_of_a_mixture():
    env = make_env("tic_tac_toe", n_envs=50, opponent={"self": 0.5, "random": 0.5}, seed=3)
    alone, against = 0, 0
    for *_, dones, infos in play(env, 60):
        for number in np.flatnonzero(dones):
            against += "opponent" in infos[number]
            alone += "opponent" not in infos[number]
    assert min(alone, against) > 100


def test_one_opponent_costs_no_random_number():
    """So a seed gives the same games whether or not mixtures exist."""
    drawn = [
        make_env("tic_tac_toe", n_envs=4, opponent=opponent, goal="mixed", seed=5)
        for opponent in (lowest, {lowest: 7})
    ]
    for env in drawn:
        env.reset()
    assert np.array_equal(drawn[0].games.goals, drawn[1].games.goals)
    assert drawn[0].games.rng.random() == drawn[1].games.rng.random()


def test_a_new_opponent_begins_with_the_next_game():
    env = make_env("tic_tac_toe", opponent=lowest)
    env.reset()
    env.set_opponent(highest)
    first, *_ = env.step(4)
    assert first["observation"][1].argmax() == 0
    env.reset()
    env.reset()
    first, *_ = env.step(4)
    assert first["observation"][1].argmax() == 8
    many = make_env("tic_tac_toe", n_envs=3, opponent=lowest)
    many.reset()
    assert many.env_method("set_opponent", highest) == [None] * 3
    many.reset()
    assert {many.games.opponents.name(number) for number in range(3)} == {"highest"}
    assert len(many.games.opponents._table) == 2


# ---- mistakes -------------------------------------------------------------------------------


class Source:
    name = "a source"

    def for_game(self, game):
        assert game.name == "tic_tac_toe"
        return lowest


def test_a_source_is_told_the_rules():
    env = make_env("tic_tac_toe", opponent=Source())
    env.reset()
    assert env.games.opponents.name(0) == "a source"
    assert env.step(4)[0]["observation"][1, 0, 0] == 1


def test_a_function_sees_the_goals_of_its_seat():
    asked = []

    def opponent(states, goals):
        asked.extend(goals.tolist())
        return lowest(states, goals)

    env = make_env("tic_tac_toe", opponent=opponent, goal="draw")
    env.reset()
    env.step(8)
    assert set(asked) == {GAME.goal_index("draw")}


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ([8], IllegalMoveError, "opponent 'cheat' chose the illegal action 8; legal: [0, 1, 2, 3"),
        ([9], IllegalMoveError, "opponent 'cheat' chose the illegal action 9; legal: [0, 1"),
        ([-1], IllegalMoveError, "opponent 'cheat' chose the illegal action -1; legal"),
        ([0, 1], GameError, "'cheat' must choose 1 actions, integers in an array [1], got int64"),
        ([0.5], GameError, "'cheat' must choose 1 actions, integers in an array [1], got float64"),
    ],
)
def test_an_opponent_may_not_cheat(answer, error, message: str):
    def cheat(states, goals):
        return np.array(answer)

    env = make_env("tic_tac_toe", opponent={cheat: 1})
    env.reset()
    with pytest.raises(error, match=re.escape(message)):
        env.step(8)


@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize(
    ("opponent", "message"),
    [
        ("perfect", "unknown opponent 'perfect'; use 'self', 'random', a function, or a mixture"),
        (7, "unknown opponent 7; use 'self'"),
        ({}, "a mixture of opponents must name at least one"),
        ({"random": 0}, "the weight of opponent 'random' must be above 0, got 0"),
        ({"random": 1, lowest: -2}, "the weight of opponent 'lowest' must be above 0, got -2"),
        ({"random": float("nan")}, "the weight of opponent 'random' must be above 0, got nan"),
        ({"random": "much"}, "a mixture is a Dict or a list of pairs (opponent, weight), got"),
        (["random", "self"], "a mixture is a Dict or a list of pairs (opponent, weight), got"),
        ({"self": 1, "perfect": 1}, "unknown opponent 'perfect'"),
    ],
)
def test_impossible_opponents(opponent, message: str, n_envs: int):
    with pytest.raises(GameError, match=re.escape(message)):
        make_env("tic_tac_toe", n_envs=n_envs, opponent=opponent)


def test_opponents_know_who_plays_whom():
    opponents = Opponents(4, [(lowest, 1), ("self", 1)], highest, GAME)
    which = np.ones(4, bool)
    rng = np.random.default_rng(0)
    seen = np.zeros(4, int)
    for _ in range(200):
        opponents.draw(which, rng)
        seen += opponents.alone
    assert (np.abs(seen - 100) < 40).all()
