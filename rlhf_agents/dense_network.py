"""SB3's multilayer Q-networks without the overhead of modules and autograd.

At the sizes that DQN uses on vectors, most of the time goes into Python around a few small matrix
products. Here they are written out; every other network takes the ordinary way.
"""

from __future__ import annotations

from typing import Any

import torch
from stable_baselines3.common.preprocessing import preprocess_obs
from stable_baselines3.common.torch_layers import CombinedExtractor, FlattenExtractor
from stable_baselines3.dqn.policies import QNetwork
from torch import nn


def dense_network(network: Any) -> DenseNetwork | None:
    """Return the written-out form of a Q-network, None if it is anything but linear and ReLU."""
    if type(network) is not QNetwork or not _is_flat(network.features_extractor):
        return None
    layers = list(network.q_net)
    linear: list[Any] = layers[0::2]
    between = layers[1::2]
    plain = all(type(layer) is nn.Linear and layer.bias is not None for layer in linear)
    if not plain or any(type(layer) is not nn.ReLU for layer in between):
        return None
    modules = [network, network.q_net, network.features_extractor, *layers]
    if any(_is_watched(module) for module in modules) or len(linear) != len(between) + 1:
        return None
    return DenseNetwork(network, linear)


def _is_flat(extractor: Any) -> bool:
    if type(extractor) is FlattenExtractor:
        return True
    return type(extractor) is CombinedExtractor and all(
        type(part) is nn.Flatten for part in extractor.extractors.values()
    )


def _is_watched(module: nn.Module) -> bool:
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
    return any(hooks) or any(not p.requires_grad for p in module.parameters(recurse=False))


class DenseNetwork:
    """Linear layers with ReLU between them, over flattened observations.

    Args:
        network: the Q-network that owns the parameters.
        layers: its linear layers.
    """

    def __init__(self, network: QNetwork, layers: list[nn.Linear]) -> None:
        self.network, self.layers = network, layers

    def features(self, observations: Any) -> torch.Tensor:
        """Return what the first layer sees, float32 `[B, D]`."""
        network = self.network
        seen: Any = preprocess_obs(
            observations, network.observation_space, normalize_images=network.normalize_images
        )
        if not isinstance(seen, dict):
            result: torch.Tensor = seen.flatten(1)
            return result
        extractor: Any = network.features_extractor
        return torch.cat([seen[key].flatten(1) for key in extractor.extractors], dim=1)

    def activations(self, observations: Any) -> list[torch.Tensor]:
        """Return the input of every layer and, last, the values `[B, A]`; no gradient is kept."""
        seen = [self.features(observations)]
        for layer in self.layers[:-1]:
            seen.append(torch.addmm(layer.bias, seen[-1], layer.weight.t()).relu_())
        last = self.layers[-1]
        seen.append(torch.addmm(last.bias, seen[-1], last.weight.t()))
        return seen

    def values(self, observations: Any) -> torch.Tensor:
        """Return the values `[B, A]`."""
        return self.activations(observations)[-1]

    def backward(self, activations: list[torch.Tensor], gradient: torch.Tensor) -> None:
        """Set the gradients of all parameters.

        Args:
            activations: what `activations` returned.
            gradient: of the loss by the values, `[B, A]`.
        """
        for layer, seen in zip(reversed(self.layers), reversed(activations[:-1]), strict=True):
            layer.weight.grad = gradient.t() @ seen
            layer.bias.grad = gradient.sum(dim=0)
            if layer is not self.layers[0]:
                gradient = (gradient @ layer.weight).mul_(seen > 0)


def huber_gradient(
    values: torch.Tensor, actions: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the Huber loss as SB3 takes it, its gradient by `values`, and the errors.

    Args:
        values: float32 `[B, A]`.
        actions: int64 `[B, 1]`.
        target: float32 `[B, 1]`.
        weights: float32 `[B, 1]`, or None.
    """
    errors = values.gather(1, actions) - target
    small = errors.clamp(-1.0, 1.0)
    losses = small * (errors - 0.5 * small)
    if weights is not None:
        losses, small = losses * weights, small * weights
    gradient = torch.zeros_like(values).scatter_(1, actions, small / len(values))
    return losses.mean(), gradient, errors
