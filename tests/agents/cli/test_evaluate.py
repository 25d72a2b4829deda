"""`rlhf-eval`, as people call it: bad input is one sentence, results are tables or JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.agents.cli import programs

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = os.pathsep.join(str(ROOT / folder) for folder in (".", "adapters", "games"))
GAME = ("--game", "tic_tac_toe")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return programs.run("evaluate", *words)


def report_of(*words: str) -> dict:
    """Run the program with --json and return what it says."""
    result = run(*GAME, *words, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def positions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The empty board, and X X . / O O . / . . . where X wins with 2, draws with 5, else loses."""
    mine, stones = [0b000000011, 0], [0b000011011, 0]
    scores = np.full((2, 9), -100, np.int8)
    scores[0, [2, 5, 6, 7, 8]] = [5, 0, -4, -4, -4]
    scores[1] = 0
    path = tmp_path_factory.mktemp("positions") / "tiny.npz"
    np.savez(
        path,
        cur=np.array(mine, np.uint64),
        mask=np.array(stones, np.uint64),
        ply=np.array([4, 0], np.int8),
        legal=scores > -100,
        wdl=np.where(scores > -100, np.sign(scores), -100).astype(np.int8),
        scores=scores,
    )
    return path


# ---- results ----------------------------------------------------------------------------------


def test_positions_as_json(positions: Path):
    report = report_of("--agent", "minimax:2", "--positions", str(positions))
    assert (report["game"], report["agent"], report["goal"]) == ("tic_tac_toe", "minimax:2", "win")
    (marks,) = report["positions"]
    assert marks["nodes"] is None
    assert (marks["overall"]["vp"], marks["overall"]["bs"], marks["illegal"]) == (1.0, 1.0, 0)
    assert [band["positions"] for band in marks["bands"]] == [2]


def test_match_as_json():
    words = ("--agent", "minimax:9", "--opponent", "random", "--games", "30")
    report = report_of(*words)
    (match,) = report["matches"]
    assert match["total"]["games"] == 30
    assert match["total"]["losses"] == 0
    assert match["total"]["wins"] > 15
    assert match["total"]["win_low"] < match["total"]["win_rate"] < match["total"]["win_high"]
    assert match["as_first"]["games"] == match["as_second"]["games"] == 15
    assert (match["agent"], match["opponent"], match["goal"]) == ("minimax:9", "random", "win")
    again = report_of(*words)
    assert {**again["matches"][0], "seconds": 0} == {**match, "seconds": 0}


def test_goals_as_json():
    words = ("--agent", "random", "--goals", "draw,lose", "--games", "20", "--openings", "0")
    (matrix,) = report_of(*words)["goals"]
    assert [row["asked"] for row in matrix["rows"]] == matrix["goals"] == ["draw", "lose"]
    assert (matrix["opponent"], matrix["baseline"]["asked"]) == ("random", "win")
    assert (matrix["games"], matrix["opening_plies"]) == (20, 0)
    for row in matrix["rows"]:
        assert row["low"] <= row["achieved"][row["asked"]] <= row["high"]


def test_goals_without_names_are_all_of_the_game():
    (matrix,) = report_of("--agent", "random", "--goals", "--games", "2")["goals"]
    assert matrix["goals"] == ["win", "draw", "lose", "win_by_6", "lose_by_6"]
    assert matrix["baseline"] == matrix["rows"][0]


def test_openspiel_plays():
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    words = ("--agent", "openspiel-mcts:200", "--opponent", "random", "--games", "20")
    (match,) = report_of(*words)["matches"]
    assert match["agent"] == "openspiel-mcts:200"
    assert match["total"]["score"] > 0.75


