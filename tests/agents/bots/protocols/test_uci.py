"""UCI: the answers, thinking that can be interrupted, and python-chess as a real client."""

from __future__ import annotations

import io
import queue
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlhf_games
from rlhf_agents.bots.protocols import uci
from rlhf_agents.bots.protocols.clock import Limits, uci_limits
from rlhf_agents.bots.protocols.engine import Engine, make_engine
from rlhf_agents.bots.protocols.move_names import long_algebraic, read_move, spelled_line
from rlhf_agents.bots.protocols.scores import centipawns
from rlhf_agents.bots.protocols.uci import Uci
from rlhf_agents.limits import MAX_NODES
from rlhf_agents.players.agent import load_agent
from rlhf_agents.players.players import AgentPlayer, RandomPlayer, make_player
from tests.agents.bots.exports.contract import BotContract

PROGRAM = "import sys; from rlhf_agents.cli.gtp_uci import uci_main; sys.exit(uci_main())"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine(rlhf_games.make("connect_four"), "connect_four", long_algebraic, nodes=16)


class Talk:
    """A client without a process: lines go in at once, or when the engine looks for `stop`."""

    def __init__(self, engine: Engine, *, budget: bool = True) -> None:
        engine.restart()
        engine.set_goal("win")
        if budget:
            engine.set_nodes(16)
        self.said: list[str] = []
        self.later: queue.Queue[str] = queue.Queue()
        self.uci = Uci(engine, self._next, self.said.append)

    def _next(self, seconds: float | None) -> str | None:
        del seconds
        return None if self.later.empty() else self.later.get()

    def say(self, *lines: str) -> list[str]:
        self.said.clear()
        for line in lines:
            assert self.uci.obey(line)
        return list(self.said)


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "breakthrough_6x6", "othello_6x6"])
class TestContract(BotContract):
    positions: ClassVar = {0: 200, 1: 60, 40: 40}

    @pytest.fixture
    def talk(self, twin) -> Talk:
        return Talk(Engine(twin.game, AgentPlayer(twin, 0), long_algebraic))

    @pytest.fixture
    def choose(self, twin, talk):
        game, engine = twin.game, talk.uci.engine
        start = game.initial(1)[0]

        def ask(line: tuple[int, ...]) -> int:
            moves = " ".join(spelled_line(game, start, line, long_algebraic))
            move = talk.say(f"position startpos moves {moves}", "go")[-1].split()[1]
            return read_move(game, engine.session.state, move, long_algebraic)

        def choose(positions, goal, nodes):
            options = {"Goal": goal, "Nodes": nodes}
            assert not talk.say(*[f"setoption name {k} value {v}" for k, v in options.items()])
            return [ask(line) for line in positions.lines]

        return choose

    @pytest.fixture
    def complaints(self, talk):
        """What is said of orders that cannot be obeyed; UCI ignores unknown words."""
        lines = ["position fen 8/8", "position startpos moves nowhere", "setoption name Goal"]
        lines += ["setoption name Goal value wim", "setoption name Nodes value -1", "setoption"]
        told = {line: "\n".join(talk.say(line)) for line in lines}
        assert all(answer.startswith("info string error: ") for answer in told.values())
        assert talk.say("fly") == []
        return told


def test_it_introduces_itself(engine: Engine):
    said = Talk(engine).say("uci", "isready")
    assert said[0] == "id name rlhf_agents connect_four@16"
    assert "option name Nodes type spin default 16 min 0 max 10000000" in said
    assert any(line.startswith("option name Goal type combo default win var win ") for line in said)
    assert said[-2:] == ["uciok", "readyok"]


def test_it_plays_what_the_agent_plays(engine: Engine):
    talk = Talk(engine)
    said = talk.say("position startpos moves 4 4 4", "go nodes 64")
    expected = engine.explain()  # of 16 nodes; the search below had its own budget
    last = [line for line in said if line.startswith("info depth")][-1].split()
    assert int(last[last.index("nodes") + 1]) >= 64 > expected.nodes
    assert said[-1].removeprefix("bestmove ") == last[last.index("pv") + 1]
    assert any(line.startswith("info string goal=win p=0.") for line in said)
    assert talk.say("go")[-1] == f"bestmove {engine.spelled(expected.action)}"


def test_goals_are_options(engine: Engine):
    talk = Talk(engine)
    assert talk.say("setoption name Goal value lose", "setoption name Nodes value 8") == []
    assert (engine.goal, engine.nodes) == ("lose", 8)
    assert talk.say("setoption name Goal value wim")[0].startswith("info string error: ")
    assert "goal=lose" in " ".join(talk.say("position startpos", "go"))


