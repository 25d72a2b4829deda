"""`onnx`: the network alone as one ONNX file, for engines and runtimes that do not know Python.

    rlhf-export --agent connect_four --to onnx --out four.onnx
    rlhf-export --agent connect_four --to onnx --out four.onnx --opset 15 --option preset=mlagents

    session = onnxruntime.InferenceSession("four.onnx")
    seen = {"observation": boards, "desired_goal": goals, "action_mask": masks}
    actions, = session.run(["action"], seen)

Any batch size; float32 everywhere; one file; needs opset 13, 15 or 17 (`--opset`, 17 by default).
A file has the network, but not the rules or the search: it plays like the agent with `--nodes 0`,
with two exceptions. When a goal becomes impossible, or its best value is below 0.01, the agent
plays for `win` instead: this is up to you. And `action` distinguishes values that float32 rounds
to the same number, where the agent takes the action nearest to the middle. The metadata list the
goals, the planes of the observation, the use of the mask, and the goal of the export. Presets:

* `plain`: inputs `observation` `[batch, planes, H, W]`, `desired_goal` `[batch, G]` (one-hot) and
  `action_mask` `[batch, A]`; outputs `q` and `masked_q` `[batch, A]`, -1 where forbidden,
  and `action` `[batch]`, the best of the allowed actions.
* `godot`: Godot RL Agents: input `obs` `[batch, n]`, the three inputs above flattened one after the
  other, and `state_ins`; outputs `output` `[batch, A]` and `state_outs`. Values are shifted
  so that the best is 30 and forbidden ones are near 0, because older plugins ignore values
  below 0.
* `mlagents`: Unity ML-Agents: inputs `obs_0` (the board), `obs_1` (the goal), `action_masks`;
  outputs `version_number` (3), `memory_size` (0), `discrete_actions` and
  `deterministic_discrete_actions` `[batch, 1]`, `discrete_action_output_shape`. Sentis
  recommends opset 15. The file follows the specification; it has not been tested in Unity.

Smaller numbers. `action` survives a conversion to float16 (`onnxruntime.transformers.float16`,
`onnxconverter-common`): in float16 throughout, the four bundled agents of the tests choose the
original's move in at least 0.98 of the positions, whatever the goal. Use `action` in that case:
close to 1, float16 values differ by at least 0.0005, so that many of `masked_q` are equal.
int8 (`onnxruntime.quantization.quantize_dynamic`) is too coarse for the dense layers: only 0.45 to
0.99 of the moves would be the same. Exclude the nodes that the metadata list as `int8_exclude`:
files are then four times smaller and keep 0.98 of the moves.

    left_out = json.loads(session.get_modelmeta().custom_metadata_map["int8_exclude"])
    quantize_dynamic("four.onnx", "small.onnx", nodes_to_exclude=left_out)

Models for environments without rules are exported in the same way, those that come with the package
by their names:

    rlhf-export --agent minatar:breakout --to onnx --out breakout.onnx
    rlhf-export --agent pole.zip --to onnx --out pole.onnx

The inputs are the environment's observations: `observation`, or every part of a Dict by its name
(`desired_goal` among them), float32, numbers from a range one-hot; also `action_mask` `[batch, A]`
where the environment has one. A model that was trained in a VecNormalize takes the observations
as they are: its statistics, and where it clips, are the first nodes. A model that was trained in a
VecFrameStack takes stacked frames: the metadata say how they are stacked, and list other wrappers
of its training by name. The outputs are those of
`plain`, `masked_q` being -1e30 where an action is forbidden. `godot` gets all parts flattened in
`obs`, a mask last; `mlagents` `obs_0`, `obs_1`, ..., the goal as `obs_1`, and always
`action_masks`. The file holds the network alone: a model that plans in what it has learned of its
environment does not do so in the file. Their values may be large and close together: after a
conversion to smaller numbers, compare the actions.

Needs `pip install "rlhf-agents[onnx]"`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from rlhf_agents.bots.exports.registry import ExportRequest
from rlhf_games.base import CLOCK, Game

if TYPE_CHECKING:
    from rlhf_agents.bots.exports.env_policy import EnvPolicy
    from rlhf_agents.bots.exports.onnx.graph import GoalValues, Graph
    from rlhf_agents.bots.exports.onnx.presets import Signature

SUFFIX = ".onnx"
OPTIONS = ("opset", "preset")
OPSETS = (13, 15, 17)
PRESETS = ("plain", "godot", "mlagents")
NEVER = -1e30
"""The value of a forbidden action in environments, where allowed ones can have any value."""
MASK_RULE = "1 allowed, 0 forbidden, with its value replaced; play the largest"
PLANES = ("the mover's stones", "the other's stones", "empty and playable", "plies in binary")


def refusal(request: ExportRequest) -> str | None:
    """Return why an agent cannot be exported as requested, None if it can."""
    return _wrong(request.options)


def _wrong(options: Mapping[str, object]) -> str | None:
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

    def values(graph: Graph, seen: dict[str, str]) -> GoalValues:
        board, goal = seen["observation"], seen["desired_goal"]
        return onnx_graph.pattern_values(graph, board, goal, game, weights)

    parts = {
        "observation": game.observation_shape,
        "desired_goal": (len(game.goals),),
        "action_mask": (game.n_actions,),
    }
    from_middle = np.abs(np.arange(game.n_actions) - (game.n_actions - 1) / 2)
    order = np.argsort(from_middle, kind="stable").tolist()  # as `best_actions` breaks ties
    said = Signature(parts, game.n_actions, values, onnx_graph.FORBIDDEN, order)
    return _file(said, _metadata(request), request.options)


def env_refusal(_policy: EnvPolicy, options: Mapping[str, object]) -> str | None:
    """Return why a policy cannot be exported as requested, None if it can."""
    return _wrong(options)


def env_contents(policy: EnvPolicy, options: Mapping[str, object]) -> bytes:
    """Return the file with a policy for an environment.

    Raises:
        ExportError: the network has unsupported layers.
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
        range(policy.n_actions),
    )
    metadata = {
        "agent": policy.name,
        "observations": json.dumps({key: str(space) for key, space in policy.parts.items()}),
        "layout": json.dumps({key: list(shape) for key, shape in parts.items()}),
        "mask_rule": MASK_RULE if policy.masked else "none: all actions are allowed",
        "actions": str(policy.n_actions),
        "normalized": json.dumps(sorted(policy.statistics)),
        "frame_stack": json.dumps(policy.frame_stack),
        "wrappers": json.dumps(policy.wrappers),
    }
    return _file(said, metadata, options)


def _file(said: Signature, metadata: dict[str, str], options: Mapping[str, object]) -> bytes:
    from rlhf_agents.bots.exports.onnx import presets as onnx_presets  # noqa: PLC0415 - an optional extra
    from rlhf_agents.bots.exports.onnx.graph import Graph  # noqa: PLC0415

    graph, preset = Graph(), str(options.get("preset", PRESETS[0]))
    onnx_presets.PRESETS[preset](graph, said)
    metadata |= {"preset": preset, "int8_exclude": json.dumps(graph.not_in_bytes)}
    opset = next(number for number in OPSETS if number == options.get("opset", OPSETS[-1]))
    return graph.model(opset, metadata)


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
