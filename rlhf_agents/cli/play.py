"""`rlhf-play`: play a trained agent, or watch it play, in a window or in the terminal."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import rlhf_games
from rlhf_agents.cli import common
from rlhf_agents.cli.common import (
    GAME_HELP,
    OPTION_HELP,
    Parser,
    check_without_rules,
    no_options,
    run_program,
)
from rlhf_agents.cli.play_checks import INTERRUPTED, check_options, choose_game, is_interactive
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import SettingError
from rlhf_agents.limits import MAX_NODES
from rlhf_agents.play.saved_games import check_game
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.pygame_check import has_display, reaches_display, require_pygame
from rlhf_agents.players.bundled import bundled_agents, has_bundled_policy
from rlhf_agents.words import goal_named

if TYPE_CHECKING:
    from rlhf_agents.play.session import Session

SIDES = ("first", "second", "random")
SMALLEST, LARGEST = 320, 4096
NODES = 256
MOST_PLIES = 10**7
STAND_IN = "minimax:2"
ALONE = "There is no terminal to play in, so the agent plays itself."
NEED_RULES = ("nodes", "time", "level", "elo", "side", "load", "save")
"""Options that apply only to games with exact rules."""

EXAMPLES = """examples:
  rlhf-play                                   choose a game from a list
  rlhf-play connect_four
  rlhf-play connect_four --level 3            1 is a beginner, 12 perfect; auto follows you
  rlhf-play connect_four --side second --nodes 1000
  rlhf-play connect_four --goal win_diagonal --theme light
  rlhf-play connect_four --watch --opponent minimax:6 --games 10
  rlhf-play connect_four --watch --record game.gif
  rlhf-play connect_four --watch --plies 12 --screenshot position.png
  rlhf-play connect_four --load connect_four-1.json
  rlhf-play tic_tac_toe --agent three.zip --terminal
  rlhf-play "openspiel:breakthrough(rows=6,columns=6)" --agent minimax:3
  rlhf-play gymnasium:CartPole-v1 --agent pole.zip --watch
  rlhf-play minatar:breakout --agent random --record breakout.gif

A window opens where there is a display; F1 lists its keys. In the terminal you type the name of a
move, or one of the commands hint, goal, undo, redo, new, help and quit. When several games are
played, all but the first begin with two random moves, so that they differ. --record and
--screenshot need no display: if no person plays, the program writes the files and opens no window.
Without a display and without a terminal to type in, the agent plays itself; --terminal reads your
moves from a pipe instead.

