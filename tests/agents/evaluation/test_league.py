"""Leagues: everybody meets, nothing is lost, and an interruption leaves no trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rlhf_games
from rlhf_agents.errors import OutputError, SettingError
from rlhf_agents.evaluation.entrants import Entrant, entrants_of, make_entrant
from rlhf_agents.evaluation.league import GAMES_FILE, PLAN_FILE, League, LeagueSettings
from rlhf_agents.evaluation.league_play import play_league
from rlhf_agents.play.records import read_records
from rlhf_games.base import Outcome

GAME = rlhf_games.make("connect_four")
CROWD = ("random", "minimax:1", "agent@0")


def league(
    folder: Path | None = None, players: tuple[str, ...] = CROWD, **settings: object
) -> League:
    settings.setdefault("games", 24)
    return League(GAME, entrants_of(players, GAME, 0), LeagueSettings(**settings), folder)


def played(one: League) -> list[tuple]:
    """Everything but the times."""
    return [(game.key, game.moves, game.result) for game in one.played()]


def finished(
    folder: Path | None = None, players: tuple[str, ...] = CROWD, **more: object
) -> League:
    one = league(folder, players, **more)
    play_league(one)
    return one


@pytest.fixture(scope="module")
def reference() -> list[tuple]:
    return played(finished())


# ---- what is played ---------------------------------------------------------------------------


def test_everybody_meets_everybody_from_both_seats():
    one = finished()
    games = one.played()
    assert len(games) == 3 * 24
    for first in CROWD:
        for second in CROWD:
            own = [game for game in games if game.players == (first, second)]
            assert len(own) == (12 if first != second else 0)
            assert {game.opening for game in own} == set(range(12)) or first == second
    by_opening = {(game.opening, game.moves[: game.opening_plies]) for game in games}
    assert len(by_opening) == 12


def test_games_are_legal_and_their_results_right():
    for game in finished().played():
        states = GAME.initial(1)
        for move in game.moves:
            assert GAME.outcome(states)[0] == Outcome.ONGOING
            states = GAME.step(states, [move])
        outcome = int(GAME.outcome(states)[0])
        assert game.result == (outcome if GAME.mover(states)[0] == 0 else -outcome)
        assert min(game.ms) > 0


def test_in_a_gauntlet_one_meets_all():
    games = finished(gauntlet=True).played()
    assert len(games) == 2 * 24
    assert all("random" in game.players for game in games)


def test_the_seed_decides(reference: list[tuple]):
    assert played(finished()) == reference
    assert played(finished(seed=1)) != reference


def test_processes_play_the_same_games(reference: list[tuple]):
    one = league()
    told: list[int] = []
    play_league(one, workers=2, on_progress=told.append)
    assert played(one) == reference
    assert told == sorted(told)
    assert told[-1] == len(reference)


def test_the_order_of_the_players_does_not_matter(reference: list[tuple]):
    assert sorted(played(finished(players=CROWD[::-1]))) == sorted(reference)


def test_a_small_game_repeats_its_openings():
    game = rlhf_games.make("tic_tac_toe")
    one = League(game, entrants_of(CROWD, game, 0), LeagueSettings(games=40, opening_plies=1))
    play_league(one)
    assert len(one.openings) == 3
    assert len(one.played()) == 3 * 40


# ---- what is kept -----------------------------------------------------------------------------


def test_a_finished_league_is_only_read(tmp_path: Path, reference: list[tuple]):
    finished(tmp_path)
    before = (tmp_path / GAMES_FILE).read_bytes()
    again = finished(tmp_path)
    assert (tmp_path / GAMES_FILE).read_bytes() == before
    assert played(again) == reference


def test_more_games_and_more_players_add_to_a_league(tmp_path: Path, reference: list[tuple]):
    finished(tmp_path, CROWD[:2], games=8)
    first = (tmp_path / GAMES_FILE).read_bytes()
    assert played(finished(tmp_path)) == reference
    assert (tmp_path / GAMES_FILE).read_bytes().startswith(first)


@pytest.mark.parametrize("cut", [1, 40, 700])
def test_what_a_kill_leaves_is_completed(tmp_path: Path, reference: list[tuple], cut: int):
    finished(tmp_path)
    path = tmp_path / GAMES_FILE
    path.write_bytes(path.read_bytes()[:-cut])
    again = finished(tmp_path)
    assert played(again) == reference
    assert len(path.read_text().splitlines()) == len(reference)
    assert [json.loads(line) for line in path.read_text().splitlines()]


def test_a_killed_program_goes_on(tmp_path: Path):
    words = ["--game", "connect_four", *CROWD, "minimax:4", "--games", "60", "--workers", "1"]
    command = [sys.executable, "-m", "rlhf_agents.cli.arena", *words, "--out", str(tmp_path / "l")]
    path = tmp_path / "l" / GAMES_FILE
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        while not (path.exists() and path.stat().st_size) and child.poll() is None:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
    kept = path.read_bytes()
    players = (*CROWD, "minimax:4")
    assert 0 < kept.count(b"\n") < 6 * 60
    again = finished(tmp_path / "l", players, games=60)
    assert played(again) == played(finished(None, players, games=60))
    assert path.read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal to a group of processes")
def test_ctrl_c_ends_all_processes_and_says_how_to_go_on(tmp_path: Path):
    words = ["--game", "connect_four", *CROWD, "minimax:9", "--games", "200", "--workers", "2"]
    command = [sys.executable, "-m", "rlhf_agents.cli.arena", *words, "--out", str(tmp_path / "l")]
    path = tmp_path / "l" / GAMES_FILE
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        while not (path.exists() and path.stat().st_size) and child.poll() is None:
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, "")
    assert len(err.splitlines()) == 2
    assert "same command" in err


def test_lines_are_game_records(tmp_path: Path):
    one = finished(tmp_path)
    records = {
        (record.players, record.moves) for record in read_records(tmp_path / GAMES_FILE, GAME)
    }
    assert records == {(game.players, game.moves) for game in one.played()}


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"games": 7}, ["even", "7"]),
        ({"games": 0}, ["2 to", "0"]),
        ({"opening_plies": 99}, ["0 to 42", "99"]),
        ({"opening_plies": -1}, ["-1"]),
    ],
)
def test_impossible_settings_are_refused(settings: dict, words: list[str]):
    with pytest.raises(SettingError) as caught:
        league(**settings)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("settings", [{"seed": 3}, {"opening_plies": 4}])
def test_another_league_in_the_folder_is_refused(tmp_path: Path, settings: dict):
    finished(tmp_path)
    with pytest.raises(SettingError, match="another folder"):
        league(tmp_path, **settings)


@pytest.mark.parametrize("line", ["{", "7", '{"game": "othello"}', '{"game": "connect_four"}'])
def test_a_damaged_line_is_named(tmp_path: Path, line: str):
    finished(tmp_path, games=2)
    path = tmp_path / GAMES_FILE
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(SettingError, match=r"line 1 of .*games\.jsonl"):
        league(tmp_path)


@pytest.mark.parametrize("plan", ["", "[]", '{"format": 1}', '{"format": "x"}', "{" * 9999])
def test_a_damaged_plan_is_refused(tmp_path: Path, plan: str):
    (tmp_path / PLAN_FILE).write_text(plan)
    with pytest.raises(SettingError, match=r"league\.json"):
        league(tmp_path)


def test_a_changed_model_file_is_refused(tmp_path: Path):
    model = tmp_path / "m.zip"
    model.write_bytes(b"one")
    one = Entrant("m.zip@0", str(model), 0, entrants_of([str(model), "random"], GAME, 0)[0].digest)
    settings = LeagueSettings(games=2)
    crowd = entrants_of(["random", "minimax:1"], GAME, 0)
    League(GAME, [one, *crowd], settings, tmp_path / "l").prepare()
    model.write_bytes(b"two")
    with pytest.raises(SettingError, match=r"m\.zip.*has changed"):
        League(GAME, entrants_of([str(model), "random"], GAME, 0), settings, tmp_path / "l")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        finished(tmp_path / "file" / "l")


# ---- entrants ---------------------------------------------------------------------------------


def test_names_of_entrants():
    found = entrants_of(["random", "agent", "agent@0", "a/b.zip@7", "minimax:3", "c.py"], GAME, 64)
    names = ["random", "agent@64", "agent@0", "b.zip@7", "minimax:3", "c.py"]
    assert [entrant.name for entrant in found] == names
    assert [entrant.nodes for entrant in found] == [None, 64, 0, 7, None, None]


@pytest.mark.parametrize(
    ("players", "words"),
    [
        (["random"], ["two players"]),
        (["random", "random"], ["random", "two"]),
        (["a/x.zip", "b/x.zip"], ["x.zip@0", "rename"]),
        (["agent", "agent@0"], ["agent@0"]),
        (["random@5", "agent"], ["random", "@"]),
        (["human", "agent"], ["rlhf-play"]),
        (["agent@99999999999", "random"], ["nodes"]),
        ([".", "random"], ["cannot read .", "directory"]),
        (["x" * 9999, "random"], ["cannot read xx", "too long"]),
    ],
)
def test_impossible_entrants_are_refused(players: list[str], words: list[str]):
    with pytest.raises(SettingError) as caught:
        entrants_of(players, GAME, 0)
    assert all(word in str(caught.value) for word in words)


def test_entrants_become_players():
    for spec, name in (("random", "random"), ("agent@3", "connect_four@3"), ("minimax:2", None)):
        (entrant, _) = entrants_of([spec, "minimax:9"], GAME, 0)
        assert make_entrant(entrant, GAME, 0).name == (name or spec)


def test_mistakes_show_before_the_first_game(tmp_path: Path):
    with pytest.raises(Exception, match="nobody"):
        finished(tmp_path, ("random", "nobody.zip"))
    assert not (tmp_path / GAMES_FILE).exists()


# ---- openings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("games", "plies"), [(20, 2), (80, 4), (200, 4)])
def test_openings_have_an_even_length(games: int, plies: int):
    """40 and 100 openings of three plies would do, but the first player would have moved twice."""
    one = league(games=games)
    assert one.openings.moves.shape == (games // 2, plies)
    assert (GAME.mover(one.openings.states) == 0).all()


def test_openings_may_have_an_odd_length_if_asked():
    assert league(opening_plies=3).openings.moves.shape == (12, 3)
