"""The on-disk cache of compiled functions: one file per function and signature, keyed by sources.

numba's own cache only checks whether the file of a function has changed, not those of the functions
that it calls, and its index names the classes of every game ever compiled: removing a game breaks
all others. Here a file is used if the digest of all its sources is unchanged, and ignored
otherwise,
whatever is wrong with it.

It overrides three methods of `numba.core.caching.FunctionCache`, the same in numba 0.61 to 0.68.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

OURS = ("rlhf_games", "rlhf_adapters", "rlhf_agents")
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import\s+(\([^)]*|[^#\n]+))?", re.M)
_DIGEST_BYTES = 32

implementers: dict[type, set[str]] = {}
"""Modules that implement functions for a named tuple, see `rlhf_games.compiled.implement`."""


class SourceCache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """The cache of one function."""

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            content = self._file(sig, target_context.codegen()).read_bytes()
            if content[:_DIGEST_BYTES] != self._digest(sig):
                return None
            return self._impl.rebuild(target_context, pickle.loads(content[_DIGEST_BYTES:]))
        except Exception:
            return None

    def _save_overload(self, sig: Any, data: Any) -> None:
        if not self._impl.check_cachable(data):
            return
        self._impl.locator.ensure_cache_path()
        content = self._digest(sig) + dumps(self._impl.reduce(data))
        _write(self._file(sig, data.codegen), content)

    def _file(self, sig: Any, codegen: Any) -> Path:
        machine = hashlib.sha256(repr((str(sig), codegen.magic_tuple())).encode()).hexdigest()
        function = self._py_func
        name = f"{function.__module__}.{function.__qualname__}"
        return Path(self._cache_path) / f"{name}.{machine[:16]}.nbc"

    def _digest(self, sig: Any) -> bytes:
        modules = {self._py_func.__module__, *_modules_of(sig)}
        whole = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
        for name, digest in sorted(_sources(frozenset(modules)).items()):
            whole.update(f"{name} {digest}".encode())
        return whole.digest()


def _write(path: Path, content: bytes) -> None:
    """Write atomically; without space or permission there is nothing to cache."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as handle:
            handle.write(content)
        os.replace(handle.name, path)
    except OSError:
        return


def _modules_of(arguments: Iterable[Any]) -> Iterator[str]:
    """Yield the modules of named tuples among the types, and of their implementations."""
    for each in arguments:
        if isinstance(each, types.BaseNamedTuple):
            yield each.instance_class.__module__
            yield from implementers.get(each.instance_class, ())
        if isinstance(each, types.BaseTuple):
            yield from _modules_of(each)


@cache
def _sources(roots: frozenset[str]) -> dict[str, str]:
    """Return the digests of the sources of modules and of all of ours that they import."""
    found: dict[str, str] = {}
    waiting = list(roots)
    packages = {*OURS, *(name.partition(".")[0] for name in roots)}
    folders = {path.parent for name in roots - set(OURS) if (path := _path(name)) is not None}
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name], imported = _read(name)
        for each in imported:
            beside = _path(each)
            if each.partition(".")[0] in packages or (beside and beside.parent in folders):
                waiting.append(each)
    return found


@cache
def _read(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the digest of the source of a module, and the names that it may import."""
    path = _path(name)
    if path is None:
        return "", ()
    source = path.read_bytes()
    imported = []
    for module, names in _IMPORT.findall(source.decode(errors="replace")):
        imported.append(module)
        imported += [f"{module}.{each}" for each in re.findall(r"\w+", names)]
    return hashlib.sha256(source).hexdigest(), tuple(imported)


def _path(name: str) -> Path | None:
    """Return the path of a module's source, without importing anything."""
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded is not None:
        return Path(loaded) if Path(loaded).is_file() else None
    package, *rest = name.split(".")
    for folder in getattr(sys.modules.get(package), "__path__", ()):
        place = Path(folder, *rest)
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return path
    return None
