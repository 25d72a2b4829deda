"""GTP: what every command answers, garbage, and OpenSpiel's own client through whole games."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rlhf_games
from rlhf_agents.bots.protocols import gtp, lines
from rlhf_agents.bots.protocols.clock import GtpClock
from rlhf_agents.bots.protocols.engine import Engine, make_engine
from rlhf_agents.bots.protocols.gtp import Gtp
from rlhf_agents.bots.protocols.move_names import gtp_name, openspiel_name, read_move
from rlhf_agents.cli.gtp_uci import gtp_main, uci_main
from rlhf_agents.players.agent import load_agent
from rlhf_agents.players.players import AgentPlayer, RandomPlayer
from rlhf_games.base import Game
from tests.agents.bots.exports.contract import BotContract, select

needs_openspiel = pytest.mark.skipif(
    find_spec("pyspiel") is None, reason="needs the extra openspiel"
)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine(rlhf_games.make("connect_four"), "connect_four", gtp_name, nodes=16)


@pytest.fixture
def client(engine: Engine) -> Gtp:
    engine.restart()
    engine.set_goal("win")
    engine.set_nodes(16)
    return Gtp(engine)


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "breakthrough_6x6", "othello_6x6"])
class TestContract(BotContract):
    positions: ClassVar = {0: 600, 1: 150, 40: 60}

    @pytest.fixture
    def bot(self, twin) -> Gtp:
        return Gtp(Engine(twin.game, AgentPlayer(twin, 0), gtp_name))

    @pytest.fixture
    def choose(self, twin, bot):
        engine = bot.engine

        def told(command: str) -> str:
            answer = bot.answer(command)
            assert answer.startswith("="), (command, answer)
            return answer.removeprefix("=").strip()

        def colour() -> str:
            return "bw"[engine.session.seat]

        def play(action: int) -> None:
            told(f"play {colour()} {gtp_name(twin.game, engine.session.state, action)}")

        def ask() -> int:
            move = told(f"reg_genmove {colour()}")
            return read_move(twin.game, engine.session.state, move, gtp_name)

        def choose(positions, goal, nodes):
            told(f"rlhf-set_goal {goal}")
            told(f"rlhf-set_nodes {nodes}")
            return select(positions, lambda: told("clear_board"), play, ask)

        return choose

    @pytest.fixture
    def complaints(self, bot):
        lines = ["fly", "play", "play b nowhere", "play green a1", "undo", "rlhf-set_goal wim"]
        lines += ["rlhf-set_nodes -1", "rlhf-set_nodes 0.5", "boardsize 99"]
        told = {line: bot.answer(line) for line in lines}
        assert all(answer.startswith("? ") for answer in told.values())
        return told


def test_the_protocol_names_itself(client: Gtp):
    assert client.answer("protocol_version") == "= 2\n\n"
    assert client.answer("7 name") == "=7 rlhf_agents connect_four@16\n\n"
    assert client.answer("known_command genmove") == "= true\n\n"
    assert client.answer("known_command fly") == "= false\n\n"
    listed = client.answer("list_commands")[2:].split()
    assert {"play", "genmove", "quit", "rlhf-set_goal", "rlhf-genmove_goal"} <= set(listed)
    assert all(client.answer(f"known_command {name}") == "= true\n\n" for name in listed)


def test_comments_tabs_and_empty_lines(client: Gtp):
    assert client.answer("") == client.answer("  # nothing") == ""
    assert client.answer("\t12\tplay\tb x3 # the middle\r") == "=12\n\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("3 fly", "?3 unknown command"),
        ("play b", "? syntax error"),
        ("play green x3", "? syntax error: 'green'"),
        ("play b x9", "? illegal move 'x9'"),
        ("boardsize 19", "? unacceptable size"),
        ("undo", "? cannot undo"),
        ("final_score", "? the game goes on"),
        ("rlhf-set_goal wim", "? unknown goal of Connect Four 'wim'; did you mean win"),
        ("rlhf-set_nodes many", "? syntax error"),
    ],
)
def test_mistakes_are_named(client: Gtp, line: str, words: str):
    assert client.answer(line).startswith(words)
    assert client.running


def test_moves_are_what_the_agent_plays(client: Gtp):
    agent, game = load_agent("connect_four"), rlhf_games.make("connect_four")
    states = game.initial(1)
    for ply in range(12):
        expected = int(agent.act_states(states, "win", 16)[0])
        name = client.answer(f"reg_genmove {'bw'[ply % 2]}")
        assert name == f"= {'xo'[ply % 2]}{expected}\n\n"
        assert client.answer(f"genmove {'bw'[ply % 2]}") == name
        states = game.step(states, np.array([expected]))


def test_turns_are_kept_and_taken_back(client: Gtp):
    assert client.answer("play white x3") == "=\n\n"  # who moves first is the first player
    assert client.answer("play w 4") == "? illegal move: it is the turn of black\n\n"
    assert client.answer("play B 4") == "=\n\n"  # the game's own name of the middle column
    assert client.answer("undo") == client.answer("undo") == "=\n\n"
    assert client.answer("play b x0") == "=\n\n"
    assert "X" in client.answer("showboard")


def test_goals_and_strength(client: Gtp):
    assert "win_diagonal: " in client.answer("rlhf-list_goals")
    assert client.answer("rlhf-set_goal lose") == "=\n\n"
    assert client.answer("rlhf-set_goal") == "= lose\n\n"
    assert client.answer("rlhf-set_nodes 0") == "=\n\n"
    assert client.answer("rlhf-set_nodes") == "= 0\n\n"
    said = client.answer("rlhf-explain win")
    assert said.startswith("= goal win\nmove x")
    assert "\nvalues x" in said
    for column in "060606":
        client.answer(
            f"play {'bw'[client.engine.session.seat]} {'xo'[client.engine.session.seat]}{column}"
        )
    assert client.answer("rlhf-genmove_goal b win") == "= x0\n\n"
    assert client.answer("final_score") == "= B+1\n\n"
    assert client.answer("genmove w") == "? the game is over\n\n"


def play_random_game(client: Gtp, seed: int = 0) -> None:
    engine, rng = client.engine, random.Random(seed)
    client.answer("clear_board")
    while not engine.session.over:
        engine.play_action(rng.choice(engine.session.legal()))


def test_the_score_of_othello_is_the_difference_of_discs():
    client = Gtp(make_engine(rlhf_games.make("othello_6x6"), "random", gtp_name))
    for seed in range(5):
        play_random_game(client, seed)
        board = client.answer("showboard")
        first, second = board.count("X"), board.count("O")
        winner = "B" if first > second else "W"
        expected = f"{winner}+{abs(first - second)}" if first != second else "0"
        assert client.answer("final_score") == f"= {expected}\n\n"


def test_boards_of_other_sizes():
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    client = Gtp(make_engine(rlhf_games.make("openspiel:go"), "random", gtp_name))
    assert client.answer("boardsize 9") == client.answer("komi 5.5") == "=\n\n"
    assert client.engine.game.n_actions == 82
    assert "komi=5.5" in client.engine.game.name
    assert client.answer("play b D7") == client.answer("play w pass") == "=\n\n"
    assert client.answer("play b J9") == "=\n\n"  # there is no I
    assert client.answer("play w I5").startswith("? illegal move")
    assert client.answer("komi 6.5") == "=\n\n"  # keeps the game
    assert len(client.engine.session.moves) == 3
    assert client.answer("boardsize 99").startswith("? unacceptable size")
    hexes = Gtp(make_engine(rlhf_games.make("openspiel:hex"), "random", gtp_name))
    assert hexes.answer("boardsize 7 6") == "=\n\n"
    assert hexes.engine.game.n_actions == 42
    assert hexes.answer("play b g6") == "=\n\n"
    assert hexes.answer("play w a7").startswith("? illegal move")


def test_an_agent_keeps_its_board(client: Gtp):
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    assert client.answer("boardsize 7 6") == client.answer("boardsize 7") == "=\n\n"
    assert client.answer("boardsize 8 8").startswith("? unacceptable size")


def test_games_are_saved_and_loaded(client: Gtp, tmp_path: Path):
    for ply, column in enumerate("3342"):
        client.answer(f"play {'bw'[ply % 2]} {'xo'[ply % 2]}{column}")
    moves, path = list(client.engine.session.moves), tmp_path / "game.sgf"
    assert client.answer("printsgf").startswith("= (;FF[4]")
    assert client.answer(f"printsgf {path}") == "=\n\n"
    assert "exists" in client.answer(f"printsgf {path}")
    client.answer("clear_board")
    assert client.answer(f"loadsgf {path} 3") == "= black\n\n"
    assert client.engine.session.moves == moves[:2]
    assert client.answer(f"loadsgf {path}") == "= black\n\n"
    assert client.engine.session.moves == moves
    assert client.answer("undo") == "=\n\n"
    assert client.answer("play w o2") == "=\n\n"
    assert client.answer("loadsgf nowhere.sgf").startswith("? cannot read")
    path.write_text("(;FF[4]GM[1]SZ[19];B[aa])")
    assert client.answer(f"loadsgf {path}").startswith("? cannot read")
    assert client.engine.session.moves == moves


class Endless(RandomPlayer):
    """Says something at once if it is ever to, and then no more for a minute."""

    def __init__(self, game: Game, speaks: bool) -> None:
        super().__init__(game, 0)
        self.speaks = speaks

    def think(self, state, goal="win", seat=0):
        if self.speaks:
            yield self.explain(state, goal, seat)
        time.sleep(60)
        yield self.explain(state, goal, seat)


@pytest.mark.parametrize("command", ["time_left b 0 1", "time_left b 1 1", "time_settings 30 0 0"])
@pytest.mark.parametrize("speaks", [True, False])
def test_moves_keep_to_the_clock(command: str, speaks: bool):
    game = rlhf_games.make("connect_four")
    client = Gtp(Engine(game, Endless(game, speaks), gtp_name))
    started = time.monotonic()
    assert client.answer(command) == "=\n\n"
    assert client.answer("genmove b").startswith("= x")
    assert time.monotonic() - started < 2.0


def test_without_a_clock_there_is_a_limit_too():
    game = rlhf_games.make("connect_four")
    client = Gtp(Engine(game, Endless(game, True), gtp_name), GtpClock(0.5))
    started = time.monotonic()
    assert client.answer("genmove b").startswith("= x")
    assert time.monotonic() - started < 2.0


def test_a_deep_search_is_cut_short():
    """Compiled alpha-beta, which cannot be stopped within a step."""
    client = Gtp(make_engine(rlhf_games.make("othello"), "minimax:30", gtp_name), GtpClock(0.5))
    client.engine.warm_up().wait(60)
    started = time.monotonic()
    assert client.answer("genmove b").startswith("= ")
    assert time.monotonic() - started < 2.0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(
                ["play b x3", "play w o3", "genmove b", "undo", "5 clear_board", "komi x"]
            ),
        ),
        max_size=8,
    )
)
def test_garbage_gets_one_answer_or_none(engine: Engine, said: list[str]):
    engine.restart()
    client = Gtp(engine)
    for line in said:
        answer = client.answer(line)
        assert answer == "" or (answer[0] in "=?" and answer.endswith("\n\n"))
        assert "\n\n" not in answer[:-2]


def test_bytes_of_any_kind_are_read_as_lines():
    source = io.BytesIO(b"name\r\n\xff\xfe\x00\n" + b"x" * (3 * lines.LONGEST) + b"\nquit")
    read = list(lines.read_lines(source))
    assert [read[0], read[3], len(read[2])] == ["name", "quit", lines.LONGEST]


def test_the_loop_ends_with_quit_and_with_the_input(engine: Engine):
    out = io.StringIO()
    gtp.serve(engine, io.BytesIO(b"\xff\n1 quit\nname\n"), out)
    assert out.getvalue() == "? unknown command\n\n=1\n\n"
    gtp.serve(engine, io.BytesIO(b"version"), out)
    out.close()
    gtp.serve(engine, io.BytesIO(b"name\nname\n"), out)  # nobody listens any more


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--agent", "conect_four"], "did you mean connect_four"),
        (["--agent", "random"], "name one with --game"),
        (["--agent", "minimx:3"], "did you mean minimax:3"),
        (["--agent", "connect_four", "--goal", "wim"], "'wim'; did you mean win"),
        (["--agent", "connect_four", "--game", "othello"], "trained for connect_four, not for oth"),
        (["--agent", "connect_four", "--nodes", "-1"], "nodes must be a whole number from 0"),
        (["--agent", "connect_four@1000000000000"], "whole number from 0"),
        (["--agent", "connect_four@many"], "such as connect_four@256"),
        (["--agent", "connect_four@16", "--nodes", "17"], "leave out --nodes"),
        (["--agent", "connect_four", "--seconds", "0"], "seconds must be above 0"),
        (["--agent", "connect_four", "--seed", "-1"], "seed must be"),
    ],
)
def test_wrong_options_are_one_sentence(capsys, options: list[str], words: str):
    for main in (gtp_main, uci_main) if "--seconds" not in options else (gtp_main,):
        try:
            code = main(options)
        except SystemExit as ended:  # from the parser
            code = ended.code
        assert code == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) == 1


def test_the_budget_may_stand_behind_the_name():
    program = "import sys; from rlhf_agents.cli.gtp_uci import gtp_main; sys.exit(gtp_main())"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--agent", "connect_four@17"],
        input="name\nrlhf-set_nodes\nquit\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["=", "rlhf_agents", "connect_four@17", "=", "17", "="]


@needs_openspiel
@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "othello", "breakthrough"])
def test_names_of_moves_are_openspiels(name: str):
    """Whole random games: every legal move has OpenSpiel's string."""
    import pyspiel  # noqa: PLC0415 - optional

    game, rng = rlhf_games.make(name), random.Random(0)
    for _ in range(3):
        theirs, states = pyspiel.load_game(name).new_initial_state(), game.initial(1)
        while not theirs.is_terminal():
            ours = {
                openspiel_name(game, states[0], int(a)): int(a)
                for a in np.flatnonzero(game.legal(states)[0])
            }
            expected = {theirs.action_to_string(a): a for a in theirs.legal_actions()}
            assert set(ours) == set(expected)
            move = rng.choice(sorted(ours))
            theirs.apply_action(expected[move])
            states = game.step(states, np.array([ours[move]]))
        assert game.outcome(states)[0] != 2


