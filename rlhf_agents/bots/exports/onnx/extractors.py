"""The networks of `parallel.networks` as ONNX graphs: the features of the parts that they see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn

from rlhf_agents.bots.exports.env_policy import BOARD, GOAL
from rlhf_agents.bots.exports.onnx.graph import Graph
from rlhf_agents.dqn.goal_features import ACHIEVED, DESIRED, GoalExtractor
from rlhf_agents.parallel.networks import (
    FormationExtractor,
    GoalsQNetwork,
    PlanesExtractor,
    TrafficExtractor,
    VectorExtractor,
)

Layer = Callable[[nn.Module, str], str]
"""Adds a layer to the graph and returns its output."""


def planes(graph: Graph, network: PlanesExtractor, seen: Mapping[str, str], layer: Layer) -> str:
    """Return the features of a `PlanesExtractor` `[B, features_dim]`."""
    cells = graph.add("Transpose", layer(network.convolution, seen[BOARD]), perm=[0, 2, 3, 1])
    hidden = graph.add("Relu", layer(network.cell_norm, cells))
    hidden = graph.add("Flatten", hidden, axis=1)
    if network.goal_size:
        hidden = graph.add("Concat", hidden, _flat(graph, seen[GOAL]), axis=1)
    return graph.add("Relu", layer(network.norm, layer(network.dense, hidden)))


def vectors(graph: Graph, network: VectorExtractor, seen: Mapping[str, str], layer: Layer) -> str:
    """Return the features of a `VectorExtractor` `[B, features_dim]`."""
    parts = [_flat(graph, seen[key]) for key in network.keys or (BOARD,)]
    joined = graph.add("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
    return layer(network.layers, joined)


def differences(graph: Graph, network: GoalExtractor, seen: Mapping[str, str], layer: Layer) -> str:
    """Return the features of a `GoalExtractor` `[B, D]`."""
    del layer
    value = graph.add("Sub", _flat(graph, seen[DESIRED]), _flat(graph, seen[ACHIEVED]))
    value = graph.add("Abs", value) if network.bits else value
    others = [_times(graph, _flat(graph, seen[key]), network.rest) for key in network.keys]
    return graph.add("Concat", value, *others, axis=1)


def formation(
    graph: Graph, network: FormationExtractor, seen: Mapping[str, str], layer: Layer
) -> str:
    """Return the features of a `FormationExtractor` `[B, features_dim]`."""
    n, board = network.agents, _flat(graph, seen[BOARD])
    places = _pairs(graph, board, 4, n)
    others = _pairs(graph, board, 4 + 2 * n, n - 1)
    agents = graph.add("Concat", _times(graph, _slice(graph, places, 1, 0, 1), 0.0), others, axis=1)
    distances = _distances(graph, agents, places)  # [B, agents, places]
    mine = graph.add("Unsqueeze", _share_out(graph, network, distances), graph.integers(2))
    target = _sum(graph, graph.add("Mul", places, mine), 1)
    own = graph.add("Transpose", _slice(graph, distances, 1, 0, 1), perm=[0, 2, 1])
    theirs = graph.add("Transpose", _slice(graph, distances, 1, 1, n), perm=[0, 2, 1])
    each = graph.add("Concat", places, own, _nearest_first(graph, theirs, n - 1)[0], mine, axis=2)
    around = graph.add("ReduceMax", layer(network.place, each), axes=[1], keepdims=0)
    order = _nearest_first(graph, _length(graph, others, keepdims=0), n - 1)[1]
    order = graph.add("Unsqueeze", order, graph.integers(2))
    order = graph.add("Concat", order, order, axis=2)
    nearest = graph.add("GatherElements", others, order, axis=1)
    parts = [_slice(graph, board, 1, 0, 2), target, _length(graph, target, keepdims=1), around]
    parts.append(_flat(graph, nearest))
    if network.goal_size:
        parts.append(_flat(graph, seen[GOAL]))
    return layer(network.layers, graph.add("Concat", *parts, axis=1))


def traffic(graph: Graph, network: TrafficExtractor, seen: Mapping[str, str], layer: Layer) -> str:
    """Return the features of a `TrafficExtractor` `[B, features_dim]`."""
    cars = seen[BOARD]
    roots = graph.add("Mul", graph.add("Sign", cars), graph.add("Sqrt", graph.add("Abs", cars)))
    cars = graph.add("Concat", cars, roots, axis=2)
    own = _slice(graph, cars, 1, 0, 1)
    others = _slice(graph, cars, 1, 1, network.cars)
    repeated = graph.add("Add", own, _times(graph, others, 0.0))
    each = layer(network.each, graph.add("Concat", repeated, others, axis=2))
    present = graph.add("Mul", each, _slice(graph, others, 2, 0, 1))
    around = graph.add("ReduceMax", present, axes=[1], keepdims=0)
    parts = [_flat(graph, own), around]
    if network.goal_size:
        parts.append(_flat(graph, seen[GOAL]))
    return layer(network.layers, graph.add("Concat", *parts, axis=1))


def desired_values(graph: Graph, network: GoalsQNetwork, values: str, goal: str) -> str:
    """Return the values `[B, A]` of the desired goals `[B, G]`, of those of all heads."""
    table = graph.add("Reshape", values, graph.integers(0, network.goals + 1, -1))
    wanted = graph.add("Relu", _flat(graph, goal))
    total = graph.add("ReduceSum", wanted, graph.integers(1), keepdims=1)
    none = graph.add("Relu", graph.add("Sub", graph.floats(1.0), total))
    wanted = graph.add("Concat", wanted, none, axis=1)
    wanted = graph.add("Unsqueeze", wanted, graph.integers(1))
    return graph.add("Squeeze", graph.add("MatMul", wanted, table), graph.integers(1))


EXTRACTORS: dict[type, Callable[[Graph, Any, Mapping[str, str], Layer], str]] = {
    GoalExtractor: differences,
    PlanesExtractor: planes,
    VectorExtractor: vectors,
    FormationExtractor: formation,
    TrafficExtractor: traffic,
}
"""Functions that make the nodes of feature extractors which see several parts, by type."""


def layer_norm(graph: Graph, layer: nn.LayerNorm, value: str) -> str:
    """Return normalised values, over the last axis."""
    centred = graph.add("Sub", value, graph.add("ReduceMean", value, axes=[-1], keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes=[-1], keepdims=1)
    deviation = graph.add("Sqrt", graph.add("Add", variance, graph.floats(layer.eps)))
    scaled = graph.add("Div", centred, deviation)
    for operator, parameter in (("Mul", layer.weight), ("Add", layer.bias)):
        if parameter is not None:
            array = parameter.detach().cpu().numpy()
            scaled = graph.add(operator, scaled, graph.constant(array))
    return scaled


def _share_out(graph: Graph, network: FormationExtractor, distances: str) -> str:
    """Return the first agent's place in the shortest assignment, one-hot `[B, places]`."""
    n, orders = network.agents, network.orders.cpu().numpy()
    flat = graph.add("Reshape", distances, graph.integers(0, n * n))
    chosen = (np.arange(n) * n + orders).reshape(-1)
    costs = graph.add("Gather", flat, graph.constant(chosen), axis=1)
    costs = _sum(graph, graph.add("Reshape", costs, graph.integers(0, len(orders), n)), 2)
    best = graph.add("ArgMin", costs, axis=1, keepdims=0)
    first = np.eye(n, dtype=np.float32)[orders[:, 0]]
    return graph.add("Gather", graph.constant(first), best, axis=0)


