"""Positions as text: the board, the values of moves, the chances, the expected line."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from rlhf_agents.play.board_cells import (
    Cell,
    has_board,
    line_labels,
    plays_cells,
    plays_columns,
    shown_name,
    stones_of,
)
from rlhf_agents.play.pictures import reader_of
from rlhf_agents.search.explanation import Explanation
from rlhf_agents.words import goal_words
from rlhf_games.base import Game, States

STONES = ("X", "O")
STYLES = ("bold dark_orange", "bold dodger_blue2")
EMPTY = "·"
CELL = 5
BAR = 20
MOST, PER_ROW, WIDTH = 12, 6, 12
"""The list of moves by name: the most moves, the moves per row, and its width."""
CHANCES = ("win", "draw", "lose")


def board(game: Game, state: States, last: Cell | None = None) -> Text:
    """Return the board with the names of the moves; the last stone is in brackets.

    If pieces move from cell to cell, letters and numbers beside the board name the cells.
    Games without a board of stones write their positions themselves.
    """
    written = game.text(state)
    if written is not None:
        return Text(f"{written}\n{_legal_moves(game, state)}")
    cells = stones_of(game, state)
    text = Text()
    named = plays_cells(game) or plays_columns(game)
    for row, line in enumerate(cells):
        if not named:
            text.append(f"{len(cells) - row:>2} ", "dim")
        for column, owner in enumerate(line):
            name = EMPTY
            if plays_cells(game):
                name = game.action_names[row * len(line) + column]
            mark = STONES[owner - 1] if owner else name
            mark = f"[{mark}]" if last == (row, column) else mark
            text.append(f"{mark:^{CELL}}", STYLES[owner - 1] if owner else "dim")
        text.append("\n")
    if plays_columns(game):
        names = "".join(f"{name:^{CELL}}" for name in game.action_names)
        text.append(names + "\n", "bold")
    if not named:
        letters = (chr(ord("a") + column) for column in range(cells.shape[1]))
        text.append("   " + "".join(f"{letter:^{CELL}}" for letter in letters) + "\n", "dim")
    return text


def move_name(game: Game, state: States, action: int) -> str:
    """Return what a person types for a move: "d3c2", "4", or an id with what it means beside it.

    That is the name that a person reads, see `shown_name`, if it is one word of a game whose
    positions are understood.
    """
    mover = int(game.mover(np.ascontiguousarray(state)[None])[0])
    name, shown = game.names_of(mover)[action], shown_name(game, state, action)
    alone = has_board(game) or (reader_of(game) is not None and " " not in shown)
    return shown if alone or name == shown else f"{name} ({shown})"


def _legal_moves(game: Game, state: States) -> str:
    legal = np.flatnonzero(game.legal(np.ascontiguousarray(state)[None])[0])
    names = [move_name(game, state, int(action)) for action in legal]
    return f"moves: {', '.join(names)}\n" if names else ""


def move_values(game: Game, why: Explanation, state: States) -> Text:
    """Return the values of the moves in percent, below the columns or as a grid of cells.

    Of moves that are neither columns nor cells, the best are listed by name.

    Args:
        game: the rules.
        why: a player's explanation of a position.
        state: that position, uint64 `[W]`.
    """
    width, text = game.observation_shape[2], Text()
    in_grid = plays_columns(game) or plays_cells(game)
    count = width * (len(why.values) // width) if in_grid else 0
    for action, value in enumerate(why.values[:count]):
        label = "" if np.isnan(value) else f"{100 * value:.0f}%"
        text.append(f"{label:^{CELL}}", _value_style(why, action))
        if (action + 1) % width == 0:
            text.append("\n")
    text.append_text(_listed(game, why, state, count))
    return text


def _listed(game: Game, why: Explanation, state: States, first: int) -> Text:
    """Return the best legal moves among the actions from `first`, by name, the best first."""
    legal = [a for a in range(first, len(why.values)) if not np.isnan(why.values[a])]
    shown = sorted(legal, key=lambda a: -why.values[a])[:MOST]
    text = Text()
    for place, action in enumerate(shown, 1):
        label = f"{shown_name(game, state, action)} {100 * why.values[action]:.0f}%"
        ends_row = place % PER_ROW == 0 or place == len(shown)
        text.append(f"{label:<{WIDTH}}", _value_style(why, action))
        text.append("\n" if ends_row else "")
    text.append(f"and {len(legal) - MOST} more\n" if len(legal) > MOST else "")
    return text


def _value_style(why: Explanation, action: int) -> str:
    return "bold green" if action == why.action else "cyan"


def bars(why: Explanation) -> Text:
    """Return the chances of a win, a draw and a loss, each if it were the goal, as bars.

    The chance of the present goal comes from the search, the others from the network.
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


def spoken(game: Game, why: Explanation, state: States) -> str:
    """Return the value of the move and the expected line in short: "61% win, expects 4 3"."""
    moves = " ".join(line_labels(game, state, why.line)[1:])
    text = f"{100 * why.values[why.action]:.0f}% {goal_words(game, why.pursued)}"
    return f"{text}, expects {moves}" if moves else text


def expected(game: Game, why: Explanation, state: States) -> str:
    """Return the expected line and its cost, e.g. "expects 4 4 3 (256 positions, 2 ms)"."""
    moves = " ".join(line_labels(game, state, why.line))
    proven = f", {why.proof}" if why.proof else ""
    wish = goal_words(game, why.goal)
    pursued = "" if why.pursued == why.goal else f", to {wish} is out of reach, so it plays to win"
    return f"expects {moves} ({why.nodes} positions, {1000 * why.seconds:.0f} ms{proven}{pursued})"


def thoughts(
    game: Game, why: Explanation, state: States, whose: str = "value of every move"
) -> Text:
    """Return all of an explanation: values of moves, chances, expected line."""
    text = Text(f"{whose}, to {goal_words(game, why.goal)}:\n")
    text.append_text(move_values(game, why, state))
    chances = bars(why)
    if chances:
        text.append("chances, if each were the goal:\n")
        text.append_text(chances)
    text.append(expected(game, why, state) + "\n", "italic")
    return text
