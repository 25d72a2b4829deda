"""Names of an agent with a budget, such as `connect_four@1000`."""

from __future__ import annotations

from pathlib import Path

from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_nodes

UNTRAINED = ("random", "agent")


def split_nodes(word: str, nodes: int | None, default: int) -> tuple[str, int]:
    """Return the part before @, and the nodes per move.

    Args:
        word: an agent's name or path, perhaps followed by @NODES.
        nodes: a number given separately, or None.
        default: the number if neither gives one.

    Raises:
        SettingError: the number is invalid, or there are two of them.
    """
    name, at, digits = word.rpartition("@")
    if not at or Path(word).exists():
        return word, checked_nodes(default if nodes is None else nodes)
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        msg = f"{word}: after @ comes the number of nodes per move, such as {name}@256"
        raise SettingError(msg)
    if nodes is not None and nodes != int(digits):
        msg = f"{word} and --nodes {nodes}: give the number of nodes once"
        raise SettingError(msg)
    return name, checked_nodes(int(digits))


def is_untrained(name: str) -> bool:
    """Return whether a player's name fits any game: random, minimax, or `agent`."""
    return name in UNTRAINED or name.startswith("minimax:")
