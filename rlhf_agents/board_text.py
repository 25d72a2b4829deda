"""Positions as text: the board, what every move is worth, what can be reached, what is expected."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from rlhf_agents.board_cells import Cell, has_board, plays_columns, stones_of
from rlhf_agents.records import Explanation
from rlhf_games.base import Game, States

STONES = ("X", "O")
STYLES = ("bold dark_orange", "bold dodger_blue2")
EMPTY = "·"
CELL = 5
BAR = 20
LISTED = 12
CHANCES = ("win", "draw", "lose")


def board(game: Game, state: States, last: Cell | None = None) -> Text:
    """Return the board with the names of the moves; the last stone stands in brackets.

    Positions that are no board of stones are shown as the game writes them.
    """
    written = game.text(state)
    if written is not None:
        return Text(f"{written}\n{_legal_moves(game, state)}")
    cells = stones_of(game, state)
    text = Text()
    for row, line in enumerate(cells):
        for column, owner in enumerate(line):
            name = EMPTY
            if not plays_columns(game):
                name = game.action_names[row * len(line) + column]
            mark = STONES[owner - 1] if owner else name
            mark = f"[{mark}]" if last == (row, column) else mark
            text.append(f"{mark:^{CELL}}", STYLES[owner - 1] if owner else "dim")
        text.append("\n")
    if plays_columns(game):
        names = "".join(f"{name:^{CELL}}" for name in game.action_names)
        text.append(names + "\n", "bold")
    return text


def move_name(game: Game, state: States, action: int) -> str:
    """Return what a person types for a move, and what it means: "84 (d3c2)", or only "4"."""
    name, label = game.action_names[action], game.label(state, action)
    return name if name == label else f"{name} ({label})"


def _legal_moves(game: Game, state: States) -> str:
    legal = np.flatnonzero(game.legal(np.ascontiguousarray(state)[None])[0])
    names = [move_name(game, state, int(action)) for action in legal]
    return f"moves: {', '.join(names)}\n" if names else ""


def move_values(game: Game, why: Explanation) -> Text:
    """Return the value of every move in percent: below the columns, or as a grid of cells.

    Where moves are neither, the best are listed by name.
    """
    if not has_board(game):
        return _best_moves(game, why)
    text = Text()
    width = game.observation_shape[2]
    for action, value in enumerate(why.values):
        label = "" if np.isnan(value) else f"{100 * value:.0f}%"
        style = "bold green" if action == why.action else "cyan"
        text.append(f"{label:^{CELL}}", style)
        if (action + 1) % width == 0:
            text.append("\n")
    return text


def _best_moves(game: Game, why: Explanation) -> Text:
    text = Text("  ")
    ranked = np.argsort(-np.nan_to_num(why.values, nan=-1.0), kind="stable")
    legal = [int(action) for action in ranked if not np.isnan(why.values[action])]
    for action in legal[:LISTED]:
        style = "bold green" if action == why.action else "cyan"
        text.append(f"{game.action_names[action]} {100 * why.values[action]:.0f}%  ", style)
    text.append(f"and {len(legal) - LISTED} more\n" if len(legal) > LISTED else "\n")
    return text


def bars(why: Explanation) -> Text:
    """Return how likely win, draw and loss are if they were asked for, as bars.

    The goal that was played for shows what looking ahead found, the others the first impression.
    """
    text = Text()
    for name in CHANCES:
        if name in why.goal_values:
            value = why.goal_values[name]
            if name == why.pursued:
                value = float(why.values[why.action])
            full = round(BAR * value)
            text.append(f"  {name:<5}", "bold")
            text.append("█" * full, "green")
            text.append("░" * (BAR - full), "dim")
            text.append(f" {100 * value:3.0f}%\n")
    return text


def spoken(game: Game, why: Explanation) -> str:
    """Return the value of the move and the expected line in a few words: "61% win, expects 4 3"."""
    moves = " ".join(game.action_names[action] for action in why.line[1:])
    text = f"{100 * why.values[why.action]:.0f}% {why.pursued}"
    return f"{text}, expects {moves}" if moves else text


def expected(game: Game, why: Explanation) -> str:
    """Return the expected line and what it cost, e.g. "expects 4 4 3 (256 positions, 2 ms)"."""
    moves = " ".join(game.action_names[action] for action in why.line)
    proven = ", proven" if why.proven else ""
    pursued = "" if why.pursued == why.goal else f", {why.goal} is out of reach: plays to win"
    return f"expects {moves} ({why.nodes} positions, {1000 * why.seconds:.0f} ms{proven}{pursued})"


def thoughts(game: Game, why: Explanation, whose: str = "value of every move") -> Text:
    """Return everything that an explanation says: values of moves, chances, expected line."""
    text = Text(f"{whose} for {why.goal!r}:\n")
    text.append_text(move_values(game, why))
    chances = bars(why)
    if chances:
        text.append("within reach, if it were asked for:\n")
        text.append_text(chances)
    text.append(expected(game, why) + "\n", "italic")
    return text
