"""Values written as text: Python literals, `dict(...)`, class names, `lin_1e-3`; no code runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from importlib import import_module

from stable_baselines3.common.utils import LinearSchedule

from rlhf_agents.errors import SettingError
from rlhf_agents.files.json_codec import SAFE_MODULES

LINEAR = "lin_"


def pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the keys and values of `KEY=VALUE` words.

    Raises:
        SettingError: a word has another form.
    """
    halves = [word.partition("=") for word in words]
    for key, equals, text in halves:
        if not (key and equals):
            msg = f"expected KEY=VALUE, got {key + equals + text!r}"
            raise SettingError(msg)
    return [(key, text) for key, _, text in halves]


def value(text: str) -> object:
    """Return the value of a literal; return any other text unchanged.

    Raises:
        SettingError: it calls or names something that is not allowed in files.
    """
    try:
        if text.startswith(LINEAR):
            return LinearSchedule(float(text.removeprefix(LINEAR)), 0.0, 1.0)
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return text
    except (RecursionError, MemoryError) as error:
        msg = f"{text[:40]}... is nested too deeply to be a value"
        raise SettingError(msg) from error
    if isinstance(tree, ast.Name):
        return _class(tree.id) or text
    return _evaluate(tree, text)


def _evaluate(node: ast.expr, text: str) -> object:
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
        msg = f"cannot read the value {text!r}: use a literal, dict(...) or the name of a class"
        raise SettingError(msg) from error


def _class(name: str) -> type | None:
    """Return the class of that name from one of the modules allowed in model files."""
    for module in SAFE_MODULES:
        found = vars(import_module(module)).get(name)
        if isinstance(found, type) and found.__module__ == module:
            return found
    return None
