"""`rlhf-export`: write a trained agent as a file that works without this package."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rlhf_agents.bots.exports import registry
from rlhf_agents.cli import common
from rlhf_agents.cli.common import Parser, run_program
from rlhf_agents.errors import SettingError
from rlhf_agents.players.budgets import MoveBudget, split_budget
from rlhf_agents.players.levelled import DEFAULT_NODES

EXAMPLES = """examples:
  rlhf-export --agent connect_four --to python --out bot.py
  rlhf-export --agent connect_four --to web --level 3 --out beginner.html
  rlhf-export --agent connect_four@2000 --to kaggle --out submission.py
  rlhf-export --agent three.zip --to python --out bot.py --goal draw --nodes 100
  rlhf-export --agent minatar:breakout --to onnx --out breakout.onnx    environments without rules
  rlhf-export --agent dqn.zip --to sb3 --trust --out ours.zip  converts a file of SB3's DQN
  rlhf-export --to python                         how to use a format

formats: {formats}
Give their options as --option KEY=VALUE; only --force replaces an existing file."""


def parser() -> argparse.ArgumentParser:
    """Return the program's argument parser."""
    formats = ", ".join([*registry.FORMATS, *registry.LIVE])
    description = "Export a trained agent to programs that do not have this package."
    program = Parser("rlhf-export", description, EXAMPLES.format(formats=formats))
    add = program.add_argument
    agent_help = (
        "a bundled agent, or a file from rlhf-train; either may end in @NODES, @0.5s or @level7"
    )
    add("--agent", metavar="NAME|FILE.zip", help=agent_help)
    add("--to", required=True, metavar="FORMAT", help=f"one of {formats}")
    add("--out", type=Path, metavar="PATH", help="the file to write")
    add("--goal", default="win", help="its goal (default: win)")
    nodes = f"positions to search per move; 0 is the network alone (default {DEFAULT_NODES})"
    add("--nodes", type=common.nodes, metavar="N", help=nodes)
    seconds = "seconds to search per move, instead of --nodes"
    add("--time", type=common.seconds, metavar="SECONDS", help=seconds)
    program.add_level("it")
    add("--opset", type=int, help="of the format onnx")
    add(
        "--trust",
        action="store_true",
        help="with --to sb3: run the code in a file of SB3's",
    )
    add("--force", action="store_true", help="replace an existing file")
    option_help = "options of the format, see its page"
    add("--option", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=option_help)
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_export, parser().parse_args(arguments), arguments)


def _export(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    if options.to == "sb3" and options.agent is not None and options.out is not None:
        return _convert(options)
    page = registry.page(options.to, options.agent or "NAME")
    if options.out is None and (options.agent is None or options.to in registry.LIVE):
        print(page)  # noqa: T201 - the program's output
        return 0
    for name in ("agent", "out"):
        if getattr(options, name) is None:
            msg = f"--{name} is missing (see rlhf-export --help)"
            raise SettingError(msg)
    common.check_one_budget(options)
    word, budget = split_budget(options.agent)
    budget = budget or MoveBudget(options.nodes, options.time, options.level, options.elo)
    chosen = _options(options.option)
    if options.opset is not None:
        chosen["opset"] = options.opset
    path = registry.export(
        word,
        options.to,
        options.out,
        goal=options.goal,
        nodes=budget.nodes,
        level=budget.level,
        elo=budget.elo,
        seconds=budget.seconds,
        force=options.force,
        **chosen,
    )
    size = path.stat().st_size / 1000
    print(f"{path}: {size:.0f} kB, {options.to}")  # noqa: T201 - the program's output
    return 0


def _convert(options: argparse.Namespace) -> int:
    from rlhf_agents.bots.exports.to_sb3 import convert  # noqa: PLC0415 - torch takes seconds

    path = convert(options.agent, options.out, trust=options.trust, force=options.force)
    print(f"{path}: a model that both Stable-Baselines3 and rlhf_agents read")  # noqa: T201
    return 0


def _options(words: Sequence[str]) -> dict[str, str | int]:
    """Return KEY=VALUE words as a mapping; whole numbers are numbers.

    Raises:
        SettingError: a word has another form.
    """
    chosen: dict[str, str | int] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            msg = f"{word!r} is not an option of the form KEY=VALUE"
            raise SettingError(msg)
        chosen[name] = int(value) if value.isdecimal() else value
    return chosen


if __name__ == "__main__":
    raise SystemExit(main())
