"""Building the scene of a match."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import (
    Cell,
    has_board,
    line_labels,
    placed_cell,
    shown_name,
    stones_of,
    winning_cells,
)
from rlhf_agents.play.hints import NO_HINT, advises
from rlhf_agents.play.pictures import reader_of
from rlhf_agents.play.pictures.names import plain_name
from rlhf_agents.play.viewer.boards.base import Board, BoardView, Ghost, MovingStone
from rlhf_agents.play.viewer.boards.grid import percent
from rlhf_agents.play.viewer.cards.side_cards import result_title, reviewed_mistakes, side_card
from rlhf_agents.play.viewer.game.match import Match
from rlhf_agents.play.viewer.scene import (
    Card,
    GoalRow,
    LineMove,
    Mistake,
    Scene,
    SideCard,
    StrengthRow,
    Ui,
)
from rlhf_agents.search.explanation import Explanation, Forecast
from rlhf_agents.words import goal_words, words_of
from rlhf_games.base import MOVER, Game

GHOSTS = 3
"""Stones of the expected line that are always shown; pointing at the line shows all."""
GHOST_SECONDS = 0.28
UNKNOWN = "no agent knows this game yet: train one with rlhf-train"


class SceneBuilder:
    """A match and its board.

    Args:
        match: the game.
        board: draws the game.
    """

    def __init__(self, match: Match, board: Board) -> None:
        self.match, self.board = match, board

    def scene(self, ui: Ui, now: float) -> Scene:
        """Return the scene at a time in seconds."""
        return build_scene(self.match, self.board, ui, now)

    def mistakes(self) -> tuple[Mistake, ...]:
        """Return the mistakes that a review goes through."""
        return reviewed_mistakes(self.match)

    def turn(self, *, flipped: bool) -> None:
        """Turn the board so that the second player's side is at the bottom, if it can be turned."""
        if self.turnable:
            self.board.flipped = flipped  # type: ignore[attr-defined]

    @property
    def turnable(self) -> bool:
        """Whether the board can be turned around; stones always fall downwards."""
        return hasattr(self.board, "flipped") and not getattr(self.board, "by_column", False)


def build_scene(match: Match, board: Board, ui: Ui, now: float) -> Scene:
    """Return the scene of a match at a time in seconds."""
    session, over = match.session, match.session.over
    explanation = _visible_explanation(match, ui)
    mistake = _mistake_here(match, ui)
    reviewing = ui.review is not None
    knows_mistakes = match.ended and (reviewing or not ui.analysing or ui.shows("mistakes"))
    return Scene(
        title=match.game.title,
        status=_status(match, ui, explanation, mistake),
        board=board,
        view=_view(match, ui, (explanation, mistake), now, board),
        cards=_cards(match, explanation),
        forecast=_shares(match) if ui.shows("forecast") else None,
        goals=_goals(match, ui),
        line=_line(match, explanation) if ui.shows("line") else (),
        standing=match.review.standing if ui.shows("graph") or knows_mistakes else (),
        ply=len(session.moves),
        mistakes=match.review.mistakes if knows_mistakes else (),
        achieved=_achieved(match) if over else None,
        goals_of=_goals_of(match),
        banner=result_title(match) if over and ui.analysing else "",
        winner=session.winner,
        strengths=_strengths(match),
        paused=match.paused,
        speed=match.speed,
        side_card=_side_card(match, ui, mistake),
        unknown="" if match.matchup.analyst is not None else UNKNOWN,
        goal_texts=tuple((goal.name, words_of(goal)) for goal in match.game.goals),
    )


def _strengths(match: Match) -> StrengthRow:
    return StrengthRow(
        names=tuple(strength.name for strength in match.strengths),
        details=tuple(strength.detail for strength in match.strengths),
        place=match.strength,
        given=match.names[match.seat].partition(", ")[2] if match.strengths else "fixed",
    )


def _achieved(match: Match) -> tuple[list[str], list[str]]:
    """Return what became of the goals of the first and of the second player, see below."""
    session, game = match.session, match.game
    first, second = (
        achieved_words(
            goal_words(game, session.goals[seat]),
            [goal_words(game, name) for name in session.telling_goals(seat)],
            reached=session.goals[seat] in session.achieved()[seat],
        )
        for seat in (0, 1)
    )
    return first, second


def achieved_words(asked: str, others: list[str], *, reached: bool) -> list[str]:
    """Return what became of a player's goal, with all other goals that it reached, or fewer."""
    also = [words for words in others if words != asked]
    said, link = ("and did", "; also:") if reached else ("and did not", ", but did:")
    short = f"wanted to {asked} {said}"
    return [f"{short}{link} {', '.join(also[:count])}" for count in range(len(also), 0, -1)] + [
        short
    ]


