"""SB3's own tests with HFDQN in the place of DQN: fetching and running them.

The first half is for `test_sb3_suite.py`. The second half is a pytest plugin (`-p sb3_suite`), as
SB3's tests run in a process of their own, where their settings and ours do not meet.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.util
import inspect
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import stable_baselines3
from stable_baselines3 import DQN
from stable_baselines3.common.base_class import BaseAlgorithm

TAKES_PART = re.compile(r"\bDQN\b|\bHerReplayBuffer\b")
OTHER_ALGORITHM = re.compile(r"\b(A2C|PPO|SAC|TD3|DDPG)\b")
RESULT_VARIABLE = "SB3_SUITE_RESULT"
SHARD_VARIABLE = "SB3_SUITE_SHARD"


@dataclass
class Result:
    """What one shard of SB3's tests came to; tests are named by their node ids.

    Attributes:
        exit_code: pytest's.
        outcomes: "passed", "failed" or "skipped" of every test that ran.
        with_hfdqn: the tests that made at least one HFDQN.
        with_dqn: the tests that made a DQN although it should have been replaced.
        deselected: how many tests of this shard are about other algorithms only.
        output: what pytest printed.
    """

    exit_code: int = 0
    outcomes: dict[str, str] = field(default_factory=dict)
    with_hfdqn: list[str] = field(default_factory=list)
    with_dqn: list[str] = field(default_factory=list)
    deselected: int = 0
    output: str = ""


def download(folder: Path) -> Path:
    """Return the source archive of the installed SB3 version, from pip's index.

    Raises:
        subprocess.SubprocessError: pip is missing, found nothing or took too long.
    """
    wanted = f"stable-baselines3=={stable_baselines3.__version__}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    command += ["--dest", str(folder), wanted]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
    return next(folder.glob("*.tar.gz"))


def unpack(archive: Path, folder: Path) -> Path:
    """Return a folder with the tests and pytest's settings of the archive, and nothing else.

    SB3's package is left out: the installed one is tested. HFDQN's runs are logged under its own
    name, which is the only difference that the tests are told of.
    """
    # By hand: `filter="data"` is missing from early releases of Python 3.11.
    with tarfile.open(archive) as tar:
        for member in tar:
            wanted = re.fullmatch(r"[^/]+/(tests/[\w/]+\.py|pyproject\.toml)", member.name)
            content = tar.extractfile(member) if wanted and member.isfile() else None
            if content is not None:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    root = next(path.parent for path in folder.glob("*/tests"))
    for path in (root / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"DQN_1"', '"HFDQN_1"'), encoding="utf-8")
    return root


def files_about_dqn(root: Path) -> tuple[list[Path], dict[str, str]]:
    """Return the test files in which DQN or HER takes part, and those that cannot be imported.

    Returns:
        the files, and {name of a file: the packages it imports that are not installed}
    """
    able: list[Path] = []
    unable: dict[str, str] = {}
    for path in sorted((root / "tests").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if TAKES_PART.search(text):
            missing = sorted({name for name in _imports(text) if not _installed(name)})
            if missing:
                unable[path.name] = ", ".join(missing)
            else:
                able.append(path)
    return able, unable


def _imports(text: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def run_shard(root: Path, files: list[Path], shard: int, shards: int, scratch: Path) -> Result:
    """Run every `shards`-th test of the files, from number `shard` on, in a process of its own."""
    report = scratch / "result.json"
    # -P: neither this folder nor the current one may hide an installed package.
    command = [sys.executable, "-P", "-m", "pytest", "-p", Path(__file__).stem, "-q", "--tb=short"]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not expensive"]
    command += ["--rootdir", str(root), "-c", str(root / "pyproject.toml")]
    command += ["--basetemp", str(scratch / "tmp"), *map(str, files)]
    # With our search path: it may be pytest's settings that find rlhf_agents.
    search = [str(Path(__file__).parent), *filter(None, sys.path)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": os.pathsep.join(search), "OMP_NUM_THREADS": "1"}
    environment |= {RESULT_VARIABLE: str(report), SHARD_VARIABLE: f"{shard}/{shards}"}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    result = Result(**told)
    result.exit_code, result.output = done.returncode, done.stdout + done.stderr
    return result


# ---- the plugin --------------------------------------------------------------------------------


class _Recorder:
    """Hooks that choose this shard's tests and write down what became of them."""

    def __init__(self, replacement: type[DQN], result_file: Path, shard: str) -> None:
        self.replacement = replacement
        self.result_file = result_file
        self.shard, self.shards = (int(part) for part in shard.split("/"))
        self.result = Result()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        concerned = [item for item in items if concerns_dqn(item)]
        chosen = concerned[self.shard :: self.shards]
        self.result.deselected = len(items) - len(concerned)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        made: set[type] = set()
        try:
            with _noting_models(made):
                yield
        finally:
            if any(issubclass(kind, self.replacement) for kind in made):
                self.result.with_hfdqn.append(item.nodeid)
            elif any(issubclass(kind, DQN) for kind in made):
                self.result.with_dqn.append(item.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self.result.outcomes[report.nodeid] = report.outcome

    def pytest_sessionfinish(self) -> None:
        self.result_file.write_text(json.dumps(asdict(self.result)), encoding="utf-8")


def concerns_dqn(item: pytest.Item) -> bool:
    """Return False for a test that is about other algorithms only.

    That is one whose parameters name another algorithm, or whose text names others but not DQN.
    """
    if not isinstance(item, pytest.Function):
        return True
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    names = " ".join(_name(value) for value in parameters.values())
    if OTHER_ALGORITHM.search(names):
        return False
    text = f"{names} {inspect.getsource(item.function)}"
    return bool(TAKES_PART.search(text)) or not OTHER_ALGORITHM.search(text)


def _name(value: Any) -> str:
    if isinstance(value, type) and issubclass(value, DQN):
        return "DQN"
    return value.__name__ if isinstance(value, type) else value if isinstance(value, str) else ""


@contextlib.contextmanager
def _noting_models(made: set[type]) -> Iterator[None]:
    """Add the class of every model that is made meanwhile."""
    original = BaseAlgorithm.__init__

    @functools.wraps(original)
    def noting(self: BaseAlgorithm, *args: Any, **kwargs: Any) -> None:
        made.add(type(self))
        original(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseAlgorithm, "__init__", noting)
        yield


def replace_dqn(replacement: type[DQN]) -> None:
    """Give whoever imports DQN from SB3 from now on another class."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "stable_baselines3" and vars(module).get("DQN") is DQN:
            vars(module)["DQN"] = replacement


def pytest_configure(config: pytest.Config) -> None:
    """Start as a plugin: replace DQN before any test imports it."""
    # Here and not above: a class made from the true DQN must exist before DQN is replaced.
    from rlhf_agents import HFDQN  # noqa: PLC0415

    replace_dqn(HFDQN)
    result_file = Path(os.environ[RESULT_VARIABLE])
    recorder = _Recorder(HFDQN, result_file, os.environ[SHARD_VARIABLE])
    config.pluginmanager.register(recorder)
