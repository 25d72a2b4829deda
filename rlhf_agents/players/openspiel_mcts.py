"""OpenSpiel's Monte Carlo tree search as a player: a strong reference opponent.

Games of OpenSpiel's, Connect Four and Tic-Tac-Toe are searched by its compiled bot in its own
positions; other games of ours by its bot in Python, over our rules (see `openspiel_rules`).
Needs the extra `rlhf-agents[openspiel]`; the library is imported when a player is made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_agents.players.openspiel_rules import CompiledRollouts, RulesGame, RulesState
from rlhf_agents.search.explanation import Explanation, unfinished
from rlhf_games.base import MOVER, Game, States

KIND = "openspiel-mcts"
LIBRARY = "openspiel:"
MAX_SIMULATIONS = 10_000_000
UCT_C = 2.0
MEMORY_MB = 1000
FIRST_VERSION = 2
"""Older releases cannot set up a position without the moves that led to it."""

Board = list[list[str]]
MARKS = (".", "x", "o")
"""Empty, the first player's, the second player's."""


def _from_the_bottom(rows: Board) -> Board:
    return rows[::-1]


def _in_a_line(rows: Board) -> list[str]:
    return [cell for row in rows for cell in row]


_BOARDS: dict[str, Callable[[Board], Any]] = {
    "connect_four": _from_the_bottom,
    "tic_tac_toe": _in_a_line,
}
"""How OpenSpiel writes the board of its game of that name, given rows from the top."""

_UNFINISHED = {"is_terminal": False, "winner": ""}


class OpenSpielMCTS:
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
        self.name = f"{KIND}:{simulations}"
        self._game = game
        self._set_up = _positions(game)
        self._bot = _search(game, self._set_up, simulations, seed)

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return one action per unfinished position uint64 `[B, W]`, int64 `[B]`."""
        del goal  # it plays to win only
        return np.array([self._choose(position) for position in self.positions(states)], np.int64)

    def _choose(self, position: Any) -> int:
        if isinstance(position, ForcedPass):
            return position.action
        action: int = self._bot.step(position)
        return action

    def think(self, state: States, goal: str, seat: int = MOVER) -> Iterator[Explanation]:
        """Explain at once, see `Player.think`: the bot cannot be interrupted."""
        return iter((self.explain(state, goal, seat),))

    def explain(self, state: States, goal: str, seat: int = MOVER) -> Explanation:
        """Explain the choice in one position uint64 `[W]`, see `Player.explain`."""
        states = unfinished(self._game, state)
        started = time.perf_counter()
        position = self.positions(states)[0]
        if isinstance(position, ForcedPass):
            return self._forced(position.action, goal, seat)
        root = self._bot.mcts_search(position)
        values = np.full(self._game.n_actions, np.nan, np.float32)
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
        """Explain the only move there is."""
        values = np.full(self._game.n_actions, np.nan, np.float32)
        values[action] = 0.5
        return Explanation(action=action, goal=goal, values=values, seat=seat, line=(action,))

    def positions(self, states: States) -> list[Any]:
        """Return unfinished positions uint64 `[B, W]` as the search sees them."""
        return [self._set_up(state) for state in np.ascontiguousarray(states)]


