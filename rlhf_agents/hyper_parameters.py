"""Hyper-parameters by name: those of `assets/hfdqn.yml` for a world, and `KEY=VALUE` on top.

Values are written as in RL Zoo's files: Python literals, `dict(net_arch=[64, 64])`, the names of
classes such as `ReLU`, `lin_1e-3` for a learning rate that falls to 0. Nothing in them is run.
"""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from stable_baselines3 import DQN
from stable_baselines3.common.utils import LinearSchedule

from rlhf_agents.declarative import SAFE_MODULES
from rlhf_agents.errors import SettingError
from rlhf_agents.settings import Foresight, Hindsight, ModelForesight, Priorities

FILE = Path(__file__).parent / "assets" / "hfdqn.yml"
OF_THE_RUN = ("n_timesteps", "policy", "n_envs")
"""Entries of the file that are no arguments of the algorithm."""
NOT_HERE = ("self", "policy", "env", "seed", "tensorboard_log", "_init_setup_model")
OURS = ("hindsight", "foresight", "double_q")
SWITCHES = {"foresight": (Foresight, ModelForesight), "hindsight": (Hindsight,)}
"""Arguments that are True or False, or settings: of games, and of all other worlds."""
KNOWN = sorted({*inspect.signature(DQN.__init__).parameters, *OURS} - {*NOT_HERE})
LINEAR = "lin_"


def of_world(name: str) -> dict[str, Any]:
    """Return what the file has for a world, `gymnasium:` before its name or not.

    Worlds that it does not name take its `default`, without the policy.
    """
    import yaml  # noqa: PLC0415 - only here

    table = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = table.get(name.removeprefix("gymnasium:"))
    if found is None:
        found = {key: each for key, each in table["default"].items() if key != "policy"}
    return {
        key: value(each) if isinstance(each, str) and key != "policy" else each
        for key, each in found.items()
    }


def from_words(words: Iterable[str]) -> dict[str, Any]:
    """Return what `KEY=VALUE` words say; `a.b=1` is the entry b of a.

    Raises:
        SettingError: a word cannot be read or names no hyper-parameter.
    """
    settings: dict[str, Any] = {}
    for key, text in pairs(words):
        first, *rest = key.split(".", 1)
        if first not in KNOWN:
            near = difflib.get_close_matches(first, KNOWN, n=2)
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            msg = f"there is no hyper-parameter {first!r}; {hint}known: {', '.join(KNOWN)}"
            raise SettingError(msg)
        if rest:
            parts = settings.setdefault(first, {})
            if not isinstance(parts, dict):
                msg = f"the hyper-parameter {first} has no parts"
                raise SettingError(msg)
            parts[rest[0]] = value(text)
        else:
            settings[first] = value(text)
    return settings


def pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the two sides of `KEY=VALUE` words.

    Raises:
        SettingError: a word has no two sides.
    """
    halves = [word.partition("=") for word in words]
    for key, equals, text in halves:
        if not (key and equals):
            msg = f"expected KEY=VALUE, got {key + equals + text!r}"
            raise SettingError(msg)
    return [(key, text) for key, _, text in halves]


def value(text: str) -> Any:
    """Return what a text stands for; a text that is no literal stands for itself.

    Raises:
        SettingError: it calls or names something that files may not.
    """
    try:
        if text.startswith(LINEAR):
            return LinearSchedule(float(text.removeprefix(LINEAR)), 0.0, 1.0)
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return text
    if isinstance(tree, ast.Name):
        return _class(tree.id) or text
    return _evaluate(tree, text)


def _evaluate(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {str(each.arg): _evaluate(each.value, text) for each in node.keywords}
    if isinstance(node, ast.Dict):
        keys = [_evaluate(key, text) for key in node.keys if key is not None]
        return dict(zip(keys, (_evaluate(each, text) for each in node.values), strict=True))
    if isinstance(node, ast.List | ast.Tuple):
        items = [_evaluate(each, text) for each in node.elts]
        return items if isinstance(node, ast.List) else tuple(items)
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        found = _class(name)
        if found is not None:
            return found
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        msg = f"cannot read the value {text!r}: literals, dict(...) and names of classes are read"
        raise SettingError(msg) from error


def _class(name: str) -> type | None:
    """Return the class of that name in one of the modules that model files may name."""
    for module in SAFE_MODULES:
        found = vars(import_module(module)).get(name)
        if isinstance(found, type) and found.__module__ == module:
            return found
    return None


def as_arguments(settings: dict[str, Any]) -> dict[str, Any]:
    """Return arguments of `HFDQN`: numbers as it wants them, and settings as objects.

    Raises:
        SettingError: a value is of the wrong kind.
    """
    arguments = dict(settings)
    defaults = inspect.signature(DQN.__init__).parameters
    for key, each in arguments.items():
        kind = type(defaults[key].default) if key in defaults else None
        if kind is int and isinstance(each, float) and each.is_integer():
            arguments[key] = int(each)
        elif kind in {int, float} and not _is_number(each, key):
            msg = f"the hyper-parameter {key} is a number, not {each!r}"
            raise SettingError(msg)
    buffer = arguments.get("replay_buffer_kwargs")
    if isinstance(buffer, dict):
        arguments["replay_buffer_kwargs"] = _with(buffer, "priorities", Priorities)
    for key, kinds in SWITCHES.items():
        if not isinstance(arguments.get(key), bool):
            arguments = _with(arguments, key, *kinds)
    return arguments


def _is_number(each: Any, key: str) -> bool:
    if key in {"learning_rate", "train_freq"}:  # also a schedule, or (1, "episode")
        return not isinstance(each, str | list | dict)
    return isinstance(each, int | float) and not isinstance(each, bool)


def _with(arguments: dict[str, Any], key: str, *kinds: Any) -> dict[str, Any]:
    """Return arguments with the settings that a dict describes in place of the dict.

    They are of the first of the `kinds` that has all the names.
    """
    given = arguments.get(key)
    if given is None or isinstance(given, kinds):
        return arguments
    for kind in kinds if isinstance(given, dict) else ():
        if set(given) <= set(kind.__annotations__):
            return {**arguments, key: kind(**given)}
    parts = ", or of ".join(", ".join(kind.__annotations__) for kind in kinds)
    msg = f"the hyper-parameter {key} is made of {parts}; got {given!r}"
    raise SettingError(msg)