def _nearest_first(graph: Graph, values: str, count: int) -> tuple[str, str]:
    """Return numbers sorted along the last axis, the smallest first, and where they stood."""
    name = graph.add("Neg", values)
    largest, places = graph.add_pair("TopK", name, graph.integers(count), axis=-1)
    return graph.add("Neg", largest), places


def _distances(graph: Graph, agents: str, places: str) -> str:
    """Return the distances `[B, N, M]` of points `[B, N, 2]` and `[B, M, 2]`."""
    one = graph.add("Unsqueeze", agents, graph.integers(2))
    other = graph.add("Unsqueeze", places, graph.integers(1))
    return _length(graph, graph.add("Sub", one, other), keepdims=0)


def _length(graph: Graph, vectors_: str, keepdims: int) -> str:
    return graph.add("ReduceL2", vectors_, axes=[-1], keepdims=keepdims)


def _pairs(graph: Graph, board: str, first: int, count: int) -> str:
    """Return numbers of `[B, n]` from one on, in pairs `[B, count, 2]`."""
    part = _slice(graph, board, 1, first, first + 2 * count)
    return graph.add("Reshape", part, graph.integers(0, count, 2))


def _slice(graph: Graph, value: str, axis: int, first: int, end: int) -> str:
    return graph.add(
        "Slice", value, graph.integers(first), graph.integers(end), graph.integers(axis)
    )


def _times(graph: Graph, value: str, factor: float) -> str:
    return graph.add("Mul", value, graph.floats(factor))


def _sum(graph: Graph, value: str, axis: int) -> str:
    return graph.add("ReduceSum", value, graph.integers(axis), keepdims=0)


def _flat(graph: Graph, value: str) -> str:
    return graph.add("Flatten", value, axis=1)
