"""Mirrored examples, for environments that declare this symmetry."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from rlhf_agents.dqn.env_access import attribute
from rlhf_agents.files.types import Ints, Space
from rlhf_agents.parallel.networks import BOARD, is_planes
from rlhf_agents.parallel.rollout import Examples


class Mirror(NamedTuple):
    """A mirror that swaps left and right.

    Attributes:
        key: of the planes in observations.
        actions: int64 `[A]`, the mirror image of each action.
    """

    key: str
    actions: Ints


def mirror_of(env: Any, space: Space, n_actions: int) -> Mirror | None:
    """Return the mirror of environments, None if there is none.

    Args:
        env: environments, with the mirror images of actions as `mirrored_actions`.
        space: of their observations.
        n_actions: number of their actions.
    """
    actions = attribute(env, "mirrored_actions")
    if not isinstance(actions, tuple) or sorted(actions) != list(range(n_actions)):
        return None
    if not is_planes(space):
        return None
    key = BOARD if isinstance(space, spaces.Dict) else ""
    return Mirror(key, np.array(actions, np.int64))


def mirrored(examples: Examples, mirror: Mirror) -> Examples:
    """Return mirrored examples."""
    planes = np.ascontiguousarray(examples.seen[mirror.key][..., ::-1])
    actions = mirror.actions[examples.actions]
    return examples._replace(seen={**examples.seen, mirror.key: planes}, actions=actions)
