"""Bit tricks and random numbers inside compiled code, and stubs outside it."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import pytest

import rlhf_games
from rlhf_games import rules
from rlhf_games.base import CLOCK
from rlhf_games.compiled import (
    by_default,
    count_bits,
    implement,
    lowest_bit_index,
    next_random,
    random_below,
    random_unit,
)
from rlhf_games.perft import random_playouts
from tests.games.game_contract import random_games

WORDS = [1, 2, 0b1011000, 1 << 63, (1 << 64) - 1, 0x9E3779B97F4A7C15]


@numba.njit
def bits_and_lowest(words):
    return [(count_bits(word), lowest_bit_index(word)) for word in words]


def test_bit_tricks():
    expected = [(word.bit_count(), (word & -word).bit_length() - 1) for word in WORDS]
    assert bits_and_lowest(np.array(WORDS, np.uint64)) == expected


@numba.njit
def count_all(words):
    total = 0
    for word in words:
        total += count_bits(word)
    return total


def test_no_bits():
    assert count_all(np.zeros(3, np.uint64)) == 0


def test_splitmix64_reference_values():
    """The values of the reference implementation, https://prng.di.unimi.it/splitmix64.c."""
    drawn = []
    state = 1234567
    for _ in range(5):
        state, bits = next_random(np.uint64(state))
        drawn.append(int(bits))
    assert drawn == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@numba.njit
def tally_below(bound, draws):
    counts = np.zeros(bound, np.int64)
    state = numba.uint64(42)
    for _ in range(draws):
        state, bits = next_random(state)
        counts[random_below(bits, bound)] += 1
    return counts


@pytest.mark.parametrize("bound", [1, 2, 7, 42])
def test_random_below_is_uniform(bound: int):
    draws = 100_000
    counts = tally_below(bound, draws)
    expected = draws / bound
    chi_square = ((counts - expected) ** 2 / expected).sum()
    # Mean bound - 1, variance 2 * (bound - 1): five standard deviations.
    assert chi_square <= bound - 1 + 5 * (2 * (bound - 1)) ** 0.5
    assert counts.sum() == draws


@pytest.mark.parametrize(("bits", "bound", "value"), [(0, 7, 0), (2**64 - 1, 7, 6), (2**63, 4, 2)])
def test_random_below_at_its_ends(bits: int, bound: int, value: int):
    assert random_below(np.uint64(bits), bound) == value


def test_random_unit_is_at_least_0_and_below_1():
    assert random_unit(np.uint64(0)) == 0.0
    assert 0.9999999999999997 < random_unit(np.uint64(2**64 - 1)) < 1.0
    assert random_unit(np.uint64(2**63)) == 0.5


@pytest.mark.parametrize("name", rlhf_games.names())
def test_playouts_count_games_and_plies(name: str):
    game = rlhf_games.make(name)
    moves, first, drawn, second = random_playouts(game.rules, 5000, 3)
    assert random_playouts(game.rules, 5000, 3) == (moves, first, drawn, second)
    assert first + drawn + second == 5000
    assert first > second > drawn or name != "connect_four"
    assert 5 * 5000 <= moves <= game.max_plies * 5000


def test_rules_refuse_to_run_outside_compiled_code():
    tag = rlhf_games.make("tic_tac_toe").rules
    stubs = (
        rules.start,
        rules.is_legal,
        rules.count_legal,
        rules.nth_legal,
        rules.play,
        rules.result,
        rules.plies,
        rules.symbol,
        rules.decode,
        rules.verdict,
        rules.random_legal,
        rules.fill_symbols,
        rules.fill_planes,
        rules.is_possible,
        rules.load,
    )
    for stub in stubs:
        arguments = [tag, *[None] * (stub.__code__.co_argcount - 1)]
        with pytest.raises(TypeError, match="rules of TicTacToeRules run inside compiled code"):
            stub(*arguments)


class Plain(NamedTuple):
    size: int = 3


class Special(NamedTuple):
    size: int = 4


def area(tag):
    raise TypeError(tag)


@by_default(area)
def _area(tag):
    return tag.size * tag.size


@implement(area, Special)
def _special_area(tag):
    return -1


@numba.njit
def areas(plain, special):
    return area(plain), area(special)


def test_own_meaning_goes_before_the_default():
    assert areas(Plain(), Special()) == (9, -1)


@numba.njit
def fill_both(tag, states, symbols, planes):
    for i in range(states.shape[0]):
        state = rules.load(tag, states, i)
        for cell in range(tag.n_cells):
            what = rules.symbol(tag, state, cell)
            symbols[i, cell] = what
            for plane in range(planes.shape[1]):
                planes[i, plane, cell] = what == plane + 1


@pytest.mark.parametrize("name", rlhf_games.names())
def test_bulk_functions_agree_with_symbol(name: str):
    game = rlhf_games.make(name)
    rng = np.random.default_rng(0)
    states = [game.initial(50)]
    for _ in range(game.max_plies):
        states.append(game.step(states[-1], game.random_actions(states[-1], rng)))
    rows = np.concatenate(states)
    symbols = np.empty((len(rows), game.rules.n_cells), np.int8)
    shown = min(game.observation_shape[0], CLOCK)
    planes = np.empty((len(rows), shown, game.rules.n_cells), np.float32)
    fill_both(game.rules, rows, symbols, planes)
    assert np.array_equal(game.symbols(rows), symbols)
    seen = game.observe(rows)[:, :shown]
    assert np.array_equal(seen.reshape(planes.shape), planes)


@numba.njit
def fill_ages(tag, states, out):
    for i in range(states.shape[0]):
        out[i] = rules.age(tag, rules.load(tag, states, i))


@pytest.mark.parametrize("name", rlhf_games.names())
def test_age_bounds_what_can_follow(name: str):
    game = rlhf_games.make(name)
    history = random_games(game, 200, seed=2)
    lengths = game.plies(history[-1])
    for states in history:
        ages = np.empty(len(states), np.int64)
        fill_ages(game.rules, states, ages)
        assert (lengths - game.plies(states) <= game.max_plies - ages).all()
        assert (ages >= game.plies(states)).all()
