"""What a network sees of a goal: how the desired one differs from the achieved one."""

from __future__ import annotations

import torch
from gymnasium import spaces
from stable_baselines3.common.preprocessing import get_flattened_obs_dim
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

from rlhf_agents.dqn.action_masks import MASK_KEY
from rlhf_agents.files.types import Space

ACHIEVED, DESIRED = "achieved_goal", "desired_goal"
REST = 0.1


class GoalExtractor(BaseFeaturesExtractor):
    """The difference between the two goals and, on a smaller scale, the rest of the observation.

    With the two goals side by side, a network must find out which of their parts belong together:
    of 100 bits it does not within 50,000 steps. The rest is all information that they had, as
    observations tell what is achieved; being small, it is learnt more slowly and disturbs less.

    Args:
        observation_space: Dict with `achieved_goal` and `desired_goal`.
        rest: the scale of the other parts.
    """

    def __init__(self, observation_space: spaces.Dict, rest: float = REST) -> None:
        parts = observation_space.spaces
        self.keys = [key for key in parts if key not in (ACHIEVED, DESIRED, MASK_KEY)]
        size = sum(get_flattened_obs_dim(parts[key]) for key in (*self.keys, DESIRED))
        super().__init__(observation_space, size)
        self.rest, self.bits = rest, isinstance(parts[DESIRED], spaces.MultiBinary)

    def forward(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return features `[B, D]`; of bits, which differ: their difference without its sign."""
        difference = observations[DESIRED].flatten(1) - observations[ACHIEVED].flatten(1)
        others = [observations[key].flatten(1) * self.rest for key in self.keys]
        return torch.cat([difference.abs() if self.bits else difference, *others], dim=1)


def has_bit_goals(space: Space) -> bool:
    """Return whether goals are lists of bits."""
    return isinstance(space, spaces.Dict) and isinstance(
        space.spaces.get(DESIRED), spaces.MultiBinary
    )
