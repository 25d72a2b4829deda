"""A network that predicts the world: right where it is sure, and found out where it is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces

from rlhf_agents.dqn.world_model.dynamics_network import DynamicsNetwork, can_predict
from rlhf_agents.dqn.world_model.outcomes import Transitions
from rlhf_agents.settings import ModelForesight

BITS = 8


def flips(rng: np.random.Generator, count: int, noise: float = 0.0) -> Transitions:
    """Action a flips bit a; with `noise` another bit flips, too."""
    before = rng.integers(2, size=(count, BITS)).astype(np.int8)
    actions = rng.integers(BITS, size=count)
    after = before.copy()
    after[np.arange(count), actions] ^= 1
    after[np.arange(count), rng.integers(BITS, size=count)] ^= rng.random(count) < noise
    nothing = np.zeros(count, np.float32)
    return Transitions({"bits": before}, actions, {"bits": after}, nothing, nothing > 0)


def moves(rng: np.random.Generator, count: int) -> Transitions:
    """Two numbers: a place, moved by the action, and a constant; beyond 1 all ends."""
    before = rng.uniform(-1, 1, size=(count, 2)).astype(np.float32)
    actions = rng.integers(2, size=count)
    after = before + np.stack([0.1 * (2 * actions - 1), 0 * actions], axis=1).astype(np.float32)
    return Transitions(
        {"": before}, actions, {"": after}, np.full(count, 0.5, np.float32), after[:, 0] > 1
    )


def trained(space, make, steps: int) -> DynamicsNetwork:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    key = "bits" if make is not moves else ""
    n_actions = 2 if make is moves else BITS
    network = DynamicsNetwork({key: space}, n_actions, ModelForesight(), seed=0)
    for _ in range(steps):
        network.check(make(rng, 4))
        network.learn(make(rng, 64))
    return network


@pytest.fixture(scope="module")
def flipper() -> DynamicsNetwork:
    return trained(spaces.MultiBinary(BITS), flips, 400)


def test_bits_are_predicted(flipper: DynamicsNetwork):
    fresh = flips(np.random.default_rng(1), 200)
    found = flipper.imagine(fresh.before, fresh.actions[:, None])
    assert found.known.mean() > 0.95
    known = found.known[:, 0]
    assert np.array_equal(found.after["bits"], fresh.after["bits"][known])
    assert found.after["bits"].dtype == np.int8
    assert flipper.mistakes < 0.01


def test_untrained_it_claims_nothing():
    network = DynamicsNetwork({"bits": spaces.MultiBinary(BITS)}, BITS, ModelForesight(), 0)
    fresh = flips(np.random.default_rng(1), 200)
    assert network.imagine(fresh.before, fresh.actions[:, None]).known.mean() < 0.01
    assert network.mistakes == 1.0


def test_chance_is_found_out():
    network = trained(
        spaces.MultiBinary(BITS), lambda rng, count: flips(rng, count, noise=0.5), 300
    )
    assert network.mistakes > 4 * ModelForesight().trust


def test_numbers_rewards_and_ends_are_predicted():
    network = trained(spaces.Box(-2, 2, (2,), np.float32), moves, 600)
    fresh = moves(np.random.default_rng(1), 200)
    found = network.imagine(fresh.before, fresh.actions[:, None])
    known = found.known[:, 0]
    assert known.mean() > 0.7
    np.testing.assert_allclose(found.after[""], fresh.after[""][known], atol=0.05)
    np.testing.assert_allclose(found.rewards, 0.5, atol=0.05)
    assert (found.ends == fresh.ends[known]).mean() > 0.97


def test_what_it_can_read():
    assert can_predict({"": spaces.Box(-1, 1, (4,))})
    assert not can_predict({"": spaces.Discrete(5)})
    assert not can_predict({"": spaces.Box(0, 255, (84, 84), np.uint8)})


def test_what_was_learnt_can_be_handed_on(flipper: DynamicsNetwork):
    again = DynamicsNetwork(flipper.spaces, BITS, flipper.settings, seed=9)
    again.restore(flipper.state())
    networks = (flipper, again)
    for network in networks:
        rng = np.random.default_rng(3)
        for _ in range(3):
            network.check(flips(rng, 4))
            network.learn(flips(rng, 64))
    first, second = (network.state() for network in networks)
    assert len(first) == 2 + 3 + 5 * 4  # numbers, scales, weights and moments
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("first", lambda a: a[:, :-1]),
        ("second_bias", lambda a: a * np.float32("nan")),
        ("moment.1.exp_avg", lambda a: a.astype(np.float64)),
        ("numbers", lambda a: a - 10),
    ],
)
def test_what_belongs_to_another_network_is_refused(flipper: DynamicsNetwork, name, change):
    state = flipper.state()
    with pytest.raises(ValueError, match=r"float32|float64|wrong in"):
        flipper.restore({**state, name: change(state[name])})
