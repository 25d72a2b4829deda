"""The game behind the window: turns, searches and commands.

Nothing here draws or waits. The window calls `tick` with the time for every frame; `tick` requests
the searches that are needed now and plays the computer's move when it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlhf_agents.errors import OutputError
from rlhf_agents.play import saved_games
from rlhf_agents.play.auto_level import AutoLevel
from rlhf_agents.play.board_cells import Stones, placed_cell, stones_of
from rlhf_agents.play.captures import Captures
from rlhf_agents.play.matchup import Matchup, agent_seat, new_session, random_opening
from rlhf_agents.play.session import Session, opposite_goal
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.animation import Played
from rlhf_agents.play.viewer.game.match_searches import MatchSearches
from rlhf_agents.play.viewer.game.review import Review
from rlhf_agents.words import level_words

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


class Match(MatchSearches):
    """A game between two seats, and the searches that it needs.

    Args:
        matchup: the rules and the players.
        setup: the settings of the game.
        session: a game to continue, None for a new one.
        now: the time in seconds.

    Attributes:
        paused: whether computers wait; a person may then play for both sides.
        speed: of watched games.
        results: games won, drawn and lost by the agent.
        played: the latest move, None if the position came about otherwise.
        follows: whether the level follows the person.
        level_news: after a game, how the level has followed; else empty.
        captures: counts captured stones, for boards that show them.
    """

    def __init__(
        self, matchup: Matchup, setup: Setup, session: Session | None = None, now: float = 0.0
    ) -> None:
        super().__init__(matchup, setup)
        self.speed, self.paused = 1.0, False
        self.captures = Captures()
        self.results = [0, 0, 0]
        self._rng = np.random.default_rng(setup.seed)
        self._number = -1
        self._now = self._since = now
        self._counted = False
        self.played: Played | None = None
        self._abandoned: Abandoned | None = None
        self.follows, self.level_news = setup.follows, ""
        self._following: int | None = None
        self._begin(session)

    # ---- time

    def tick(self, now: float, previewed: str | None = None) -> bool:
        """Let time pass; return whether a move was played.

        Args:
            now: in seconds.
            previewed: a goal whose effect the person wants to see.
        """
        self._now = now
        self._request(previewed)
        if self.held:
            return False
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
            self._follow()
        more = self.watching and sum(self.results) < self.setup.games
        if more and not self.paused and self._now - self._since > REST_SECONDS / self.speed:
            self.new()
            return True
        return False

    def _follow(self) -> None:
        """Let the level of the next game follow the person, if it was asked for."""
        if not self.follows or self.person is None:
            return
        try:
            level = AutoLevel(self.game.name).after(self.session, self.person)
        except OutputError as error:
            self.level_news = f"the level stays: {error}"
            return
        self._following = level - 1
        if self._following != self.strength:
            self.level_news = f"the next game is at {level_words(level)}"

    def moving(self, now: float) -> float:
        """Return how far the animation of the latest stone is, 1 at rest."""
        if self.played is None:
            return 1.0
        return min(1.0, (now - self.played.at) / self.played.seconds)

    # ---- commands

    def _begin(self, session: Session | None, seat: int | None = None) -> None:
        self._number += 1
        if self._following is not None:
            self.strength, self._following = self._following, None
        self.level_news = ""
        wanted = agent_seat(self.setup, self._number, self._rng)
        self.seat = wanted if seat is None else seat
        opening = random_opening(self.game, self._rng) if self._number and self.watching else []
        self.session = session or new_session(self.setup, self.game, self.seat, opening)
        self.steered, self._counted = self.seat, self.session.over
        self._settle()

    def _settle(self, played: Played | None = None) -> None:
        """Reset what belonged to the position before."""
        self.hinted = self._stepping = False
        self.played, self._since = played, self._now
        self._expected = {}
        self.review = Review(self.session, self.matchup.analyst, self.searches.others)

    def new(self, seat: int | None = None) -> bool:
        """Begin another game with the same goals; return whether `undo` can bring this one back.

        Args:
            seat: the agent's; None for the seat that the settings give to the next game.
        """
        goals = [self.session.goals[self.seat], self.session.goals[1 - self.seat]]
        self._abandon()
        self._begin(None, seat)
        self.paused = False
        self.session.goals = goals if self.seat == 0 else goals[::-1]
        return self._abandoned is not None

    def begin(self, side: str, strength: int | None, goal: str) -> bool:
        """Begin a game as chosen on the start card; return whether `undo` can undo that.

        Args:
            side: the person's side: "first", "second" or "random".
            strength: of the agent, its place in `strengths`; None: as it is.
            goal: what the agent plays for.
        """
        seats = {"first": 1, "second": 0}
        undoable = self.new(seats[side] if side in seats else int(self._rng.integers(2)))
        if strength is not None and strength < len(self.strengths):
            self.set_strength(strength)
        self.session.set_goal(self.seat, goal)
        return undoable

    def _abandon(self) -> None:
        if self.session.has_own_moves:
            self._abandoned = Abandoned(self.session, self.seat, self.steered, self._counted)

    def retry(self) -> None:
        """Go on from the present position; `undo` at its start returns to the whole game."""
        before = self.session
        self._abandon()
        moves, asked = list(before.moves), before.asked[: len(before.moves)]
        self.session = Session(
            self.game, list(before.goals), moves, opening=before.opening, asked=asked
        )
        self.paused, self._counted = False, False
        self._settle()

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

    def set_strength(self, place: int) -> None:
        """Change the strength of agents to one of `strengths`, which ends `--level auto`."""
        self.follows = self.follows and place == self.strength
        self.strength = place
        self._since = self._now

    def beside(self, by: int) -> int:
        """Return the place of the strength that is a number of steps above the present one."""
        last = len(self.strengths) - 1
        return last if self.strength is None else min(last, max(0, self.strength + by))

    def faster(self, by: int) -> None:
        """Change the speed by a number of steps."""
        place = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.speed = SPEEDS[min(len(SPEEDS) - 1, max(0, place + by))]

    def save(self, folder: Path, ending: str = ".json") -> Path:
        """Write the game into a folder and return the file.

        Args:
            folder: an existing one.
            ending: of the file, which is its format.

        Raises:
            SettingError: the format cannot hold this game.
            OutputError: it cannot be written.
        """
        path = saved_games.new_path(folder, self.game.name, ending)
        saved_games.save_session(path, self.session, self.names)
        return path

    def load(self, path: Path) -> None:
        """Continue a game from a file; `undo` at its start returns to the present one.

        Raises:
            SettingError: the file is not a record of this game.
        """
        loaded = saved_games.load_session(path, self.game)
        self._abandon()
        self.session = loaded
        self._counted, self.paused = self.session.over, bool(self.session.undone)
        self._settle()

    def close(self) -> bool:
        """Stop all searches; return whether their threads have ended."""
        return self.searches.close()
