"""Drawing a scene, and finding the target under the mouse, from the same boxes."""

from __future__ import annotations

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.commands import BUDGETS, BUTTONS, OVERLAYS
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.layout import Layout
from rlhf_agents.play.viewer.pages import draw_page, page_target
from rlhf_agents.play.viewer.panels import (
    draw_button,
    draw_card,
    draw_forecast,
    draw_goals,
    draw_goals_head,
    draw_scrollbar,
    draw_slider,
    draw_title,
    slider_track,
)
from rlhf_agents.play.viewer.scene import Scene, Target, Ui
from rlhf_agents.play.viewer.theme import Theme
from rlhf_agents.play.viewer.timeline import (
    draw_graph,
    draw_hindsight,
    draw_line,
    line_boxes,
    ply_at,
)


def paint(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui) -> None:
    """Draw everything."""
    theme = ui.theme
    canvas.fill(theme.background)
    draw_title(canvas, layout.title, scene, theme)
    if scene.board is not None:
        scene.board.draw(canvas, layout.board, scene.view, theme)
    for seat, (box, card) in enumerate(zip(layout.cards, scene.cards, strict=False)):
        draw_card(canvas, box, card, (seat, scene.board), theme)
    _paint_analysis(canvas, layout, scene, ui)
    _paint_controls(canvas, layout, scene, ui)
    if scene.banner:
        _paint_banner(canvas, layout.board, scene, theme)
    if ui.page:
        draw_page(canvas, layout.window, ui)
    if ui.toast:
        _paint_toast(canvas, layout, ui)


def _paint_analysis(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui) -> None:
    theme = ui.theme
    if "forecast" in ui.shown and not layout.forecast.empty:
        draw_forecast(canvas, layout.forecast, scene, theme)
    if scene.goals:
        draw_goals_head(canvas, layout.goals_head, scene, theme)
        boxes = layout.goal_boxes(ui.scroll, len(scene.goals))
        draw_goals(canvas, boxes, scene, ui.pointed("goal"), theme)
        rows = -(-len(scene.goals) // layout.goal_columns)
        part = (ui.scroll, layout.goal_rows(), rows)
        draw_scrollbar(canvas, layout.goals, part, theme)
    if not layout.line.empty:
        if scene.achieved is not None:
            draw_hindsight(canvas, layout.line, scene, theme)
        elif scene.line:
            draw_line(canvas, layout.line, scene, ui.pointed("line"), theme)
    if "graph" in ui.shown and not layout.graph.empty:
        draw_graph(canvas, layout.graph, scene, ui.pointed("graph"), theme)


def _paint_controls(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui) -> None:
    theme = ui.theme
    for box, command in zip(layout.buttons, BUTTONS, strict=True):
        pointed = ui.pointed("command") == command.name
        on = command.name == "pause" and scene.paused
        draw_button(
            canvas, box, _label(command.name, command.label, scene), (pointed, on, 13), theme
        )
    for box, name in zip(layout.overlays, OVERLAYS, strict=True):
        pointed = ui.pointed("overlay") == name
        draw_button(canvas, box, name, (pointed, name in ui.shown, 11), theme)
    if scene.nodes is None:
        draw_slider(canvas, layout.slider, -1, "fixed", theme)
    else:
        place = budget_place(scene.nodes) / (len(BUDGETS) - 1)
        draw_slider(canvas, layout.slider, place, budget_text(scene.nodes), theme)


def _label(name: str, label: str, scene: Scene) -> str:
    if name == "pause" and scene.paused:
        return "Resume"
    return f"{scene.speed:g}\u00d7" if name == "faster" else label


def budget_place(nodes: int) -> int:
    """Return the index of the budget nearest to a number of nodes."""
    return min(range(len(BUDGETS)), key=lambda i: abs(BUDGETS[i] - nodes))


def budget_text(nodes: int) -> str:
    """Return a budget in words."""
    if nodes == 0:
        return "network only"
    return "one move ahead" if nodes == 1 else f"{nodes:,} positions"


def _paint_banner(canvas: Canvas, board: Box, scene: Scene, theme: Theme) -> None:
    """Write the result at the top of the board's box."""
    fill, ink = theme.raised, theme.text
    if scene.winner is not None:
        fill, ink = theme.seats[scene.winner], theme.on_seats[scene.winner]
    size = 19.0
    width = min(board.width - 8, canvas.text_width(scene.banner, size, bold=True) + 44)
    box = Box(board.centre[0] - width / 2, board.y + 4, width, 38)
    canvas.box(box, fill, 12)
    room = width - 16
    size = min(size, size * room / max(1.0, canvas.text_width(scene.banner, size, bold=True)))
    canvas.text(box.centre, scene.banner, max(11.0, size), ink, anchor="mm", bold=True, width=room)


def _paint_toast(canvas: Canvas, layout: Layout, ui: Ui) -> None:
    """Write a message in front of everything."""
    room = layout.window.width - 40
    text = canvas.fitted(ui.toast, 14, room - 28)
    width = canvas.text_width(text, 14) + 28
    y = layout.buttons[0].y - 46
    box = Box(layout.window.centre[0] - width / 2, y, width, 34)
    canvas.box(box, ui.theme.text, 10)
    canvas.text(box.centre, text, 14, ui.theme.background, anchor="mm")


def target_at(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui, point: Point) -> Target | None:
    """Return the target under a point, or None."""
    if ui.page:
        return page_target(layout.window, ui, point)
    return _control_at(layout, scene, point) or _thing_at(canvas, layout, scene, ui, point)


def _control_at(layout: Layout, scene: Scene, point: Point) -> Target | None:
    for box, command in zip(layout.buttons, BUTTONS, strict=True):
        if box.contains(point):
            return Target("command", command.name)
    for box, name in zip(layout.overlays, OVERLAYS, strict=True):
        if box.contains(point):
            return Target("overlay", name)
    if layout.slider.contains(point) and scene.nodes is not None:
        return Target("slider", slider_value(layout, point[0]))
    for seat, box in enumerate(layout.cards):
        if box.contains(point) and scene.cards:
            return Target("card", seat)
    return None


def slider_value(layout: Layout, x: float) -> int:
    """Return the index of the budget for a horizontal place of the knob."""
    track = slider_track(layout.slider)
    share = min(1.0, max(0.0, (x - track.x) / max(1.0, track.width)))
    return round(share * (len(BUDGETS) - 1))


def _thing_at(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui, point: Point) -> Target | None:
    for number, box in layout.goal_boxes(ui.scroll, len(scene.goals)):
        if box.contains(point):
            return Target("goal", scene.goals[number].name)
    if scene.achieved is None and layout.line.contains(point) and scene.line:
        boxes = line_boxes(canvas, layout.line, scene.line)
        hit = (i for i, box in enumerate(boxes) if box.contains(point))
        return Target("line", next(hit, 0))
    if scene.standing and layout.graph.contains(point):
        return Target("graph", ply_at(layout.graph, point[0], len(scene.standing)))
    if scene.board is not None and layout.board.contains(point):
        action = scene.board.action_at(layout.board, point, scene.view)
        if action is not None:
            return Target("move", action)
        piece = scene.board.piece_at(layout.board, point, scene.view)
        return None if piece is None else Target("piece", piece)
    return None
