"""Matches: openings, seats, results, goals. Players here are scripts, so that results are known."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation import arena
from rlhf_agents.evaluation.arena import (
    MatchSettings,
    goal_matrix,
    play_games,
    play_match,
    tally,
    wilson,
)
from rlhf_agents.evaluation.openings import canonical, draw_openings
from rlhf_games.base import Game, Outcome, States, UnknownGoalError

CONNECT_FOUR = rlhf_games.make("connect_four")
TIC_TAC_TOE = rlhf_games.make("tic_tac_toe")


@dataclass
class Favourite:
    """Plays the legal action that stands first in its order; for other goals, last."""

    game: Game
    order: tuple[int, ...]
    name: str = "favourite"
    asked: list[tuple[int, str]] = field(default_factory=list)

    def act(self, states: States, goal: str) -> np.ndarray:
        self.asked.append((len(states), goal))
        order = np.array(self.order if goal == "win" else self.order[::-1])
        return order[self.game.legal(states)[:, order].argmax(axis=1)]


@dataclass
class Chance:
    """Plays uniformly at random."""

    game: Game
    rng: np.random.Generator
    name: str = "chance"

    def act(self, states: States, goal: str) -> np.ndarray:
        return self.game.random_actions(states, self.rng)


def replay(game: Game, moves: np.ndarray) -> States:
    """Return the position after one row of moves, uint64 `[1, W]`."""
    states = game.initial(1)
    for action in moves[moves >= 0]:
        states = game.step(states, np.array([action]))
    return states


# ---- openings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "plies"), [(20, 2), (100, 3), (500, 4)])
def test_openings_are_as_short_as_enough_allows(count: int, plies: int):
    openings = draw_openings(CONNECT_FOUR, count, seed=1)
    assert openings.moves.shape == (count, plies)
    assert draw_openings(CONNECT_FOUR, 10_000, 1, plies - 1).moves.shape[0] < count or plies == 2


def test_openings_are_distinct_up_to_mirroring():
    openings = draw_openings(CONNECT_FOUR, 500, seed=2)
    assert len(np.unique(canonical(CONNECT_FOUR, openings.states), axis=0)) == 500


def test_moves_of_openings_lead_to_their_positions():
    openings = draw_openings(CONNECT_FOUR, 40, seed=3, plies=7)
    for state, moves in zip(openings.states, openings.moves, strict=True):
        assert replay(CONNECT_FOUR, moves)[0].tolist() == state.tolist()


def test_openings_are_undecided():
    """No opening is over, won at once, or lost at once; among 9-ply positions many would be."""
    openings = draw_openings(CONNECT_FOUR, 300, seed=4, plies=9)
    for state in openings.states:
        assert best_within(CONNECT_FOUR, state[None], 2) == 0


def best_within(game: Game, state: States, depth: int) -> int:
    """Return negamax's value of one position, looking `depth` plies ahead; unknown is 0."""
    outcome = game.outcome(state)[0]
    if outcome != Outcome.ONGOING:
        return int(outcome)
    if depth == 0:
        return 0
    actions = np.flatnonzero(game.legal(state)[0])
    return max(-best_within(game, game.step(state, np.array([a])), depth - 1) for a in actions)


