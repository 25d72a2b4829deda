"""The agents that come with the package, for games with rules and for other environments."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def bundled_agents() -> dict[str, Path]:
    """Return the bundled agents of games: name of the game to file."""
    return {path.stem: path for path in sorted(_folder().glob("*.zip"))}


def bundled_policies() -> dict[str, Path]:
    """Return the bundled agents of other environments, e.g. `minatar:breakout`: name to file.

    They play for the environment's rewards.
    """
    paths = sorted(_folder().glob("*/*.zip"))
    return {f"{path.parent.name}:{path.stem}": path for path in paths}


def _folder() -> Path:
    return Path(str(files("rlhf_agents"))) / "models"
