"""The catalogue: libraries, their environments, and our own games."""

from __future__ import annotations

import fnmatch
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import rlhf_games
from rlhf_adapters.plugins import is_registered
from rlhf_adapters.registry import Library, libraries, library
from rlhf_adapters.specs import EnvError, EnvInfo, unknown_env
from rlhf_agents.envs.names import GYMNASIUM
from rlhf_games.base import GameError

__all__ = ["EnvInfo", "LibraryListing", "Refused"]


@dataclass(frozen=True)
class LibraryListing:
    """A library of environments.

    Attributes:
        name: the part before the colon.
        text: a few words about its environments.
        installed: everything that it needs can be imported.
        install: the command that installs everything it needs, empty if nothing is needed.
        worlds: the number of environments, None if unknown.
        trouble: why it is unknown.
    """

    name: str
    text: str
    installed: bool
    install: str
    worlds: int | None
    trouble: str = ""


@dataclass(frozen=True)
class Refused:
    """An environment that is listed but cannot be played here.

    Attributes:
        name: with its library.
        reason: why not, in one sentence.
    """

    name: str
    reason: str


def listing(name: str) -> LibraryListing:
    """Return the facts about a library.

    Raises:
        EnvError: there is no such library.
    """
    found = library(name)
    install = found.cure if found.extra else ""
    try:
        worlds, trouble = len(_env_names(found)) if found.installed else None, ""
    except (ImportError, GameError) as error:
        worlds, trouble = None, str(error)
    return LibraryListing(found.name, found.text, found.installed, install, worlds, trouble)


def library_names() -> list[str]:
    """Return the names of all libraries, sorted."""
    return sorted(libraries())


def own_game(name: str) -> EnvInfo:
    """Return the facts about a game of `rlhf_games`."""
    game = rlhf_games.make(name)
    return EnvInfo(name, 2, game.n_actions, tuple(goal.name for goal in game.goals), foresight=True)


def matching(pattern: str) -> list[str]:
    """Return the names that match a pattern, with their library.

    Args:
        pattern: a library, or `LIBRARY:PATTERN`: a name (perhaps with options in brackets), a part
            of a name, or a pattern with the wildcards * and ?.

    Raises:
        rlhf_games.base.GameError: nothing matches; suggests similar names.
    """
    name, _, wanted = pattern.partition(":")
    found = library(name)
    known = _env_names(found)
    if any(sign in wanted for sign in "*?"):
        chosen = fnmatch.filter(known, wanted)
    elif "(" in wanted or ":" in wanted or wanted in known or _is_registered(name, wanted):
        chosen = [wanted]
    else:
        chosen = [env_name for env_name in known if wanted in env_name]
    if not chosen:
        raise EnvError(unknown_env(name, wanted, known))
    return [f"{name}:{env_name}" for env_name in chosen]


def describe(name: str) -> EnvInfo:
    """Return the facts about `LIBRARY:NAME`; may be slow.

    Raises:
        rlhf_games.base.GameError: it cannot be made.
    """
    prefix, _, env_name = name.partition(":")
    adapter = library(prefix).load()
    with _quiet():
        described: EnvInfo = adapter.describe(env_name)
    return described


def _is_registered(name: str, wanted: str) -> bool:
    """Return whether Gymnasium has an environment, even if it is not listed."""
    return name == GYMNASIUM and is_registered(wanted)


def describe_all(names: Iterable[str]) -> Iterator[EnvInfo | Refused]:
    """Describe names one after the other, with the reason for each that cannot be played."""
    for name in names:
        try:
            yield describe(name)
        except GameError as error:
            yield Refused(name, str(error))


def _env_names(found: Library) -> list[str]:
    adapter: Any = found.load()
    with _quiet():
        names: list[str] = adapter.worlds()
    return names


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence foreign libraries' warnings about outdated names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
