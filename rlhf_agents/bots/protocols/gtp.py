"""The Go Text Protocol, version 2, for any board game: one command a line, one answer each.

    play b D7          the first player's move, in OpenSpiel's names of moves (see `move_names`)
    genmove w          choose and play the second player's move

Colours are b, black or x, and w, white or o; the colour that moves first is the first player's. A
move takes at most the seconds given at the start, or the time on the clock after `time_settings` or
`time_left`. `boardsize 9`, or `boardsize COLUMNS ROWS`, begins a game on a board of another size.
Private commands, which GTP allows:

    rlhf-list_goals             list the goals
    rlhf-set_goal NAME          play for this goal; without NAME show the current one
    rlhf-genmove_goal COLOUR NAME   genmove for a goal, once
    rlhf-set_nodes N            positions searched per move (0: the network alone)
    rlhf-set_level N            play at a level from 1 (beginner) to 12 (perfect); 0: at full
                                strength; without N say which it is
    rlhf-set_elo N              likewise, in Elo
    rlhf-save FILE              write the game as .sgf, .pgn, .txt or .json
    rlhf-explain [NAME]         the value of every move, the expected line, what is within reach

Specification: Gunnar Farneback, GTP version 2 draft 2, https://www.lysator.liu.se/~gunnar/gtp/
"""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import numpy as np

import rlhf_agents
from rlhf_agents.bots.protocols import scores, variants
from rlhf_agents.bots.protocols.clock import GtpClock
from rlhf_agents.bots.protocols.engine import Engine
from rlhf_agents.bots.protocols.lines import Source, read_lines, say
from rlhf_agents.errors import UserError
from rlhf_agents.files.atomic import write_atomically
from rlhf_agents.play import board_text
from rlhf_agents.play.records import read_record, to_text, write_record
from rlhf_games.base import Game, GameError

COLOURS = {"b": "b", "black": "b", "x": "b", "w": "w", "white": "w", "o": "w"}
NAMES = {"b": "black", "w": "white"}
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")
COMMAND = re.compile(r"(?:(\d+)(?:\s+|$))?(.*)", re.DOTALL)


class GtpError(UserError):
    """A command fails; the text follows the question mark."""