In environments without exact rules you can play by hand with the keyboard (--agent human), watch
the agent, or play a match from the same start; without --agent the window asks. It shows the
environment's own picture, the return, and the agent's values for its actions.
rlhf-games lists everything that can be played."""


def parser() -> Parser:
    """Return the program's argument parser."""
    program = Parser("rlhf-play", "Play against a trained agent, or watch it play.", EXAMPLES)
    add = program.add_argument
    add("name", nargs="?", metavar="GAME", help=GAME_HELP)
    add("--game", metavar="GAME", help="the same as GAME")
    agent = "bundled agent, FILE.zip, random, minimax:DEPTH (default: the game's own agent)"
    add("--agent", help=agent)
    opponent = "human, random, minimax:DEPTH, agent, or FILE.zip"
    add("--opponent", help=f"{opponent} (default: human, or agent with --watch)")
    goal = "what the agent plays for, by name or in words, see rlhf-games GAME (default: win; "
    add("--goal", help=f"{goal}without rules, the environment's rewards)")
    nodes = f"positions that the agent searches per move, 0 to {MAX_NODES:,}; 0 uses the network"
    usual = f"default {NODES}; in the window a level, which you choose"
    add("--nodes", type=common.nodes, metavar="N", help=f"{nodes} alone ({usual})")
    seconds = "seconds per move, instead of --nodes; moves are then proven where possible"
    add("--time", type=common.seconds, metavar="SECONDS", help=seconds)
    program.add_level(auto=True)
    side = "the side of the opponent, that is yours if you play (default: first; watched games"
    add("--side", choices=SIDES, help=f"{side} alternate)")
    add("--watch", action="store_true", help="watch the agent play its opponent")
    add("--games", type=common.games, default=1, metavar="N", help="games or episodes (default 1)")
    add("--option", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=OPTION_HELP)
    words = "continue a saved game: .json, .sgf, .pgn or .txt"
    add("--load", type=Path, metavar="FILE", help=words)
    words = "write the games as .sgf, .pgn, .txt or .json"
    add("--save", type=Path, metavar="FILE", help=words)
    add("--terminal", action="store_true", help="play in the terminal, not in a window")
    add("--record", type=Path, metavar="FILE.gif", help="write the game as an animation")
    add("--screenshot", type=Path, metavar="FILE.png", help="write a picture of the last position")
    add("--force", action="store_true", help="replace existing files")
    plies = "moves (or steps of an environment) to record (default: to the end)"
    add("--plies", type=common.whole(0, MOST_PLIES), metavar="N", help=plies)
    add("--theme", choices=("dark", "light"), default="dark", help="colours (default dark)")
    add("--size", type=_size, metavar="WxH", help="size of window or pictures, e.g. 960x640")
    program.add_seed("seed of random players, sides and openings (default 0)")
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
    check_options(options)
    options.game = options.game or choose_game()
    rules = game_name(options.game)
    if rules is None:
        return _play_env(options)
    no_options(options.option, options.game)
    if options.plies is not None and not _wants_files(options):
        msg = "--plies is the length of a recording; add --record FILE.gif or --screenshot FILE.png"
        raise SettingError(msg)
    options.note = ""
    setup = _setup(options, rules)
    if options.load is not None:
        check_game(options.load, setup.game)
    if not _wants_files(options):
        _play_session(options, setup)
        return 0
    require_pygame()  # checked before the game is played
    session = None
    shown = has_display() or options.save is not None
    if setup.opponent == "human" and not shown and _plays_itself(options):
        setup = replace(setup, opponent="agent")
        sys.stdout.write(f"{ALONE}\n")
    elif setup.opponent == "human":
        setup, session = _play_session(options, setup)
        if session is None:
            raise SettingError(INTERRUPTED)
    _record(options, setup, session)
    return 0


def _wants_files(options: argparse.Namespace) -> bool:
    return options.record is not None or options.screenshot is not None


def _play_env(options: argparse.Namespace) -> int:
    options.named, options.by_hand = options.agent is not None, options.agent == "human"
    options.note = ""
    if options.by_hand and (options.terminal or options.watch or _wants_files(options)):
        msg = "--agent human plays in the window: leave --terminal, --watch and files out"
        raise SettingError(msg)
    if options.agent is None or options.by_hand:
        options.agent, options.note = _default_actor(options.game, options.goal)
    check_without_rules(options, NEED_RULES)
    if options.opponent == "human":
        msg = f"{options.game} has no human opponent: --agent human plays it by hand"
        raise SettingError(msg)
    if _wants_files(options):
        require_pygame()
    from rlhf_agents.cli.play_envs import play_env  # noqa: PLC0415 - loads torch

    return play_env(options, _can_open_window)


def _default_actor(name: str, goal: str | None) -> tuple[str, str]:
    """Return the actor in an environment if none was named, and what to say about it."""
    if has_bundled_policy(name, goal):
        return "agent", ""
    what = name if goal is None else f"{name} and the goal {goal}"
    cure = "--agent FILE.zip names an agent"
    return "random", f"No agent comes with {what}; its actions are random ({cure}).\n"


