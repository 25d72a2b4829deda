"""The parts of the site that code and measurements say: goals, pictures, the game to play."""

from __future__ import annotations

from pathlib import Path

import rlhf_games
from rlhf_agents import export
from rlhf_agents.bots.exports.registry import FORMATS
from rlhf_agents.bots.exports.registry import page as registry_page
from rlhf_agents.words import words_of
from rlhf_games.base import Goal


def make(folder: Path) -> None:
    """Write all of them into a folder; files whose content is the same are left alone."""
    extra = folder / "extra"
    extra.mkdir(parents=True, exist_ok=True)
    export("connect_four", "web", folder / "page.html", force=True)
    put(extra / "connect_four.html", (folder / "page.html").read_bytes())
    for name in FORMATS:
        put(folder / f"export_{name}.md", registry_page(name).encode())
    for name in rlhf_games.names():
        put(folder / f"goals_{name}.md", goal_table(name).encode())


def put(path: Path, content: bytes) -> None:
    """Write a file unless it has this content: Sphinx reads again what is new."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def goal_table(name: str) -> str:
    """Return the goals of a game as a Markdown table."""
    rows = [_goal_row(goal) for goal in rlhf_games.make(name).goals]
    return "\n".join(
        [
            "| goal | in words | the agent tries to | also achieves |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _goal_row(goal: Goal) -> str:
    implied = f"`{goal.implies}`" if goal.implies else ""
    return f"| `{goal.name}` | {words_of(goal)} | {goal.text} | {implied} |"
