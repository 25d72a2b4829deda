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

Models of worlds without rules leave home in the same way, e.g. one that was trained by
`rlhf-train --env gymnasium:CartPole-v1 --out pole.zip`:

    rlhf-export --agent pole.zip --to onnx --out pole.onnx

Inputs are what the world shows: `observation`, or every part of a Dict by its name (`desired_goal`
among them), float32, numbers from a range one-hot; `action_mask` `[batch, A]` too where the world
has one. The output `action` `[batch]` is the best action beside its value in `q` (and `masked_q`,
-1e30 where forbidden). `godot` gets all parts flattened in `obs`, a mask last; `mlagents` `obs_0`,
`obs_1`, ..., the goal as `obs_1`, and always `action_masks`. It is the network alone: a model that
looks ahead in what it knows of its world does not do so in the file.

Needs `pip install "rlhf-agents[onnx]"`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rlhf_agents.bots.exports.registry import ExportRequest
from rlhf_games.base import CLOCK, Game

if TYPE_CHECKING:
    from rlhf_agents.bots.exports.env_policy import EnvPolicy
    from rlhf_agents.bots.exports.onnx.graph import Graph
    from rlhf_agents.bots.exports.onnx.presets import Signature

SUFFIX = ".onnx"
OPTIONS = ("opset", "preset")
OPSETS = (13, 15, 17)
PRESETS = ("plain", "godot", "mlagents")
NEVER = -1e30
"""The value of an action of a world that the mask forbids: the others can have any value."""
MASK_RULE = "1 allowed, 0 forbidden: its value is replaced; play the largest"
PLANES = ("the mover's stones", "the other's stones", "empty and playable", "plies in binary")


def refusal(request: ExportRequest) -> str | None:
    """Return why an agent cannot be exported as it was asked for, None if it can."""
    return _wrong(request.options)


def _wrong(options: Mapping[str, Any]) -> str | None:
    preset, opset = options.get("preset", PRESETS[0]), options.get("opset", OPSETS[-1])
    if preset not in PRESETS:
        return f"preset must be one of {', '.join(PRESETS)}, not {preset!r}"
    if opset not in OPSETS:
        return f"opset must be one of {', '.join(map(str, OPSETS))}, not {opset!r}"
    if find_spec("onnx") is None:
        return 'the format onnx needs the package onnx: pip install "rlhf-agents[onnx]"'
    return None


def contents(request: ExportRequest) -> bytes:
    """Return the file."""
    from rlhf_agents.bots.exports.onnx import graph as onnx_graph  # noqa: PLC0415 - an optional extra
    from rlhf_agents.bots.exports.onnx.presets import Signature  # noqa: PLC0415

    game, weights = request.agent.game, request.agent.weights

    def values(graph: Graph, seen: dict[str, str]) -> str:
        board, goal = seen["observation"], seen["desired_goal"]
        return onnx_graph.pattern_values(graph, board, goal, game, weights)

    parts = {
        "observation": game.observation_shape,
        "desired_goal": (len(game.goals),),
        "action_mask": (game.n_actions,),
    }
    said = Signature(parts, game.n_actions, values, onnx_graph.FORBIDDEN)
    return _file(said, _metadata(request), request.options)


def env_refusal(_policy: EnvPolicy, options: Mapping[str, Any]) -> str | None:
    """Return why a policy cannot be exported as it was asked for, None if it can."""
    return _wrong(options)


def env_contents(policy: EnvPolicy, options: Mapping[str, Any]) -> bytes:
    """Return the file of a policy of a world.

    Raises:
        ExportError: the network has layers that a file cannot carry.
    """
    from rlhf_agents.bots.exports.onnx import layers  # noqa: PLC0415 - an optional extra, and torch
    from rlhf_agents.bots.exports.onnx.presets import Signature  # noqa: PLC0415

    parts = {key: policy.shape_of(key) for key in policy.parts}
    if policy.masked:
        parts.pop("action_mask", None)
        parts["action_mask"] = (policy.n_actions,)
    said = Signature(
        parts,
        policy.n_actions,
        lambda graph, seen: layers.env_values(graph, policy, seen),
        NEVER,
        chooses=True,
    )
    metadata = {
        "agent": policy.name,
        "observations": json.dumps({key: str(space) for key, space in policy.parts.items()}),
        "layout": json.dumps({key: list(shape) for key, shape in parts.items()}),
        "mask_rule": MASK_RULE if policy.masked else "none: all actions are allowed",
        "actions": str(policy.n_actions),
    }
    return _file(said, metadata, options)


def _file(said: Signature, metadata: dict[str, str], options: Mapping[str, Any]) -> bytes:
    from rlhf_agents.bots.exports.onnx import presets as onnx_presets  # noqa: PLC0415 - an optional extra
    from rlhf_agents.bots.exports.onnx.graph import Graph  # noqa: PLC0415

    graph, preset = Graph(), options.get("preset", PRESETS[0])
    onnx_presets.PRESETS[preset](graph, said)
    return graph.model(options.get("opset", OPSETS[-1]), {"preset": preset, **metadata})


def _metadata(request: ExportRequest) -> dict[str, str]:
    game: Game = request.agent.game
    planes = game.observation_shape[0]
    layout = {
        "shape": list(game.observation_shape),
        "planes": list(PLANES[: CLOCK + 1 if planes > CLOCK else 2]),
        "turned": game.turned,
        "visible_cells": game.visible_cells,
    }
    return {
        "game": game.name,
        "agent": request.agent.name,
        "goals": json.dumps([goal.name for goal in game.goals]),
        "goal": request.goal,
        "desired_goal": "one-hot float32 over goals, in their order",
        "layout": json.dumps(layout),
        "mask_rule": MASK_RULE,
        "actions": json.dumps(list(game.action_names)),
    }
