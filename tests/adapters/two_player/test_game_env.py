"""Our own games as environments: seats, opponents, and the batched one."""

from __future__ import annotations

import re

import numpy as np
import pytest
from stable_baselines3 import DQN, HerReplayBuffer

import rlhf_games
from rlhf_adapters import make_env
from rlhf_adapters.two_player.game_env import GameEnv, GameVecEnv
from rlhf_adapters.two_player.goal_env import FORFEIT
from rlhf_games.base import GameError, UnknownGameError, UnknownGoalError
from tests.adapters.goal_env_contract import BoardGameContract

TIC_TAC_TOE = rlhf_games.make("tic_tac_toe")
TOP, MIDDLE = (0, 1, 2), (3, 4, 5)


def lowest_legal(states, goals):
    """An opponent that plays the legal action of the lowest number."""
    return TIC_TAC_TOE.legal(states).argmax(axis=1)


def in_seat(env: GameEnv, seat: int) -> None:
    """Reset until the learner plays first (0) or second (1)."""
    for _ in range(2):
        env.reset()
        if env.games.learner[0] == seat:
            return
    pytest.fail("the learner does not change seats")


class TestTicTacToeEnv(BoardGameContract):
    def make(self, **options):
        return make_env("tic_tac_toe", **options)


class TestConnectFourEnv(BoardGameContract):
    def make(self, **options):
        return make_env("connect_four", **options)


class TestSelfPlayEnv(BoardGameContract):
    def make(self, **options):
        return make_env("connect_four", opponent="self", **options)


# ---- one game ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seat", [0, 1])
def test_the_loser_receives_its_minus_one(seat: int):
    """The opponent fills the top row, the learner lets it."""
    env = make_env("tic_tac_toe", opponent=lowest_legal)
    in_seat(env, seat)
    steps = [env.step(move) for move in ((3, 6, 8) if seat == 0 else (3, 6))]
    assert [step[2] for step in steps] == [False] * (len(steps) - 1) + [True]
    assert [step[1] for step in steps] == [0.0] * (len(steps) - 1) + [-1.0]
    observation, *_, info = steps[-1]
    assert observation["achieved_goal"][TIC_TAC_TOE.goal_index("lose")] == 1
    assert not info["is_success"]


@pytest.mark.parametrize("seat", [0, 1])
def test_the_winner_receives_its_one(seat: int):
    env = make_env("tic_tac_toe", opponent=lowest_legal)
    in_seat(env, seat)
    # The opponent fills the top row from the left: a diagonal through its last cell comes first.
    steps = [env.step(move) for move in (2, 4, 6)]
    assert [step[1] for step in steps] == [0.0, 0.0, 1.0]
    observation, _, over, _, info = steps[-1]
    assert over
    assert observation["achieved_goal"][TIC_TAC_TOE.goal_index("win")] == 1
    assert info["is_success"]


@pytest.mark.parametrize(("goal", "reward"), [("lose", 1.0), ("draw", -1.0)])
def test_other_goals_pay_when_they_are_achieved(goal: str, reward: float):
    env = make_env("tic_tac_toe", opponent=lowest_legal, goal=goal)
    in_seat(env, 0)
    steps = [env.step(move) for move in (3, 6, 8)]  # the opponent completes the top row
    assert [step[2] for step in steps] == [False, False, True]
    assert [step[1] for step in steps] == [0.0, 0.0, reward]
    assert steps[-1][0]["achieved_goal"][TIC_TAC_TOE.goal_index("lose")] == 1


def test_self_play_shows_the_board_of_whoever_is_to_move():
    env = make_env("connect_four", opponent="self")
    env.reset()
    first, *_ = env.step(3)
    second, *_ = env.step(3)
    assert (first["observation"][0].sum(), first["observation"][1].sum()) == (0, 1)
    assert (second["observation"][0].sum(), second["observation"][1].sum()) == (1, 1)
    assert second["observation"][0, 5, 3] == 1  # the first player sees its own stone


def test_self_play_pays_whoever_made_the_last_move():
    env = make_env("tic_tac_toe", opponent="self")
    env.reset()
    rewards = [env.step(move)[1] for move in (0, 3, 1, 4, 8, 5)]
    assert rewards == [0, 0, 0, 0, 0, 1]


