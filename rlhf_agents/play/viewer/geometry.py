"""Rectangles in points, to divide the window."""

from __future__ import annotations

from typing import NamedTuple

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle in points; x to the right, y downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """The centre."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def empty(self) -> bool:
        """Whether it has no area."""
        return self.width <= 0 or self.height <= 0

    def contains(self, point: Point) -> bool:
        """Return whether a point lies inside."""
        return self.x <= point[0] < self.right and self.y <= point[1] < self.bottom

    def inset(self, by: float, vertical: float | None = None) -> Box:
        """Return the box without a margin."""
        down = by if vertical is None else vertical
        return Box(
            self.x + by, self.y + down, max(0, self.width - 2 * by), max(0, self.height - 2 * down)
        )

    def top_part(self, height: float, gap: float = 0) -> tuple[Box, Box]:
        """Cut off the top: return it and the rest below a gap."""
        height = min(height, self.height)
        rest = max(0, self.height - height - gap)
        return (
            Box(self.x, self.y, self.width, height),
            Box(self.x, self.bottom - rest, self.width, rest),
        )

    def bottom_part(self, height: float, gap: float = 0) -> tuple[Box, Box]:
        """Cut off the bottom: return it and the rest above a gap."""
        height = min(height, self.height)
        rest = max(0, self.height - height - gap)
        return (
            Box(self.x, self.bottom - height, self.width, height),
            Box(self.x, self.y, self.width, rest),
        )

    def columns(self, count: int, gap: float = 0) -> list[Box]:
        """Divide it into equal columns."""
        width = (self.width - gap * (count - 1)) / count
        return [Box(self.x + i * (width + gap), self.y, width, self.height) for i in range(count)]

    def grid(self, count: int, per_row: int, gap: float = 0) -> list[Box]:
        """Divide it into `count` equal boxes, row by row."""
        rows = -(-count // per_row)
        height = (self.height - gap * (rows - 1)) / rows
        boxes = []
        for row in range(rows):
            line = Box(self.x, self.y + row * (height + gap), self.width, height)
            boxes += line.columns(per_row, gap)
        return boxes[:count]

    def fitted(self, aspect: float) -> Box:
        """Return the largest box with an aspect (width / height) in the centre of this one."""
        width = min(self.width, self.height * aspect)
        height = width / aspect
        x, y = self.x + (self.width - width) / 2, self.y + (self.height - height) / 2
        return Box(x, y, width, height)
