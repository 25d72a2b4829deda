"""The contract of every game; a test of a game inherits it and sets the first three attributes.

A game whose planes are a board of stones inherits `BoardContract`; if every move adds a stone to a
board that was empty at first, `StoneGameContract`.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rlhf_games
from rlhf_games.base import (
    CLOCK,
    MOVER,
    WAITING,
    Game,
    GameError,
    IllegalMoveError,
    Outcome,
    States,
    Symmetry,
    UnknownGoalError,
    Verdict,
)
from rlhf_games.rules import CLOCK_DIGITS

WIN, DRAW, LOSE = 0, 1, 2

any_moves = given(moves=st.lists(st.integers(0, 2**16), max_size=60))
# The same test runs once per game: hypothesis would take that for an accident.
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
)


def random_games(game: Game, n: int, seed: int) -> list[States]:
    """Positions uint64 `[n, W]` after each ply of n random games; finished ones stay."""
    rng = np.random.default_rng(seed)
    history = [game.initial(n)]
    for _ in range(game.max_plies):
        if (game.outcome(history[-1]) != Outcome.ONGOING).all():
            break
        history.append(game.step(history[-1], game.random_actions(history[-1], rng)))
    # Bounded, so that a game without an end fails here and does not fill the memory.
    assert (game.outcome(history[-1]) != Outcome.ONGOING).all()
    return history


def play_line(game: Game, moves: list[int]) -> list[States]:
    """Positions `[1, W]` of one game; each number picks one of the legal moves."""
    line = [game.initial(1)]
    for move in moves:
        legal = np.flatnonzero(game.legal(line[-1])[0])
        if len(legal) == 0:
            break
        line.append(game.step(line[-1], legal[[move % len(legal)]]))
    return line


def seen_through(game: Game, symmetry: Symmetry, states: States) -> States:
    """The positions after a reflection or rotation."""
    return game.from_observation(symmetry.seen(game.observe(states)))


class GameContract:
    """What holds for every game."""

    name: str
    perft: tuple[int, ...]
    # Which kinds of goals carry a number that makes them easier: "win_by" for `win_by_18`.
    deadlines: frozenset[str]
    # Which kinds of goals carry a number that makes them harder: "last" for `last_20`.
    thresholds: frozenset[str] = frozenset()
    # Random games that are looked at.
    n_games = 300
    # Positions that are enough to count.
    many = 100_000

    @pytest.fixture(scope="class")
    @classmethod
    def game(cls) -> Game:
        return rlhf_games.make(cls.name)

    @pytest.fixture(scope="class")
    @classmethod
    def history(cls, game: Game) -> list[States]:
        return random_games(game, cls.n_games, seed=7)

    @pytest.fixture(scope="class")
    @classmethod
    def states(cls, history: list[States]) -> States:
        return np.concatenate(history)

    @pytest.fixture(scope="class")
    @classmethod
    def ended(cls, history: list[States]) -> States:
        return history[-1]

    # ---- tables ---------------------------------------------------------------------------

    def test_tables(self, game: Game):
        assert isinstance(game, Game)
        assert game.name == self.name
        assert game.title != ""
        assert game.names_of(0) == game.action_names
        assert game.turned or game.names_of(1) == game.action_names
        for seat in (0, 1):
            assert len(game.names_of(seat)) == len(set(game.names_of(seat))) == game.n_actions
        cells = int(np.prod(game.observation_shape[1:]))
        assert 0 < game.visible_cells <= cells
        for symmetry in game.symmetries:
            assert sorted(symmetry.cells) == list(range(cells))
            assert sorted(symmetry.actions) == list(range(game.n_actions))
            assert not np.array_equal(symmetry.cells, np.arange(cells))
            assert len(symmetry.seen(game.observe(game.initial(0)))) == 0

    def test_goal_table(self, game: Game):
        names = [goal.name for goal in game.goals]
        assert len(set(names)) == len(names)
        assert names[:3] == ["win", "draw", "lose"]
        assert game.goals[WIN].zero_sum
        assert game.goals[WIN].draw_value == 0.5
        for row, goal in enumerate(game.goals):
            assert game.goal_index(goal.name) == row
            assert goal.text
            assert 0.0 <= goal.draw_value <= 1.0
            assert goal.implies is None or goal.implies in names[:row]

    def test_unknown_goal_gets_near_names_and_the_list(self, game: Game):
        with pytest.raises(UnknownGoalError, match=r"'drow'; did you mean draw.*known: win, draw"):
            game.goal_index("drow")

    # ---- shapes and purity ----------------------------------------------------------------

    @pytest.mark.parametrize("n", [0, 1, 5])
    def test_shapes_and_dtypes(self, game: Game, n: int):
        states = game.initial(n)
        expected = {
            "legal": ((n, game.n_actions), np.bool_),
            "mover": ((n,), np.int8),
            "plies": ((n,), np.int64),
            "outcome": ((n,), np.int8),
            "observe": ((n, *game.observation_shape), np.float32),
            "verdicts": ((n, 2, len(game.goals)), np.int8),
            "achieved": ((n, 2, len(game.goals)), np.bool_),
            "restart": ((n, game.n_words), np.uint64),
        }
        seen = {name: getattr(game, name)(states) for name in expected}
        assert {name: (array.shape, array.dtype) for name, array in seen.items()} == expected
        actions = game.random_actions(states, np.random.default_rng(0))
        assert (actions.shape, actions.dtype) == ((n,), np.int64)
        after = game.step(states, actions)
        assert (after.shape, after.dtype) == ((n, game.n_words), np.uint64)

    def test_start(self, game: Game):
        states = game.initial(3)
        assert game.plies(states).tolist() == game.mover(states).tolist() == [0, 0, 0]
        assert (game.outcome(states) == Outcome.ONGOING).all()

    def test_nothing_changes_its_arguments(self, game: Game, states: States):
        before = states.copy()
        actions = game.random_actions(states, np.random.default_rng(0))
        chosen = actions.copy()
        game.step(states, actions)
        game.restart(states)
        game.verdicts(states)
        assert np.array_equal(states, before)
        assert np.array_equal(actions, chosen)

    def test_a_batch_is_its_rows(self, game: Game, states: States):
        some = states[:: max(1, len(states) // 20)]
        actions = game.random_actions(some, np.random.default_rng(1))
        together = game.step(some, actions)
        for row in range(len(some)):
            alone = game.step(some[row : row + 1], actions[row : row + 1])
            assert np.array_equal(alone[0], together[row])
            assert np.array_equal(game.legal(some[row : row + 1])[0], game.legal(some)[row])

    # ---- rules ----------------------------------------------------------------------------

    def test_perft(self, game: Game):
        assert tuple(game.perft(ply + 1) for ply in range(len(self.perft))) == self.perft

    def test_perft_counts_what_step_reaches(self, game: Game):
        states = game.initial(1)
        for depth in (1, 2, 3, 4):
            rows, actions = np.nonzero(game.legal(states))
            if len(rows) > self.many:
                break
            states = game.step(states[rows], actions)
            assert len(states) == game.perft(depth)
        assert game.perft(0) == 1

    @quick
    @any_moves
    def test_plies_and_movers_alternate_until_the_end(self, game: Game, moves: list[int]):
        line = play_line(game, moves)
        assert [int(game.plies(states)[0]) for states in line] == list(range(len(line)))
        movers = [int(game.mover(states)[0]) for states in line]
        assert movers == [ply % 2 for ply in range(len(line))]
        outcomes = [int(game.outcome(states)[0]) for states in line]
        assert set(outcomes[:-1]) <= {Outcome.ONGOING}
        assert len(line) <= game.max_plies + 1

    def test_games_have_moves_until_they_end(self, game: Game, states: States):
        ongoing = game.outcome(states) == Outcome.ONGOING
        assert np.array_equal(game.legal(states).any(axis=1), ongoing)
        assert not ongoing.all()

    def test_finished_games_stay(self, game: Game, ended: States):
        for action in range(game.n_actions):
            assert np.array_equal(game.step(ended, np.full(len(ended), action)), ended)

    def test_restart_replaces_finished_games_only(self, game: Game, states: States):
        over = game.outcome(states) != Outcome.ONGOING
        anew = game.restart(states)
        assert np.array_equal(anew[~over], states[~over])
        assert np.array_equal(anew[over], game.initial(int(over.sum())))

    def test_illegal_moves_name_row_and_legal_moves(self, game: Game, states: States):
        ongoing = states[game.outcome(states) == Outcome.ONGOING]
        legal = game.legal(ongoing)
        row = int(np.flatnonzero(~legal.all(axis=1))[0])
        actions = legal.argmax(axis=1)
        actions[row] = legal[row].argmin()
        moves = re.escape(str(np.flatnonzero(legal[row]).tolist()))
        message = f"action {actions[row]} is illegal in position {row}; legal: {moves}"
        with pytest.raises(IllegalMoveError, match=message):
            game.step(ongoing, actions)

    @pytest.mark.parametrize("beyond", [-1, 0, 100])
    def test_actions_that_do_not_exist_are_illegal(self, game: Game, beyond: int):
        action = beyond if beyond < 0 else game.n_actions + beyond
        states = game.initial(2)
        legal = int(game.legal(states)[0].argmax())
        with pytest.raises(IllegalMoveError, match=f"action {action} is illegal in position 1"):
            game.step(states, np.array([legal, action]))

    def test_as_many_actions_as_positions(self, game: Game):
        with pytest.raises(GameError, match="3 games need as many actions"):
            game.step(game.initial(3), np.array([0, 0]))

    # ---- observations ---------------------------------------------------------------------

    @quick
    @any_moves
    def test_observations_tell_everything(self, game: Game, moves: list[int]):
        states = np.concatenate(play_line(game, moves))
        planes = game.observe(states)
        assert np.isin(planes, (0.0, 1.0)).all()
        assert np.array_equal(game.from_observation(planes), states)

    def test_observations_of_another_shape_are_rejected(self, game: Game):
        with pytest.raises(GameError, match=re.escape("[1, 3, 1, 1]")):
            game.from_observation(np.zeros((1, 3, 1, 1), np.float32))

    @pytest.mark.parametrize("value", [0.5, -1.0, np.nan])
    def test_values_other_than_0_and_1_are_rejected(self, game: Game, value: float):
        planes = game.observe(game.initial(4))
        planes[2, 0, 0, 0] = value
        with pytest.raises(GameError, match="observation 2"):
            game.from_observation(planes)

    # ---- symmetries and chance ------------------------------------------------------------

    def test_symmetries_commute_with_the_rules(self, game: Game, states: States):
        actions = game.random_actions(states, np.random.default_rng(3))
        after = game.step(states, actions)
        for symmetry in game.symmetries:
            mirrored = seen_through(game, symmetry, states)
            assert np.array_equal(game.legal(mirrored)[:, symmetry.actions], game.legal(states))
            assert np.array_equal(game.outcome(mirrored), game.outcome(states))
            assert np.array_equal(game.verdicts(mirrored), game.verdicts(states))
            assert np.array_equal(
                game.step(mirrored, symmetry.actions[actions]), seen_through(game, symmetry, after)
            )

    def test_random_actions_are_legal_and_reproducible(self, game: Game, states: States):
        first, again, other = (
            game.random_actions(states, np.random.default_rng(seed)) for seed in (5, 5, 6)
        )
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        over = game.outcome(states) != Outcome.ONGOING
        assert not first[over].any()
        assert game.legal(states)[np.arange(len(states)), first][~over].all()

    def test_random_actions_are_uniform(self, game: Game, states: States):
        draws = 4000
        legal = game.legal(states)
        partly = np.flatnonzero(legal.any(axis=1) & ~legal.all(axis=1))
        for row in (0, partly[len(partly) // 2]):
            same = np.repeat(states[row : row + 1], draws, axis=0)
            actions = game.random_actions(same, np.random.default_rng(8))
            counts = np.bincount(actions, minlength=game.n_actions)[legal[row]]
            share = 1 / legal[row].sum()
            assert (abs(counts - draws * share) <= 5 * (draws * share * (1 - share)) ** 0.5).all()

    # ---- goals ----------------------------------------------------------------------------

    def test_verdicts_of_finished_games_are_final(self, game: Game, states: States):
        over = game.outcome(states) != Outcome.ONGOING
        verdicts = game.verdicts(states)
        assert (verdicts[over] != Verdict.OPEN).all()
        assert np.array_equal(game.achieved(states)[over], verdicts[over] == Verdict.ACHIEVED)
        assert not game.achieved(states)[~over].any()

    def test_certain_verdicts_never_reverse(self, game: Game, history: list[States]):
        for before, after in pairwise(history):
            moved = (game.plies(after) != game.plies(before))[:, None, None]
            was, now = game.verdicts(before), game.verdicts(after)
            now = np.where(moved, now[:, ::-1], now)  # the waiting player of before is the mover
            assert ((was == Verdict.OPEN) | (was == now)).all()

    def test_children_never_do_better_than_parents(self, game: Game, states: States):
        verdicts = game.verdicts(states)
        for row, goal in enumerate(game.goals):
            if goal.implies is not None:
                parent = verdicts[..., game.goal_index(goal.implies)]
                assert (verdicts[..., row] <= parent).all()

    def test_deadlines_are_monotone(self, game: Game, states: States):
        """More time makes `win_by` and `lose_by` easier, more discs make a margin harder."""
        chains: dict[str, list[tuple[int, int]]] = {}
        for row, goal in enumerate(game.goals):
            if match := re.fullmatch(r"(\w+)_(\d+)", goal.name):
                chains.setdefault(match[1], []).append((int(match[2]), row))
        verdicts = game.verdicts(states)
        assert set(chains) == self.deadlines | self.thresholds
        for kind, chain in chains.items():
            rows = [row for _, row in sorted(chain, reverse=kind in self.thresholds)]
            for hard, easy in pairwise(rows):
                assert (verdicts[..., hard] <= verdicts[..., easy]).all()

    def test_every_game_ends_in_one_way(self, game: Game, ended: States):
        achieved, outcome = game.achieved(ended), game.outcome(ended)
        assert (achieved[:, :, [WIN, DRAW, LOSE]].sum(axis=2) == 1).all()
        for mine, theirs in ((WIN, LOSE), (LOSE, WIN), (DRAW, DRAW)):
            assert np.array_equal(achieved[:, MOVER, mine], achieved[:, WAITING, theirs])
        for row, value in ((WIN, Outcome.WIN), (DRAW, Outcome.DRAW), (LOSE, Outcome.LOSS)):
            assert np.array_equal(achieved[:, MOVER, row], outcome == value)


class BoardContract(GameContract):
    """What holds besides where plane 0 shows the mover's stones and plane 1 the other's."""

    def test_planes(self, game: Game, states: States):
        """No cell has two owners, and planes beyond the second show playable cells and plies."""
        planes = game.observe(states).reshape(len(states), game.observation_shape[0], -1)
        assert len(planes[0]) in (2, 4)
        assert game.visible_cells == planes.shape[2]
        assert (planes[:, :2].sum(axis=1) <= 1).all()
        if len(planes[0]) == 4:
            assert (planes[:, :3].sum(axis=1) <= 1).all()
            digits = 2.0 ** np.arange(CLOCK_DIGITS)
            assert game.max_plies < 2**CLOCK_DIGITS
            assert np.array_equal(planes[:, CLOCK, :CLOCK_DIGITS] @ digits, game.plies(states))
            assert not planes[:, CLOCK, CLOCK_DIGITS:].any()

    def test_moves_are_called_as_they_are_typed(self, game: Game, history: list[States]):
        for ply, states in enumerate(history[:2]):
            assert game.text(states[0]) is None
            for action in np.flatnonzero(game.legal(states[:1])[0]).tolist():
                assert game.label(states[0], action) == game.names_of(ply)[action]

    def test_two_owners_of_a_cell_are_rejected(self, game: Game, states: States):
        planes = game.observe(states[game.plies(states) == 2])
        row = len(planes) - 1
        planes[row, 0] = planes[row].max(axis=0)
        with pytest.raises(GameError, match=f"observation {row}"):
            game.from_observation(planes)


class StoneGameContract(BoardContract):
    """What holds besides for games on an empty board to which every move adds one stone."""

    def test_boards_start_empty(self, game: Game):
        assert not game.observe(game.initial(3)).any()

    def test_players_see_the_board_from_their_side(self, game: Game, states: States):
        ongoing = states[game.outcome(states) == Outcome.ONGOING]
        actions = game.random_actions(ongoing, np.random.default_rng(2))
        before, after = game.observe(ongoing), game.observe(game.step(ongoing, actions))
        assert np.array_equal(after[:, 0], before[:, 1])
        assert ((after[:, 1] - before[:, 0]).reshape(len(ongoing), -1).sum(axis=1) == 1).all()

    def test_impossible_counts_are_rejected(self, game: Game, states: States):
        planes = game.observe(states[game.plies(states) == 2])
        planes[0, 0] = 0
        game.from_observation(planes[:1])  # one stone of the waiting player is a first move
        planes[0] = planes[0, ::-1].copy()
        with pytest.raises(GameError, match="observation 0"):
            game.from_observation(planes)
