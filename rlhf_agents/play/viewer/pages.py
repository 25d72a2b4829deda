"""Pages that cover the window: the keys, and the list of saved games."""

from __future__ import annotations

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.commands import help_lines
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.scene import Target, Ui
from rlhf_agents.play.viewer.theme import Theme

FILE_ROW = 32.0


def draw_page(canvas: Canvas, window: Box, ui: Ui) -> None:
    """Draw the page that is open."""
    theme = ui.theme
    with canvas.faded(0.72):
        canvas.box(window, theme.background)
    page = _page(window)
    canvas.box(page, theme.surface, 14)
    canvas.outline(page, theme.track, 14, 1)
    title = "Keys" if ui.page == "help" else "Saved games"
    canvas.text((page.x + 22, page.y + 26), title, 20, theme.text, bold=True)
    canvas.text((page.right - 22, page.y + 26), "esc closes", 12, theme.faint, anchor="rm")
    if ui.page == "help":
        _draw_help(canvas, page, theme)
    else:
        _draw_files(canvas, page, ui)


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
        place = (box.x + 12, box.centre[1])
        canvas.text(place, ui.files[i].name, 14, theme.text, width=box.width - 24)


def page_target(window: Box, ui: Ui, point: Point) -> Target:
    """Return the target under a point of a page: a file, or the page itself."""
    if ui.page == "open":
        for i, box in enumerate(_file_boxes(window, len(ui.files))):
            if box.contains(point):
                return Target("file", i)
    inside = _page(window).contains(point)
    return Target("page", "inside" if inside else "outside")
