"""`rlhf-arena`: a league of players, rated by their games."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import rlhf_games
from rlhf_agents.cli import common
from rlhf_agents.cli.common import Parser, run_program
from rlhf_agents.cluster.session import connect
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.limits import cores
from rlhf_agents.progress import note, progress_bar, warn
from rlhf_agents.settings import MAX_WORKERS
from rlhf_games.base import Game

if TYPE_CHECKING:
    from rlhf_agents.evaluation.league import League
    from rlhf_agents.evaluation.league_play import Elsewhere
    from rlhf_agents.evaluation.league_table import Table

EXAMPLES = """players:
  random, minimax:DEPTH, openspiel-mcts:SIMULATIONS, perfect (Connect Four; extra `solver`), agent
  (the game's bundled one), the name of a bundled agent, FILE.zip, or FILE.py, a bot that
  rlhf-export wrote, whose code is run; agents may say how strong they are: agent@64 (positions per
  move), agent@0.5s, agent@level7, agent@elo1200; bots take @NODES and
  @0.5s, minimax:DEPTH takes @0.5s

examples:
  rlhf-arena --game connect_four random minimax:4 agent@0 agent@64
  rlhf-arena --game connect_four agent@64 minimax:6 openspiel-mcts:1000 --games 200 --out league
  rlhf-arena --game othello_6x6 my.zip@64 agent minimax:4 --gauntlet --records sgf --out othello
  rlhf-arena --game "openspiel:breakthrough(rows=6,columns=6)" minimax:3 random --json
  rlhf-arena --calibrate my.zip               measure an agent's levels, and keep them in its file

Every player meets every other; with --gauntlet the first plays all others. Each random opening is
played from both seats. --out saves every game in DIR/games.jsonl: the same command resumes after
Ctrl-C, and more players or --games add to the league. It also gets ratings.csv, cross_table.csv,
league.png (extra `plots`) and, with --records, the games in that format.

Ratings are in Elo: random play is 0 if it takes part, else the mean. They are valid for these
players, this game and these openings. Times are CPU milliseconds per move."""

GAMES, NODES = 100, 256
MAX_PLIES = 1000
RECORDS = ("pgn", "sgf", "txt")
THEMES = ("light", "dark")
FOR_LEAGUES = ("players", "game", "gauntlet", "time", "openings", "out", "records")
"""Options that do not go with --calibrate."""
RATINGS_FILE, CROSS_FILE, PICTURE_FILE = "ratings.csv", "cross_table.csv", "league.png"


def parser() -> Parser:
    """Return the program's argument parser."""
    program = Parser("rlhf-arena", "Play a league and rate the players.", EXAMPLES)
    add = program.add_argument
    add("players", nargs="*", metavar="PLAYER", help="who plays, see below")
    add("--game", metavar="GAME", help="a game with exact rules (see rlhf-games)")
    words = "measure how strong this agent plays with which settings, for its levels 1 to 12"
    add("--calibrate", type=Path, metavar="FILE.zip", help=words)
    games = f"of every two that meet, an even number (default {GAMES}; with --calibrate 400)"
    add("--games", type=common.games, metavar="N", help=games)
    add("--gauntlet", action="store_true", help="only the first player meets the others")
    nodes = (
        f"budget of agents without @NODES (default {NODES}; 0 is the network alone); with "
        "--calibrate that of level 12 (default: a second per move)"
    )
    add("--nodes", type=common.nodes, metavar="N", help=nodes)
    seconds = "seconds per move of agents without a budget, instead of --nodes"
    add("--time", type=common.seconds, metavar="SECONDS", help=seconds)
    openings = "length of the random openings (default: 2, or 4, 6 .. where there are too few)"
    add("--openings", type=common.whole(0, MAX_PLIES), metavar="PLIES", help=openings)
    workers = "processes that play (default: one per core)"
    add("--workers", type=common.whole(1, MAX_WORKERS), metavar="N", help=workers)
    cluster = "a Ray cluster that plays (extra `ray`); auto is that of this machine"
    add("--cluster", metavar="HOST:PORT", help=cluster)
    add("--out", type=Path, metavar="DIR", help="folder for games and results")
    add("--records", choices=RECORDS, help="also write the games to DIR in this format")
    add("--theme", choices=THEMES, default=THEMES[0], help="colours of the picture (default light)")
    add("--force", action="store_true", help="replace results in DIR; games are never removed")
    program.add_seed("seed of openings and players (default 0)")
    add("--json", action="store_true", help="print one JSON object and nothing else")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_arena, parser().parse_intermixed_args(arguments), arguments)


