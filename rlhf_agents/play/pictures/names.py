"""Names of moves for people, in one convention, whatever a library calls them.

Columns count from 1; cells have a letter and a number, as they stand beside the board; the player's
mark is left out. What has no form known here keeps its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from rlhf_agents.play.pictures.base import Cell, Picture, Reader
from rlhf_agents.play.pictures.lines import EDGE, POINT, WALL
from rlhf_agents.play.pictures.nested import CHOSEN, LOCAL, PEG, TURNED
from rlhf_agents.play.pictures.squares import COLUMN, LETTERS, NUMBERS, PLACE

TURNS = {
    "s": "top left, left turn",
    "t": "top left, right turn",
    "u": "top right, left turn",
    "v": "top right, right turn",
    "w": "bottom right, left turn",
    "x": "bottom right, right turn",
    "y": "bottom left, right turn",
    "z": "bottom left, left turn",
}
"""The second parts of moves of pentago: the quarter and the way it is turned."""
MARKED = re.compile(r"[BWXOxo] ([a-z]\d+|PASS)")
TAKE = re.compile(r"pile:(\d+), take:(\d+);?")
STEP = re.compile(r"[XO] (From|To|Shoot)")

_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (MARKED, lambda found: found[1].replace("PASS", "pass")),
    (PEG, lambda found: f"{found[1]}{found[2]}"),
    (CHOSEN, lambda found: f"board {int(found[1]) + 1}"),
    (LOCAL, lambda found: f"board {int(found[1]) + 1}, {3 * int(found[2]) + int(found[3]) + 1}"),
    (EDGE, lambda found: _edge(found[2] == "h", int(found[3]) + 1, int(found[4]) + 1)),
    (TURNED, lambda found: f"{found[1]}{found[2]} ({TURNS[found[3]]})"),
    (TAKE, lambda found: f"take {found[2]} from row {found[1]}"),
)


@lru_cache(maxsize=4096)
def plain_name(label: str, reader: Reader) -> str:
    """Return the name that a person reads for a move that a library calls `label`."""
    if getattr(reader, "by_column", False) and (found := COLUMN.fullmatch(label)):
        return str(int(found[1]) + 1)
    if NUMBERS.fullmatch(label) or PLACE.fullmatch(label) or POINT.fullmatch(label):
        return _cells_name(label, reader) or label
    if reader.style == "quoridor" and (found := WALL.fullmatch(label)) and found[3]:
        side = "below" if found[3] == "h" else "right of"
        return f"wall {side} {found[1]}{found[2]}"
    if reader.style == "pits" and (label.isdigit() or len(label) == 1):
        return f"pit {label}"
    return next((say(found) for form, say in _FORMS if (found := form.fullmatch(label))), label)


def _edge(across: bool, row: int, column: int) -> str:
    return f"{'across' if across else 'down'}, row {row}, column {column}"


def _cells_name(label: str, reader: Reader) -> str:
    """Return the names of the cells of a move, "" if it has none."""
    nothing = Picture(np.zeros(reader.shape, np.int8), {})
    name = "-".join(cell_name(cell, reader) for cell in reader.path(label, -1, 0, nothing))
    step = STEP.match(label)
    return f"{step[1].lower()} {name}" if step and name else name


def cell_name(cell: Cell, reader: Reader) -> str:
    """Return the name of a cell; those of tic-tac-toe are numbers."""
    (row, column), (rows, columns) = cell, reader.shape
    if (rows, columns) == (3, 3):
        return str(3 * row + column + 1)
    number = rows - row if getattr(reader, "bottom_up", True) else row + 1
    return f"{getattr(reader, 'letters', LETTERS)[column]}{number}"
