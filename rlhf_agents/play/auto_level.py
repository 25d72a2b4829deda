"""`--level auto`: a level that follows its player, one step after each game.

It is kept per game in the user's state directory, `auto_level.json` (see `platformdirs`).
"""

from __future__ import annotations

import json
from pathlib import Path

import platformdirs

from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import FIRST_LEVEL
from rlhf_agents.players.levels import LEVELS

FILE = "auto_level.json"
LARGEST = 1_000_000


def state_folder() -> Path:
    """Return the folder for what programs remember of their user."""
    return Path(platformdirs.user_state_path("rlhf_agents", appauthor=False))


class AutoLevel:
    """The level of the agent against one player in one game.

    Args:
        game: the name of the game.
        folder: where it is kept; None: the user's state directory.
    """

    def __init__(self, game: str, folder: Path | None = None) -> None:
        self.game = game
        self.path = (state_folder() if folder is None else folder) / FILE

    @property
    def level(self) -> int:
        """The level of the next game, from 1 to 12."""
        known = self._levels().get(self.game)
        fits = isinstance(known, int) and not isinstance(known, bool) and 1 <= known <= LEVELS
        return known if fits and known is not None else FIRST_LEVEL

    def after(self, session: Session, person: int) -> int:
        """Step up after a win of the person, down after a loss; return the next level.

        Args:
            session: the game; one that has not ended changes nothing.
            person: the person's seat.

        Raises:
            OutputError: the level cannot be kept.
        """
        if not session.over or session.winner is None:
            return self.level
        step = 1 if session.winner == person else -1
        following = min(max(self.level + step, 1), LEVELS)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        levels = {**self._levels(), self.game: following}
        write_atomically(self.path, (json.dumps(levels, indent=1) + "\n").encode())
        return following

    def _levels(self) -> dict[str, int]:
        """Return the levels by game; what is damaged is forgotten: a few games find it again."""
        try:
            if self.path.stat().st_size > LARGEST:
                return {}
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}
