"""`onnx`: the network alone as one ONNX file, for engines and runtimes that do not know Python.

    rlhf-export --agent connect_four --to onnx --out four.onnx
    rlhf-export --agent connect_four --to onnx --out four.onnx --opset 15 --option preset=mlagents

    session = onnxruntime.InferenceSession("four.onnx")
    seen = {"observation": boards, "desired_goal": goals, "action_mask": masks}
    q, = session.run(["masked_q"], seen)
    actions = q.argmax(axis=1)

Any batch size; float32 everywhere; no side file; needs opset 13, 15 or 17 (`--opset`, 17 by
default). A file holds the network, not the rules or the search: it plays as the agent does with
`--nodes 0`, but for two things that are left to its user: among equal values the agent prefers the
action nearest to the middle of their order, and where a goal has become impossible, or its best
value is below 0.01, it asks for `win` instead. The metadata say which goals there are,
what the planes of the observation show, how the mask is applied, and which goal was asked for at
the export. Presets:

`plain`     inputs `observation` `[batch, planes, H, W]`, `desired_goal` `[batch, G]` (one-hot) and
            `action_mask` `[batch, A]`; outputs `q` and `masked_q` `[batch, A]`, -1 where forbidden.
`godot`     Godot RL Agents: input `obs` `[batch, n]`, the three of above flattened one behind the
            other, and `state_ins`; outputs `output` `[batch, A]` and `state_outs`. Values are moved
            so that the best is 30 and forbidden ones are near 0: older plugins only see what is
            above 0.
`mlagents`  Unity ML-Agents: inputs `obs_0` (the board), `obs_1` (the goal), `action_masks`; outputs
            `version_number` (3), `memory_size` (0), `discrete_actions` and
            `deterministic_discrete_actions` `[batch, 1]`, `discrete_action_output_shape`. Sentis
            recommends opset 15. The file follows the signature; no Unity was there to try it.

Needs `pip install "rlhf-agents[onnx]"`.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rlhf_agents.exports.registry import Order
from rlhf_games.base import CLOCK, Game

if TYPE_CHECKING:
    from rlhf_agents.exports.onnx_graph import Graph

SUFFIX = ".onnx"
OPTIONS = ("opset", "preset")
OPSETS = (13, 15, 17)
PRESETS = ("plain", "godot", "mlagents")
TOP = 30.0
"""Where Godot finds the best value."""
MLAGENTS_VERSION = 3
PLANES = ("the mover's stones", "the other's stones", "empty and playable", "plies in binary")


def refusal(order: Order) -> str | None:
    """Return why an agent cannot be exported as it was asked for, None if it can."""
    preset, opset = order.options.get("preset", "plain"), order.options.get("opset", OPSETS[-1])
    if preset not in PRESETS:
        return f"preset must be one of {', '.join(PRESETS)}, not {preset!r}"
    if opset not in OPSETS:
        return f"opset must be one of {', '.join(map(str, OPSETS))}, not {opset!r}"
    if find_spec("onnx") is None:
        return 'the format onnx needs the package onnx: pip install "rlhf-agents[onnx]"'
    return None


def contents(order: Order) -> bytes:
    """Return the file."""
    from rlhf_agents.exports.onnx_graph import Graph  # noqa: PLC0415 - an optional extra

    graph = Graph()
    preset = order.options.get("preset", "plain")
    build = {"plain": _plain, "godot": _godot, "mlagents": _mlagents}[preset]
    build(graph, order)
    return graph.model(order.options.get("opset", OPSETS[-1]), _metadata(order, preset))


def _plain(graph: Graph, order: Order) -> None:
    game = order.agent.game
    board = graph.input("observation", game.observation_shape)
    goal = graph.input("desired_goal", [len(game.goals)])
    mask = graph.input("action_mask", [game.n_actions])
    values, allowed = _values(graph, order, board, goal, mask)
    graph.output(values, "q", ["batch", game.n_actions])
    graph.output(allowed, "masked_q", ["batch", game.n_actions])


def _godot(graph: Graph, order: Order) -> None:
    game = order.agent.game
    sizes = [int(np.prod(game.observation_shape)), len(game.goals), game.n_actions]
    seen = graph.input("obs", [sum(sizes)])
    kept = graph.input("state_ins", [])
    ends = np.cumsum([0, *sizes])
    parts = [
        graph.add("Slice", seen, graph.integers(low), graph.integers(high), graph.integers(1))
        for low, high in pairwise(ends)
    ]
    board = graph.add("Reshape", parts[0], graph.integers(-1, *game.observation_shape))
    _, allowed = _values(graph, order, board, parts[1], parts[2], forbidden=-TOP)
    best = graph.add("ReduceMax", allowed, axes=[1], keepdims=1)
    moved = graph.add("Add", graph.add("Sub", allowed, best), graph.floats(TOP))
    graph.output(moved, "output", ["batch", game.n_actions])
    graph.output(kept, "state_outs", ["batch"])


def _mlagents(graph: Graph, order: Order) -> None:
    from onnx import TensorProto  # noqa: PLC0415 - an optional extra

    game = order.agent.game
    board = graph.input("obs_0", game.observation_shape)
    goal = graph.input("obs_1", [len(game.goals)])
    mask = graph.input("action_masks", [game.n_actions])
    _, allowed = _values(graph, order, board, goal, mask)
    action = graph.add("ArgMax", allowed, axis=1, keepdims=1)
    numbers: dict[str, Any] = {
        "version_number": np.array([MLAGENTS_VERSION], np.float32),
        "memory_size": np.array([0], np.float32),
        "discrete_action_output_shape": np.array([[game.n_actions]], np.float32),
    }
    for name, number in numbers.items():
        graph.output(graph.constant(number), name, number.shape)
    for name in ("discrete_actions", "deterministic_discrete_actions"):
        graph.output(action, name, ["batch", 1], TensorProto.INT64)


def _values(
    graph: Graph, order: Order, board: str, goal: str, mask: str, forbidden: float = -1.0
) -> tuple[str, str]:
    """Return the values of all actions, and those with forbidden ones replaced."""
    from rlhf_agents.exports import onnx_graph  # noqa: PLC0415 - an optional extra

    game, weights = order.agent.game, order.agent.weights
    values = onnx_graph.pattern_values(graph, board, goal, game, weights)
    return values, onnx_graph.masked(graph, values, mask, forbidden)


def _metadata(order: Order, preset: str) -> dict[str, str]:
    game: Game = order.agent.game
    planes = game.observation_shape[0]
    layout = {
        "shape": list(game.observation_shape),
        "planes": list(PLANES[: CLOCK + 1 if planes > CLOCK else 2]),
        "turned": game.turned,
        "visible_cells": game.visible_cells,
    }
    return {
        "game": game.name,
        "agent": order.agent.name,
        "preset": preset,
        "goals": json.dumps([goal.name for goal in game.goals]),
        "goal": order.goal,
        "desired_goal": "one-hot float32 over goals, in their order",
        "layout": json.dumps(layout),
        "mask_rule": "1 allowed, 0 forbidden: its value is replaced; play the largest",
        "actions": json.dumps(list(game.action_names)),
    }
