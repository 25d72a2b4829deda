"""`rlhf-play`: bad input, whole games, recordings, and as a process; models of `rlhf-train`."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

import rlhf_games
from rlhf_agents.cli import play
from rlhf_agents.files.model_file import read_model
from rlhf_agents.play import auto_level
from rlhf_agents.play.saved_games import save_session
from rlhf_agents.play.session import Session
from tests.agents.cli.programs import run

BAD = [
    (
        ["--game", "connect_for"],
        "did you mean connect_four? known: breakthrough, breakthrough_6x6, connect_four",
    ),
    (["--game", "connect_four", "--goal", "wim"], "did you mean win?"),
    (["--game", "connect_four", "--nodes", "-1"], "nodes must be a whole number from 0"),
    (["--game", "connect_four", "--games", "0"], "--games must be a whole number from 1"),
    (["--game", "connect_four", "--agent", "nowhere.zip"], "there is no model file"),
    (["--game", "connect_four", "--agent", "nobody"], "unknown player 'nobody'"),
    (["--game", "tic_tac_toe", "--agent", "connect_four"], "not for tic_tac_toe"),
    (["--game", "connect_four", "--opponent", "minimax:x"], "needs a depth"),
    (["--game", "connect_four", "--record", "/nowhere/game.gif"], "there is no folder"),
    (["--game", "connect_four", "--screenshot", "/nowhere/game.png"], "there is no folder"),
    (["--game", "connect_four", "--load", "/nowhere/game.json"], "cannot read the game record"),
    (["--game", "connect_four", "--load", "/dev/null"], "not a readable game record"),
    (["--game", "connect_four", "--plies", "3"], "add --record FILE.gif or --screenshot FILE.png"),
    (["--game", "connect_four", "--plies", "-3"], "--plies must be a whole number from 0"),
    (["--game", "connect_four", "--watch", "--opponent", "human"], "--watch shows two players"),
    (["connect_four", "--agent", "minimx:3"], "unknown player 'minimx:3'"),
    (["connect_four", "--agent", "human"], "you play as --opponent human"),
    (["connect_four", "--game", "othello"], "two games are named"),
    (["connect_four", "--option", "rows=7"], "rows=4 to 6, columns=4 to 7"),
    (["connect_four", "--option", "rows=4"], "takes no --option; write them into its name"),
    (["connect_four", "--record", "a.mp4"], "--record writes GIF animations"),
    (["connect_four", "--record", "a"], "a file that ends in .gif"),
    (["connect_four", "--screenshot", "a.xyz"], "--screenshot writes PNG pictures"),
    (["connect_four", "--screenshot", "a.gif"], "a file that ends in .png"),
    (["gymnasium:CartPole-v1", "--record", "a.mp4"], "--record writes GIF animations"),
    (["gymnasium:Pendulum-v1"], "give it the option discretize=5"),
    (["othello", "--goal", "wn"], "did you mean win?"),
    (["openspiel:hex", "--level", "3"], "no agent comes with openspiel:hex, so it has no"),
    ([], "name a game, such as rlhf-play connect_four; there are breakthrough, "),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_gets_one_sentence(arguments, sentence):
    done = run("play", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert done.stdout == ""


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half a zip"])
def test_damaged_files_get_one_sentence(tmp_path, content):
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    done = run("play", "--game", "connect_four", "--agent", path)
    assert done.returncode == 2
    assert "damaged" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_training_needs_a_place_for_its_model(tmp_path):
    for arguments, sentence in (
        (["--game", "chess", "--out", tmp_path / "x.zip"], "unknown game 'chess'"),
        (["--game", "tic_tac_toe", "--out", tmp_path / "no" / "x.zip"], "there is no folder"),
        (["--game", "tic_tac_toe", "--out", tmp_path], "it is a folder"),
        (["--game", "tic_tac_toe", "--out", tmp_path / "x.zip", "--minutes", "0"], "minutes must"),
    ):
        done = run("train", *arguments)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--game", "connect_four", "--nodes", "many"], "'many' is not a whole number"),
        (["--game", "connect_four", "--side", "third"], "invalid choice: 'third'"),
        (["--game", "connect_four", "--fly"], "unknown option --fly"),
        (["--game", "connect_four", "--theme", "pink"], "invalid choice: 'pink'"),
        (["--game", "connect_four", "--size", "huge"], "'huge' is not a size such as 960x640"),
        (["--game", "connect_four", "--size", "9x9"], "each side 320 to 4096"),
    ],
)
def test_options_that_cannot_be_parsed_get_one_sentence(arguments, sentence, capsys):
    with pytest.raises(SystemExit) as ended:
        play.main(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_mistakes_are_found_before_anything_heavy_is_imported():
    check = "import sys; from rlhf_agents.cli.play import main\n"
    check += "try: code = main(sys.argv[1:])\nexcept SystemExit as ended: code = ended.code\n"
    check += "heavy = {'numba', 'torch', 'PIL', 'rich', 'pygame'} & set(sys.modules); "
    check += "raise SystemExit(f'{code} {sorted(heavy)}')"
    for arguments in (
        ["chess"],
        ["connect_four", "--nodes", "-1"],
        ["othello", "--plies", "1"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", check, *arguments], capture_output=True, text=True, check=False
        )
        assert done.stderr.splitlines()[-1] == "2 []"


def moves_of(done):
    """The moves of a watched game: who played what."""
    return [line.split(" (")[0] for line in done.stdout.splitlines() if " plays " in line]


def test_sides_are_the_opponents():
    common = ["--game", "tic_tac_toe", "--agent", "minimax:9", "--opponent", "random", "--watch"]
    starts = {}
    for side in ("first", "second"):
        done = run("play", *common, "--side", side, "--games", 2)
        assert done.returncode == 0, done.stderr
        starts[side] = moves_of(done)[0].split(" plays ")[0]
    assert starts == {"first": "random player", "second": "search 9 moves deep"}


def test_the_same_seed_gives_the_same_games_and_games_differ():
    arguments = ["--game", "connect_four", "--agent", "minimax:2", "--opponent", "minimax:1"]
    first, again, other = (
        run("play", *arguments, "--watch", "--games", 3, "--seed", seed) for seed in (5, 5, 6)
    )
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert first.stdout != other.stdout
    assert "search 2 moves deep: " in first.stdout
    boards = first.stdout.split(" moves\n")[:3]
    assert len({tuple(line for line in text.splitlines() if "[" in line) for text in boards}) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("ending", [b"\x04", None, b"quit\n"], ids=["EOF", "Ctrl-C", "quit"])
def test_leaving_a_terminal(ending):
    """In a real terminal, without --terminal: the person is asked, and may leave in any way.

    Whoever starts the tests in the background has them ignore Ctrl-C; a terminal would not.
    """
    import pty  # noqa: PLC0415 - not on Windows

    ours, theirs = pty.openpty()
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += "from rlhf_agents.cli.play import main; raise SystemExit(main())"
    arguments = [sys.executable, "-c", code, "--game", "tic_tac_toe", "--agent", "minimax:2"]
    with subprocess.Popen(
        arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": ""},
    ) as process:
        os.close(theirs)
        try:
            shown = _read_until(ours, b"commands): ")
            os.write(ours, b"5\n")
            shown += _read_until(ours, b"commands): ")
            if ending is None:
                time.sleep(0.5)  # a signal between the prompt and the waiting is not noticed
                process.send_signal(signal.SIGINT)  # what the terminal does on Ctrl-C
            else:
                os.write(ours, ending)
            shown += _read_until(ours, None)
            assert process.wait(60) == 0
        finally:
            process.kill()
    os.close(ours)
    text = shown.decode()
    assert "you play 5" in text
    assert "search 2 moves deep plays" in text
    assert "\x1b[" in text
    assert "Goodbye." in text
    assert "Traceback" not in text


def _read_until(terminal, ending):
    """Read what appears; to the end of the program if `ending` is None."""
    seen = b""
    while ending is None or not seen.endswith(ending):
        assert select.select([terminal], [], [], 60)[0], seen
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        seen += part
    return seen


def test_watching_without_a_terminal(tmp_path):
    """What `make play` does there: one game, printed and written as a GIF."""
    path = tmp_path / "game.gif"
    code = "from rlhf_agents.cli.play import main; raise SystemExit(main())"
    arguments = ["--game", "connect_four", "--watch", "--nodes", "20", "--games", "1"]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--record", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert " moves" in done.stdout
    assert "\x1b" not in done.stdout
    with Image.open(path) as image:
        assert image.n_frames > 7


def test_without_a_terminal_the_agent_plays_itself():
    done = run("play", "--game", "connect_four", "--nodes", 5)
    assert done.returncode == 0, done.stderr
    assert "There is no terminal to play in" in done.stdout
    assert "achieved:" in done.stdout


def test_a_game_through_standard_input():
    moves = "\n".join(str(column) for _ in range(42) for column in range(1, 8))
    done = run(
        "play", "--game", "connect_four", "--terminal", "--nodes", 5, typed=f"help\n{moves}\n"
    )
    assert done.returncode == 0, done.stderr
    assert " moves" in done.stdout


def test_the_level_follows_and_the_game_is_saved_for_a_review(tmp_path, monkeypatch):
    monkeypatch.setattr(auto_level, "state_folder", lambda: tmp_path)
    moves = "\n".join(str(column) for _ in range(42) for column in range(1, 8))
    words = ("connect_four", "--terminal", "--level", "auto", "--save", tmp_path / "game.sgf")
    done = run("play", *words, typed=f"{moves}\n")
    assert done.returncode == 0, done.stderr
    assert "Connect Four agent, level 4 plays" in done.stdout
    assert "The next game is at level " in done.stdout
    assert json.loads((tmp_path / auto_level.FILE).read_text())["connect_four"] in (3, 5)
    words = ("--game", "connect_four", "--agent", "minimax:2", "--review", tmp_path / "game.sgf")
    seen = run("evaluate", *words).stdout
    assert "mistakes of you: " in seen
    assert "of Connect Four agent, level 4: " in seen


def test_end_of_input_says_goodbye():
    done = run("play", "--game", "connect_four", "--terminal", "--nodes", 5, typed="4\n")
    assert done.returncode == 0, done.stderr
    assert "Goodbye." in done.stdout


def test_several_games_are_counted():
    arguments = ["--watch", "--opponent", "random", "--nodes", 5, "--games", 3]
    done = run("play", "--game", "connect_four", *arguments)
    assert done.returncode == 0, done.stderr
    assert "Connect Four agent, 5 positions per move: 3 won, 0 drawn" in done.stdout


def test_train_then_play(tmp_path):
    path = tmp_path / "three.zip"
    options = ["--game", "tic_tac_toe", "--minutes", 0.05, "--out", path, "--n-envs", 32]
    trained = run("train", *options, "--tensorboard", tmp_path / "runs", "--seed", 3)
    assert trained.returncode == 0, trained.stderr
    assert "moves/s" in trained.stderr
    notes = read_model(path).manifest["notes"]
    assert notes["seed"] == 3
    assert notes["command"].startswith("rlhf-train --game tic_tac_toe")
    assert list((tmp_path / "runs").rglob("events*"))
    played = run("play", "--game", "tic_tac_toe", "--agent", path, "--watch")
    assert played.returncode == 0, played.stderr


def test_a_picture_of_a_position(tmp_path):
    path = tmp_path / "position.png"
    done = run(
        "play",
        "--game",
        "connect_four",
        "--watch",
        "--plies",
        "4",
        "--nodes",
        "5",
        "--screenshot",
        str(path),
        "--size",
        "700x500",
        "--theme",
        "light",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"the game is not over\nwrote {path}\n"
    with Image.open(path) as image:
        assert image.size == (700, 500)


def test_a_saved_game_goes_on_in_the_terminal_and_in_pictures(tmp_path):
    path = tmp_path / "game.json"
    game = rlhf_games.make("tic_tac_toe")
    save_session(path, Session(game, moves=[4, 0, 8]))
    done = run(
        "play",
        "--game",
        "tic_tac_toe",
        "--terminal",
        "--side",
        "second",
        "--load",
        str(path),
        typed="undo\nquit\n",
    )
    assert done.returncode == 0, done.stderr
    assert "plays 9\n  O    2    3  \n  4    X    6  \n  7    8   [X] \n" in done.stdout
    done = run(
        "play",
        "--game",
        "tic_tac_toe",
        "--watch",
        "--load",
        str(path),
        "--plies",
        "3",
        "--screenshot",
        str(tmp_path / "a.png"),
    )
    assert done.returncode == 0, done.stderr


def test_a_record_of_another_game_names_the_cure(tmp_path):
    path = tmp_path / "game.json"
    save_session(path, Session(rlhf_games.make("tic_tac_toe")))
    done = run("play", "--game", "connect_four", "--load", str(path))
    assert done.returncode == 2
    assert f"open it with: rlhf-play --game tic_tac_toe --load {path}" in done.stderr
