"""Proofs are never wrong: against brute force, alpha-beta, the labels of a perfect solver."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numba
import numpy as np
import pytest

import rlhf_games
from rlhf_agents.evaluation.solved_positions import load_positions
from rlhf_agents.search import alpha_beta
from rlhf_agents.search.budget import Clock, NodeBudget, TimeBudget
from rlhf_agents.search.proof_table import ProofTable, new_proof_table
from rlhf_agents.search.prover import DRAW, WIN, Prover
from rlhf_agents.search.solver import UNLIMITED, begin, new_stack, proceed
from rlhf_games.base import Outcome
from rlhf_games.compiled import compiled
from rlhf_games.rules import (
    load,
    play,
    result,
)
from rlhf_games.solver_rules import (
    NO,
    UNKNOWN,
    YES,
    quick_answer,
    safe_moves,
)
from tests.agents.search.test_tree import random_positions
from tests.agents.selfplay.exact import negamax

SHARED = Path(os.environ.get("RLHF_SHARED", Path(__file__).resolve().parents[4] / "shared"))
POSITIONS = SHARED / "data" / "connect_four_positions.npz"
ENOUGH = 10**9
BOARDS = ("tic_tac_toe", "connect_four", "othello_6x6", "breakthrough_6x6")
LATE = {"tic_tac_toe": 3, "connect_four": 32, "othello_6x6": 27, "breakthrough_6x6": 26}
"""Plies after which brute force is quick."""


def answer(prover, state, question, nodes=ENOUGH):
    *_, last = prover.ask(state, question, NodeBudget(nodes))
    return last


def value_of_move(game, state, action, value):
    found = value(game.step(state[None], np.array([action])))
    return None if found is None else -found


def small_prover(game):
    """A prover whose table is so small that every bucket is fought over."""
    prover = Prover(game)
    prover._table = ProofTable(np.zeros(2 << 9, np.uint64), 9)
    return prover


def late_positions(name, count=60, seed=0):
    game = rlhf_games.make(name)
    if name == "breakthrough_6x6":
        return game, short_races(game, count, seed)
    return game, random_positions(game, 400, LATE[name], seed=seed)[:count]


def oracle(game):
    """Return a function from a position to its value that shares no code with the solver.

    None where that takes too long.
    """
    cache = {}
    if "breakthrough" not in game.name:
        return lambda states: negamax(game, states, cache)
    table, out = alpha_beta.new_table(game, 18), np.zeros(1, np.int64)

    def value(states):
        if game.outcome(states)[0] != Outcome.ONGOING:
            return int(game.outcome(states)[0])
        alpha_beta.prove_batch(game.rules, table, states, 100_000, out)
        return None if out[0] == alpha_beta.UNKNOWN else int(np.sign(out[0]))

    return value


def short_races(game, count, seed):
    """Positions of Breakthrough that alpha-beta solves quickly."""
    states = np.concatenate(
        [random_positions(game, 200, plies, seed=seed + plies) for plies in (26, 32, 38)]
    )
    out = np.zeros(len(states), np.int64)
    alpha_beta.prove_batch(game.rules, alpha_beta.new_table(game), states, 2000, out)
    return states[out != alpha_beta.UNKNOWN][:count]


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("kind", [Prover, small_prover])
def test_answers_and_moves_equal_brute_force(name, kind):
    game, states = late_positions(name)
    assert len(states) > 20
    prover, value_of = kind(game), oracle(game)
    for state in states:
        value = value_of(state[None])
        for question in (WIN, DRAW):
            known = answer(prover, state, question)
            assert known.answer == (YES if value >= question else NO)
            if known.answer == YES:
                after = value_of_move(game, state, known.action, value_of)
                assert after is None or after >= question
        assert prover.prove(state, ENOUGH) == value


@pytest.mark.parametrize("name", BOARDS)
def test_bounds_of_moves_are_right(name):
    """Also those that the table has from other positions."""
    game, states = late_positions(name, seed=1)
    if name == "connect_four":
        states = random_positions(game, 40, 28)
    prover, value_of = Prover(game), oracle(game)
    narrow = 0
    for state in states[:40]:
        legal = game.legal(state[None])[0]
        prover.prove(state, ENOUGH)
        for action, (low, high) in enumerate(prover.bounds(state, 5_000)):
            assert (low <= high) == legal[action]
            value = value_of_move(game, state, action, value_of) if legal[action] else None
            if value is not None:
                assert low <= value <= high
                narrow += low == high
    assert narrow > 40


def test_the_first_move_of_tic_tac_toe_draws():
    game = rlhf_games.make("tic_tac_toe")
    prover = Prover(game)
    assert prover.prove(game.initial(1)[0], ENOUGH) == 0
    assert answer(prover, game.initial(1)[0], WIN).answer == NO


def test_alpha_beta_agrees_earlier_in_connect_four():
    game = rlhf_games.make("connect_four")
    states = random_positions(game, 300, 24)[:120]
    values = np.zeros(len(states), np.int64)
    table = alpha_beta.new_table(game, 18)
    alpha_beta.prove_batch(game.rules, table, states, ENOUGH, values)
    prover = Prover(game)
    assert [prover.prove(state, ENOUGH) for state in states] == np.sign(values).tolist()


@compiled
def answers_at_sight(rules, states, out):
    """Fill `out` with the quick answers in positions that a safe move led to, and count them."""
    moves = np.empty(rules.n_actions, np.int16)
    rows = 0
    for i in range(states.shape[0]):
        state = load(rules, states, i)
        for n in range(safe_moves(rules, state, moves)):
            after = play(rules, state, moves[n])
            if result(rules, after) == 2:
                for question in range(2):
                    out[rows, 0], out[rows, 1] = i, moves[n]
                    out[rows, 2], out[rows, 3] = question, quick_answer(rules, after, question)
                    rows += 1
    return rows


@pytest.mark.parametrize("name", ["connect_four", "connect_four(columns=5,rows=5)"])
def test_what_connect_four_knows_at_sight_is_true(name):
    """Also on boards with an odd number of rows, where the second player cannot pair the cells."""
    game = rlhf_games.make(name)
    plies = range(game.max_plies - 12, game.max_plies - 2)
    late = [random_positions(game, 1500, ply, seed=ply) for ply in plies]
    states, value_of = np.concatenate(late), oracle(game)
    won_at_once = [
        bool((game.outcome(game.step(s[None].repeat(len(a), 0), a)) == Outcome.LOSS).any())
        for s in states
        for a in [np.flatnonzero(game.legal(s[None])[0])]
    ]
    states = states[~np.array(won_at_once)]
    out = np.zeros((len(states) * 14, 4), np.int64)
    rows, known = answers_at_sight(game.rules, states, out), 0
    for i, action, question, said in out[:rows]:
        if said != UNKNOWN:
            value = value_of(game.step(states[i : i + 1], np.array([action])))
            assert said == (YES if value >= question else NO)
            known += 1
    assert known > 100


@pytest.mark.parametrize("name", ["connect_four", "othello_6x6"])
@pytest.mark.parametrize("slice_nodes", [1, 7, 1000])
def test_slices_end_as_one_run(name, slice_nodes):
    game, states = late_positions(name)
    for state in states[:10]:
        ends = []
        for budget in (slice_nodes, ENOUGH):
            table, stack = new_proof_table(1), new_stack(game)
            begin(game.rules, stack, state[None], WIN, YES, UNLIMITED)
            found = UNKNOWN
            while found == UNKNOWN:
                found = proceed(game.rules, table, stack, budget)
            ends.append((found, stack.registers.tolist(), table.entries.tobytes()))
        assert ends[0] == ends[1]


def test_a_small_budget_gives_up_and_the_next_goes_on_from_the_table():
    game = rlhf_games.make("connect_four")
    state = random_positions(game, 5, 12)[0]
    prover, nodes = Prover(game), 0
    assert prover.prove(state, 100) is None
    for _ in range(10_000):
        nodes += 5_000
        if prover.prove(state, 5_000) is not None:
            break
    assert prover.prove(state, 5_000) == Prover(game).prove(state, ENOUGH)


@pytest.mark.parametrize("name", BOARDS)
def test_the_clock_is_kept(name):
    """Not a speed: only that a search ends by the clock, and far below the time it would need."""
    game = rlhf_games.make(name)
    prover = Prover(game)
    state = game.initial(1)[0]
    answer(prover, state, WIN, 100)  # compiled before the clock starts
    known = list(prover.ask(state, WIN, TimeBudget(Clock(0.2))))
    assert all(a.nodes <= b.nodes for a, b in pairwise(known))
    if name != "tic_tac_toe":
        assert known[-1].answer == UNKNOWN
        assert len(known) > 3


def test_finished_games_are_refused():
    game = rlhf_games.make("tic_tac_toe")
    states, rng = game.initial(1), np.random.default_rng(0)
    while game.outcome(states)[0] == Outcome.ONGOING:
        states = game.step(states, game.random_actions(states, rng))
    with pytest.raises(ValueError, match="game is over"):
        Prover(game).prove(states[0], 100)


def test_games_without_draws_are_asked_one_question():
    assert Prover(rlhf_games.make("breakthrough")).questions == (WIN,)
    assert Prover(rlhf_games.make("connect_four")).questions == (WIN, DRAW)


@pytest.mark.skipif(not POSITIONS.exists(), reason="no file of solved positions")
def test_solved_positions_are_proven_as_they_are_labelled():
    game = rlhf_games.make("connect_four")
    positions = load_positions(POSITIONS, game)
    prover, proven = Prover(game), 0
    rows = np.flatnonzero(positions.ply >= 12)
    for row in np.random.default_rng(0).permutation(rows)[:400]:
        value = np.where(positions.legal[row], positions.wdl[row], -2).max()
        for question in (WIN, DRAW):
            known = answer(prover, positions.states[row], question, 50_000)
            if known is not None and known.answer != UNKNOWN:
                proven += 1
                assert known.answer == (YES if value >= question else NO)
                assert known.answer == NO or positions.wdl[row, known.action] >= question
        for action, (low, high) in enumerate(prover.bounds(positions.states[row])):
            if positions.legal[row, action]:
                assert low <= positions.wdl[row, action] <= high
    assert proven > 600


def test_bitbully_agrees():
    bitbully = pytest.importorskip("bitbully", reason="the perfect solver is not installed")
    game, solver = rlhf_games.make("connect_four"), bitbully.BitBully(opening_book=None)
    prover, rng = Prover(game), np.random.default_rng(5)
    for _ in range(60):
        states, board = game.initial(1), bitbully.Board()
        for _ in range(14):
            action = int(game.random_actions(states, rng)[0])
            states = game.step(states, np.array([action]))
            board.play(action)
        if game.outcome(states)[0] == Outcome.ONGOING:
            value = prover.prove(states[0], ENOUGH)
            assert value == np.sign(solver.mtdf(board))


def test_numba_compiles_no_game_twice():
    """The engine is written once: one signature per type of rules."""
    game = rlhf_games.make("tic_tac_toe")
    Prover(game).prove(game.initial(1)[0], 100)
    kinds = [str(numba.typeof(rlhf_games.make(name).rules)) for name in ("othello", "othello_6x6")]
    assert kinds[0] == kinds[1]
    Prover(rlhf_games.make("othello")).prove(rlhf_games.make("othello").initial(1)[0], 10)
    before = len(proceed.signatures)
    Prover(rlhf_games.make("othello_6x6")).prove(rlhf_games.make("othello_6x6").initial(1)[0], 10)
    assert len(proceed.signatures) == before
