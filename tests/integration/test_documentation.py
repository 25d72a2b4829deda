"""Examples of README and documentation run as written; links, commands and sentences are true."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *ROOT.glob("*/README.md")]
    if DOCS / "made" not in page.parents
)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([\w./-]+)")
FOREIGN = re.compile(r"^(?:import|from) (rl_zoo3|sb3_contrib|pettingzoo|pyspiel)\b", re.MULTILINE)
"""What the pages on moving from another library import, and not every set-up has."""
RUN = """
import sys
for number, block in enumerate(sys.argv[1:], 1):
    print(f"block {number}", flush=True)
    exec(compile(block, f"block {number}", "exec"), {"__name__": "__main__"})
"""
PROGRAMS = {
    "rlhf-arena": "arena:parser",
    "rlhf-eval": "evaluate:parser",
    "rlhf-export": "export:parser",
    "rlhf-games": "games:parser",
    "rlhf-play": "play:parser",
    "rlhf-train": "train:parser",
}


def examples() -> list[object]:
    """Return the Python blocks of every page, those together that need the same libraries."""
    cases = []
    for page in PAGES:
        groups: dict[tuple[str, ...], list[str]] = {}
        for block in PYTHON.findall(page.read_text("utf-8")):
            groups.setdefault(tuple(sorted(set(FOREIGN.findall(block)))), []).append(block)
        for needs, blocks in groups.items():
            name = "-".join([str(page.relative_to(ROOT)), *needs])
            cases.append(pytest.param(needs, blocks, id=name))
    return cases


def test_the_readme_is_for_newcomers():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 120
    first = PYTHON.findall(readme)[0]
    assert len([line for line in first.splitlines() if line]) <= 5


def test_there_are_examples():
    assert len(examples()) >= 12


@pytest.mark.parametrize(("needs", "blocks"), examples())
def test_examples_run_as_written(needs: tuple[str, ...], blocks: list[str], tmp_path: Path):
    for module in needs:
        pytest.importorskip(module)
    strict = [] if needs else ["-W", "error"]  # other libraries warn of what they like
    done = subprocess.run(
        [sys.executable, *strict, "-c", RUN, *blocks],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if any("four.zip" in block and "save" in block for block in blocks):
        assert (tmp_path / "four.zip").stat().st_size > 1_000_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    text = re.sub(r"^ {4}.*$|`[^`]*`|\$+[^$]+\$+", "", page.read_text("utf-8"), flags=re.MULTILINE)
    targets = LINK.findall(text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def commands() -> list[str]:
    """Return every command of ours that a page shows, with lines that go on joined."""
    found = set()
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", " ")
        indented = re.findall(r"^(?: {4})?(rlhf-[a-z]+ .*)$", text, re.MULTILINE)
        found |= {*indented, *re.findall(r"`(rlhf-[a-z]+ [^`]*)`", text)}
    shown = {re.sub(r"\s+#.*$", "", " ".join(command.split())) for command in found}
    return sorted(command for command in shown if "..." not in command and len(command.split()) > 2)


def test_there_are_commands():
    assert len(commands()) >= 40


@pytest.mark.parametrize("command", commands())
def test_commands_are_understood(command: str):
    """Their options exist; whether they work is tested where they live."""
    program, *arguments = shlex.split(command)
    if program not in PROGRAMS:
        pytest.skip("a program of protocols, tested in tests/agents/bots")
    module, _, parser = PROGRAMS[program].partition(":")
    getattr(import_module(f"rlhf_agents.cli.{module}"), parser)().parse_intermixed_args(arguments)


def _texts_of_the_code() -> str:
    """Return all texts of the packages, what f-strings fill in as `…`."""
    texts = []
    for package in ("rlhf_agents", "adapters/rlhf_adapters", "games/rlhf_games"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (
                        part.value if isinstance(part, ast.Constant) else "…"
                        for part in node.values
                    )
                    texts.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


def test_sentences_of_troubleshooting_are_those_of_the_code():
    page = (DOCS / "troubleshooting.md").read_text("utf-8")
    sentences = re.findall(r'^\*\*"(.+?)"\*\*$', page, re.MULTILINE)
    code = _texts_of_the_code()
    assert len(sentences) >= 20
    assert [sentence for sentence in sentences if sentence not in code] == []


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for page in DOCS.glob("**/*.md"):
        for body in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for entry in body.split():
                listed |= set(page.parent.glob(f"{entry}.md"))
    pages = {page for page in DOCS.glob("**/*.md") if DOCS / "made" not in page.parents}
    assert {str(page) for page in pages - listed} == {str(DOCS / "index.md")}
