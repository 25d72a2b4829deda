"""`python -m rlhf_agents`: the programs, without their scripts on the path."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from rlhf_games.base import did_you_mean

PROGRAMS = {
    "play": ("rlhf_agents.cli.play", "main", "play a trained agent, or watch it play"),
    "train": ("rlhf_agents.cli.train", "main", "train an agent: a game, or any other environment"),
    "eval": ("rlhf_agents.cli.evaluate", "main", "measure an agent: matches, goals, episodes"),
    "arena": ("rlhf_agents.cli.arena", "main", "play leagues, and rate the players"),
    "games": ("rlhf_agents.cli.games", "main", "list games, environments and goals"),
    "export": (
        "rlhf_agents.cli.export",
        "main",
        "export an agent as a stand-alone bot",
    ),
    "gtp": ("rlhf_agents.cli.gtp_uci", "gtp_main", "an engine for Go programs (GTP)"),
    "uci": ("rlhf_agents.cli.gtp_uci", "uci_main", "an engine for chess programs (UCI)"),
}


def main() -> int:
    """List the programs, or run the named one, and return the exit code."""
    name, *rest = sys.argv[1:] or ["--help"]
    name = name.removeprefix("rlhf-")
    if name in PROGRAMS:
        module, function, _ = PROGRAMS[name]
        sys.argv = [f"rlhf-{name}", *rest]
        return int(getattr(import_module(module), function)())
    if name == "--version":
        print(f"rlhf_agents {_version()}")  # noqa: T201 - the program's output
        return 0
    if name in ("-h", "--help"):
        print(_listing())  # noqa: T201 - the program's output
        return 0
    hint = did_you_mean(name, PROGRAMS)
    sys.stderr.write(f"error: unknown program {name}; {hint}see python -m rlhf_agents\n")
    return 2


def _version() -> str:
    try:
        return version("rlhf-agents")
    except PackageNotFoundError:  # run from a source folder without installation
        return "(not installed)"


def _listing() -> str:
    lines = [f"  rlhf-{name:8}{text}" for name, (_, _, text) in PROGRAMS.items()]
    return "\n".join(
        [
            "rlhf_agents: agents that learn by hindsight and act with foresight",
            "",
            *lines,
            "",
            "Each has --help with examples; python -m rlhf_agents NAME ... runs it, too.",
            "A first game:  rlhf-play --game connect_four",
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
