"""Pages that cover the window: the start card, the keys, saved games, formats to save in."""

from __future__ import annotations

from rlhf_agents.play.board_cells import Stones
from rlhf_agents.play.saved_games import FORMAT_NAMES
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.commands import help_lines
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.scene import Scene, Target, Ui
from rlhf_agents.play.viewer.start_card import draw_start, start_target
from rlhf_agents.play.viewer.theme import Theme

FILE_ROW = 50.0
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
        _draw_help(canvas, page, theme)
    elif ui.page == "open":
        _draw_files(canvas, page, ui)
    else:
        _draw_formats(canvas, window, ui)


def _page(window: Box) -> Box:
    width, height = min(window.width - 16, 860), min(window.height - 16, 640)
    x, y = window.centre
    return Box(x - width / 2, y - height / 2, width, height)


def _draw_help(canvas: Canvas, page: Box, theme: Theme) -> None:
    """Write all keys in one or two columns, as large as fits."""
    lines = help_lines()
    body = page.inset(22).top_part(30, 0)[1]
    columns = 2 if body.width >= 420 or body.height < 17 * len(lines) else 1
    rows = -(-len(lines) // columns)
    pitch = min(28.0, body.height / rows)
    size = min(14.0, max(8.0, pitch * 0.62), max(9.5, body.width / columns / 24))
    for number, (keys, meaning) in enumerate(lines):
        column = body.columns(columns, 18)[number // rows]
        y = body.y + (number % rows + 0.5) * pitch
        share = 0.38 * column.width
        canvas.text((column.x, y), keys, size, theme.text, bold=True, width=share - 6)
        canvas.text((column.x + share, y), meaning, size, theme.muted, width=column.width - share)


def _file_boxes(window: Box, count: int) -> list[Box]:
    body = _page(window).inset(18).top_part(36, 0)[1]
    fit = min(count, int(body.height // FILE_ROW))
    return [Box(body.x, body.y + i * FILE_ROW, body.width, FILE_ROW - 3) for i in range(fit)]


def _draw_files(canvas: Canvas, page: Box, ui: Ui) -> None:
    theme = ui.theme
    if not ui.files:
        text = "no saved game in this folder: ctrl+s saves one; or drop a file here"
        canvas.text(page.centre, text, 14, theme.muted, anchor="mm", width=page.width - 30)
        return
    window = Box(0, 0, *canvas.size)
    for i, box in enumerate(_file_boxes(window, len(ui.files))):
        canvas.box(box, theme.raised if ui.pointed("file") == i else theme.background, 7)
        saved = ui.files[i]
        picture = Box(box.x + 5, box.y + 4, 46, box.height - 8)
        if saved.stones is not None:
            _draw_thumbnail(canvas, picture, saved.stones, theme)
        left, room = box.x + 62, box.width - 72
        players = " against ".join(name for name in saved.players if name)
        words = " \u00b7 ".join(word for word in (saved.date, players, saved.result) if word)
        canvas.text((left, box.y + 15), words, 14, theme.text, width=room)
        canvas.text((left, box.bottom - 14), saved.path.name, 12, theme.faint, width=room)


def _draw_thumbnail(canvas: Canvas, box: Box, stones: Stones, theme: Theme) -> None:
    """Draw a position, small."""
    rows, columns = stones.shape
    area = box.fitted(columns / rows)
    cell = area.width / columns
    canvas.box(area, theme.hole, 3)
    for row in range(rows):
        for column in range(columns):
            seat = int(stones[row, column]) - 1
            if seat >= 0:
                centre = (area.x + (column + 0.5) * cell, area.y + (row + 0.5) * cell)
                canvas.disc(centre, max(1.0, cell * 0.42), theme.seats[seat])


def _draw_formats(canvas: Canvas, window: Box, ui: Ui) -> None:
    """List the formats in which the game can be saved, with the number keys that choose them."""
    theme = ui.theme
    for i, box in enumerate(_file_boxes(window, len(ui.formats))):
        canvas.box(box, theme.raised if ui.pointed("format") == i else theme.background, 7)
        middle = box.centre[1]
        key = "1 or enter" if i == 0 else str(i + 1)
        canvas.text((box.x + 14, middle), key, 13, theme.faint)
        text = FORMAT_NAMES[ui.formats[i]]
        canvas.text((box.x + 96, middle), text, 15, theme.text, width=box.width - 110)


def page_target(window: Box, scene: Scene, ui: Ui, point: Point) -> Target:
    """Return the target under a point of a page: a choice, a file, or the page itself."""
    if ui.page == "start":
        return start_target(window, scene, point)
    entries = {"open": ("file", len(ui.files)), "save": ("format", len(ui.formats))}
    if ui.page in entries:
        kind, count = entries[ui.page]
        for i, box in enumerate(_file_boxes(window, count)):
            if box.contains(point):
                return Target(kind, i)
    inside = _page(window).contains(point)
    return Target("page", "inside" if inside else "outside")
