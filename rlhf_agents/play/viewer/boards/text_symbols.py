"""Boards that games write as text: which lines are rows, and which characters are stones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rlhf_games.base import Game, States

EMPTY = frozenset(".-_+\u00b7")
BRACKETS = "[]()"
PLIES = 6
"""Moves that are played to learn the owners of characters."""


@dataclass(frozen=True)
class TextSymbols:
    """The owners of characters.

    Attributes:
        owners: the seat of every character that is a stone.
        pieces: whether stones are letters, capitals for one player and small ones for the other.
    """

    owners: Mapping[str, int]
    pieces: bool = False

    def seat(self, character: str) -> int | None:
        """Return the seat of the owner of a character, None if it is not a stone."""
        if self.pieces and character.isalpha():
            return self.owners["A" if character.isupper() else "a"]
        return self.owners.get(character)


def cells_of(line: str) -> list[int] | None:
    """Return the places of the cells in a line, None if the line is not a row.

    Cells are single characters, all separate or all adjacent; a row may begin or end with a number.
    Letters in alphabetical order are the names of columns.
    """
    bare = "".join(" " if character in BRACKETS else character for character in line)
    found = re.fullmatch(r"\s*(?:\d+(?:\s|(?=\D)))?\s*(.*?)(?:\s+\d+)?\s*", bare)
    if found is None or re.search(r"\d", found[1]):
        return None
    words = found[1].split()
    if len(words) > 1 and any(len(word) > 1 for word in words):
        return None
    letters = "".join(words)
    if letters.isalpha() and len(letters) > 2 and list(letters) == sorted(set(letters)):
        return None  # names of columns
    start = found.start(1)
    cells = [start + i for i, character in enumerate(found[1]) if character != " "]
    return cells if len(cells) > 1 or any(word in EMPTY for word in words) else None


def symbols_of(game: Game) -> TextSymbols:
    """Return the owners of characters, learnt from the first moves of a game."""
    states = game.initial(1)
    owners: dict[str, int] = {}
    before = _rows(game, states)
    for _ in range(PLIES):
        legal = np.flatnonzero(game.legal(states)[0])
        if not len(legal):
            break
        seat = int(game.mover(states)[0])
        states = game.step(states, legal[len(legal) // 2 : len(legal) // 2 + 1])
        after = _rows(game, states)
        for place, character in after.items():
            if character != before.get(place) and character not in EMPTY:
                owners.setdefault(character, seat)
        before = after
    letters = [{c for c in owners if c.isalpha() and owners[c] == seat} for seat in (0, 1)]
    for upper in (0, 1):
        mine, theirs = "".join(letters[upper]), "".join(letters[1 - upper])
        if mine.isupper() and theirs.islower():
            return TextSymbols({**owners, "A": upper, "a": 1 - upper}, pieces=True)
    return TextSymbols(owners)


def _rows(game: Game, states: States) -> dict[tuple[int, int], str]:
    """Return the characters of all rows with an empty cell, by line and place."""
    text = game.text(states[0]) or ""
    cells = {}
    for number, line in enumerate(text.split("\n")):
        places = cells_of(line) or []
        if any(line[place] in EMPTY for place in places):
            cells.update({(number, place): line[place] for place in places})
    return cells


def spread(lines: list[str]) -> list[str]:
    """Return lines with a space between adjacent cells, and between the names of columns."""
    tight = {
        len(line)
        for line in lines
        if len(places := cells_of(line) or []) > 2 and places[1] == places[0] + 1
    }
    return [
        " ".join(line) if len(line) in tight and len(line.split()) == 1 else line for line in lines
    ]
