"""Lessons: their rows, their weights, the loss and its gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rlhf_games
from rlhf_agents.search.prover import Prover
from rlhf_agents.selfplay.batches import (
    BatchBuilder,
    BatchPool,
    BatchRequest,
    TrainingBatch,
    mirrored,
)
from rlhf_agents.selfplay.loss import loss_and_gradient
from rlhf_agents.selfplay.position_buffer import Proposals
from rlhf_agents.selfplay.proofs import new_rates
from rlhf_agents.settings import Foresight, Hindsight
from tests.agents.search.test_tree import random_positions
from tests.agents.weights import random_weights


@pytest.fixture(scope="module")
def game():
    return rlhf_games.make("connect_four")


def make_lesson(game, nodes=40, goal="win", **settings):
    batch_builder = BatchBuilder(game, Foresight(**settings), Hindsight())
    states = random_positions(game, 30, 10)
    goals = np.full(len(states), game.goal_index(goal))
    proposals = Proposals(states, goals, np.zeros(len(states), np.int64))
    return batch_builder, batch_builder.build(random_weights(game), proposals, nodes), states


def test_rows_are_unfinished_positions_with_enough_known_moves(game):
    for least in (1, 2, 4):
        _, lesson, _ = make_lesson(game, learn_from=least)
        legal = game.legal(lesson.states)
        assert (game.outcome(lesson.states) == 2).all()
        assert not (lesson.known & ~legal).any()
        assert (lesson.known.sum(axis=1) >= np.minimum(least, legal.sum(axis=1))).all()


def test_every_studied_position_is_learnt_whole(game):
    _, lesson, states = make_lesson(game, nodes=8)
    rows = {row.tobytes(): known for row, known in zip(lesson.states, lesson.known, strict=True)}
    for state in states:
        np.testing.assert_array_equal(rows[state.tobytes()], game.legal(state[None])[0])


def test_targets_are_probabilities_and_win_is_zero_sum(game):
    _, lesson, _ = make_lesson(game)
    known = np.broadcast_to(lesson.known[:, None, None], lesson.targets.shape)
    values = lesson.targets[known]
    assert ((values >= 0) & (values <= 1)).all()
    own, other = lesson.targets[:, 0, 0][lesson.known], lesson.targets[:, 1, 0][lesson.known]
    np.testing.assert_allclose(own + other, 1.0, atol=1e-5)


def test_late_positions_are_proven(game):
    """Where a proof is in reach, the target of `win` is the exact discounted value."""
    states = random_positions(game, 300, 34)[:20]
    batch_builder = BatchBuilder(game, Foresight(prove_plies=42), Hindsight())
    zeros = np.zeros(len(states), np.int64)
    lesson = batch_builder.build(random_weights(game), Proposals(states, zeros, zeros), 8)
    rows = {row.tobytes(): i for i, row in enumerate(lesson.states)}
    cache: dict[bytes, float] = {}
    for state in states:
        i = rows[state.tobytes()]
        for action in np.flatnonzero(lesson.known[i]):
            after = game.step(state[None], np.array([action]))
            expected = 0.5 - 0.99 * (exact(game, after, cache) - 0.5)
            assert lesson.targets[i, 0, 0, action] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("goal", ["win", "draw"])
def test_the_solver_bounds_targets(game, goal):
    """Where moves are proven, targets of `win` are on the right side, whatever the network says."""
    states = random_positions(game, 300, 26)[:20]
    batch_builder = BatchBuilder(game, Foresight(prove_plies=0, solve_nodes=10**6), Hindsight())
    zeros = np.zeros(len(states), np.int64)
    proposals = Proposals(states, zeros + game.goal_index(goal), zeros)
    batch = batch_builder.build(random_weights(game), proposals, 20)
    rows = {row.tobytes(): i for i, row in enumerate(batch.states)}
    values = Prover(game).bounds_of(states, np.full(len(states), 10**7))
    for state, (low, high) in zip(states, np.moveaxis(values, 2, 1), strict=True):
        row = rows[state.tobytes()]
        known, targets = batch.known[row], batch.targets[row, 0, 0]
        assert (low == high)[known].all()
        assert (targets[known & (low > 0)] > 0.5 * (1 + 0.99**17)).all()
        assert (targets[known & (high < 0)] < 0.5 * (1 - 0.99**17)).all()
        np.testing.assert_allclose(targets[known & (low == 0)], 0.5, atol=1e-6)


def test_proofs_go_where_they_succeed_and_are_handed_on(game):
    builders = [BatchBuilder(game, Foresight(solve_nodes=2000), Hindsight()) for _ in range(3)]
    rng, weights, rates = np.random.default_rng(0), random_weights(game), new_rates(game)

    def build(builder, states):
        zeros = np.zeros(len(states), np.int64)
        request = BatchRequest(0, 8, Proposals(states, zeros, zeros), rates)
        return builder.answer(weights, request)

    early, late = game.initial(1), random_positions(game, 300, 30)
    for _ in range(150):
        mixed = np.concatenate([early, late[rng.integers(len(late), size=1)]])
        rates.note(build(builders[0], mixed).proofs)
    assert rates.shares[0] < 0.1
    assert rates.shares[30] > 0.9
    builders[1].restore(builders[0].state())
    again = random_positions(game, 60, 12)
    batches = [build(builder, again).batch for builder in builders]
    np.testing.assert_array_equal(batches[0].targets, batches[1].targets)
    states = [builder.state() for builder in builders]
    assert states[0].keys() == states[1].keys()
    for name, array in states[0].items():
        np.testing.assert_array_equal(array, states[1][name])
    spoilt = {**states[0], "solved.places": states[0]["solved.places"] + np.uint32(1 << 31)}
    with pytest.raises(ValueError, match="place"):
        builders[2].restore(spoilt)


def exact(game, states, cache):
    """Value in [0, 1] for the mover, discounted by 0.99 per ply towards a draw."""
    key = states.tobytes()
    if key not in cache:
        outcome = int(game.outcome(states)[0])
        if outcome != 2:
            cache[key] = (outcome + 1) / 2
        else:
            legal = np.flatnonzero(game.legal(states)[0])
            children = game.step(np.repeat(states, len(legal), axis=0), legal)
            worth = [0.5 - 0.99 * (exact(game, c[None], cache) - 0.5) for c in children]
            cache[key] = max(worth)
    return cache[key]


def test_hindsight_changes_weights_and_nothing_else(game):
    batch_builder, lesson, _ = make_lesson(game, goal="win_diagonal")
    row = game.goal_index("win_diagonal")
    settings = batch_builder.hindsight
    assert (lesson.weights[:, 0, 0] == np.float32(settings.win_weight)).all()
    proposed = np.float32(settings.base_weight) + np.float32(settings.proposed_weight)
    assert np.isclose(lesson.weights[:, :, row].max(axis=1), proposed).all()
    assert np.isclose(lesson.weights[:, :, row].min(axis=1), settings.base_weight).all()


def test_gradient_equals_torch_cross_entropy(game):
    rng = np.random.default_rng(0)
    rows, goals, actions = 5, 4, 7
    parents = np.array([-1, -1, 1, 2])
    logits = torch.tensor(rng.normal(size=(rows, 2, goals, actions)), dtype=torch.float32)
    logits.requires_grad_(True)
    lesson = TrainingBatch(
        states=np.zeros((rows, 2), np.uint64),
        targets=rng.random((rows, 2, goals, actions)).astype(np.float32),
        weights=rng.random((rows, 2, goals)).astype(np.float32),
        known=rng.random((rows, actions)) < 0.7,
    )
    gradient = np.empty(logits.shape, np.float32)
    loss = loss_and_gradient(parents, logits.detach().numpy(), lesson, gradient)
    shares = torch.sigmoid(logits)
    values = [shares[:, :, 0], shares[:, :, 1]]
    for goal in (2, 3):  # the parent's value is held fixed
        values.append(shares[:, :, goal] * values[parents[goal]].detach())
    q = torch.stack(values, dim=2)
    t = torch.from_numpy(lesson.targets)
    weight = torch.from_numpy(lesson.weights[..., None] * lesson.known[:, None, None])
    entropy = -(t * q.log() + (1 - t) * (1 - q).log())
    (entropy * weight).sum().div(rows).backward()
    np.testing.assert_allclose(gradient, logits.grad.numpy(), atol=2e-6)
    squares = float((weight * (q - t) ** 2).sum().detach() / weight.sum())
    assert loss == pytest.approx(squares, rel=1e-4)


def test_mirroring_keeps_positions_and_answers_together(game):
    _, lesson, _ = make_lesson(game)
    boards, seen = mirrored(game, lesson, np.random.default_rng(0))
    original = game.observe(lesson.states)
    turned = ~(boards == original).all(axis=(1, 2, 3))
    assert 0.2 < turned.mean() < 0.8
    np.testing.assert_array_equal(boards[turned], original[turned][..., ::-1])
    np.testing.assert_array_equal(seen.targets[turned], lesson.targets[turned][..., ::-1])
    np.testing.assert_array_equal(seen.known[turned], lesson.known[turned][:, ::-1])
    np.testing.assert_array_equal(seen.targets[~turned], lesson.targets[~turned])


def test_the_pool_is_a_ring(game):
    _, lesson, _ = make_lesson(game)
    pool = BatchPool(len(lesson.states) + 3)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="empty BatchPool"):
        pool.draw(1, rng)
    pool.add(lesson)
    assert pool.size == len(lesson.states)
    pool.add(lesson)
    assert pool.size == pool.capacity
    drawn = pool.draw(500, rng)
    known = {row.tobytes() for row in lesson.states}
    assert {row.tobytes() for row in drawn.states} <= known
    assert drawn.targets.shape == (500, 2, len(game.goals), 7)


def test_the_pool_is_bounded_in_bytes(game, monkeypatch: pytest.MonkeyPatch):
    _, lesson, _ = make_lesson(game)
    row_bytes = sum(array.nbytes for array in lesson) // len(lesson.states)
    monkeypatch.setattr("rlhf_agents.selfplay.batches.POOL_BYTES", 5 * row_bytes)
    pool = BatchPool(1000)
    pool.add(lesson)
    assert pool.size == pool.capacity == 5


def test_foresight_deepens_as_learning_goes_on():
    foresight = Foresight(nodes=96, first_nodes=24, doubling=0.15)
    assert [foresight.nodes_at(p) for p in (0.0, 0.14, 0.15, 0.3, 1.0)] == [24, 24, 48, 96, 96]
    assert Foresight(nodes=12).nodes_at(0.0) == 12
