"""`rlhf-play`: play a trained agent, or watch it play, in a window or in the terminal."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.cli.common import (
    OPTION_HELP,
    WORLD_HELP,
    Parser,
    check_without_rules,
    check_writable,
    no_options,
    run_program,
)
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import SettingError
from rlhf_agents.play.saved_games import check_game
from rlhf_agents.play.setup import Setup, check_setup
from rlhf_agents.play.viewer.pygame_check import has_display, reaches_display, require_pygame
from rlhf_agents.players.bundled import bundled_agents

if TYPE_CHECKING:
    from rlhf_agents.play.session import Session

SIDES = ("first", "second", "random")
SMALLEST, LARGEST = 320, 4096
NODES = 256
STAND_IN = "minimax:2"
NEED_RULES = ("nodes", "side", "load")
"""Options that only games with exact rules have."""

EXAMPLES = """examples:
  rlhf-play --game connect_four
  rlhf-play --game connect_four --side second --nodes 1000
  rlhf-play --game connect_four --goal win_diagonal --theme light
  rlhf-play --game connect_four --watch --opponent minimax:6 --games 10
  rlhf-play --game connect_four --watch --record game.gif
  rlhf-play --game connect_four --watch --plies 12 --screenshot position.png
  rlhf-play --game connect_four --load connect_four-1.json
  rlhf-play --game tic_tac_toe --agent three.zip --terminal
  rlhf-play --game "openspiel:breakthrough(rows=6,columns=6)" --agent minimax:3
  rlhf-play --game gymnasium:CartPole-v1 --agent pole.zip --watch
  rlhf-play --game minatar:breakout --agent random --record breakout.gif

A window opens where there is a display; F1 lists its keys. In the terminal a move is typed by its
name; hint, goal, undo, redo, new, help and quit are commands. When several games are played, all
but the first begin with two random moves, so that they differ. --record and --screenshot need no
display: if no person plays, the files are written and nothing is opened. Without a display and
without a terminal to type in, the agent plays itself (--terminal reads the moves from a pipe).

Worlds without exact rules are watched: their own picture, the return, and what the agent thinks of
its actions; until you name an --agent, chance acts. rlhf-games lists all worlds."""


def parser() -> argparse.ArgumentParser:
    """Return the program's argument parser."""
    program = Parser(
        prog="rlhf-play",
        description="Play against a trained agent, or watch it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = program.add_argument
    add("--game", required=True, metavar="WORLD", help=WORLD_HELP)
    add("--agent", help="bundled agent, FILE.zip, random, minimax:DEPTH (default: the game's own)")
    add(
        "--opponent",
        help="human, random, minimax:DEPTH, agent, or FILE.zip (default: human; agent to watch)",
    )
    goal = "what the agent plays for (default: win; without rules what the world rewards)"
    add("--goal", help=goal)
    add("--nodes", type=int, help="positions per move; 0: network alone (default 256)")
    side = "the opponent's (your) side (default: first; watched games take turns)"
    add("--side", choices=SIDES, help=side)
    add("--watch", action="store_true", help="watch the agent play its opponent")
    add("--games", type=int, default=1, help="how many games or episodes (default 1)")
    add("--option", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=OPTION_HELP)
    add("--load", type=Path, metavar="FILE.json", help="go on with a saved game")
    add("--terminal", action="store_true", help="play in the terminal, not in a window")
    add("--record", type=Path, metavar="FILE.gif", help="write the game as an animation")
    add("--screenshot", type=Path, metavar="FILE.png", help="write a picture of its last position")
    add("--plies", type=int, help="moves (steps) to record (default: to the end)")
    add("--theme", choices=("dark", "light"), default="dark", help="colours (default dark)")
    add("--size", type=_size, metavar="WxH", help="of the window or the pictures, e.g. 960x640")
    add("--seed", type=int, default=0, help="of random players, sides and openings (default 0)")
    return program


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(SMALLEST <= side <= LARGEST for side in size):
        msg = f"{text!r} is not a size such as 960x640 (each side {SMALLEST} to {LARGEST})"
        raise argparse.ArgumentTypeError(msg)
    return size


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_play, parser().parse_args(arguments), arguments)


