"""The game behind the window: turns, searches and commands.

Nothing here draws or waits. The window calls `tick` with the time for every frame; `tick` requests
the searches that are needed now and plays the computer's move when it is due.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rlhf_agents.play import saved_games
from rlhf_agents.play.board_cells import Cell, Stones, line_cells, placed_cell, stones_of
from rlhf_agents.play.matchup import Matchup, agent_seat, new_session, random_opening
from rlhf_agents.play.session import Session, opposite_goal
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.analysis import Question, Searches
from rlhf_agents.play.viewer.animation import Played
from rlhf_agents.play.viewer.review import Review
from rlhf_agents.players.players import Player
from rlhf_agents.search.explanation import Explanation, Forecast
from rlhf_games.base import MOVER, WAITING

REPLY_SECONDS = 0.55
"""The least time that a computer shows its search before it moves."""
WATCH_SECONDS = 1.0
REST_SECONDS = 4.0
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Abandoned:
    """A game that a new one replaced, and the state of the match that belongs to it."""

    session: Session
    seat: int
    steered: int
    counted: bool


class Match:
    """A game between two seats, and the searches that it needs.

    Args:
        matchup: the rules and the players.
        setup: the settings of the game.
        session: a game to continue, None for a new one.
        now: the time in seconds.

    Attributes:
        session: the game.
        seat: the agent's.
        paused: whether computers wait; a person may then play for both sides.
        speed: of watched games.
        steered: the seat whose goal the person changes.
        nodes: the budget of agents.
        results: games won, drawn and lost by the agent.
        hinted: whether the person asked for a hint in this position.
        played: the latest move, None if the position came about otherwise.
        review: the analysis of the game so far.
        searches: the threads that search.
    """

    def __init__(
        self, matchup: Matchup, setup: Setup, session: Session | None = None, now: float = 0.0
    ) -> None:
        self.matchup, self.setup, self.game = matchup, setup, matchup.game
        self.nodes, self.speed, self.paused = setup.nodes, 1.0, False
        self.searches = Searches()
        self.results = [0, 0, 0]
        self.hinted = self._stepping = False
        self._rng = np.random.default_rng(setup.seed)
        self._number = -1
        self._players_by_budget: dict[tuple[int, int], Player] = {}
        self._now = self._since = now
        self._counted = False
        self.played: Played | None = None
        self._abandoned: Abandoned | None = None
        self._begin(session)

    # ---- players and names

    @property
    def watching(self) -> bool:
        """Whether no person plays."""
        return self.matchup.other is not None

    @property
    def computer(self) -> bool:
        """Whether it is a computer's turn."""
        return not self.session.over and self._player_of(self.session.seat) is not None

    @property
    def ended(self) -> bool:
        """Whether the game was played to its end, even if moves are taken back to look at it."""
        return self.session.over or self.review.ended

    @property
    def shown_seat(self) -> int:
        """The seat whose values are shown: the agent's, or the mover's in a watched game."""
        return self.session.seat if self.watching else self.seat

    @property
    def names(self) -> tuple[str, str]:
        """The names of the first and the second player."""
        first, second = self.matchup.names(self.seat)
        return self._renamed(first, 0), self._renamed(second, 1)

    def _renamed(self, name: str, seat: int) -> str:
        player = self._player_of(seat)
        if player is None or not hasattr(player, "nodes"):
            return name
        return name.replace(f"@{self.setup.nodes}", f"@{self.nodes}")

    @property
    def adjustable(self) -> bool:
        """Whether a player has a budget of nodes."""
        players = [self._player_of(seat) for seat in (0, 1)]
        return any(
            hasattr(player, "nodes") and getattr(player, "seconds", None) is None
            for player in players
        )

    def _player_of(self, seat: int) -> Player | None:
        return self.matchup.players(self.seat)[seat]

    def player(self, seat: int) -> Player | None:
        """Return the player that searches for a seat: its own, or else the analyst."""
        player = self._player_of(seat) or self.matchup.analyst or self.matchup.agent
        if not hasattr(player, "nodes"):
            return player
        key = (id(player), self.nodes)
        if key not in self._players_by_budget:
            player = copy.copy(player)
            player.nodes = self.nodes
            self._players_by_budget[key] = player
        return self._players_by_budget[key]

    # ---- questions and answers

    def question(self, seat: int, goal: str | None = None) -> Question | None:
        """Return the question for a seat's view of the position, for its own or another goal."""
        player = self.player(seat)
        if player is None or self.session.over:
            return None
        view = MOVER if seat == self.session.seat else WAITING
        wanted = self.session.goals[seat] if goal is None else goal
        return Question(player, self.session.state.tobytes(), wanted, view)

    def goals_question(self) -> Question | None:
        """Return the question for the goals that the steered seat can reach."""
        question, analyst = self.question(self.steered), self.matchup.analyst
        if question is None or analyst is None or hasattr(question.player, "forecast"):
            return question
        return replace(question, player=analyst)

    def forecast_question(self) -> Question | None:
        """Return the question for the expected end of the game."""
        if self.matchup.analyst is None:
            return None
        mover, goals = self.session.seat, self.session.goals
        state = self.session.state.tobytes()
        return Question(self.matchup.analyst, state, goals[mover], MOVER, against=goals[1 - mover])

    def explained(self, question: Question | None, *, final: bool = False) -> Explanation | None:
        """Return the best explanation so far; with `final`, None while the search goes on."""
        answer = self.searches.answer(question)
        if answer is None or (final and not answer.done):
            return None
        return answer.content if isinstance(answer.content, Explanation) else None

    def forecast(self) -> Forecast | None:
        """Return how the game is expected to end, for the mover."""
        answer = self.searches.answer(self.forecast_question())
        return answer.content if answer and isinstance(answer.content, Forecast) else None

    def explanation(self) -> Explanation | None:
        """Return the current explanation of the seat whose values are shown."""
        return self.explained(self.question(self.shown_seat))

    def expected_cells(self, line: tuple[int, ...]) -> list[tuple[Cell | None, int]]:
        """Return the cells of the stones of an expected line, and their owners."""
        if line not in self._expected:
            self._expected[line] = line_cells(self.game, self.session.state, line)
        return self._expected[line]

    def hint(self) -> Explanation | None:
        """Return what the analyst would play for the mover, if the person asked for a hint."""
        return self.explained(self.question(self.session.seat)) if self.hinted else None

    # ---- time

    def tick(self, now: float, previewed: str | None = None) -> bool:
        """Let time pass; return whether a move was played.

        Args:
            now: in seconds.
            previewed: a goal whose effect the person wants to see.
        """
        self._now = now
        requests = [self.goals_question(), self.forecast_question()]
        if self.hinted or self._stepping:
            requests.insert(0, self.question(self.session.seat))
        if previewed is not None:
            requests.insert(0, self.question(self.steered, previewed))
        self.searches.request(self.question(self.shown_seat), [*requests, *self.review.questions])
        if self.session.over:
            return self._after_the_game()
        return self._computer_moves(now)

    def _computer_moves(self, now: float) -> bool:
        """Play the move of a computer if it is due or the person asked for a step."""
        waits = self.paused or not self.computer
        if (waits and not self._stepping) or self.moving(now) < 1:
            return False
        rest = (WATCH_SECONDS if self.watching else REPLY_SECONDS) / self.speed
        if not self._stepping and now - self._since < rest:
            return False
        why = self.explained(self.question(self.session.seat), final=True)
        if why is not None:
            self._play(why.action)
        return why is not None

    def _after_the_game(self) -> bool:
        if not self._counted:
            self._counted = True
            winner = self.session.winner
            place = 1 if winner is None else (0 if winner == self.seat else 2)
            self.results[place] += 1
        more = self.watching and sum(self.results) < self.setup.games
        if more and not self.paused and self._now - self._since > REST_SECONDS / self.speed:
            self.new()
            return True
        return False

    def moving(self, now: float) -> float:
        """Return how far the animation of the latest stone is, 1 at rest."""
        if self.played is None:
            return 1.0
        return min(1.0, (now - self.played.at) / self.played.seconds)

    # ---- commands

    def _begin(self, session: Session | None) -> None:
        self._number += 1
        self.seat = agent_seat(self.setup, self._number, self._rng)
        opening = random_opening(self.game, self._rng) if self._number and self.watching else []
        self.session = session or new_session(self.setup, self.game, self.seat, opening)
        self.steered, self._counted = self.seat, self.session.over
        self._settle()

    def _settle(self, played: Played | None = None) -> None:
        """Reset what belonged to the position before."""
        self.hinted = self._stepping = False
        self.played, self._since = played, self._now
        self._expected: dict[tuple[int, ...], list[tuple[Cell | None, int]]] = {}
        self.review = Review(self.session, self.matchup.analyst, self.searches.others)

    def new(self) -> bool:
        """Begin another game with the same goals; return whether `undo` can bring this one back."""
        goals = [self.session.goals[self.seat], self.session.goals[1 - self.seat]]
        if self.session.has_own_moves:
            self._abandoned = Abandoned(self.session, self.seat, self.steered, self._counted)
        self._begin(None)
        self.paused = False
        self.session.goals = goals if self.seat == 0 else goals[::-1]
        return self._abandoned is not None

    def _return(self) -> bool:
        """Go back to the game that `new` replaced, if there is one."""
        before, self._abandoned = self._abandoned, None
        if before is None:
            return False
        self.session, self.seat, self.steered = before.session, before.seat, before.steered
        self._counted = before.counted
        self._settle()
        return True

    def play(self, action: int) -> bool:
        """Play a move for a person; return False if it is not a person's turn or not legal."""
        if self.session.over or (self.computer and not self.paused):
            return False
        if action not in self.session.legal():
            return False
        self._play(action)
        return True

    def _play(self, action: int) -> None:
        before = stones_of(self.game, self.session.state)
        self.session.play(action)
        self._settle(self._animation(before))

    def _animation(self, before: Stones) -> Played:
        cell = placed_cell(before, stones_of(self.game, self.session.state))
        return Played.now(self._now, cell, self.speed, falls=self.game.gravity)

    def undo(self) -> bool:
        """Take back a person's last move and the reply, or one move of a watched game.

        At the start of a game, `undo` returns to the game that `new` replaced. Return whether there
        was something to take back.
        """
        if self.watching or self.paused:
            count = self.session.undo()
        else:
            count = self.session.take_back(1 - self.seat)
        self._settle()
        done = count > 0 or self._return()
        self.paused = self.paused or (self.watching and done)
        return done

    def redo(self) -> bool:
        """Play again what was taken back; return whether there was anything."""
        if self.watching or self.paused:
            count = self.session.redo()
        else:
            count = self.session.play_again(1 - self.seat)
        self._settle()
        return count > 0

    def go_to(self, ply: int) -> None:
        """Show the position after `ply` moves of this game, and pause if it is an earlier one.

        A single step forward is animated like a move.
        """
        onward = ply == len(self.session.moves) + 1 and bool(self.session.undone)
        before = stones_of(self.game, self.session.state)
        self.session.go_to(ply)
        self.paused = self.paused or bool(self.session.undone)
        self._settle(self._animation(before) if onward else None)

    def step(self) -> None:
        """Pause and go one move forward."""
        self.paused = True
        self.advance()

    def advance(self) -> None:
        """Play a move that was taken back, else let the player to move search and play."""
        if self.session.undone:
            self.go_to(len(self.session.moves) + 1)
        else:
            self._stepping = not self.session.over

    def swap(self) -> None:
        """Change sides, goals included."""
        self.seat = 1 - self.seat
        self.steered = 1 - self.steered
        self.session.goals.reverse()
        self._settle()

    def steer(self, goal: str) -> None:
        """Change the goal of the steered seat, at once."""
        self.session.set_goal(self.steered, goal)
        self._since = self._now

    def flip_goal(self) -> str:
        """Turn the steered seat's goal into its opposite and return that."""
        opposite = opposite_goal(self.game, self.session.goals[self.steered])
        self.steer(opposite)
        return opposite

    def set_nodes(self, nodes: int) -> None:
        """Change the budget of agents."""
        self.nodes = nodes
        self._since = self._now

    def faster(self, by: int) -> None:
        """Change the speed by a number of steps."""
        place = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, place + by))]

    def save(self, folder: Path) -> Path:
        """Write the game into a folder and return the file.

        Raises:
            OutputError: it cannot be written.
        """
        path = saved_games.new_path(folder, self.game.name, ".json")
        saved_games.save_session(path, self.session)
        return path

    def load(self, path: Path) -> None:
        """Continue a game from a file; `undo` at its start returns to the present one.

        Raises:
            SettingError: the file is not a record of this game.
        """
        loaded = saved_games.load_session(path, self.game)
        if self.session.has_own_moves:
            self._abandoned = Abandoned(self.session, self.seat, self.steered, self._counted)
        self.session = loaded
        self._counted, self.paused = self.session.over, bool(self.session.undone)
        self._settle()

    def close(self) -> bool:
        """Stop all searches; return whether their threads have ended."""
        return self.searches.close()
