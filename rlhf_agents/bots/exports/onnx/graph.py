"""Our networks as ONNX graphs, node by node: only operators of opset 13 and older.

So an export needs the small package `onnx` but not torch, and its nodes have meaningful names:
symbols of cells, rows of windows, layers, goals (see `compiled_network`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from rlhf_agents.search.compiled_network import (
    CLOCK_SYMBOLS,
    N_SYMBOLS,
    NORM_EPSILON,
    PatternWeights,
)
from rlhf_games.base import CLOCK, Game

FORBIDDEN = -1.0
"""The value of a masked action, as in `GoalQNetwork`."""
UNRANKED = -2000.0
"""The ranking of a masked action; fits float16, as does the next."""
LOG_OF_ZERO = -1000.0
IR_VERSION = 8
"""The IR version of opset 17 and older: read by onnxruntime since 1.10."""


class Graph:
    """A graph under construction; values are identified by name.

    Attributes:
        nodes: the operators so far.
        inputs: the inputs from the runtime.
        outputs: the outputs to it.
        not_in_bytes: names of nodes for whose constants int8 is too coarse.
    """

    def __init__(self) -> None:
        self.not_in_bytes: list[str] = []
        self.nodes: list[NodeProto] = []
        self.inputs: list[ValueInfoProto] = []
        self.outputs: list[ValueInfoProto] = []
        self._constants: list[TensorProto] = []

    def input(self, name: str, shape: Sequence[int]) -> str:
        """Add an input float32 `[batch, *shape]`."""
        dims: list[str | int | None] = ["batch", *shape]
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dims))
        return name

    def output(
        self, value: str, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT
    ) -> None:
        """Make a value an output."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=name))
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def constant(self, array: ArrayLike) -> str:
        """Add an array."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, operator: str, *values: str, **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, values, [name], name=name, **attributes))
        return name

    def add_pair(self, operator: str, *values: str, **attributes: Any) -> tuple[str, str]:
        """Add a node and return the names of its two outputs."""
        name = f"{operator.lower()}_{len(self.nodes)}"
        pair = (name, f"{name}_second")
        self.nodes.append(helper.make_node(operator, values, pair, name=name, **attributes))
        return pair

    def floats(self, *numbers: float) -> str:
        """Add a small float32 constant: a number, or a row of them."""
        return self.constant(np.array(numbers if len(numbers) > 1 else numbers[0], np.float32))

    def integers(self, *numbers: int) -> str:
        """Add int64 `[n]`."""
        return self.constant(np.array(numbers, np.int64))

    def times(self, numbers: str, factor: int) -> str:
        """Return int64 numbers times a whole number."""
        return self.add("Mul", numbers, self.integers(factor))

    def plane(self, board: str, index: int) -> str:
        """Return one plane of boards `[B, planes, H, W]`, `[B, H, W]`."""
        return self.add("Gather", board, self.constant(np.array(index, np.int64)), axis=1)

    def dense(self, values: str, matrix: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """Return `values @ matrix + bias`."""
        product = self.add("MatMul", values, self.constant(matrix))
        self.not_in_bytes.append(product)
        return self.add("Add", product, self.constant(bias))

    def model(self, opset: int, metadata: dict[str, str]) -> bytes:
        """Return the file."""
        graph = helper.make_graph(
            self.nodes, "rlhf_agents", self.inputs, self.outputs, self._constants
        )
        model = helper.make_model(
            graph,
            producer_name="rlhf_agents",
            opset_imports=[helper.make_opsetid("", opset)],
            ir_version=IR_VERSION,
        )
        helper.set_model_props(model, metadata)
        data: bytes = model.SerializeToString()
        return data


# ---- the pattern network ---------------------------------------------------------------------


class GoalValues(NamedTuple):
    """The values of all actions for the desired goal.

    Attributes:
        q: the values, float32 `[B, A]`.
        ranking: numbers `[B, A]` in the same order that stay distinct in small floats.
    """

    q: str
    ranking: str


def pattern_values(
    graph: Graph, board: str, goal: str, game: Game, weights: PatternWeights
) -> GoalValues:
    """Return the mover's values of boards `[B, planes, H, W]` for goals `[B, G]`, one-hot."""
    n_goals, n_actions = len(game.goals), game.n_actions
    mine = n_goals * n_actions
    features = _features(graph, _rows(graph, board, game, weights), weights)
    logits = graph.dense(features, weights.heads[:mine].T.copy(), weights.head_bias[:mine])
    table = graph.add("Reshape", logits, graph.integers(-1, n_goals, n_actions))
    asked = graph.add("Unsqueeze", goal, graph.integers(1))
    q, ranking = (
        graph.add("Squeeze", graph.add("MatMul", asked, values), graph.integers(1))
        for values in (
            _bounded(graph, _sigmoid(graph, table), weights.parents),
            _bounded_logits(graph, table, weights.parents),
        )
    )
    return GoalValues(q, ranking)