def _play(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    _check_options(options)
    rules = game_name(options.game)
    if rules is None:
        return _play_env(options)
    no_options(options.option, options.game)
    setup = _setup(options, rules)
    _check(options, setup)
    films = options.record is not None or options.screenshot is not None
    if films:
        require_pygame()  # found out before the game is played
    if films and setup.opponent != "human":
        _film(options, setup, None)
        return 0
    if not options.terminal and _can_open_window():
        from rlhf_agents.cli.play_window import play_in_window  # noqa: PLC0415 - needs pygame

        seats, session = play_in_window(setup, options.theme, options.load, options.size)
    else:
        seats, session = _play_in_terminal(options, setup)
    if films and session is not None:
        _film(options, seats, session)
    return 0


def _play_env(options: argparse.Namespace) -> int:
    if options.agent is None:
        options.agent = "random"
        sys.stderr.write(f"No agent comes with {options.game}; chance acts (--agent FILE.zip).\n")
    check_without_rules(options, NEED_RULES)
    if "human" in (options.agent, options.opponent):
        msg = f"{options.game} cannot be played by hand here: name an --agent and watch it"
        raise SettingError(msg)
    if options.record is not None or options.screenshot is not None:
        require_pygame()
    from rlhf_agents.cli.play_envs import play_env  # noqa: PLC0415 - loads torch

    return play_env(options, _can_open_window)


def _setup(options: argparse.Namespace, rules: str) -> Setup:
    if options.watch and options.opponent == "human":
        msg = "--watch shows two players; leave it out to play yourself, or name another --opponent"
        raise SettingError(msg)
    return Setup(
        game=rules,
        agent=options.agent or _default_agent(rules),
        opponent=options.opponent or ("agent" if options.watch else "human"),
        goal=options.goal or "win",
        nodes=NODES if options.nodes is None else options.nodes,
        side=options.side,
        seed=options.seed,
        games=options.games,
    )


def _default_agent(rules: str) -> str | None:
    """Return who plays where nobody was named; None is the game's own agent, else a search."""
    if rules in bundled_agents():
        return None
    sys.stderr.write(f"No agent comes with {rules}; {STAND_IN} plays (--agent names another).\n")
    return STAND_IN


def _check(options: argparse.Namespace, setup: Setup) -> None:
    """Find the mistakes that only games with rules know."""
    check_setup(setup)
    if options.plies is not None and options.record is None and options.screenshot is None:
        msg = "--plies says how many moves --record or --screenshot shows; name a file for one"
        raise SettingError(msg)
    if options.load is not None:
        check_game(options.load, setup.game)


def _check_options(options: argparse.Namespace) -> None:
    """Find mistakes before anything is loaded or opened."""
    if options.games < 1:
        msg = f"--games must be 1 or more, got {options.games}"
        raise SettingError(msg)
    for path in (options.record, options.screenshot):
        if path is not None:
            check_writable(path)
    if options.plies is not None and options.plies < 0:
        msg = f"--plies must be 0 or more, got {options.plies}"
        raise SettingError(msg)


def _can_open_window() -> bool:
    """Tell whether there is a display and pygame-ce; say in one sentence what is missing."""
    why = "there is no display to open a window on"
    if not has_display() and not sys.stdout.isatty():
        return False  # nobody expects a window
    if has_display():
        try:
            require_pygame()
        except SettingError as error:
            why = str(error)
        else:
            if reaches_display():
                return True
    sys.stderr.write(f"{why}; playing in the terminal.\n")
    return False


def _play_in_terminal(options: argparse.Namespace, setup: Setup) -> tuple[Setup, Session]:
    """Play in the terminal; without one the agent plays itself."""
    from rlhf_agents.cli.play_terminal import play_in_terminal  # noqa: PLC0415 - loads players
    from rlhf_agents.play import terminal  # noqa: PLC0415 - rich

    alone = setup.opponent == "human" and not terminal.is_interactive() and not options.terminal
    if alone:
        sys.stdout.write("There is no terminal to play in, so the agent plays itself.\n")
        setup = replace(setup, opponent="agent")
    return setup, play_in_terminal(setup, options.load)


def _film(options: argparse.Namespace, setup: Setup, session: Session | None) -> None:
    from rlhf_agents.cli.play_window import Film, film  # noqa: PLC0415 - needs pygame

    wanted = Film(options.record, options.screenshot, options.plies, options.theme, options.size)
    sys.stdout.write(film(setup, wanted, options.load, session) + "\n")
    for path in (options.record, options.screenshot):
        if path is not None:
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    raise SystemExit(main())