def _goals_of(match: Match) -> str:
    """Return whose goals are listed."""
    name = match.short_name(match.steered).partition(",")[0]
    return "your goals" if name == "you" else f"goals of the {name}"


def _side_card(match: Match, ui: Ui, here: Mistake | None) -> SideCard | None:
    if ui.analysing and ui.review is None:
        return None  # the panels already say everything
    busy = not match.review.complete if match.ended else False
    return side_card(match, ui.review, here, busy=busy)


def _visible_explanation(match: Match, ui: Ui) -> Explanation | None:
    """Return the explanation whose values and line are shown."""
    previewed = ui.pointed("goal")
    if isinstance(previewed, str):
        return match.explained(match.question(match.steered, previewed))
    if match.hinted:
        return match.hint()
    mine = not match.watching and not match.computer and not ui.shows("my turn")
    why = None if mine or not ui.analysing else match.explanation()
    return why if why is None or why.proven or advises(why) else None


def _mistake_here(match: Match, ui: Ui) -> Mistake | None:
    """Return the mistake that was made in the position shown, after the game."""
    if not match.ended or not match.session.undone:
        return None
    ply = len(match.session.moves)
    hidden = ui.analysing and ui.review is None and not ui.shows("mistakes")
    return next((m for m in match.review.mistakes if m.ply == ply and not hidden), None)


def _status(match: Match, ui: Ui, explanation: Explanation | None, mistake: Mistake | None) -> str:
    session = match.session
    previewed = ui.pointed("goal")
    if isinstance(previewed, str) and explanation is not None:
        who = "would play" if explanation.seat == MOVER else "would expect"
        name = match.short_name(match.steered).partition(",")[0]
        wanted = goal_words(match.game, previewed)
        move = shown_name(match.game, session.state, explanation.action)
        return f"to {wanted}, {name} {who} {move}"
    if mistake is not None:
        played, better = mistake.names
        return f"{played} was played here; {better} is {100 * mistake.drop:.0f} % better"
    if session.over:
        return "the game is over"
    if match.hinted:
        return "looking for a hint..." if explanation is None else _hint_words(match, explanation)
    return _turn(match, explanation)


def _hint_words(match: Match, explanation: Explanation) -> str:
    if not advises(explanation):
        return NO_HINT
    name = shown_name(match.game, match.session.state, explanation.action)
    chance = explanation.proof or f"{percent(_share(explanation))} %"
    return f"hint: {name} ({chance})"


def _share(explanation: Explanation) -> float:
    return float(np.clip(explanation.values[explanation.action], 0, 1))


def _turn(match: Match, explanation: Explanation | None) -> str:
    """Return whose turn it is, and whose values are shown if they are not the mover's."""
    if match.paused:
        return "paused: you can play for both sides"
    whose = "your turn"
    if match.computer:
        whose = f"{match.short_name(match.session.seat)} is thinking"
    if explanation is not None and match.person is not None:
        return f"{whose} (values: your chances)"
    return whose


def _view(
    match: Match,
    ui: Ui,
    what: tuple[Explanation | None, Mistake | None],
    now: float,
    board: Board,
) -> BoardView:
    explanation, mistake = what
    counts = getattr(board, "counts_captures", False)
    game, session = match.game, match.session
    state = session.state
    stones = stones_of(game, state)
    last = _last_cell(match)
    moving = match.moving(now)
    cell = match.played.cell if match.played else None
    hint = mistake.better if mistake else None
    if match.hinted and explanation is not None and advises(explanation):
        hint = explanation.action
    legal = game.legal(state[None])[0]
    assert isinstance(game, Hashable)
    return BoardView(
        stones=stones,
        before=stones_of(game, session.history[-2]) if len(session.history) > 1 else None,
        seat=session.seat,
        legal=legal,
        names=_labels(game, state.tobytes(), session.seat, not hasattr(board, "reader")),
        text=game.text(state),
        last=last,
        winning=frozenset(winning_cells(game, state, last)),
        moving=MovingStone(cell, moving) if cell is not None and moving < 1 else None,
        values=_values(explanation) if ui.shows("values") else None,
        eyes=_shown_seat(match, explanation),
        chosen=explanation.action if explanation else None,
        ghosts=_ghosts(match, ui, explanation, now) if moving >= 1 else (),
        hover=_hovered(match, ui),
        hint=hint,
        picked=ui.picked,
        captured=match.captures.of(session) if counts else (0, 0),
    )


@lru_cache(maxsize=16)  # the same for every frame of a position, and Go has 362 of them
def _labels(game: Game, position: bytes, seat: int, plain: bool) -> tuple[str, ...]:
    """Return the names of all actions; those that a board has to read stay as the library's."""
    typed = game.names_of(seat)
    if has_board(game):
        return typed
    names, state = list(typed), np.frombuffer(position, np.uint64).copy()
    for action in np.flatnonzero(game.legal(state[None])[0]).tolist():
        names[action] = game.label(state, action)
    reader = reader_of(game) if plain else None
    return tuple(names if reader is None else (plain_name(name, reader) for name in names))


