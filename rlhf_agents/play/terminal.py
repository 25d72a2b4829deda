"""Playing in the terminal: output, prompts, and the commands that a person types."""

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
from rlhf_agents.play.board_cells import placed_cell, shown_name, stones_of
from rlhf_agents.play.hints import NO_HINT, advises
from rlhf_agents.play.session import Session, third_person
from rlhf_agents.players.players import Player
from rlhf_agents.search.explanation import Explanation
from rlhf_agents.words import goal_list, goal_named, goal_words
from rlhf_games.base import GameError, did_you_mean

HELP = """commands
  {moves:<14} play that move
  hint           show what the agent would play in your place
  goal NAME      change the agent's goal (goals lists them)
  undo, redo     take back your last move and the reply, or play them again
  new            start a new game; undo returns to this one
  help, quit"""

COMPILING = "getting ready (the first time after an installation takes half a minute) ..."


class Quit(Exception):  # noqa: N818 - it ends a game and is not an error
    """The person wants to leave."""


def new_console(file: IO[str] | None = None) -> Console:
    """Return a console that prints text as it is; without colours if NO_COLOR is set or in files.

    Args:
        file: where to print; None for the standard output.
    """
    out = sys.stdout if file is None else file
    if isinstance(out, TextIOWrapper):
        out.reconfigure(errors="replace")  # a narrow encoding must not end the game
    plain = not out.isatty() or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=file,
        color_system=None if plain else "auto",
        markup=False,  # it shows again what a person types, which may look like markup
        highlight=False,
        soft_wrap=True,
        emoji=False,
    )


@dataclass
class TerminalGame:
    """A game in the terminal.

    Attributes:
        session: the game.
        players: the first and the second player; None is the person.
        names: their names.
        console: where to print.
        ask: shows a prompt and returns what the person types.
        adviser: gives hints, however weak the opponent is; None: the opponent does.
        compact: explain a move in one line.
        compiled: whether a player has searched before, so that everything is compiled.
        abandoned: the game that the command `new` ended; undo returns to it.
    """

    session: Session
    players: tuple[Player | None, Player | None]
    names: tuple[str, str]
    console: Console
    ask: Callable[[str], str] = input
    adviser: Player | None = None
    compact: bool = False
    compiled: bool = False
    abandoned: Session | None = None

    def play(self) -> None:
        """Play the game to its end.

        Raises:
            Quit: the person leaves.
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
        """Show a note during a search, where the console can remove it again."""
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
        action = self._action_called(" ".join(words))
        if action is None:
            self._obey(words)
        else:
            self._person_plays(action)

    def _action_called(self, text: str) -> int | None:
        """Return the legal action with that label, or the action with that name."""
        game, state, names = self.session.game, self.session.state, self._move_names
        for action in self.session.legal():
            if text in (shown_name(game, state, action), game.label(state, action)):
                return action
        return names.index(text) if text in names else None

    def _obey(self, words: list[str]) -> None:
        """Carry out a command."""
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
        name = words[0].lower()
        if name not in commands:
            self.console.print(self._misunderstood(words, list(commands)))
        elif len(words) > 1 and name != "goal":
            self.console.print(f"{name} stands alone, without {' '.join(words[1:])!r}")
        else:
            commands[name](words[1:])

    def _misunderstood(self, words: list[str], commands: list[str]) -> str:
        if len(words) > 1 and self._action_called(words[0]) is not None:
            return f"one move at a time: type {words[0]!r} alone to play it"
        hint = did_you_mean(words[0].lower(), commands)
        return f"{' '.join(words)!r} is neither a move nor a command; {hint}type help for a list"

    def _person_plays(self, action: int) -> None:
        try:
            self.session.play(action)
        except GameError:
            possible = ", ".join(self._legal_names)
            self.console.print(f"that move is not possible; possible: {possible}")
            return
        self._show(None)

    @property
    def _legal_names(self) -> list[str]:
        """What can be typed for the legal moves."""
        game, state = self.session.game, self.session.state
        return [board_text.move_name(game, state, action) for action in self.session.legal()]

    @property
    def _move_names(self) -> tuple[str, ...]:
        """The names of the mover's actions."""
        return self.session.game.names_of(self.session.seat)

    def _hint(self, _words: list[str]) -> None:
        player = self.adviser or self.players[0] or self.players[1]
        assert player is not None
        why = self.session.hint(player)
        if not advises(why):
            self.console.print(NO_HINT)
            return
        text = board_text.thoughts(self.session.game, why, self.session.state)
        self.console.print(text)
        name = board_text.move_name(self.session.game, self.session.state, why.action)
        self.console.print(f"hint: {name}")

    def _goal(self, words: list[str]) -> None:
        agent_seat = 1 - self.session.seat
        if not words:
            self.console.print(f"the agent wants to {self._words(self.session.goals[agent_seat])}")
            return
        try:
            goal = goal_named(self.session.game, "_".join(words))
        except GameError as error:
            self.console.print(str(error))
            return
        self.session.set_goal(agent_seat, goal)
        self.console.print(f"from now on the agent wants to {self._words(goal)}")

    def _words(self, goal: str) -> str:
        return goal_words(self.session.game, goal)

    def _goals(self, _words: list[str]) -> None:
        self.console.print(goal_list(self.session.game.goals))

    def _undo(self, _words: list[str]) -> None:
        if self.session.take_back(self.session.seat):
            self._show(None)
        elif self.abandoned is not None:
            self.session, self.abandoned = self.abandoned, None
            self.console.print("back in the game before")
            self._show(None)
        else:
            self.console.print("there is nothing to take back")

    def _redo(self, _words: list[str]) -> None:
        if not self.session.play_again(self.session.seat):
            self.console.print("there is nothing to play again")
            return
        self._show(None)

    def _new(self, _words: list[str]) -> None:
        if self.session.has_own_moves:
            self.abandoned = self.session
            self.console.print("a new game; undo returns to the one before")
        self.session = self.session.restarted()
        self._show(None)

    def _help(self, _words: list[str]) -> None:
        legal = self._legal_names
        self.console.print(HELP.format(moves=f"{legal[0]} .. {legal[-1]}"))

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
            reason = board_text.spoken(game, why, before) if why and self.compact else ""
            text.append(f" ({reason})\n" if reason else "\n")
        last = None
        if before is not None:
            last = placed_cell(stones_of(game, before), stones_of(game, state))
        text.append_text(board_text.board(game, state, last))
        if why is not None and before is not None and not self.compact:
            text.append_text(board_text.thoughts(game, why, before, f"moves of {who}"))
        self.console.print(text, end="")

    def _show_result(self) -> None:
        self.console.print(f"\n{self.session.result_text(self.names)}", style="bold")
        for seat, name in enumerate(self.names):
            said = ", ".join(self._words(goal) for goal in self.session.telling_goals(seat))
            self.console.print(f"  {name} achieved: {said or 'nothing beyond the result'}")
