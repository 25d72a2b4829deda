"""`rlhf-games`: lists games and environments with players, actions and goals."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

import rlhf_games
from rlhf_agents.cli.common import Parser, run_program
from rlhf_agents.envs import catalogue
from rlhf_agents.envs.catalogue import EnvInfo, Refused
from rlhf_agents.envs.names import check_name
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.progress import with_progress
from rlhf_agents.words import spelled_out, words_of
from rlhf_games.base import did_you_mean, unknown_name

EXAMPLES = """examples:
  rlhf-games                                      libraries, and our own compiled games
  rlhf-games minatar                              the environments of a library
  rlhf-games "openspiel:*go*"                     those whose names match
  rlhf-games gymnasium:Lake                       those whose names contain a text
  rlhf-games "openspiel:breakthrough(rows=6,columns=6)"
  rlhf-games connect_four --json

rlhf-play, rlhf-train and rlhf-eval take these names as --game, and so does
rlhf_agents.make_env(NAME). Where foresight is yes, the rules are exact
and agents look ahead. Where agent is yes, a trained agent comes with the game."""

WIDTH = 160
"""Columns without a terminal: enough that tables stay readable."""

Record = dict[str, Any]


def parser() -> argparse.ArgumentParser:
    """Return the program's argument parser."""
    program = Parser("rlhf-games", "List games and environments, and their goals.", EXAMPLES)
    words = "a game, a library, or LIBRARY:PATTERN (default: all libraries and games)"
    program.add_argument("what", nargs="?", metavar="NAME", help=words)
    program.add_argument("--json", action="store_true", help="print only one JSON object")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_list, parser().parse_args(arguments), arguments)


def _list(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    report = _report(options.what)
    if options.json:
        print(json.dumps(report, allow_nan=False))  # noqa: T201 - the program's output
        return 0
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH
    for title, table in _tables(report, console):
        console.print(f"\n{title}")
        console.print(table)
    return 0


# ---- the lists ---------------------------------------------------------------------------


def _report(what: str | None) -> Record:
    """Return the requested list, ready for JSON.

    Raises:
        rlhf_games.base.GameError: nothing has that name.
    """
    if what is None:
        libraries = catalogue.library_names()
        listings = [
            dataclasses.asdict(catalogue.listing(name))
            for name in with_progress(libraries, "libraries", len(libraries))
        ]
        return {"libraries": listings, "games": _own(rlhf_games.names())}
    if what.partition("(")[0] in rlhf_games.names():
        return {"games": _own([rlhf_games.plain_name(what)])}
    if what not in catalogue.library_names():
        what = _one_name(what)
    library = what.partition(":")[0]
    names = catalogue.matching(what)
    if len(names) == 1:
        described: Iterable[EnvInfo | Refused] = [catalogue.describe(names[0])]
    else:
        described = with_progress(catalogue.describe_all(names), library, len(names))
    return {"worlds": [dataclasses.asdict(one) for one in described]}


def _own(names: Sequence[str]) -> list[Record]:
    trained = bundled_agents()
    return [
        {**dataclasses.asdict(catalogue.own_game(name)), "agent": name in trained} for name in names
    ]


def _one_name(what: str) -> str:
    """Return a name in the catalogue's form: Gymnasium's ids with their library.

    Raises:
        rlhf_games.UnknownGameError: there is no such game or library.
    """
    known = [*rlhf_games.names(), *catalogue.library_names()]
    if ":" not in what and what not in known and did_you_mean(what, known):
        raise rlhf_games.UnknownGameError(unknown_name("game or library", what, known))
    pattern = ":" in what and what.partition(":")[0] in catalogue.library_names()
    return what if pattern else check_name(what)


# ---- tables ----------------------------------------------------------------------------------


def _tables(report: Record, console: Console) -> list[tuple[str, Table]]:
    tables = []
    if "libraries" in report:
        tables.append(("Libraries, as LIBRARY:NAME:", _libraries(report["libraries"], console)))
    if "games" in report:
        tables.append(("Our own compiled games:", _env_table(report["games"], console)))
    playable = [one for one in report.get("worlds", []) if "reason" not in one]
    refused = [one for one in report.get("worlds", []) if "reason" in one]
    listed = [*report.get("games", []), *playable]
    if playable:
        tables.append((f"Environments ({len(playable)}):", _env_table(playable, console)))
    if refused:
        tables.append(
            (f"These cannot be played here ({len(refused)}):", _refused(refused, console))
        )
    if len(listed) == 1 and listed[0]["goals"]:
        tables.append(("Goals, as --goal NAME:", _goals(listed[0], console)))
    return tables


def _new_table(console: Console, *names: str) -> Table:
    style = box.SIMPLE_HEAD if console.is_terminal else box.MARKDOWN
    table = Table(box=style, pad_edge=not console.is_terminal)
    for name in names:
        right = name in ("environments", "players", "actions")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    table.columns[0].no_wrap = True
    return table


def _libraries(listings: list[Record], console: Console) -> Table:
    table = _new_table(console, "library", "environments", "what they are", "installed")
    for one in listings:
        installed = "yes" if one["installed"] else f"no: {one['install']}"
        count = "-" if one["worlds"] is None else str(one["worlds"])
        table.add_row(one["name"], count, one["text"], one["trouble"] or installed)
    return table


def _env_table(envs: list[Record], console: Console) -> Table:
    flags = [flag for flag in ("foresight", "agent") if flag in envs[0]]
    table = _new_table(console, "name", "players", "actions", *flags, "goals")
    for one in envs:
        numbers = str(one["players"]), str(one["actions"])
        said = ["yes" if one[flag] else "-" for flag in flags]
        table.add_row(one["name"], *numbers, *said, ", ".join(one["goals"]))
    return table


def _goals(one: Record, console: Console) -> Table:
    """Return the names and meanings of the goals of a game or an environment."""
    table = _new_table(console, "goal", "in words")
    known = {}
    if one["name"].partition("(")[0] in rlhf_games.names():
        known = {goal.name: words_of(goal) for goal in rlhf_games.make(one["name"]).goals}
    for name in one["goals"]:
        table.add_row(name, known.get(name, spelled_out(name)))
    return table


def _refused(envs: list[Record], console: Console) -> Table:
    table = _new_table(console, "name", "why")
    for one in envs:
        table.add_row(one["name"], one["reason"])
    return table


if __name__ == "__main__":
    raise SystemExit(main())
