"""The commands of the window of an environment: their keys, buttons and help."""

from __future__ import annotations

from typing import NamedTuple

from rlhf_agents.play.viewer.geometry import Box

ROOM = 58.0
"""The least width of a button."""


class EnvCommand(NamedTuple):
    """A command: its identifier, button, keys and meaning; small windows have only some buttons."""

    name: str
    label: str
    keys: tuple[str, ...]
    help: str
    small: bool = False


ENV_COMMANDS = (
    EnvCommand("mode", "Mode", ("m",), "play yourself, watch, or a match", small=True),
    EnvCommand("pause", "Pause", ("p", "space"), "pause", small=True),
    EnvCommand("step", "Step", (".", "right"), "one step forward"),
    EnvCommand("next", "Next", ("n",), "the next episode", small=True),
    EnvCommand("slower", "Slower", ("-", "[-]"), "slower"),
    EnvCommand("faster", "Faster", ("+", "=", "[+]"), "faster"),
    EnvCommand("analyse", "Analyse", ("a",), "show what the agent values, while you play"),
    EnvCommand("record", "Record", ("r",), "record a GIF, until pressed again"),
    EnvCommand("picture", "", ("f12",), "save a picture of the window"),
    EnvCommand("theme", "Theme", ("t",), "light or dark", small=True),
    EnvCommand("follow", "", ("tab",), "follow another agent (or click it)"),
    EnvCommand("help", "Help", ("f1", "?", "h"), "this page", small=True),
)
_BY_KEY = {key: command.name for command in ENV_COMMANDS for key in command.keys}
KEY_NAMES = {"right": "right arrow", "[-]": "", "[+]": "", "=": "", "?": ""}


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
    lines = []
    for command in ENV_COMMANDS:
        keys = (KEY_NAMES.get(key, key) for key in command.keys)
        lines.append((" or ".join(key for key in keys if key), command.help))
    lines.append(("click", "on a goal: play for it; with shift for several at once"))
    return [*lines, ("arrows, space, 1 to 9", "your actions, while you play"), ("esc", "leave")]