def _arena(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    if options.cluster is not None:
        connect(options.cluster)
    if options.calibrate is not None:
        from rlhf_agents.cli.calibrate import calibrate_file  # noqa: PLC0415 - after the arguments

        given = [name for name in FOR_LEAGUES if getattr(options, name) not in (None, False, [])]
        if given:
            msg = "--calibrate names the only player and chooses its opponents: leave out the rest"
            raise SettingError(f"{msg} ({', '.join(given)})")
        calibrate_file(
            options.calibrate,
            options.games,
            options.seed,
            nodes=options.nodes,
            workers=options.workers,
            cluster=options.cluster,
            as_json=options.json,
        )
        return 0
    if options.game is None:
        msg = "--game is missing: name a game, such as connect_four (rlhf-games lists them)"
        raise SettingError(msg)
    if options.nodes is not None and options.time is not None:
        msg = "--nodes and --time both say how strong agents are: give one"
        raise SettingError(msg)
    options.games = options.games or GAMES
    rules = game_name(options.game)
    if rules is None:
        msg = f"a league needs a game with exact rules, which {options.game} does not have"
        raise SettingError(f"{msg}; rlhf-eval measures agents there")
    game = rlhf_games.make(rules)
    league = _league(options, game)
    _check_outputs(options, league)
    _play(options, league)
    from rlhf_agents.evaluation.league_table import tabulate  # noqa: PLC0415 - after the arguments

    table = tabulate(game.name, league.names, league.played(), seed=options.seed)
    if options.json:
        print(json.dumps(dataclasses.asdict(table), allow_nan=False))  # noqa: T201 - the output
    else:
        from rlhf_agents.cli.arena_tables import show  # noqa: PLC0415 - not needed for --json

        show(table, game.title)
    for path in [] if options.out is None else _write(options, league, table):
        note(f"wrote {path}")
    return 0


def _league(options: argparse.Namespace, game: Game) -> League:
    """Return the league, after checks of everything that needs no player.

    Raises:
        SettingError: an option is invalid.
    """
    from rlhf_agents.evaluation.entrants import entrants_of  # noqa: PLC0415 - after the arguments
    from rlhf_agents.evaluation.league import (  # noqa: PLC0415 - after the arguments
        League,
        LeagueSettings,
    )

    if options.records is not None:
        from rlhf_agents.play.records import to_text  # noqa: PLC0415 - after the arguments

        if options.out is None:
            msg = "--records needs --out DIR, the folder for the games"
            raise SettingError(msg)
        to_text([], game, options.records)  # refuses games that the format cannot hold
    settings = LeagueSettings(
        games=options.games,
        gauntlet=options.gauntlet,
        opening_plies=options.openings,
        seed=options.seed,
    )
    nodes = NODES if options.nodes is None else options.nodes
    entrants = entrants_of(options.players, game, nodes, options.time)
    return League(game, entrants, settings, options.out)


def _play(options: argparse.Namespace, league: League) -> None:
    """Play the missing games; after Ctrl-C, say which are saved."""
    from rlhf_agents.evaluation.league_play import play_league  # noqa: PLC0415 - after the arguments

    workers = cores() if options.workers is None else options.workers
    total = len(league.wanted())
    try:
        with progress_bar("games", total) as advance:
            play_league(league, workers=workers, on_progress=advance, elsewhere=_elsewhere(options))
    except KeyboardInterrupt:
        kept = f"{len(league.played())} of {total} games are played"
        cure = "give --out DIR to save them next time"
        if league.folder is not None:
            cure = f"they are saved in {league.folder}, and the same command resumes from there"
        sys.stderr.write(f"{kept}; {cure}\n")
        raise


def _elsewhere(options: argparse.Namespace) -> Elsewhere | None:
    """Return what plays on a cluster, None without one."""
    if options.cluster is None:
        return None
    from rlhf_agents.evaluation.league_cluster import league_pool  # noqa: PLC0415 - heavy

    return partial(league_pool, address=options.cluster)


# ---- files -----------------------------------------------------------------------------------


def _outputs(options: argparse.Namespace) -> list[Path]:
    """Return the files for the results."""
    from rlhf_agents import plots  # noqa: PLC0415 - after the arguments

    names = [RATINGS_FILE, CROSS_FILE]
    names += [PICTURE_FILE] if plots.available() else []
    names += [f"games.{options.records}"] if options.records else []
    return [options.out / name for name in names]


def _check_outputs(options: argparse.Namespace, league: League) -> None:
    """Check, before new games are played, that their results may be written.

    Raises:
        OutputError: a file exists and must not be replaced.
    """
    if options.out is None or options.force or not league.missing():
        return
    for path in _outputs(options):
        if path.exists():
            raise OutputError(_exists(path))


def _exists(path: Path) -> str:
    cure = "add --force to replace it (games are kept), or choose another folder"
    return f"{path} holds results of fewer or other games: {cure}"


def _write(options: argparse.Namespace, league: League, table: Table) -> list[Path]:
    """Write the results and return the files that are new.

    Raises:
        OutputError: a file exists with different content, or cannot be written.
    """
    from rlhf_agents import plots  # noqa: PLC0415 - after the arguments
    from rlhf_agents.evaluation.league_table import to_csv  # noqa: PLC0415 - after the arguments
    from rlhf_agents.files.atomic import write_atomically  # noqa: PLC0415 - after the arguments

    contents = {
        options.out / RATINGS_FILE: to_csv(table.rows).encode(),
        options.out / CROSS_FILE: to_csv(table.cells).encode(),
    }
    if plots.available():
        contents[options.out / PICTURE_FILE] = table.plot(options.theme).png()
    else:
        warn(f"{PICTURE_FILE} was not written: {plots.HINT}")
    if options.records is not None:
        contents[options.out / f"games.{options.records}"] = _records(options.records, league)
    new = [
        path
        for path, content in contents.items()
        if not path.exists() or path.read_bytes() != content
    ]
    for path in new:
        if path.exists() and not options.force:
            raise OutputError(_exists(path))
    for path in new:
        write_atomically(path, contents[path])
    return new


def _records(kind: str, league: League) -> bytes:
    """Return the games of a league in a format of records."""
    from rlhf_agents.play.records import GameRecord, to_text  # noqa: PLC0415 - after the arguments

    records = [
        GameRecord(league.game.name, one.moves, one.players, one.result, one.opening_plies)
        for one in league.played()
    ]
    return to_text(records, league.game, kind).encode()


if __name__ == "__main__":
    raise SystemExit(main())
