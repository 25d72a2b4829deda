"""`rlhf-arena --calibrate` and `rlhf-train --calibrate`: levels for an agent of one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.calibration import GAMES, STRENGTHS, calibrate, runner_of
from rlhf_agents.files.atomic import check_writable
from rlhf_agents.files.model_file import amend, read_model
from rlhf_agents.limits import cores
from rlhf_agents.players.agent import agent_from_file
from rlhf_agents.players.levels import MANIFEST_KEY, LevelTable, Strength, level_rows
from rlhf_agents.progress import note
from rlhf_agents.words import nodes_words


def calibrate_file(
    path: Path,
    games: int | None = None,
    seed: int = 0,
    *,
    nodes: int | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    as_json: bool = False,
) -> None:
    """Measure the levels of the agent in a model file, keep them there, and print them.

    Args:
        path: the model file.
        games: of every two levels that meet; None: the usual number.
        seed: of openings and players.
        nodes: positions per move of the strongest setting; None: a second per move.
        workers: processes that play; None: one per core.
        cluster: address of a Ray cluster that plays instead, or "auto".
        as_json: print the table as JSON.

    Raises:
        UserError: the file is missing, damaged or not of a game, or cannot be written.
    """
    file = read_model(path)
    if file.manifest.get("game") is None:
        msg = f"{path} was not trained for a game with exact rules: it has no levels"
        raise SettingError(msg)
    check_writable(Path(file.path))
    agent = agent_from_file(path.stem, file)
    content = Path(file.path).read_bytes()
    runner = partial(runner_of, file=content, workers=workers or cores(), cluster=cluster)
    games = GAMES if games is None else games
    table = calibrate(agent, games, seed, _strengths(nodes), runner)
    amend(file.path, {MANIFEST_KEY: table.to_json()})
    if as_json:
        print(json.dumps(table.to_json(), allow_nan=False))  # noqa: T201 - the program's output
        return
    show_levels(table)
    play = f"rlhf-play {agent.game.name} --agent {file.path} --level 5"
    note(f"the levels are in {file.path}; play one with: {play}")


def _strengths(nodes: int | None) -> Sequence[Strength]:
    """Return the settings up to a number of positions; None: all."""
    if nodes is None:
        return STRENGTHS
    chosen = [one for one in STRENGTHS if one.seconds is None and one.nodes <= nodes]
    if not chosen or chosen[-1].noise:
        fewest = next(one.nodes for one in STRENGTHS if not one.noise)
        msg = f"the strongest level needs {fewest} nodes or more, got {nodes}"
        raise SettingError(msg)
    return chosen


def show_levels(table: LevelTable, console: Console | None = None) -> None:
    """Print what every level is worth, and how it is made."""
    console = console or Console(highlight=False, markup=False)
    shown = Table(box=None, pad_edge=False)
    for name in ("level", "name", "Elo", "+-", "how it searches"):
        shown.add_column(name, justify="left" if name in ("name", "how it searches") else "right")
    for number, name, elo, error, strength in level_rows(table):
        searched = nodes_words(strength.nodes)
        how = f"{searched}, noise {strength.noise:.3f}, sight {strength.sight:.1f}"
        if strength.seconds is not None:
            how = f"{strength.seconds:g} s per move"
        elif not strength.noise:
            how = searched
        shown.add_row(str(number), name, f"{elo:.0f}", f"{error:.0f}", how)
    console.print(shown)
    console.print(f"{table.games:,} games, {table.date}; random play has 0.")
