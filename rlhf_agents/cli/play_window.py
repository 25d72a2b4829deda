"""Playing in the window, and filming games without one."""

from __future__ import annotations

import atexit
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rlhf_agents.errors import SettingError
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.app import App
from rlhf_agents.play.viewer.loading import load_builder
from rlhf_agents.play.viewer.recording import SIZE as FILM_SIZE
from rlhf_agents.play.viewer.recording import record
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.theme import THEMES
from rlhf_agents.play.viewer.window import SIZE, OnFrame, Window

Size = tuple[int, int] | None


def play_in_window(
    setup: Setup, theme: str, path: Path | None, size: Size, watch: OnFrame | None = None
) -> tuple[Setup, Session | None]:
    """Open the window until the person leaves; return who sat where and the game on the board.

    Args:
        setup: who plays.
        theme: the name of the colours.
        path: a saved game to begin with.
        size: of the window in points.
        watch: sees every frame.

    Raises:
        UserError: no window can be opened, or a player or a file is wrong.
        rlhf_games.base.GameError: there is no such goal.
    """
    app = App(setup, Path.cwd(), record=path, ui=Ui(theme=THEMES[theme]), now=time.perf_counter())
    window = Window(app, f"rlhf-play: {setup.game}", size or SIZE)
    try:
        window.run(watch)
    except KeyboardInterrupt:
        pass
    finally:
        if not window.close():
            _leave_without_waiting()
    if app.builder is None:
        return setup, None
    match = app.builder.match
    return replace(setup, side="first" if match.seat == 1 else "second"), match.session


def _leave_without_waiting() -> None:
    """End the process as soon as the program does, whatever other threads are compiling.

    A thread inside the compiler cannot be interrupted, and taking its libraries down under it can
    crash.
    """

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    atexit.register(leave)


@dataclass(frozen=True)
class Film:
    """What to write of a game.

    Attributes:
        gif: the animation, if any.
        png: the picture of the last position, if any.
        plies: how many moves, None for all.
        theme: the name of the colours.
        size: of the pictures in points, None for the usual.
    """

    gif: Path | None
    png: Path | None
    plies: int | None = None
    theme: str = "dark"
    size: Size = None


def film(setup: Setup, wanted: Film, path: Path | None, session: Session | None) -> str:
    """Write what a game looked like, without a display; return its result in words.

    Args:
        setup: who plays.
        wanted: what to write.
        path: a saved game to begin with.
        session: a game that was played already; then `path` does not matter.

    Raises:
        UserError: a player or a file is wrong.
        rlhf_games.base.GameError: there is no such goal.
    """
    builder = load_builder(setup, path, session=session)
    try:
        if wanted.plies is None and session is not None:
            plies: int | None = len(session.line)
        else:
            plies = wanted.plies
        record(
            builder,
            Ui(theme=THEMES[wanted.theme]),
            gif=wanted.gif,
            png=wanted.png,
            plies=plies,
            size=wanted.size or FILM_SIZE,
        )
        return builder.match.session.result_text(builder.match.names)
    except KeyboardInterrupt:
        msg = "the recording was interrupted; nothing was written"
        raise SettingError(msg) from None
    finally:
        builder.match.close()
