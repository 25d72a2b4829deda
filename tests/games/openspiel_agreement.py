"""Random games played by our rules and by OpenSpiel's side by side: same moves, ends and results.

    python -m tests.games.openspiel_agreement               10,000 games of each, in two minutes
    python -m tests.games.openspiel_agreement --games 100

The test-suite plays fewer. Perft numbers that nobody has published are counted by `count` here.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np

import rlhf_games
from rlhf_games.base import Game, Outcome

TWINS = {
    "breakthrough": "breakthrough",
    "breakthrough_6x6": "breakthrough(rows=6,columns=6)",
    "connect_four": "connect_four",
    "othello": "othello",
    "tic_tac_toe": "tic_tac_toe",
}
"""Our games and what OpenSpiel calls them; it has Othello on 8 x 8 cells only."""


class Translator:
    """Finds our number of an action of OpenSpiel; they differ in Breakthrough.

    There its first player begins at the top, ours at the bottom: rows are counted the other way.
    """

    def __init__(self, game: Game) -> None:
        self.by_name = game.name.startswith("breakthrough")
        self.rows = game.observation_shape[1]
        self.numbers = [
            {name: action for action, name in enumerate(game.names_of(seat))} for seat in (0, 1)
        ]
        self.known: dict[tuple[int, int], int] = {}

    def ours(self, world: Any, action: int) -> int:
        if not self.by_name:
            return action
        seat = world.current_player()
        if (seat, action) not in self.known:
            text = world.action_to_string(seat, action)
            rows = (self.rows + 1 - int(text[1]), self.rows + 1 - int(text[3]))
            self.known[seat, action] = self.numbers[seat][f"{text[0]}{rows[0]}{text[2]}{rows[1]}"]
        return self.known[seat, action]


def play_side_by_side(name: str, games: int, seed: int) -> int:
    """Play random games in both; return how many plies were compared.

    Raises:
        AssertionError: they disagree.
    """
    import pyspiel  # noqa: PLC0415 - an optional extra

    game, twin = rlhf_games.make(name), pyspiel.load_game(TWINS[name])
    translator, rng, plies = Translator(game), np.random.default_rng(seed), 0
    states, worlds = game.initial(games), [twin.new_initial_state() for _ in range(games)]
    live = np.arange(games)
    while len(live):
        actions = game.random_actions(states[live], rng)
        rows, legal = np.nonzero(game.legal(states[live]))
        ours = np.split(legal, np.flatnonzero(np.diff(rows)) + 1)
        for place, row in enumerate(live.tolist()):
            world = worlds[row]
            theirs = {translator.ours(world, action): action for action in world.legal_actions()}
            assert sorted(theirs) == ours[place].tolist(), (name, world.history_str())
            world.apply_action(theirs[int(actions[place])])
        states[live] = game.step(states[live], actions)
        plies += len(live)
        over = game.outcome(states[live]) != Outcome.ONGOING
        assert [worlds[row].is_terminal() for row in live] == over.tolist()
        live = live[~over]
    movers, outcomes = game.mover(states), game.outcome(states)
    results = [world.returns()[mover] for world, mover in zip(worlds, movers, strict=True)]
    assert results == outcomes.tolist()
    return plies


def count(name: str, depth: int) -> int:
    """Return OpenSpiel's number of positions after `depth` plies, at least 1."""
    import pyspiel  # noqa: PLC0415 - an optional extra

    worlds = [pyspiel.load_game(TWINS[name]).new_initial_state()]
    for _ in range(depth - 1):
        worlds = [world.child(action) for world in worlds for action in world.legal_actions()]
    return sum(len(world.legal_actions()) for world in worlds)


def main() -> int:
    """Compare all games, and count the positions of Breakthrough."""
    program = argparse.ArgumentParser(description=__doc__)
    program.add_argument("--games", type=int, default=10_000)
    program.add_argument("--depth", type=int, default=4, help="of the perft numbers")
    options = program.parse_args()
    for name in TWINS:
        begin = time.perf_counter()
        plies = play_side_by_side(name, options.games, seed=0)
        spent = time.perf_counter() - begin
        sys.stdout.write(f"{name}: {options.games} games, {plies} plies agree, {spent:.0f} s\n")
    for name in ("breakthrough", "breakthrough_6x6"):
        counts = [count(name, depth) for depth in range(1, options.depth + 1)]
        sys.stdout.write(f"{name}: OpenSpiel counts {counts}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
