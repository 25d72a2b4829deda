"""Players: whoever chooses moves. The arena, the terminal and the window know nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import (
    ModelFileError,
    SettingError,
    UnknownAgentError,
    UnknownPlayerError,
)
from rlhf_agents.limits import checked_nodes
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.search.explanation import Explanation, Forecast, unfinished
from rlhf_games.base import MOVER, Game, States, did_you_mean

KINDS = "random, minimax:DEPTH, agent, the name of a bundled agent, or FILE.zip"
MAX_DEPTH = 64

Load = Callable[[str], Agent]


class Player(Protocol):
    """Chooses moves for a goal and can say why.

    Attributes:
        name: how results call it.
    """

    name: str

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return one legal action int64 `[B]` for unfinished positions uint64 `[B, W]`."""
        ...

    def explain(self, state: States, goal: str, seat: int = MOVER) -> Explanation:
        """Say why, in one position uint64 `[W]`.

        Args:
            state: the position.
            goal: what is played for.
            seat: by whom: `MOVER`, or `WAITING`, to whom the values are what it gets if the mover
                plays each move, and the action the move that it expects.

        Raises:
            ValueError: the game is over.
        """
        ...

    def think(self, state: States, goal: str, seat: int = MOVER) -> Iterator[Explanation]:
        """Say why, better and better: the last is what `explain` returns.

        Each step is short (some 30 ms where that can be), and whoever iterates may stop: that is
        how thinking is cancelled.

        Raises:
            ValueError: the game is over.
        """
        ...


class RandomPlayer:
    """Plays uniformly at random.

    Args:
        game: the rules.
        seed: of its moves.
    """

    name = "random"

    def __init__(self, game: Game, seed: int | None = None) -> None:
        self.game = game
        self._rng = np.random.default_rng(seed)

    def act(self, states: States, goal: str = "win") -> NDArray[np.int64]:
        """Return random legal actions `[B]`; the goal does not matter."""
        del goal
        return self.game.random_actions(states, self._rng)

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Explain at once, see `Player.think`."""
        return iter((self.explain(state, goal, seat),))

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Give every legal move the same share."""
        states = unfinished(self.game, state)
        legal = self.game.legal(states)[0]
        action = int(self.act(states, goal)[0])
        values = np.where(legal, 1.0 / legal.sum(), np.nan).astype(np.float32)
        return Explanation(action=action, goal=goal, values=values, line=(action,), seat=seat)


class AgentPlayer:
    """A trained agent with a budget of nodes per move.

    Args:
        agent: the agent.
        nodes: positions it looks at per move; 0 is the network alone.
    """

    def __init__(self, agent: Agent, nodes: int) -> None:
        self.agent = agent
        self.nodes = nodes
        self.name = f"{agent.name}@{nodes}"

    def act(self, states: States, goal: str = "win") -> NDArray[np.int64]:
        """Return one action per position, see `Player.act`."""
        return self.agent.act_states(states, goal, self.nodes)

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the move in one position, see `Player.explain`."""
        return self.agent.explain_state(state, goal, self.nodes, seat)

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Explain better and better, see `Player.think`."""
        return self.agent.think(state, goal, self.nodes, seat)

    def forecast(self, state: States, goals: tuple[str, str] = ("win", "win")) -> Forecast:
        """Return how the game is expected to end, see `Agent.forecast`."""
        return self.agent.forecast(state, goals)


def make_player(
    spec: str, game: Game, *, nodes: int, seed: int | None, load: Load = load_agent
) -> Player:
    """Return the player that a word on the command line names.

    Args:
        spec: "random", "minimax:DEPTH", "agent" (the bundled agent of the game), or what `load`
            takes.
        game: the rules.
        nodes: budget per move of agents.
        seed: of random players.
        load: returns an agent by name or path.

    Raises:
        UnknownPlayerError: no player has that name.
        ModelFileError: the agent cannot be read, or was trained for another game.
        SettingError: the depth or the budget is impossible.
    """
    checked_nodes(nodes)
    if spec == "random":
        return RandomPlayer(game, seed)
    kind, _, detail = spec.partition(":")
    if kind == "minimax":
        return MinimaxPlayer(game, _depth(spec, detail))
    try:
        agent = load(game.name if spec == "agent" else spec)
    except UnknownAgentError as error:
        raise UnknownPlayerError(_unknown(spec, game)) from error
    return AgentPlayer(fitting(agent, spec, game), nodes)


def fitting(agent: Agent, spec: str, game: Game) -> Agent:
    """Return the agent, if it was trained for this game.

    Raises:
        ModelFileError: it was trained for another one.
    """
    if agent.game.name != game.name:
        msg = f"{spec} was trained for {agent.game.name}, not for {game.name}"
        raise ModelFileError(msg)
    return agent


def _unknown(spec: str, game: Game) -> str:
    if spec == "agent":
        file = f"{game.name}.zip"
        return (
            f"{game.title} has no bundled agent: train one with rlhf-train --game {game.name} "
            f"--minutes 20 --out {file} and use --agent {file}, or use --agent minimax:4"
        )
    kind, colon, detail = spec.partition(":")
    near = did_you_mean(f"{kind}{colon}", ["minimax:"]).replace("minimax:", f"minimax:{detail}")
    near = near or did_you_mean(spec, ["random", "agent", *bundled_agents()])
    bundled = ", ".join(bundled_agents())
    return f"unknown player {spec!r}; {near}players: {KINDS} (bundled: {bundled})"


def _depth(spec: str, detail: str) -> int:
    if not detail.isdigit() or not 1 <= int(detail) <= MAX_DEPTH:
        msg = f"{spec!r} needs a depth from 1 to {MAX_DEPTH}, e.g. minimax:4"
        raise SettingError(msg)
    return int(detail)
