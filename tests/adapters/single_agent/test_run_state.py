"""Compiled games go on in the middle of their episodes, and nothing but their rules moves them."""

from __future__ import annotations

import numpy as np
import pytest

from rlhf_adapters import from_minatar, make_env
from rlhf_games.base import IllegalMoveError

N = 6


def games(name="space_invaders", seed=0, **options):
    return make_env(f"minatar:{name}", n_envs=N, seed=seed, fast=True, **options)


def walk(env, steps, seed):
    """Play at random and return all that can be seen and earned."""
    rng, seen = np.random.default_rng(seed), []
    for _ in range(steps):
        observation, rewards, dones, infos = env.step(rng.integers(6, size=N))
        ends = [info.get("episode", {}).get(key) for info in infos for key in ("r", "l")]
        seen.append([*(part.copy() for part in observation.values()), rewards, dones, ends])
    return seen


def same(first, second):
    return all(
        np.array_equal(one, other)
        for step, again in zip(first, second, strict=True)
        for one, other in zip(step, again, strict=True)
    )


@pytest.mark.parametrize("name", from_minatar.worlds())
@pytest.mark.parametrize("options", [{}, {"goal": "mixed"}, {"max_steps": 40}])
def test_they_go_on_where_they_were(name: str, options: dict):
    env = games(name, **options)
    env.reset()
    walk(env, 300, seed=1)
    state = {key: array.copy() for key, array in env.run_state().items()}
    expected = walk(env, 100, seed=2)
    other = games(name, seed=77, **options)
    other.reset()
    assert other.restore_run_state(state)
    assert {*other.run_state()} == {*state}
    assert all(np.array_equal(other.run_state()[key], state[key]) for key in state)
    assert same(expected, walk(other, 100, seed=2))


def test_long_episodes_are_remembered():
    env = games("freeway")
    env.reset()
    walk(env, 1500, seed=0)
    assert env.batched.log.lengths.max() == 1500
    other = games("freeway")
    other.reset()
    other.restore_run_state(env.run_state())
    assert np.array_equal(other.batched.batch.states, env.batched.batch.states)


@pytest.mark.parametrize(
    ("key", "change", "error"),
    [
        ("actions", lambda array: array + 100, IllegalMoveError),
        ("actions", lambda array: array[:-1], ValueError),
        ("actions", lambda array: array.astype(np.int64), ValueError),
        ("lengths", lambda array: -array, ValueError),
        ("sticking", lambda array: array + 50, ValueError),
        ("dice", lambda array: array[:2], ValueError),
        ("score", lambda array: array.astype(np.float32), ValueError),
        ("generator", lambda array: array[:-1], ValueError),
    ],
)
def test_what_cannot_be_is_refused(key: str, change, error):
    env = games()
    env.reset()
    walk(env, 10, seed=0)
    state = env.run_state()
    with pytest.raises(error):
        env.restore_run_state({**state, key: change(state[key])})
    missing = {name: array for name, array in state.items() if name != key}
    with pytest.raises(KeyError):
        env.restore_run_state(missing)


def test_other_worlds_begin_anew():
    env = make_env("gymnasium:CartPole-v1", n_envs=2, seed=0)
    env.reset()
    assert env.run_state() == {}
    assert not env.restore_run_state({})
