"""The contract of every arcade game, to be inherited by the test of a game."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_games.arcade.base import ArcadeGame, Grids
from rlhf_games.arcade.batch import ArcadeBatch
from rlhf_games.arcade.rules import LAST_ACTION
from rlhf_games.base import GameError, IllegalMoveError

FUZZ_GAMES, FUZZ_STEPS = 500, 200


def play_until_some_are_over(game: ArcadeGame, n: int, rng: np.random.Generator) -> Grids:
    """States of random play, some of them finished, none for long."""
    states = game.initial(rng.random((n, game.n_draws)))
    for _ in range(3000):
        if game.over(states).any():
            return states
        actions = rng.integers(game.n_actions, size=n)
        states, _ = game.step(states, actions, rng.random((n, game.n_draws)))
    pytest.fail("no game ends")


class ArcadeContract:
    """What holds for every arcade game."""

    def make(self, sticky: float = 0.1, ramping: bool = True) -> ArcadeGame:
        """Return the game."""
        raise NotImplementedError

    @pytest.fixture
    def game(self) -> ArcadeGame:
        return self.make()

    @pytest.fixture
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(7)

    def test_is_an_arcade_game(self, game: ArcadeGame, rng):
        assert isinstance(game, ArcadeGame)
        states = game.initial(rng.random((5, game.n_draws)))
        seen = game.observe(states)
        assert (states.dtype, states.shape) == (np.int16, (5, game.n_words))
        assert (seen.dtype, seen.shape) == (np.uint8, (5, *game.observation_shape))
        assert len(game.plane_names) == game.observation_shape[0]
        assert len(game.action_names) == game.n_actions
        assert game.legal(states).shape == (5, game.n_actions)
        assert game.legal(states).all()
        assert not game.over(states).any()

    def test_steps_are_pure(self, game: ArcadeGame, rng):
        states = play_until_some_are_over(game, 50, rng)
        before, draws = states.copy(), rng.random((50, game.n_draws))
        actions = rng.integers(game.n_actions, size=50)
        new, points = game.step(states, actions, draws)
        assert np.array_equal(states, before)
        again, points_again = game.step(states, actions, draws, out=states)
        assert again is states
        assert np.array_equal(states, new)
        assert np.array_equal(points, points_again)
        for i in range(50):
            row = slice(i, i + 1)
            alone, alone_points = game.step(before[row], actions[row], draws[row])
            assert np.array_equal(alone, new[row])
            assert alone_points[0] == points[i]

    def test_finished_games_stay_until_they_are_restarted(self, game: ArcadeGame, rng):
        states = play_until_some_are_over(game, 50, rng)
        over = game.over(states)
        assert not game.legal(states)[over].any()
        draws = rng.random((50, game.n_draws))
        after, points = game.step(states, np.full(50, game.n_actions - 1), draws)
        assert np.array_equal(after[over], states[over])
        assert not points[over].any()
        fresh = game.restart(states, draws)
        assert np.array_equal(fresh[~over], states[~over])
        own = [word for word in range(game.n_words) if word != LAST_ACTION]
        assert np.array_equal(fresh[over][:, own], game.initial(draws)[over][:, own])
        assert np.array_equal(fresh[:, LAST_ACTION], states[:, LAST_ACTION])

    @pytest.mark.parametrize("draw", [0.0, 0.999])
    def test_sticky_actions(self, rng, draw: float):
        """With sticky = 0.5 a first draw below it repeats the last action."""
        game = self.make(sticky=0.5)
        chance = rng.random((game.n_actions, game.n_draws))
        states = game.initial(chance)
        states[:, LAST_ACTION] = np.arange(game.n_actions)
        chance[:, 0] = draw
        asked = (np.arange(game.n_actions) + 1) % game.n_actions
        played = np.arange(game.n_actions) if draw < 0.5 else asked
        stuck, _ = game.step(states, asked, chance)
        assert stuck[:, LAST_ACTION].tolist() == played.tolist()
        chance[:, 0] = 0.999
        assert np.array_equal(stuck, game.step(states, played, chance)[0])

    @pytest.mark.parametrize("action", [-1, 6, 1 << 40])
    def test_wrong_actions(self, game: ArcadeGame, rng, action: int):
        draws = rng.random((3, game.n_draws))
        states = game.initial(draws)
        with pytest.raises(
            IllegalMoveError, match=rf"no action {action} \(game 1\); actions: 0 to"
        ):
            game.step(states, np.array([0, action, 0]), draws)

    def test_wrong_shapes(self, game: ArcadeGame, rng):
        draws = rng.random((3, game.n_draws))
        states = game.initial(draws)
        with pytest.raises(GameError, match="3 games need as many actions"):
            game.step(states, np.zeros(2, np.int64), draws)
        with pytest.raises(GameError, match=rf"needs draws float64 \[3, {game.n_draws}\]"):
            game.step(states, np.zeros(3, np.int64), draws[:, :-1])
        with pytest.raises(GameError, match="needs draws float64"):
            game.initial(draws.astype(np.float32))

    def test_a_batch_plays_by_the_rules(self, game: ArcadeGame, rng):
        """Its observations, points and ends are those of `step`, for 10 games of their own."""
        batch = ArcadeBatch(game, 10, seed=3)
        assert np.array_equal(batch.observation, game.observe(batch.states))
        for _ in range(300):
            before, actions = batch.states.copy(), rng.integers(game.n_actions, size=10)
            batch.step(actions)
            states, points = game.step(before, actions, batch.draws)
            assert np.array_equal(batch.states, states)
            assert np.array_equal(batch.reward, points)
            assert np.array_equal(batch.over, game.over(states))
            assert np.array_equal(batch.observation, game.observe(states))
            ended = batch.over.copy()
            batch.restart(ended)
            assert np.array_equal(batch.states, game.restart(states, batch.draws))
            assert np.array_equal(batch.observation, game.observe(batch.states))
            assert not batch.over.any()

    def test_seeds(self, game: ArcadeGame, rng):
        actions = rng.integers(game.n_actions, size=(400, 6))

        def trajectory(batch: ArcadeBatch, games: int) -> bytes:
            parts = []
            for row in actions:
                batch.step(row[: batch.n])
                parts += [batch.observation[:games].tobytes(), batch.over[:games].tobytes()]
                batch.restart(batch.over)
            return b"".join(parts)

        used = ArcadeBatch(game, 6, seed=1)
        first = trajectory(used, 6)
        assert trajectory(used, 6) != first
        used.seed(1)
        used.restart(np.ones(6, np.bool_))
        assert trajectory(used, 6) == first
        fewer, more = ArcadeBatch(game, 2, seed=1), ArcadeBatch(game, 6, seed=1)
        assert trajectory(fewer, 2) == trajectory(more, 2)
        third, alone = ArcadeBatch(game, 3, seed=1), ArcadeBatch(game, 1, seed=3)
        assert np.array_equal(third.draws[2], alone.draws[0])

    def test_fuzz(self, game: ArcadeGame, rng):
        """100,000 steps; now and then an action does not exist, and then nothing happens."""
        batch = ArcadeBatch(game, FUZZ_GAMES, seed=5)
        ended = refused = 0
        for _ in range(FUZZ_STEPS):
            actions = rng.integers(game.n_actions, size=FUZZ_GAMES)
            if rng.random() < 0.2:
                wrong = actions.copy()
                wrong[rng.integers(FUZZ_GAMES)] = rng.choice([-7, game.n_actions])
                before, seen = batch.states.copy(), batch.observation.copy()
                with pytest.raises(IllegalMoveError):
                    batch.step(wrong)
                refused += 1
                assert np.array_equal(batch.states, before)
                assert np.array_equal(batch.observation, seen)
            batch.step(actions)
            assert batch.observation.max() == 1
            assert (batch.observation[:, 0].sum(axis=(1, 2)) == 1).all()  # one player
            assert (batch.reward >= 0).all()
            ended += int(batch.over.sum())
            batch.restart(batch.over)
        assert refused
        assert ended or game.name == "freeway"  # its games last 2,501 steps
