"""`rlhf-gtp` and `rlhf-uci`: agents that other programs play against."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.bots.agent_words import is_untrained, split_nodes
from rlhf_agents.bots.protocols.clock import USUAL_SECONDS, GtpClock
from rlhf_agents.cli import common
from rlhf_agents.cli.common import Parser, run_program
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import SettingError, UnknownAgentError
from rlhf_agents.limits import checked_seconds
from rlhf_games.base import did_you_mean

if TYPE_CHECKING:
    from rlhf_agents.bots.protocols.engine import Engine
    from rlhf_agents.bots.protocols.move_names import Spell

NODES = 256
PATIENCE = 0.5
"""Seconds for a search to end with the program."""

GTP_EXAMPLES = """examples:
  rlhf-gtp --agent connect_four
  rlhf-gtp --agent connect_four@1000 --goal win_diagonal
  rlhf-gtp --agent minimax:4 --game othello --seconds 2
  rlhf-gtp --agent minimax:2 --game "openspiel:go(board_size=9)"
  printf 'genmove b\\nrlhf-explain\\nquit\\n' | rlhf-gtp --agent connect_four

OpenSpiel's client: GTPBot(game, ["rlhf-gtp", "--agent", "connect_four"]). Moves have OpenSpiel's
names without spaces (x3, d3, b7c6*); in Go they are vertices (D7) or pass. The game's own names
also work, except where they mean another move. boardsize, komi, time_settings, time_left,
kgs-time_settings, loadsgf and printsgf work as in GTP. Private commands: rlhf-list_goals,
rlhf-set_goal [NAME], rlhf-genmove_goal COLOUR NAME, rlhf-set_nodes [N], rlhf-set_level [N],
rlhf-set_elo N, rlhf-save FILE, rlhf-explain [NAME]."""

UCI_EXAMPLES = """examples:
  rlhf-uci --agent minimax:4 --game breakthrough_6x6
  rlhf-uci --agent connect_four@1000
  rlhf-uci --agent minimax:2 --game "openspiel:chess(max_plies=512)"

Answers uci, isready, setoption (Goal, MultiPV, Nodes, Level, UCI_LimitStrength, UCI_Elo),
ucinewgame, position (startpos, and fen for chess), go (nodes, movetime, depth, wtime and btime,
infinite, ponder, searchmoves), ponderhit, stop and quit. Moves have the game's own names (a2a3; in
Connect Four the number of the column), in chess UCI's."""


def _parser(name: str, protocol: str, examples: str) -> Parser:
    description = f"Play against a program that speaks {protocol}, line by line."
    program = Parser(name, description, examples)
    add = program.add_argument
    words = (
        "a bundled agent or FILE.zip (each perhaps with @NODES, @0.5s or @level7), minimax:DEPTH, "
        "random"
    )
    add("--agent", required=True, metavar="SPEC", help=words)
    add("--game", metavar="NAME", help="the game (default: the one that the agent was trained for)")
    add("--goal", default="win", metavar="NAME", help="its goal (default: win)")
    nodes = f"positions that an agent searches per move (default {NODES})"
    add("--nodes", type=common.nodes, metavar="N", help=nodes)
    words = "seconds per move that it searches, instead of --nodes, as far as clocks allow"
    add("--time", type=common.seconds, metavar="SECONDS", help=words)
    program.add_level()
    words = "at the end write the games as .sgf, .pgn, .txt or .json"
    add("--save", type=Path, metavar="FILE", help=words)
    program.add_seed("of random players, and of what agents misjudge at their level (default 0)")
    return program


def gtp_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `rlhf-gtp`."""
    program = _parser("rlhf-gtp", "GTP, the Go Text Protocol", GTP_EXAMPLES)
    seconds = f"the most seconds per move if no clock is set (default {USUAL_SECONDS:.0f})"
    program.add_argument("--seconds", type=float, default=USUAL_SECONDS, metavar="S", help=seconds)
    return program


def uci_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `rlhf-uci`."""
    return _parser("rlhf-uci", "UCI, the Universal Chess Interface", UCI_EXAMPLES)


