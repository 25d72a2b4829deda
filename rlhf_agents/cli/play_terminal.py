"""Playing the games of `rlhf-play` in the terminal, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlhf_agents.play import terminal
from rlhf_agents.play.matchup import (
    Matchup,
    agent_seat,
    load_matchup,
    new_session,
    random_opening,
)
from rlhf_agents.play.saved_games import load_session
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup


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


def play_in_terminal(setup: Setup, record: Path | None = None) -> Session | None:
    """Play the games of a setup; return the first, or None if Ctrl-C ended them.

    Args:
        setup: the settings of the games.
        record: a saved game to begin with.

    Raises:
        UserError: a player or a file is wrong.
        rlhf_games.base.GameError: there is no such goal.
    """
    matchup = load_matchup(setup)
    console = terminal.new_console()
    rng = np.random.default_rng(setup.seed)
    count, first, interrupted = WinCount(), None, False
    try:
        for number in range(setup.games):
            seat = agent_seat(setup, number, rng)
            opening = random_opening(matchup.game, rng) if number else []
            session = new_session(setup, matchup.game, seat, opening)
            if record is not None and number == 0:
                session = load_session(record, matchup.game)
            game = _terminal_game(matchup, session, seat)
            first = first or game
            game.play()
            count.add(game.session.winner, seat)
    except terminal.Quit:
        console.print("\nGoodbye.")
    except KeyboardInterrupt:
        interrupted = True
        console.print("\nGoodbye.")
    if setup.games > 1:
        name = matchup.agent.name
        console.print(f"{name}: {count.won} won, {count.drawn} drawn, {count.lost} lost")
    return None if interrupted or first is None else first.session


def _terminal_game(matchup: Matchup, session: Session, seat: int) -> terminal.TerminalGame:
    return terminal.TerminalGame(
        session,
        matchup.players(seat),
        matchup.names(seat),
        terminal.new_console(),
        compact=matchup.other is not None,
    )
