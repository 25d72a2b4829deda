"""Reinforcement Learning with Hindsight and Foresight: game agents that pursue the goal you set.

    from rlhf_agents import HFDQN, load_agent, make_env

Names are imported on first use, so that `import rlhf_agents` stays cheap.
"""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than all of this one
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from rlhf_agents.bots.exports.registry import export
    from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
    from rlhf_agents.envs.make_env import make_env
    from rlhf_agents.hfdqn import HFDQN
    from rlhf_agents.players.agent import Agent, load_agent
    from rlhf_agents.players.opponents import PolicyOpponent
    from rlhf_agents.search.explanation import Explanation
    from rlhf_agents.settings import Foresight, Hindsight, ModelForesight, Parallel, Priorities
    from rlhf_agents.training.opponent_pool import SelfPlayCallback

__version__ = "0.2.0"

__all__ = [
    "HFDQN",
    "Agent",
    "Explanation",
    "Foresight",
    "Hindsight",
    "HindsightReplayBuffer",
    "ModelForesight",
    "Parallel",
    "PolicyOpponent",
    "Priorities",
    "SelfPlayCallback",
    "export",
    "load_agent",
    "make_env",
]

_HOMES = {
    "Agent": "rlhf_agents.players.agent",
    "Explanation": "rlhf_agents.search.explanation",
    "Foresight": "rlhf_agents.settings",
    "HFDQN": "rlhf_agents.hfdqn",
    "Hindsight": "rlhf_agents.settings",
    "HindsightReplayBuffer": "rlhf_agents.dqn.replay.hindsight_buffer",
    "ModelForesight": "rlhf_agents.settings",
    "Priorities": "rlhf_agents.settings",
    "Parallel": "rlhf_agents.settings",
    "PolicyOpponent": "rlhf_agents.players.opponents",
    "SelfPlayCallback": "rlhf_agents.training.opponent_pool",
    "export": "rlhf_agents.bots.exports.registry",
    "load_agent": "rlhf_agents.players.agent",
    "make_env": "rlhf_agents.envs.make_env",
}


class _OldImports:
    """Finds import paths of version 0.1 (`rlhf_agents.moved`) after all other finders have failed.

    It has no base class: importing `importlib.abc` would double the import time of this package.
    """

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if not fullname.startswith(f"{__name__}."):
            return None
        from rlhf_agents.moved import spec_of  # noqa: PLC0415 - few programs import old names

        return spec_of(fullname)


if _OldImports not in sys.meta_path:
    sys.meta_path.append(_OldImports)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        msg = f"module 'rlhf_agents' has no attribute {name!r}"
        raise AttributeError(msg)
    found: object = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return __all__
