"""Playing in the window, and recording games without one."""

from __future__ import annotations

import atexit
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rlhf_agents.cli.common import SUCCESS, USER_MISTAKE
from rlhf_agents.cli.play_checks import INTERRUPTED
from rlhf_agents.errors import SettingError
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.app import App
from rlhf_agents.play.viewer.loading import load_builder
from rlhf_agents.play.viewer.recording import SIZE as RECORDING_SIZE
from rlhf_agents.play.viewer.recording import record
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.theme import THEMES
from rlhf_agents.play.viewer.window import SIZE, OnFrame, Window
from rlhf_agents.words import readable_name

Size = tuple[int, int] | None


def play_in_window(
    setup: Setup, theme: str, path: Path | None, size: Size, watch: OnFrame | None = None
) -> tuple[Setup, Session | None]:
    """Show the window until the user closes it; return the final sides and the game on the board.

    Args:
        setup: the settings of the game.
        theme: the name of the colours.
        path: a saved game to begin with.
        size: of the window in points.
        watch: called after every frame.

    Returns:
        The session is None if the window was closed while loading or by a signal.

    Raises:
        UserError: no window can be opened, or a player or a file is wrong.
        rlhf_games.base.GameError: there is no such goal.
    """
    page = "start" if setup.opponent == "human" and path is None else ""
    app = App(
        setup,
        Path.cwd(),
        record=path,
        ui=Ui(theme=THEMES[theme], page=page),
        now=time.perf_counter(),
    )
    window = Window(app, f"{readable_name(setup.game)} - rlhf-play", size or SIZE)
    interrupted = False
    try:
        window.run(watch)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        if not window.close():
            _leave_without_waiting(SUCCESS)
    if app.builder is None or interrupted:
        return setup, None
    match = app.builder.match
    return replace(setup, side="first" if match.seat == 1 else "second"), match.session


def _leave_without_waiting(code: int) -> None:
    """End the process with an exit code as soon as the program ends, even if threads still run.

    A thread inside a compiled search or the compiler cannot be interrupted, and unloading their
    libraries while it runs can crash.
    """

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    atexit.register(leave)


@dataclass(frozen=True)
class Recording:
    """The files to write of a game.

    Attributes:
        gif: the animation, if any.
        png: the picture of the last position, if any.
        plies: the number of moves, None for all.
        theme: the name of the colours.
        size: of the pictures in points, None for the default.
    """

    gif: Path | None
    png: Path | None
    plies: int | None = None
    theme: str = "dark"
    size: Size = None


def record_game(setup: Setup, wanted: Recording, path: Path | None, session: Session | None) -> str:
    """Write pictures of a game without a display; return its result in words.

    Args:
        setup: the settings of the game.
        wanted: the files.
        path: a saved game to begin with.
        session: a game already played, which replaces `path`.

    Raises:
        UserError: a player or a file is wrong, or Ctrl-C ended the recording.
        rlhf_games.base.GameError: there is no such goal.
    """
    builder = load_builder(setup, path, session=session)
    plies = wanted.plies
    if plies is None and session is not None:
        plies = len(session.line)
    try:
        record(
            builder,
            Ui(theme=THEMES[wanted.theme], analysing=True),
            gif=wanted.gif,
            png=wanted.png,
            plies=plies,
            size=wanted.size or RECORDING_SIZE,
        )
        return builder.match.session.result_text(builder.match.names)
    except KeyboardInterrupt:
        raise SettingError(INTERRUPTED) from None
    finally:
        if not builder.match.close():
            _leave_without_waiting(USER_MISTAKE)
