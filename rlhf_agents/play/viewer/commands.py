"""All commands with their keys: one table for buttons, keys and the help page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        name: its identifier.
        label: on its button, empty if it has none.
        keys: as pygame names them, after "ctrl+" and "shift+".
        help: what it does, in a few words.
        modes: "p" and "a" for its button while playing and while analysing.
    """

    name: str
    label: str
    keys: tuple[str, ...]
    help: str
    modes: str = ""


COMMANDS = (
    Command("new", "New", ("n",), "new game: side, goal, strength", "pa"),
    Command("rematch", "", ("ctrl+n",), "new game with the same sides"),
    Command("undo", "Undo", ("u", "backspace", "ctrl+z"), "take back move and reply", "pa"),
    Command("redo", "Redo", ("r", "ctrl+y", "ctrl+shift+z"), "play again what was taken back", "a"),
    Command("hint", "Hint", ("h",), "the best move the agent can find", "pa"),
    Command("swap", "Swap", ("s",), "change sides", "pa"),
    Command("turn", "Turn", ("i",), "turn the board around", "p"),
    Command("flip", "Flip", ("f",), "switch the goal: win or lose", "a"),
    Command("pause", "Pause", ("space", "p"), "pause, and play for both sides", "a"),
    Command("step", "Step", (".", "pagedown"), "one move forward", "a"),
    Command("back", "", (",", "pageup"), "one move back"),
    Command("start", "", ("home",), "to the start of the game"),
    Command("end", "", ("end",), "to the latest move"),
    Command("faster", "Speed", ("=", "+", "[+]"), "faster games", "a"),
    Command("slower", "", ("-", "[-]"), "slower games"),
    Command("review", "Review", ("e",), "the next mistake of the game", "a"),
    Command("previous", "", ("shift+e",), "the mistake before"),
    Command("retry", "", ("ctrl+r",), "play on from the mistake"),
    Command("save", "Save", ("ctrl+s",), "save the game: JSON, SGF, PGN", "pa"),
    Command("open", "Open", ("ctrl+o",), "open a saved game (or drop a file)", "pa"),
    Command("stronger", "", ("]",), "stronger agent"),
    Command("weaker", "", ("[",), "weaker agent"),
    Command("sound", "Sound", ("q",), "sound on or off", "p"),
    Command("theme", "Theme", ("t",), "light or dark", "pa"),
    Command("picture", "", ("f12",), "save a picture of the window"),
    Command("larger", "", ("ctrl+=", "ctrl++", "ctrl+[+]"), "larger"),
    Command("smaller", "", ("ctrl+-", "ctrl+[-]"), "smaller"),
    Command("help", "Help", ("f1", "shift+/", "?"), "this page", "pa"),
    Command("analyse", "Analyse", ("a",), "show or hide the search", "pa"),
    Command("quit", "", ("ctrl+q",), "leave"),
)

OVERLAYS = {
    "values": ("v", "the values of moves"),
    "line": ("l", "the expected moves"),
    "goals": ("g", "their probabilities"),
    "forecast": ("o", "the likely result"),
    "graph": ("w", "the course of the game"),
    "mistakes": ("m", "shown after the game"),
    "my turn": ("b", "values on your turn, too"),
}
"""The parts that can be shown or hidden while analysing, with their keys and meanings."""

POINTER_HELP = (
    ("click, arrows + enter", "play a move"),
    ("1 to 9, 0", "goals 1 to 10 (with shift: 11 to 20)"),
    ("tab", "choose whose goal the list sets"),
    ("point at a goal", "see the moves for that goal"),
    ("point at the line", "see it played on the board"),
    ("click the graph", "go to that move, or that mistake"),
    ("mouse wheel", "scroll the goals"),
    ("esc", "close this page; twice: leave"),
)

PLAY_BUTTONS = tuple(command for command in COMMANDS if "p" in command.modes)
BUTTONS = tuple(command for command in COMMANDS if "a" in command.modes)
_BY_KEY = {key: command.name for command in COMMANDS for key in command.keys}
_OVERLAY_BY_KEY = {key: name for name, (key, _) in OVERLAYS.items()}


def command_of(key: str) -> str | None:
    """Return the command of a key such as "ctrl+z", None if it has none."""
    return _BY_KEY.get(key)


def overlay_of(key: str) -> str | None:
    """Return the overlay that a key switches, None if it switches none."""
    return _OVERLAY_BY_KEY.get(key)


def help_lines() -> list[tuple[str, str]]:
    """Return all keys and their meanings, for the help page."""
    lines = list(POINTER_HELP)
    lines += [(_spoken(command.keys), command.help) for command in COMMANDS]
    lines += [(key, f"{name}: {meaning}") for name, (key, meaning) in OVERLAYS.items()]
    return lines


def _spoken(keys: tuple[str, ...]) -> str:
    """Return the keys in words, without those that repeat others: of the keypad, and with shift."""
    shown = [key for key in keys if not key.endswith(("[+]", "[-]"))]
    shown = [key for key in shown if "shift+" not in key] or shown
    return " ".join(dict.fromkeys(key.replace("=", "+") for key in shown))
