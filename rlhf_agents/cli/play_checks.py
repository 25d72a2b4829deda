"""Checks and questions of `rlhf-play` before it loads anything."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.files.atomic import check_writable
from rlhf_agents.play.records import check_target
from rlhf_agents.play.setup import DEFAULT_GAME
from rlhf_agents.words import readable_name
from rlhf_games.base import did_you_mean

INTERRUPTED = "the recording was interrupted; nothing was written"


def is_interactive() -> bool:
    """Return whether a person can read and type in the terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def check_options(options: argparse.Namespace) -> None:
    """Find mistakes that need no rules; put the named game into `options.game`.

    Raises:
        UserError: options contradict each other, or a file could not be written.
    """
    if options.name is not None and options.game not in (None, options.name):
        msg = f"two games are named, {options.name} and {options.game}: name one"
        raise SettingError(msg)
    options.game = options.name or options.game
    files = (("--record", options.record, ".gif"), ("--screenshot", options.screenshot, ".png"))
    for option, path, ending in files:
        if path is not None:
            _check_file(option, path, ending, force=options.force)
    if options.save is not None:
        check_target(options.save, force=options.force)


def _check_file(option: str, path: Path, ending: str, *, force: bool) -> None:
    if path.suffix.lower() != ending:
        kind = {".gif": "GIF animations", ".png": "PNG pictures"}[ending]
        msg = f"{option} writes {kind}: name a file that ends in {ending}, not {path.name}"
        raise SettingError(msg)
    check_writable(path, force=force)


def choose_game(ask: Callable[[str], str] = input) -> str:
    """Ask in the terminal which game to play and return its name.

    Args:
        ask: shows a prompt and returns what the person types.

    Raises:
        SettingError: there is no terminal, or the person leaves.
    """
    games = rlhf_games.names()
    if not is_interactive():
        msg = f"name a game, such as rlhf-play {DEFAULT_GAME}; there are {', '.join(games)}, "
        raise SettingError(msg + "and those of libraries (rlhf-games lists them)")
    for number, name in enumerate(games, 1):
        sys.stdout.write(f"  {number:>2}  {readable_name(name)}\n")
    while True:
        try:
            typed = ask(f"Which game? (a number; Enter for {readable_name(DEFAULT_GAME)}) ").strip()
        except EOFError:
            msg = "no game was chosen"
            raise SettingError(msg) from None
        chosen = _chosen(typed or DEFAULT_GAME, games)
        if chosen is not None:
            return chosen
        hint = did_you_mean(typed, games)
        sys.stdout.write(f"{typed!r} is not in the list; {hint}type 1 to {len(games)}\n")


def _chosen(typed: str, games: list[str]) -> str | None:
    """Return the game with a number, a name or a title; also a library's, such as a:b."""
    if typed.isdecimal():
        return games[int(typed) - 1] if 1 <= int(typed) <= len(games) else None
    by_name = {readable_name(name).casefold(): name for name in games}
    by_name.update({name: name for name in games})
    return typed if ":" in typed else by_name.get(typed.casefold())
