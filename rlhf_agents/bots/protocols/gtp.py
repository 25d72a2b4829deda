"""The Go Text Protocol, version 2, for any board game: one command a line, one answer each.

    play b x3          the first player's move, in OpenSpiel's names of moves (see `spelling`)
    genmove w          what would you play as the second player? It is played at once.

Colours are b, black or x, and w, white or o; whoever moves first has the first move. Commands of
our own, which GTP allows:

    rlhf-list_goals             the goals that can be asked for
    rlhf-set_goal NAME          play for this one from now on; without NAME say which it is
    rlhf-genmove_goal COLOUR NAME   genmove for a goal, this once
    rlhf-set_nodes N            positions looked at per move (0: the network alone); without N say
    rlhf-explain [NAME]         the value of every move, the expected line, what is within reach

Specification: Gunnar Farneback, GTP version 2 draft 2, https://www.lysator.liu.se/~gunnar/gtp/
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TextIO

import numpy as np

import rlhf_agents
from rlhf_agents.bots.protocols.engine import Engine
from rlhf_agents.bots.protocols.lines import Source, read_lines, say
from rlhf_agents.errors import UserError
from rlhf_agents.play import board_text
from rlhf_games.base import GameError

COLOURS = {"b": "b", "black": "b", "x": "b", "w": "w", "white": "w", "o": "w"}
NAMES = {"b": "black", "w": "white"}
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029]")
COMMAND = re.compile(r"(?:(\d+)(?:\s+|$))?(.*)", re.DOTALL)


class GtpError(UserError):
    """What the client asked for cannot be done; the text follows the question mark."""


class Gtp:
    """Answers commands.

    Args:
        engine: plays.

    Attributes:
        running: nobody has said `quit` yet.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
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
            "showboard": self._showboard,
            "final_score": self._final_score,
            "rlhf-list_goals": self._list_goals,
            "rlhf-set_goal": self._set_goal,
            "rlhf-genmove_goal": self._genmove,
            "rlhf-set_nodes": self._set_nodes,
            "rlhf-explain": self._explain,
        }

    def answer(self, line: str) -> str:
        """Return the answer to a line, with the empty line behind it; nothing to an empty one."""
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

    def _boardsize(self, size: str) -> str:
        _, rows, columns = self.engine.game.observation_shape
        if size not in {str(rows), str(columns)}:
            msg = f"unacceptable size: {self.engine.game.title} has {rows} rows, {columns} columns"
            raise GtpError(msg)
        return self._clear_board()

    def _clear_board(self) -> str:
        self.engine.restart()
        self._first = None
        return ""

    @staticmethod
    def _komi(komi: str) -> str:
        """Accept and forget: every engine must know it, and no game of ours has one."""
        try:
            float(komi)
        except ValueError as error:
            msg = "syntax error: komi is no number"
            raise GtpError(msg) from error
        return ""

    def _play(self, colour: str, move: str) -> str:
        first = self._take_turn(colour)
        self.engine.play(move)
        self._first = first
        return ""

    def _genmove(self, colour: str, goal: str | None = None) -> str:
        first = self._take_turn(colour)
        action = self.engine.choose(goal)
        name = self.engine.spelled(action)
        self.engine.play_action(action)
        self._first = first
        return name

    def _reg_genmove(self, colour: str) -> str:
        self._take_turn(colour)
        return self.engine.spelled(self.engine.choose())

    def _take_turn(self, colour: str) -> str:
        """Return who has the first move, if a colour may move now.

        Raises:
            GtpError: it is no colour, or the other one's turn.
        """
        own = COLOURS.get(colour.lower())
        if own is None:
            msg = f"syntax error: {colour!r} is no colour: b or w"
            raise GtpError(msg)
        session = self.engine.session
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
        return f"{won.upper()}+1"

    # ---- our own ---------------------------------------------------------------------------

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
            msg = "syntax error: nodes is no whole number that can be searched"
            raise GtpError(msg)
        self.engine.set_nodes(int(nodes))
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
            f"move {engine.spelled(why.action)}{' proven' if why.proven else ''}",
            f"values {values}",
            f"line {' '.join(engine.spelled_line(why.line))}",
            f"nodes {why.nodes}",
        ]
        return "\n".join([*lines, *([f"reach {reach}"] if reach else [])])


def _other(colour: str) -> str:
    return "b" if colour == "w" else "w"


def _one_paragraph(text: str) -> str:
    """Return a text without empty lines, which would end the answer."""
    return re.sub(r"\n\s*\n", "\n", text)


def serve(engine: Engine, source: Source, out: TextIO) -> None:
    """Answer the lines of `source` until it ends, or until somebody says `quit`."""
    gtp = Gtp(engine)
    for line in read_lines(source):
        answer = gtp.answer(line)
        if (answer and not say(out, answer)) or not gtp.running:
            return
