"""Names of our moves in other programs: in the style of OpenSpiel, GTP and UCI.

GTP uses OpenSpiel's action strings, which its `GTPBot` sends and expects; they do not need
OpenSpiel. In games that it does not have, and in UCI, moves have the game's own names. A move is
one word in both protocols: blanks in a name become underscores, and are ignored when a name is
read. In Go moves are vertices such as D7, or pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from rlhf_adapters.foreign_games.spiel_types import KeepsSpielStates, SpielState
from rlhf_agents.errors import SettingError
from rlhf_games.base import MOVER, WAITING, Game, States

LIBRARY = "openspiel:"
MARKS = ("x", "o")
"""OpenSpiel's names of the first and the second player's stones."""
SIDE = 3
SHOWN = 8
"""The most legal moves that an error lists."""
GO_MOVE = re.compile(r"[BW] ([A-Za-z]+[0-9]*)")
"""An action of OpenSpiel's Go."""

Spell = Callable[[Game, States, int], str]
"""Returns the name of a legal action in a position uint64 `[W]`."""


def own_name(game: Game, state: States, action: int) -> str:
    """Return the game's own name of an action."""
    return game.label(state, action)


def long_algebraic(game: Game, state: States, action: int) -> str:
    """Return UCI's name of a move: the two cells, such as e2e4, or the game's own name."""
    foreign = foreign_position(game, state)
    if foreign is not None and hasattr(foreign, "board"):
        from pyspiel import chess  # noqa: PLC0415 - OpenSpiel is there, as it made the position

        board = foreign.board()
        if isinstance(board, chess.ChessBoard):  # its variants have other types of boards
            name: str = chess.action_to_move(action, board).to_lan()
            return name
    return one_word(own_name(game, state, action))


def gtp_name(game: Game, state: States, action: int) -> str:
    """Return OpenSpiel's string of an action in a form that GTP allows."""
    return one_word(openspiel_name(game, state, action))


def openspiel_name(game: Game, state: States, action: int) -> str:
    """Return OpenSpiel's string of an action, or the game's own name."""
    foreign = foreign_position(game, state)
    if foreign is not None and not is_skip(game, action):
        return foreign.action_to_string(action)
    return _OPENSPIEL.get(game.name, own_name)(game, state, action)


def one_word(name: str) -> str:
    """Return a name without blanks and without GTP's comment sign."""
    if vertex := GO_MOVE.fullmatch(name):
        return "pass" if vertex[1] == "PASS" else vertex[1].upper()
    return re.sub(r"\s+", "_", re.sub(r"(?<=[,:;])\s+", "", name)).replace("#", "")


def foreign_position(game: Game, state: States) -> SpielState | None:
    """Return OpenSpiel's own position if the game is one of OpenSpiel's, else None."""
    if not game.name.startswith(LIBRARY):
        return None
    assert isinstance(game, KeepsSpielStates)
    return game.foreign(state)


def is_skip(game: Game, action: int) -> bool:
    """Return whether an action is a pass that other programs do not know.

    Our players move in turn. If a foreign game lets one move twice, the other passes in between.
    """
    return action == getattr(game.rules, "skip", -1)


def read_move(game: Game, state: States, text: str, spell: Spell) -> int:
    """Return the legal action with a name, in the given spelling or the game's own.

    Case matters only if two legal moves differ in nothing else, like bxc3 and Bxc3 in chess.

    Raises:
        SettingError: no legal move has that name, or several have.
    """
    legal = np.flatnonzero(game.legal(np.ascontiguousarray(state)[None])[0]).tolist()
    wanted = _bare(text)
    for names in (spell, own_name):
        called = {action: _bare(names(game, state, action)) for action in legal}
        for fold in (str, str.casefold):
            found = [action for action, name in called.items() if fold(name) == fold(wanted)]
            if len(found) == 1:
                return found[0]
            if found:
                several = ", ".join(names(game, state, action) for action in found)
                msg = f"{text[:40]!r} is ambiguous: write one of {several}"
                raise SettingError(msg)
    some = ", ".join(spell(game, state, action) for action in legal[:SHOWN])
    more = ", ..." if len(legal) > SHOWN else ""
    msg = f"illegal move {text[:40]!r}; legal moves: {some or 'none, the game is over'}{more}"
    raise SettingError(msg)


def _bare(name: str) -> str:
    """Return a name without blanks, underscores and the sign of a mate."""
    return re.sub(r"[\s_#]", "", name)


def spelled_line(game: Game, state: States, line: tuple[int, ...], spell: Spell) -> list[str]:
    """Return the names of a line of moves from a position."""
    names, states = [], np.ascontiguousarray(state)[None]
    for action in line:
        if not is_skip(game, action):
            names.append(spell(game, states[0], action))
        states = game.step(states, np.array([action]))
    return names


# ---- OpenSpiel's strings for our games ---------------------------------------------------------


def _mark(game: Game, state: States) -> str:
    return MARKS[int(game.mover(state[None])[0])]


def _connect_four(game: Game, state: States, action: int) -> str:
    return f"{_mark(game, state)}{action}"


def _tic_tac_toe(game: Game, state: States, action: int) -> str:
    row, column = divmod(action, SIDE)
    return f"{_mark(game, state)}({row},{column})"


def _breakthrough(game: Game, state: States, action: int) -> str:
    """Return OpenSpiel's string: its first player begins at the top, and a star marks captures."""
    states = np.ascontiguousarray(state)[None]
    rows = game.observation_shape[1]
    name = own_name(game, state, action)
    turned = "".join(str(rows + 1 - int(sign)) if sign.isdigit() else sign for sign in name)
    after = game.step(states, np.array([action]))
    before = game.observe(states)[0, WAITING].sum()
    return turned + ("*" if game.observe(after)[0, MOVER].sum() < before else "")


_OPENSPIEL: dict[str, Spell] = {
    "breakthrough": _breakthrough,
    "breakthrough_6x6": _breakthrough,
    "connect_four": _connect_four,
    "tic_tac_toe": _tic_tac_toe,
}
