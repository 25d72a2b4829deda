"""Pages that cover the window: the start card, the keys, saved games, formats to save in."""

from __future__ import annotations

from rlhf_agents.play.saved_games import FORMAT_NAMES, SavedGame
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.cards.start_card import draw_start, start_target
from rlhf_agents.play.viewer.cards.thumbnails import draw_thumbnail
from rlhf_agents.play.viewer.commands import help_lines
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.panels import draw_scrollbar
from rlhf_agents.play.viewer.scene import Scene, Target, Ui
from rlhf_agents.play.viewer.theme import Theme

ROWS = {"help": 21.0, "open": 66.0, "save": 44.0}
"""The height of a row of each page that is a list; those that do not fit are scrolled to."""
MOST_HELP_ROW = 28.0
HELP_SIZE = 13.0
NARROW = 640.0
"""Narrower pages have one column of keys."""
TITLES = {"help": "Keys", "open": "Saved games", "save": "Save the game as"}


def draw_page(canvas: Canvas, window: Box, scene: Scene, ui: Ui) -> None:
    """Draw the page that is open."""
    theme = ui.theme
    with canvas.faded(0.72):
        canvas.box(window, theme.background)
    if ui.page == "start":
        draw_start(canvas, window, scene, (ui.start, ui.pointed("start")), theme)
        return
    page = _page(window)
    canvas.box(page, theme.surface, 14)
    canvas.outline(page, theme.track, 14, 1)
    canvas.text((page.x + 22, page.y + 26), TITLES[ui.page], 20, theme.text, bold=True)
    canvas.text((page.right - 22, page.y + 26), "esc closes", 12, theme.faint, anchor="rm")
    if ui.page == "help":
        _draw_help(canvas, window, ui)
    elif ui.page == "open":
        _draw_files(canvas, window, scene, ui)
    else:
        _draw_formats(canvas, window, ui)
    body, visible = _body(window), _visible(window, ui)
    draw_scrollbar(
        canvas, body, (ui.page_scroll, visible, _count(window, ui)), ROWS[ui.page], theme
    )


# ---- rows ------------------------------------------------------------------------------------


def _page(window: Box) -> Box:
    width, height = min(window.width - 16, 860), min(window.height - 16, 640)
    x, y = window.centre
    return Box(x - width / 2, y - height / 2, width, height)


def _body(window: Box) -> Box:
    """Return the part of a page below its title."""
    return _page(window).inset(18).top_part(32, 0)[1]


def _count(window: Box, ui: Ui) -> int:
    """Return the number of rows of the page that is open."""
    if ui.page == "help":
        return -(-len(help_lines()) // _help_columns(window))
    return len(ui.files if ui.page == "open" else ui.formats)


def _help_columns(window: Box) -> int:
    return 1 if _page(window).width < NARROW else 2


def _visible(window: Box, ui: Ui) -> int:
    """Return the number of rows that fit."""
    return min(_count(window, ui), int(_body(window).height // ROWS[ui.page]))


def page_scroll_limit(window: Box, ui: Ui) -> int:
    """Return the largest number of rows to scroll on the page that is open."""
    return _count(window, ui) - _visible(window, ui) if ui.page in ROWS else 0


def _row_boxes(window: Box, ui: Ui) -> list[tuple[int, Box]]:
    """Return the visible rows: the index and the box of each."""
    body, height = _body(window), ROWS[ui.page]
    return [
        (ui.page_scroll + i, Box(body.x, body.y + i * height, body.width, height - 4))
        for i in range(_visible(window, ui))
    ]


# ---- pages -----------------------------------------------------------------------------------


def _draw_help(canvas: Canvas, window: Box, ui: Ui) -> None:
    """Write the keys in one or two columns."""
    lines, body, theme = help_lines(), _body(window), ui.theme
    rows, visible = _count(window, ui), _visible(window, ui)
    pitch = min(MOST_HELP_ROW, body.height / visible)
    for number, (keys, meaning) in enumerate(lines):
        column, row = divmod(number, rows)
        if not 0 <= row - ui.page_scroll < visible:
            continue
        box = body.columns(_help_columns(window), 18)[column]
        y = body.y + (row - ui.page_scroll + 0.5) * pitch
        share = 0.38 * box.width
        canvas.text((box.x, y), keys, HELP_SIZE, theme.text, bold=True, width=share - 6)
        room = box.width - share - 8
        canvas.text((box.x + share, y), meaning, HELP_SIZE, theme.muted, width=room)


def _draw_files(canvas: Canvas, window: Box, scene: Scene, ui: Ui) -> None:
    theme, page = ui.theme, _page(window)
    if not ui.files:
        text = "no saved game in this folder: ctrl+s saves one; or drop a file here"
        canvas.text(page.centre, text, 14, theme.muted, anchor="mm", width=page.width - 30)
        return
    for number, box in _row_boxes(window, ui):
        canvas.box(box, theme.raised if ui.pointed("file") == number else theme.background, 7)
        saved = ui.files[number]
        if scene.board is not None:
            picture = Box(box.x + 6, box.y + 4, 66, box.height - 8)
            draw_thumbnail(canvas, picture, (scene.board, saved), theme)
        _write_game(canvas, box, saved, theme)


def _write_game(canvas: Canvas, box: Box, saved: SavedGame, theme: Theme) -> None:
    """Write the players, the date and the result, and the file of a saved game."""
    left, room = box.x + 82, box.width - 90
    players = " against ".join(name for name in saved.players if name) or "a game"
    canvas.text((left, box.y + 13), players, 14, theme.text, bold=True, width=room)
    words = f"{saved.date} \u00b7 {saved.result}"
    canvas.text((left, box.y + 31), words, 13, theme.text, width=room)
    canvas.text((left, box.y + 48), saved.path.name, 12, theme.faint, width=room)


def _draw_formats(canvas: Canvas, window: Box, ui: Ui) -> None:
    """List the formats in which the game can be saved, with the number keys that choose them."""
    theme = ui.theme
    for number, box in _row_boxes(window, ui):
        canvas.box(box, theme.raised if ui.pointed("format") == number else theme.background, 7)
        middle = box.centre[1]
        key = "1 or enter" if number == 0 else str(number + 1)
        canvas.text((box.x + 14, middle), key, 13, theme.faint)
        text = FORMAT_NAMES[ui.formats[number]]
        canvas.text((box.x + 96, middle), text, 15, theme.text, width=box.width - 110)


def page_target(window: Box, scene: Scene, ui: Ui, point: Point) -> Target:
    """Return the target under a point of a page: a choice, a file, or the page itself."""
    if ui.page == "start":
        return start_target(window, scene, point)
    kinds = {"open": "file", "save": "format"}
    if ui.page in kinds:
        for number, box in _row_boxes(window, ui):
            if box.contains(point):
                return Target(kinds[ui.page], number)
    inside = _page(window).contains(point)
    return Target("page", "inside" if inside else "outside")
