"""Points at the end of scored games, and values as other programs write them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from rlhf_adapters.foreign_games.spiel_types import SpielState
from rlhf_agents.bots.protocols.move_names import LIBRARY, foreign_position, is_skip
from rlhf_agents.play.session import Session
from rlhf_games.base import MOVER, WAITING, Game, States

LARGEST_SCORE = 10_000
"""Centipawns of what is certain."""


def lead(game: Game, state: States) -> float | None:
    """Return the first player's lead in points, None if the game has no points.

    Args:
        game: the rules.
        state: a position uint64 `[W]`.
    """
    foreign = foreign_position(game, state)
    if foreign is None:
        return _discs(game, state) if game.name.startswith("othello") else None
    count = _COUNTS.get(game.name.removeprefix(LIBRARY).partition("(")[0])
    return None if count is None else count(foreign)


def _discs(game: Game, state: States) -> float:
    planes = game.observe(state[None])[0]
    ahead = float(planes[MOVER].sum() - planes[WAITING].sum())
    return ahead if game.mover(state[None])[0] == 0 else -ahead


def _othello(position: SpielState) -> float:
    rows = re.findall(r"^\d ([xo\- ]+) \d$", str(position), re.MULTILINE)
    board = "".join(rows)
    return float(board.count("x") - board.count("o"))


def _mancala(position: SpielState) -> float:
    """The first player has the lower row and the store on the right, and the seeds in them."""
    rows = str(position).splitlines()[:3]
    top, stores, bottom = (list(map(int, re.findall(r"\d+", row))) for row in rows)
    return float(stores[1] + sum(bottom) - stores[0] - sum(top))


def _oware(position: SpielState) -> float:
    scores = dict(re.findall(r"Player (\d) score = (\d+)", str(position)))
    return float(scores["0"]) - float(scores["1"])


def _boxes(position: SpielState) -> float:
    owners = re.findall(r"[12]", str(position))
    return float(owners.count("1") - owners.count("2"))


def _area(position: SpielState) -> float:
    """Tromp-Taylor scoring: stones, and empty regions that border on one colour only."""
    rows = re.findall(r"^ *\d+ ([+XO]+)$", str(position), re.MULTILINE)
    komi = float(position.get_game().get_parameters()["komi"])
    board = "".join(rows)
    ahead = board.count("X") - board.count("O") - komi
    for size, borders in _empty_regions(rows):
        if len(borders) == 1:
            ahead += size if "X" in borders else -size
    return float(ahead)


def _empty_regions(rows: Sequence[str]) -> list[tuple[int, set[str]]]:
    """Return the size of every empty region and the colours at its border."""
    empty = {(y, x) for y, row in enumerate(rows) for x, sign in enumerate(row) if sign == "+"}
    regions = []
    while empty:
        edge, size, borders = [empty.pop()], 0, set()
        while edge:
            y, x = edge.pop()
            size += 1
            for near in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if near in empty:
                    empty.remove(near)
                    edge.append(near)
                elif 0 <= near[0] < len(rows) and 0 <= near[1] < len(rows[0]):
                    borders |= {rows[near[0]][near[1]]} - {"+"}
        regions.append((size, borders))
    return regions


_COUNTS: dict[str, Callable[[SpielState], float]] = {
    "cursor_go": _area,
    "dots_and_boxes": _boxes,
    "go": _area,
    "mancala": _mancala,
    "othello": _othello,
    "oware": _oware,
}
"""OpenSpiel's scored games."""


def moves_to_end(session: Session, line: Sequence[int]) -> int:
    """Return in how many of its moves the mover wins at the end of a line, or loses (below 0).

    0: the game is not decided there.
    """
    ahead = Session(session.game, list(session.goals), [*session.moves, *line])
    if ahead.winner is None:
        return 0
    mover, movers = session.seat, []
    ahead.undo(len(line))
    for action in line:
        movers.append((ahead.seat, action))
        ahead.redo()
    own = [a for seat, a in movers if seat == mover and not is_skip(session.game, a)]
    others = [a for seat, a in movers if seat != mover and not is_skip(session.game, a)]
    return len(own) if ahead.winner == mover else -len(others)


def centipawns(chance: float) -> int:
    """Return what chess programs write for a chance in [0, 1]: 400 per factor of ten of the odds.

    That is the logistic curve of Elo's ratings; the ends are +-10000.
    """
    if not 0.0 < chance < 1.0:
        return LARGEST_SCORE if chance >= 1.0 else -LARGEST_SCORE
    score = round(400 * math.log10(chance / (1 - chance)))
    return max(-LARGEST_SCORE, min(LARGEST_SCORE, score))
