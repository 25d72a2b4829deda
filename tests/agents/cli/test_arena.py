"""`rlhf-arena`: what it prints, what it writes, what it never overwrites."""

from __future__ import annotations

import builtins
import csv
import json
import shutil
from pathlib import Path
from unittest import mock

import pytest

import rlhf_games
from rlhf_agents import load_agent, plots
from rlhf_agents.cli import calibrate
from rlhf_agents.evaluation import league_play
from rlhf_agents.play.records import read_records
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levels import LevelTable
from tests.agents.cli.programs import run
from tests.agents.evaluation.test_calibration import FEW

CROWD = ("random", "minimax:1", "minimax:2")
BASE = ("--game", "connect_four", "--workers", 1)
GAME = rlhf_games.make("connect_four")


def test_prints_a_table():
    done = run("arena", *BASE, *CROWD, "--games", 20)
    assert (done.returncode, done.stderr) == (0, "")
    assert "60 games" in done.stdout
    rows = [line for line in done.stdout.splitlines() if "search 2 moves deep" in line]
    assert len(rows) == 2
    assert "first move" in done.stdout


def test_json_is_one_object():
    done = run("arena", *BASE, *CROWD, "--games", 20, "--gauntlet", "--json")
    report = json.loads(done.stdout)
    assert [report["game"], report["games"], report["anchored"]] == ["connect_four", 40, True]
    assert {row["player"] for row in report["rows"]} == set(CROWD)
    assert len(report["cells"]) == 4


@pytest.mark.parametrize("kind", ["pgn", "sgf", "txt"])
def test_files_hold_the_games_and_the_ratings(tmp_path: Path, kind: str):
    folder = tmp_path / "deep" / "league"
    words = (*BASE, *CROWD, "--games", 10, "--out", folder, "--records", kind)
    done = run("arena", *words)
    assert done.returncode == 0
    rows = list(csv.DictReader((folder / "ratings.csv").read_text().splitlines()))
    assert {row["player"] for row in rows} == set(CROWD)
    assert len(list(csv.DictReader((folder / "cross_table.csv").read_text().splitlines()))) == 6
    lines = read_records(folder / "games.jsonl", GAME)
    records = read_records(folder / f"games.{kind}", GAME)
    assert sorted(one.moves for one in records) == sorted(one.moves for one in lines)
    assert len(records) == 30
    if plots.available():
        assert (folder / "league.png").read_bytes().startswith(b"\x89PNG")
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix != ".json"}
    assert run("arena", *words).returncode == 0
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_results_are_replaced_only_when_forced(tmp_path: Path):
    words = (*BASE, *CROWD, "--out", tmp_path)
    assert run("arena", *words, "--games", 4).returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = run("arena", *words, "--games", 8)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert run("arena", *words, "--games", 8, "--force").returncode == 0
    assert (tmp_path / "ratings.csv").read_bytes() != before[tmp_path / "ratings.csv"]
    kept = (tmp_path / "games.jsonl").read_bytes()
    assert kept.startswith(before[tmp_path / "games.jsonl"])
    assert kept.count(b"\n") == 3 * 8


def test_an_interrupted_league_says_how_it_goes_on(tmp_path: Path):
    play, played = league_play.Stage.work, []

    def interrupted(self, batch):
        if len(played) == 2:
            raise KeyboardInterrupt
        played.append(batch)
        return play(self, batch)

    words = (*BASE, *CROWD, "--games", 20, "--out", tmp_path)
    with mock.patch.object(league_play.Stage, "work", interrupted):
        done = run("arena", *words)
    assert done.returncode == 130
    assert "20 of 60" in done.stderr
    assert "same command" in done.stderr
    assert (tmp_path / "games.jsonl").read_text().count("\n") == 20
    assert not (tmp_path / "ratings.csv").exists()
    assert run("arena", *words).returncode == 0
    assert (tmp_path / "games.jsonl").read_text().count("\n") == 60


def test_calibration_keeps_its_table_in_the_file(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(calibrate, "STRENGTHS", FEW)
    file = shutil.copy(bundled_agents()["tic_tac_toe"], tmp_path / "mine.zip")
    before = load_agent(file).levels
    done = run("arena", "--calibrate", file, "--games", 20, "--workers", 1, "--json")
    assert done.returncode == 0, done.stderr
    assert load_agent(file).levels == LevelTable.from_json(json.loads(done.stdout)) != before
    done = run("arena", "--calibrate", file, "random")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "leave out the rest" in done.stderr


def test_without_matplotlib_everything_else_is_written(tmp_path: Path):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    missing = mock.patch.object(plots, "available", return_value=False)
    with missing, mock.patch("builtins.__import__", without):
        done = run("arena", *BASE, *CROWD, "--games", 4, "--out", tmp_path)
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "pip install" in line]
    assert len(said) == 1
    assert "league.png" in said[0]
    assert "rlhf-agents[plots]" in said[0]
    assert {"ratings.csv", "cross_table.csv"} < {path.name for path in tmp_path.iterdir()}
    assert not (tmp_path / "league.png").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["random"], ["two players"]),
        ([], ["two players"]),
        (["random", "nobody"], ["nobody"]),
        (["random", "nobody.zip"], ["nobody.zip"]),
        (["random", "nobody.py"], ["nobody.py"]),
        (["random", "minimax:0"], ["minimax:0"]),
        (["random", "minimax:1", "--games", "3"], ["even", "3"]),
        (["random", "minimax:1", "--games", "x"], ["--games"]),
        (["random", "minimax:1", "--workers", "0"], ["workers", "0"]),
        (["random", "minimax:1", "--seed", "-1"], ["seed", "-1"]),
        (["random", "minimax:1", "--nodes", "-1", "agent"], ["nodes", "-1"]),
        (["random", "minimax:1", "--records", "pgn"], ["--out"]),
        (["random", "minimax:1", "--records", "doc"], ["doc"]),
        (["random", "minimax:1", "--game", "gymnasium:CartPole-v1"], ["exact rules"]),
        (["random", "minimax:1", "--game", "nowhere"], ["nowhere"]),
        (["random", "perfect", "--game", "tic_tac_toe"], ["perfect", "connect_four"]),
        (["random", "agent", "--game", "connect_four(columns=4,rows=4)"], ["bundled"]),
        (["random", "minimax:1", "--out", "/dev/null/league"], ["/dev/null"]),
        (
            ["random", "minimax:1", "--game", "breakthrough", "--records", "sgf", "--out", "x"],
            ["SGF", "pgn"],
        ),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], said: list[str], tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("arena", *BASE, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert all(word in done.stderr for word in said), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_has_examples():
    done = run("arena", "--help")
    assert done.returncode == 0
    assert "rlhf-arena --game connect_four" in done.stdout