def _setup(options: argparse.Namespace, rules: str) -> Setup:
    if options.agent == "human":
        msg = "--agent names the computer player; you play as --opponent human, the default"
        raise SettingError(msg)
    if options.watch and options.opponent == "human":
        msg = "--watch shows two players; leave it out to play yourself, or name another --opponent"
        raise SettingError(msg)
    common.check_one_budget(options)
    goal = _goal(options.goal or "win", rules)
    return Setup(
        game=rules,
        agent=_levelled(options.agent or _default_agent(rules, goal, options), options),
        opponent=options.opponent or ("agent" if options.watch else "human"),
        goal=goal,
        nodes=options.nodes,
        seconds=options.time,
        follows=options.level == common.AUTO,
        side=options.side,
        seed=options.seed,
        games=options.games,
    )


def _goal(text: str, rules: str) -> str:
    """Return the name of a goal; of one in words, such as "win with a diagonal", its name."""
    return goal_named(rlhf_games.make(rules), text) if " " in text else text


def _default_agent(rules: str, goal: str, options: argparse.Namespace) -> str | None:
    """Return the agent if none was named: None for the game's own agent, otherwise a search.

    Raises:
        rlhf_games.base.UnknownGoalError: the game has no such goal.
        SettingError: a level was asked for, which a search does not have.
    """
    if rules in bundled_agents():
        return None
    if options.level is not None or options.elo is not None:
        msg = f"no agent comes with {rules}, so it has no levels: name one with --agent FILE.zip"
        raise SettingError(msg)
    rlhf_games.make(rules).goal_index(goal)
    sys.stderr.write(f"No agent comes with {rules}; {STAND_IN} plays (--agent names another).\n")
    return STAND_IN


def _levelled(agent: str | None, options: argparse.Namespace) -> str | None:
    """Return the agent with the level that was asked for."""
    from rlhf_agents.players.budgets import with_level  # noqa: PLC0415 - after the arguments

    if options.level == common.AUTO or (options.level is None and options.elo is None):
        return agent
    return with_level(agent or "agent", options.level, options.elo)


def _can_open_window() -> bool:
    """Return whether there is a display and pygame-ce; print what is missing in one sentence."""
    why = "there is no display to open a window on"
    if not has_display() and not sys.stdout.isatty():
        return False  # a pipe or a log: a window is not expected
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


def _play_session(options: argparse.Namespace, setup: Setup) -> tuple[Setup, Session | None]:
    """Play in the window or in the terminal; the session is None after a signal."""
    if not options.terminal and _can_open_window():
        from rlhf_agents.cli.play_window import play_in_window  # noqa: PLC0415 - needs pygame

        setup, session = play_in_window(setup, options.theme, options.load, options.size)
        if session is not None:
            _save(options, session)
        return setup, session
    from rlhf_agents.cli.play_terminal import play_in_terminal  # noqa: PLC0415 - loads players

    if setup.opponent == "human" and _plays_itself(options):
        setup = replace(setup, opponent="agent")
        options.note = ALONE
    return setup, play_in_terminal(setup, options.load, options.save, options.note)


def _plays_itself(options: argparse.Namespace) -> bool:
    """Return whether there is no terminal for a person."""
    return not options.terminal and not is_interactive()


def _save(options: argparse.Namespace, session: Session) -> None:
    """Write the game that was on the board when the window was closed."""
    from rlhf_agents.play.saved_games import save_session  # noqa: PLC0415 - as in `_play_session`

    if options.save is not None:
        save_session(options.save, session)
        sys.stdout.write(f"wrote {options.save}\n")


def _record(options: argparse.Namespace, setup: Setup, session: Session | None) -> None:
    from rlhf_agents.cli.play_window import Recording, record_game  # noqa: PLC0415 - needs pygame

    size = options.size
    wanted = Recording(options.record, options.screenshot, options.plies, options.theme, size)
    sys.stdout.write(record_game(setup, wanted, options.load, session) + "\n")
    for path in (options.record, options.screenshot):
        if path is not None:
            sys.stdout.write(f"wrote {path}\n")


if __name__ == "__main__":
    raise SystemExit(main())
