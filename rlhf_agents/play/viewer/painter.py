"""Drawing a scene, and finding the target under the mouse, from the same boxes."""

from __future__ import annotations

from collections.abc import Iterator

from rlhf_agents.play.viewer.boards.base import Board
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.cards.pages import draw_page, page_target
from rlhf_agents.play.viewer.cards.side_card_panel import draw_side_card, side_card_buttons
from rlhf_agents.play.viewer.commands import OVERLAYS, Command
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.layout import GOAL_ROW, Layout
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
    mistake_at,
    ply_at,
)

PLAY_KEYS = "H hint   A analyse   U take back   N new game   F1 all keys"
ANALYSIS_KEYS = "A back to playing   E next mistake   1 to 9 choose a goal   F1 all keys"


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
    if scene.side_card is not None:
        draw_side_card(canvas, layout.side_card, scene.side_card, ui.pointed("command"), theme)
    if scene.banner:
        _paint_banner(canvas, layout.board, scene, theme)
    _paint_message(canvas, layout, ui)
    if ui.page:
        draw_page(canvas, layout.window, scene, ui)


def _paint_analysis(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui) -> None:
    theme = ui.theme
    if ui.shows("forecast") and not layout.forecast.empty:
        draw_forecast(canvas, layout.forecast, scene, theme)
    if scene.goals and ui.analysing and scene.side_card is None:
        draw_goals_head(canvas, layout.goals_head, scene, theme)
        boxes = layout.goal_boxes(ui.scroll, len(scene.goals))
        draw_goals(canvas, boxes, scene, ui.pointed("goal"), theme)
        rows = -(-len(scene.goals) // layout.goal_columns)
        part = (ui.scroll, layout.goal_rows(), rows)
        draw_scrollbar(canvas, layout.goals, part, GOAL_ROW, theme)
    if not layout.line.empty:
        if scene.achieved is not None:
            draw_hindsight(canvas, layout.line, scene, theme)
        elif scene.line:
            draw_line(canvas, layout.line, scene, ui.pointed("line"), theme)
    if scene.standing and not layout.graph.empty:
        draw_graph(canvas, layout.graph, scene, ui.pointed("graph"), theme)


def _paint_controls(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui) -> None:
    theme = ui.theme
    for box, command in zip(layout.buttons, layout.commands, strict=True):
        pointed = ui.pointed("command") == command.name
        label = _label(command, scene, ui)
        draw_button(canvas, box, label, (pointed, _is_on(command.name, scene, ui), 13), theme)
    for box, name in zip(layout.overlays, OVERLAYS, strict=False):
        pointed = ui.pointed("overlay") == name
        draw_button(canvas, box, name, (pointed, name in ui.shown, 11), theme)
    strengths = scene.strengths
    place = -1.0 if strengths.names else None
    if strengths.place is not None:
        place = strengths.place / (len(strengths.names) - 1)
    if scene.side_card is None or not layout.side_card.contains(layout.slider.centre):
        draw_slider(canvas, layout.slider, place, strengths.words(), theme)


def _is_on(name: str, scene: Scene, ui: Ui) -> bool:
    return (name == "pause" and scene.paused) or (name == "sound" and ui.sound)


def _label(command: Command, scene: Scene, ui: Ui) -> str:
    if command.name == "pause" and scene.paused:
        return "Resume"
    if command.name == "analyse" and ui.analysing:
        return "Play"
    return f"{scene.speed:g}\u00d7" if command.name == "faster" else command.label


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
    size = canvas.fitting(scene.banner, size, room, 11, bold=True)
    canvas.text(box.centre, scene.banner, size, ink, anchor="mm", bold=True, width=room)


def _paint_message(canvas: Canvas, layout: Layout, ui: Ui) -> None:
    """Write a message into its own line; if there is none, the most important keys."""
    box, theme = layout.message, ui.theme
    if ui.toast:
        canvas.box(box, theme.text, 5)
        canvas.text(box.centre, ui.toast, 13, theme.background, anchor="mm", width=box.width - 12)
        return
    keys = ANALYSIS_KEYS if ui.analysing else PLAY_KEYS
    canvas.text((box.x, box.centre[1]), keys, 12, theme.faint, width=box.width)


def target_at(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui, point: Point) -> Target | None:
    """Return the target under a point, or None."""
    if ui.page:
        return page_target(layout.window, scene, ui, point)
    return _control_at(layout, scene, point) or _thing_at(canvas, layout, scene, ui, point)


def _control_at(layout: Layout, scene: Scene, point: Point) -> Target | None:
    for box, target in _controls(layout, scene):
        if box.contains(point):
            return target
    covered = scene.side_card is not None and layout.side_card.contains(point)
    if layout.slider.contains(point) and scene.strengths.names and not covered:
        return Target("slider", slider_value(layout, scene, point[0]))
    return None


def _controls(layout: Layout, scene: Scene) -> Iterator[tuple[Box, Target]]:
    """Yield the boxes of everything that is clicked as a whole."""
    for box, command in zip(layout.buttons, layout.commands, strict=True):
        yield box, Target("command", command.name)
    if scene.side_card is not None:
        for box, name in side_card_buttons(layout.side_card, scene.side_card):
            yield box, Target("command", name)
    for box, name in zip(layout.overlays, OVERLAYS, strict=False):
        yield box, Target("overlay", name)
    if scene.cards:
        for seat, box in enumerate(layout.cards):
            yield box, Target("card", seat)


def slider_value(layout: Layout, scene: Scene, x: float) -> int:
    """Return the index of the strength for a horizontal place of the knob."""
    track = slider_track(layout.slider)
    share = min(1.0, max(0.0, (x - track.x) / max(1.0, track.width)))
    return round(share * (len(scene.strengths.names) - 1))


def _thing_at(canvas: Canvas, layout: Layout, scene: Scene, ui: Ui, point: Point) -> Target | None:
    for number, box in layout.goal_boxes(ui.scroll, len(scene.goals)):
        if scene.side_card is None and box.contains(point):
            return Target("goal", scene.goals[number].name)
    if scene.achieved is None and layout.line.contains(point) and scene.line:
        boxes = line_boxes(canvas, layout.line, scene.line)
        hit = (i for i, box in enumerate(boxes) if box.contains(point))
        return Target("line", next(hit, 0))
    if scene.standing and layout.graph.contains(point):
        return _graph_target(layout.graph, scene, point)
    if scene.board is not None and layout.board.contains(point):
        return _board_target(scene.board, layout.board, scene, point)
    return None


def _graph_target(graph: Box, scene: Scene, point: Point) -> Target:
    mistake = mistake_at(graph, point, scene)
    if mistake is not None:
        return Target("mistake", mistake)
    return Target("graph", ply_at(graph, point[0], len(scene.standing)))


def _board_target(board: Board, box: Box, scene: Scene, point: Point) -> Target | None:
    action = board.action_at(box, point, scene.view)
    if action is not None:
        return Target("move", action)
    piece = board.piece_at(box, point, scene.view)
    return None if piece is None else Target("piece", piece)
