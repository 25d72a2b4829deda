"""Export an agent by the name of a format.

    from rlhf_agents import export
    export("connect_four", "python", "bot.py")

A format is a separate module, imported on use: its docstring is its page for users.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from rlhf_agents.bots.exports.env_policy import EnvPolicy
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.files.atomic import check_writable, write_atomically
from rlhf_agents.files.model_file import read_model
from rlhf_agents.limits import MAX_NODES, checked_nodes, checked_seconds
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.bundled import bundled_agents, bundled_policies
from rlhf_agents.players.levelled import DEFAULT_NODES
from rlhf_agents.players.levels import Strength
from rlhf_agents.words import level_words
from rlhf_games.base import unknown_name

FORMATS: dict[str, str] = {
    "kaggle": "rlhf_agents.bots.exports.to_kaggle",
    "onnx": "rlhf_agents.bots.exports.to_onnx",
    "python": "rlhf_agents.bots.exports.to_python",
    "web": "rlhf_agents.bots.exports.to_web",
}
"""Formats that are files: name to module."""

LIVE: dict[str, str] = {
    "gtp": """A program that speaks GTP, the Go Text Protocol:

    rlhf-gtp --agent {agent}""",
    "openspiel": """A bot for OpenSpiel:

    from rlhf_agents import load_agent
    from rlhf_agents.bots.protocols.openspiel_bot import AgentBot

    bot = AgentBot(load_agent("{agent}"), nodes=256)

OpenSpiel's GTPBot plays against it as well: GTPBot(game, ["rlhf-gtp", "--agent", "{agent}"]).""",
    "sb3": """A Stable-Baselines3 model: our files are such models,

    stable_baselines3.DQN.load("FILE.zip")

Compact ones, among them the bundled agents, become such files with

    rlhf-export --agent {agent} --to sb3 --out FILE.zip

and a file of SB3's DQN can be converted to ours (reading it runs the code in it):

    rlhf-export --agent dqn.zip --to sb3 --trust --out ours.zip""",
    "uci": """A program that speaks UCI, the Universal Chess Interface:

    rlhf-uci --agent {agent}""",
}
"""Formats that are not files: name to instructions."""


GOAL = "win"
"""The default goal of agents for games."""


class ExportError(UserError):
    """An agent cannot be exported as requested."""


@dataclass(frozen=True)
class ExportRequest:
    """An agent to export.

    Attributes:
        agent: the agent.
        goal: its default goal.
        nodes: its default number of positions to search per move.
        options: of the format, by name.
    """

    agent: Agent
    goal: str
    nodes: int
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def strength(self) -> Strength:
        """How it plays: at the agent's level if it has one, else with `nodes`."""
        return self.agent.strength or Strength(self.nodes)

    @property
    def level_words(self) -> str:
        """What that is called, e.g. "level 5, steady" or "256 positions"."""
        name = self.agent.budget_name
        level = name.removeprefix("level")
        if level.isdigit():
            return level_words(int(level))
        if self.strength.seconds is not None and not name.startswith("elo"):
            return f"{self.strength.seconds:g} s per move"
        return f"{name.removeprefix('elo')} Elo" if name else f"{self.nodes} positions"


class Format(Protocol):
    """A module of the table of formats.

    Attributes:
        SUFFIX: of its files, with the dot.
        OPTIONS: names of its options.
    """

    SUFFIX: str
    OPTIONS: tuple[str, ...]

    def refusal(self, request: ExportRequest) -> str | None:
        """Return one sentence on why it cannot hold this agent, and which it can, or None."""
        ...

    def contents(self, request: ExportRequest) -> bytes:
        """Return the whole file.

        Raises:
            ExportError: an option has an invalid value.
        """
        ...


@runtime_checkable
class EnvFormat(Protocol):
    """A format that also holds policies for environments without rules."""

    def env_refusal(self, policy: EnvPolicy, options: Mapping[str, object]) -> str | None:
        """Return one sentence on why it cannot hold this policy, or None."""
        ...

    def env_contents(self, policy: EnvPolicy, options: Mapping[str, object]) -> bytes:
        """Return the whole file.

        Raises:
            ExportError: the format cannot hold the network.
        """
        ...


def unwritten(
    request: ExportRequest, rules: Mapping[str, str], carrier: str, language: str
) -> str | None:
    """Return why `carrier` cannot play the game: its rules are not written in `language`."""
    title, name = request.agent.game.title, request.agent.game.name
    if name in rules:
        return None
    return (
        f"{carrier} cannot play {title}: its rules are not written in {language}; "
        f"games that it can play: {', '.join(rules)}"
    )


def format_module(name: str) -> Format:
    """Return the module of a format.

    Raises:
        ExportError: there is no such format, or it is not a file.
    """
    if name in LIVE:
        msg = f"{name} is not a file: rlhf-export --to {name} says how to use it"
        raise ExportError(msg)
    if name not in FORMATS:
        known = [*FORMATS, *LIVE]
        raise ExportError(unknown_name("format", name, known))
    return cast("Format", import_module(FORMATS[name]))


