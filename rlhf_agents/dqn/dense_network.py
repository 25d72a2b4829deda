"""SB3's multilayer Q-networks without the overhead of modules and autograd.

At the sizes that DQN uses for vectors, most of the time is Python overhead around a few small
matrix products. Here they are written out; all other networks use the ordinary modules.
"""

from __future__ import annotations

import torch
from gymnasium import spaces
from stable_baselines3.common.preprocessing import preprocess_obs
from stable_baselines3.common.torch_layers import CombinedExtractor, FlattenExtractor
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.dqn.policies import QNetwork
from torch import nn

from rlhf_agents.dqn.goal_features import GoalExtractor
from rlhf_agents.files.types import Space


def dense_network(network: object) -> DenseNetwork | None:
    """Return the written-out form of a Q-network, None if it is anything but linear and ReLU."""
    if type(network) is not QNetwork or not _is_flat(network.features_extractor):
        return None
    layers = list(network.q_net)
    between = layers[1::2]
    linear = [each for each in layers[0::2] if type(each) is nn.Linear and each.bias is not None]
    if len(linear) != len(layers[0::2]) or any(type(layer) is not nn.ReLU for layer in between):
        return None
    modules = [network, network.q_net, network.features_extractor, *layers]
    if any(_is_watched(module) for module in modules) or len(linear) != len(between) + 1:
        return None
    return DenseNetwork(network, linear)


def _is_flat(extractor: nn.Module) -> bool:
    if type(extractor) in {FlattenExtractor, GoalExtractor}:
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
        extractor = network.features_extractor
        self.keys = list(extractor.extractors) if type(extractor) is CombinedExtractor else []
        self.differs = extractor if type(extractor) is GoalExtractor else None
        plain = self.differs is None
        self.offsets = _discrete_offsets(network.observation_space) if plain else None
        self.all_numbers = plain and _all_numbers(network.observation_space)

    def features(self, observations: PyTorchObs) -> torch.Tensor:
        """Return the input of the first layer, float32 `[B, D]`."""
        network = self.network
        if self.all_numbers:  # the same as `preprocess_obs`, in one go
            whole = self._joined(observations)
            return whole.float().flatten(1)
        seen = preprocess_obs(
            observations, network.observation_space, normalize_images=network.normalize_images
        )
        if not isinstance(seen, dict):
            return seen.flatten(1)
        if self.differs is not None:
            features: torch.Tensor = self.differs(seen)
            return features
        return torch.cat([seen[key].flatten(1) for key in self.keys], dim=1)

    def _joined(self, observations: PyTorchObs) -> torch.Tensor:
        if not isinstance(observations, dict):
            return observations
        return torch.cat([observations[key] for key in self.keys], dim=1)

    def _rows(self, observations: PyTorchObs, offsets: torch.Tensor) -> torch.Tensor:
        """Return the indices of the features that are 1, if all others are 0, int64 `[B, P]`."""
        if isinstance(observations, dict):
            parts = [observations[key] for key in self.keys]
        else:
            parts = [observations]
        columns = [part.reshape(len(part), 1).long() for part in parts]
        return torch.cat(columns, dim=1) + offsets

    def _first(self, observations: PyTorchObs) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the first layer's input (or the indices of ones) and its output."""
        layer = self.layers[0]
        if self.offsets is None:
            seen = self.features(observations)
            return seen, torch.addmm(layer.bias, seen, layer.weight.t())
        # A product with a few ones among zeros is a sum of a few columns.
        rows = self._rows(observations, self.offsets)
        columns = layer.weight.index_select(1, rows.flatten()).reshape(-1, *rows.shape)
        return rows, columns.sum(dim=2).t() + layer.bias

    def activations(self, observations: PyTorchObs) -> list[torch.Tensor]:
        """Return the input of every layer and, last, the values `[B, A]`, without gradients."""
        first, said = self._first(observations)
        seen = [first]
        for layer in self.layers[1:]:
            seen.append(said.relu_())
            said = torch.addmm(layer.bias, seen[-1], layer.weight.t())
        return [*seen, said]

    def values(self, observations: PyTorchObs) -> torch.Tensor:
        """Return the values `[B, A]`."""
        return self.activations(observations)[-1]

    def backward(self, activations: list[torch.Tensor], gradient: torch.Tensor) -> None:
        """Set the gradients of all parameters.

        Args:
            activations: from `activations`.
            gradient: of the loss with respect to the values, `[B, A]`.
        """
        for layer, seen in zip(reversed(self.layers), reversed(activations[:-1]), strict=True):
            layer.bias.grad = gradient.sum(dim=0)
            if layer is self.layers[0] and self.offsets is not None:
                layer.weight.grad = _scattered(gradient, seen, layer.weight)
                return
            layer.weight.grad = gradient.t() @ seen
            if layer is not self.layers[0]:
                gradient = (gradient @ layer.weight).mul_(seen > 0)


def _all_numbers(space: Space) -> bool:
    """Return whether every part is a plain vector of features, all of one dtype."""
    parts = list(space.spaces.values()) if isinstance(space, spaces.Dict) else [space]
    vectors = (spaces.MultiBinary, spaces.Box)
    plain = all(isinstance(part, vectors) and len(part.shape or ()) == 1 for part in parts)
    return plain and len({part.dtype for part in parts}) == 1


def _discrete_offsets(space: Space) -> torch.Tensor | None:
    """Return where the features of each part begin, `[P]`, if every part is Discrete."""
    parts = list(space.spaces.values()) if isinstance(space, spaces.Dict) else [space]
    sizes = [int(part.n) for part in parts if isinstance(part, spaces.Discrete)]
    if len(sizes) != len(parts):
        return None
    return torch.tensor([sum(sizes[:k]) for k in range(len(sizes))])


def _scattered(gradient: torch.Tensor, rows: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the first layer's weight, like `weight`, by summing columns."""
    spread = gradient.t()[:, :, None].expand(-1, -1, rows.shape[1]).reshape(len(weight), -1)
    return torch.zeros_like(weight).index_add_(1, rows.flatten(), spread)


def huber_gradient(
    values: torch.Tensor, actions: torch.Tensor, target: torch.Tensor, weights: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return SB3's Huber loss, its gradient with respect to `values`, and the errors.

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
