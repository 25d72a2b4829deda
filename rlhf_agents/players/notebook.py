"""Explanations and forecasts as notebooks show them: the board, the values, the expected line."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from html import escape

import numpy as np

from rlhf_agents.players.board_parts import BOARD, CELL, COLOURS, GOOD, HOLE, RING, Row, stones_of
from rlhf_agents.search.explanation import Explanation, Forecast
from rlhf_agents.words import goal_words
from rlhf_games.base import MOVER, Game, States

MOST = 10
"""Moves in a table or a line; the best first."""


def board_svg(game: Game, state: States) -> str:
    """Return a position uint64 `[W]` as an SVG picture; as text if it has no board of stones."""
    written = game.text(state)
    if written is not None:
        return f"<pre>{escape(written)}</pre>"
    stones = stones_of(game, state)
    rows, columns = stones.shape
    size = f'width="{columns * CELL}" height="{rows * CELL}"'
    discs = [
        _disc(column, row, int(stones[row, column]))
        for row in range(rows)
        for column in range(columns)
    ]
    ground = f'<rect width="100%" height="100%" rx="8" fill="{BOARD}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{"".join(discs)}</svg>'


def _disc(column: int, row: int, owner: int) -> str:
    x, y = (column + 0.5) * CELL, (row + 0.5) * CELL
    fill = COLOURS[owner - 1] if owner else HOLE
    disc = f'<circle cx="{x}" cy="{y}" r="{0.42 * CELL:.1f}" fill="{fill}"/>'
    if owner == 2:
        width = 0.06 * CELL
        disc += (
            f'<circle cx="{x}" cy="{y}" r="{0.22 * CELL:.1f}" fill="none" '
            f'stroke="{RING}" stroke-width="{width:.1f}"/>'
        )
    return disc


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


@dataclass(frozen=True, repr=False)
class ShownExplanation(Explanation):
    """An explanation that knows its position, to be shown.

    Attributes:
        game: the rules.
        state: the position, uint64 `[W]`.
    """

    game: Game | None = field(default=None, compare=False)
    state: States | None = field(default=None, compare=False)

    @classmethod
    def of(cls, why: Explanation, game: Game, state: States) -> ShownExplanation:
        """Return an explanation with its position."""
        known = {each.name: getattr(why, each.name) for each in fields(Explanation)}
        return cls(**known, game=game, state=state)

    def _position(self) -> tuple[Game, States]:
        assert self.game is not None
        assert self.state is not None
        return self.game, self.state

    def _names(self) -> tuple[str, ...]:
        """Return the names of the mover's actions."""
        game, state = self._position()
        return game.names_of(int(game.mover(np.ascontiguousarray(state)[None])[0]))

    def _ranked(self) -> list[int]:
        """Return the best legal actions, those for the mover first."""
        order = np.argsort(-self.values, kind="stable")
        legal = [int(action) for action in order if not np.isnan(self.values[action])]
        return legal[:MOST]

    def _line(self) -> list[str]:
        """Return the labels of the expected moves."""
        game, state = self._position()
        states, labels = np.ascontiguousarray(state)[None], []
        for action in self.line[:MOST]:
            labels.append(game.label(states[0], action))
            states = game.step(states, np.array([action]))
        return labels

    def _worth(self, action: int) -> str:
        """Return the value of a move in words; a proven result has no percent beside it."""
        known = self.proof if action == self.action else ""
        return known or _percent(float(self.values[action]))

    def _rows(self) -> list[Row]:
        """Return the best moves with their values, exact where they are proven."""
        rows, names = [], self._names()
        for action in self._ranked():
            chosen, share = action == self.action, float(self.values[action])
            if chosen and self.proof and self.pursued == "win":
                share = round(2 * share) / 2
            rows.append((names[action], min(1.0, max(0.0, share)), chosen))
        return rows

    def __repr__(self) -> str:
        game, _ = self._position()
        names = self._names()
        who = "plays" if self.seat == MOVER else "expects"
        worth = self._worth(self.action)
        moves = ", ".join(f"{names[a]} {self._worth(a)}" for a in self._ranked())
        return (
            f"{game.title}: {who} {names[self.action]} to {goal_words(game, self.pursued)} "
            f"({worth})\n  moves: {moves}\n  line:  {' '.join(self._line())}"
        )

    def _repr_html_(self) -> str:
        game, state = self._position()
        rows = []
        for name, share, chosen in self._rows():
            weight = "bold" if chosen else "normal"
            bar = f"width:{100 * share:.0f}px;height:9px;border-radius:4px;background:{GOOD}"
            rows.append(
                f'<tr style="font-weight:{weight}"><td>{escape(name)}</td>'
                f"<td>{_percent(share)}</td>"
                f'<td style="text-align:left"><div style="{bar}"></div></td></tr>'
            )
        head = escape(repr(self).partition("\n")[0])
        line = escape(" ".join(self._line()))
        return (
            f"<div><b>{head}</b><br><div style='display:flex;gap:18px;align-items:flex-start'>"
            f"{board_svg(game, state)}<table>{''.join(rows)}</table></div>"
            f"<div>expected: {line}</div></div>"
        )

    def _repr_png_(self) -> bytes:
        from rlhf_agents.players.board_images import card_png  # noqa: PLC0415 - takes a moment

        head, line = repr(self).partition("\n")[0], " ".join(self._line())
        return card_png(head, self._position(), self._rows(), (f"expected: {line}",))


@dataclass(frozen=True, repr=False)
class ShownForecast(Forecast):
    """A forecast that knows its position, to be shown; attributes as in `ShownExplanation`."""

    game: Game | None = field(default=None, compare=False)
    state: States | None = field(default=None, compare=False)

    @classmethod
    def of(cls, expected: Forecast, game: Game, state: States) -> ShownForecast:
        """Return a forecast with its position."""
        known = {each.name: getattr(expected, each.name) for each in fields(Forecast)}
        return cls(**known, game=game, state=state)

    def _ranked(self) -> list[tuple[str, float]]:
        assert self.game is not None
        likely = sorted(self.goals.items(), key=lambda item: -item[1])
        return [(goal_words(self.game, name), share) for name, share in likely[:MOST]]

    def __repr__(self) -> str:
        assert self.game is not None
        goals = ", ".join(f"{words} {_percent(share)}" for words, share in self._ranked())
        return (
            f"{self.game.title}: the player to move wins {_percent(self.win)}, draws "
            f"{_percent(self.draw)}, loses {_percent(self.lose)} of {self.games} imagined games\n"
            f"  goals: {goals}"
        )

    def _repr_html_(self) -> str:
        assert self.game is not None
        assert self.state is not None
        first, _, second = repr(self).partition("\n")
        return (
            f"<div><b>{escape(first)}</b><br>{board_svg(self.game, self.state)}"
            f"<div>{escape(second.strip())}</div></div>"
        )

    def _repr_png_(self) -> bytes:
        from rlhf_agents.players.board_images import card_png  # noqa: PLC0415 - takes a moment

        assert self.game is not None
        assert self.state is not None
        rows = [(words, share, False) for words, share in self._ranked()]
        head = repr(self).partition("\n")[0]
        return card_png(head, (self.game, self.state), rows, ())
