"""Loading rules and players while the window already shows its first frame."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.compiling import begin_compiling, is_compiled

if TYPE_CHECKING:
    from rlhf_agents.play.session import Session
    from rlhf_agents.play.viewer.scene_builder import SceneBuilder


def load_builder(
    setup: Setup, record: Path | None = None, now: float = 0.0, session: Session | None = None
) -> SceneBuilder:
    """Load rules and players, and begin a game.

    Args:
        setup: the settings of the game.
        record: a saved game to continue.
        now: the time in seconds.
        session: a game to continue, instead of a saved one.

    Raises:
        rlhf_games.base.GameError: there is no such game or goal.
        UserError: there is no such player, or a file or a setting is wrong.
    """
    # Everything below needs numba, which takes longer than all the rest of the program.
    from rlhf_agents.play.matchup import load_matchup  # noqa: PLC0415
    from rlhf_agents.play.saved_games import load_session  # noqa: PLC0415
    from rlhf_agents.play.viewer.boards import board_for  # noqa: PLC0415
    from rlhf_agents.play.viewer.game.match import Match  # noqa: PLC0415
    from rlhf_agents.play.viewer.scene_builder import SceneBuilder  # noqa: PLC0415

    matchup = load_matchup(setup)
    if session is None and record is not None:
        session = load_session(record, matchup.game)
    return SceneBuilder(Match(matchup, setup, session, now), board_for(matchup.game))


class Loader:
    """A thread that runs `load_builder` with the same arguments."""

    def __init__(self, setup: Setup, record: Path | None = None, now: float = 0.0) -> None:
        self._work = (setup, record, now)
        self._builder: SceneBuilder | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)
        self._begun = False
        self._closed = False
        self._compiler: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start the thread, once."""
        if not self._begun:
            self._begun = True
            self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    def take(self) -> SceneBuilder | None:
        """Return the scene builder, None while it is being loaded.

        Raises:
            Exception: the one that `load_builder` raised.
        """
        if self.busy or not self._begun:
            return None
        if self._error is not None:
            raise self._error
        return self._builder

    def close(self) -> bool:
        """Stop compiling; return whether the thread has ended."""
        self._closed = True
        if self._compiler is not None:
            self._compiler.kill()
        return not self.busy

    def _run(self) -> None:
        setup = self._work[0]
        if not is_compiled(setup):
            self._compiler = begin_compiling(setup)
            self._compiler.wait()
        if self._closed:
            return
        try:
            self._builder = load_builder(*self._work)
        except Exception as error:
            self._error = error
