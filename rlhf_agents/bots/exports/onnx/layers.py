"""SB3's Q-networks as ONNX graphs: a sequence of layers after the features of every part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.torch_layers import CombinedExtractor, FlattenExtractor, NatureCNN
from torch import nn

from rlhf_agents.bots.exports.env_policy import BOARD, GOAL, EnvPolicy, Statistics
from rlhf_agents.bots.exports.onnx.extractors import EXTRACTORS, desired_values, layer_norm
from rlhf_agents.bots.exports.onnx.graph import GoalValues, Graph
from rlhf_agents.bots.exports.registry import ExportError
from rlhf_agents.parallel.networks import GoalsQNetwork

PIXEL = 255.0


def env_values(graph: Graph, policy: EnvPolicy, inputs: dict[str, str]) -> GoalValues:
    """Return the values of all actions `[B, A]`, which are their own ranking.

    Args:
        graph: the graph to extend.
        policy: the network.
        inputs: float32 values by part, `[B, *shape]`; any others are ignored.

    Raises:
        ExportError: the network has an unsupported part.
    """
    network = policy.network
    seen = {key: _prepared(graph, policy, key, inputs[key]) for key in policy.parts}
    features = _features(graph, network.features_extractor, seen, policy)
    values = _layer(graph, network.q_net, features, policy)
    if isinstance(network, GoalsQNetwork):
        values = desired_values(graph, network, values, seen[GOAL])
    return GoalValues(values, values)


def _prepared(graph: Graph, policy: EnvPolicy, key: str, value: str) -> str:
    """Return a part as the network gets it: normalised, and pictures between 0 and 1."""
    space = policy.parts[key]
    if key in policy.statistics:
        value = _normalized(graph, policy.statistics[key], value)
    if policy.network.normalize_images and is_image_space(space):
        return graph.add("Div", value, graph.floats(PIXEL))
    return value


def _normalized(graph: Graph, statistics: Statistics, value: str) -> str:
    """Return what a `VecNormalize` makes of a part.

    It computes in float64. Here the mean is subtracted in two pieces, so that a large one costs no
    digits of a small difference.
    """
    mean = np.asarray(statistics.mean)
    coarse = mean.astype(np.float32)
    fine = (mean - coarse).astype(np.float32)
    value = graph.add("Sub", value, graph.constant(coarse))
    value = graph.add("Sub", value, graph.constant(fine))
    value = graph.add("Div", value, graph.constant(statistics.scale.astype(np.float32)))
    clip = statistics.clip
    return graph.add("Clip", value, graph.floats(-clip), graph.floats(clip))


def _features(graph: Graph, extractor: nn.Module, seen: dict[str, str], policy: EnvPolicy) -> str:
    if type(extractor) in EXTRACTORS:

        def layer(inner: nn.Module, value: str) -> str:
            return _layer(graph, inner, value, policy)

        return EXTRACTORS[type(extractor)](graph, extractor, seen, layer)
    if not isinstance(extractor, CombinedExtractor) or type(extractor) is not CombinedExtractor:
        return _layer(graph, extractor, seen[BOARD], policy)
    parts = [_layer(graph, inner, seen[key], policy) for key, inner in extractor.extractors.items()]
    return graph.add("Concat", *parts, axis=1)


def _layer(graph: Graph, layer: nn.Module, value: str, policy: EnvPolicy) -> str:
    """Return the output of a layer."""
    kind = type(layer)
    if isinstance(layer, nn.Sequential | NatureCNN) and kind in (nn.Sequential, NatureCNN):
        for inner in layer if isinstance(layer, nn.Sequential) else (layer.cnn, layer.linear):
            value = _layer(graph, inner, value, policy)
        return value
    if kind not in LAYERS:
        known = ", ".join(one.__name__ for one in LAYERS)
        msg = (
            f"an ONNX file cannot hold the network of {policy.name}: it has a {kind.__name__}; "
            f"supported layers: {known}"
        )
        raise ExportError(msg)
    return LAYERS[kind](graph, layer, value)


def _linear(graph: Graph, layer: nn.Linear, value: str) -> str:
    product = graph.add("MatMul", value, graph.constant(_array(layer.weight).T.copy()))
    return product if layer.bias is None else _plus(graph, product, layer.bias)


def _plus(graph: Graph, value: str, bias: torch.Tensor) -> str:
    return graph.add("Add", value, graph.constant(_array(bias)))


def _flat(graph: Graph, _layer: nn.Module, value: str) -> str:
    return graph.add("Flatten", value, axis=1)


def _convolution(graph: Graph, layer: nn.Conv2d, value: str) -> str:
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        msg = "an ONNX file can only hold convolutions padded with zeros, equally on both sides"
        raise ExportError(msg)
    constants = [graph.constant(_array(layer.weight))]
    if layer.bias is not None:
        constants.append(graph.constant(_array(layer.bias)))
    return graph.add(
        "Conv",
        value,
        *constants,
        strides=list(layer.stride),
        dilations=list(layer.dilation),
        group=layer.groups,
        pads=[*layer.padding, *layer.padding],
        kernel_shape=list(layer.kernel_size),
    )


def _array(parameter: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = parameter.detach().cpu().numpy()
    return array


LAYERS: dict[type, Callable[[Graph, Any, str], str]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.LayerNorm: layer_norm,
    nn.Flatten: _flat,
    FlattenExtractor: _flat,
    nn.Identity: lambda _graph, _layer, value: value,
    nn.ReLU: lambda graph, _layer, value: graph.add("Relu", value),
    nn.Tanh: lambda graph, _layer, value: graph.add("Tanh", value),
    nn.Sigmoid: lambda graph, _layer, value: graph.add("Sigmoid", value),
    nn.ELU: lambda graph, layer, value: graph.add("Elu", value, alpha=layer.alpha),
    nn.LeakyReLU: lambda graph, layer, value: graph.add(
        "LeakyRelu", value, alpha=layer.negative_slope
    ),
}
"""Functions that make the nodes of layers, by type."""
