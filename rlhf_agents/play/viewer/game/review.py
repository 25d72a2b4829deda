"""The review of a game: the value of every position, and the mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rlhf_agents.play.board_cells import shown_name
from rlhf_agents.play.game_review import WORTH_MENTIONING
from rlhf_agents.play.reasons import reason
from rlhf_agents.play.session import Session
from rlhf_agents.play.viewer.game.analysis import Analysis, Content, Question
from rlhf_agents.play.viewer.scene import Mistake
from rlhf_agents.players.players import Player
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import Game, Outcome, States


@dataclass(frozen=True)
class MistakeQuestion(Question):
    """What a move overlooked: in games with many moves the rules take a moment to say.

    Attributes:
        moves: the rules, the move, and a better one.
        values: of the better and of the played move, in [0, 1].
    """

    moves: tuple[Game, int, int] | None = None
    values: tuple[float, float] = (1.0, 0.0)

    def work(self) -> Iterator[Content]:
        """Return an iterator that finds the sentence, see `reasons.reason`."""
        assert self.moves is not None
        game, played, better = self.moves
        yield reason(game, self.position, played, better, self.values, self.goal)


class Review:
    """The values of every position of a game, by an analyst.

    Args:
        session: the game, with the moves that were taken back.
        analyst: the agent that values the positions; None leaves them unknown.
        analysis: the thread that has the answers.

    Attributes:
        questions: the questions for the analyst, answered or not, and those about mistakes.
    """

    def __init__(self, session: Session, analyst: Player | None, analysis: Analysis) -> None:
        self._game, self._analysis, self._analyst = session.game, analysis, analyst
        self._moves, self._asked = session.line, list(session.asked)
        self._states = _positions(session)
        self._seats = [int(self._game.mover(state[None])[0]) for state in self._states]
        self._about_positions = self._questions()
        self.questions = list(self._about_positions)
        self._seen = -1
        self._standing: tuple[float | None, ...] = ()
        self._mistakes: tuple[Mistake, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all positions have been analysed."""
        answers = (self._analysis.answer(question) for question in self._about_positions)
        return all(answer is not None and answer.done for answer in answers)

    @property
    def ended(self) -> bool:
        """Whether the last position is the end of the game."""
        return self._outcome(self._states[-1]) != Outcome.ONGOING

    @property
    def standing(self) -> tuple[float | None, ...]:
        """The first player's value of winning at every position, in [0, 1], None if unknown."""
        self._refresh()
        return self._standing

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes known so far, in the order of play."""
        self._refresh()
        return self._mistakes

    def reason(self, mistake: Mistake) -> str:
        """Return what a mistake overlooked, see `reasons.reason`; "" until it is found."""
        if self._analyst is None:
            return ""
        question = MistakeQuestion(
            self._analyst,
            self._states[mistake.ply].tobytes(),
            mistake.goal,
            moves=(self._game, mistake.action, mistake.better),
            values=(mistake.before, max(0.0, mistake.before - mistake.drop)),
        )
        if question not in self.questions:
            self.questions.append(question)
        answer = self._analysis.answer(question)
        return answer.content if answer and isinstance(answer.content, str) else ""

    def _refresh(self) -> None:
        """Read the answers again if there are new ones."""
        if self._seen == self._analysis.version:
            return
        self._seen = self._analysis.version
        values = [self._value(state) for state in self._states]
        self._standing = tuple(
            value if value is None or seat == 0 else 1 - value
            for value, seat in zip(values, self._seats, strict=True)
        )
        found = (self._mistake(ply) for ply in range(len(self._moves)))
        self._mistakes = tuple(mistake for mistake in found if mistake is not None)

    def _questions(self) -> list[Question]:
        wanted = []
        for ply, state in enumerate(self._states):
            if self._outcome(state) == Outcome.ONGOING:
                goals = {"win": None, self._goal(ply): None}
                wanted += [self._question(state, goal) for goal in goals]
        return [question for question in wanted if question is not None]

    def _mistake(self, ply: int) -> Mistake | None:
        goal = self._goal(ply)
        why = self._explained(self._states[ply], goal)
        if why is None:
            return None
        drop = float(why.values[why.action] - why.values[self._moves[ply]])
        if not drop >= WORTH_MENTIONING:
            return None
        best = float(np.clip(why.values[why.action], 0, 1))
        played, better = self._moves[ply], why.action
        names = (self._name(ply, played), self._name(ply, better))
        return Mistake(ply, self._seats[ply], played, better, drop, goal, names, best)

    def _name(self, ply: int, action: int) -> str:
        return shown_name(self._game, self._states[ply], action)

    def _goal(self, ply: int) -> str:
        return self._asked[ply] if ply < len(self._asked) else "win"

    def _value(self, state: States) -> float | None:
        outcome = self._outcome(state)
        if outcome != Outcome.ONGOING:
            return (outcome + 1) / 2
        why = self._explained(state, "win")
        return None if why is None else float(np.nanmax(why.values))

    def _outcome(self, state: States) -> int:
        return int(self._game.outcome(state[None])[0])

    def _question(self, state: States, goal: str) -> Question | None:
        return Question(self._analyst, state.tobytes(), goal) if self._analyst else None

    def _explained(self, state: States, goal: str) -> Explanation | None:
        question = self._question(state, goal)
        answer = self._analysis.answer(question) if question else None
        if answer is None or not answer.done or answer.error is not None:
            return None
        return answer.content if isinstance(answer.content, Explanation) else None


def _positions(session: Session) -> list[States]:
    """Return every position of the whole line, uint64 `[W]` each."""
    states = session.game.initial(1)
    positions = [states[0]]
    for action in session.line:
        states = session.game.step(states, np.array([action]))
        positions.append(states[0])
    return positions