def test_tables_without_a_terminal_are_markdown(positions: Path):
    words = ("--agent", "minimax:2", "--opponent", "random", "--games", "10", "--seed", "3")
    result = run(*GAME, *words, "--positions", str(positions))
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "\x1b" not in result.stdout
    assert f"Tic-Tac-Toe: minimax:2 on 2 positions of {positions}" in lines
    header, rule, values, scores = _table(lines, "nodes")
    assert header[:4] == ["nodes", "", "all", "0-6"]
    assert set("".join(rule)) <= set("-:")
    assert values[:5] == ["-", "VP", "1.000", "1.000", "0.000"]
    assert scores[:5] == ["", "BS", "1.000", "1.000", "0.000"]
    header, _, both, first, second = _table(lines, "seat")
    assert header[:5] == ["seat", "games", "won", "drawn", "lost"]
    assert [both[:2], first[:2], second[:2]] == [["both", "10"], ["first", "5"], ["second", "5"]]


def _table(lines: list[str], corner: str) -> list[list[str]]:
    """Return the cells of the Markdown table whose first header is `corner`."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1] or [""]] for line in lines]
    begin = next(i for i, row in enumerate(rows) if row[0] == corner)
    length = next(i for i, line in enumerate(lines[begin:]) if not line.startswith("|"))
    return rows[begin : begin + length]


def test_goal_tables():
    words = ("--agent", "random", "--goals", "lose,draw", "--games", "10")
    result = run(*GAME, *words)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Tic-Tac-Toe: random against random, 10 games per goal" in result.stdout
    for label in ("| 1 lose ", "| 2 draw ", "| merely win "):
        assert label in result.stdout


def test_help_has_examples():
    """Asked of the program as a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "rlhf_agents.cli.evaluate", "--help"],
        env={**os.environ, "PYTHONPATH": FOLDERS},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0
    assert "examples:" in result.stdout
    assert "rlhf-eval --game connect_four --positions" in result.stdout


# ---- bad input --------------------------------------------------------------------------------


def test_an_agent_plays_by_the_clock_or_by_nodes_of_its_own():
    words = ("--opponent", "agent@0", "--games", "2")
    (match,) = report_of("--agent", "tic_tac_toe", "--time", "0.01", *words)["matches"]
    assert (match["nodes"], match["time"]) == (None, 0.01)
    assert (match["agent"], match["opponent"]) == ("tic_tac_toe@0.01s", "tic_tac_toe@0")
    (match,) = report_of("--agent", "agent@7", *words)["matches"]
    assert (match["nodes"], match["agent"]) == (None, "tic_tac_toe@7")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--time", "0"), "seconds must be above 0"),
        (("--time", "soon"), "seconds must be above 0"),
        (("--time", "1", "--nodes", "5"), "both say how strong"),
        (("--time", "1", "--agent", "agent@5"), "leave out --time"),
        (("--time", "1", "--agent", "random"), "random cannot play by the clock"),
    ],
)
def test_impossible_times(words, why):
    result = run(*GAME, "--opponent", "random", *words)
    assert result.returncode == 2
    assert why in result.stderr


PLAY = ("--agent", "random", "--opponent", "random")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--game", "conect_four", *PLAY), "did you mean connect_four"),
        ((*GAME, *PLAY, "--goal", "wn"), "did you mean win"),
        ((*GAME, *PLAY, "--goals", "draw,luse"), "did you mean lose"),
        ((*GAME, "--agent", "random"), "nothing to measure"),
        ((*GAME, *PLAY, "--nodes", "-1"), "nodes must be a whole number from 0"),
        ((*GAME, *PLAY, "--nodes", "0,many"), "'many' is not a whole number"),
        ((*GAME, *PLAY, "--nodes", ""), "not a whole number"),
        (
            (*GAME, *PLAY, "--opponent-nodes", "-1"),
            "--opponent-nodes: nodes must be",
        ),
        ((*GAME, *PLAY, "--games", "0"), "--games must be a whole number from 1 to"),
        ((*GAME, *PLAY, "--seed", "-5"), "a seed must be a whole number"),
        ((*GAME, *PLAY, "--openings", "-1"), "--openings must be a whole number from 0"),
        ((*GAME, *PLAY, "--openings", "9"), "no undecided openings of 9 plies"),
        ((*GAME, "--agent", "human", "--opponent", "random"), "cannot measure a human"),
        ((*GAME, "--agent", "human"), "cannot measure a human"),
        (("--game", "CartPole-v1", "--agent", "random", "--level", "3"), "--level needs a game"),
        ((*GAME, "--agent", "minimax:x", "--opponent", "random"), "minimax:"),
        ((*GAME, "--agent", "random", "--opponent", "nobody"), "nobody"),
        ((*GAME, "--agent", "missing.zip", "--opponent", "random"), "missing.zip"),
        ((*GAME, "--agent", "openspiel-mcts:", "--opponent", "random"), "openspiel-mcts:1000"),
        ((*GAME, "--agent", "random", "--positions", "missing.npz"), "no file of positions"),
    ],
)
def test_bad_input_is_one_sentence(words: tuple[str, ...], sentence: str):
    assert_refused(run(*words), sentence)


