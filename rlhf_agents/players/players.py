"""Players choose moves; this is their whole interface to the arena, the terminal and the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import (
    ModelFileError,
    SettingError,
    UnknownAgentError,
    UnknownPlayerError,
)
from rlhf_agents.limits import MAX_SEED, checked_nodes, checked_seed
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.budgets import MoveBudget, split_budget
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levelled import checked_budget
from rlhf_agents.players.minimax import MinimaxPlayer
from rlhf_agents.players.timed import TimedPlayer
from rlhf_agents.search.explanation import Explanation, Forecast, unfinished
from rlhf_games.base import MOVER, Game, States, did_you_mean

KINDS = "random, minimax:DEPTH, agent, the name of a bundled agent, or FILE.zip"
MAX_DEPTH = 64
OPENING_PLIES = 2

Load = Callable[[str], Agent]


class Player(Protocol):
    """Chooses moves for a goal and can explain them.

    Attributes:
        name: its name in results.
    """

    name: str

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return one legal action int64 `[B]` for unfinished positions uint64 `[B, W]`."""
        ...

    def explain(self, state: States, goal: str, seat: int = MOVER) -> Explanation:
        """Explain the move in one position uint64 `[W]`.

        Args:
            state: the position.
            goal: the goal.
            seat: the player whose goal it is: `MOVER`, or `WAITING`, whose values are its own
                after each of the mover's moves, and whose action is the move that it expects.

        Raises:
            GameOverError: the game is over.
        """
        ...

    def think(self, state: States, goal: str, seat: int = MOVER) -> Iterator[Explanation]:
        """Yield better and better explanations, the last as from `explain`.

        Each step is short (some 30 ms where possible); to cancel the search, stop iterating at any
        time.

        Raises:
            GameOverError: the game is over.
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
        """Explain the move; every legal move has the same share."""
        states = unfinished(self.game, state)
        legal = self.game.legal(states)[0]
        action = int(self.act(states, goal)[0])
        values = np.where(legal, 1.0 / legal.sum(), np.nan).astype(np.float32)
        return Explanation(action=action, goal=goal, values=values, line=(action,), seat=seat)


class AgentPlayer:
    """A trained agent with a budget per move: nodes, or seconds.

    Args:
        agent: the agent.
        nodes: positions that it searches per move; 0 is the network alone (default 256).
        seconds: time per move, instead of `nodes`; the tree is kept from move to move.
        seed: its play varies by choosing among nearly equal moves, or by what it misjudges at its
            level; None: always the same.

    An agent at a level, see `Agent.at_level`, has its budget from there.

    Attributes:
        level: the settings of its level, None without one.
        misjudges: it is weakened, in a way that depends on the seed.

    Raises:
        SettingError: `nodes`, `seconds` or `seed` is impossible, or both budgets are given.
    """

    def __init__(
        self,
        agent: Agent,
        nodes: int | None = None,
        *,
        seconds: float | None = None,
        seed: int | None = None,
    ) -> None:
        named = nodes is not None or seconds is not None
        level = None if named else agent.strength
        if level is not None:
            agent = agent.with_errors(0 if seed is None else seed)
            nodes, seconds = (level.nodes, None) if level.seconds is None else (None, level.seconds)
        self.agent = agent
        self.level = level
        self.nodes = checked_budget(nodes, seconds)
        self.seconds = seconds
        self.seed = seed
        rng = None if seed is None else np.random.default_rng(checked_seed(seed))
        self.misjudges = level is not None and level.noise > 0
        self._rng = None if self.misjudges else rng
        self._games = rng if self.misjudges else None
        self._search = None if seconds is None else agent.new_search()
        budget = f"{self.nodes}" if seconds is None else f"{seconds:g}s"
        self.name = f"{agent.name}@{budget if level is None else agent.budget_name}"

    @property
    def _budget(self) -> dict[str, Any]:
        shared = {"rng": self._rng, "search": self._search}
        if self.level is not None:
            return shared
        return {
            **shared,
            "nodes": self.nodes if self.seconds is None else None,
            "seconds": self.seconds,
        }

    def as_strong_as(self, other: AgentPlayer) -> AgentPlayer:
        """Return a player with this agent and the budget, or the level, of another."""
        agent = self.agent.with_strength(other.level, other.agent.budget_name, 0)
        if other.level is not None:
            return AgentPlayer(agent, seed=other.seed)
        nodes = other.nodes if other.seconds is None else None
        return AgentPlayer(agent, nodes, seconds=other.seconds)

    def act(self, states: States, goal: str = "win") -> NDArray[np.int64]:
        """Return one action per position, see `Player.act`."""
        return self.agent.act_states(states, goal, **self._budget)

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the move in one position, see `Player.explain`."""
        *_, last = self.think(state, goal, seat)
        return last

    def think(self, state: States, goal: str = "win", seat: int = MOVER) -> Iterator[Explanation]:
        """Yield better and better explanations, see `Player.think`."""
        if self._games is not None and self.agent.game.plies(state[None])[0] < OPENING_PLIES:
            # A new game: it misjudges other things, or people would soon know them.
            self.agent = self.agent.with_errors(int(self._games.integers(MAX_SEED)))
        return self.agent.think(state, goal, seat=seat, **self._budget)

    def forecast(self, state: States, goals: tuple[str, str] = ("win", "win")) -> Forecast:
        """Return the expected end of the game, see `Agent.forecast`."""
        return self.agent.forecast(state, goals)