def _rows(graph: Graph, board: str, game: Game, weights: PatternWeights) -> str:
    """Return the table rows of every window, int64 `[B, P]`.

    It uses only whole numbers: a row can be too large for float16 to hold exactly, and tools that
    convert a file to smaller floats leave whole numbers unchanged.
    """
    board = graph.add("Cast", board, to=TensorProto.INT64)
    flat = graph.integers(0, -1)
    theirs = graph.times(graph.plane(board, 1), 2)
    symbols = graph.add("Add", graph.plane(board, 0), theirs)
    symbols = graph.add("Add", symbols, graph.times(_playable(graph, board, game), 3))
    symbols = graph.add("Reshape", symbols, flat)
    if game.observation_shape[0] > CLOCK:
        digits = graph.add("Reshape", graph.plane(board, CLOCK), flat)
        low, high = (
            graph.add("Gather", digits, graph.integers(*range(first, 2 * CLOCK_SYMBOLS, 2)), axis=1)
            for first in (0, 1)
        )
        clock = graph.add("Add", low, graph.times(high, 2))
        symbols = graph.add("Concat", symbols, clock, axis=1)
    n_windows, length = weights.windows.shape
    rows = graph.constant(np.arange(n_windows, dtype=np.int64) * N_SYMBOLS**length)
    for k in range(length):
        shown = graph.add("Gather", symbols, graph.integers(*weights.windows[:, k]), axis=1)
        rows = graph.add("Add", rows, graph.times(shown, N_SYMBOLS ** (length - 1 - k)))
    return rows


def _playable(graph: Graph, board: str, game: Game) -> str:
    """Return the cells that are empty and playable, int64 `[B, H, W]`, see `PatternExtractor`."""
    if game.observation_shape[0] > CLOCK:
        return graph.plane(board, 2)
    taken = graph.add("Add", graph.plane(board, 0), graph.plane(board, 1))
    empty = graph.add("Sub", graph.integers(1), taken)
    if not game.gravity:
        return empty
    height = game.observation_shape[1]
    lower = graph.add("Slice", taken, graph.integers(1), graph.integers(height), graph.integers(1))
    one = graph.constant(np.array(1, np.int64))
    ground = graph.add("Pad", lower, graph.integers(0, 0, 0, 0, 1, 0), one)
    return graph.add("Mul", empty, ground)


def _features(graph: Graph, rows: str, weights: PatternWeights) -> str:
    """Return the last hidden layer, `[B, D]`."""
    found = _table_rows(graph, rows, weights.table)
    out = graph.add("ReduceSum", found, graph.integers(1), keepdims=0)
    out = _normalised(graph, out, weights, 0)
    for layer in range(len(weights.dense)):
        out = graph.dense(out, weights.dense[layer], weights.bias[layer])
        out = _normalised(graph, out, weights, layer + 1)
    return out


def _table_rows(graph: Graph, rows: str, table: NDArray[np.float32]) -> str:
    """Return rows of the table, `[B, P, D]`.

    It is stored as numbers from -1 to 1 and a power of two per row: this is exact, and a tool that
    rounds it to int8 with one scale preserves the small rows.
    """
    largest = np.abs(table).max(axis=1, keepdims=True)
    scale = np.exp2(np.ceil(np.log2(np.where(largest > 0, largest, 1.0)))).astype(np.float32)
    shares = graph.add("Gather", graph.constant(table / scale), rows, axis=0)
    scales = graph.add("Gather", graph.constant(scale), rows, axis=0)
    graph.not_in_bytes.append(scales)
    return graph.add("Mul", shares, scales)