class Gtp:
    """Answers commands.

    Args:
        engine: chooses the moves.
        clock: limits the time of moves.

    Attributes:
        running: whether `quit` has not been received.
    """

    def __init__(self, engine: Engine, clock: GtpClock | None = None) -> None:
        self.engine = engine
        self.clock = clock or GtpClock()
        self.running = True
        self._first: str | None = None
        self._commands: dict[str, Callable[..., str]] = {
            "protocol_version": lambda: "2",
            "name": lambda: f"rlhf_agents {engine.player.name}",
            "version": lambda: rlhf_agents.__version__,
            "known_command": lambda name="": str(name in self._commands).lower(),
            "list_commands": lambda: "\n".join(self._commands),
            "quit": self._quit,
            "boardsize": self._boardsize,
            "clear_board": self._clear_board,
            "komi": self._komi,
            "play": self._play,
            "genmove": self._genmove,
            "reg_genmove": self._reg_genmove,
            "undo": self._undo,
            "time_settings": self._time_settings,
            "time_left": self._time_left,
            "kgs-time_settings": self._kgs_time_settings,
            "loadsgf": self._loadsgf,
            "printsgf": self._printsgf,
            "showboard": self._showboard,
            "final_score": self._final_score,
            "rlhf-list_goals": self._list_goals,
            "rlhf-set_goal": self._set_goal,
            "rlhf-genmove_goal": self._genmove,
            "rlhf-set_nodes": self._set_nodes,
            "rlhf-set_level": self._set_level,
            "rlhf-set_elo": self._set_elo,
            "rlhf-save": self._save,
            "rlhf-explain": self._explain,
        }

    def answer(self, line: str) -> str:
        """Return the answer to a line and an empty line; empty for an empty line."""
        text = CONTROL.sub("", line.partition("#")[0].replace("\t", " ")).strip()
        if not text:
            return ""
        number, rest = COMMAND.fullmatch(text).groups()  # type: ignore[union-attr] # matches all
        try:
            said = self._obey(*rest.split())
        except (UserError, GameError) as error:
            return f"?{number or ''} {_one_paragraph(str(error))}\n\n"
        return f"={number or ''} {_one_paragraph(said)}".rstrip() + "\n\n"

    def _obey(self, name: str = "", *words: str) -> str:
        if name not in self._commands:
            msg = "unknown command"
            raise GtpError(msg)
        command = self._commands[name]
        try:
            inspect.signature(command).bind(*words)
        except TypeError as error:
            msg = f"syntax error: {error}"
            raise GtpError(msg) from error
        return command(*words)

    # ---- the protocol's own ----------------------------------------------------------------

    def _quit(self) -> str:
        self.running = False
        return ""

    def _boardsize(self, columns: str, rows: str = "") -> str:
        now = variants.board_size(self.engine.game)
        sizes = [_size(word) for word in (columns, rows) if word]
        # A single number may also give one side of a board that is not square.
        wanted = (sizes[0], sizes[-1]) if len(sizes) == 2 or sizes[0] not in now else now
        self._use_game(variants.resized(self.engine.game, *wanted))
        return ""

    def _use_game(self, game: Game) -> None:
        try:
            self.engine.use_game(game)
        except UserError as error:
            msg = f"unacceptable: {error}"
            raise GtpError(msg) from error
        self._first = None
        self.clock.restart()

    def _clear_board(self) -> str:
        self.engine.keep_record()
        self._use_game(self.engine.game)
        return ""

    def _komi(self, komi: str) -> str:
        """Change the komi of Go; other games ignore it, but every engine must support it."""
        try:
            points = float(komi)
        except ValueError as error:
            msg = "syntax error: komi is not a number"
            raise GtpError(msg) from error
        session = self.engine.session
        game = variants.with_komi(session.game, points)
        if game is not session.game:
            moves, first = session.moves, self._first
            self._use_game(game)
            for move in moves:
                self.engine.session.play(move)
            self._first = first
        return ""

    def _time_settings(self, main: str, overtime: str, stones: str) -> str:
        self.clock.set(main, overtime, stones)
        return ""

    def _kgs_time_settings(self, system: str, *numbers: str) -> str:
        self.clock.set_kgs(system, numbers)
        return ""

    def _time_left(self, colour: str, seconds: str, stones: str) -> str:
        self.clock.set_left(_colour(colour), seconds, stones)
        return ""

    def _play(self, colour: str, move: str, *more: str) -> str:
        first = self._take_turn(colour)
        self.engine.play(" ".join([move, *more]))
        self._first = first
        return ""

    def _genmove(self, colour: str, goal: str | None = None) -> str:
        first = self._take_turn(colour)
        action = self._choose(colour, goal)
        name = self.engine.spelled(action)
        self.engine.play_action(action)
        self._first = first
        return name

    def _reg_genmove(self, colour: str) -> str:
        self._take_turn(colour)
        return self.engine.spelled(self._choose(colour))

    def _choose(self, colour: str, goal: str | None = None) -> int:
        own, started = _colour(colour), time.monotonic()
        seconds, strictly = self.clock.seconds(own), self.clock.is_set(own)
        action = self.engine.choose_within(seconds, goal, strictly=strictly)
        self.clock.spend(own, time.monotonic() - started)
        return action

    def _take_turn(self, colour: str) -> str:
        """Return the colour of the first player, if a colour may move now.

        Raises:
            GtpError: there is no such colour, or it is the other's turn.
        """
        own, session = _colour(colour), self.engine.session
        if not session.moves or self._first is None:
            return own
        if (own == self._first) != (session.seat == 0):
            msg = f"illegal move: it is the turn of {NAMES[_other(own)]}"
            raise GtpError(msg)
        return self._first

    def _undo(self) -> str:
        if not self.engine.undo():
            msg = "cannot undo"
            raise GtpError(msg)
        return ""

    def _showboard(self) -> str:
        session = self.engine.session
        board = board_text.board(self.engine.game, session.state).plain
        return "\n" + "\n".join(line for line in board.splitlines() if line.strip())

    def _final_score(self) -> str:
        session = self.engine.session
        if not session.over:
            msg = "the game goes on"
            raise GtpError(msg)
        if session.winner is None:
            return "0"
        first = self._first or "b"
        won = first if session.winner == 0 else _other(first)
        points = scores.lead(session.game, session.state)
        return f"{won.upper()}+{abs(points or 1):g}"

    def _loadsgf(self, path: str, number: str = "") -> str:
        """Load a game, or its part before a move; answer with the colour to move."""
        record = read_record(Path(path), self.engine.game)
        moves = record.moves[: _size(number) - 1] if number else record.moves
        self._use_game(self.engine.game)
        for move in moves:
            self.engine.session.play(move)
        self._first = "b"
        return NAMES["bw"[self.engine.session.seat]]

    def _printsgf(self, path: str = "") -> str:
        record, game = self.engine.record(), self.engine.game
        if not path:
            return to_text([record], game, "sgf")
        target = Path(path)
        if target.exists():
            msg = f"{target} exists; choose another name"
            raise GtpError(msg)
        write_atomically(target, to_text([record], game, "sgf").encode())
        return ""

    # ---- private commands ------------------------------------------------------------------

    def _list_goals(self) -> str:
        return "\n".join(f"{goal.name}: {goal.text}" for goal in self.engine.game.goals)

    def _set_goal(self, goal: str | None = None) -> str:
        if goal is None:
            return self.engine.goal
        self.engine.set_goal(goal)
        return ""

    def _set_nodes(self, nodes: str | None = None) -> str:
        if nodes is None:
            return "none" if self.engine.nodes is None else str(self.engine.nodes)
        if not (nodes.isascii() and nodes.isdigit() and len(nodes) <= 9):
            msg = "syntax error: nodes is not a valid whole number"
            raise GtpError(msg)
        self.engine.set_nodes(int(nodes))
        return ""

    def _set_level(self, level: str | None = None) -> str:
        if level is None:
            return self.engine.level_name or "none"
        if not re.fullmatch(r"[0-9]{1,4}", level):
            msg = "syntax error: a level is a whole number"
            raise GtpError(msg)
        self.engine.set_level(int(level) or None)
        return ""

    def _set_elo(self, elo: str) -> str:
        if not re.fullmatch(r"-?[0-9]{1,5}", elo):
            msg = "syntax error: Elo is a whole number"
            raise GtpError(msg)
        self.engine.set_level(elo=int(elo))
        return ""

    def _save(self, path: str) -> str:
        write_record(path, self.engine.record(), self.engine.game)
        return ""

    def _explain(self, goal: str | None = None) -> str:
        engine = self.engine
        why = engine.explain(goal)
        legal = [a for a in engine.session.legal() if not np.isnan(why.values[a])]
        best_first = sorted(legal, key=lambda a: -why.values[a])
        values = " ".join(f"{engine.spelled(a)} {why.values[a]:.3f}" for a in best_first)
        reach = " ".join(f"{name} {value:.3f}" for name, value in why.goal_values.items())
        lines = [
            f"goal {why.goal}" + (f" (plays for {why.pursued})" * (why.pursued != why.goal)),
            f"move {engine.spelled(why.action)}{f' {why.proof}' if why.proof else ''}",
            f"values {values}",
            f"line {' '.join(engine.spelled_line(why.line))}",
            f"nodes {why.nodes}",
        ]
        return "\n".join([*lines, *([f"reach {reach}"] if reach else [])])


def _colour(word: str) -> str:
    """Return b or w.

    Raises:
        GtpError: the word is not a colour.
    """
    own = COLOURS.get(word.lower())
    if own is None:
        msg = f"syntax error: {word[:20]!r} is not a colour: b or w"
        raise GtpError(msg)
    return own


def _other(colour: str) -> str:
    return "b" if colour == "w" else "w"


def _size(word: str) -> int:
    """Return a positive number, such as the side of a board.

    Raises:
        GtpError: the word is not one.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,4}", word):
        msg = f"syntax error: {word[:20]!r} is not a positive number"
        raise GtpError(msg)
    return int(word)


def _one_paragraph(text: str) -> str:
    """Return a text without empty lines, which would end the answer."""
    return re.sub(r"\n\s*\n", "\n", text)


def serve(engine: Engine, source: Source, out: TextIO, clock: GtpClock | None = None) -> None:
    """Answer the lines of `source` until its end or `quit`."""
    gtp = Gtp(engine, clock)
    engine.warm_up()
    for line in read_lines(source):
        answer = gtp.answer(line)
        if (answer and not say(out, answer)) or not gtp.running:
            return
