"""Programs of others as clients: gnugo, OpenSpiel's GTPBot and UCIBot, and python-chess."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

pyspiel = pytest.importorskip("pyspiel", reason="needs the extra openspiel")

GTP = "import sys; from rlhf_agents.cli.gtp_uci import gtp_main; sys.exit(gtp_main())"
UCI = "import sys; from rlhf_agents.cli.gtp_uci import uci_main; sys.exit(uci_main())"
CHESS = "openspiel:chess(max_plies=512)"
GO = "openspiel:go(board_size=9)"
GNUGO = shutil.which("gnugo") or next((p for p in ["/usr/games/gnugo"] if Path(p).exists()), None)
SOON = 2.0
"""Seconds."""
needs_chess = pytest.mark.skipif(find_spec("chess") is None, reason="needs python-chess")


class GtpProgram:
    """A program that speaks GTP."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, command: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        answer = ""
        while (line := self.process.stdout.readline()) != "\n" or not answer:
            assert line, f"it ended at {command!r}"
            answer += line
        assert answer.startswith("="), (command, answer)
        return answer[1:].strip()

    def close(self) -> None:
        if self.process.poll() is None:
            self.ask("quit")
        self.process.communicate(timeout=20)


@contextmanager
def program(*options: str, source: str = GTP) -> Iterator[GtpProgram]:
    started = GtpProgram([sys.executable, "-c", source, *options])
    try:
        yield started
    finally:
        started.close()


@pytest.mark.skipif(GNUGO is None, reason="needs gnugo: apt-get install gnugo")
def test_gnugo_plays_whole_games_of_go():
    """Both programs accept every move of the other, until both pass."""
    options = ["--mode", "gtp", "--level", "1", "--positional-superko"]
    theirs = GtpProgram([str(GNUGO), *options])
    with program("--agent", "random", "--game", GO) as ours:
        for seats in ((ours, theirs), (theirs, ours)):
            for one in seats:
                one.ask("boardsize 7")
                one.ask("clear_board")
                one.ask("komi 5.5")
            passes = plies = 0
            while passes < 2 and plies < 98:
                colour, mover = "bw"[plies % 2], seats[plies % 2]
                move = mover.ask(f"genmove {colour}")
                if move.lower() == "resign":
                    break
                seats[1 - plies % 2].ask(f"play {colour} {move}")
                passes = passes + 1 if move.lower() == "pass" else 0
                plies += 1
            assert plies > 10
            if passes == 2:
                assert float(ours.ask("final_score")[2:]) % 1 == 0.5
    theirs.close()


@pytest.mark.parametrize("name", ["hex(board_size=5)", "go(board_size=5)"])
def test_openspiels_gtp_client_plays_whole_games(name: str):
    from open_spiel.python.bots.gtp import GTPBot  # noqa: PLC0415 - optional

    class Client(GTPBot):
        """It writes every answer in small letters, and OpenSpiel's Go reads no name that is."""

        def step(self, state):
            colour = self._player_colors[state.current_player()]
            said = self.gtp_cmd("genmove", colour)
            names = {state.action_to_string(a): a for a in state.legal_actions()}
            assert not any(name == name.lower() for name in names)  # else GTPBot itself will do
            folded = {one.rsplit(maxsplit=1)[-1].lower(): action for one, action in names.items()}
            return folded[said]

    world, rng = pyspiel.load_game(name), random.Random(0)
    short = name.partition("(")[0]
    options = ["--agent", "random", "--game", f"openspiel:{short}"]  # the client sets the size
    kind = GTPBot if short == "hex" else Client
    bot = kind(world, [sys.executable, "-c", GTP, *options])
    try:
        for seat in (0, 1):
            state = world.new_initial_state()
            bot.restart()
            while not state.is_terminal():
                player = state.current_player()
                action = bot.step(state) if player == seat else rng.choice(state.legal_actions())
                if player != seat:
                    bot.inform_action(state, player, action)
                state.apply_action(action)
    finally:
        bot.close()


def test_openspiels_uci_client_plays_chess(tmp_path: Path):
    """It sends every position as a FEN, the first one too."""
    engine = tmp_path / "engine"
    command = f'"{sys.executable}" -c "{UCI}" --agent random --game "{CHESS}"'
    engine.write_text(f"#!/bin/sh\nexec {command}\n")
    engine.chmod(0o755)
    bot = pyspiel.make_uci_bot(str(engine), 50, False, {}, pyspiel.SearchLimitType.MOVETIME)
    state = pyspiel.load_game("chess").new_initial_state()
    rng = random.Random(0)
    for ply in range(16):
        if state.is_terminal():
            break
        action = bot.step(state) if ply % 2 == 0 else rng.choice(state.legal_actions())
        assert action in state.legal_actions()
        state.apply_action(action)
    del bot


@needs_chess
@pytest.mark.parametrize(
    ("fen", "mate"),
    [
        ("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1", "a1a8"),
        ("r5k1/5ppp/8/8/8/8/5PPP/6K1 b - - 0 1", "a8a1"),
    ],
)
def test_python_chess_sets_up_positions_and_sees_mate(fen: str, mate: str):
    import chess.engine  # noqa: PLC0415 - optional

    command = [sys.executable, "-c", UCI, "--agent", "minimax:3", "--game", CHESS]
    with chess.engine.SimpleEngine.popen_uci(command, timeout=120) as client:
        board = chess.Board(fen)
        found = client.play(board, chess.engine.Limit(depth=1), info=chess.engine.INFO_SCORE)
        assert found.move == chess.Move.from_uci(mate)
        assert found.info["score"].relative == chess.engine.Mate(1)
        lines = client.analyse(board, chess.engine.Limit(depth=1), multipv=3)
        assert lines[0]["pv"][0].uci() == mate
        assert len(lines) == 3
        only = [chess.Move.from_uci("g1f1" if board.turn else "g8f8")]
        assert client.play(board, chess.engine.Limit(depth=1), root_moves=only).move == only[0]
        board.push(found.move)
        assert board.is_checkmate()


@pytest.mark.parametrize("source", [GTP, UCI])
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_search_soon(source: str, kind: signal.Signals):
    """Alpha-beta so deep that no step of it ends within the test."""
    options = ["--agent", "minimax:40", "--game", "openspiel:gomoku"]
    command = [sys.executable, "-c", source, *options]
    asked = "genmove b\n" if source == GTP else "position startpos\ngo infinite\nisready\n"
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write("name\nuci\n" + asked)
        process.stdin.flush()
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1.0)
        process.send_signal(kind)
        started = time.monotonic()
        process.wait(20)
        assert time.monotonic() - started < SOON
        process.stdin.close()