def test_openings_follow_the_seed():
    first, again, other = (draw_openings(CONNECT_FOUR, 50, seed).moves for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_no_plies_is_the_start():
    openings = draw_openings(CONNECT_FOUR, 5, seed=0, plies=0)
    np.testing.assert_array_equal(openings.states, CONNECT_FOUR.initial(1))
    assert openings.moves.shape == (1, 0)


def test_a_small_game_yields_what_it_has():
    """Tic-Tac-Toe has 12 openings of two plies up to symmetry, all of them quiet."""
    assert len(draw_openings(TIC_TAC_TOE, 100, seed=0, plies=2)) == 12
    assert len(draw_openings(TIC_TAC_TOE, 13, seed=0)) == 13


def test_openings_longer_than_any_game_are_refused():
    with pytest.raises(SettingError, match="no undecided openings of 12 plies"):
        draw_openings(TIC_TAC_TOE, 4, seed=0, plies=12)


def test_canonical_is_the_same_for_all_images_and_tells_others_apart():
    left = replay(CONNECT_FOUR, np.array([0, 1, 1]))
    right = replay(CONNECT_FOUR, np.array([6, 5, 5]))
    other = replay(CONNECT_FOUR, np.array([6, 5, 4]))
    images = canonical(CONNECT_FOUR, np.concatenate([left, right, other]))
    assert images[0].tolist() == images[1].tolist() != images[2].tolist()
    corners = np.concatenate([replay(TIC_TAC_TOE, np.array([cell])) for cell in (0, 2, 6, 8)])
    assert len(np.unique(canonical(TIC_TAC_TOE, corners), axis=0)) == 1


# ---- playing ----------------------------------------------------------------------------------


def test_games_start_from_paired_openings_with_seats_swapped():
    players = (Chance(CONNECT_FOUR, np.random.default_rng(0)),) * 2
    openings = draw_openings(CONNECT_FOUR, 5, seed=0)
    games = play_games(CONNECT_FOUR, players, openings, 10)
    assert games.agent_second.tolist() == [False, True] * 5
    np.testing.assert_array_equal(games.moves[0::2, :2], openings.moves)
    np.testing.assert_array_equal(games.moves[1::2, :2], openings.moves)


def test_records_agree_with_a_replay():
    players = (
        Chance(CONNECT_FOUR, np.random.default_rng(1)),
        Favourite(CONNECT_FOUR, (3, 2, 4, 1, 5, 0, 6)),
    )
    games = play_games(CONNECT_FOUR, players, draw_openings(CONNECT_FOUR, 20, 1), 41)
    assert len(games) == 41
    assert set(games.results.tolist()) >= {-1, 1}
    for i in range(41):
        final = replay(CONNECT_FOUR, games.moves[i])
        outcome = int(CONNECT_FOUR.outcome(final)[0])
        assert outcome != Outcome.ONGOING
        assert games.plies[i] == CONNECT_FOUR.plies(final)[0] == (games.moves[i] >= 0).sum()
        agent_waits = int(CONNECT_FOUR.mover(final)[0]) != games.agent_second[i]
        assert games.results[i] == (-outcome if agent_waits else outcome)
        mover, waiting = CONNECT_FOUR.achieved(final)[0]
        agent, opponent = (waiting, mover) if agent_waits else (mover, waiting)
        np.testing.assert_array_equal(games.achieved[i], [agent, opponent])
        assert agent[CONNECT_FOUR.goal_index("win")] == (games.results[i] == 1)


def test_each_player_is_asked_once_a_ply_and_only_where_it_is_to_move():
    """From the empty board the column players fill 3 and 2 in turn: the first wins at ply 7."""
    agent = Favourite(CONNECT_FOUR, (3, 2, 4, 1, 5, 0, 6))
    opponent = Favourite(CONNECT_FOUR, (2, 3, 4, 1, 5, 0, 6))
    start = draw_openings(CONNECT_FOUR, 1, 0, plies=0)
    told: list[int] = []
    games = play_games(CONNECT_FOUR, (agent, opponent), start, 2, on_progress=told.append)
    assert games.moves[0, :8].tolist() == [3, 2, 3, 2, 3, 2, 3, -1]
    assert games.moves[1, :8].tolist() == [2, 3, 2, 3, 2, 3, 2, -1]
    assert games.results.tolist() == [1, -1]
    assert agent.asked == opponent.asked == [(1, "win")] * 7
    assert told == [0] * 6 + [2]


def test_duplicates_are_counted():
    agent = Favourite(CONNECT_FOUR, (3, 2, 4, 1, 5, 0, 6), "a")
    opponent = Favourite(CONNECT_FOUR, (2, 3, 4, 1, 5, 0, 6), "b")
    same = play_match(CONNECT_FOUR, (agent, opponent), MatchSettings(10, opening_plies=0))
    assert (same.total.games, same.distinct, same.openings) == (10, 2, 1)
    varied = play_match(CONNECT_FOUR, (agent, opponent), MatchSettings(200))
    assert (varied.total.games, varied.distinct, varied.openings) == (200, 200, 100)


# ---- results ----------------------------------------------------------------------------------


def test_match_adds_up():
    players = (
        Chance(TIC_TAC_TOE, np.random.default_rng(2)),
        Chance(TIC_TAC_TOE, np.random.default_rng(3)),
    )
    result = play_match(TIC_TAC_TOE, players, MatchSettings(101, seed=7, opening_plies=0))
    total = result.total
    assert (result.as_first.games, result.as_second.games) == (51, 50)
    for name in ("games", "wins", "draws", "losses"):
        seats = getattr(result.as_first, name) + getattr(result.as_second, name)
        assert getattr(total, name) == seats > 0
    assert total.wins + total.draws + total.losses == 101
    assert total.score == pytest.approx((total.wins + total.draws / 2) / 101)
    assert total.win_low < total.win_rate == total.wins / 101 < total.win_high
    assert result.goal_rate == total.win_rate
    assert 5 <= result.mean_plies <= 9
    assert result.seed == 7


def test_the_first_mover_is_the_better_off():
    """Random Tic-Tac-Toe: 58.5 % for the first player, 28.8 % for the second, 12.7 % drawn."""
    players = (Chance(TIC_TAC_TOE, np.random.default_rng(4)),) * 2
    result = play_match(TIC_TAC_TOE, players, MatchSettings(4000, opening_plies=0))
    assert result.as_first.win_rate == pytest.approx(0.585, abs=0.045)
    assert result.as_second.win_rate == pytest.approx(0.288, abs=0.045)
    assert result.total.draws / 4000 == pytest.approx(0.127, abs=0.025)


def test_the_goal_reaches_the_agent_alone():
    agent = Favourite(TIC_TAC_TOE, tuple(range(9)), "agent")
    opponent = Favourite(TIC_TAC_TOE, tuple(range(9)), "opponent")
    result = play_match(TIC_TAC_TOE, (agent, opponent), MatchSettings(8, goal="draw"))
    assert {goal for _, goal in agent.asked} == {"draw"}
    assert {goal for _, goal in opponent.asked} == {"win"}
    assert result.goal == "draw"
    assert result.goal_rate == result.total.draws / 8


def test_seeds_repeat_a_match():
    def play(seed: int) -> arena.MatchResult:
        players = (Chance(CONNECT_FOUR, np.random.default_rng(5)),) * 2
        return play_match(CONNECT_FOUR, players, MatchSettings(30, seed=seed))

    assert play(0) == play(0)
    assert play(0) != play(1)


def test_results_are_ready_for_json():
    players = (Chance(TIC_TAC_TOE, np.random.default_rng(6)),) * 2
    result = dataclasses.asdict(play_match(TIC_TAC_TOE, players, MatchSettings(6)))
    assert json.loads(json.dumps(result)) == result
    matrix = dataclasses.asdict(goal_matrix(TIC_TAC_TOE, players, ["draw"], MatchSettings(6)))
    assert json.loads(json.dumps(matrix))["rows"][0]["asked"] == "draw"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (MatchSettings(0), "at least one game, not 0"),
        (MatchSettings(opening_plies=-1), "cannot have -1 plies"),
    ],
)
def test_impossible_settings_are_refused(settings: MatchSettings, sentence: str):
    players = (Chance(TIC_TAC_TOE, np.random.default_rng(0)),) * 2
    with pytest.raises(SettingError, match=sentence):
        play_match(TIC_TAC_TOE, players, settings)
    with pytest.raises(SettingError, match=sentence):
        goal_matrix(TIC_TAC_TOE, players, ["win"], settings)