def make_player(
    spec: str,
    game: Game,
    *,
    nodes: int,
    seed: int | None,
    load: Load = load_agent,
    seconds: float | None = None,
) -> Player:
    """Return the player for a name on the command line.

    Args:
        spec: "random", "minimax:DEPTH" (perhaps with a time, "minimax:9@0.5s"), "agent" (the
            bundled agent of the game), or what `load` takes. Agents may have a budget of their
            own, see `budgets`.
        game: the rules.
        nodes: budget per move of agents without their own.
        seed: of random moves, and of agents' choices among nearly equal moves; None: agents always
            play the same.
        load: returns an agent by name or path.
        seconds: budget per move instead of `nodes`; it also ends deep searches of `minimax`.

    Raises:
        UnknownPlayerError: no player has that name.
        ModelFileError: the agent cannot be read, or was trained for another game.
        SettingError: the depth or the budget is impossible.
    """
    checked_nodes(nodes)
    if spec == "random":
        return RandomPlayer(game, seed)
    word, own = split_budget(spec)
    if word.partition(":")[0] == "minimax":
        return _minimax(game, word, own or MoveBudget(seconds=seconds))
    try:
        agent = load(game.name if word == "agent" else word)
    except UnknownAgentError as error:
        raise UnknownPlayerError(_unknown(word if word == "agent" else spec, game)) from error
    agent = fitting(agent, spec, game)
    if own is None:
        return AgentPlayer(agent, nodes if seconds is None else None, seconds=seconds, seed=seed)
    if own.level is not None or own.elo is not None:
        return AgentPlayer(own.levelled(agent), seed=seed)
    return AgentPlayer(agent, own.nodes, seconds=own.seconds, seed=seed)


def _minimax(game: Game, word: str, budget: MoveBudget) -> Player:
    """Return the search of a fixed depth, which a time limit may end before.

    Raises:
        SettingError: the depth is impossible, or it has no such budget.
    """
    if budget.seconds is None and budget != MoveBudget():
        msg = f"{word} always searches that deep; only a time can end it sooner: {word}@0.5s"
        raise SettingError(msg)
    player = MinimaxPlayer(game, _depth(word, word.partition(":")[2]))
    return player if budget.seconds is None else TimedPlayer(player, budget.seconds)


def fitting(agent: Agent, spec: str, game: Game) -> Agent:
    """Return the agent, if it was trained for this game.

    Raises:
        ModelFileError: it was trained for another game.
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
