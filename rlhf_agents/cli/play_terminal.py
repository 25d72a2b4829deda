"""Playing the games of `rlhf-play` in the terminal, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from rlhf_agents.play import terminal
from rlhf_agents.play.auto_level import AutoLevel
from rlhf_agents.play.matchup import (
    Matchup,
    agent_seat,
    load_matchup,
    new_session,
    random_opening,
)
from rlhf_agents.play.records import write_records
from rlhf_agents.play.saved_games import load_session, record_of
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup
from rlhf_agents.words import level_words, player_words


@dataclass
class WinCount:
    """The results of the agent."""

    won: int = 0
    drawn: int = 0
    lost: int = 0

    def add(self, winner: int | None, agent_seat: int) -> None:
        """Count one game."""
        self.drawn += winner is None
        self.won += winner == agent_seat
        self.lost += winner == 1 - agent_seat


def play_in_terminal(
    setup: Setup, record: Path | None = None, save: Path | None = None, note: str = ""
) -> Session | None:
    """Play the games of a setup; return the first, or None if Ctrl-C ended them.

    Args:
        setup: the settings of the games.
        record: a saved game to begin with.
        save: where to write the games in the end.
        note: said before the first game.

    Raises:
        UserError: a player or a file is wrong.
        rlhf_games.base.GameError: there is no such goal.
    """
    matchup = load_matchup(setup)
    console = terminal.new_console()
    if note:
        console.print(note)
    rng = np.random.default_rng(setup.seed)
    count, interrupted = WinCount(), False
    games: list[terminal.TerminalGame] = []
    try:
        for number in range(setup.games):
            seat = agent_seat(setup, number, rng)
            opening = random_opening(matchup.game, rng) if number else []
            session = new_session(setup, matchup.game, seat, opening)
            if record is not None and number == 0:
                session = load_session(record, matchup.game)
            games.append(_terminal_game(matchup, session, seat))
            games[-1].play()
            count.add(games[-1].session.winner, seat)
            if setup.follows:
                matchup = _next_level(console, setup, games[-1].session, seat)
    except terminal.Quit:
        console.print("\nGoodbye.")
    except KeyboardInterrupt:
        interrupted = True
        console.print("\nGoodbye.")
    played = [record_of(game.session, game.names) for game in games if game.session.moves]
    if save is not None and played:
        write_records(save, played, matchup.game, force=True)  # checked before the first game
        console.print(f"wrote {save}")
    if setup.games > 1:
        name = player_words(matchup.agent.name, matchup.game.name)
        console.print(f"{name}: {count.won} won, {count.drawn} drawn, {count.lost} lost")
    return None if interrupted or not games else games[0].session


def _next_level(console: Console, setup: Setup, session: Session, agent: int) -> Matchup:
    """Let the level follow a game, say so, and return the players of the next one."""
    level = AutoLevel(setup.game)
    before, following = level.level, level.after(session, 1 - agent)
    if following != before:
        console.print(f"The next game is at {level_words(following)}.")
    return load_matchup(setup)


def _terminal_game(matchup: Matchup, session: Session, seat: int) -> terminal.TerminalGame:
    return terminal.TerminalGame(
        session,
        matchup.players(seat),
        matchup.names(seat),
        terminal.new_console(),
        adviser=matchup.adviser,
        compact=matchup.other is not None,
    )
