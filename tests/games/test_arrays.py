"""Arrays from outside: what is converted, and what gets one sentence."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_games import minatar
from rlhf_games.base import GameError

METHODS = ("legal", "mover", "plies", "outcome", "observe", "symbols", "verdicts", "achieved")


@pytest.fixture
def game():
    return rlhf_games.make("tic_tac_toe")


@pytest.fixture
def states(game):
    return game.step(game.initial(3), np.array([0, 4, 8]))


def big_endian(array):
    return array.astype(array.dtype.newbyteorder(">"))


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "convert",
    [
        lambda states: states.astype(np.int64),
        lambda states: states.tolist(),
        lambda states: tuple(map(tuple, states.tolist())),
        np.asfortranarray,
        lambda states: np.repeat(states, 2, axis=0)[::2],
        lambda states: states.astype(object),
        big_endian,
        read_only,
    ],
)
def test_whole_numbers_of_other_kinds_are_positions(game, states, convert):
    same = convert(states)
    for name in METHODS:
        assert np.array_equal(getattr(game, name)(same), getattr(game, name)(states)), name
    assert np.array_equal(game.step(same, [1, 1, 1]), game.step(states, np.ones(3, np.int64)))
    assert np.array_equal(game.restart(same), states)
    assert game.random_actions(same, np.random.default_rng(0)).shape == (3,)


def test_words_use_all_64_bits(game):
    big = 2**63 + 5
    checked = game.checked([[big, 0], [1, 2]])
    assert (checked.dtype, checked[0, 0]) == (np.uint64, big)


@pytest.mark.parametrize(
    "convert",
    [
        lambda states: states.astype(float),
        lambda states: states.astype(str),
        lambda states: states.astype(str).tolist(),
        lambda states: states != 0,
        lambda states: states[None],
        lambda states: states[0],
        lambda states: states[:, :1],
        lambda states: -states.astype(np.int64) - 1,
        lambda states: [[-1, 0]],
        lambda states: [[2**64, 0]],
        lambda states: [[1, 2], [3]],
        lambda states: None,
        lambda states: "positions",
        lambda states: b"12",
        lambda states: {},
        lambda states: object(),
    ],
)
def test_what_are_not_positions_gets_one_sentence(game, states, convert):
    wrong = convert(states)
    calls = [
        *(lambda name=name: getattr(game, name)(wrong) for name in METHODS),
        lambda: game.step(wrong, np.zeros(3, np.int64)),
        lambda: game.restart(wrong),
        lambda: game.random_actions(wrong, np.random.default_rng(0)),
    ]
    for call in calls:
        with pytest.raises(GameError, match=r"^positions of Tic-Tac-Toe are") as error:
            call()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "actions", [[1, 2, 3], (1, 2, 3), np.array([1, 2, 3], np.int8), np.array([1, 2, 3], ">u2")]
)
def test_whole_numbers_of_other_kinds_are_actions(game, states, actions):
    expected = game.step(states, np.array([1, 2, 3]))
    assert np.array_equal(game.step(states, actions), expected)


@pytest.mark.parametrize(
    "actions",
    [
        "123",
        ["1", "2", "3"],
        [1.0, 2.0, 3.0],
        np.array([1.0, 2.0, 3.0]),
        np.array([True, True, True]),
        [[1, 2, 3]],
        [1, 2],
        1,
        None,
        [2**63, 1, 1],
        {1, 2, 3},
    ],
)
def test_what_are_not_actions_gets_one_sentence(game, states, actions):
    with pytest.raises(GameError, match=r"actions|as many"):
        game.step(states, actions)


def test_observations_are_numbers(game, states):
    seen = game.observe(states)
    for same in (seen.astype(np.int8), seen.tolist(), seen > 0, big_endian(seen)):
        assert np.array_equal(game.from_observation(same), states)
    for wrong in (seen.astype(str), seen.astype(str).tolist(), seen.astype(complex), "x", None):
        with pytest.raises(GameError, match="observations"):
            game.from_observation(wrong)
    with pytest.raises(GameError, match="shows an impossible position"):
        game.from_observation(np.full_like(seen, np.nan))


@pytest.mark.parametrize("count", [-1, 1.5, "2", None, True])
def test_the_number_of_games_is_checked(game, count):
    with pytest.raises(GameError, match="number of games"):
        game.initial(count)


def test_arcade_games_check_states_actions_and_draws():
    game = minatar.make("breakout")
    draws = np.full((2, game.n_draws), 0.5)
    states = game.initial(draws)
    expected, _ = game.step(states, np.array([1, 3]), draws)
    for same in (states.tolist(), states.astype(np.int64), big_endian(states)):
        assert np.array_equal(game.step(same, [1, 3], draws)[0], expected)
    for wrong in (states.astype(float), states[0], "ab", states.astype(int) + 40_000):
        with pytest.raises(GameError, match="states of"):
            game.observe(wrong)
    for wrong in (draws.tolist(), draws.astype(np.float32), draws[:1], None):
        with pytest.raises(GameError, match="draws float64"):
            game.step(states, [1, 3], wrong)
    with pytest.raises(GameError, match="C order"):
        game.step(states, [1, 3], draws, out=states.astype(np.int64))
