"""Names of environments, checked before anything heavy is imported."""

from __future__ import annotations

import rlhf_games
from rlhf_adapters.registry import full_name, library
from rlhf_adapters.specs import NoRulesError

__all__ = ["GYMNASIUM", "check_name", "full_name", "game_name", "same_env"]

GYMNASIUM = "gymnasium"


def check_name(name: str) -> str:
    """Return the canonical name of an environment, see `rlhf_adapters.registry.full_name`.

    Raises:
        rlhf_games.UnknownGameError: none has that name; suggests similar names.
        rlhf_adapters.specs.EnvError: there is no such library or module.
    """
    found = full_name(name)
    prefix, colon, env_id = found.partition(":")
    if colon and not library(prefix).installed:
        library(prefix).load()  # says what to install
    if prefix == GYMNASIUM and ":" not in env_id:
        full_name(env_id)  # ids must be registered before anything is made
    return found


def same_env(one: str, other: str) -> bool:
    """Return whether two names mean one environment: either may lack the module to import."""

    def parts(name: str) -> tuple[str, str, str]:
        library, _, rest = name.partition(":")
        module, _, env_id = rest.rpartition(":")
        return library, module, env_id

    (library, module, env_id), (library_2, module_2, env_id_2) = parts(one), parts(other)
    known = library == library_2 == GYMNASIUM and env_id == env_id_2
    return one == other or (known and not (module and module_2))


def game_name(name: str) -> str | None:
    """Return the name under which `rlhf_games.make` finds the rules of an environment.

    Args:
        name: a game, `LIBRARY:NAME`, or an id of Gymnasium's.

    Returns:
        E.g. `connect_four` for `pettingzoo:connect_four_v3`; None if it has no rules to look ahead
        with.

    Raises:
        rlhf_games.base.GameError: there is no such environment or library, or it is not installed.
    """
    found = check_name(name)
    if found.partition("(")[0] in rlhf_games.names():
        return found
    if found.partition(":")[0] not in rlhf_games.libraries():
        return None
    try:
        return rlhf_games.make(found).name
    except NoRulesError:
        return None
