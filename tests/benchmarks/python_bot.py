"""The Python bot of an agent: its size and speed, and what rounding its weights costs.

    RLHF_SHARED=../shared python tests/benchmarks/python_bot.py
    python tests/benchmarks/python_bot.py --agent othello_6x6
    python tests/benchmarks/python_bot.py --levels 1,4,7,10

Prints the size of the file, the seconds of its import beyond numpy's and positions per second. Then
for several numbers of nodes, in Connect Four: VP (see `rlhf_agents.evaluation.solved_positions`) of
the agent, of the agent with the bot's weights, and the share of positions in which both choose the
same move; in other games: how often the agent with the bot's weights wins against the agent.

With --levels: bots that were exported at levels against the agent at the same levels, likewise the
agent with the bot's weights, which shows what rounding costs; and in how many positions bot and
agent choose the same move, beside two agents of that level with other errors.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from rlhf_agents import Agent, export, load_agent
from rlhf_agents.bots.exports import quantize_python, to_python
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.evaluation.openings import draw_openings
from rlhf_agents.evaluation.solved_positions import choose, load_positions, mark
from rlhf_agents.players.players import AgentPlayer
from rlhf_agents.players.python_bot import PythonBotPlayer
from rlhf_agents.settings import Foresight

NODES = (0, 64, 256)
GAMES, LEVEL_GAMES, TWIN_GAMES = 400, 200, 1200
TIMER = """
import time, numpy
start = time.perf_counter()
import bot
imported = time.perf_counter()
for moves in range(3):
    state = bot.start()
    for _ in range(moves):
        state = bot.play(state, bot.legal_moves(state)[0])
    bot.grow(state, 0, 1000)
spent = time.perf_counter() - imported
print(f"import {imported - start:.2f} s, {3000 / spent:.0f} positions/s")
"""


def on_the_yardstick(agent: Agent, rounded: Agent) -> None:
    """Compare both with a perfect solver."""
    data = Path(os.environ["RLHF_SHARED"]) / "data" / "connect_four_positions.npz"
    positions = load_positions(data, agent.game)
    for nodes in NODES:
        moves = [
            choose(lambda states, who=who, n=nodes: who.act_states(states, "win", n), positions)
            for who in (agent, rounded)
        ]
        vps = [f"{mark(positions, one).overall.vp:.3f}" for one in moves]
        same = float(np.mean(moves[0] == moves[1]))
        print(f"{nodes} nodes: VP {vps[0]}, rounded {vps[1]}, same move {same:.3f}", flush=True)


def against_each_other(agent: Agent, rounded: Agent) -> None:
    """Let both play."""
    for nodes in NODES:
        players = AgentPlayer(rounded, nodes), AgentPlayer(agent, nodes)
        total = play_match(agent.game, players, MatchSettings(games=GAMES)).total
        print(
            f"{nodes} nodes, {GAMES} games: the rounded one won {total.wins}, drew {total.draws}, "
            f"lost {total.losses}",
            flush=True,
        )


def at_levels(agent: Agent, levels: list[int], folder: Path) -> None:
    """Compare bots of some levels with the agent."""
    game = agent.game
    states = np.concatenate([draw_openings(game, 40, 0, plies).states for plies in (3, 8, 14)])
    rounded = rounded_twin(agent)
    print(f"scores in {LEVEL_GAMES} and {TWIN_GAMES} games against the agent")
    print("level    bot  rounded agent  same move  two agents'", flush=True)
    for level in levels:
        bot = PythonBotPlayer(game, export(agent, "python", folder / f"{level}.py", level=level))
        one, other = (AgentPlayer(agent.at_level(level), seed=seed) for seed in (1, 2))
        twin = AgentPlayer(rounded.at_level(level), seed=3)
        scores = [
            play_match(game, (who, one), MatchSettings(games=games)).total.score
            for who, games in ((bot, LEVEL_GAMES), (twin, TWIN_GAMES))
        ]
        moves = [player.act(states, "win") for player in (bot, one, other)]
        same, usual = (float(np.mean(moves[1] == found)) for found in (moves[0], moves[2]))
        shown = f"{scores[0]:>5.2f}  {scores[1]:>13.2f}  {same:>9.2f}  {usual:>11.2f}"
        print(f"{level:>5}  {shown}", flush=True)


def rounded_twin(agent: Agent) -> Agent:
    """Return the agent with the weights of its bot."""
    tight, _ = quantize_python.tighten(agent, to_python.MOST_BYTES)
    return Agent("rounded", agent.game, tight.weights(), Foresight(), agent.levels)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agent", default="connect_four", help="a bundled agent or FILE.zip")
    parser.add_argument("--levels", help="only compare bots of these levels")
    options = parser.parse_args()
    agent = load_agent(options.agent)
    with tempfile.TemporaryDirectory() as folder:
        if options.levels:
            at_levels(agent, [int(level) for level in options.levels.split(",")], Path(folder))
            return
        file = export(agent, "python", Path(folder) / "bot.py")
        print(f"{file.stat().st_size} bytes", flush=True)
        subprocess.run([sys.executable, "-c", TIMER], cwd=folder, check=True)
    compare = on_the_yardstick if agent.game.name == "connect_four" else against_each_other
    compare(agent, rounded_twin(agent))


if __name__ == "__main__":
    main()
