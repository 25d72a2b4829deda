"""Exports by name, and the program: every mistake is one sentence, and nothing is half written."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

import rlhf_agents
from rlhf_agents import load_agent
from rlhf_agents.bots.exports import registry
from rlhf_agents.cli.export import main
from rlhf_agents.errors import OutputError, SettingError, UnknownAgentError
from rlhf_agents.limits import MAX_NODES
from rlhf_agents.players.levels import Strength
from rlhf_games.base import UnknownGoalError

AGENT = "tic_tac_toe"


@pytest.fixture(autouse=True)
def note(monkeypatch):
    """A format whose files say what was asked for."""

    def refusal(request):
        return "too heavy, try connect_four" if request.options.get("weight") == 9 else None

    def contents(request):
        return (
            f"{request.agent.name} {request.goal} {request.nodes} {dict(request.options)}".encode()
        )

    module = SimpleNamespace(
        __doc__="A note.",
        SUFFIX=".txt",
        OPTIONS=("weight", "opset"),
        refusal=refusal,
        contents=contents,
    )
    monkeypatch.setitem(sys.modules, "format_of_notes", module)
    monkeypatch.setitem(registry.FORMATS, "note", "format_of_notes")
    monkeypatch.setitem(registry.LIVE, "talk", "{agent} talks: run rlhf-talk")


def test_a_bot_plays_at_a_level_or_by_the_clock(tmp_path, monkeypatch):
    said = lambda request: repr((request.strength, request.level_words)).encode()  # noqa: E731
    monkeypatch.setattr(sys.modules["format_of_notes"], "contents", said)
    levels = load_agent(AGENT).levels

    def exported(**strength) -> str:
        return rlhf_agents.export(
            AGENT, "note", tmp_path / "a.txt", force=True, **strength
        ).read_text()

    assert exported(level=3) == repr((levels.of_level(3), "level 3, learner"))
    assert exported(elo=400) == repr((levels.of_elo(400), "400 Elo"))
    assert exported(nodes=5) == repr((Strength(5), "5 positions"))
    assert exported(seconds=0.5) == repr((Strength(MAX_NODES, seconds=0.5), "0.5 s per move"))
    with pytest.raises(SettingError, match="give one of them"):
        exported(level=3, seconds=0.5)


def test_writes_what_the_format_makes(tmp_path):
    path = rlhf_agents.export(AGENT, "note", tmp_path / "a.txt", goal="draw", nodes=5, weight=2)
    assert path.read_text() == "tic_tac_toe draw 5 {'weight': 2}"
    again = rlhf_agents.export(load_agent(AGENT), "note", tmp_path / "a.txt", force=True)
    assert again.read_text() == "tic_tac_toe win 256 {}"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"to": "notes"}, registry.ExportError, "did you mean note"),
        ({"to": "xml"}, registry.ExportError, "known: "),
        ({"to": "talk"}, registry.ExportError, "--to talk says how"),
        ({"agent": "nobody"}, UnknownAgentError, "connect_four"),
        ({"goal": "dance"}, UnknownGoalError, "dance"),
        ({"nodes": -1}, SettingError, "nodes"),
        ({"nodes": 10**12}, SettingError, "nodes"),
        ({"colour": 1}, registry.ExportError, "options: weight, opset"),
        ({"weight": 9}, registry.ExportError, "try connect_four"),
        ({"out": "no/such/folder.txt"}, OutputError, "no folder"),
        ({"out": "."}, OutputError, "folder"),
    ],
)
def test_mistakes_are_explained(changes, error, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    request = {"agent": AGENT, "to": "note", "out": "a.txt", **changes}
    with pytest.raises(error, match=words):
        rlhf_agents.export(**request)
    assert list(tmp_path.iterdir()) == []


def test_existing_files_stay(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        rlhf_agents.export(AGENT, "note", path)
    assert path.read_text() == "mine"


def test_program(tmp_path, capsys):
    path = tmp_path / "a.txt"
    request = ["--agent", AGENT, "--to", "note", "--out", str(path), "--option", "weight=3"]
    assert main([*request, "--goal", "lose", "--nodes", "7", "--opset", "17"]) == 0
    assert path.read_text() == "tic_tac_toe lose 7 {'weight': 3, 'opset': 17}"
    assert main(request) == 2
    assert "exists" in capsys.readouterr().err
    assert main([*request, "--force"]) == 0


def test_program_shows_pages_and_mistakes(capsys):
    assert main(["--to", "note"]) == 0
    assert capsys.readouterr().out == "A note.\n"
    assert main(["--to", "paper"]) == 2
    assert main(["--to", "note", "--agent", AGENT]) == 2
    assert main(["--to", "note", "--agent", AGENT, "--out", "a", "--option", "weight"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("error: ") for line in lines] == [True] * 3


@pytest.mark.parametrize("options", [[], ["--agent", "three.zip"]])
@pytest.mark.parametrize("name", ["gtp", "uci", "openspiel"])
def test_program_says_how_where_there_is_no_file(name, options, capsys):
    assert main(["--to", name, *options]) == 0
    said = capsys.readouterr().out
    assert ("three.zip" if options else "NAME") in said
    assert {"gtp": "rlhf-gtp", "uci": "rlhf-uci", "openspiel": "AgentBot"}[name] in said
    assert main(["--to", name, "--agent", AGENT, "--out", "bot"]) == 2
    assert f"--to {name} says how" in capsys.readouterr().err


def test_the_budget_may_stand_behind_the_name(tmp_path, capsys):
    path = tmp_path / "a.txt"
    assert main(["--agent", f"{AGENT}@7", "--to", "note", "--out", str(path)]) == 0
    assert path.read_text() == "tic_tac_toe win 7 {}"
    wrong = ["--agent", f"{AGENT}@7", "--nodes", "8", "--to", "note", "--out", "b.txt"]
    assert main(wrong) == 2
    assert main(["--agent", f"{AGENT}@{10**12}", "--to", "kaggle", "--out", "b.py"]) == 2
    with pytest.raises(SystemExit, match="2"):
        main(["--agent", AGENT, "--to", "kaggle", "--out", "b.py", "--nodes", str(10**12)])
    assert len(capsys.readouterr().err.splitlines()) == 3


@pytest.mark.parametrize("name", list(registry.FORMATS))
def test_formats_have_pages(name):
    module = registry.format_module(name)
    assert f"--to {name}" in registry.page(name)
    assert module.SUFFIX.startswith(".")
    assert not set(module.OPTIONS) & {"agent", "goal", "nodes", "force"}
