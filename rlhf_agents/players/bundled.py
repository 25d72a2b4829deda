"""The agents that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def bundled_agents() -> dict[str, Path]:
    """Return the agents that come with the package: name of the game to file."""
    folder = Path(str(files("rlhf_agents"))) / "models"
    return {path.stem: path for path in sorted(folder.glob("*.zip"))}
