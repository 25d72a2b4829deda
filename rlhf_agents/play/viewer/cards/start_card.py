"""The card on which a game begins: side, strength and goal."""

from __future__ import annotations

from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.panels import draw_button
from rlhf_agents.play.viewer.scene import Scene, StartChoice, Target
from rlhf_agents.play.viewer.theme import Theme

SIDES = (("first", "I begin"), ("second", "the agent begins"), ("random", "toss a coin"))
ROWS = ("side", "strength", "goal")
TITLES = ("Who begins?", "How strong is the agent?", "What does the agent play for?")
ALONE = (("win", "win"),)
"""The goals to choose from while the rules are being loaded."""
PAD = 20.0
ARROW = 34.0

Place = tuple[Box, str]
"""A box and the value of its target, such as "side:first"."""


def start_card_box(window: Box) -> Box:
    """Return the card in the middle of a window."""
    width, height = min(window.width - 16, 560), min(window.height - 16, 430)
    x, y = window.centre
    return Box(x - width / 2, y - height / 2, width, height)


def _rows(card: Box) -> tuple[list[Box], Box]:
    """Return the boxes of the three rows of choices, and of the button that begins the game."""
    inner = card.inset(PAD).top_part(34, 4)[1]
    button, inner = inner.bottom_part(min(42.0, inner.height * 0.16), 8)
    height = inner.height / 3.6
    side, inner = inner.top_part(height)
    strength, goal = inner.top_part(height * 1.5)
    return [side, strength, goal], button


def start_places(window: Box, scene: Scene) -> list[Place]:
    """Return everything on the card that can be clicked."""
    (side, strength, goal), button = _rows(start_card_box(window))
    places = [
        (box, f"side:{name}")
        for box, (name, _) in zip(_body(side).columns(3, 5), SIDES, strict=True)
    ]
    count = len(scene.strengths.names)
    boxes = _body(strength).grid(count, 4, 5) if count else []
    places += [(box, f"strength:{place}") for place, box in enumerate(boxes)]
    body = _body(goal)
    places.append((body._replace(width=ARROW), "goal:-1"))
    places.append((body._replace(x=body.right - ARROW, width=ARROW), "goal:1"))
    return [*places, (button, "begin")]


def _body(row: Box) -> Box:
    """Return a row without its title."""
    below = row.top_part(min(20.0, row.height * 0.36), 2)[1]
    return below._replace(height=max(14.0, below.height - 8))


def _chosen(choice: StartChoice, scene: Scene) -> int | None:
    """Return the place of the strength that is chosen, or else of the present one."""
    return scene.strengths.place if choice.strength is None else choice.strength


def start_target(window: Box, scene: Scene, point: Point) -> Target:
    """Return the target under a point: a choice, or the page itself."""
    for box, value in start_places(window, scene):
        if box.contains(point):
            return Target("start", value)
    inside = start_card_box(window).contains(point)
    return Target("page", "inside" if inside else "outside")


def choose(choice: StartChoice, value: str, scene: Scene) -> None:
    """Carry out a click on a choice such as "side:first"."""
    kind, _, what = value.partition(":")
    choice.row = ROWS.index(kind)
    if kind == "side":
        choice.side = what
    elif kind == "strength":
        choice.strength = int(what)
    else:
        names = [name for name, _ in scene.goal_texts or ALONE]
        choice.goal = names[(_index(names, choice.goal) + int(what)) % len(names)]


def move(choice: StartChoice, across: int, down: int, scene: Scene) -> None:
    """React to an arrow key: another row, or another value in it."""
    choice.row = (choice.row + down) % len(ROWS)
    if not across:
        return
    kind = ROWS[choice.row]
    if kind == "side":
        names = [name for name, _ in SIDES]
        choice.side = names[(names.index(choice.side) + across) % len(names)]
    elif kind == "strength":
        present = _chosen(choice, scene)
        last = len(scene.strengths.names) - 1
        place = last if present is None else present + across
        choice.strength = min(last, max(0, place)) if last > 0 else None
    else:
        choose(choice, f"goal:{across}", scene)


def _index(names: list[str], name: str) -> int:
    return names.index(name) if name in names else 0


def draw_start(
    canvas: Canvas, window: Box, scene: Scene, what: tuple[StartChoice, object], theme: Theme
) -> None:
    """Draw the card; `what` is the choices and the value of the target under the mouse."""
    choice, pointed = what
    card = start_card_box(window)
    canvas.box(card, theme.surface, 14)
    canvas.outline(card, theme.track, 14, 1)
    place = (card.x + PAD, card.y + PAD + 12)
    canvas.text(place, scene.title, 22, theme.text, bold=True, width=card.width - 2 * PAD)
    for number, (row, title) in enumerate(zip(_rows(card)[0], TITLES, strict=True)):
        ink = theme.text if choice.row == number else theme.muted
        height = min(20.0, row.height * 0.36)
        canvas.text((row.x, row.y + height / 2), title, min(13.0, height), ink, width=row.width)
    for box, value in start_places(window, scene):
        _draw_choice(canvas, box, value, (choice, scene, value == pointed), theme)
    rows = _rows(card)[0]
    _draw_strength(canvas, rows[1], choice, scene, theme)
    _draw_goal(canvas, _body(rows[2]), choice, scene, theme)


def _draw_strength(
    canvas: Canvas, row: Box, choice: StartChoice, scene: Scene, theme: Theme
) -> None:
    """Write what the name of the strength does not say, or why there is none to choose."""
    height = min(20.0, row.height * 0.36)
    place, size = (row.right, row.y + height / 2), min(13.0, height)
    if scene.strengths.names:
        detail = scene.strengths.detail(_chosen(choice, scene))
        canvas.text(place, detail, size, theme.muted, anchor="rm")
        return
    body = _body(row)
    words = "its strength is fixed" if scene.goal_texts else "still loading ..."
    canvas.text((body.x, body.centre[1]), words, 14, theme.text)


def _draw_choice(
    canvas: Canvas, box: Box, value: str, what: tuple[StartChoice, Scene, bool], theme: Theme
) -> None:
    choice, scene, pointed = what
    kind, _, name = value.partition(":")
    if value == "begin":
        canvas.box(box, theme.accent, 9)
        size = min(17.0, box.height * 0.6)
        canvas.text(box.centre, "Play", size, theme.background, anchor="mm", bold=True)
        return
    if kind == "goal":
        canvas.box(box, theme.track if pointed else theme.raised, 7)
        _draw_arrow(canvas, box, int(name), theme)
        return
    if kind == "side":
        label, on = dict(SIDES)[name], name == choice.side
    else:
        label, on = scene.strengths.names[int(name)], int(name) == _chosen(choice, scene)
    look = (pointed, on, min(14.0, box.height * 0.6))
    draw_button(canvas, box, label, look, theme, on_card=True)
    if on:
        canvas.outline(box, theme.accent, 7, 2)


def _draw_arrow(canvas: Canvas, box: Box, way: int, theme: Theme) -> None:
    x, y = box.centre
    points = [(x - 4 * way, y - 7), (x + 5 * way, y), (x - 4 * way, y + 7)]
    canvas.polygon(points, theme.text)


def _draw_goal(canvas: Canvas, body: Box, choice: StartChoice, scene: Scene, theme: Theme) -> None:
    texts = dict(scene.goal_texts or ALONE)
    text = texts.get(choice.goal, choice.goal)
    room = body.width - 2 * ARROW - 16
    canvas.text(body.centre, text, 15, theme.text, anchor="mm", width=room)
