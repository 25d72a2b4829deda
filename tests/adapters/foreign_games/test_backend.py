"""What a backend answers is checked before compiled code sees it; so are positions from outside."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_adapters.foreign_games.game import HistoryGame, goal_table
from rlhf_adapters.specs import EnvError
from rlhf_games.base import GameError
from tests.adapters.foreign_games.nim import STONES, Nim, nim


def nim_with(name, answer):
    """Return Nim whose method gives another answer once a stone was taken."""

    def method(self, position, *rest):
        right = getattr(Nim, name)(self, position, *rest)
        return answer if position[0] < STONES else right

    return nim(type("Wrong", (Nim,), {name: method})())


def after_a_move(game):
    return game.step(game.initial(1), np.array([0]))


@pytest.mark.parametrize(
    "features",
    [
        b"\0" * 10,
        b"\0" * 12,
        b"\0" * 10_000,
        b"\2" * 11,
        "0" * 11,
        None,
        7,
        [0] * 11,
        np.full(11, np.nan),
        np.full(11, 0.5, np.float32),
        np.zeros((11, 1)),
        np.full(11, "0"),
    ],
)
def test_wrong_features(features):
    game = nim_with("features", features)
    with pytest.raises(EnvError, match=r"features\(\) of a Backend must return 11 bytes 0 or 1"):
        game.observe(after_a_move(game))


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
def test_features_may_be_an_array(dtype):
    class Arrays(Nim):
        def features(self, position, seat):
            return np.frombuffer(super().features(position, seat), np.uint8).astype(dtype)

    states = after_a_move(nim())
    assert np.array_equal(nim(Arrays()).observe(states), nim().observe(states))


@pytest.mark.parametrize(
    "legal", [[3], [-1], [0, 0], [], [10**12], [0.0], ["0"], "012", None, 1, np.ones(2)]
)
def test_wrong_legal_actions(legal):
    with pytest.raises(EnvError, match=r"legal\(\) of a Backend .* from 0 to 2"):
        after_a_move(nim_with("legal", legal))


def test_legal_actions_may_be_an_array():
    game = nim_with("legal", np.array([2, 1]))
    assert game.legal(after_a_move(game)).tolist() == [[False, True, True, False]]


@pytest.mark.parametrize("mover", [2, -1, None, "0", 0.0])
def test_wrong_mover(mover):
    with pytest.raises(EnvError, match=r"mover\(\) of a Backend"):
        after_a_move(nim_with("mover", mover))


@pytest.mark.parametrize("score", [1 << 15, -(1 << 15), 1.0, "1"])
def test_wrong_score(score):
    with pytest.raises(EnvError, match=r"score\(\) of a Backend"):
        after_a_move(nim_with("score", score))


@pytest.mark.parametrize("attribute", ["n_actions", "max_actions", "n_features"])
@pytest.mark.parametrize("value", [0, -1, 2.0, "3", None, 1 << 40])
def test_wrong_sizes(attribute, value):
    with pytest.raises(EnvError, match=f"test:nim: {attribute} must be a whole number"):
        nim(type("Wrong", (Nim,), {attribute: value})())


def test_wrong_number_of_action_names():
    with pytest.raises(EnvError, match="3 actions, got names of 2"):
        HistoryGame("test:nim", "Nim", Nim(), goal_table(), action_names=("a", "b"))


def test_positions_that_no_history_leads_to():
    """Junk of the right shape is answered in one sentence, too: it never writes elsewhere."""
    game = nim()
    junk = np.full((1, game.n_words), np.uint64(0xFFFF_FFFF_FFFF_FFFF))
    calls = [
        lambda: game.step(junk, np.array([0])),
        lambda: game.observe(junk),
        lambda: game.text(junk[0]),
    ]
    for call in calls:
        with pytest.raises(GameError, match="this position is impossible"):
            call()


def test_single_positions_are_checked():
    game = nim()
    state = game.initial(1)[0]
    assert game.text(state.tolist()) == "10 stones"
    for wrong in (state[:-1], state.astype(float), "abc", None, 3):
        with pytest.raises(GameError, match="positions of Nim"):
            game.text(wrong)
    for wrong in (4, -1, "0", 0.5):
        with pytest.raises(GameError):
            game.label(state, wrong)
