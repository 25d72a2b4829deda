"""The layout of a window of a given size: boxes in points, without drawing.

Wide windows have the board on the left and a panel on the right; in tall ones, all parts are below
each other. A part that does not fit gets an empty box. `arrange_play` has the layout for playing,
`arrange` that for analysing.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlhf_agents.play.viewer.commands import BUTTONS, OVERLAYS, PLAY_BUTTONS, Command
from rlhf_agents.play.viewer.geometry import Box

SMALLEST = (420, 400)
NARROW = 620.0
GOAL_ROW = 25.0
BUTTON = 30.0
SLIDER = 34.0
FORECAST = 46.0
CHIP = 21.0
LINE = 46.0
HEAD = 18.0
MESSAGE = 18.0
USUAL = (1240.0, 800.0)
"""Larger windows show everything larger."""
MOST_GROWTH = 2.5
PLAY_GRAPH = 84.0


@dataclass(frozen=True)
class Layout:
    """The boxes of a window.

    Attributes:
        window: the whole window.
        board: the board with its values and names.
        title: the name of the game and the turn.
        cards: the two players.
        forecast: win, draw, lose.
        goals_head: the title of the list of goals.
        goals: the list of goals.
        goal_columns: the number of its columns.
        line: the expected moves; after the game, mistakes and achieved goals.
        slider: the strength.
        overlays: the switches of `OVERLAYS`.
        graph: the course of the game.
        buttons: the commands of `commands`.
        message: a line for messages, below everything.
        commands: the commands that have a button.
        side_card: the result of the game, or a mistake that is reviewed.
    """

    window: Box
    board: Box
    title: Box
    cards: tuple[Box, Box]
    forecast: Box
    goals_head: Box
    goals: Box
    goal_columns: int
    line: Box
    slider: Box
    overlays: tuple[Box, ...]
    graph: Box
    buttons: tuple[Box, ...]
    message: Box
    commands: tuple[Command, ...]
    side_card: Box

    def goal_rows(self) -> int:
        """Return the number of rows of goals that fit."""
        return max(0, int(self.goals.height // GOAL_ROW))

    def goal_boxes(self, scroll: int, count: int) -> list[tuple[int, Box]]:
        """Return the visible goals: the index and the box of each."""
        rows, columns = self.goal_rows(), self.goal_columns
        if not rows:
            return []
        area = self.goals.top_part(rows * GOAL_ROW)[0]
        boxes = area.grid(rows * columns, columns, 0)
        gap = 8.0 if columns > 1 else 0.0
        first = scroll * columns
        return [
            (first + i, box._replace(width=box.width - gap))
            for i, box in enumerate(boxes)
            if first + i < count
        ]

    def scroll_limit(self, count: int) -> int:
        """Return the largest number of rows to scroll."""
        return max(0, -(-count // self.goal_columns) - self.goal_rows())


def growth(size: tuple[float, float]) -> float:
    """Return how much larger everything is in a window of that size in points."""
    share = min(size[0] / USUAL[0], size[1] / USUAL[1])
    return min(MOST_GROWTH, max(1.0, share))


def arrange(width: float, height: float, *, analysing: bool = True) -> Layout:
    """Return the layout of a window of that size in points."""
    window = Box(0, 0, max(width, SMALLEST[0]), max(height, SMALLEST[1]))
    wide = window.width >= 0.95 * window.height
    if not analysing:
        return _wide_play(window) if wide else _tall_play(window)
    return _wide(window) if wide else _tall(window)


def _message(window: Box) -> tuple[Box, Box]:
    """Cut the line for messages off the bottom of a window without its margin."""
    return window.inset(_margin(window)).bottom_part(MESSAGE, 3)


def _wide_play(window: Box) -> Layout:
    margin = _margin(window)
    message, inner = _message(window)
    narrow = inner.width < NARROW
    if narrow:
        buttons, inner = _buttons(inner, margin * 0.6, PLAY_BUTTONS)
    panel_width = min(360.0, max(0.3 * window.width, 170.0))
    left = inner._replace(width=inner.width - panel_width - margin)
    panel = inner._replace(x=inner.right - panel_width, width=panel_width)
    if not narrow:
        buttons, left = _buttons(left, margin * 0.6, PLAY_BUTTONS)
    title, panel = panel.top_part(44, 6)
    card = 40.0 if panel.height < 420 else 48.0
    cards, panel = panel.top_part(2 * card + 6, 9)
    first, second = cards.top_part(card, 6)
    return _play_layout(window, left, (title, first, second), panel, (buttons, message))


def _tall_play(window: Box) -> Layout:
    message, inner = _message(window)
    title, inner = inner.top_part(44, 6)
    cards, inner = inner.top_part(40, 5)
    first, second = cards.columns(2, 6)
    buttons, inner = _buttons(inner, 6, PLAY_BUTTONS)
    board, inner = inner.top_part(min(inner.height - 150, inner.width * 0.98 + 40), 6)
    return _play_layout(window, board, (title, first, second), inner, (buttons, message))


def _play_layout(
    window: Box,
    board: Box,
    heads: tuple[Box, Box, Box],
    panel: Box,
    below: tuple[tuple[Box, ...], Box],
) -> Layout:
    """Return the layout whose panel has the strength, then a card and the graph."""
    slider, panel = panel.top_part(SLIDER, 8)
    nothing = Box(panel.x, panel.bottom, panel.width, 0)
    graph = nothing
    side_card = panel
    if panel.height >= 250:
        graph, side_card = panel.bottom_part(PLAY_GRAPH, 8)
    elif panel.height < 170:  # it may then cover the strength
        side_card = Box(panel.x, slider.y, panel.width, panel.bottom - slider.y)
    return Layout(
        window,
        board,
        heads[0],
        heads[1:],
        nothing,
        nothing,
        nothing,
        1,
        nothing,
        slider,
        (),
        graph,
        below[0],
        below[1],
        PLAY_BUTTONS,
        side_card,
    )


def _margin(window: Box) -> float:
    return 16 if min(window.width, window.height) >= 560 else 9


def _wide(window: Box) -> Layout:
    margin = _margin(window)
    message, inner = _message(window)
    narrow = inner.width < NARROW
    if narrow:  # controls below everything, or they would be too small to hit
        buttons, inner = _buttons(inner, margin * 0.6, BUTTONS)
        overlays, inner = _overlays(inner)
    panel_width = min(440.0, max(0.36 * window.width, 190.0))
    left = inner._replace(width=inner.width - panel_width - margin)
    panel = inner._replace(x=inner.right - panel_width, width=panel_width)
    if not narrow:
        buttons, left = _buttons(left, margin * 0.6, BUTTONS)
        overlays, panel = _overlays(panel)
    graph = Box(left.x, left.bottom, left.width, 0)
    if left.height >= 400:
        graph, left = left.bottom_part(min(104.0, left.height * 0.16), margin * 0.6)
    title, panel = panel.top_part(44, 6)
    tight = panel.height < 520
    card = 40.0 if tight else 48.0
    cards, panel = panel.top_part(2 * card + 6, 9)
    first, below = cards.top_part(card, 6)
    slider, panel = panel.bottom_part(SLIDER, 5)
    line = forecast = Box(panel.x, panel.bottom, panel.width, 0)
    if panel.height >= 170:
        line, panel = panel.bottom_part(LINE if tight else 76.0, 6)
    if panel.height >= 130:
        forecast, panel = panel.top_part(FORECAST, 7)
    head, goals = panel.top_part(HEAD, 1)
    columns = 2 if goals.width >= 560 else 1
    return Layout(
        window,
        left,
        title,
        (first, below),
        forecast,
        head,
        goals,
        columns,
        line,
        slider,
        overlays,
        graph,
        buttons,
        message,
        BUTTONS,
        head._replace(height=goals.bottom - head.y),
    )


def _tall(window: Box) -> Layout:
    message, inner = _message(window)
    title, inner = inner.top_part(44, 6)
    cards, inner = inner.top_part(40, 5)
    first, second = cards.columns(2, 6)
    board, inner = inner.top_part(min(inner.height * 0.56, inner.width * 0.98 + 40), 6)
    buttons, inner = _buttons(inner, 6, BUTTONS)
    overlays, inner = _overlays(inner)
    slider, inner = inner.bottom_part(SLIDER, 2)
    graph = line = forecast = Box(inner.x, inner.bottom, inner.width, 0)
    if inner.height >= 110:
        forecast, inner = inner.top_part(FORECAST, 5)
    if inner.height >= 180:
        line, inner = inner.bottom_part(LINE, 5)
    if inner.height >= 230:
        graph, inner = inner.bottom_part(min(90.0, inner.height * 0.3), 5)
    head, goals = inner.top_part(HEAD, 1)
    return Layout(
        window,
        board,
        title,
        (first, second),
        forecast,
        head,
        goals,
        2,
        line,
        slider,
        overlays,
        graph,
        buttons,
        message,
        BUTTONS,
        head._replace(height=goals.bottom - head.y),
    )


def _buttons(area: Box, gap: float, commands: tuple[Command, ...]) -> tuple[tuple[Box, ...], Box]:
    """Cut the buttons off the bottom, in one row if they fit, else in two."""
    count = len(commands)
    rows = 1 if area.width >= count * 52 else 2
    height = BUTTON if rows == 1 else 25.0
    bar, rest = area.bottom_part(rows * height + (rows - 1) * 4, gap)
    return tuple(bar.grid(count, -(-count // rows), 4)), rest


def _overlays(area: Box) -> tuple[tuple[Box, ...], Box]:
    """Cut the switches off the bottom."""
    count = len(OVERLAYS)
    rows = 1 if area.width >= count * 57 else 2
    bar, rest = area.bottom_part(rows * CHIP + (rows - 1) * 3, 5)
    return tuple(bar.grid(count, -(-count // rows), 4)), rest
