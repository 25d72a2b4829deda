"""`rlhf-play`: play a trained agent, or watch it play, in the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rlhf_games
from rlhf_agents.cli.common import Parser, check_writable, run_program
from rlhf_agents.errors import SettingError
from rlhf_games.base import Game

if TYPE_CHECKING:
    import numpy as np

    from rlhf_agents.players import Player
    from rlhf_agents.terminal import Table

SIDES = ("first", "second", "random")
OPENING_PLIES = 2

EXAMPLES = """examples:
  rlhf-play --game connect_four
  rlhf-play --game connect_four --side second --nodes 1000
  rlhf-play --game connect_four --goal win_diagonal
  rlhf-play --game connect_four --watch --opponent minimax:6 --games 10
  rlhf-play --game connect_four --watch --record game.gif
  rlhf-play --game tic_tac_toe --agent three.zip

A move is typed by its name; hint, goal, undo, redo, new, help and quit are commands. When several
games are played, all but the first begin with two random moves, so that they differ. Without a
terminal to type in, the agent plays itself (--terminal reads the moves from a pipe)."""


def parser() -> argparse.ArgumentParser:
    """Return the program's argument parser."""
    program = Parser(
        prog="rlhf-play",
        description="Play against a trained agent, or watch it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = program.add_argument
    add("--game", required=True, help="name of the game, e.g. connect_four")
    add("--agent", help="bundled agent or FILE.zip (default: the game's own)")
    add(
        "--opponent",
        help="human, random, minimax:DEPTH, agent, or FILE.zip (default: human; agent to watch)",
    )
    add("--goal", default="win", help="what the agent plays for (default win)")
    add("--nodes", type=int, default=256, help="positions per move; 0: network alone (default 256)")
    side = "the opponent's (your) side (default: first; watched games take turns)"
    add("--side", choices=SIDES, help=side)
    add("--watch", action="store_true", help="watch the agent play its opponent")
    add("--games", type=int, default=1, help="how many games (default 1)")
    add("--terminal", action="store_true", help="play in the terminal (the only way for now)")
    add("--record", type=Path, metavar="FILE.gif", help="write the first game as a GIF")
    add("--seed", type=int, default=0, help="of random players, sides and openings (default 0)")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_play, parser().parse_args(arguments), arguments)


@dataclass
class Tally:
    """Results of the agent."""

    won: int = 0
    drawn: int = 0
    lost: int = 0

    def add(self, winner: int | None, agent_seat: int) -> None:
        """Count one game."""
        self.drawn += winner is None
        self.won += winner == agent_seat
        self.lost += winner == 1 - agent_seat


def _play(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    _check(options)
    game = rlhf_games.make(options.game)
    game.goal_index(options.goal)
    # The players compile or load code, which takes seconds: only after all checks.
    import numpy as np  # noqa: PLC0415

    from rlhf_agents import terminal  # noqa: PLC0415

    console = terminal.new_console()
    opponent = _opponent_name(options)
    alone = opponent == "human" and not terminal.is_interactive() and not options.terminal
    agent, other = _players(options, game, "agent" if alone else opponent)
    if alone:
        console.print("There is no terminal to play in, so the agent plays itself.")
    rng = np.random.default_rng(options.seed)
    tally, tables = Tally(), []
    try:
        for number in range(options.games):
            agent_seat = _agent_seat(options.side, number if other is not None else 0, rng)
            opening = _opening(game, rng) if number else []
            table = _table(options, game, (agent, other), agent_seat, opening)
            tables.append(table)
            table.play()
            tally.add(table.session.winner, agent_seat)
    except (terminal.Quit, KeyboardInterrupt):
        console.print("\nGoodbye.")
    if options.games > 1:
        console.print(f"{agent.name}: {tally.won} won, {tally.drawn} drawn, {tally.lost} lost")
    if options.record is not None:
        _record(options.record, game, tables[0])
        console.print(f"wrote {options.record}")
    return 0


def _agent_seat(side: str | None, number: int, rng: np.random.Generator) -> int:
    """Return the agent's seat in game `number`, given its opponent's side or None to take turns."""
    if side is None:
        return 1 - number % 2
    if side == "random":
        return int(rng.integers(2))
    return 1 if side == "first" else 0


def _check(options: argparse.Namespace) -> None:
    if options.nodes < 0:
        msg = f"--nodes must be 0 (network alone) or more, got {options.nodes}"
        raise SettingError(msg)
    if options.games < 1:
        msg = f"--games must be 1 or more, got {options.games}"
        raise SettingError(msg)
    if options.seed < 0:
        msg = f"--seed must be 0 or more, got {options.seed}"
        raise SettingError(msg)
    if options.record is not None:
        check_writable(options.record)


def _opponent_name(options: argparse.Namespace) -> str:
    if options.watch and options.opponent == "human":
        msg = "--watch shows two players; leave it out to play yourself, or name another --opponent"
        raise SettingError(msg)
    name: str = options.opponent or ("agent" if options.watch else "human")
    return name


def _players(
    options: argparse.Namespace, game: Game, opponent: str
) -> tuple[Player, Player | None]:
    from rlhf_agents.agent import Agent, load_agent  # noqa: PLC0415
    from rlhf_agents.players import make_player  # noqa: PLC0415

    def load(name: str) -> Agent:
        return load_agent(name, game.name)

    def make(spec: str, seed: int) -> Player:
        return make_player(spec, game, nodes=options.nodes, seed=seed, load=load)

    own = options.agent or "agent"
    agent = make(own, options.seed)
    if opponent == "human":
        return agent, None
    return agent, make(own if opponent == "agent" else opponent, options.seed + 1)


def _table(
    options: argparse.Namespace,
    game: Game,
    players: tuple[Player, Player | None],
    agent_seat: int,
    opening: list[int],
) -> Table:
    from rlhf_agents import terminal  # noqa: PLC0415
    from rlhf_agents.play_session import Session  # noqa: PLC0415

    agent, other = players
    names = [agent.name, "you" if other is None else other.name]
    if names[0] == names[1]:
        names = [f"{names[0]} ({which})" for which in ("first", "second")]
        names = names if agent_seat == 0 else names[::-1]
    goals = [options.goal, "win"]
    order = (0, 1) if agent_seat == 0 else (1, 0)
    session = Session(game, [goals[i] for i in order], opening, opening=len(opening))
    seats = players if agent_seat == 0 else (other, agent)
    return terminal.Table(
        session,
        seats,
        (names[order[0]], names[order[1]]),
        terminal.new_console(),
        compact=other is not None,
    )


def _opening(game: Game, rng: np.random.Generator) -> list[int]:
    states, moves = game.initial(1), []
    for _ in range(OPENING_PLIES):
        action = game.random_actions(states, rng)
        states = game.step(states, action)
        moves.append(int(action[0]))
    return moves


def _record(path: Path, game: Game, table: Table) -> None:
    from rlhf_agents.play_session import third_person  # noqa: PLC0415
    from rlhf_agents.recording import Frame, write_gif  # noqa: PLC0415 - Pillow

    frames = [Frame(s.state, s.action, s.why, s.mover) for s in table.seen]
    if table.session.over:
        last, winner = table.seen[-1], table.session.winner
        text = "a draw" if winner is None else third_person(table.names[winner], "win")
        frames[-1] = Frame(last.state, last.action, last.why, last.mover, text)
    write_gif(path, game, frames, table.names)


if __name__ == "__main__":
    raise SystemExit(main())