def gtp_main(arguments: Sequence[str] | None = None) -> int:
    """Run `rlhf-gtp` and return its exit code."""
    return run_program(_gtp, gtp_parser().parse_args(arguments), arguments)


def uci_main(arguments: Sequence[str] | None = None) -> int:
    """Run `rlhf-uci` and return its exit code."""
    return run_program(_uci, uci_parser().parse_args(arguments), arguments)


def _gtp(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    from rlhf_agents.bots.protocols import gtp, move_names  # noqa: PLC0415 - after the arguments

    clock = GtpClock(checked_seconds(options.seconds))
    engine = _engine(options, move_names.gtp_name)
    gtp.serve(engine, sys.stdin.buffer, sys.stdout, clock)
    return _end(engine, options.save)


def _uci(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    from rlhf_agents.bots.protocols import move_names, uci  # noqa: PLC0415 - after the arguments

    engine = _engine(options, move_names.long_algebraic)
    # Not sys.stdin: the reading thread holds its lock, which blocks Python's exit.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        uci.serve(engine, source, sys.stdout)
    return _end(engine, options.save)


def _end(engine: Engine, save: Path | None) -> int:
    """Return the exit code; a running search must neither delay the exit nor crash it.

    Raises:
        OutputError: the games cannot be written.
    """
    from rlhf_agents.play.records import write_records  # noqa: PLC0415 - after the arguments

    engine.keep_record()
    if save is not None and engine.records:
        write_records(save, engine.records, engine.game)
    if engine.still_searches(PATIENCE):
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(0)
    return 0


def _trained_for(agent: str) -> str:
    """Return the game of a trained agent.

    Raises:
        UserError: there is no such agent.
    """
    from rlhf_agents.players.agent import load_agent  # noqa: PLC0415 - after the arguments

    try:
        return load_agent(agent).game.name
    except UnknownAgentError as error:
        kind, _, detail = agent.partition(":")
        near = did_you_mean(kind, ["minimax"]).replace("minimax", f"minimax:{detail or 4}")
        raise UnknownAgentError(f"{error}; {near}".rstrip("; ")) from error


def _engine(options: argparse.Namespace, spell: Spell) -> Engine:
    """Return the requested engine.

    Raises:
        UserError: there is no such agent, or an option is wrong.
        rlhf_games.base.GameError: there is no such game or goal.
    """
    import rlhf_games  # noqa: PLC0415 - after the arguments
    from rlhf_agents.bots.protocols.engine import make_engine  # noqa: PLC0415
    from rlhf_agents.play.records import check_target  # noqa: PLC0415
    from rlhf_agents.players.budgets import (  # noqa: PLC0415
        split_budget,
        with_level,
        with_seconds,
    )

    common.check_one_budget(options)
    if options.save is not None:
        check_target(options.save)
    spec, nodes = with_level(options.agent, options.level, options.elo), NODES
    if options.time is not None:
        spec = with_seconds(spec, options.time)
    agent, budget = split_budget(spec)
    if budget is None or budget.nodes is not None:
        agent, nodes = split_nodes(options.agent, options.nodes, NODES)
        spec = agent
    trained = None if is_untrained(agent) else _trained_for(agent)
    if options.game is None and trained is None:
        msg = f"{agent} plays many games: name one with --game"
        raise SettingError(msg)
    name = trained if options.game is None else game_name(options.game)
    if name is None:
        msg = f"{options.game} has no exact rules, which a protocol for games needs"
        raise SettingError(msg)
    if trained not in (None, name):
        msg = f"{agent} was trained for {trained}, not for {name}: leave --game out"
        raise SettingError(msg)
    return make_engine(
        rlhf_games.make(name), spec, spell, goal=options.goal, nodes=nodes, seed=options.seed
    )