def test_random_opponents_differ_with_their_seed():
    def boards(seed: int) -> list[bytes]:
        env = make_env("connect_four", seed=seed)
        env.reset()
        return [env.step(column)[0]["observation"].tobytes() for column in (0, 1, 2)]

    assert boards(1) == boards(1)
    assert boards(1) != boards(2)


# ---- many games -------------------------------------------------------------------------------


def test_kinds_of_environments():
    assert isinstance(make_env("connect_four"), GameEnv)
    assert isinstance(make_env("connect_four", n_envs=2), GameVecEnv)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"name": "conect_four"}, UnknownGameError, "did you mean connect_four"),
        ({"goal": "win_by_13"}, UnknownGoalError, "did you mean win_by_30 or win_by_18"),
        ({"n_envs": 0}, GameError, "n_envs must be at least 1, got 0"),
        ({"rows": 7}, GameError, "rows=4 to 6, columns=4 to 7, x_in_row=4, got rows=7"),
    ],
)
@pytest.mark.parametrize("n_envs", [1, 3])
def test_bad_arguments(options, error, message: str, n_envs: int):
    with pytest.raises(error, match=re.escape(message)):
        make_env(**{"name": "connect_four", "n_envs": n_envs, **options})


def vec_trajectory(env: GameVecEnv, seed: int, steps: int = 40) -> list[tuple]:
    rng = np.random.default_rng(seed)
    env.seed(seed)
    observation = env.reset()
    seen = []
    for _ in range(steps):
        noise = rng.random(observation["action_mask"].shape)
        observation, rewards, dones, _ = env.step((noise * observation["action_mask"]).argmax(1))
        arrays = (observation["observation"], observation["desired_goal"], rewards, dones)
        seen.append(tuple(array.tobytes() for array in arrays))
    return seen


@pytest.mark.parametrize("opponent", ["self", "random"])
def test_seeds_reproduce_vectorised_trajectories(opponent: str):
    env = make_env("connect_four", n_envs=5, opponent=opponent, goal="mixed")
    first = vec_trajectory(env, 3)
    assert vec_trajectory(env, 3) == first
    again = make_env("connect_four", n_envs=5, opponent=opponent, goal="mixed", seed=77)
    assert vec_trajectory(again, 3) == first
    assert vec_trajectory(again, 4) != first


def test_finished_games_report_and_start_anew():
    """Four games: the first player wins, the second wins, a draw, an illegal move."""
    env = make_env("tic_tac_toe", n_envs=4, goal="win")
    observation = env.reset()
    games = [
        (0, 3, 1, 4, 2),
        (0, 3, 1, 4, 8, 5),
        (0, 1, 2, 4, 3, 5, 7, 6, 8),
        (0, 0),
    ]
    ends: dict[int, tuple[float, dict]] = {}
    for ply in range(9):
        moves = [game[ply] if ply < len(game) else 0 for game in games]
        before = observation
        playing = np.array([ply < len(game) for game in games])
        moves = np.where(playing, moves, before["action_mask"].argmax(axis=1))
        observation, rewards, dones, infos = env.step(moves)
        for number in np.flatnonzero(dones & playing):
            ends[int(number)] = (float(rewards[number]), infos[number])
            assert not observation["observation"][number].any()
            assert not observation["achieved_goal"][number].any()
    assert {number: reward for number, (reward, _) in ends.items()} == {0: 1, 1: 1, 2: 0, 3: -1}
    names = [goal.name for goal in TIC_TAC_TOE.goals]

    def by_seat(number: int) -> list[set[str]]:
        rows = ends[number][1]["seat_achieved"]
        return [{names[goal] for goal in np.flatnonzero(row)} for row in rows]

    assert by_seat(0) == [{"win", "win_by_6"}, {"lose", "lose_by_6"}]
    assert by_seat(1) == [{"lose", "lose_by_6"}, {"win", "win_by_6"}]
    assert by_seat(2) == [{"draw"}, {"draw"}]
    assert by_seat(3) == [set(), set()]
    for number, (reward, info) in ends.items():
        last = info["terminal_observation"]
        assert env.observation_space.contains(last)
        assert info["is_success"] == (reward > 0)
        assert info["TimeLimit.truncated"] is False
        assert not last["action_mask"].any()
        assert last["observation"].sum() == (len(games[number]) if number < 3 else 1)
        assert env.compute_reward(last["achieved_goal"], last["desired_goal"], {}) == reward
    assert (ends[3][1]["terminal_observation"]["achieved_goal"] == FORFEIT).all()
    # The board is the next mover's: it sees the winning row on the other's plane.
    assert ends[0][1]["terminal_observation"]["observation"][1].reshape(-1)[list(TOP)].all()
    assert ends[1][1]["terminal_observation"]["observation"][1].reshape(-1)[list(MIDDLE)].all()


