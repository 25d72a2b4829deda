"""The commands of the window of an environment: their keys, buttons and help."""

from __future__ import annotations

from typing import NamedTuple

from rlhf_agents.play.viewer.geometry import Box

ROOM = 52.0
"""The least width of a button."""


class EnvCommand(NamedTuple):
    """A command: its identifier, button, keys and meaning; small windows have only some buttons."""

    name: str
    label: str
    keys: tuple[str, ...]
    help: str
    small: bool = False


ENV_COMMANDS = (
    EnvCommand("new", "New", ("n",), "play yourself, watch, or a match", small=True),
    EnvCommand("next", "Next", ("ctrl+n",), "the next episode", small=True),
    EnvCommand("pause", "Pause", ("space", "p"), "pause", small=True),
    EnvCommand("step", "Step", (".", "pagedown", "right"), "one step forward"),
    EnvCommand("slower", "Slower", ("-", "[-]"), "slower"),
    EnvCommand("faster", "Faster", ("+", "=", "[+]"), "faster"),
    EnvCommand("hint", "Hint", ("h",), "what the agent would do now"),
    EnvCommand("analyse", "Analyse", ("a",), "what the agent expects, while you play", small=True),
    EnvCommand("record", "Record", ("f10",), "record a GIF, until pressed again"),
    EnvCommand("picture", "", ("f12",), "save a picture of the window"),
    EnvCommand("sound", "Sound", ("q",), "sound on or off"),
    EnvCommand("theme", "Theme", ("t",), "light or dark"),
    EnvCommand("follow", "", ("tab",), "follow another agent (or click it)"),
    EnvCommand("larger", "", ("ctrl+=", "ctrl++", "ctrl+[+]"), "larger"),
    EnvCommand("smaller", "", ("ctrl+-", "ctrl+[-]"), "smaller"),
    EnvCommand("help", "Help", ("f1", "shift+/", "?"), "this page", small=True),
    EnvCommand("quit", "", ("ctrl+q",), "leave"),
)
_BY_KEY = {key: command.name for command in ENV_COMMANDS for key in command.keys}
HIDDEN_KEYS = ("[-]", "[+]", "=", "?", "shift+/", "ctrl++", "ctrl+[+]", "ctrl+[-]", "pagedown")
"""Keys that repeat others, left out of the help."""
KEY_NAMES = {"right": "right arrow", "ctrl+=": "ctrl +", "ctrl+-": "ctrl -"}


def env_command_of(key: str) -> str | None:
    """Return the command of a key, None if it has none."""
    return _BY_KEY.get(key)


def env_buttons(box: Box) -> list[tuple[Box, EnvCommand]]:
    """Return the buttons that fit into a row, with their commands."""
    if box.empty:
        return []
    buttons = [command for command in ENV_COMMANDS if command.label]
    if box.width < ROOM * len(buttons):
        buttons = [command for command in buttons if command.small]
    boxes = box.columns(len(buttons), 4)
    return list(zip(boxes, buttons, strict=True))


def env_help() -> list[tuple[str, str]]:
    """Return all keys and their meanings."""
    lines = [("arrows, space, enter, 1 to 9", "your actions, while you play")]
    for command in ENV_COMMANDS:
        keys = (KEY_NAMES.get(key, key) for key in command.keys if key not in HIDDEN_KEYS)
        lines.append((", ".join(keys), command.help))
    lines.append(("click a goal", "the agent plays for it; shift: for several"))
    return [*lines, ("esc", "close this page; twice: leave")]