def page(name: str, agent: str = "NAME") -> str:
    """Return the page about a format.

    Args:
        name: of the format, which may be one without a file.
        agent: the agent to export, for its examples.

    Raises:
        ExportError: there is no such format.
    """
    if name in LIVE:
        return LIVE[name].format(agent=agent)
    return getattr(format_module(name), "__doc__", None) or ""


def export(  # noqa: PLR0913 - ways to say how strong it is
    agent: Agent | EnvPolicy | str | os.PathLike[str],
    to: str,
    out: str | os.PathLike[str],
    *,
    goal: str = GOAL,
    nodes: int | None = None,
    level: int | None = None,
    elo: float | None = None,
    seconds: float | None = None,
    force: bool = False,
    **options: object,
) -> Path:
    """Write an agent as a file that works without this package, and return its path.

    Args:
        agent: an agent, the name of a bundled one (`connect_four`, `minatar:breakout`), or the path
            of a model file, which may be for an environment without rules (`EnvPolicy`).
        to: the format.
        out: where to.
        goal: what it plays for unless its user asks for something else.
        nodes: positions that it looks at per move, likewise; 0 is the network alone (default 256).
        level: how strong it plays instead, from 1 (beginner) to 12 (perfect).
        elo: the same in Elo.
        seconds: time per move, instead of `nodes`.
        force: replace an existing file.
        options: of the format, see its page.

    Raises:
        ExportError: the format is unknown, or cannot hold this agent, or not with these options.
        OutputError: the path cannot be written, or the file exists and `force` is not set.
        SettingError: `nodes` or `seconds` is out of range.
        UserError: there is no such agent, see `rlhf_agents.load_agent`.
        rlhf_games.base.UnknownGoalError: the agent's game has no such goal.
    """
    module, target = format_module(to), Path(out)
    unknown = sorted(set(options) - set(module.OPTIONS))
    if unknown:
        known = ", ".join(module.OPTIONS) or "none"
        msg = f"the format {to} has no option {unknown[0]!r}; its options: {known}"
        raise ExportError(msg)
    budget = checked_nodes(DEFAULT_NODES if nodes is None else nodes)
    check_writable(target, force=force)
    who = agent if isinstance(agent, Agent | EnvPolicy) else _loaded(os.fspath(agent))
    if isinstance(who, EnvPolicy):
        if any(number is not None for number in (level, elo, seconds)):
            msg = f"{who.name} plays no game with exact rules: it has neither levels nor a clock"
            raise ExportError(msg)
        write_atomically(target, _env_contents(who, to, goal, options))
        return target
    who.game.goal_index(goal)
    who = at_strength(who, nodes, level, elo, seconds)
    if who.strength is not None:
        budget = who.strength.nodes
    request = ExportRequest(who, goal, budget, options)
    if reason := module.refusal(request):
        raise ExportError(reason)
    write_atomically(target, module.contents(request))
    return target


def at_strength(
    agent: Agent,
    nodes: int | None,
    level: int | None,
    elo: float | None,
    seconds: float | None = None,
) -> Agent:
    """Return an agent as strong as it was asked to be.

    Raises:
        SettingError: the agent has no such level, or more than one number says how strong it is.
    """
    if sum(number is not None for number in (nodes, level, elo, seconds)) > 1:
        msg = "nodes, level, elo and seconds all say how strong it plays: give one of them"
        raise SettingError(msg)
    if level is not None:
        return agent.at_level(level)
    if elo is not None:
        return agent.at_elo(elo)
    if seconds is not None:
        strength = Strength(MAX_NODES, seconds=checked_seconds(seconds))
        return agent.with_strength(strength, f"{seconds:g}s", 0)
    return agent if nodes is None else agent.with_strength(None, "", 0)


def _loaded(name_or_path: str) -> Agent | EnvPolicy:
    """Return an agent, or the policy of an environment without rules: a bundled one, or a file."""
    if shipped := bundled_policies().get(name_or_path):
        return EnvPolicy.load(str(shipped))
    is_file = name_or_path not in bundled_agents() and Path(name_or_path).is_file()
    if not is_file and ":" in name_or_path and not name_or_path.endswith(".zip"):
        known = [*bundled_agents(), *bundled_policies()]
        raise SettingError(unknown_name("agent", name_or_path, known))
    if is_file and read_model(name_or_path).manifest.get("game") is None:
        return EnvPolicy.load(name_or_path)
    return load_agent(name_or_path)


def _env_contents(who: EnvPolicy, to: str, goal: str, options: Mapping[str, object]) -> bytes:
    """Return the file with a policy for an environment.

    Raises:
        ExportError: the format only holds agents for games, or not with these options, or a goal
            was given, which is an input of the file.
    """
    module = format_module(to)
    if not isinstance(module, EnvFormat):
        able = [name for name in FORMATS if isinstance(format_module(name), EnvFormat)]
        msg = (
            f"the format {to} is for games with rules to search, and {who.name} was "
            f"trained in an environment without; formats for it: {', '.join(able)}"
        )
        raise ExportError(msg)
    if goal != GOAL:
        msg = f"every observation of {who.name} includes its goal: leave --goal {goal} out"
        raise ExportError(msg)
    if reason := module.env_refusal(who, options):
        raise ExportError(reason)
    return module.env_contents(who, options)
