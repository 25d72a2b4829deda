"""OpenSpiel's Monte Carlo tree search as a player: a strong reference opponent.

OpenSpiel's own games, Connect Four and Tic-Tac-Toe are searched by its compiled bot in its own
positions; our other games by its Python bot with our rules (see `openspiel_rules`).
Needs the extra `rlhf-agents[openspiel]`; the library is imported when a player is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module, metadata
from threading import Thread
from types import ModuleType
from typing import Protocol, TypeVar

import numpy as np

from rlhf_adapters.foreign_games.spiel_types import KeepsSpielStates, SpielGame, SpielState
from rlhf_agents.errors import SettingError
from rlhf_agents.players.move_only import MoveOnlyPlayer
from rlhf_agents.players.openspiel_rules import CompiledRollouts, RulesGame, RulesState
from rlhf_agents.search.explanation import Explanation, unfinished
from rlhf_games.base import MOVER, Game, States

KIND = "openspiel-mcts"
LIBRARY = "openspiel:"
MAX_SIMULATIONS = 10_000_000
MANY_SIMULATIONS = 20_000
"""From here on a move may take a tenth of a second and more."""
POLL_SECONDS = 0.05
UCT_C = 2.0
MEMORY_MB = 1000
FIRST_VERSION = 2
"""The first release that can set up a position without the moves that led to it."""

Found = TypeVar("Found")
Board = list[list[str]]
MARKS = (".", "x", "o")
"""Symbols of an empty cell, the first player's and the second player's stones."""


def _from_the_bottom(rows: Board) -> Board:
    return rows[::-1]


def _in_a_line(rows: Board) -> list[str]:
    return [cell for row in rows for cell in row]


_BOARDS: dict[str, Callable[[Board], Board | list[str]]] = {
    "connect_four": _from_the_bottom,
    "tic_tac_toe": _in_a_line,
}
"""Functions that write rows from the top as OpenSpiel's board of that game."""

_UNFINISHED = {"is_terminal": False, "winner": ""}


class SearchNode(Protocol):
    """A node of OpenSpiel's search tree."""

    action: int
    player: int
    outcome: Sequence[float]
    explore_count: int
    total_reward: float
    children: Sequence[SearchNode]

    def best_child(self) -> SearchNode:
        """Return the node of the move to be played."""
        ...


class SpielBot(Protocol):
    """A `pyspiel.Bot`."""

    def restart_at(self, state: SpielState) -> None:
        """Go to a position."""
        ...

    def step(self, state: SpielState) -> int:
        """Return an action."""
        ...


class SearchBot(Protocol):
    """OpenSpiel's tree search, compiled or in Python."""

    def step(self, state: SpielState | RulesState) -> int:
        """Return an action."""
        ...

    def mcts_search(self, state: SpielState | RulesState) -> SearchNode:
        """Return the root of a searched tree."""
        ...


@dataclass(frozen=True)
class ForcedPass:
    """A turn that OpenSpiel does not have: a forced pass between two moves of one player.

    Attributes:
        action: the pass.
    """

    action: int


SetUp = Callable[[States], SpielState | RulesState | ForcedPass]
"""Turns a position uint64 `[W]` of a game into one for OpenSpiel's bots."""


class OpenSpielMCTS(MoveOnlyPlayer):
    """Plays to win, whatever the goal: UCT, one random rollout per simulation, proven nodes.

    Args:
        game: the rules.
        simulations: per move.
        seed: of the rollouts.

    Attributes:
        name: the spec, e.g. `openspiel-mcts:1000`.

    Raises:
        SettingError: the library is missing or too old, or `simulations` is impossible.
    """

    def __init__(self, game: Game, simulations: int, seed: int = 0) -> None:
        if not 1 <= simulations <= MAX_SIMULATIONS:
            msg = f"{KIND} takes 1 to {MAX_SIMULATIONS} simulations, not {simulations}"
            raise SettingError(msg)
        super().__init__(game, f"{KIND}:{simulations}")
        self.position = _positions(game)
        self._simulations = simulations
        self._bot = _search(game, self.position, simulations, seed)

    def choose(self, state: States, goal: str = "win") -> int:
        """Return an action in an unfinished position uint64 `[W]`."""
        del goal  # it only plays to win
        position = self.position(state)
        if isinstance(position, ForcedPass):
            return position.action
        return self._interruptibly(lambda: self._bot.step(position))

    def _interruptibly(self, search: Callable[[], Found]) -> Found:
        """Return what a search of the bot's returns; a long one lets signals be heard meanwhile."""
        if self._simulations < MANY_SIMULATIONS:
            return search()
        found: Future[Found] = Future()
        Thread(target=_settle, args=(found, search), daemon=True).start()
        while True:
            with suppress(TimeoutError):
                return found.result(POLL_SECONDS)

    def explain(self, state: States, goal: str = "win", seat: int = MOVER) -> Explanation:
        """Explain the choice in one position uint64 `[W]`, see `Player.explain`."""
        states = unfinished(self.game, state)
        started = time.perf_counter()
        position = self.position(states[0])
        if isinstance(position, ForcedPass):
            return self._forced(position.action, goal, seat)
        root = self._interruptibly(lambda: self._bot.mcts_search(position))
        values = np.full(self.game.n_actions, np.nan, np.float32)
        for child in root.children:
            values[child.action] = _value(child)
        best = root.best_child()
        line, node = [best.action], best
        while node.children:
            node = node.best_child()
            line.append(node.action)
        return Explanation(
            action=best.action,
            goal=goal,
            values=values if seat == MOVER else 1 - values,
            seat=seat,
            line=tuple(line),
            nodes=root.explore_count,
            seconds=time.perf_counter() - started,
            proven=bool(best.outcome),
        )

    def _forced(self, action: int, goal: str, seat: int) -> Explanation:
        """Explain the only legal move."""
        values = np.full(self.game.n_actions, np.nan, np.float32)
        values[action] = 0.5
        return Explanation(action=action, goal=goal, values=values, seat=seat, line=(action,))


