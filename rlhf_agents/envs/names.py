"""Names of worlds, checked before anything heavy is imported."""

from __future__ import annotations

import rlhf_games
from rlhf_adapters.registry import library
from rlhf_adapters.specs import NoRulesError
from rlhf_games.base import did_you_mean


def check_name(name: str) -> None:
    """Find out whether a world can be meant: a game, `LIBRARY:WORLD`, or an id of Gymnasium's.

    Raises:
        rlhf_games.UnknownGameError: none has that name; near names are given.
        rlhf_adapters.specs.WorldError: there is no such library.
    """
    if name in rlhf_games.names():
        return
    if ":" in name:
        library(name.partition(":")[0])
        return
    import gymnasium  # noqa: PLC0415 - takes a moment

    if name in gymnasium.registry:
        return
    games = rlhf_games.names()
    hint = did_you_mean(name, [*games, *gymnasium.registry])
    known = f"{', '.join(games)}, every id of Gymnasium's, and LIBRARY:WORLD"
    msg = f"unknown game {name!r}; {hint}known: {known}"
    raise rlhf_games.UnknownGameError(msg)


def game_name(world: str) -> str | None:
    """Return the name under which `rlhf_games.make` has the rules of a world.

    Args:
        world: a game, `LIBRARY:WORLD`, or an id of Gymnasium's.

    Returns:
        E.g. `connect_four` for `pettingzoo:connect_four_v3`; None if nobody can look ahead in it.

    Raises:
        rlhf_games.base.GameError: there is no such world or library, or it is not installed.
    """
    check_name(world)
    if world in rlhf_games.names():
        return world
    if world.partition(":")[0] not in rlhf_games.libraries():
        return None
    try:
        return rlhf_games.make(world).name
    except NoRulesError:
        return None
