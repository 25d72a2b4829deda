"""What all programs share: options, did-you-mean, signals, pipes that end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from rlhf_agents import limits
from rlhf_agents.__main__ import PROGRAMS
from rlhf_agents.cli import common
from rlhf_agents.errors import SettingError, UserError
from tests.agents.cli import programs

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = os.pathsep.join(str(ROOT / folder) for folder in (".", "adapters", "games"))


def parser() -> common.Parser:
    program = common.Parser("rlhf-some", "Do something.", "examples:\n  rlhf-some --json")
    program.add_argument("--json", action="store_true")
    program.add_argument("--nodes", type=common.nodes)
    program.add_argument("--games", type=common.games)
    program.add_argument("--out", type=Path)
    program.add_argument("--agent", required=True)
    program.add_seed()
    return program


def refused(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--agent", "random", *words])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    return said.err


def started(code: str, **pipes) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": FOLDERS}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, **pipes)


# ---- options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--jsn"], ["--jsn", "did you mean --json"]),
        (["--nods=5"], ["--nods", "did you mean", "--nodes"]),
        (["--nodes", "1e12"], ["--nodes", "10000000", "1000000000000"]),
        (["--nodes", "many"], ["--nodes", "'many'", "whole number"]),
        (["--nodes", "0.5"], ["--nodes", "'0.5'", "whole number"]),
        (["--nodes", "inf"], ["--nodes", "'inf'", "whole number"]),
        (["--games", "0"], ["--games must be", "from 1 to", "got 0"]),
        (["--seed", "-1"], ["--seed", "from 0 to", "got -1"]),
        (["--verbose", "--quiet"], ["--quiet", "--verbose"]),
        (["surplus"], ["unexpected surplus"]),
    ],
)
def test_mistakes_are_one_sentence(words, parts, capsys):
    said = refused(capsys, *words)
    assert all(part in said for part in parts), said


def test_what_is_missing_is_named_and_misspelt_options_come_first(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args([])
    assert "--agent is missing" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parser().parse_args(["--agnet", "random"])
    assert "did you mean --agent?" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1000000", "1e6", "1_000_000", "1E+6"])
def test_whole_numbers_may_be_written_as_people_do(text):
    assert parser().parse_args(["--agent", "random", "--nodes", text]).nodes == 10**6


@pytest.mark.parametrize("program", ["play", "train", "eval", "arena", "games", "export"])
def test_every_program_has_the_common_options(program, capsys):
    name = {"eval": "evaluate"}.get(program, program)
    said = programs.run(name, "--version")
    assert (said.returncode, said.stdout.split()[0]) == (0, f"rlhf-{program}")
    help_text = programs.run(name, "--help").stdout
    for option in ("--version", "--verbose", "--quiet", "--print-completion", "examples:"):
        assert option in help_text


def test_the_programs_are_listed():
    def run(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "rlhf_agents", *words],
            env={**os.environ, "PYTHONPATH": FOLDERS},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    functions = {f"rlhf-{name}": f"{one[0]}:{one[1]}" for name, one in PROGRAMS.items()}
    assert functions == project["project"]["scripts"]
    listed = run().stdout
    assert all(name in listed for name in functions)
    wrong = run("evla")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean eval" in wrong.stderr
    assert run("games", "--version").stdout.startswith("rlhf-games ")


def test_completion_scripts(capsys):
    pytest.importorskip("shtab", reason="needs the extra completion")
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--print-completion", "bash"])
    assert ended.value.code == 0
    script = capsys.readouterr().out
    assert "--json" in script
    assert "_shtab_compgen_files" in script  # of --out


def test_completion_without_shtab_names_the_cure(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert "pip install" in refused(capsys, "--print-completion", "zsh")


def test_unknown_devices_are_refused():
    assert common.checked_device("cpu") == "cpu"
    with pytest.raises(SettingError, match="there is cpu"):
        common.checked_device("quantum")


def test_limits_are_the_same_for_python():
    assert limits.checked_count("games", 3, 1, 5) == 3
    for wrong in (0, 6, 2.0, True, "3"):
        with pytest.raises(SettingError, match="games must be a whole number from 1 to 5"):
            limits.checked_count("games", wrong, 1, 5)


# ---- how programs end -------------------------------------------------------------------------


def test_verbose_shows_where_an_error_arose(capsys):
    def fail(*_):
        raise UserError("no luck")

    for words, traces in ((["--verbose"], True), ([], False), (["--quiet"], False)):
        options = parser().parse_args(["--agent", "random", *words])
        assert common.run_program(fail, options) == 2
        said = capsys.readouterr().err
        assert "error: no luck" in said
        assert ("Traceback" in said) == traces


PROGRAM = """
import argparse, sys, time
from rlhf_agents.cli.common import run_program
def work(options, arguments):
    {work}
    return 0
sys.exit(run_program(work, argparse.Namespace()))
"""


def test_a_reader_that_goes_ends_the_program_quietly():
    work = "[print('x' * 1000) for _ in range(1000)]"
    process = started(PROGRAM.format(work=work), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


BUSY = """
    import numba
    @numba.njit(nogil=True)
    def busy(n):
        total = 0
        for i in range(n):
            total = (total * 31 + i) % 1_000_003
        return total
    busy(1); print("ready", flush=True); print(busy(10**13))
"""


@pytest.mark.parametrize(
    ("work", "kind", "code"),
    [
        ("print('ready', flush=True); time.sleep(600)", signal.SIGINT, 130),
        ("print('ready', flush=True); time.sleep(600)", signal.SIGTERM, 143),
        (BUSY.strip(), signal.SIGINT, 130),
        (BUSY.strip(), signal.SIGTERM, 143),
    ],
)
def test_signals_end_a_program_also_in_compiled_code(work, kind, code):
    process = started(PROGRAM.format(work=work), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(kind)
    begin = time.monotonic()
    assert process.wait(60) == code
    assert time.monotonic() - begin < 10  # two seconds, on a machine that has time
    assert "Traceback" not in process.stderr.read()
    process.stdout.close()
    process.stderr.close()