def _values(explanation: Explanation | None) -> NDArray[np.float32] | None:
    if explanation is None:
        return None
    values = np.clip(explanation.values, 0, 1)
    if explanation.proven and explanation.pursued == "win":  # no 99 for what is certain
        values[explanation.action] = round(2 * float(values[explanation.action])) / 2
    return values


def _shown_seat(match: Match, explanation: Explanation | None) -> int:
    """Return the seat whose values are shown."""
    seat = match.session.seat
    return seat if explanation is None or explanation.seat == MOVER else 1 - seat


def _last_cell(match: Match) -> Cell | None:
    history = match.session.history
    if len(history) < 2:
        return None
    before, after = (stones_of(match.game, state) for state in history[-2:])
    return placed_cell(before, after)


def _hovered(match: Match, ui: Ui) -> int | None:
    """Return the move under the mouse or the cursor, if it is the person's turn."""
    if match.session.over or (match.computer and not match.paused):
        return None
    pointed = ui.pointed("move")
    return pointed if isinstance(pointed, int) else ui.cursor


def _ghosts(match: Match, ui: Ui, explanation: Explanation | None, now: float) -> tuple[Ghost, ...]:
    if explanation is None or not ui.shows("line"):
        return ()
    pointed = ui.pointed("line")
    count = GHOSTS
    if isinstance(pointed, int):
        count = max(pointed, 0) + 1 if pointed > 0 else 1 + int((now - ui.since) / GHOST_SECONDS)
    cells = match.expected_cells(explanation.line)
    return tuple(
        Ghost(cell, seat, number)
        for number, (cell, seat) in enumerate(cells[:count], 1)
        if cell is not None
    )


def _cards(match: Match, explanation: Explanation | None) -> tuple[Card, ...]:
    session, cards = match.session, []
    for seat in (0, 1):
        own = explanation if explanation and _shown_seat(match, explanation) == seat else None
        goal = session.goals[seat]
        words = goal_words(match.game, goal)
        if own is not None and own.pursued != own.goal and own.goal == goal:
            words = f"{goal_words(match.game, own.pursued)} ({words} is out of reach)"
        cards.append(
            Card(
                name=match.names[seat],
                short=match.short_name(seat),
                goal=words,
                note=_effort(own) if own else "",
                to_move=not session.over and session.seat == seat,
                steered=match.steered == seat,
                proven=own.proof if own else "",
            )
        )
    return tuple(cards)


def _effort(explanation: Explanation) -> str:
    if not explanation.nodes:
        return ""
    noun = "position" if explanation.nodes == 1 else "positions"
    return f"{explanation.nodes:,} {noun}, {1000 * explanation.seconds:,.0f} ms"


def _shares(match: Match) -> tuple[float, float, float] | None:
    """Return the probabilities of a win, a draw and a loss of the first player."""
    if match.session.over:
        winner = match.session.winner
        return (float(winner == 0), float(winner is None), float(winner == 1))
    expected = match.forecast()
    if expected is None:
        return None
    if match.session.seat == 0:
        return expected.win, expected.draw, expected.lose
    return expected.lose, expected.draw, expected.win


def _goals(match: Match, ui: Ui) -> tuple[GoalRow, ...]:
    session, rows = match.session, []
    known = match.explained(match.goals_question())
    values = _goal_values(known) if known and ui.shows("goals") else {}
    expected = _expected_goals(match, match.forecast()) if ui.shows("goals") else {}
    reached = session.achieved()[match.steered] if session.over else None
    for goal in match.game.goals:
        hit = None if reached is None else goal.name in reached
        chosen = session.goals[match.steered] == goal.name
        share = values.get(goal.name)
        likely = expected.get(goal.name)
        rows.append(GoalRow(goal.name, words_of(goal), share, likely, chosen, hit))
    return tuple(rows)


def _goal_values(known: Explanation) -> dict[str, float]:
    """Return the values of all goals; a proven result is exact, as on the board."""
    if not known.proven or known.pursued != "win":
        return known.goal_values
    certain = round(2 * float(known.values[known.action])) / 2
    return {**known.goal_values, "win": certain}


def _expected_goals(match: Match, forecast: Forecast | None) -> dict[str, float]:
    if forecast is None or match.session.over:
        return {}
    return forecast.goals if match.steered == match.session.seat else forecast.theirs


def _line(match: Match, explanation: Explanation | None) -> tuple[LineMove, ...]:
    if explanation is None:
        return ()
    ply, cells = len(match.session.moves), match.expected_cells(explanation.line)
    names = line_labels(match.game, match.session.state, explanation.line)
    return tuple(LineMove(ply + i, name, cells[i - 1][1]) for i, name in enumerate(names, 1))
