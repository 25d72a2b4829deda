"""The players of a match, and the questions that its window asks them."""

from __future__ import annotations

from dataclasses import replace

from rlhf_agents.play.board_cells import Cell, line_cells
from rlhf_agents.play.hints import advises
from rlhf_agents.play.matchup import Matchup
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import FIRST_LEVEL, Setup
from rlhf_agents.play.strength import place_of, strengths_of
from rlhf_agents.play.viewer.game.analysis import Question, Searches
from rlhf_agents.play.viewer.game.review import Review
from rlhf_agents.players.players import AgentPlayer, Player
from rlhf_agents.search.explanation import Explanation, Forecast
from rlhf_agents.words import player_words
from rlhf_games.base import MOVER, WAITING


class MatchSearches:
    """A game between two seats, and all that is searched for it.

    Args:
        matchup: the rules and the players.
        setup: the settings of the game.

    Attributes:
        session: the game.
        seat: the agent's.
        steered: the seat whose goal the person changes.
        strengths: those to choose from; empty if there is no agent.
        strength: the place of the present one; None if it is not one of them.
        hinted: whether the person asked for a hint in this position.
        review: the analysis of the game so far.
        searches: the threads that search.
        analysing: whether values are shown; if not, only what a move needs is searched for.
        held: whether nobody moves, because a card covers the board.
    """

    session: Session
    review: Review
    seat: int
    steered: int

    def __init__(self, matchup: Matchup, setup: Setup) -> None:
        self.matchup, self.setup, self.game = matchup, setup, matchup.game
        self.strengths = strengths_of((matchup.agent, matchup.other))
        self.strength = place_of(self.strengths, (matchup.agent, matchup.other))
        self.searches = Searches()
        self.hinted = self._stepping = self.held = False
        self.analysing = True
        self._players_by_strength: dict[tuple[int, int], Player] = {}
        self._expected: dict[tuple[int, ...], list[tuple[Cell | None, int]]] = {}

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
    def person(self) -> int | None:
        """The seat of the person who plays, None in a watched game."""
        return None if self.watching else 1 - self.seat

    @property
    def shown_seat(self) -> int:
        """The seat whose values are shown: the person's, or the mover's in a watched game."""
        return self.session.seat if self.person is None else self.person

    def use_first_level(self) -> None:
        """Let agents with levels play at `FIRST_LEVEL` against a person."""
        if not self.watching and self.strengths and self.strengths[0].level is not None:
            self.strength = FIRST_LEVEL - 1

    @property
    def names(self) -> tuple[str, str]:
        """The names of the first and the second player."""
        first, second = self._words_for(0), self._words_for(1)
        return (f"{first} (first)", f"{second} (second)") if first == second else (first, second)

    def short_name(self, seat: int) -> str:
        """Return the name of a player without that of the game, which the title says."""
        return self.names[seat].removeprefix(f"{self.game.title} ")

    def _words_for(self, seat: int) -> str:
        player = self._player_of(seat)
        return "you" if player is None else player_words(player.name, self.game.name)

    def _player_of(self, seat: int) -> Player | None:
        """Return the player of a seat, with the strength that was chosen; None is the person."""
        player = self.matchup.players(self.seat)[seat]
        if self.strength is None or not isinstance(player, AgentPlayer):
            return player
        key = (id(player), self.strength)
        if key not in self._players_by_strength:
            chosen = self.strengths[self.strength]
            own = chosen.is_of(player)
            self._players_by_strength[key] = player if own else chosen.applied_to(player)
        return self._players_by_strength[key]

    def player(self, seat: int) -> Player:
        """Return the player that searches for a seat: its own, or a person's adviser."""
        return self._player_of(seat) or self.matchup.adviser

    # ---- questions and answers

    def question(self, seat: int, goal: str | None = None) -> Question | None:
        """Return the question for a seat's view of the position, for its own or another goal."""
        if self.session.over:
            return None
        view = MOVER if seat == self.session.seat else WAITING
        wanted = self.session.goals[seat] if goal is None else goal
        return Question(self.player(seat), self.session.state.tobytes(), wanted, view)

    def hint_question(self) -> Question | None:
        """Return the question for a hint to the mover, if the person asked for one."""
        question = self.question(self.session.seat)
        if question is None or not self.hinted:
            return None
        return replace(question, player=self.matchup.adviser)

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
        """Return what the adviser would play for the mover, if the person asked for a hint.

        An explanation that prefers no move is only returned when the search has ended.
        """
        question = self.hint_question()
        why = self.explained(question)
        return why if why is None or advises(why) else self.explained(question, final=True)

    def _request(self, previewed: str | None) -> None:
        """Ask for all that is needed now, the most urgent first."""
        needed = self.computer or self._stepping
        move = self.question(self.session.seat) if needed and not self.held else None
        if not self.analysing:
            hint = self.hint_question()
            later = [hint] if move is not None and move != hint else []
            self.searches.request(move or hint, [*later, *self.review.questions])
            return
        shown = self.question(self.shown_seat)
        others = [self.goals_question(), self.forecast_question(), *self.review.questions]
        if self.hinted:
            others.insert(0, self.hint_question())
        if move != shown:
            others.insert(0, move)
        if previewed is not None:
            others.insert(0, self.question(self.steered, previewed))
        self.searches.request(shown, others)