def test_unknown_goals_are_refused_before_a_game_is_played():
    agent = Favourite(TIC_TAC_TOE, tuple(range(9)))
    with pytest.raises(UnknownGoalError, match="did you mean win"):
        play_match(TIC_TAC_TOE, (agent, agent), MatchSettings(4, goal="wni"))
    with pytest.raises(UnknownGoalError, match="did you mean lose"):
        goal_matrix(TIC_TAC_TOE, (agent, agent), ["win", "loose"], MatchSettings(4))
    assert agent.asked == []


# ---- goals ------------------------------------------------------------------------------------


def test_goal_matrix_reports_asked_by_achieved():
    """Asked to win it takes the left columns of each row first, else the last cells."""
    agent = Favourite(TIC_TAC_TOE, tuple(range(9)), "agent")
    opponent = Chance(TIC_TAC_TOE, np.random.default_rng(8), "opponent")
    told: list[int] = []
    settings = MatchSettings(40, seed=3)
    matrix = goal_matrix(TIC_TAC_TOE, (agent, opponent), ["lose", "draw"], settings, told.append)
    assert (matrix.agent, matrix.opponent, matrix.games) == ("agent", "opponent", 40)
    assert matrix.goals == ("lose", "draw")
    assert [row.asked for row in matrix.rows] == ["lose", "draw"]
    assert matrix.baseline.asked == "win"
    for row in (*matrix.rows, matrix.baseline):
        assert set(row.achieved) == {"lose", "draw"}
        assert 0 <= row.achieved["lose"] + row.achieved["draw"] <= 1
    for row in matrix.rows:
        assert row.low < row.achieved[row.asked] < row.high
    asked = [goal for _, goal in agent.asked]
    assert sorted(set(asked), key=asked.index) == ["lose", "draw", "win"]
    assert told == sorted(told)
    assert told[-1] == 120


def test_goal_matrix_rows_agree_with_matches():
    agent = Favourite(CONNECT_FOUR, (3, 2, 4, 1, 5, 0, 6))
    opponent = Favourite(CONNECT_FOUR, (0, 1, 2, 3, 4, 5, 6))
    settings = MatchSettings(30)
    matrix = goal_matrix(CONNECT_FOUR, (agent, opponent), ["win", "win_vertical"], settings)
    for row in matrix.rows:
        match = play_match(
            CONNECT_FOUR, (agent, opponent), dataclasses.replace(settings, goal=row.asked)
        )
        assert row.achieved[row.asked] == match.goal_rate
    assert matrix.baseline == matrix.rows[0]
    assert matrix.rows[0].achieved["win_vertical"] <= matrix.rows[0].achieved["win"]


# ---- intervals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),  # Newcombe (1998), Statistics in Medicine 17, and textbook values
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=6e-5)


def test_no_games_say_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    nothing = tally(np.empty(0, np.int8))
    assert (nothing.games, nothing.score, nothing.win_low, nothing.win_high) == (0, 0.0, 0.0, 1.0)
