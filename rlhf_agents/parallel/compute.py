"""Values and gradients of a Q-network for numpy batches, by torch or by compiled code.

Both work on the parameters of the SB3 policy, and leave gradients where its optimizer finds them.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.dqn.policies import DQNPolicy
from torch import nn

from rlhf_agents.files.types import Arrays, Floats, Ints, Space
from rlhf_agents.parallel import kernels
from rlhf_agents.parallel.networks import BOARD, DESIRED, KERNEL, PlanesExtractor

Seen = Arrays
"""Parts of observations by key, each `[B, ...]`; "" where observations are not a Dict."""


class Computation(Protocol):
    """The computations of a network for learning."""

    def values(self, seen: Seen) -> Floats:
        """Return values of all heads `[B, K * A]`, valid until the next call."""
        ...

    def gradient(self, seen: Seen, columns: Ints, targets: Floats, weights: Floats) -> float:
        """Leave the gradient of the loss in the parameters and return the loss.

        The loss is the mean over observations of the sum over heads of
        weight * (value - target)^2 / 2.

        Args:
            seen: observations.
            columns: `[B, K]`, the column of the value for each target.
            targets: `[B, K]`.
            weights: `[B, K]`.
        """
        ...


class TorchComputation:
    """The computation of any policy, on any device.

    Args:
        policy: SB3's.
    """

    def __init__(self, policy: DQNPolicy) -> None:
        self.policy, self.all_values = policy, getattr(policy.q_net, "all_values", policy.q_net)

    def values(self, seen: Seen) -> Floats:
        """Return values of all heads, see `Computation.values`."""
        with torch.no_grad():
            result: Floats = self.all_values(self._tensors(seen)).cpu().numpy()
        return result

    def gradient(self, seen: Seen, columns: Ints, targets: Floats, weights: Floats) -> float:
        """Leave the gradient in the parameters, see `Computation.gradient`."""
        device = self.policy.device
        chosen, wanted, share = (
            torch.from_numpy(part).to(device) for part in (columns, targets, weights)
        )
        errors = self.all_values(self._tensors(seen)).gather(1, chosen) - wanted
        loss = 0.5 * (share * errors.square()).sum(dim=1).mean()
        self.policy.optimizer.zero_grad(set_to_none=False)
        loss.backward()
        return float(loss.item())

    def _tensors(self, seen: Seen) -> PyTorchObs:
        device = self.policy.device
        tensors = {key: torch.as_tensor(part, device=device) for key, part in seen.items()}
        return tensors.get("", tensors)


class PlanesComputation:
    """The computation of `PlanesExtractor` and a linear head, on binary planes, on the CPU.

    Args:
        policy: SB3's, for which `fits_planes` holds.
    """

    def __init__(self, policy: DQNPolicy) -> None:
        extractor, head = policy.q_net.features_extractor, policy.q_net.q_net[0]
        assert isinstance(extractor, PlanesExtractor)
        assert isinstance(head, nn.Linear)
        self.extractor, self.head = extractor, head
        self.goal_size = self.extractor.goal_size
        rows = self.extractor.convolution.in_channels * KERNEL**2
        self._weights, self._of_weights = (
            np.zeros((rows, kernels.CHANNELS), np.float32) for _ in range(2)
        )
        self._offsets, self._of_offsets = (
            np.zeros((3, kernels.CHANNELS), np.float32) for _ in range(2)
        )
        self._work: dict[int, _Workspace] = {}
        for parameter in policy.q_net.parameters():
            parameter.grad = torch.zeros_like(parameter)

    @torch.no_grad()
    def values(self, seen: Seen) -> Floats:
        """Return values of all heads, see `Computation.values`."""
        result: Floats = self._forward(seen).values.numpy()
        return result

    def _forward(self, seen: Seen) -> _Workspace:
        planes, dense, norm = _planes(seen), self.extractor.dense, self.extractor.norm
        work = self._workspace(len(planes))
        self._read_convolution()
        if self.goal_size:
            goals = seen[DESIRED].reshape(len(planes), -1)
            work.first.hidden[:, -self.goal_size :] = goals
        kernels.convolve(planes, self._weights, self._offsets, work.first)
        torch.addmm(dense.bias, work.hidden, dense.weight.t(), out=work.sums)
        kernels.normalize(
            work.sums.numpy(), _numbers(norm.weight), _numbers(norm.bias), work.second
        )
        torch.addmm(self.head.bias, work.features, self.head.weight.t(), out=work.values)
        return work

    @torch.no_grad()
    def gradient(self, seen: Seen, columns: Ints, targets: Floats, weights: Floats) -> float:
        """Leave the gradient in the parameters, see `Computation.gradient`."""
        work, rows = self._forward(seen), np.arange(len(columns))[:, None]
        dense, norm, head = self.extractor.dense, self.extractor.norm, self.head
        errors = work.values.numpy()[rows, columns] - targets
        of_values = torch.zeros_like(work.values)
        of_values.numpy()[rows, columns] = weights * errors / np.float32(len(columns))
        of_sums = self._linear_back(head, of_values, work.features)
        of_scale, of_shift = _numbers(norm.weight.grad), _numbers(norm.bias.grad)
        of_scale[:], of_shift[:] = 0, 0
        kernels.normalize_back(
            of_sums.numpy(), work.second, _numbers(norm.weight), of_scale, of_shift
        )
        of_hidden = self._linear_back(dense, of_sums, work.hidden)
        self._of_weights[:], self._of_offsets[:] = 0, 0
        kernels.convolve_back(
            _planes(seen),
            of_hidden.numpy(),
            work.first,
            self._offsets,
            self._of_weights,
            self._of_offsets,
        )
        self._write_convolution()
        return float(0.5 * np.sum(weights * np.square(errors)) / len(columns))

    def _linear_back(
        self, layer: nn.Linear, gradient: torch.Tensor, inputs: torch.Tensor
    ) -> torch.Tensor:
        """Set the gradient of a linear layer, and return that of its inputs."""
        torch.mm(gradient.t(), inputs, out=layer.weight.grad)
        torch.sum(gradient, 0, out=layer.bias.grad)
        return torch.mm(gradient, layer.weight)

    def _parts(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        convolution, norm = self.extractor.convolution, self.extractor.cell_norm
        assert convolution.bias is not None
        return convolution.bias, norm.weight, norm.bias

    def _read_convolution(self) -> None:
        weight = _numbers(self.extractor.convolution.weight)
        self._weights[:] = weight.reshape(kernels.CHANNELS, -1).T
        for row, part in enumerate(self._parts()):
            self._offsets[row] = _numbers(part)

    def _write_convolution(self) -> None:
        weight = _numbers(self.extractor.convolution.weight.grad)
        weight.reshape(kernels.CHANNELS, -1)[:] = self._of_weights.T
        for row, part in enumerate(self._parts()):
            _numbers(part.grad)[:] = self._of_offsets[row]

    def _workspace(self, count: int) -> _Workspace:
        """Return reusable memory for `count` observations."""
        if count not in self._work:
            dense, channels = self.extractor.dense, kernels.CHANNELS
            self._work[count] = _Workspace(
                count,
                (dense.in_features, dense.out_features, self.head.out_features),
                (dense.in_features - self.goal_size) // channels,
            )
        return self._work[count]


class _Workspace:
    """Results of a forward pass.

    Args:
        count: B, observations.
        widths: of the hidden layer with the goal, of the features, and of the values.
        cells: of the convolution.
    """

    def __init__(self, count: int, widths: tuple[int, int, int], cells: int) -> None:
        self.hidden, self.features, self.values = (torch.zeros(count, width) for width in widths)
        self.sums = torch.zeros(count, widths[1])
        self.first = kernels.Layer(
            self.hidden.numpy(),
            np.zeros((count, cells * kernels.CHANNELS), np.float32),
            np.zeros((count, cells, 1), np.float32),
        )
        self.second = kernels.Layer(
            self.features.numpy(),
            np.zeros((count, widths[1]), np.float32),
            np.zeros((count, 1, 1), np.float32),
        )


def _numbers(tensor: torch.Tensor | None) -> Floats:
    """Return the memory of a tensor as an array."""
    assert tensor is not None
    array: Floats = tensor.detach().numpy()
    return array


def _planes(seen: Seen) -> NDArray[np.uint8]:
    return seen[BOARD] if BOARD in seen else seen[""]


def fits_planes(policy: DQNPolicy, space: Space) -> bool:
    """Return whether `PlanesComputation` computes the same as a policy."""
    extractor, layers = policy.q_net.features_extractor, list(policy.q_net.q_net)
    board = space.spaces.get(BOARD) if isinstance(space, spaces.Dict) else space
    return (
        type(extractor) is PlanesExtractor
        and extractor.convolution.out_channels == kernels.CHANNELS
        and [type(layer) for layer in layers] == [nn.Linear]
        and policy.device.type == "cpu"
        and isinstance(board, spaces.Box)
        and board.dtype == np.uint8
        and bool(board.high.max() <= 1)
    )


def computation_of(policy: DQNPolicy, space: Space) -> Computation:
    """Return the fastest computation of a policy's network for observations of `space`."""
    return PlanesComputation(policy) if fits_planes(policy, space) else TorchComputation(policy)
