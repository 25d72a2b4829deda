"""UCI: the answers, thinking that can be interrupted, and python-chess as a real client."""

from __future__ import annotations

import io
import queue
import subprocess
import sys
from importlib.util import find_spec
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlhf_games
from rlhf_agents.bots.protocols import uci
from rlhf_agents.bots.protocols.engine import Engine, make_engine
from rlhf_agents.bots.protocols.move_names import long_algebraic, read_move, spelled_line
from rlhf_agents.bots.protocols.uci import Limits, Uci, centipawns, limits_of
from rlhf_agents.players.players import AgentPlayer
from tests.agents.bots.exports.contract import BotContract

PROGRAM = "import sys; from rlhf_agents.cli.gtp_uci import uci_main; sys.exit(uci_main())"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine(rlhf_games.make("connect_four"), "connect_four", long_algebraic, nodes=16)


class Talk:
    """A client without a process: lines go in at once, or when the engine looks for `stop`."""

    def __init__(self, engine: Engine) -> None:
        engine.restart()
        engine.set_goal("win")
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


@pytest.mark.parametrize(
    "position", ["startpos moves 9", "fen 8/8", "startpos moves 4 3 4 3 4 3 4", "moves"]
)
def test_where_there_is_no_move_it_says_so(engine: Engine, position: str):
    assert Talk(engine).say(f"position {position}", "go")[-1] == "bestmove 0000"


def test_limits():
    assert limits_of(["nodes", "5"], 0, 99) == Limits(nodes=5)
    assert limits_of([], 0, 99) == Limits()
    assert limits_of(["depth", "x", "movetime", "1030"], 0, 99) == Limits(99, 1.0)
    words = ["wtime", "60030", "btime", "30000", "winc", "0", "binc", "1000", "movestogo", "10"]
    assert limits_of(words, 0, 99).seconds == pytest.approx(5.973)
    assert limits_of(words, 1, 99).seconds == pytest.approx(3.77)


def test_centipawns():
    assert [centipawns(p) for p in (0.0, 0.5, 10 / 11, 1.0)] == [-10_000, 0, 400, 10_000]


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
