"""MinAtar's games: the contract, lockstep with the original, and what can be said of each."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_games import minatar
from rlhf_games.arcade.rules import OVER, SIDE
from rlhf_games.base import UnknownGameError
from rlhf_games.minatar import asterix, breakout, controls, freeway, seaquest, space_invaders
from tests.games.minatar.arcade_contract import ArcadeContract
from tests.games.minatar.lockstep import Lockstep

RANDOM_STEPS = 2000


class TestAsterix(ArcadeContract):
    def make(self, **options):
        return minatar.make("asterix", **options)


class TestBreakout(ArcadeContract):
    def make(self, **options):
        return minatar.make("breakout", **options)


class TestFreeway(ArcadeContract):
    def make(self, **options):
        return minatar.make("freeway", **options)


class TestSeaquest(ArcadeContract):
    def make(self, **options):
        return minatar.make("seaquest", **options)


class TestSpaceInvaders(ArcadeContract):
    def make(self, **options):
        return minatar.make("space_invaders", **options)


def random_player(seed: int):
    rng = np.random.default_rng(seed)
    return lambda _game: int(rng.integers(controls.N_ACTIONS))


# ---- lockstep with the original ----------------------------------------------------------------


@pytest.mark.parametrize("name", minatar.names())
def test_random_play_in_lockstep(name: str):
    both = Lockstep(name, seed=1)
    both.play(random_player(2), RANDOM_STEPS)
    assert both.episodes > 0 or name == "freeway"  # its games last 2,501 steps


def test_asterix_grows_harder_in_lockstep():
    both = Lockstep("asterix", seed=3, immortal=True)
    both.play(random_player(4), 1500)
    state = both.states[0]
    assert (state[asterix.SPAWN_EVERY], state[asterix.MOVE_EVERY]) == (1, 1)
    assert both.score > 30


def test_seaquest_grows_harder_in_lockstep():
    both = Lockstep("seaquest", seed=11, immortal=True)
    both.play(random_player(12), 4000)
    state = both.states[0]
    assert (state[seaquest.ENEMY_EVERY], state[seaquest.MOVE_EVERY]) == (1, 2)
    assert both.score > 20


def test_space_invaders_grows_harder_in_lockstep():
    both = Lockstep("space_invaders", seed=9, immortal=True)
    both.play(random_player(10), 4000)
    assert both.states[0, space_invaders.MARCH_EVERY] == space_invaders.MARCH_EVERY_AT_LAST


def test_a_good_breakout_player_in_lockstep():
    """The paddle follows the ball until all bricks have been broken and laid anew."""
    rng = np.random.default_rng(9)

    def follow(both: Lockstep) -> int:
        state = both.states[0]
        column = int(state[breakout.BALL_X] + rng.integers(2) * state[breakout.DX])
        if column == state[breakout.PADDLE]:
            return controls.STAY
        return controls.LEFT if column < state[breakout.PADDLE] else controls.RIGHT

    both = Lockstep("breakout", seed=9, sticky=0.0)
    both.play(follow, 3000)
    assert both.episodes == 0
    assert both.score > breakout.BRICK_ROWS * SIDE


def test_a_good_freeway_player_in_lockstep():
    both = Lockstep("freeway", seed=10)
    both.play(lambda _game: controls.UP, freeway.TIME + 100)
    assert both.episodes == 1
    assert both.score > 10


# ---- without the original ----------------------------------------------------------------------


def test_unknown_game():
    with pytest.raises(
        UnknownGameError, match="unknown MinAtar game 'pong'; known: asterix, break"
    ):
        minatar.make("pong")
    with pytest.raises(UnknownGameError, match="did you mean breakout"):
        minatar.make("brekout")


def test_without_ramping_games_stay_as_easy():
    rng = np.random.default_rng(0)
    for name, word, value in [
        ("asterix", asterix.SPAWN_EVERY, asterix.SPAWN_EVERY_AT_FIRST),
        ("seaquest", seaquest.ENEMY_EVERY, seaquest.ENEMY_EVERY_AT_FIRST),
        ("space_invaders", space_invaders.MARCH_EVERY, space_invaders.MARCH_EVERY_AT_FIRST),
    ]:
        game = minatar.make(name, ramping=False)
        states = game.initial(rng.random((50, game.n_draws)))
        for _ in range(300):
            draws = rng.random((50, game.n_draws))
            states, _ = game.step(states, rng.integers(6, size=50), draws, out=states)
            states[:, OVER] = 0
        assert (states[:, word] == value).all()


def test_freeway_lasts_as_long_as_it_says():
    game = minatar.make("freeway")
    states = game.initial(np.full((1, game.n_draws), 0.5))
    for step in range(1, freeway.TIME + 2):
        states, _ = game.step(states, np.zeros(1, np.int64), np.full((1, game.n_draws), 0.5))
        assert game.over(states)[0] == (step == freeway.TIME + 1)