class BotPlayer(MoveOnlyPlayer):
    """Any `pyspiel.Bot` as a player, whatever the goal.

        pyspiel.make_uniform_random_bot(0, seed), pyspiel.make_uniform_random_bot(1, seed)

    Many bots are made for one player and fail, some silently, when they play the other.

    Args:
        game: one of OpenSpiel's, `openspiel:NAME`, or one whose positions OpenSpiel can set up.
        bots: for OpenSpiel's players 0 and 1; the same one twice if it plays for both.
        name: its name in results.

    Raises:
        SettingError: the library is missing or too old, or cannot set up positions of the game.
    """

    def __init__(
        self, game: Game, bots: tuple[SpielBot, SpielBot], name: str = "openspiel-bot"
    ) -> None:
        if not game.name.startswith(LIBRARY) and game.name not in _BOARDS:
            msg = (
                f"OpenSpiel cannot set up positions of {game.title}; use openspiel:NAME, or one of "
                f"{', '.join(_BOARDS)}"
            )
            raise SettingError(msg)
        super().__init__(game, name)
        self._bots = bots
        self._position = _positions(game)

    def choose(self, state: States, goal: str = "win") -> int:
        """Return an action in an unfinished position uint64 `[W]`."""
        del goal  # bots take no goals
        position = self._position(state)
        if isinstance(position, ForcedPass):
            return position.action
        assert not isinstance(position, RulesState)
        bot = self._bots[position.current_player()]
        bot.restart_at(position)
        return bot.step(position)


def parse_simulations(spec: str) -> int:
    """Return the number of simulations in `openspiel-mcts:SIMS`.

    Raises:
        SettingError: there is no number.
    """
    kind, _, number = spec.partition(":")
    if kind != KIND or not number.isascii() or not number.isdigit():
        msg = f"{spec!r} is not {KIND}:SIMULATIONS, such as {KIND}:1000"
        raise SettingError(msg)
    return int(number)


# ---- positions -------------------------------------------------------------------------------


def _positions(game: Game) -> SetUp:
    pyspiel = _pyspiel()
    if game.name.startswith(LIBRARY):
        return partial(_foreign, game)
    if game.name in _BOARDS:
        return partial(_set_up, game, pyspiel.load_game(game.name))
    return partial(_ruled, game)


def _foreign(game: Game, state: States) -> SpielState | ForcedPass:
    """Return an OpenSpiel game's own object for a position."""
    skip = getattr(game.rules, "skip", -1)
    if skip >= 0 and game.legal(state[None])[0, skip]:
        return ForcedPass(skip)
    assert isinstance(game, KeepsSpielStates)
    return game.foreign(state)


def _set_up(game: Game, foreign: SpielGame, state: States) -> SpielState:
    """Return a position that OpenSpiel reads from JSON."""
    states = state[None]
    mine, theirs = game.observe(states)[0] > 0.5
    seat = int(game.mover(states)[0])
    cells = mine * (1 + seat) + theirs * (2 - seat)
    board = _BOARDS[game.name]([[MARKS[cell] for cell in row] for row in cells])
    position = {"board": board, "current_player": MARKS[1 + seat], **_UNFINISHED}
    return foreign.new_initial_state(json.dumps(position))


def _ruled(game: Game, state: States) -> RulesState:
    """Return a position with our own rules."""
    return RulesState(game, state[None])


def _search(game: Game, set_up: SetUp, simulations: int, seed: int) -> SearchBot:
    """Return OpenSpiel's bot: compiled for its own positions, else in Python."""
    pyspiel = _pyspiel()
    first = set_up(game.initial(1)[0])
    if not isinstance(first, RulesState | ForcedPass):
        rollouts = pyspiel.RandomRolloutEvaluator(1, seed)
        theirs = first.get_game()
        compiled: SearchBot = pyspiel.MCTSBot(
            theirs, rollouts, UCT_C, simulations, MEMORY_MB, True, seed, False
        )
        return compiled
    from open_spiel.python.algorithms.mcts import MCTSBot  # noqa: PLC0415 - an optional extra

    kind = pyspiel.load_game("tic_tac_toe").get_type()  # sequential, and pays at the end
    rng = np.random.RandomState(seed)
    rules, rollouts = RulesGame(kind), CompiledRollouts(seed)
    bot: SearchBot = MCTSBot(rules, UCT_C, simulations, rollouts, random_state=rng)
    return bot


def _pyspiel() -> ModuleType:
    hint = "pip install 'rlhf-agents[openspiel]'"
    try:
        pyspiel = import_module("pyspiel")
    except ImportError as error:
        msg = f"{KIND} needs OpenSpiel: {hint}"
        raise SettingError(msg) from error
    version = metadata.version("open_spiel")
    if int(version.partition(".")[0]) < FIRST_VERSION:
        msg = f"{KIND} needs OpenSpiel {FIRST_VERSION} or newer, not {version}: {hint}"
        raise SettingError(msg)
    return pyspiel


def _settle(found: Future[Found], search: Callable[[], Found]) -> None:
    """Let `found` be what a search returns, or raises."""
    try:
        found.set_result(search())
    except Exception as error:
        found.set_exception(error)


def _value(node: SearchNode) -> float:
    """Return OpenSpiel's value of a searched move for its player, from 0 (lost) to 1 (won)."""
    if node.outcome:
        return float(1 + node.outcome[node.player]) / 2
    if node.explore_count == 0:
        return 0.5
    return float(1 + node.total_reward / node.explore_count) / 2
