"""What every exported bot must do, for any test class with the fixtures `twin` and `choose`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from rlhf_agents.players.agent import Agent
from rlhf_games.base import Outcome
from tests.agents.bots.exports.agents import agent_of

PROVING = 128
"""Nodes with which agents and bots also prove moves."""
RANDOM_PLIES = 6
OTHER = 0.0005
"""At most this share of the moves may be others: sums in another order round differently."""


@dataclass(frozen=True)
class SolvedPositions:
    """Unfinished positions and how they came about.

    Attributes:
        states: uint64 `[B, W]`.
        lines: of each, the actions from the start of the game.
    """

    states: np.ndarray
    lines: tuple[tuple[int, ...], ...]

    def first(self, count: int) -> SolvedPositions:
        """Return at most so many of them."""
        return SolvedPositions(self.states[:count], self.lines[:count])


class BotContract:
    """Inherit, and give these fixtures.

    `twin`: the `Agent` with the very weights that the bot carries; by default that of the game
    `name`. `choose`: a function of `SolvedPositions`, the name of a goal and a number of nodes that
    returns the bot's moves `[B]`. `complaints`: what the bot answered to malformed inputs, by
    input.

    Attributes:
        asked: goals, of which those that the game has are asked for.
        positions: how many positions are compared, by the number of nodes.
    """

    asked = ("win", "lose", "win_diagonal")
    positions: ClassVar[Mapping[int, int]] = {0: 2000, 1: 500, 40: 150}

    @pytest.fixture
    def twin(self, name):
        return agent_of(name)

    def test_plays_as_the_agent(self, twin, choose):
        positions = reachable(twin.game, max(self.positions.values()))
        contested = reachable(twin.game, self.positions.get(PROVING, 1), twin)
        other, compared = [], 0
        for goal in set(self.asked) & set(twin.goals):
            for nodes, count in self.positions.items():
                seen = contested if nodes == PROVING else positions.first(count)
                states, actions = seen.states, np.asarray(choose(seen, goal, nodes))
                legal = twin.game.legal(states)[np.arange(len(states)), actions]
                assert legal.all(), f"illegal in {states[~legal][0]}"
                differ = states[actions != twin.act_states(states, goal, nodes)]
                other += [(goal, nodes, state.tolist()) for state in differ]
                compared += len(states)
        assert len(other) <= OTHER * compared, f"{len(other)} of {compared}: {other[:5]}"

    def test_refuses_malformed_input_in_one_line(self, complaints):
        assert complaints
        for what, message in complaints.items():
            assert message.strip(), what
            assert "Traceback" not in message, what
            assert len(message.strip().splitlines()) == 1, what


def reachable(game, count: int, agent: Agent | None = None) -> SolvedPositions:
    """Return at most `count` unfinished positions of random games, of all lengths, shuffled.

    With an agent only the first moves are random, the others its network's.
    """
    rng = np.random.default_rng(0)
    states = game.initial(-(-2 * count // game.max_plies))
    found: dict[bytes, tuple[np.ndarray, tuple[int, ...]]] = {}
    lines = [()] * len(states)
    while len(states):
        for state, line in zip(states, lines, strict=True):
            found.setdefault(state.tobytes(), (state, line))
        actions = game.random_actions(states, rng)
        if agent is not None and game.plies(states[:1])[0] >= RANDOM_PLIES:
            actions = agent.act_states(states, "win", 0)
        states = game.step(states, actions)
        goes_on = np.flatnonzero(game.outcome(states) == Outcome.ONGOING)
        lines = [(*lines[row], int(actions[row])) for row in goes_on]
        states = states[goes_on]
    chosen = [list(found.values())[i] for i in rng.permutation(len(found))[:count]]
    return SolvedPositions(
        np.stack([state for state, _ in chosen]), tuple(line for _, line in chosen)
    )


def select(
    positions: SolvedPositions,
    restart: Callable[[], None],
    play: Callable[[int], None],
    ask: Callable[[], int],
) -> list[int]:
    """Return the moves `[B]` of a bot that is told moves instead of positions.

    Args:
        positions: what it is asked for, in an order in which much of the last line is kept.
        restart: begins a new game.
        play: tells the bot of an action.
        ask: returns its move.
    """
    chosen, played = [-1] * len(positions.lines), None
    for row in sorted(range(len(chosen)), key=positions.lines.__getitem__):
        line = positions.lines[row]
        if played is None or line[: len(played)] != played:
            restart()
            played = ()
        for action in line[len(played) :]:
            play(action)
        played = line
        chosen[row] = ask()
    return chosen
