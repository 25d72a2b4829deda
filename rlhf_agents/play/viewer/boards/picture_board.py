"""The board of games whose positions and moves a `pictures.Reader` understands.

Subclasses say where the cells lie and how the ground and the pieces look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import Cell
from rlhf_agents.play.pictures.base import NEUTRAL, MisreadError, Picture, Reader
from rlhf_agents.play.viewer.boards.base import BoardView, LineMove
from rlhf_agents.play.viewer.boards.clicks import Clicks, Paths, code, decode
from rlhf_agents.play.viewer.boards.grid import FRAME, NAMES, STONE, VALUES, draw_stone
from rlhf_agents.play.viewer.boards.marks import (
    SMALLEST,
    chooser_boxes,
    draw_arrow,
    draw_buttons,
    draw_chooser,
    draw_ghosts,
    draw_notes,
    draw_values,
)
from rlhf_agents.play.viewer.boards.places import (
    Places,
    moving_place,
    origins_of,
    place_cells,
    square_offsets,
    towards,
)
from rlhf_agents.play.viewer.boards.text import TextBoard
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box, Point
from rlhf_agents.play.viewer.theme import Theme, blend


@dataclass(frozen=True)
class Shown:
    """What a view means.

    Attributes:
        picture: the position.
        paths: the cells of the legal moves.
        clicks: the moves that begin with the cells picked.
    """

    picture: Picture
    paths: Paths
    clicks: Clicks


class PictureBoard:
    """Draws a game that a reader understands; what it does not understand is shown as text.

    Args:
        reader: of the game.
        upside_down: whether the first player's side is the last row only if the board is turned.

    Attributes:
        flipped: whether the second player's side is at the bottom.
    """

    named = False
    """Whether rows and columns have their names beside the board."""
    reach = 0.72
    """How far from its centre a cell is clicked, in cells."""
    hand_size = 1.0
    """The size of cells in hands."""
    choice_width = 46.0
    """The width of an entry of the list from which the rest of a move is chosen."""

    def __init__(self, reader: Reader, *, upside_down: bool = False) -> None:
        self.reader = reader
        self.flipped = False
        self._upside_down = upside_down
        self._text = TextBoard()
        self._placed: tuple[tuple[Box, bool], Places] | None = None
        self._known: tuple[object, tuple[Picture, Paths] | None] = (None, None)

    # ---- what a view means

    def shown(self, view: BoardView) -> Shown | None:
        """Return what a view means, None if it has no position or the reader misreads it."""
        stones = None if view.stones is None else view.stones.tobytes()
        key = (view.text, stones, view.seat, view.legal.tobytes(), len(view.names))
        if key != self._known[0]:
            self._known = (key, self._understood(view))
        found = self._known[1]
        if found is None:
            return None
        picked = decode(view.picked, self.reader.shape)
        return Shown(*found, Clicks(found[1], picked))

    def _understood(self, view: BoardView) -> tuple[Picture, Paths] | None:
        if view.stones is None:
            return None
        try:
            picture = Picture(view.stones, {}) if view.text is None else self.reader.read(view.text)
        except MisreadError:
            return None
        legal = np.flatnonzero(view.legal).tolist() if view.names else []
        path = self.reader.path
        return picture, {a: path(view.names[a], a, view.seat, picture) for a in legal}

    # ---- geometry

    def offsets(self) -> tuple[dict[Cell, Point], Point]:
        """Return the centres of the cells, and the size of the lattice, in cells."""
        rows, columns = self.reader.shape
        return square_offsets(rows, columns), (columns, rows)

    def board_area(self, box: Box) -> Box:
        """Return the part of a box in which the cells lie."""
        area = box.inset(FRAME).top_part(VALUES)[1]
        return area.inset(NAMES, NAMES / 2) if self.named else area

    def places(self, box: Box) -> Places:
        """Return the places of the cells in a box."""
        key = (box, self.flipped)
        if self._placed is None or key != self._placed[0]:
            offsets, size = self.offsets()
            turned = self.flipped != self._upside_down
            places = place_cells(self.board_area(box), offsets, size, turned=turned)
            self._placed = (key, places)
        return self._placed[1]

    def cell_centre(self, box: Box, cell: Cell) -> Point:
        """Return the centre of a cell, see `Board`."""
        return self.places(box).centres[cell]

    def action_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the legal action that a click plays, see `Board`."""
        shown = self.shown(view)
        if shown is None:
            return self._text.action_at(box, point, view)
        for action, chip in self._chips(box, view, shown):
            if chip.contains(point):
                return action
        if shown.clicks.choices or not box.contains(point):
            return None
        if set(shown.paths) == set(shown.clicks.buttons) and len(shown.paths) == 1:
            return next(iter(shown.paths))  # the only move is a pass
        return self.played_at(self.places(box), point, shown)

    def played_at(self, places: Places, point: Point, shown: Shown) -> int | None:
        """Return the action that a click on a point of the cells plays."""
        cell = self._next_at(places, point, shown)
        return None if cell is None else shown.clicks.action(cell)

    def _next_at(self, places: Places, point: Point, shown: Shown) -> Cell | None:
        """Return the cell under a point if it can be clicked next."""
        return places.nearest(point, shown.clicks.nexts(), self.reach)

    def piece_at(self, box: Box, point: Point, view: BoardView) -> int | None:
        """Return the cells picked after a click that plays no move, see `Board`."""
        shown = self.shown(view)
        if shown is None or not box.contains(point):
            return None
        clicks, shape = shown.clicks, self.reader.shape
        if clicks.choices:
            return view.picked  # a click beside the list closes it
        cell = self._next_at(self.places(box), point, shown)
        if cell is not None:
            return code((*clicks.picked, cell), shape)
        first = self.places(box).nearest(point, clicks.firsts, self.reach)
        return None if first is None else code((first,), shape)

    def neighbour(self, action: int, step: LineMove, legal: NDArray[np.bool_]) -> int | None:
        """Return the next legal action in a direction, see `Board`."""
        paths = self._known[1][1] if self._known[1] else {}
        centres = self.offsets()[0]
        sign = -1 if self.flipped != self._upside_down else 1
        ends = {a: centres.get(path[-1], (0, 0)) for a, path in paths.items() if path and legal[a]}
        choices = np.flatnonzero(legal).tolist()
        if action not in ends or len(ends) < len(choices):
            if not choices:
                return action
            place = int(np.searchsorted(choices, action)) + sum(step)
            return int(choices[place % len(choices)])
        return towards(ends, action, (sign * step[0], sign * step[1]))

    def _chips(self, box: Box, view: BoardView, shown: Shown) -> list[tuple[int, Box]]:
        """Return the boxes of the moves that are chosen from a list or by a button."""
        choices = shown.clicks.choices
        if choices:
            at = self.places(box).centres[shown.clicks.picked[-1]]
            return list(
                zip(choices, chooser_boxes(box, at, len(choices), self.choice_width), strict=True)
            )
        band = box.inset(FRAME).top_part(VALUES)[0]
        width = min(96.0, band.width / max(2, len(shown.clicks.buttons)))
        buttons = reversed(shown.clicks.buttons)
        return [
            (action, Box(band.right - (i + 1) * width, band.y + 6, width - 6, VALUES - 16))
            for i, action in enumerate(buttons)
        ]

    # ---- drawing

    def draw(self, canvas: Canvas, box: Box, view: BoardView, theme: Theme) -> None:
        """Draw the board, see `Board`."""
        shown = self.shown(view)
        places = self.places(box)
        if shown is None:
            if view.text:
                self._text.draw(canvas, box, view, theme)
            else:
                self.draw_ground(canvas, places, None, theme)
            return
        self.draw_ground(canvas, places, shown.picture, theme)
        if self.named:
            self.draw_names(canvas, places, theme)
        self.draw_last(canvas, places, view, theme)
        self.draw_heat(canvas, places, view, shown, theme)
        self.draw_pieces(canvas, places, shown.picture, view, theme)
        self.draw_marks(canvas, places, view, shown, theme)
        draw_ghosts(canvas, places, view, theme)
        draw_values(canvas, places, view, shown.clicks, theme)
        draw_notes(canvas, box, self.notes(shown.picture, view), theme)
        chips = self._chips(box, view, shown)
        if shown.clicks.choices:
            draw_chooser(canvas, chips, self.draw_choice, view, theme)
        else:
            draw_buttons(canvas, chips, view, theme)

    def notes(self, picture: Picture, view: BoardView) -> Mapping[str, str]:
        """Return what to write of each player above the board, by "0" and "1"."""
        del view
        return picture.notes

    def draw_ground(
        self, canvas: Canvas, places: Places, picture: Picture | None, theme: Theme
    ) -> None:
        """Draw the board below the pieces."""
        raise NotImplementedError

    def draw_names(self, canvas: Canvas, places: Places, theme: Theme) -> None:
        """Write the names of rows and columns beside the board."""
        size = max(9.0, min(18.0, places.size * 0.3))
        rows, columns = self.reader.shape
        bottom_up = getattr(self.reader, "bottom_up", True)
        letters: str = getattr(self.reader, "letters", "abcdefghijklmnopqrstuvwxyz")
        heights = {row: y for (row, _), (_, y) in places.centres.items() if row < rows}
        for row, y in heights.items():
            name = str(rows - row if bottom_up else row + 1)
            canvas.text((places.area.x - NAMES / 2, y), name, size, theme.muted, anchor="mm")
        low = max(heights.values()) + places.size / 2
        for column in range(columns):
            x = next(x for cell, (x, _) in places.centres.items() if cell[1] == column)
            canvas.text((x, low + NAMES / 2), letters[column], size, theme.muted, anchor="mm")

    def draw_last(self, canvas: Canvas, places: Places, view: BoardView, theme: Theme) -> None:
        """Mark the cells that the last move has left and reached."""
        if view.before is None or view.stones is None or view.last is None:
            return
        mover = int(view.stones[view.last])
        for row, column in np.argwhere(view.before != view.stones).tolist():
            cell = (row, column)
            left = view.before[cell] == mover and view.stones[cell] == 0
            if (cell == view.last or left) and cell in places.centres:
                with canvas.faded(0.3):
                    self.draw_tint(canvas, places, cell, theme.accent)

    def draw_tint(
        self, canvas: Canvas, places: Places, cell: Cell, colour: tuple[int, int, int]
    ) -> None:
        """Colour the ground of a cell."""
        canvas.disc(places.centres[cell], places.size * 0.47, colour)

    def draw_heat(
        self, canvas: Canvas, places: Places, view: BoardView, shown: Shown, theme: Theme
    ) -> None:
        """Tint the cells of moves, stronger for better ones."""
        if view.values is None:
            return
        for cell, actions in shown.clicks.nexts().items():
            known = [float(view.values[a]) for a in actions if not np.isnan(view.values[a])]
            if known and cell in places.centres and shown.picture.owners.shape[0] > cell[0]:
                with canvas.faded(0.05 + 0.33 * max(known)):
                    self.draw_tint(canvas, places, cell, theme.seats[view.eyes])

    def draw_pieces(
        self, canvas: Canvas, places: Places, picture: Picture, view: BoardView, theme: Theme
    ) -> None:
        """Draw all pieces, the latest at the place of its animation."""
        moving = view.moving if view.moving and view.moving.progress < 1 else None
        origins = origins_of(view) if moving else {}
        for cell in sorted(places.centres):
            inside = cell[0] < len(picture.owners)
            owner = int(picture.owners[cell]) if inside else 1 + cell[0] - len(picture.owners)
            symbol = picture.symbols.get(cell, "")
            if (inside and not owner) or (not inside and not symbol):
                continue
            centre = places.centres[cell]
            size = places.size * (1.0 if inside else self.hand_size)
            if moving is not None and (moving.cell == cell or cell in origins):
                centre, size = moving_place(places, cell, origins.get(cell), moving.progress)
            self.draw_piece(canvas, centre, size, (symbol, owner - 1), theme)

    def draw_piece(
        self, canvas: Canvas, centre: Point, cell: float, what: tuple[str, int], theme: Theme
    ) -> None:
        """Draw the piece of a symbol and a seat."""
        symbol, seat = what
        if seat != NEUTRAL - 1:
            draw_stone(canvas, centre, cell * STONE, seat, theme)
        elif symbol:
            canvas.disc(centre, cell * 0.2, theme.muted)

    def draw_stone(
        self, canvas: Canvas, centre: Point, cell: float, seat: int, theme: Theme
    ) -> None:
        """Draw the stone of a seat, see `Board`."""
        draw_stone(canvas, centre, cell * STONE, seat, theme)

    def draw_choice(self, canvas: Canvas, chip: Box, label: str, seat: int, theme: Theme) -> None:
        """Draw an entry of the list from which the rest of a move is chosen."""
        size = min(14.0, chip.height * 0.45)
        canvas.text(chip.centre, label, size, theme.text, anchor="mm", width=chip.width - 4)

    # ---- marks

    def draw_marks(
        self, canvas: Canvas, places: Places, view: BoardView, shown: Shown, theme: Theme
    ) -> None:
        """Mark the picked cells, those that can be clicked next, the hint and the hovered move."""
        thick = max(2.0, places.size * 0.05)
        for cell in shown.clicks.picked:
            canvas.ring(places.centres[cell], places.size * 0.47, thick, theme.text)
        self._draw_dots(canvas, places, view, shown, theme)
        for action, hinted in ((view.chosen, False), (view.hint, True), (view.hover, False)):
            path = shown.paths.get(-1 if action is None else action, ())
            path = tuple(cell for cell in path if cell in places.centres)
            if not path:
                continue
            if action == view.hover and not hinted:
                self.draw_hover(canvas, places, path, view, theme)
            elif len(path) > 1:
                colour = theme.good if hinted else theme.seats[view.seat]
                ends = places.centres[path[0]], places.centres[path[-1]]
                draw_arrow(canvas, ends, places.size, colour)
            elif hinted:
                canvas.ring(places.centres[path[0]], places.size * 0.46, thick, theme.good)

    def first_marks(self, view: BoardView, shown: Shown) -> list[Cell]:
        """Return the cells to mark before anything is picked: opposing pieces to take off.

        What can be marked depends on the game alone: marks that come and go with the position
        would look like a message.
        """
        owners, theirs = shown.picture.owners, 2 - view.seat
        return [c for c in shown.clicks.nexts() if c[0] < len(owners) and owners[c] == theirs]

    def _draw_dots(
        self, canvas: Canvas, places: Places, view: BoardView, shown: Shown, theme: Theme
    ) -> None:
        """Mark the cells that a picked piece can go to, and what else is to be seen."""
        if view.values is not None and (not shown.clicks.picked or places.size >= SMALLEST):
            return  # the values say where a piece can go
        owners = shown.picture.owners
        nexts = shown.clicks.nexts() if shown.clicks.picked else self.first_marks(view, shown)
        for cell in nexts:
            if cell not in places.centres:
                continue
            if cell[0] < len(owners) and owners[cell] != 0:
                width = max(2.0, places.size * 0.06)
                canvas.ring(places.centres[cell], places.size * 0.46, width, theme.good)
            else:
                colour = blend(theme.seats[view.seat], theme.text, 0.25)
                with canvas.faded(0.7):
                    canvas.disc(places.centres[cell], places.size * 0.12, colour)

    def draw_hover(
        self,
        canvas: Canvas,
        places: Places,
        path: tuple[Cell, ...],
        view: BoardView,
        theme: Theme,
    ) -> None:
        """Show the move under the mouse."""
        end = places.centres[path[-1]]
        if len(path) > 1:
            draw_arrow(canvas, (places.centres[path[0]], end), places.size, theme.text)
        else:
            with canvas.faded(0.45):
                self.draw_piece(canvas, end, places.size, ("", view.seat), theme)
