"""How much the errors of a network's layers matter: positions of games, and gradients there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.players.agent import Agent
from rlhf_agents.search.compiled_network import (
    CLOCK_SYMBOLS,
    N_SYMBOLS,
    NORM_EPSILON,
    PatternWeights,
)
from rlhf_agents.search.goal_values import WIN
from rlhf_games.base import Game, Outcome, States
from rlhf_games.rules import symbols_batch

GAMES = 1200
MOST_POSITIONS = 75_000
CHANCES = (0.1, 0.3, 1.0)
"""Games of the agent against itself: probabilities of a random move instead of its own."""
SEED = 0
FLAT = 0.02
"""Added to the slope of the logistic function, for the order of moves that all win or lose."""
OTHER_GOALS = 0.1
"""How much an error in another goal counts, beside one in `win`."""
PROBES = 2
CHUNK = 8192
HEAVIEST = 20.0
"""The most that a position may count, in means."""

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Norm = tuple[Floats, Floats, NDArray[np.bool_]]


@dataclass(frozen=True)
class Sensitivity:
    """What errors of weights do to the values of moves, on average over positions.

    Attributes:
        rows: int64 `[B, P]`, the table rows of positions.
        weights: float32 `[B]`, how much a position counts, with mean 1.
        gradients: float64 `[depth + 1, D, D]`, second moments of the gradients of the values with
            respect to the sum of table rows and to the outputs of the dense layers.
        inputs: float64 `[depth + 1, D, D]`, second moments of the inputs of the dense layers and
            of the heads.
        heads: float64 `[2 * G * A]`, root mean square slopes of the heads' values.
    """

    rows: NDArray[np.int64]
    weights: Floats
    gradients: Doubles
    inputs: Doubles
    heads: Doubles


def measure(agent: Agent, states: States) -> Sensitivity:
    """Measure an agent's network in some positions."""
    rng, weights, game = np.random.default_rng(SEED), agent.weights, agent.game
    rows = table_rows(game, states, weights.windows)
    width, layers = weights.table.shape[1], len(weights.dense) + 1
    gradients, inputs = np.zeros((2, layers, width, width))
    heads, counts = np.zeros(len(weights.heads)), np.zeros(len(rows), np.float32)
    for first in range(0, len(rows), CHUNK):
        part = slice(first, first + CHUNK)
        layer_inputs, norms = forward(weights, embedded(weights.table, rows[part]))
        outputs = layer_inputs[-1] @ weights.heads.T + weights.head_bias
        slopes = slopes_of(outputs, game, game.legal(states[part]))
        heads += np.square(slopes).sum(axis=0)
        for layer, values in enumerate(layer_inputs):
            inputs[layer] += values.T @ values
        for _ in range(PROBES):
            signs = rng.integers(0, 2, slopes.shape, np.int8) * 2 - 1
            for layer, gradient in enumerate(
                _backward(weights, norms, (slopes * signs) @ weights.heads)
            ):
                gradients[layer] += gradient.T @ gradient / PROBES
                if layer == 0:
                    counts[part] += np.square(gradient).sum(axis=1)
    counts = np.minimum(counts / max(float(counts.mean()), 1e-30), HEAVIEST)
    total = len(rows)
    return Sensitivity(rows, counts, gradients / total, inputs / total, np.sqrt(heads / total))


def played_positions(agent: Agent) -> States:
    """Return distinct positions of games that an agent plays against itself."""
    game, rng, found = agent.game, np.random.default_rng(SEED), []
    for chance in CHANCES:
        states = game.initial(GAMES)
        while len(states):
            found.append(states)
            actions, other = agent.act_states(states, "win", 0), game.random_actions(states, rng)
            actions = np.where(rng.random(len(states)) < chance, other, actions)
            states = game.step(states, actions)
            states = states[game.outcome(states) == Outcome.ONGOING]
    distinct = np.unique(np.concatenate(found), axis=0)
    chosen = rng.permutation(len(distinct))[:MOST_POSITIONS]
    return distinct[np.sort(chosen)]


def table_rows(game: Game, states: States, windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the table rows of positions, int64 `[B, P]`, see `compiled_network.embed`."""
    cells = int(np.prod(game.observation_shape[1:]))
    symbols = np.empty((len(states), cells + CLOCK_SYMBOLS), np.int8)
    symbols_batch(game.rules, states, symbols[:, :cells])
    digits = game.plies(states)[:, None] >> (2 * np.arange(CLOCK_SYMBOLS))
    symbols[:, cells:] = digits & 3
    rows = np.broadcast_to(np.arange(len(windows)), (len(states), len(windows)))
    for column in windows.T:
        rows = rows * N_SYMBOLS + symbols[:, column]
    return rows


def embedded(table: Floats, rows: NDArray[np.int64]) -> Floats:
    """Return the sums of table rows, float32 `[B, D]`."""
    total = np.zeros((len(rows), table.shape[1]), np.float32)
    for column in rows.T:
        total += table[column]
    return total


def forward(weights: PatternWeights, sums: Floats) -> tuple[list[Floats], list[Norm]]:
    """Return the inputs `[B, D]` of the dense layers and heads, and what `_backward` needs."""
    values, norm = normalised(sums, weights.scale[0], weights.shift[0])
    inputs, norms = [values], [norm]
    for layer, matrix in enumerate(weights.dense, 1):
        sums = values @ matrix + weights.bias[layer - 1]
        values, norm = normalised(sums, weights.scale[layer], weights.shift[layer])
        inputs.append(values)
        norms.append(norm)
    return inputs, norms


def normalised(values: Floats, scale: Floats, shift: Floats) -> tuple[Floats, Norm]:
    """Apply layer normalisation and ReLU to `[B, D]`."""
    centred = values - values.mean(axis=1, keepdims=True)
    factor = 1 / np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + NORM_EPSILON)
    centred *= factor
    out = centred * scale + shift
    return np.maximum(out, 0), (centred, factor, out > 0)


def _backward(weights: PatternWeights, norms: Sequence[Norm], gradient: Floats) -> list[Floats]:
    """Return the gradients `[B, D]` before each normalisation, given those of the features."""
    found = []
    for layer in reversed(range(len(norms))):
        centred, factor, positive = norms[layer]
        gradient = gradient * positive * weights.scale[layer]
        along = (gradient * centred).mean(axis=1, keepdims=True)
        gradient = factor * (gradient - gradient.mean(axis=1, keepdims=True) - centred * along)
        found.append(gradient)
        if layer:
            gradient = gradient @ weights.dense[layer - 1].T
    return found[::-1]


def slopes_of(outputs: Floats, game: Game, legal: NDArray[np.bool_]) -> Floats:
    """Return how much the value of each head changes with its output, float32 `[B, 2 * G * A]`."""
    chances = 1 / (1 + np.exp(-np.clip(outputs, -60, 60)))
    importance = np.full((2, len(game.goals)), OTHER_GOALS, np.float32)
    importance[0, WIN] = 1
    slopes = (chances * (1 - chances) + FLAT).reshape(len(outputs), 2, -1, game.n_actions)
    slopes = slopes * importance[..., None] * legal[:, None, None]
    return np.asarray(slopes.reshape(len(outputs), -1), np.float32)
