"""Othello: agrees with OpenSpiel and with a slow twin, move for move; goals by a plain recount."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_games.base import CLOCK, GameError, Outcome, Verdict
from tests.games.boards import slow_othello
from tests.games.game_contract import BoardContract, random_games
from tests.games.openspiel_agreement import play_side_by_side

GAME = rlhf_games.make("othello")
SMALL = rlhf_games.make("othello_6x6")


class TestOthello(BoardContract):
    name = "othello"
    # https://aartbik.blogspot.com/2009/02/perft-for-reversi.html; at depth 9 some must pass.
    perft = (4, 12, 56, 244, 1396, 8200, 55092, 390216, 3005288)
    deadlines = frozenset({"close"})
    thresholds = frozenset({"margin", "deficit", "corners"})


class TestOthello6x6(TestOthello):
    name = "othello_6x6"
    perft = (4, 12, 56, 244, 1364, 7604)  # counted by `slow_othello`, see below


def play(names: str, game=GAME) -> np.ndarray:
    states = game.initial(1)
    for name in names.split():
        states = game.step(states, np.array([game.action_names.index(name)]))
    return states


def achieved_by_first(states: np.ndarray, game=GAME) -> set[str]:
    row = game.achieved(states)[0, int(game.mover(states)[0])]
    return {goal.name for goal, has in zip(game.goals, row, strict=True) if has}


def test_openspiel_agrees():
    pytest.importorskip("pyspiel", reason="needs open_spiel (the extra openspiel)")
    assert play_side_by_side("othello", 1000, seed=1) > 59_000


@pytest.mark.parametrize(("name", "games"), [("othello_6x6", 4000), ("othello", 100)])
def test_the_slow_twin_agrees(name: str, games: int):
    game, side = rlhf_games.make(name), rlhf_games.make(name).observation_shape[1]
    rng = np.random.default_rng(4)
    states, boards, passes = game.initial(games), slow_othello.start(games, side), 0
    while len(states):
        planes = game.observe(states)
        assert np.array_equal(planes[:, 0] - planes[:, 1], boards[:, 1:-1, 1:-1])
        moves = slow_othello.legal(boards)
        assert np.array_equal(game.legal(states), moves)
        assert np.array_equal(planes[:, 2].reshape(len(states), -1), moves[:, :-1])
        live = moves.any(axis=1)
        lead = boards[~live].sum(axis=(1, 2))
        assert np.array_equal(game.outcome(states[~live]), np.sign(lead))
        states, boards = states[live], boards[live]
        actions = game.random_actions(states, rng)
        passes += int((actions == side * side).sum())
        states, boards = game.step(states, actions), slow_othello.play(boards, actions)
    assert passes > games // 4


def test_perft_of_the_small_board_by_the_slow_twin():
    boards, counts = slow_othello.start(1, 6), []
    for _ in TestOthello6x6.perft:
        rows, actions = np.nonzero(slow_othello.legal(boards))
        counts.append(len(rows))
        boards = slow_othello.play(boards[rows], actions)
    assert tuple(counts) == TestOthello6x6.perft


def test_the_shortest_game():
    """https://www.worldothello.org: black takes every disc with the ninth move."""
    ended = play("e6 f4 e3 f6 g5 d6 e7 f5 c5")
    assert GAME.outcome(ended)[0] == Outcome.LOSS
    planes = GAME.observe(ended)[0]
    assert planes[0].sum() == 0
    assert planes[1].sum() == 13
    assert achieved_by_first(ended) == {"win", "margin_4", "margin_8"}
    assert not GAME.legal(ended).any()


def test_who_cannot_play_passes():
    history = np.concatenate(random_games(GAME, 200, seed=5))
    legal = GAME.legal(history)
    passing = history[legal[:, -1]]
    assert len(passing) > 50
    assert (GAME.legal(passing).sum(axis=1) == 1).all()
    after = GAME.step(passing, np.full(len(passing), 64))
    assert np.array_equal(GAME.observe(after)[:, :2], GAME.observe(passing)[:, 1::-1])
    assert np.array_equal(GAME.plies(after), GAME.plies(passing) + 1)
    assert GAME.legal(after)[:, :64].any(axis=1).all()


@pytest.mark.parametrize("game", [GAME, SMALL], ids=["8x8", "6x6"])
def test_goals_agree_with_a_plain_recount(game):
    """Every goal of 3,000 finished games, from boards alone."""
    ended = random_games(game, 3000, seed=11)[-1]
    boards, achieved = game.observe(ended)[:, :2], game.achieved(ended)
    seen = set()
    for row in range(len(ended)):
        for seat in (0, 1):
            own, other = boards[row, seat], boards[row, 1 - seat]
            for number, goal in enumerate(game.goals):
                has = expected_goal(goal.name, int(own.sum() - other.sum()), own)
                assert achieved[row, seat, number] == has, (goal.name, seat)
                seen.add((goal.name, has))
    assert {(goal.name, has) for goal in game.goals for has in (True, False)} == seen


def expected_goal(name: str, lead: int, own: np.ndarray) -> bool:
    kind, _, number = name.rpartition("_")
    results = {"win": lead > 0, "draw": lead == 0, "lose": lead < 0}
    if name in results:
        return results[name]
    if kind == "corners":
        return own[[0, 0, -1, -1], [0, -1, 0, -1]].sum() >= int(number)
    ways = {"margin": lead >= int(number), "deficit": -lead >= int(number)}
    return ways[kind] if kind in ways else abs(lead) <= int(number)


def test_corners_are_certain_before_the_end():
    history = np.concatenate(random_games(SMALL, 200, seed=6))
    ongoing = history[SMALL.outcome(history) == Outcome.ONGOING]
    rows = [SMALL.goal_index(f"corners_{count}") for count in (1, 2, 3)]
    verdicts = SMALL.verdicts(ongoing)[:, :, rows]
    corners = SMALL.observe(ongoing)[:, :2][:, :, [0, 0, -1, -1], [0, -1, 0, -1]].sum(axis=2)
    for place, count in enumerate((1, 2, 3)):
        has = verdicts[:, :, place] == Verdict.ACHIEVED
        assert np.array_equal(has, corners >= count)
        gone = verdicts[:, :, place] == Verdict.IMPOSSIBLE
        assert np.array_equal(gone, 4 - corners[:, ::-1] < count)


@pytest.mark.parametrize("change", ["hole", "early", "late", "playable", "beyond"])
def test_impossible_observations_are_rejected(change: str):
    planes = GAME.observe(play("e6 f4"))
    GAME.from_observation(planes)
    if change == "hole":  # the four cells in the middle are never empty
        planes[0, :2, 3, 3] = 0
    elif change == "playable":  # no move leads to a corner
        planes[0, 2, 0, 0] = 1
    else:  # two discs take two plies at least, and at most two more in which somebody passed
        planes[0, CLOCK].flat[:8] = {"early": [1] + [0] * 7, "late": [1, 0, 1] + [0] * 5}.get(
            change, [0, 1] + [0] * 6
        )
        planes[0, CLOCK, 7, 7] = change == "beyond"
    with pytest.raises(GameError, match="observation 0 shows an impossible position of Oth"):
        GAME.from_observation(planes)
