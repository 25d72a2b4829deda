"""The names and shapes that each runtime expects in an ONNX file, whatever the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from rlhf_agents.bots.exports.env_policy import MASK_KEY
from rlhf_agents.bots.exports.onnx.graph import UNRANKED, GoalValues, Graph, masked

TOP = 30.0
"""The best value in a file for Godot."""
MLAGENTS_VERSION = 3


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a network.

    Attributes:
        parts: shapes of its inputs, by name; a mask comes last.
        n_actions: A.
        values: returns the network's values for parts by name.
        forbidden: the value of a masked action.
        order: all actions; of equal ones the first in this order is chosen.
    """

    parts: Mapping[str, tuple[int, ...]]
    n_actions: int
    values: Callable[[Graph, dict[str, str]], GoalValues]
    forbidden: float
    order: Sequence[int]


def plain(graph: Graph, said: Signature) -> None:
    """Add inputs with the names of the parts, and the outputs q, masked_q and action."""
    inputs = {name: graph.input(name, shape) for name, shape in said.parts.items()}
    values = said.values(graph, inputs)
    graph.output(values.q, "q", ["batch", said.n_actions])
    if MASK_KEY in inputs:
        best = masked(graph, values.q, inputs[MASK_KEY], said.forbidden)
        graph.output(best, "masked_q", ["batch", said.n_actions])
    action = _best_action(graph, said, values, inputs, keep_axis=False)
    graph.output(action, "action", ["batch"], TensorProto.INT64)


def _best_action(
    graph: Graph, said: Signature, values: GoalValues, inputs: dict[str, str], *, keep_axis: bool
) -> str:
    """Return the best allowed action, int64 `[B]` or `[B, 1]`."""
    ranking = values.ranking
    if MASK_KEY in inputs:
        lowest = min(said.forbidden, UNRANKED)
        ranking = masked(graph, ranking, inputs[MASK_KEY], lowest)
    order = graph.integers(*said.order)
    ranking = graph.add("Gather", ranking, order, axis=1)
    place = graph.add("ArgMax", ranking, axis=1, keepdims=int(keep_axis))
    return graph.add("Gather", order, place)


def godot(graph: Graph, said: Signature) -> None:
    """Add the inputs and outputs that Godot RL Agents needs."""
    seen = graph.input("obs", [sum(int(np.prod(shape)) for shape in said.parts.values())])
    kept = graph.input("state_ins", [])
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in said.parts.values())])
    inputs = {}
    for (name, shape), (low, high) in zip(said.parts.items(), pairwise(ends), strict=True):
        flat = graph.add(
            "Slice", seen, graph.integers(low), graph.integers(high), graph.integers(1)
        )
        is_flat = len(shape) == 1
        inputs[name] = flat if is_flat else graph.add("Reshape", flat, graph.integers(-1, *shape))
    values = said.values(graph, inputs).q
    if MASK_KEY in inputs:
        values = masked(graph, values, inputs[MASK_KEY], min(said.forbidden, -TOP))
    best = graph.add("ReduceMax", values, axes=[1], keepdims=1)
    moved = graph.add("Add", graph.add("Sub", values, best), graph.floats(TOP))
    graph.output(moved, "output", ["batch", said.n_actions])
    graph.output(kept, "state_outs", ["batch"])


def mlagents(graph: Graph, said: Signature) -> None:
    """Add the inputs and outputs that Unity ML-Agents needs; it always passes a mask."""
    seen = [name for name in said.parts if name != MASK_KEY]
    inputs = {name: graph.input(f"obs_{i}", said.parts[name]) for i, name in enumerate(seen)}
    inputs[MASK_KEY] = graph.input("action_masks", [said.n_actions])
    action = _best_action(graph, said, said.values(graph, inputs), inputs, keep_axis=True)
    numbers: dict[str, NDArray[np.float32]] = {
        "version_number": np.array([MLAGENTS_VERSION], np.float32),
        "memory_size": np.array([0], np.float32),
        "discrete_action_output_shape": np.array([[said.n_actions]], np.float32),
    }
    for name, number in numbers.items():
        graph.output(graph.constant(number), name, number.shape)
    for name in ("discrete_actions", "deterministic_discrete_actions"):
        graph.output(action, name, ["batch", 1], TensorProto.INT64)


PRESETS = {"plain": plain, "godot": godot, "mlagents": mlagents}
