"""Forecasts: many simulated games from a position, both sides playing with the network alone.

Each side draws its moves from a softmax over the network's values for its goal, with the
temperature by which foresight models opponents. The shares of results are an estimate; an
`Explanation` gives the values if a goal is pursued with foresight.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_agents.search.compiled_network import goal_value, hidden
from rlhf_agents.search.explanation import Forecast
from rlhf_agents.search.goal_values import WIN, decided_value
from rlhf_agents.search.tree import SearchContext
from rlhf_games.base import Outcome, States, Verdict
from rlhf_games.compiled import compiled, inner, next_random, random_unit
from rlhf_games.rules import ONGOING, State, is_legal, load, play, result, verdict

GAMES = 256


@inner
def fill_chances(
    context: SearchContext,
    state: State,
    goal: int,
    features: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Fill `out` `[A]` with the probabilities of the mover's moves for its goal."""
    if verdict(context.rules, state, 0, goal) == Verdict.IMPOSSIBLE:
        goal = WIN
    hidden(context.rules, context.weights, state, features)
    best = np.float32(-1.0)
    for action in range(context.rules.n_actions):
        out[action] = -1.0
        if is_legal(context.rules, state, action):
            after = play(context.rules, state, action)
            known, value = decided_value(context.rules, context.goals, after, 1, goal)
            if not known:
                value = goal_value(context.weights, features, 0, goal, action)
            out[action] = value
            best = max(best, out[action])
    total = np.float32(0.0)
    for action in range(context.rules.n_actions):
        if out[action] < 0.0:
            out[action] = 0.0
        elif best >= 1.0:  # achieved by the rules: always chosen
            out[action] = np.float32(out[action] >= 1.0)
        else:
            out[action] = np.exp((out[action] - best) / np.float32(context.goals.temperature))
        total += out[action]
    for action in range(context.rules.n_actions):
        out[action] /= total


@inner
def draw_action(chances: NDArray[np.float32], share: float) -> int:
    """Return the action that a number in [0, 1) selects."""
    last = 0
    for action in range(chances.shape[0]):
        if chances[action] > 0.0:
            last = action
            share -= chances[action]
            if share < 0.0:
                break
    return last


@compiled
def simulate(
    context: SearchContext,
    states: States,
    wanted: NDArray[np.int64],
    seed: int,
    reached: NDArray[np.int64],
    results: NDArray[np.int64],
    games: int,
) -> None:
    """Play games from the first position and count how they end.

    Args:
        context: the game, the network and how goals are valued.
        states: uint64 `[1, W]`.
        wanted: int64 `[2]`, the goals of the mover and of the waiting player.
        seed: of the moves.
        reached: int64 `[2, G]`, receives the number of games in which each achieves each goal.
        results: int64 `[3]`, receives the numbers of the mover's losses, draws and wins.
        games: the number of games.
    """
    features = np.empty(context.weights.table.shape[1], np.float32)
    chances = np.empty(context.rules.n_actions, np.float32)
    generator = numba.uint64(seed)
    for _ in range(games):
        state, mover = load(context.rules, states, 0), 0
        while result(context.rules, state) == ONGOING:
            fill_chances(context, state, wanted[mover], features, chances)
            generator, bits = next_random(generator)
            state = play(context.rules, state, draw_action(chances, random_unit(bits)))
            mover = 1 - mover
        outcome = result(context.rules, state)
        results[1 + (outcome if mover == 0 else -outcome)] += 1
        for goal in range(context.rules.n_goals):
            for seat in range(2):
                who = seat if mover == 0 else 1 - seat
                if verdict(context.rules, state, who, goal) == Verdict.ACHIEVED:
                    reached[seat, goal] += 1


def forecast(
    context: SearchContext,
    names: tuple[str, ...],
    state: States,
    wanted: tuple[int, int],
    games: int,
    seed: int,
) -> Forecast:
    """Return the expected end of the game from a position uint64 `[W]`.

    Args:
        context: the game, the network and how goals are valued.
        names: of the goals, `[G]`.
        state: the position; a finished game has a certain end.
        wanted: the goals of the mover and the waiting player, rows of the goal table.
        games: the number to simulate.
        seed: of their moves.
    """
    states = np.ascontiguousarray(state, np.uint64)[None]
    reached = np.zeros((2, len(names)), np.int64)
    results = np.zeros(3, np.int64)
    simulate(context, states, np.array(wanted, np.int64), seed, reached, results, games)
    lose, draw, win = (results / games).tolist()
    mine, theirs = (dict(zip(names, row, strict=True)) for row in (reached / games).tolist())
    return Forecast(games, win, draw, lose, mine, theirs)


assert (Outcome.LOSS, Outcome.DRAW, Outcome.WIN) == (-1, 0, 1)  # places in `results`
