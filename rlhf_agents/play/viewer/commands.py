"""Everything that a person can do, with its keys: one table for buttons, keys and the help page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One thing to do.

    Attributes:
        name: by which the window finds what to do.
        label: on its button, empty without one.
        keys: that do it, as pygame names them, with "ctrl+" and "shift+" before.
        help: what it does, a few words.
    """

    name: str
    label: str
    keys: tuple[str, ...]
    help: str


COMMANDS = (
    Command("new", "New", ("n",), "new game"),
    Command("undo", "Undo", ("u", "backspace", "ctrl+z"), "take back both moves"),
    Command("redo", "Redo", ("r", "ctrl+y", "ctrl+shift+z"), "play them again"),
    Command("hint", "Hint", ("h",), "what it would play for you"),
    Command("swap", "Swap", ("s",), "change sides"),
    Command("flip", "Flip", ("f",), "flip the goal: win, lose"),
    Command("pause", "Pause", ("space", "p"), "pause; play for both sides"),
    Command("step", "Step", (".", "pagedown"), "one move on"),
    Command("back", "", (",", "pageup"), "one move back"),
    Command("start", "", ("home",), "to the start of the game"),
    Command("end", "", ("end",), "to the latest move"),
    Command("faster", "Speed", ("=", "+", "[+]"), "watch faster"),
    Command("slower", "", ("-", "[-]"), "watch slower"),
    Command("save", "Save", ("ctrl+s",), "save the game (JSON)"),
    Command("open", "Open", ("ctrl+o",), "open a game, or drop a file"),
    Command("stronger", "", ("]",), "look further ahead"),
    Command("weaker", "", ("[",), "look less far ahead"),
    Command("theme", "Theme", ("t",), "light or dark"),
    Command("picture", "", ("f12",), "save a picture of the window"),
    Command("larger", "", ("ctrl+=", "ctrl++", "ctrl+[+]"), "everything larger"),
    Command("smaller", "", ("ctrl+-", "ctrl+[-]"), "everything smaller"),
    Command("help", "Help", ("f1", "shift+/", "?"), "this page"),
    Command("quit", "", ("ctrl+q",), "leave"),
)

OVERLAYS = {
    "values": ("v", "what moves are worth"),
    "line": ("l", "the moves expected"),
    "goals": ("g", "how likely they are"),
    "forecast": ("o", "how it will end"),
    "graph": ("w", "who stood how"),
    "mistakes": ("m", "after the game"),
    "my turn": ("b", "thoughts on your turn"),
}
"""What can be shown or hidden: its key and its meaning."""

POINTER_HELP = (
    ("click, arrows + enter", "play a move"),
    ("1 to 9, 0", "goals 1 to 10; shift: 11 to 20"),
    ("tab", "whose goal the list changes"),
    ("point at a goal", "what it would play for that"),
    ("point at the line", "play it out on the board"),
    ("click the graph", "go to that move"),
    ("wheel", "scroll the goals"),
    ("esc", "close this page; twice: leave"),
)

BUDGETS = (0, 1, 16, 64, 256, 1000, 4000, 16000)
"""Positions per move that the strength slider offers."""

BUTTONS = tuple(command for command in COMMANDS if command.label)
_BY_KEY = {key: command.name for command in COMMANDS for key in command.keys}
_OVERLAY_BY_KEY = {key: name for name, (key, _) in OVERLAYS.items()}


def command_of(key: str) -> str | None:
    """Return the command of a key such as "ctrl+z", None if it has none."""
    return _BY_KEY.get(key)


def overlay_of(key: str) -> str | None:
    """Return the overlay that a key switches."""
    return _OVERLAY_BY_KEY.get(key)


def help_lines() -> list[tuple[str, str]]:
    """Return every key and what it does, for the help page."""
    lines = list(POINTER_HELP)
    lines += [(_spoken(command.keys), command.help) for command in COMMANDS]
    lines += [(key, f"{name}: {meaning}") for name, (key, meaning) in OVERLAYS.items()]
    return lines


def _spoken(keys: tuple[str, ...]) -> str:
    """Return the first two keys as people call them; a keypad's and a shifted key say the same."""
    plain = [key.replace("shift+/", "?").replace("=", "+") for key in keys if "[+" not in key]
    return " ".join(dict.fromkeys(key for key in plain if "[-]" not in key and "shift" not in key))
