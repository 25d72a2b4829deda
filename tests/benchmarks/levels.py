"""The levels of a bundled agent, in games of their own: is each what its table says?

    python tests/benchmarks/levels.py
    python tests/benchmarks/levels.py --agent othello_6x6 --games 200
    python tests/benchmarks/levels.py --clocked 100    also levels that play by the clock: slow

Prints what share each level scores against the one below, how far the Elo of these games is from
the table's (both with the same mean: only differences are compared), and how often level 1 loses to
`minimax:2`, which wins, else blocks, else plays a central move. Seconds are CPU time.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from rlhf_agents import load_agent
from rlhf_agents.evaluation.arena import play_games
from rlhf_agents.evaluation.openings import Openings, draw_openings
from rlhf_agents.evaluation.ratings import Results, rate
from rlhf_agents.players.levels import LEVELS
from rlhf_agents.players.players import AgentPlayer, make_player
from rlhf_agents.search import budget

OPENINGS = 10
"""From how many openings the same two players play: then they misjudge other things."""
APART, CLOCKED_APART = (1, 2, 3), (1, 2)
THUMB = "minimax:2"


def played(game, make, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return results for the first player, and whether it moved second, `[count]` each."""
    drawn = draw_openings(game, count // 2, seed)
    found = []
    for number in range(0, count // 2, OPENINGS):
        rows = slice(number, number + OPENINGS)
        some = Openings(drawn.states[rows], drawn.moves[rows])
        games = play_games(game, make(1000 * seed + number), some, 2 * len(some))
        found.append((games.results, games.agent_second))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", default="connect_four")
    parser.add_argument("--games", type=int, default=400, help="of two levels that meet")
    parser.add_argument("--clocked", type=int, default=0, help="of levels by the clock, likewise")
    parser.add_argument("--seed", type=int, default=0, help="of openings and errors")
    options = parser.parse_args()
    budget.now = time.process_time
    agent = load_agent(options.agent)
    game, rows = agent.game, []

    def level(number: int, seed: int) -> AgentPlayer:
        return AgentPlayer(agent.at_level(number), seed=seed)

    for high in range(2, LEVELS + 1):
        clocked = agent.levels.of_level(high).seconds is not None
        count = options.clocked if clocked else options.games
        distances = CLOCKED_APART if clocked else APART
        for low in (high - apart for apart in distances if high > apart and count):
            pair = lambda seed, a=high, b=low: (level(a, seed), level(b, seed + 1))  # noqa: E731
            results, second = played(game, pair, count, 10_000 * options.seed + 100 * high + low)
            rows.append((high - 1, low - 1, results, second))
            if high - low == 1:
                share = float((results + 1).mean() / 2)
                print(f"level {high:>2} scores {share:.1%} of {count} against {low}", flush=True)

    compare(agent, rows)

    def thumb(seed: int):
        return level(1, seed), make_player(THUMB, game, nodes=0, seed=seed)

    lost = float((played(game, thumb, options.games, 1)[0] < 0).mean())
    print(f"level 1 loses {lost:.1%} of {options.games} games against {THUMB}")


def compare(agent, rows) -> None:
    """Print how far the Elo of the games is from that of the table."""
    players = sorted({player for row in rows for player in row[:2]})
    columns = []
    for one, other, results, second in rows:
        first, last = np.where(second, other, one), np.where(second, one, other)
        columns.append(np.stack([first, last, np.where(second, -results, results)]))
    first, last, results = np.concatenate(columns, axis=1)
    openings = np.arange(len(results)) // 2
    elo = rate(Results(first, last, results, openings), len(players), anchor=0, samples=2).elo
    table = np.array([agent.levels.elo_of(player + 1) for player in players])
    off = (elo - elo.mean()) - (table - table.mean())
    print("off by", " ".join(f"{value:+.0f}" for value in off), "Elo, level by level")
    error = np.abs(off)
    print(f"mean error {error.mean():.1f}, largest {error.max():.1f}; {len(results)} games")


if __name__ == "__main__":
    main()
