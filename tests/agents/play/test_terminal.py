"""Whole games through the terminal's prompts, and what a person sees."""

from __future__ import annotations

import io

import pytest

import rlhf_games
from rlhf_agents.play import board_text
from rlhf_agents.play.board_cells import stones_of
from rlhf_agents.play.session import Session
from rlhf_agents.play.terminal import Quit, TerminalGame, new_console
from rlhf_agents.players.agent import Agent
from rlhf_agents.players.players import AgentPlayer
from rlhf_agents.settings import Foresight
from tests.agents.weights import random_weights


def table(name="connect_four", person=0, lines=(), opening=()):
    game = rlhf_games.make(name)
    agent = Agent("agent", game, random_weights(game), Foresight())
    players = [AgentPlayer(agent, 10), AgentPlayer(agent, 10)]
    names = ["agent", "agent"]
    players[person], names[person] = None, "you"
    typed = iter(lines)

    def ask(_prompt):
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    session = Session(game, moves=list(opening), opening=len(opening))
    return TerminalGame(session, tuple(players), tuple(names), new_console(io.StringIO()), ask)


def printed(table):
    return table.console.file.getvalue()


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
@pytest.mark.parametrize("person", [0, 1])
def test_a_whole_game(name, person):
    """The person tries every move in turn; impossible ones are refused without harm."""
    game = rlhf_games.make(name)
    moves = [name for _ in range(game.max_plies) for name in game.action_names]
    board = table(name, person, moves)
    board.play()
    assert board.session.over
    assert " moves" in printed(board)
    assert "achieved:" in printed(board)


def test_end_of_input_quits():
    board = table(lines=["4"])
    with pytest.raises(Quit):
        board.play()
    assert len(board.session.moves) == 2


def test_commands():
    commands = ["help", "goals", "goal", "goal lose", "goal fly", "hint", "nonsense", "", "8", "4"]
    board = table(lines=[*commands, "undo", "undo", "redo", "new", "quit"])
    with pytest.raises(Quit):
        board.play()
    text = printed(board)
    for expected in (
        "take back your last move",
        "win_diagonal",
        "the agent wants to win",
        "from now on the agent wants to lose",
        "'fly'",
        "hint: ",
        "'nonsense' is neither a move nor a command",
        "'8' is neither a move nor a command",
        "there is nothing to take back",
    ):
        assert expected in text
    assert board.session.moves == []
    assert board.session.goals == ["win", "lose"]


def test_a_full_column_is_refused():
    board = table(lines=["1", "1", "1", "1", "1", "1", "1"])
    with pytest.raises(Quit):
        board.play()
    assert (stones_of(board.session.game, board.session.state)[:, 0] != 0).all()
    assert "that move is not possible; possible: 2, 3, 4, 5, 6, 7" in printed(board)


@pytest.mark.parametrize("words", ["[/x]", "[bold]no", "goal [/]", "goal [red]"])
def test_what_is_typed_is_no_markup(words):
    board = table(lines=[words])
    with pytest.raises(Quit):
        board.play()
    assert repr(words.split()[-1]) in printed(board)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("4 4", "one move at a time: type '4' alone"),
        ("undo 2", "undo stands alone"),
        ("hnt", "did you mean hint?"),
        ("goal win diagonal", "the agent wants to win with a diagonal"),
    ],
)
def test_nothing_is_half_understood(line, sentence):
    board = table(lines=[line])
    with pytest.raises(Quit):
        board.play()
    assert sentence in printed(board)
    assert board.session.moves == []


def test_moves_have_names_of_several_words_and_labels():
    """As typed: the name of a move, also with blanks, or what people call it here."""
    game = rlhf_games.make("connect_four")
    typed = iter(["pile:1, take:2;", "left edge"])
    board = table()
    board.ask = lambda _prompt: next(typed)
    board.players = (None, None)
    board.session.game = Renamed(game)
    for _ in range(2):
        board._person_moves()
    assert board.session.moves == [2, 0]


class Renamed:
    """Connect Four with names as those of OpenSpiel, and labels."""

    def __init__(self, game):
        self.game = game

    def __getattr__(self, name):
        return getattr(self.game, name)

    def names_of(self, _seat):
        return tuple(f"pile:1, take:{column};" for column in range(7))

    def label(self, _state, action):
        return "left edge" if action == 0 else str(action)


@pytest.mark.parametrize("person", [0, 1])
def test_a_new_game_can_be_undone(person):
    board = table(person=person, lines=["4", "3", "new", "undo", "new", "4", "undo", "undo"])
    with pytest.raises(Quit):
        board.play()
    text = printed(board)
    assert text.count("undo returns to the one before") == 2
    assert text.count("back in the game before") == 2
    assert len(board.session.moves) == 4 + person


@pytest.mark.parametrize("person", [0, 1])
def test_undo_and_redo_keep_the_turn(person):
    board = table(person=person, lines=["4", "3", "undo", "undo", "redo", "redo", "redo", "undo"])
    with pytest.raises(Quit):
        board.play()
    assert board.session.seat == person
    assert len(board.session.moves) == 2 + person
    assert printed(board).count("there is nothing to play again") == 1


def test_openings_stay():
    board = table(lines=["undo", "4", "undo", "new", "undo", "undo"], opening=[0, 1])
    with pytest.raises(Quit):
        board.play()
    assert board.session.moves == [0, 1]
    assert printed(board).count("there is nothing to take back") == 2


def test_hints_are_for_the_person_and_change_nothing():
    board = table(lines=["goal lose", "hint"])
    with pytest.raises(Quit):
        board.play()
    assert ", to win:" in printed(board)
    assert board.session.moves == []


def test_compact_tables_say_why_in_one_line():
    board = table(lines=["4"])
    board.compact = True
    with pytest.raises(Quit):
        board.play()
    moves = [line for line in printed(board).splitlines() if line.startswith("agent plays ")]
    assert len(moves) == 1
    assert "% win" in moves[0]
    assert ", to win:" not in printed(board)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("file", "no_color", "coloured"),
    [(Terminal, "", True), (Terminal, "1", False), (io.StringIO, "", False)],
)
def test_colours_only_where_they_are_wanted(monkeypatch, file, no_color, coloured):
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = file()
    game = rlhf_games.make("connect_four")
    new_console(out).print(board_text.board(game, Session(game, moves=[3]).state))
    assert ("\x1b[" in out.getvalue()) is coloured


def test_narrow_encodings_end_no_game():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    game = rlhf_games.make("connect_four")
    new_console(out).print(board_text.board(game, Session(game, moves=[3]).state))
    out.flush()
    assert raw.getvalue().splitlines()[5].split() == [b"?"] * 3 + [b"X"] + [b"?"] * 3
