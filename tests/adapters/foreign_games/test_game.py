"""Foreign games behind compiled rules: passes, memory, errors, limits. The foreign game is Nim."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from rlhf_adapters.foreign_games.game import HistoryGame, goal_table
from rlhf_adapters.specs import EnvError
from rlhf_games.base import GameError, Outcome
from tests.adapters.foreign_games.nim import PASS, Nim, nim
from tests.games.game_contract import random_games


def play(game: HistoryGame, *actions: int) -> np.ndarray:
    states = game.initial(1)
    for action in actions:
        states = game.step(states, np.array([action]))
    return states


def legal(game: HistoryGame, states: np.ndarray) -> list[int]:
    return np.flatnonzero(game.legal(states)[0]).tolist()


# ---- passes -----------------------------------------------------------------------------------


def test_a_pass_is_forced_between_two_moves_of_one_player():
    game = nim()
    assert game.action_names == ("0", "1", "2", "pass")
    assert legal(game, play(game)) == [0, 1, 2]
    after_three = play(game, 2)
    assert legal(game, after_three) == [PASS]
    assert game.mover(after_three).tolist() == [1]
    again = play(game, 2, PASS)
    assert legal(game, again) == [0, 1, 2]
    assert (game.mover(again)[0], game.plies(again)[0]) == (0, 2)
    assert legal(game, play(game, 2, PASS, 0)) == [0, 1, 2]


def test_observations_tell_whether_a_pass_is_due():
    game = nim()
    before, after = play(game, 2), play(game, 2, PASS)
    seen = [game.observe(states)[0].reshape(2, -1) for states in (before, after)]
    assert np.array_equal(game.from_observation(np.stack(seen).reshape(2, 2, 2, -1))[1:], after)
    due = game.visible_cells - 1
    assert (seen[0][1, due], seen[1][0, due]) == (1, 0)


def test_who_wins_after_another_turn():
    """The first player takes 3, 3, 3 and 1 stones; the second only passes."""
    game = nim()
    states = play(game, 2, PASS, 2, PASS, 2, PASS, 0)
    assert (game.mover(states)[0], game.outcome(states)[0]) == (1, Outcome.LOSS)
    achieved = game.achieved(states)[0]
    names = [goal.name for goal in game.goals]
    assert [names[row] for row in np.flatnonzero(achieved[1])] == ["win"]
    assert [names[row] for row in np.flatnonzero(achieved[0])] == ["lose"]


def test_a_second_move_in_a_game_that_alternates_is_an_error():
    game = nim(alternates=True)
    assert game.n_actions == 3
    with pytest.raises(EnvError, match="moves twice in a row"):
        play(game, 2)


# ---- memory -----------------------------------------------------------------------------------


def test_forgotten_positions_are_played_again():
    game, small = nim(), nim()
    small.cache.kept = 2
    states = np.concatenate(random_games(game, 50, seed=0))
    assert np.array_equal(np.concatenate(random_games(small, 50, seed=0)), states)
    planes = game.observe(states)
    assert np.array_equal(small.observe(states), planes)
    assert np.array_equal(small.from_observation(planes), states)
    assert game.cache.rebuilt == 1  # the start
    assert small.cache.rebuilt > 100
    assert small.cache.remembered <= 4


def test_passes_are_played_again_too():
    game = nim()
    game.cache.kept = 1
    states = play(game, 2, PASS, 2)
    for _ in range(3):
        play(game, 0, 1)
        assert legal(game, states) == [PASS]
        assert game.text(states[0]) == "4 stones"
        assert np.array_equal(game.from_observation(game.observe(states)), states)


# ---- positions that cannot be -----------------------------------------------------------------


def test_histories_that_break_the_rules_are_rejected():
    game = nim()
    planes = game.observe(np.concatenate(random_games(game, 20, seed=1)))
    rng = np.random.default_rng(0)
    flat = planes.reshape(len(planes), -1)
    cells = rng.integers(flat.shape[1], size=len(flat))
    flat[np.arange(len(flat)), cells] = 1 - flat[np.arange(len(flat)), cells]
    for row in range(len(planes)):
        with pytest.raises(GameError, match="observation 0 shows an impossible position"):
            game.from_observation(planes[row : row + 1])


# ---- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ZeroDivisionError("no stones"), KeyboardInterrupt()])
def test_errors_of_the_foreign_game_come_out_as_they_are(error: BaseException):
    class Broken(Nim):
        def child(self, position, action):
            raise error

    caught = []

    def search():
        try:
            nim(Broken()).perft(3)
        except BaseException as found:
            caught.append(found)

    search()
    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert caught == [error, error]


def test_a_game_that_is_longer_than_it_says():
    class Longer(Nim):
        max_actions = 4

    with pytest.raises(EnvError, match="goes on after 4 moves"):
        play(nim(Longer()), 0, 0, 0, 0)


def test_positions_outlive_no_game():
    game = nim()
    rules, states = game.rules, game.initial(1)
    del game
    other = nim()
    other.rules = rules
    with pytest.raises(KeyError):
        other.step(states, np.array([0]))


# ---- limits -----------------------------------------------------------------------------------


def test_a_history_that_does_not_fit_is_refused():
    class Endless(Nim):
        max_actions = 20_000

    message = r"test:nim may have 20000 moves of 2 bits, and a position holds 8192 .*max_plies=8192"
    with pytest.raises(EnvError, match=message):
        nim(Endless())
    assert nim(Endless(), last_ply=8192).max_plies == 8192


def test_a_last_ply_ends_the_game_as_a_draw():
    game = nim(last_ply=3)
    states = play(game, 0, 0, 0)
    assert (game.max_plies, game.outcome(states)[0], legal(game, states)) == (3, Outcome.DRAW, [])
    assert np.array_equal(game.from_observation(game.observe(states)), states)
    assert game.achieved(states)[0, :, 1].all()


def test_margins():
    class Points(Nim):
        def score(self, position):
            left, _, last = position
            return None if left else (5, -5)[last]

    goals = goal_table(margins=(8, 4))
    game = HistoryGame("test:nim", "Nim", Points(), goals)
    assert [goal.name for goal in game.goals][3:] == ["win_margin_4", "win_margin_8"]
    assert game.goals[4].implies == "win_margin_4"
    states = play(game, 2, PASS, 2, PASS, 2, PASS, 0)
    assert game.achieved(states)[0].astype(int).tolist() == [[0, 0, 1, 0, 0], [1, 0, 0, 1, 0]]


# ---- threads and processes --------------------------------------------------------------------


def test_threads_share_a_game():
    game = nim()
    game.cache.kept = 8
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(game.perft(6))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [nim().perft(6)] * 4


def test_another_process_compiles_nothing():
    script = (
        "from tests.adapters.foreign_games.nim import nim\n"
        "from rlhf_games.perft import perft_from\n"
        "game = nim(); game.perft(3)\n"
        "print(sum(perft_from.stats.cache_hits.values()),"
        " sum(perft_from.stats.cache_misses.values()))\n"
    )
    nim().perft(3)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["1", "0"]
