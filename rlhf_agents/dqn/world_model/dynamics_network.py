"""A world model that predicts: a small ensemble whose members must agree.

It predicts what an action changes: which zeros and ones flip, by how much numbers change, the
reward, and whether the episode ends. Untrained members make confident, different guesses, so all
agree only on what was learnt (compare Osband et al., 2018, "Randomized Prior Functions").
"""

from __future__ import annotations

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import nn

from rlhf_agents.dqn.optimizer_state import ADAM, check_state, state_arrays, state_slots
from rlhf_agents.dqn.replay.rows import is_binary
from rlhf_agents.dqn.world_model.outcomes import Imagined, Ints, Parts, Transitions
from rlhf_agents.files.model_file import prefixed, unprefixed
from rlhf_agents.files.types import Array, Arrays, Space
from rlhf_agents.settings import ModelForesight

CERTAIN = 2.0
"""Logit of a member that is certain (88 %)."""
ALIKE = 0.1
"""The largest spread of members that agree, in standard deviations of a number's changes."""
WRONG = 0.3
"""The smallest error that counts as wrong, in the same unit."""
FORGETTING = 0.03
MAX_VALUES = 1024
SCALES = ("centre", "spread", "scale")
MOMENT = "moment."
TINY = 1e-6


class DynamicsNetwork:
    """An ensemble of one-hidden-layer networks with a linear shortcut.

    Args:
        parts: space of each part of an observation, without the desired goal.
        n_actions: A.
        settings: size and learning rate.
        seed: of weights and batches.

    Attributes:
        mistakes: share of its confident predictions of the latest steps that were wrong, in [0, 1].
    """

    def __init__(
        self,
        parts: dict[str, Space],
        n_actions: int,
        settings: ModelForesight,
        seed: int | None,
    ) -> None:
        self.settings, self.n_actions = settings, n_actions
        self.spaces = parts
        self.sizes = {key: int(np.prod(space.shape or (1,))) for key, space in parts.items()}
        self.width = sum(self.sizes.values())
        binary = [np.full(self.sizes[key], is_binary(space)) for key, space in parts.items()]
        self.bits = torch.from_numpy(np.concatenate(binary))
        self.all_bits = bool(self.bits.all())
        self.generator = torch.Generator().manual_seed(0 if seed is None else seed)
        self.weights = self._new_weights()
        self.optimizer = torch.optim.Adam(
            list(self.weights.values()), lr=settings.learning_rate, fused=True
        )
        self.count = 0
        self.centre, self.spread = torch.zeros(self.width), torch.ones(self.width)
        self.scale = torch.ones(self.width + 1)  # for changes and the reward
        self.mistakes = 1.0

    def _new_weights(self) -> dict[str, nn.Parameter]:
        members, hidden = self.settings.members, self.settings.hidden
        seen, predicted = self.width + self.n_actions, self.width + 2
        shapes = {
            "first": ((members, seen, hidden), seen**-0.5),
            "first_bias": ((members, 1, hidden), 0.1),
            "second": ((members, hidden, predicted), 0.1 * hidden**-0.5),
            "second_bias": ((members, 1, predicted), 0.1),
            "shortcut": ((members, seen, predicted), 0.5),
        }
        weights = {
            name: torch.randn(shape, generator=self.generator) * size
            for name, (shape, size) in shapes.items()
        }
        # The outcome depends mainly on the action, and on the state in detail.
        weights["shortcut"][:, : self.width] *= 0.04
        return {name: nn.Parameter(weight) for name, weight in weights.items()}

    # ---- features ----------------------------------------------------------------------------

    def _flat(self, parts: Parts) -> torch.Tensor:
        rows = [
            torch.from_numpy(np.asarray(part).reshape(len(part), -1).astype(np.float32))
            for part in parts.values()
        ]
        return torch.cat(rows, dim=1)

    def _normal(self, flat: torch.Tensor) -> torch.Tensor:
        if self.all_bits:
            return 2.0 * flat - 1.0
        numbers = ((flat - self.centre) / self.spread).clamp_(-5.0, 5.0)
        return torch.where(self.bits, 2.0 * flat - 1.0, numbers)

    def _changes(self, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return flips (0 or 1) and changes in standard deviations, `[B, D]`."""
        if self.all_bits:
            return (before != after).float()
        moves = (after - before) / self.scale[:-1]
        return torch.where(self.bits, (before != after).float(), moves)

    # ---- learning --------------------------------------------------------------------------

    def check(self, steps: Transitions) -> None:
        """Compare predictions of new steps with the outcomes, before learning from them."""
        guess = self.predict(steps.before, steps.actions[:, None])
        wrong = self._is_wrong(steps, guess)
        for known, miss in zip(guess.known[:, 0], wrong, strict=True):
            if known:
                self.mistakes += FORGETTING * (float(miss) - self.mistakes)

    def _is_wrong(self, steps: Transitions, guess: _Guess) -> NDArray[np.bool_]:
        before, after = self._flat(steps.before), self._flat(steps.after)
        gap = (self._changes(before, after) - guess.changes[:, 0]).abs()
        reward_gap = (torch.from_numpy(steps.rewards) - guess.rewards[:, 0]).abs() / self.scale[-1]
        wrong = (gap > WRONG).any(dim=1) | (reward_gap > WRONG)
        missed_end = guess.ends[:, 0].numpy() != steps.ends
        return np.asarray(wrong.numpy() | missed_end)

    def learn(self, steps: Transitions) -> None:
        """Take one step on transitions; every member weighs them differently."""
        before, after = self._flat(steps.before), self._flat(steps.after)
        rewards = torch.from_numpy(steps.rewards)
        if not self.all_bits or self.count < 1000:
            self._follow_scales(before, after - before, rewards)
        self.count += len(before)
        out = self._forward(self._normal(before), torch.from_numpy(steps.actions)[:, None])[:, :, 0]
        ends = torch.from_numpy(steps.ends.astype(np.float32))
        shares = torch.rand(out.shape[:2], generator=self.generator) * 2.0
        losses = self._losses(out, self._changes(before, after), rewards, ends)
        self.optimizer.zero_grad()
        (losses * shares).mean(dim=1).sum().backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()

    def _losses(
        self, out: torch.Tensor, changes: torch.Tensor, rewards: torch.Tensor, ends: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss of each member on each transition, `[K, B]`."""
        predicted = out[:, :, : self.width]
        changes = changes.expand_as(predicted)
        flips = nn.functional.binary_cross_entropy_with_logits
        if self.all_bits:
            parts = flips(predicted, changes, reduction="none")
        else:
            squares = (predicted - changes).square()
            safe = torch.where(self.bits, changes, 0.0)
            parts = torch.where(self.bits, flips(predicted, safe, reduction="none"), squares)
        reward_gap = out[:, :, -2] - rewards / self.scale[-1]
        end_loss = flips(out[:, :, -1], ends.expand_as(out[:, :, -1]), reduction="none")
        return parts.sum(dim=2) + reward_gap.square() + end_loss

    def _follow_scales(
        self, before: torch.Tensor, moves: torch.Tensor, rewards: torch.Tensor
    ) -> None:
        """Track mean and standard deviation of the data, more and more slowly."""
        share = len(before) / (self.count + len(before))
        share = max(share, 0.01)
        self.centre.lerp_(before.mean(dim=0), share)
        self.spread.lerp_((before - self.centre).square().mean(dim=0).sqrt() + TINY, share)
        size = torch.cat([moves.square().mean(dim=0), rewards.square().mean()[None]]).sqrt()
        self.scale.lerp_(torch.where(size > TINY, size, torch.ones(())), share)

    # ---- saving ----------------------------------------------------------------------------

    def _tensors(self) -> dict[str, torch.Tensor]:
        """Return everything that learning changes, without the optimizer's moments."""
        scales = {name: getattr(self, name) for name in SCALES}
        return {name: w.data for name, w in self.weights.items()} | scales

    def state(self) -> Arrays:
        """Return everything learnt and the state for resuming, as arrays."""
        return {
            "numbers": np.array([self.count, self.mistakes]),
            "generator": self.generator.get_state().numpy(),
            **{name: tensor.numpy() for name, tensor in self._tensors().items()},
            **prefixed(MOMENT, state_arrays(self.optimizer.state_dict())),
        }

    def restore(self, state: Arrays) -> None:
        """Restore the arrays from `state`.

        Raises:
            ValueError: they are for another network.
            KeyError: something is missing.
            RuntimeError: the random numbers are not those of a generator.
        """
        count, mistakes = (float(number) for number in state["numbers"])
        if not (count >= 0 and 0 <= mistakes <= 1):
            msg = f"it saw {count} transitions and was wrong in {mistakes} of them"
            raise ValueError(msg)
        tensors, moments = self._tensors(), unprefixed(MOMENT, state)
        check_state(moments, [tuple(w.shape) for w in self.weights.values()], ADAM, np.float32)
        for name, tensor in tensors.items():
            _check_tensor(name, state[name], tensor.shape)
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state_slots(moments), "param_groups": groups})
        self.generator.set_state(torch.from_numpy(np.array(state["generator"], np.uint8)))
        for name, tensor in tensors.items():
            tensor.copy_(torch.from_numpy(np.array(state[name])))
        self.count, self.mistakes = int(count), mistakes

    # ---- predicting ------------------------------------------------------------------------

    def _forward(self, seen: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Return the predictions, `[K, B, M, D + 2]`, for features `[B, D]`, actions `[B, M]`."""
        w, d = self.weights, self.width
        members, flat = self.settings.members, actions.reshape(-1)
        first = seen @ w["first"][:, :d] + w["first_bias"]  # [K, B, H]
        acted = w["first"][:, d:][:, flat].reshape(members, *actions.shape, -1)
        hidden = torch.relu(first[:, :, None] + acted).reshape(members, len(flat), -1)
        straight = seen @ w["shortcut"][:, :d] + w["second_bias"]
        direct = w["shortcut"][:, d:][:, flat].reshape(members, *actions.shape, -1)
        bent = (hidden @ w["second"]).reshape(members, *actions.shape, -1)
        return bent + direct + straight[:, :, None]

    @torch.no_grad()
    def predict(self, before: Parts, actions: Ints) -> _Guess:
        """Return the ensemble's expectation for actions int64 `[B, M]` in states `[B, ...]`."""
        out = self._forward(self._normal(self._flat(before)), torch.from_numpy(actions))
        predicted = out[..., : self.width]
        if self.all_bits:
            sure = _agreed(predicted)
            changes = (predicted[0] > 0).float()
        else:
            close = predicted.std(dim=0) < ALIKE
            sure = torch.where(self.bits, _agreed(predicted), close)
            changes = torch.where(self.bits, (predicted[0] > 0).float(), predicted.mean(dim=0))
        known = sure.all(dim=-1) & _agreed(out[..., -1]) & (out[..., -2].std(dim=0) < ALIKE)
        rewards = out[..., -2].mean(dim=0) * self.scale[-1]
        return _Guess(changes, rewards, out[0, ..., -1] > 0, known.numpy())

    def imagine(self, before: Parts, actions: Ints) -> Imagined:
        """Return the one outcome of every known pair, see `StateTable.imagine`."""
        guess = self.predict(before, actions)
        pairs = np.flatnonzero(guess.known)
        state = torch.from_numpy(pairs // actions.shape[1])
        chosen = torch.from_numpy(pairs)
        flat = self._flat(before)[state]
        changes = guess.changes.reshape(-1, self.width)[chosen]
        after = torch.where(self.bits, (flat != changes).float(), flat + changes * self.scale[:-1])
        return Imagined(
            after=self._parts(after.numpy()),
            pairs=pairs,
            chances=np.ones(len(pairs), np.float32),
            rewards=guess.rewards.reshape(-1)[chosen].numpy(),
            ends=guess.ends.reshape(-1)[chosen].float().numpy(),
            known=guess.known,
        )

    def _parts(self, flat: NDArray[np.float32]) -> Parts:
        parts, begin = {}, 0
        for key, space in self.spaces.items():
            part = flat[:, begin : begin + self.sizes[key]]
            parts[key] = part.astype(space.dtype).reshape(-1, *(space.shape or (1,)))
            begin += self.sizes[key]
        return parts


class _Guess:
    """The expectation of an ensemble for M actions in B states.

    Args:
        changes: float32 `[B, M, D]`.
        rewards: float32 `[B, M]`.
        ends: bool `[B, M]`.
        known: bool `[B, M]`.
    """

    def __init__(
        self,
        changes: torch.Tensor,
        rewards: torch.Tensor,
        ends: torch.Tensor,
        known: NDArray[np.bool_],
    ) -> None:
        self.changes, self.rewards, self.ends, self.known = changes, rewards, ends, known


def _agreed(logits: torch.Tensor) -> torch.Tensor:
    """Return where all members `[K, ...]` are certain of the same outcome."""
    return (logits > CERTAIN).all(dim=0) | (logits < -CERTAIN).all(dim=0)


def _check_tensor(name: str, array: Array, shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
        msg = f"{name} is not float32 {shape} of finite numbers"
        raise ValueError(msg)


def can_predict(parts: dict[str, Space]) -> bool:
    """Return whether observations are vectors of bits and numbers that are not too long."""
    kinds = all(isinstance(space, spaces.Box | spaces.MultiBinary) for space in parts.values())
    return (
        kinds and sum(int(np.prod(space.shape or (1,))) for space in parts.values()) <= MAX_VALUES
    )
