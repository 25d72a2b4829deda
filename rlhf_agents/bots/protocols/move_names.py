"""How other programs call our moves: names of actions in OpenSpiel's and in UCI's manner.

OpenSpiel's action strings are what its `GTPBot` sends and expects, so GTP uses them; they need no
OpenSpiel. Where it has no such game, and in UCI, moves have the game's own names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rlhf_agents.errors import SettingError
from rlhf_games.base import MOVER, WAITING, Game, States

LIBRARY = "openspiel:"
MARKS = ("x", "o")
"""What OpenSpiel calls the first and the second player's stones."""
SIDE = 3

Spell = Callable[[Game, States, int], str]
"""Names an action that is legal in a position uint64 `[W]`."""


def own_name(game: Game, state: States, action: int) -> str:
    """Return the game's own name of an action."""
    return game.label(state, action)


def long_algebraic(game: Game, state: States, action: int) -> str:
    """Return what UCI calls a move: the two cells, such as e2e4; else the game's own name."""
    foreign = foreign_position(game, state)
    if foreign is None or not hasattr(foreign, "parse_move_to_action"):
        return own_name(game, state, action)
    from pyspiel import chess  # noqa: PLC0415 - OpenSpiel is there, as it made the position

    name: str = chess.action_to_move(action, foreign.board()).to_lan()
    return name


def openspiel_name(game: Game, state: States, action: int) -> str:
    """Return OpenSpiel's string of an action; the game's own name where it has no such game."""
    foreign = foreign_position(game, state)
    if foreign is not None:
        name: str = foreign.action_to_string(action)
        return name
    return _OPENSPIEL.get(game.name, own_name)(game, state, action)


def foreign_position(game: Game, state: States) -> Any:
    """Return the position as OpenSpiel keeps it if the game is one of OpenSpiel's, else None."""
    if not game.name.startswith(LIBRARY):
        return None
    history_game: Any = game
    return history_game.foreign(state)


def is_skip(game: Game, action: int) -> bool:
    """Tell whether an action is a turn that does not exist for others.

    Our players move in turn. Where a foreign game lets one move twice, the other passes in between.
    """
    return action == getattr(game.rules, "skip", -1)


def read_move(game: Game, state: States, text: str, spell: Spell) -> int:
    """Return the legal action that a text names, in the spelling or by the game's own name.

    Raises:
        SettingError: no legal move has that name.
    """
    wanted = text.casefold()
    legal = np.flatnonzero(game.legal(np.ascontiguousarray(state)[None])[0]).tolist()
    for names in (spell, own_name):
        for action in legal:
            if names(game, state, action).casefold() == wanted:
                return int(action)
    some = ", ".join(spell(game, state, action) for action in legal[:8])
    msg = f"illegal move {text!r}; legal moves: {some}{', ...' if len(legal) > 8 else ''}"
    raise SettingError(msg)


def spelled_line(game: Game, state: States, line: tuple[int, ...], spell: Spell) -> list[str]:
    """Return the names of moves that follow each other from a position on."""
    names, states = [], np.ascontiguousarray(state)[None]
    for action in line:
        if not is_skip(game, action):
            names.append(spell(game, states[0], action))
        states = game.step(states, np.array([action]))
    return names


# ---- OpenSpiel's strings of our games ---------------------------------------------------------


def _mark(game: Game, state: States) -> str:
    return MARKS[int(game.mover(state[None])[0])]


def _connect_four(game: Game, state: States, action: int) -> str:
    return f"{_mark(game, state)}{action}"


def _tic_tac_toe(game: Game, state: States, action: int) -> str:
    row, column = divmod(action, SIDE)
    return f"{_mark(game, state)}({row},{column})"


def _breakthrough(game: Game, state: States, action: int) -> str:
    """OpenSpiel's first player begins at the top, ours at the bottom; a star marks captures."""
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
