"""Which worlds are games with exact rules, so that they are played on the board."""

from __future__ import annotations

import rlhf_games
from rlhf_adapters.worlds import NoRulesError
from rlhf_agents.world_names import check_name


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