def test_positions_of_another_game(positions: Path):
    words = ("--game", "connect_four", "--agent", "random", "--positions", str(positions))
    assert_refused(run(*words), "for another board")


def test_model_file_that_is_no_zip(tmp_path: Path):
    path = tmp_path / "agent.zip"
    path.write_text("plainly no archive")
    assert_refused(run(*GAME, "--agent", str(path), "--opponent", "random"), str(path))


def assert_refused(result: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert sentence in result.stderr


@pytest.mark.parametrize("nodes", [(), ("--nodes", "0")])
@pytest.mark.parametrize("role", ["--agent", "--opponent"])
def test_an_agent_of_another_game_is_refused(nodes: tuple[str, ...], role: str):
    players = {"--agent": "random", "--opponent": "random", role: "tic_tac_toe"}
    words = [word for pair in players.items() for word in pair]
    result = run("--game", "connect_four", *words, *nodes, "--games", "2")
    assert_refused(result, "error: tic_tac_toe was trained for tic_tac_toe, not for connect_four")


def test_a_misspelt_player_is_guessed():
    assert_refused(
        run(*GAME, "--agent", "minimx:3", "--opponent", "random"), "did you mean minimax:3"
    )


@pytest.mark.parametrize("goals", [("--goals", "win,lose"), ()])
def test_results_are_drawn(goals: tuple[str, ...], tmp_path: Path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "result.png"
    words = ("--game", "tic_tac_toe", "--opponent", "random", "--games", "4", *goals)
    assert run(*words, "--plot", str(picture)).returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert_refused(run(*words, "--plot", str(picture)), "--force")


def test_positions_are_drawn(positions: Path, tmp_path: Path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "positions.png"
    words = ("--game", "tic_tac_toe", "--agent", "minimax:2", "--positions", str(positions))
    assert run(*words, "--plot", str(picture)).returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    both = run(*words, "--opponent", "random", "--plot", str(tmp_path / "both.png"))
    assert_refused(both, "--plot draws one result")


def test_a_review_lists_mistakes_and_what_was_missed():
    words = ("--game", "connect_four", "--review", "4141423", "--agent", "minimax:4")
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    one, other, summary = done.stdout.splitlines()
    assert "player O played 2, better 4" in one
    assert "column 4 would have blocked four in a column" in one
    assert "missed a win: column 4 completes four in a column" in other
    assert summary == "7 moves, not finished; mistakes of player X: 1; of player O: 1"
    (game,) = json.loads(run(*words, "--json").stdout)
    (found, _) = game["mistakes"]
    assert (found["played_name"], found["better_name"]) == ("2", "4")


def test_bots_that_were_exported_are_measured_too(tmp_path):
    bot = tmp_path / "bot.py"
    exported = programs.run("export", "--agent", "tic_tac_toe", "--to", "python", "--out", str(bot))
    assert exported.returncode == 0
    words = ("--opponent", "random", "--games", "2")
    (match,) = report_of("--agent", str(bot), *words)["matches"]
    assert match["nodes"] == 256
    (match,) = report_of("--agent", str(bot), *words, "--time", "0.01")["matches"]
    assert match["agent"] == "bot.py@0.01s"