def test_many_games_against_an_opponent_deliver_every_result():
    env = make_env("connect_four", n_envs=64, opponent="random", goal="win", seed=5)
    observation = env.reset()
    rng = np.random.default_rng(5)
    results, by_seat = set(), {0: set(), 1: set()}
    for _ in range(60):
        seats = env.games.learner.copy()
        noise = rng.random(observation["action_mask"].shape)
        observation, rewards, dones, infos = env.step(
            (noise * observation["action_mask"]).argmax(1)
        )
        assert not rewards[~dones].any()
        for number in np.flatnonzero(dones):
            seat = int(seats[number])
            achieved = infos[number]["seat_achieved"]
            row = 0 if rewards[number] > 0 else 2 if rewards[number] < 0 else 1
            assert achieved[seat, row]
            by_seat[seat].add(float(rewards[number]))
            results.add(float(rewards[number]))
    assert by_seat[0] >= {1.0, -1.0}
    assert by_seat[1] >= {1.0, -1.0}


def test_half_of_mixed_games_are_played_to_win():
    env = make_env("connect_four", n_envs=2000, goal="mixed", seed=1)
    env.reset()
    rows = env.games.goals
    assert set(rows.ravel()) == set(range(len(env.game.goals)))
    both_win = (rows == 0).all(axis=1).mean()
    assert 0.45 < both_win < 0.56
    assert (rows[:, 0] != rows[:, 1]).any()


def test_masks_come_as_sb3_contrib_asks_for_them():
    env = make_env("connect_four", n_envs=3)
    env.reset()
    for _ in range(6):
        env.step(np.array([0, 1, 2]))
    assert env.has_attr("action_masks")
    masks = np.stack(env.env_method("action_masks"))
    assert np.array_equal(masks, env.action_masks())
    assert masks.argmin(axis=1).tolist() == [0, 1, 2]
    (second,) = env.env_method("action_masks", indices=1)
    assert second.tolist() == masks[1].tolist()


def test_attributes_are_shared():
    env = make_env("connect_four", n_envs=3)
    assert env.render_mode is None
    assert env.get_attr("game", indices=[0, 2]) == [env.game] * 2
    env.set_attr("note", 5)
    assert env.get_attr("note") == [5] * 3
    assert env.env_is_wrapped(GameEnv) == [False] * 3
    with pytest.raises(AttributeError):
        env.get_attr("nothing")


@pytest.mark.parametrize("her", [False, True], ids=["replay", "hindsight"])
def test_plain_dqn_learns_from_many_games(her: bool):
    env = make_env("connect_four", n_envs=4, opponent="random")
    buffer = HerReplayBuffer if her else None
    net = {"net_arch": [16]}
    model = DQN(
        "MultiInputPolicy",
        env,
        replay_buffer_class=buffer,
        learning_starts=200,
        batch_size=16,
        policy_kwargs=net,
        seed=0,
    )
    before = [value.clone() for value in model.policy.parameters()]
    model.learn(800)
    assert model.num_timesteps == 800
    changed = zip(before, model.policy.parameters(), strict=True)
    assert any((old != new).any() for old, new in changed)


@pytest.mark.parametrize("opponent", ["self", "random"])
def test_games_go_on_where_they_were(opponent: str):
    first, second, smaller = (
        make_env("tic_tac_toe", n_envs=n, opponent=opponent, seed=n) for n in (6, 6, 5)
    )
    rng = np.random.default_rng(0)

    def play(env, steps):
        observation, seen = env.games.observe(), []
        for _ in range(steps):
            actions = (rng.random((6, 9)) * observation["action_mask"]).argmax(axis=1)
            observation, rewards, *_ = env.step(actions)
            seen += [*observation.values(), rewards]
        return seen

    first.reset()
    play(first, 20)
    state = first.run_state()
    assert second.restore_run_state(state)
    assert not smaller.restore_run_state(state)
    generator = rng.bit_generator.state
    expected = play(first, 20)
    rng.bit_generator.state = generator
    for ours, theirs in zip(expected, play(second, 20), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="goals of the games cannot be"):
        second.restore_run_state({**state, "goals": state["goals"][:3]})
