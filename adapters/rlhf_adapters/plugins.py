"""Environments that an installed package offers to Gymnasium, which finds only some of them.

Gymnasium looks for plugins in the group `gymnasium.envs`. HighwayEnv, as others before it, is in
`gymnasium.envs.__root__`, so that its environments appear only once its module is imported.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata

OVERLOOKED = "gymnasium.envs.__root__"
GROUPS = ("gymnasium.envs", OVERLOOKED)


def is_registered(name: str) -> bool:
    """Return whether Gymnasium has an environment of this id, overlooked plugins included."""
    from gymnasium.envs.registration import registry  # noqa: PLC0415 - takes a moment

    if name not in registry:
        _register_all()
    return name in registry


def offers(module: str, name: str) -> bool:
    """Return whether a plugin of this module registers an environment: its id is enough."""
    plugins = (plugin for group in GROUPS for plugin in metadata.entry_points(group=group))
    package = module.partition(".")[0]
    own = any(plugin.module.partition(".")[0] == package for plugin in plugins)
    return own and is_registered(name)


@cache
def _register_all() -> None:
    """Let the overlooked plugins register their environments; one that fails has none."""
    for plugin in metadata.entry_points(group=OVERLOOKED):
        try:
            plugin.load()()
        except Exception:  # whatever a foreign package raises
            continue
