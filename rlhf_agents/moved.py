"""Import paths of version 0.1 that moved. They still work, also those inside saved files.

An old name is a module that forwards to the new one, with a `DeprecationWarning`.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

MODULES = {
    "rlhf_agents.agent": "rlhf_agents.players.agent",
    "rlhf_agents.environments": "rlhf_agents.envs.make_env",
    "rlhf_agents.exports": "rlhf_agents.bots.exports",
    "rlhf_agents.exports.registry": "rlhf_agents.bots.exports.registry",
    "rlhf_agents.hindsight": "rlhf_agents.selfplay.position_buffer",
    "rlhf_agents.hindsight_buffer": "rlhf_agents.dqn.replay.hindsight_buffer",
    "rlhf_agents.masked_buffer": "rlhf_agents.dqn.replay.masked_buffer",
    "rlhf_agents.networks": "rlhf_agents.selfplay.networks",
    "rlhf_agents.policy_opponent": "rlhf_agents.players.opponents",
    "rlhf_agents.protocols": "rlhf_agents.bots.protocols",
    "rlhf_agents.protocols.openspiel_bot": "rlhf_agents.bots.protocols.openspiel_bot",
    "rlhf_agents.records": "rlhf_agents.search.explanation",
    "rlhf_agents.schedules": "rlhf_agents.settings",
    "rlhf_agents.self_play": "rlhf_agents.training.opponent_pool",
    "rlhf_agents.sum_tree": "rlhf_agents.dqn.replay.sum_tree",
    "rlhf_agents.transition_buffer": "rlhf_agents.dqn.replay.samples",
    "rlhf_agents.transition_rows": "rlhf_agents.dqn.replay.rows",
    "rlhf_agents.transition_store": "rlhf_agents.dqn.replay.store",
    "rlhf_agents.viewer": "rlhf_agents.play.viewer",
    "rlhf_agents.viewer.rooms": "rlhf_agents.play.viewer.boards",
    "rlhf_agents.viewer.rooms.base": "rlhf_agents.play.viewer.boards.base",
    "rlhf_agents.viewer.rooms.grid": "rlhf_agents.play.viewer.boards.grid",
}
NAMES = {"Room": "Board", "GridRoom": "GridBoard"}
"""Classes that were renamed."""


def spec_of(name: str) -> ModuleSpec | None:
    """Return the import spec of the old module of that name, None if there was none."""
    if name not in MODULES:
        return None
    is_package = any(other.startswith(f"{name}.") for other in MODULES)
    return spec_from_loader(name, _OldModule(), is_package=is_package)


class _OldModule(Loader):
    """Makes a module that forwards to the new one."""

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__
        warnings.warn(f"{old} has moved to {MODULES[old]}", DeprecationWarning, stacklevel=2)
        new = import_module(MODULES[old])

        def __getattr__(name: str) -> object:  # noqa: N807 - PEP 562
            found: object = getattr(new, NAMES.get(name, name))
            return found

        module.__dict__["__getattr__"] = __getattr__
