"""Playing in the terminal: printing, prompting, and the commands that a person types."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO

from rich.console import Console
from rich.text import Text

from rlhf_agents.play import board_text
from rlhf_agents.play.board_cells import placed_cell, stones_of
from rlhf_agents.play.session import Session, third_person
from rlhf_agents.players.players import Player
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import GameError

HELP = """commands
  {moves:<14} play that move
  hint           what the agent would play for you
  goal NAME      change what the agent plays for (goals lists them)
  undo, redo     take back your last move and the answer, or play them again
  new            start again
  help, quit"""

COMPILING = "getting ready (the first time after an installation takes half a minute) ..."


class Quit(Exception):  # noqa: N818 - it ends a game, it is no error
    """The person has had enough."""


def is_interactive() -> bool:
    """Tell whether a person sits at both ends of the terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def new_console(file: IO[str] | None = None) -> Console:
    """Return a console that prints what it is given; plainly if no terminal or NO_COLOR is set.

    Args:
        file: where to print; None is the standard output.
    """
    out = sys.stdout if file is None else file
    if isinstance(out, TextIOWrapper):
        out.reconfigure(errors="replace")  # a narrow encoding shall not end the game
    plain = not out.isatty() or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file,
        color_system=None if plain else "auto",
        markup=False,  # what a person types is shown again, and may look like markup
        highlight=False,
        soft_wrap=True,
        emoji=False,
    )


@dataclass
class Table:
    """Two players at one board.

    Attributes:
        session: the game.
        players: who sits in the first and in the second seat; None is the person.
        names: how they are called.
        console: where to print.
        ask: returns what the person types.
        compact: say in one line why a move was played.
        compiled: somebody has thought before, so that nothing has to be compiled any more.
    """

    session: Session
    players: tuple[Player | None, Player | None]
    names: tuple[str, str]
    console: Console
    ask: Callable[[str], str] = input
    compact: bool = False
    compiled: bool = False

    def play(self) -> None:
        """Play the game to its end.

        Raises:
            Quit: the person has left.
        """
        self._show(None)
        while not self.session.over:
            if self.players[self.session.seat] is None:
                self._person_moves()
            else:
                self._player_moves()
        self._show_result()

    def _player_moves(self) -> None:
        seat = self.session.seat
        player = self.players[seat]
        assert player is not None
        with self._patience():
            why = player.explain(self.session.state, self.session.goals[seat])
        self.session.play(why.action)
        self._show(why)

    def _patience(self) -> AbstractContextManager[object]:
        """Show that somebody thinks, where a line can be drawn and wiped out again."""
        if self.console.color_system is None:
            return nullcontext()
        message = "thinking ..." if self.compiled else COMPILING
        self.compiled = True
        return self.console.status(message)

    def _person_moves(self) -> None:
        seat = self.session.seat
        try:
            words = self.ask(f"{board_text.STONES[seat]}, your move (help for commands): ").split()
        except EOFError:
            raise Quit from None
        if not words:
            return
        names = self._move_names
        if words[0] in names:
            self._person_plays(names.index(words[0]))
            return
        commands: dict[str, Callable[[list[str]], None]] = {
            "hint": self._hint,
            "goal": self._goal,
            "goals": self._goals,
            "undo": self._undo,
            "redo": self._redo,
            "new": self._new,
            "help": self._help,
            "quit": self._quit,
        }
        command = commands.get(words[0].lower())
        if command is None:
            self.console.print(f"{words[0]!r} is neither a move nor a command; try help")
        else:
            command(words[1:])

    def _person_plays(self, action: int) -> None:
        try:
            self.session.play(action)
        except GameError:
            legal = [self._move_names[a] for a in self.session.legal()]
            self.console.print(f"that move is not possible; possible: {' '.join(legal)}")
            return
        self._show(None)

    @property
    def _move_names(self) -> tuple[str, ...]:
        """The names of the mover's actions."""
        return self.session.game.names_of(self.session.seat)

    @property
    def _agent(self) -> Player:
        """The player that the person plays with."""
        player = self.players[0] or self.players[1]
        assert player is not None
        return player

    def _hint(self, _words: list[str]) -> None:
        why = self.session.hint(self._agent)
        text = board_text.thoughts(self.session.game, why, mover=self.session.seat)
        self.console.print(text)
        self.console.print(f"hint: {self._move_names[why.action]}")

    def _goal(self, words: list[str]) -> None:
        agent_seat = 1 - self.session.seat
        if not words:
            self.console.print(f"the agent plays for {self.session.goals[agent_seat]!r}")
            return
        try:
            self.session.set_goal(agent_seat, words[0])
        except GameError as error:
            self.console.print(str(error))
            return
        self.console.print(f"from now on the agent plays for {words[0]!r}")

    def _goals(self, _words: list[str]) -> None:
        for goal in self.session.game.goals:
            self.console.print(f"  {goal.name:<16} {goal.text}")

    def _undo(self, _words: list[str]) -> None:
        if self.session.take_back(self.session.seat):
            self._show(None)
        else:
            self.console.print("there is nothing to take back")

    def _redo(self, _words: list[str]) -> None:
        if not self.session.play_again(self.session.seat):
            self.console.print("there is nothing to play again")
            return
        self._show(None)

    def _new(self, _words: list[str]) -> None:
        self.session.undo(len(self.session.moves))
        self.session.undone.clear()
        self._show(None)

    def _help(self, _words: list[str]) -> None:
        names = self._move_names
        self.console.print(HELP.format(moves=f"{names[0]} .. {names[-1]}"))

    def _quit(self, _words: list[str]) -> None:
        raise Quit

    def _show(self, why: Explanation | None) -> None:
        history = self.session.history
        before = history[-2] if len(history) > 1 else None
        game, state = self.session.game, self.session.state
        seat = self.session.last_seat
        text, who = Text("\n"), self.names[seat]
        if before is not None and self.session.last_move is not None:
            move = board_text.move_name(game, before, self.session.last_move)
            text.append(f"{third_person(who, 'play')} {move}")
            reason = board_text.spoken(game, why, seat) if why and self.compact else ""
            text.append(f" ({reason})\n" if reason else "\n")
        last = None
        if before is not None:
            last = placed_cell(stones_of(game, before), stones_of(game, state))
        text.append_text(board_text.board(game, state, last))
        if why is not None and not self.compact:
            text.append_text(board_text.thoughts(game, why, f"{who}'s moves", seat))
        self.console.print(text, end="")

    def _show_result(self) -> None:
        self.console.print(f"\n{self.session.result_text(self.names)}", style="bold")
        for name, goals in zip(self.names, self.session.achieved(), strict=True):
            self.console.print(f"  {name} achieved: {', '.join(goals)}")