def _normalised(graph: Graph, values: str, weights: PatternWeights, layer: int) -> str:
    """Apply layer normalisation and ReLU; opset 17 was the first with an operator for it."""
    centred = graph.add("Sub", values, graph.add("ReduceMean", values, axes=[1], keepdims=1))
    squares = graph.add("Mul", centred, centred)
    variance = graph.add("ReduceMean", squares, axes=[1], keepdims=1)
    spread = graph.add("Sqrt", graph.add("Add", variance, graph.floats(NORM_EPSILON)))
    scaled = graph.add(
        "Mul", graph.add("Div", centred, spread), graph.constant(weights.scale[layer])
    )
    return graph.add("Relu", graph.add("Add", scaled, graph.constant(weights.shift[layer])))


def _sigmoid(graph: Graph, logits: str) -> str:
    """Return the probabilities of `logits`, with the compiled network's rounding.

    Runtimes approximate the operator Sigmoid: near 1, where floats are coarse, the order of moves
    would change.
    """
    odds = graph.add("Exp", graph.add("Neg", logits))
    return graph.add("Div", graph.floats(1.0), graph.add("Add", odds, graph.floats(1.0)))


def _bounded(graph: Graph, own: str, parents: NDArray[np.int64]) -> str:
    """Return `own` `[B, G, A]` times the values of all goals that bound each goal."""
    values = own
    for _ in range(_depth(parents)):
        values = graph.add("Mul", own, _of_parents(graph, values, parents, 1.0))
    return values


def _bounded_logits(graph: Graph, logits: str, parents: NDArray[np.int64]) -> str:
    """Return the logits of what `_bounded` returns for the sigmoids of `logits` `[B, G, A]`.

    Near 1, where winning positions are, float16 has steps of 0.0005. So this uses logarithms of the
    values and of their differences to 1.
    """
    own_lack = graph.add("Neg", _softplus(graph, logits))
    own = graph.add("Neg", _softplus(graph, graph.add("Neg", logits)))
    value, lack = own, own_lack
    for _ in range(_depth(parents)):
        more = graph.add("Add", own, _of_parents(graph, lack, parents, LOG_OF_ZERO))
        lack = graph.add("Add", own_lack, _softplus(graph, graph.add("Sub", more, own_lack)))
        value = graph.add("Add", own, _of_parents(graph, value, parents, 0.0))
    return graph.add("Sub", value, lack)


def _softplus(graph: Graph, values: str) -> str:
    """Return log(1 + exp(values)), also where exp would overflow."""
    below = graph.add("Exp", graph.add("Neg", graph.add("Abs", values)))
    rest = graph.add("Log", graph.add("Add", below, graph.floats(1.0)))
    return graph.add("Add", graph.add("Relu", values), rest)


def _of_parents(graph: Graph, values: str, parents: NDArray[np.int64], of_none: float) -> str:
    """Return the values of the goal that bounds each goal, `of_none` if there is none."""
    n_goals = len(parents)
    above = graph.integers(*[n_goals if parent < 0 else int(parent) for parent in parents])
    padding = graph.integers(0, 0, 0, 0, 1, 0)
    extended = graph.add("Pad", values, padding, graph.floats(of_none))
    return graph.add("Gather", extended, above, axis=1)


def _depth(parents: NDArray[np.int64]) -> int:
    """Return the length of the longest chain of bounds."""
    depths: list[int] = []
    for parent in parents.tolist():
        depths.append(0 if parent < 0 else depths[parent] + 1)
    return max(depths)


def masked(graph: Graph, values: str, mask: str, forbidden: float = FORBIDDEN) -> str:
    """Return `values` `[B, A]` where `mask` `[B, A]` is above 0, elsewhere `forbidden`."""
    allowed = graph.add("Greater", mask, graph.floats(0.0))
    return graph.add("Where", allowed, values, graph.floats(forbidden))