@needs_openspiel
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("connect_four", ["--agent", "connect_four", "--nodes", "16"]),
        ("othello", ["--agent", "random", "--game", "othello"]),
        ("breakthrough(rows=6,columns=6)", ["--agent", "random", "--game", "breakthrough_6x6"]),
        ("mancala", ["--agent", "random", "--game", "openspiel:mancala"]),
    ],
)
def test_openspiels_client_plays_whole_games(name: str, options: list[str]):
    import pyspiel  # noqa: PLC0415 - optional
    from open_spiel.python.bots.gtp import GTPBot  # noqa: PLC0415 - optional

    world, rng = pyspiel.load_game(name), random.Random(0)
    program = "import sys; from rlhf_agents.cli.gtp_uci import gtp_main; sys.exit(gtp_main())"
    bot = GTPBot(world, [sys.executable, "-c", program, *options])
    try:
        assert bot.name.startswith("rlhf_agents")
        for seat in (0, 1):
            state = world.new_initial_state()
            bot.restart()
            while not state.is_terminal():
                player = state.current_player()
                if player == seat:
                    action = bot.step(state)
                else:
                    action = rng.choice(state.legal_actions())
                    bot.inform_action(state, player, action)
                state.apply_action(action)
        process = bot._process
    finally:
        bot.close()
    assert process.poll() is not None