def test_thinking_is_interrupted(engine: Engine):
    talk = Talk(engine)
    talk.later.put("isready")
    talk.later.put("stop")
    said = talk.say("position startpos", "go infinite")
    assert "readyok" in said
    assert said[-1].startswith("bestmove ")
    assert sum(line.startswith("info depth") for line in said) == 1
    assert talk.say("go movetime 0")[-1].startswith("bestmove ")
    deep = talk.say("go depth 4")
    assert len(deep[-3].partition(" pv ")[2].split()) >= 4
    talk.later.put("quit")
    assert talk.say("go infinite")[-1].startswith("bestmove ")


def test_a_pondered_move_waits_for_its_hit(engine: Engine):
    talk = Talk(engine)
    lines = iter([None] * 3 + ["isready"] + [None] * 3 + ["ponderhit"])
    talk.uci._next_line = lambda _seconds: next(lines, None)
    said = talk.say("position startpos", "go ponder movetime 60")
    assert said.index("readyok") < len(said) - 1
    assert not list(lines)  # a move before the hit would leave some
    assert said[-1].startswith("bestmove ")


def test_only_a_finished_game_has_no_move(engine: Engine):
    said = Talk(engine).say("position startpos moves 4 3 4 3 4 3 4", "go")
    assert said[-1] == "bestmove 0000"


def test_a_fen_without_moves_has_no_move():
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    game = rlhf_games.make("openspiel:chess(max_plies=512)")
    talk = Talk(make_engine(game, "random", long_algebraic), budget=False)
    said = talk.say("position fen 7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "go")
    assert said[-1] == "bestmove 0000"
    assert talk.say("position startpos", "go")[-1] != "bestmove 0000"


@pytest.mark.parametrize(
    ("position", "words"),
    [
        ("startpos moves 4 9", "illegal move '9'"),
        ("fen 8/8 w - - 0 1", "cannot begin from a FEN"),
        ("moves", "startpos or fen"),
    ],
)
def test_after_a_wrong_position_it_says_so_and_plays_on(engine: Engine, position: str, words: str):
    said = Talk(engine).say(f"position {position}", "go")
    assert words in said[0]
    assert said[0].startswith("info string ")
    assert engine.play(said[-1].removeprefix("bestmove ")) is None  # it is legal there


def test_limits():
    assert uci_limits(["nodes", "5"], True, 99) == Limits(nodes=5)
    assert uci_limits([], True, 99) == Limits()
    assert uci_limits(["depth", "x", "movetime", "1030"], True, 99) == Limits(99, 1.0)
    words = ["wtime", "60030", "btime", "30000", "winc", "0", "binc", "1000", "movestogo", "10"]
    assert uci_limits(words, True, 99).seconds == pytest.approx(5.973)
    assert uci_limits(words, False, 99).seconds == pytest.approx(3.77)
    assert uci_limits(["searchmoves", "4", "5", "nodes", "7"], True, 99) == Limits(
        7, moves=("4", "5")
    )
    assert uci_limits(["nodes", "1000000000000"], True, 99).nodes == MAX_NODES


@pytest.mark.parametrize("words", ["wtime -50 btime 9000", "movetime -1", "movetime 0", "wtime 0"])
def test_without_time_nothing_is_searched(engine: Engine, words: str):
    assert uci_limits(words.split(), True, 99).at_once
    said = Talk(engine).say("position startpos", f"go {words}")
    assert [line for line in said if line.startswith("info depth")][-1].split()[6] == "1"
    assert said[-1].startswith("bestmove ")


def test_centipawns():
    assert [centipawns(p) for p in (0.0, 0.5, 10 / 11, 1.0)] == [-10_000, 0, 400, 10_000]


class Blocked(RandomPlayer):
    """A search that says nothing for a minute, as one that is being compiled."""

    def think(self, state, goal="win", seat=0):
        time.sleep(60)
        yield self.explain(state, goal, seat)


def test_a_search_that_is_silent_blocks_nothing():
    game = rlhf_games.make("connect_four")
    talk = Talk(Engine(game, Blocked(game, 0), long_algebraic), budget=False)
    started = time.monotonic()
    assert talk.say("isready") == ["readyok"]
    ready = time.monotonic()
    talk.later.put("isready")
    talk.later.put("stop")
    said = talk.say("position startpos", "go infinite")
    stopped = time.monotonic()
    assert said[0] == "readyok"
    assert said[-1].startswith("bestmove ")
    assert talk.say("go movetime 200")[-1].startswith("bestmove ")
    times = (started, ready, stopped, time.monotonic())
    assert max(np.diff(times)) < 2.0


def test_isready_is_answered_while_something_else_is_done():
    """`position` may have to compile the rules."""
    game = rlhf_games.make("connect_four")

    class Slow(Engine):
        def restart(self) -> None:
            time.sleep(3.0)
            super().restart()

    out = io.StringIO()
    engine = Slow(game, RandomPlayer(game, 0), long_algebraic)
    started = time.monotonic()
    lines = io.BytesIO(b"position startpos\nisready\nquit\n")
    worker = threading.Thread(target=uci.serve, args=(engine, lines, out))
    worker.start()
    while "readyok" not in out.getvalue():
        assert time.monotonic() - started < 2.0
        time.sleep(0.01)
    worker.join(20)
    assert out.getvalue().count("readyok") == 1


def test_the_best_moves_are_shown_in_their_order(engine: Engine):
    said = Talk(engine).say("setoption name MultiPV value 3", "position startpos", "go nodes 200")
    last = [line.split() for line in said if line.startswith("info depth")][-3:]
    assert [line[line.index("multipv") + 1] for line in last] == ["1", "2", "3"]
    scores = [int(line[line.index("cp") + 1]) for line in last]
    assert scores == sorted(scores, reverse=True)
    assert len({line[line.index("pv") + 1] for line in last}) == 3
    assert said[-1] == f"bestmove {last[0][last[0].index('pv') + 1]}"


def test_only_the_named_moves_are_considered(engine: Engine):
    talk = Talk(engine)
    assert talk.say("position startpos", "go nodes 64 searchmoves 1 2")[-1] in (
        "bestmove 1",
        "bestmove 2",
    )
    said = talk.say("go searchmoves 9")
    assert "illegal move '9'" in said[0]
    assert said[-1].startswith("bestmove ")


@pytest.mark.parametrize(
    ("moves", "score"),
    [("4 1 4 1 4 1", "mate 1"), ("1 4 1 4 1 4 2", "mate 1"), ("1 4 2 4 1 4", "cp")],
)
def test_a_proven_win_is_a_mate(moves: str, score: str):
    game = rlhf_games.make("connect_four")
    player = make_player("minimax:1", game, nodes=0, seed=0, load=load_agent)
    talk = Talk(Engine(game, player, long_algebraic), budget=False)
    said = talk.say(f"position startpos moves {moves}", "go")
    assert f" score {score}" in said[-3]


def test_a_proven_loss_is_a_mate_against_us():
    """Two open lines of three: whatever is played, the other one is completed."""
    game = rlhf_games.make("connect_four")
    player = make_player("minimax:4", game, nodes=0, seed=0, load=load_agent)
    talk = Talk(Engine(game, player, long_algebraic), budget=False)
    said = talk.say("position startpos moves 4 4 5 5 3", "go")
    assert " score mate -1 " in said[-3]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=30), st.sampled_from(["go", "position startpos moves 4", "stop"])
        ),
        max_size=6,
    )
)
def test_garbage_is_ignored(engine: Engine, said: list[str]):
    talk = Talk(engine)
    for line in said:
        talk.uci.obey(line)
    assert all("\n" not in line for line in talk.said)
    assert talk.say("isready") == ["readyok"]


