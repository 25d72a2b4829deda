"""The agents that come with the package, for games with rules and for other environments."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from rlhf_agents.files.model_file import read_model


def bundled_agents() -> dict[str, Path]:
    """Return the bundled agents of games: name of the game to file."""
    return {path.stem: path for path in sorted(_folder().glob("*.zip"))}


def bundled_policies() -> dict[str, Path]:
    """Return the bundled agents of other environments, e.g. `minatar:breakout`: name to file."""
    paths = sorted(_folder().glob("*/*.zip"))
    return {f"{path.parent.name}:{path.stem}": path for path in paths}


def has_bundled_policy(name: str, goal: str | None) -> bool:
    """Return whether an agent comes with an environment that plays for a goal there.

    Most bundled agents play for the environment's rewards only, which is the goal None.
    """
    path = bundled_policies().get(name)
    return path is not None and (
        goal is None or read_model(path, ()).manifest.get("goal") is not None
    )


def _folder() -> Path:
    return Path(str(files("rlhf_agents"))) / "models"
