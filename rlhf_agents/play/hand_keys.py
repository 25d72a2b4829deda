"""Playing an environment by hand: which keys stand for which action."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

MOVES = {
    "left": "left",
    "right": "right",
    "up": "up",
    "down": "down",
    "forward": "up",
    "west": "left",
    "east": "right",
    "north": "up",
    "south": "down",
    "backward": "down",
    "fire": "space",
    "jump": "space",
    "shoot": "space",
    "attack": "space",
    "toggle": "space",
    "faster": "right",
    "slower": "left",
    "lane left": "up",
    "lane right": "down",
    "left engine": "left",
    "main engine": "up",
    "right engine": "right",
    "torque -1": "left",
    "torque +1": "right",
    "pick up": "return",
    "pickup": "return",
    "hit": "return",
    "drop": "backspace",
    "drop off": "backspace",
    "put down": "backspace",
    "stick": "backspace",
}
"""The key of a word, or of a few, in the name of an action; roads go to the right."""
IDLE = frozenset(
    {"noop", "stay", "idle", "none", "nothing", "wait", "no op", "do nothing", "torque 0"}
)
DIGITS = "1234567890"
SPOKEN = {
    "up": "up",
    "down": "down",
    "left": "left",
    "right": "right",
    "space": "space",
    "return": "enter",
    "backspace": "backspace",
}
"""The names of keys, in the order in which several are named."""
_WORD = re.compile("|".join(re.escape(word) for word in sorted(MOVES, key=len, reverse=True)))


@dataclass(frozen=True)
class HandKeys:
    """The keys of the actions of an agent.

    Attributes:
        names: of the actions.
        keys: of each action, as pygame names them; empty if it has none.
        idle: the action of no key, None if time stands still without a key.
    """

    names: tuple[str, ...]
    keys: tuple[frozenset[str], ...]
    idle: int | None

    @classmethod
    def of(cls, names: Sequence[str]) -> HandKeys:
        """Return the keys of actions: arrows and space by their names, else numbers."""
        keys: list[frozenset[str]] = []
        idle = next((i for i, name in enumerate(names) if _plain(name) in IDLE), None)
        for action, name in enumerate(names):
            own = _keys_of(name)
            if not own or own in keys:
                digit = DIGITS[action : action + 1]
                own = frozenset({digit} if digit and action != idle else ())
            keys.append(own)
        return cls(tuple(names), tuple(keys), idle)

    def action(self, held: Collection[str]) -> int | None:
        """Return the action of the keys that are held, the one with most of them; else `idle`."""
        pressed = frozenset(held)
        fitting = [i for i, keys in enumerate(self.keys) if keys and keys <= pressed]
        return max(fitting, key=lambda i: len(self.keys[i]), default=self.idle)

    def uses(self, key: str) -> bool:
        """Return whether a key belongs to an action."""
        return any(key in keys for keys in self.keys)

    def label(self, action: int) -> str:
        """Return the keys of an action in words, e.g. "left + space"."""
        ranked = self.caps(action)
        return " + ".join(ranked) if ranked else ("no key" if action == self.idle else "")

    def caps(self, action: int) -> list[str]:
        """Return what is written on the keys of an action, e.g. ["left", "enter"]."""
        return [SPOKEN.get(key, key) for key in (*SPOKEN, *DIGITS) if key in self.keys[action]]


def _plain(name: str) -> str:
    return name.replace("_", " ").casefold().strip()


def _keys_of(name: str) -> frozenset[str]:
    """Return the keys that the whole name of an action speaks of, none if it says more."""
    words = re.sub(r"^(move|turn|go|step) ", "", _plain(name))
    if _WORD.sub("", words).strip(" +-"):
        return frozenset()
    return frozenset(MOVES[word] for word in _WORD.findall(words))