def test_the_loop_over_streams(engine: Engine):
    out = io.StringIO()
    uci.serve(engine, io.BytesIO(b"\xffx\nposition startpos\ngo nodes 4\nquit\n"), out)
    assert out.getvalue().splitlines()[-1].startswith("bestmove ")
    uci.serve(engine, io.BytesIO(b"uci"), out)  # ends with its input
    assert out.getvalue().endswith("uciok\n")


def test_breakthrough_as_a_program():
    """A plain client: moves are two cells, and every line arrives at once."""
    command = [sys.executable, "-c", PROGRAM, "--agent", "random", "--game", "breakthrough_6x6"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        moves: list[str] = []
        for _ in range(4):
            process.stdin.write(f"position startpos moves {' '.join(moves)}\ngo\n")
            while not (line := process.stdout.readline()).startswith("bestmove"):
                assert line.startswith("info ")
            moves.append(line.split()[1])
        process.stdin.write("quit\n")
        assert process.wait(10) == 0
    assert [move[1] for move in moves] != [move[3] for move in moves]
    assert all(len(move) == 4 for move in moves)


@pytest.mark.skipif(
    find_spec("chess") is None or find_spec("pyspiel") is None,
    reason="needs python-chess and the extra openspiel",
)
def test_python_chess_plays_chess():
    """Its engine client: options, and a game of legal moves of chess."""
    import chess.engine  # noqa: PLC0415 - optional

    game = "openspiel:chess(max_plies=512)"
    command = [sys.executable, "-c", PROGRAM, "--agent", "random", "--game", game]
    with chess.engine.SimpleEngine.popen_uci(command, timeout=120) as client:
        assert "lose" in client.options["Goal"].var
        client.configure({"Goal": "draw"})
        board = chess.Board()
        while not board.is_game_over(claim_draw=True) and board.ply() < 40:
            move = client.play(board, chess.engine.Limit(nodes=1)).move
            assert move in board.legal_moves
            board.push(move)
    assert board.ply() > 5
