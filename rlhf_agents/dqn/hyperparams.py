"""Hyperparameters: those of an environment in `assets/hfdqn.yml`, and `KEY=VALUE` on top.

Values are written as in RL Zoo's files: Python literals, `dict(net_arch=[64, 64])`, the names of
classes such as `ReLU`, `lin_1e-3` for a learning rate that falls to 0. They never run code.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path

from stable_baselines3 import DQN

from rlhf_agents.dqn.goal_features import has_bit_goals
from rlhf_agents.errors import SettingError
from rlhf_agents.files.literals import pairs, value
from rlhf_agents.files.types import Arguments, Space
from rlhf_agents.settings import Foresight, Hindsight, ModelForesight, Parallel, Priorities
from rlhf_games.base import unknown_name

FILE = Path(__file__).parents[1] / "assets" / "hfdqn.yml"
OF_THE_RUN = (
    "n_timesteps",
    "policy",
    "n_envs",
    "goal",
    "with_goal",
    "env_wrapper",
    "frame_stack",
    "fewer",
)
"""Entries of the file that are not arguments of the algorithm."""
GYMNASIUM = "gymnasium:"
BIT_GOALS = "bits"
"""Entry of the file for environments without one, whose own goals are lists of bits."""
SIDE_BY_SIDE = 8
"""The fewest environments to learn side by side: `fewer` has the settings below that."""
NOT_HERE = ("self", "policy", "env", "seed", "tensorboard_log", "_init_setup_model")
OURS = ("hindsight", "foresight", "double_q", "parallel")
SWITCHES = {
    "foresight": (Foresight, ModelForesight),
    "hindsight": (Hindsight,),
    "parallel": (Parallel,),
}
"""Arguments that are True, False or settings objects: for games, and for all other environments."""
KNOWN = sorted({*inspect.signature(DQN.__init__).parameters, *OURS} - {*NOT_HERE})


def of_env(name: str, goal: object = None) -> Arguments:
    """Return the file's entry for an environment, with or without `gymnasium:` in its name.

    If it has both, the one with `gymnasium:` is ours and the other is RL Zoo's. An entry may also
    be for a whole library, e.g. `minatar`. Environments without an entry use the `default`,
    without its policy. With a goal other than `score`, its part `with_goal` counts, if it has one.
    """
    table = _table()
    found = _entry(table, name)
    if found is None:
        found = {key: each for key, each in table["default"].items() if key != "policy"}
    return _read(found if goal in (None, "score") else found.get("with_goal", found))


def recommended(name: str, n_envs: int, goal: object = None) -> Arguments:
    """Return the file's arguments of `HFDQN` for environments, empty without an entry."""
    entry = of_env(name, goal) if _entry(_table(), name) else {}
    if n_envs < SIDE_BY_SIDE and "fewer" in entry:
        entry = _read(entry["fewer"])
    return as_arguments({key: each for key, each in entry.items() if key in KNOWN})


def for_goals(space: Space) -> Arguments:
    """Return the file's arguments of `HFDQN` for the goals of a space, empty if it has none."""
    return recommended(BIT_GOALS, 1) if has_bit_goals(space) else {}


def _table() -> dict[str, Arguments]:
    import yaml  # noqa: PLC0415 - only here

    table: dict[str, Arguments] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return table


def _entry(table: dict[str, Arguments], name: str) -> Arguments | None:
    short = name.removeprefix(GYMNASIUM)
    library = short.partition(":")[0] if ":" in short else ""
    known = (name if ":" in name else f"{GYMNASIUM}{name}", short, library)
    return next((table[key] for key in known if key in table), None)


def _read(entry: Arguments) -> Arguments:
    return {
        key: value(each) if isinstance(each, str) and key != "policy" else each
        for key, each in entry.items()
    }


def from_words(words: Iterable[str]) -> Arguments:
    """Return the settings in `KEY=VALUE` words; `a.b=1` is the entry b of a.

    Raises:
        SettingError: a word cannot be read or names an unknown hyperparameter.
    """
    settings: Arguments = {}
    for key, text in pairs(words):
        first, *rest = key.split(".", 1)
        if first not in KNOWN:
            raise SettingError(unknown_name("hyperparameter", first, KNOWN))
        if rest:
            parts = settings.setdefault(first, {})
            if not isinstance(parts, dict):
                msg = f"the hyperparameter {first} has no parts"
                raise SettingError(msg)
            parts[rest[0]] = value(text)
        else:
            settings[first] = value(text)
    return settings


def as_arguments(settings: Mapping[str, object]) -> Arguments:
    """Return arguments of `HFDQN`, with numbers of the right type and settings as objects.

    Raises:
        SettingError: a value has the wrong type.
    """
    arguments = dict(settings)
    defaults = inspect.signature(DQN.__init__).parameters
    for key, each in arguments.items():
        kind = type(defaults[key].default) if key in defaults else None
        if kind is int and isinstance(each, float) and each.is_integer():
            arguments[key] = int(each)
        elif kind in {int, float} and not _is_number(each, key):
            msg = f"the hyperparameter {key} is a number, not {each!r}"
            raise SettingError(msg)
    buffer = arguments.get("replay_buffer_kwargs")
    if isinstance(buffer, dict):
        arguments["replay_buffer_kwargs"] = _with(buffer, "priorities", Priorities)
    for key, kinds in SWITCHES.items():
        if not isinstance(arguments.get(key), bool):
            arguments = _with(arguments, key, *kinds)
    return arguments


def _is_number(each: object, key: str) -> bool:
    if key in {"learning_rate", "train_freq"}:  # also a schedule, or (1, "episode")
        return not isinstance(each, str | list | dict)
    return isinstance(each, int | float) and not isinstance(each, bool)


def _with(arguments: Arguments, key: str, *kinds: type) -> Arguments:
    """Return arguments with settings objects in place of dicts that describe them.

    A dict becomes the first of the `kinds` that has all its names.
    """
    given = arguments.get(key)
    if given is None or isinstance(given, kinds):
        return arguments
    for kind in kinds if isinstance(given, dict) else ():
        if set(given) <= set(kind.__annotations__):
            return {**arguments, key: kind(**given)}
    parts = ", or of ".join(", ".join(kind.__annotations__) for kind in kinds)
    msg = f"the hyperparameter {key} is made of {parts}; got {given!r}"
    raise SettingError(msg)