class BotPlayer:
    """Any `pyspiel.Bot` as a player, whatever the goal.

        pyspiel.make_uniform_random_bot(0, seed), pyspiel.make_uniform_random_bot(1, seed)

    Many bots are made for one player and fail, some silently, when asked to play the other.

    Args:
        game: one of OpenSpiel's, `openspiel:NAME`, or one whose positions OpenSpiel can set up.
        bots: of OpenSpiel's player 0 and of player 1; twice the same if it plays for both.
        name: how results call it.

    Raises:
        SettingError: the library is missing or too old, or cannot set up positions of the game.
    """

    def __init__(self, game: Game, bots: tuple[Any, Any], name: str = "openspiel-bot") -> None:
        if not game.name.startswith(LIBRARY) and game.name not in _BOARDS:
            msg = (
                f"OpenSpiel cannot set up positions of {game.title}; use openspiel:NAME, or one of "
                f"{', '.join(_BOARDS)}"
            )
            raise SettingError(msg)
        self.name = name
        self._game = game
        self._bots = bots
        self._set_up = _positions(game)

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return one action per unfinished position uint64 `[B, W]`, int64 `[B]`."""
        del goal  # bots take no goals
        return np.array([self._choose(state) for state in np.ascontiguousarray(states)], np.int64)

    def _choose(self, state: States) -> int:
        position = self._set_up(state)
        if isinstance(position, ForcedPass):
            return position.action
        bot = self._bots[position.current_player()]
        bot.restart_at(position)
        action: int = bot.step(position)
        return action

    def think(self, state: States, goal: str, seat: int = MOVER) -> Iterator[Explanation]:
        """Explain at once, see `Player.think`."""
        return iter((self.explain(state, goal, seat),))

    def explain(self, state: States, goal: str, seat: int = MOVER) -> Explanation:
        """Return its move in one position uint64 `[W]`: value 1, the others 0; bots say no more."""
        states = unfinished(self._game, state)
        action = self._choose(states[0])
        values = np.where(self._game.legal(states)[0], 0.0, np.nan).astype(np.float32)
        values[action] = 1.0
        return Explanation(action=action, goal=goal, values=values, seat=seat, line=(action,))


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


@dataclass(frozen=True)
class ForcedPass:
    """A turn that OpenSpiel does not have: between two moves of one player the other one passes.

    Attributes:
        action: the pass.
    """

    action: int


def _positions(game: Game) -> Callable[[States], Any]:
    """Return the function that turns a position uint64 `[W]` of a game into one of OpenSpiel's."""
    pyspiel = _pyspiel()
    if game.name.startswith(LIBRARY):
        return partial(_foreign, game)
    if game.name in _BOARDS:
        return partial(_set_up, game, pyspiel.load_game(game.name))
    return partial(_ruled, game)


def _foreign(game: Game, state: States) -> Any:
    """Return the object that a game of OpenSpiel keeps for a position."""
    skip = getattr(game.rules, "skip", -1)
    if skip >= 0 and game.legal(state[None])[0, skip]:
        return ForcedPass(skip)
    history_game: Any = game
    return history_game.foreign(state)


def _set_up(game: Game, foreign: Any, state: States) -> Any:
    """Return a position as OpenSpiel reads it from JSON."""
    states = state[None]
    mine, theirs = game.observe(states)[0] > 0.5
    seat = int(game.mover(states)[0])
    cells = mine * (1 + seat) + theirs * (2 - seat)
    board = _BOARDS[game.name]([[MARKS[cell] for cell in row] for row in cells])
    position = {"board": board, "current_player": MARKS[1 + seat], **_UNFINISHED}
    return foreign.new_initial_state(json.dumps(position))


def _ruled(game: Game, state: States) -> RulesState:
    """Return a position over our own rules."""
    return RulesState(game, state[None])


def _search(game: Game, set_up: Callable[[States], Any], simulations: int, seed: int) -> Any:
    """Return OpenSpiel's bot: compiled where the positions are its own, else in Python."""
    pyspiel = _pyspiel()
    first = set_up(game.initial(1)[0])
    if not isinstance(first, RulesState):
        rollouts = pyspiel.RandomRolloutEvaluator(1, seed)
        return pyspiel.MCTSBot(
            first.get_game(), rollouts, UCT_C, simulations, MEMORY_MB, True, seed, False
        )
    from open_spiel.python.algorithms.mcts import MCTSBot  # noqa: PLC0415 - an optional extra

    kind = pyspiel.load_game("tic_tac_toe").get_type()  # sequential, and pays at the end
    rng = np.random.RandomState(seed)
    return MCTSBot(RulesGame(kind), UCT_C, simulations, CompiledRollouts(seed), random_state=rng)


def _pyspiel() -> Any:
    hint = "pip install 'rlhf-agents[openspiel]'"
    try:
        import pyspiel  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        msg = f"{KIND} needs OpenSpiel: {hint}"
        raise SettingError(msg) from error
    version = metadata.version("open_spiel")
    if int(version.partition(".")[0]) < FIRST_VERSION:
        msg = f"{KIND} needs OpenSpiel {FIRST_VERSION} or newer, not {version}: {hint}"
        raise SettingError(msg)
    return pyspiel


def _value(node: Any) -> float:
    """Return OpenSpiel's value of a searched move for its player, 0 lost to 1 won."""
    if node.outcome:
        return float(1 + node.outcome[node.player]) / 2
    if node.explore_count == 0:
        return 0.5
    return float(1 + node.total_reward / node.explore_count) / 2
