"""Breakthrough: agrees with OpenSpiel move for move; goals by a plain recount; the turned view."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_games.base import CLOCK, GameError, Outcome, Verdict
from tests.games.game_contract import BoardContract, random_games
from tests.games.openspiel_agreement import play_side_by_side

GAME = rlhf_games.make("breakthrough")
SMALL = rlhf_games.make("breakthrough_6x6")


class TestBreakthrough(BoardContract):
    name = "breakthrough"
    # Counted by OpenSpiel: `python -m tests.games.openspiel_agreement --depth 5`.
    perft = (22, 484, 11132, 256036, 6182818)
    deadlines = frozenset({"win_by", "lose_by"})
    thresholds = frozenset({"keep", "take"})

    def test_random_games_are_never_drawn(self, ended: np.ndarray, game):
        assert (game.outcome(ended) == Outcome.LOSS).all()
        assert (game.verdicts(game.initial(1))[0, :, 1] == Verdict.IMPOSSIBLE).all()


class TestBreakthrough6x6(TestBreakthrough):
    name = "breakthrough_6x6"
    perft = (16, 256, 4308, 71478, 1248290)  # as above


def play(names: str, game=SMALL) -> np.ndarray:
    states = game.initial(1)
    for name in names.split():
        action = game.names_of(int(game.mover(states)[0])).index(name)
        states = game.step(states, np.array([action]))
    return states


@pytest.mark.parametrize(("name", "games"), [("breakthrough_6x6", 2000), ("breakthrough", 300)])
def test_openspiel_agrees(name: str, games: int):
    pytest.importorskip("pyspiel", reason="needs open_spiel (the extra openspiel)")
    assert play_side_by_side(name, games, seed=1) > 25 * games


def test_the_board_is_turned_for_the_second_player():
    planes = SMALL.observe(play("a2b3"))[0]
    assert planes[1, 2, 4] == 1  # b3, seen from the other side
    assert planes[0, 4:].all()
    first_moves = {SMALL.names_of(1)[a] for a in np.flatnonzero(SMALL.legal(play("a2b3"))[0])}
    assert {"a5a4", "f5e4"} <= first_moves
    assert SMALL.turned
    assert not SMALL.lines_win


def test_captures_are_diagonal_and_straight_ways_are_blocked():
    states = play("c2c3 c5c4")
    names = SMALL.action_names
    legal = {names[action] for action in np.flatnonzero(SMALL.legal(states)[0])}
    assert "c3c4" not in legal
    assert {"c3b4", "c3d4"} <= legal
    states = play("c2c3 d5d4 c3d4")
    assert SMALL.observe(states)[0, :2].sum(axis=(1, 2)).tolist() == [11, 12]


def test_reaching_the_last_row_wins():
    ended = play("c2c3 a5a4 c3c4 a4b3 c4b5 b3c2 b5a6")
    assert SMALL.outcome(ended)[0] == Outcome.LOSS
    assert not SMALL.legal(ended).any()


def test_capturing_everything_wins():
    states = SMALL.initial(1)
    alone = np.array([[0, states[0, 1], 40]], np.uint64)
    assert SMALL.outcome(alone)[0] == Outcome.LOSS
    assert not SMALL.legal(alone).any()


def recounted(name: str, won: bool, ply: int, pieces: tuple[int, int], full: int) -> bool:
    kind, _, number = name.rpartition("_")
    results = {"win": won, "draw": False, "lose": not won}
    if name in results:
        return results[name]
    limit = int(number)
    return {
        "win_by": won and ply <= limit,
        "lose_by": not won and ply <= limit,
        "keep": pieces[0] >= limit,
        "take": full - pieces[1] >= limit,
    }[kind]


@pytest.mark.parametrize("game", [GAME, SMALL], ids=["8x8", "6x6"])
def test_goals_agree_with_a_plain_recount(game):
    """Every goal of 3,000 finished games, from boards and plies alone."""
    ended = random_games(game, 3000, seed=11)[-1]
    pieces = game.observe(ended)[:, :2].sum(axis=(2, 3)).astype(int)
    plies, achieved = game.plies(ended), game.achieved(ended)
    full, seen = 2 * game.observation_shape[1], set()
    for row in range(len(ended)):
        for seat in (0, 1):
            own, other = pieces[row, seat], pieces[row, 1 - seat]
            for number, goal in enumerate(game.goals):
                has = recounted(goal.name, seat == 1, plies[row], (own, other), full)
                assert achieved[row, seat, number] == has, (goal.name, seat)
                seen.add((goal.name, has))
    wanted = {(goal.name, has) for goal in game.goals for has in (True, False)}
    assert wanted - seen == {("draw", True)}


def test_verdicts_before_the_end():
    states = play("c2c3 d5d4 c3d4")  # the first player has captured a piece, the second is to move
    verdicts = SMALL.verdicts(states)[0]
    certain = SMALL.goal_index("take_3")
    assert verdicts[0, certain] == verdicts[1, certain] == Verdict.OPEN
    history = np.concatenate(random_games(SMALL, 200, seed=3))
    ongoing = history[SMALL.outcome(history) == Outcome.ONGOING]
    pieces = SMALL.observe(ongoing)[:, :2].sum(axis=(2, 3))
    verdicts = SMALL.verdicts(ongoing)
    taken = verdicts[:, :, certain] == Verdict.ACHIEVED
    assert np.array_equal(taken, 12 - pieces[:, ::-1] >= 3)
    lost = verdicts[:, :, SMALL.goal_index("keep_9")] == Verdict.IMPOSSIBLE
    assert np.array_equal(lost, pieces < 9)
    late = verdicts[:, 0, SMALL.goal_index("win_by_20")] == Verdict.IMPOSSIBLE
    assert np.array_equal(late, SMALL.plies(ongoing) >= 20)
    assert taken.any()
    assert lost.any()
    assert late.any()


@pytest.mark.parametrize("change", ["early", "late", "arrived", "too many"])
def test_impossible_observations_are_rejected(change: str):
    planes = SMALL.observe(play("c2c3 d5d4"))
    SMALL.from_observation(planes)
    if change == "arrived":  # the mover would have won before
        planes[0, 0, 4, 0], planes[0, :2, 0, 0] = 0, (1, 0)
    elif change == "too many":
        planes[0, 0, 3, :2] = 1
    else:  # nobody has lost a piece, so that the number of plies is certain
        planes[0, CLOCK].flat[:8] = [0] * 8 if change == "early" else [0, 0, 1] + [0] * 5
    with pytest.raises(GameError, match="observation 0 shows an impossible position of Break"):
        SMALL.from_observation(planes)
