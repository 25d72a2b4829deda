"""PettingZoo's ids: the spellings that users write, and the environments behind them."""

from __future__ import annotations

import importlib
import inspect
import re
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from rlhf_adapters.specs import EnvError, Options, unknown_env
from rlhf_games.base import unknown_name, written_options

LIBRARY = "pettingzoo"
CURE = 'pip install "rlhf-agents[pettingzoo]"'
ATARI_CURE = 'pip install "pettingzoo[atari]" autorom, then AutoROM --accept-license for the ROMs'
LIMIT = "max_plies"
"""Our own option, for the environments in `CUT`."""
CUT = ("chess", "go")
SHOW = ("render_mode", "screen_height", "screen_scaling")
"""Options that do not change the rules."""
FORM = re.compile(r"([\w/.-]+)(?:\((.*)\))?")


class EnvKind(NamedTuple):
    """An environment of PettingZoo.

    Attributes:
        name: as users write it, e.g. `go_v5`.
        key: in PettingZoo's registry.
        base: the name without version.
        options: of its constructor.
        parallel: agents move at the same time.
    """

    name: str
    key: str
    base: str
    options: dict[str, Any]
    parallel: bool = False

    @property
    def bare(self) -> str:
        """The name with the library."""
        return f"{LIBRARY}:{self.name}"

    @property
    def full(self) -> str:
        """The name with the library and the options that are part of the rules."""
        rules = {key: value for key, value in self.options.items() if key not in SHOW}
        options = ",".join(f"{key}={value!r}" for key, value in sorted(rules.items()))
        return f"{self.bare}({options})" if options else self.bare


def zoo_library() -> ModuleType:
    """Return the library.

    Raises:
        EnvError: it is not installed, or too old.
    """
    try:
        zoo = importlib.import_module("pettingzoo")
    except ImportError as error:
        msg = f"{LIBRARY}: environments need pettingzoo: {CURE}"
        raise EnvError(msg) from error
    if not hasattr(zoo, "aec_registry"):
        msg = f"{LIBRARY}: environments need PettingZoo 1.27 or newer: {CURE}"
        raise EnvError(msg)
    return zoo


def spelled(key: str) -> str:
    """Return an id as users write it: `classic/chess-v6` is `chess_v6`."""
    return re.sub(r"-v(\d+)$", r"_v\1", re.sub(r"^(classic|butterfly|sisl)/", "", key))


def kind_of(env_name: str, options: Options) -> EnvKind:
    """Return the environment that a name means: `go_v5`, `classic/go-v5`, `go` (the latest)."""
    form = FORM.fullmatch(env_name)
    if form is None:
        msg = (
            f"{env_name!r} is not the name of an environment, such as chess_v6 or "
            "go_v5(board_size=9)"
        )
        raise EnvError(msg)
    zoo, wanted = zoo_library(), spelled(form[1])
    ids = {spelled(key): key for key in zoo.aec_registry}
    bare = {base_of(name): name for name in sorted(ids, key=_version)}
    anywhere = {name.rpartition("/")[2]: name for name in ids}
    name = next((table[wanted] for table in (bare, anywhere) if wanted in table), wanted)
    name = _newer(name, bare, zoo.parallel_registry, ids)
    if name not in ids:
        raise EnvError(unknown_env(LIBRARY, form[1], names()))
    written = written_options(env_name, form[2] or "", "(board_size=9,komi=5.5)")
    options = {**written, **options}
    return EnvKind(name, ids[name], base_of(name), options, ids[name] in zoo.parallel_registry)


def names() -> list[str]:
    """Return the names of suitable environments; those of third parties may refuse later."""
    return sorted(spelled(key) for key in zoo_library().aec_registry if not key.startswith("atari"))


def _newer(name: str, bare: Mapping[str, str], parallel: Options, ids: Mapping[str, str]) -> str:
    """Return the available version of an older environment with many agents, with a warning.

    PettingZoo ships only the latest version of each, and raises its number for small fixes.
    """
    latest = bare.get(base_of(name), name)
    older = _version(name) < _version(latest)
    if name in ids or not older or ids[latest] not in parallel:
        return name
    msg = f"{LIBRARY}:{name} is out of date, {latest} is played: PettingZoo has no other version"
    warnings.warn(msg, stacklevel=2)
    return latest


def base_of(name: str) -> str:
    """Return a name without its version."""
    return re.sub(r"_v\d+$", "", name)


def _version(name: str) -> int:
    digits = re.search(r"_v(\d+)$", name)
    return int(digits[1]) if digits else 0


def new_aec(kind: EnvKind) -> Any:
    """Make PettingZoo's environment.

    Raises:
        EnvError: an option is unknown or refused, or something is not installed.
    """
    zoo = zoo_library()
    options = {
        key: value for key, value in kind.options.items() if key != LIMIT and value is not None
    }
    if LIMIT in kind.options and kind.base not in CUT:
        raise EnvError(unknown_name(f"option of {kind.bare}", LIMIT, _known_options(kind)))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*precision lowered by casting", UserWarning)
            return zoo.make("aec", kind.key, **options)
    except (ImportError, zoo.env_registry.exceptions.FailedToImport) as error:
        raise EnvError(missing(kind, error)) from error
    except Exception as error:  # any error about the options
        known = _known_options(kind)
        strange = [key for key in options if known and key not in known]
        if strange:
            raise EnvError(unknown_name(f"option of {kind.bare}", strange[0], known)) from error
        msg = f"{kind.bare} does not start with {options}: {error}"
        raise EnvError(msg) from error


def missing(kind: EnvKind, error: BaseException) -> str:
    """Return a sentence that names the missing package of an environment and the cure."""
    cause = error.__cause__ or error
    needed = getattr(cause, "name", None) or str(cause).splitlines()[0]
    cure = ATARI_CURE if kind.key.startswith("atari") else CURE
    return f"{kind.full} needs {needed}, which is not installed: {cure}"


def _known_options(kind: EnvKind) -> list[str]:
    """Return the options of an environment's constructor, empty if unknown."""
    entry = zoo_library().aec_registry[kind.key].entry_point
    if not isinstance(entry, str):
        return []
    maker = getattr(importlib.import_module(entry.partition(":")[0]), "raw_env", None)
    names = [] if maker is None else list(inspect.signature(maker).parameters)
    return [*names, *([LIMIT] if kind.base in CUT else [])]
