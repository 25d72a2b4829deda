"""`rlhf-gtp` and `rlhf-uci`: agents behind the protocols of other programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rlhf_agents.cli.common import LARGEST_SEED, Parser, run_program
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import SettingError

if TYPE_CHECKING:
    from rlhf_agents.bots.protocols.engine import Engine
    from rlhf_agents.bots.protocols.move_names import Spell

NODES = 256

GTP_EXAMPLES = """examples:
  rlhf-gtp --agent connect_four
  rlhf-gtp --agent connect_four --goal win_diagonal --nodes 1000
  rlhf-gtp --agent minimax:4 --game othello
  printf 'genmove b\\nrlhf-explain\\nquit\\n' | rlhf-gtp --agent connect_four

OpenSpiel's client: GTPBot(game, ["rlhf-gtp", "--agent", "connect_four"]). Moves have OpenSpiel's
names (x3, d3, b7c6*); the game's own are understood as well, except where they mean another move.
Commands of our own: rlhf-list_goals, rlhf-set_goal [NAME], rlhf-genmove_goal COLOUR NAME,
rlhf-set_nodes [N], rlhf-explain [NAME]."""

UCI_EXAMPLES = """examples:
  rlhf-uci --agent minimax:4 --game breakthrough_6x6
  rlhf-uci --agent connect_four --nodes 1000
  rlhf-uci --agent minimax:2 --game "openspiel:chess(max_plies=512)"

Answers uci, isready, setoption (Goal, Nodes), ucinewgame, position startpos moves ..., go (nodes,
movetime, depth, wtime and btime, infinite), stop and quit. Moves are called as the game calls them
(a2a3; in Connect Four the number of the column), those of chess as UCI does."""


def _parser(name: str, protocol: str, examples: str) -> argparse.ArgumentParser:
    program = Parser(
        prog=name,
        description=f"Play for a program that speaks {protocol}, line by line.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = program.add_argument
    words = "a bundled agent, FILE.zip, minimax:DEPTH or random"
    add("--agent", required=True, metavar="SPEC", help=words)
    add("--game", metavar="NAME", help="the game (default: the one that the agent was trained for)")
    add("--goal", default="win", metavar="NAME", help="what it plays for (default: win)")
    nodes = f"positions that an agent looks at per move (default {NODES})"
    add("--nodes", type=int, default=NODES, metavar="N", help=nodes)
    add("--seed", type=int, default=0, help="of random players (default 0)")
    return program


def gtp_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `rlhf-gtp`."""
    return _parser("rlhf-gtp", "GTP, the Go Text Protocol", GTP_EXAMPLES)


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

    gtp.serve(_engine(options, move_names.openspiel_name), sys.stdin.buffer, sys.stdout)
    return 0


def _uci(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    from rlhf_agents.bots.protocols import move_names, uci  # noqa: PLC0415 - after the arguments

    engine = _engine(options, move_names.long_algebraic)
    # Not sys.stdin: its lock, which the reading thread holds, is in the way when Python ends.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        uci.serve(engine, source, sys.stdout)
    return 0


def _engine(options: argparse.Namespace, spell: Spell) -> Engine:
    """Return the engine that was asked for.

    Raises:
        UserError: the agent, or an option, cannot be had.
        rlhf_games.base.GameError: there is no such game or goal.
    """
    import rlhf_games  # noqa: PLC0415 - after the arguments
    from rlhf_agents.bots.protocols.engine import make_engine  # noqa: PLC0415
    from rlhf_agents.players.agent import load_agent  # noqa: PLC0415

    if not 0 <= options.seed < LARGEST_SEED:
        msg = f"--seed must be 0 to {LARGEST_SEED - 1}, not {options.seed}"
        raise SettingError(msg)
    if options.game is None:
        if options.agent == "random" or options.agent.startswith("minimax:"):
            msg = f"{options.agent} plays many games: say which by --game"
            raise SettingError(msg)
        game = load_agent(options.agent).game
    else:
        name = game_name(options.game)
        if name is None:
            msg = f"{options.game} has no exact rules, which a protocol for games needs"
            raise SettingError(msg)
        game = rlhf_games.make(name)
    return make_engine(
        game, options.agent, spell, goal=options.goal, nodes=options.nodes, seed=options.seed
    )
