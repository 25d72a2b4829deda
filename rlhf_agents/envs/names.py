"""Names of environments, checked before anything heavy is imported."""

from __future__ import annotations

import importlib.util

import rlhf_games
from rlhf_adapters.registry import libraries, library
from rlhf_adapters.specs import NoRulesError
from rlhf_games.base import did_you_mean

GYMNASIUM = "gymnasium"


def env_name(name: str) -> str:
    """Return the one name of an environment that may be spelt in several ways.

    `CartPole-v1` is `gymnasium:CartPole-v1`; `highway_env:highway-v0`, Gymnasium's spelling of an
    environment that a module registers, is `gymnasium:highway_env:highway-v0`. A name that has one
    spelling, or none, is returned as it is.
    """
    first, colon, _ = name.partition(":")
    if not colon:
        return name if name in rlhf_games.names() else f"{GYMNASIUM}:{name}"
    known = first in libraries() or not first.isidentifier()
    if known or importlib.util.find_spec(first) is None:
        return name
    return f"{GYMNASIUM}:{name}"


def check_name(name: str) -> str:
    """Find out whether an environment can be meant, and return its one name, see `env_name`.

    Raises:
        rlhf_games.UnknownGameError: none has that name; near names are given.
        rlhf_adapters.specs.EnvError: there is no such library.
    """
    found = env_name(name)
    prefix, _, world = found.partition(":")
    if ":" in found:
        library(prefix)
    if prefix != GYMNASIUM or ":" in world:
        return found
    import gymnasium  # noqa: PLC0415 - takes a moment

    if world in gymnasium.registry:
        return found
    if name in libraries():
        msg = f"{name} is a library of environments: name one of those of rlhf-games {name}"
        raise rlhf_games.UnknownGameError(msg)
    near = [*gymnasium.registry] if ":" in name else [*rlhf_games.names(), *gymnasium.registry]
    hint = did_you_mean(world, near)
    msg = f"unknown game {name!r}; {hint}rlhf-games lists what there is"
    raise rlhf_games.UnknownGameError(msg)


def game_name(name: str) -> str | None:
    """Return the name under which `rlhf_games.make` has the rules of an environment.

    Args:
        name: a game, `LIBRARY:NAME`, or an id of Gymnasium's.

    Returns:
        E.g. `connect_four` for `pettingzoo:connect_four_v3`; None if it has no rules to look ahead
        with.

    Raises:
        rlhf_games.base.GameError: there is no such environment or library, or it is not installed.
    """
    found = check_name(name)
    if found in rlhf_games.names():
        return found
    if found.partition(":")[0] not in rlhf_games.libraries():
        return None
    try:
        return rlhf_games.make(found).name
    except NoRulesError:
        return None
