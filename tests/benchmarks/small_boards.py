"""How near an agent comes to the optimum of every goal, on boards small enough to enumerate.

    python tests/benchmarks/small_boards.py
    python tests/benchmarks/small_boards.py --game "connect_four(columns=4,rows=4)" --steps 60000

Nothing is sampled: the probability that a goal is achieved is computed over all games, as the first
and as the second player. Opponents are chance, and a perfect player: it plays the best moves for
its own win, each as likely as the others. The optimum is that of a player who knows the opponent.
The agent does not: it takes every opponent for one who wants to win. Beside it stands the same
agent told that the opponent plays at random (`Foresight(temperature=1e6, paranoia=0)`); its `win`
is still that of a player who fears the best reply.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from results import write_results

import rlhf_games
from rlhf_agents import load_agent
from rlhf_agents.players.agent import Agent
from rlhf_agents.settings import Foresight
from rlhf_agents.training.train import TrainingConfig, train
from rlhf_games.base import Game, Outcome, States, Verdict

MOST = 2_000_000
"""Positions that fit."""
Values = NDArray[np.float64]


@dataclass
class Level:
    """The positions that some number of plies can lead to.

    Attributes:
        states: uint64 `[N, W]`.
        children: int64 `[N, A]`, rows of the next level, -1 where a move is illegal.
        over: bool `[N]`.
    """

    states: States
    children: NDArray[np.int64]
    over: NDArray[np.bool_]


def levels_of(game: Game) -> list[Level]:
    """Enumerate all positions, ply by ply."""
    states, levels, count = game.initial(1), [], 0
    while len(states):
        count += len(states)
        if count > MOST:
            raise SystemExit(f"{game.name} has more than {MOST:,} positions")
        over = game.outcome(states) != Outcome.ONGOING
        rows, actions = np.nonzero(game.legal(states) & ~over[:, None])
        children = np.full((len(states), game.n_actions), -1)
        after = game.step(states[rows], actions) if len(rows) else states[:0]
        unique, index = np.unique(after, axis=0, return_inverse=True)
        children[rows, actions] = index.reshape(-1)
        levels.append(Level(states, children, over))
        states = np.ascontiguousarray(unique)
    return levels


def best_replies(game: Game, levels: list[Level]) -> list[Values]:
    """Return the probabilities `[N, A]` of a perfect player's moves, level by level."""
    after: Values = np.zeros(0)
    found = []
    for level in reversed(levels):
        values = np.where(level.children >= 0, -_of_children(after, level.children), -np.inf)
        best = values.max(axis=1)
        found.append(_shares((values == best[:, None]) & (level.children >= 0)))
        after = np.where(level.over, game.outcome(level.states), best)
    return found[::-1]


def _of_children(values: Values, children: NDArray[np.int64]) -> Values:
    """Return the values of children; of those that do not exist, anything."""
    return values[children] if len(values) else np.zeros(children.shape)


def _shares(chosen: NDArray[np.bool_]) -> Values:
    return chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)


def achieved(game: Game, level: Level, seat: int, goal: int) -> Values:
    """Return 1 where a player, 0 the mover or 1 the waiting one, has achieved a goal."""
    return np.asarray(game.verdicts(level.states)[:, seat, goal] == Verdict.ACHIEVED, np.float64)


def optimum(game: Game, levels: list[Level], replies: list[Values], me: int, goal: int) -> float:
    """Return the best probability of a goal for the first (0) or the second player (1)."""
    after: Values = np.zeros(0)
    for ply, level in reversed(list(enumerate(levels))):
        values = _of_children(after, level.children)
        if ply % 2 == me:
            here = np.where(level.children >= 0, values, -np.inf).max(axis=1)
        else:
            here = (values * replies[ply]).sum(axis=1)
        after = np.where(level.over, achieved(game, level, (ply + me) % 2, goal), here)
    return float(after[0])


def reached(
    agent: Agent, levels: list[Level], replies: list[Values], me: int, goal: int, nodes: int
) -> float:
    """Return the probability with which an agent that plays for a goal achieves it."""
    game, total, odds = agent.game, 0.0, np.ones(1)
    for ply, level in enumerate(levels):
        there = odds > 0
        ends = there & level.over
        total += float((odds * achieved(game, level, (ply + me) % 2, goal))[ends].sum())
        moving = np.flatnonzero(there & ~level.over)
        if not len(moving):
            break
        shares = replies[ply][moving]
        if ply % 2 == me:
            chosen = agent.act_states(level.states[moving], game.goals[goal].name, nodes=nodes)
            shares = np.eye(game.n_actions)[chosen]
        rows, actions = np.nonzero(shares)
        odds_after = np.zeros(len(levels[ply + 1].states))
        weight = odds[moving][rows] * shares[rows, actions]
        np.add.at(odds_after, level.children[moving][rows, actions], weight)
        odds = odds_after
    return total


def trained(game: Game, steps: int) -> Agent:
    """Return an agent that has learnt a game for some steps."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "agent.zip"
        train(TrainingConfig(game.name, steps=steps, seed=0, out=out, compact=True))
        return load_agent(out)


def compared(agent: Agent, nodes: int, names: list[str] | None) -> Iterator[dict[str, object]]:
    """Yield how often goals are achieved, at best and by the agent, in percent."""
    game = agent.game
    levels = levels_of(game)
    chance = [_shares(level.children >= 0) for level in levels]
    told = Agent(agent.name, game, agent.weights, Foresight(temperature=1e6, paranoia=0.0))
    for opponent, replies in (("random", chance), ("perfect", best_replies(game, levels))):
        for goal, name in enumerate(agent.goals):
            if names and name not in names:
                continue
            for me, seat in enumerate(("first", "second")):
                row = {"goal": f"`{name}`", "opponent": opponent, "seat": seat}
                row["best"] = optimum(game, levels, replies, me, goal)
                row["agent"] = reached(agent, levels, replies, me, goal, nodes)
                known = opponent == "random"
                row["agent, told"] = (
                    reached(told, levels, replies, me, goal, nodes) if known else row["agent"]
                )
                shares = ("best", "agent", "agent, told")
                yield row | {column: f"{100 * float(row[column]):.1f}" for column in shares}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--game", default="tic_tac_toe")
    parser.add_argument("--agent", help="a file; by default the agent that ships for the game")
    parser.add_argument("--steps", type=int, help="train an agent for so many steps instead")
    parser.add_argument("--nodes", type=int, default=256)
    parser.add_argument("--goals", nargs="+", help="some of the goals (default: all)")
    parser.add_argument("--out", type=Path, help="CSV file")
    options = parser.parse_args()
    game = rlhf_games.make(options.game)
    agent = (
        trained(game, options.steps) if options.steps else load_agent(options.agent or game.name)
    )
    rows = []
    for row in compared(agent, options.nodes, options.goals):
        print(*row.values(), flush=True)
        rows.append(row)
    for column in ("agent", "agent, told"):
        gaps = [float(row["best"]) - float(row[column]) for row in rows]
        print(f"{column}: below the optimum by {np.mean(gaps):.1f} points in the mean,", end=" ")
        print(f"{max(gaps):.1f} at most; {np.mean(np.array(gaps) <= 5):.0%} within 5")
    if options.out is not None:
        command = shlex.join(["python", "tests/benchmarks/small_boards.py", *sys.argv[1:]])
        write_results(options.out, command, rows)


if __name__ == "__main__":
    main()
