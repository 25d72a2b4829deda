"""The words of the card beside the board: the result of a game, and its mistakes one by one."""

from __future__ import annotations

from rlhf_agents.play.session import third_person
from rlhf_agents.play.viewer.game.match import Match
from rlhf_agents.play.viewer.scene import Mistake, SideCard
from rlhf_agents.words import goal_words

RESULT_BUTTONS = (("rematch", "Rematch"), ("swap", "Swap"))
REVIEW_BUTTONS = (
    ("previous", "Previous"),
    ("review", "Next"),
    ("retry", "Retry here"),
    ("leave review", "Close"),
)
MOST_GOALS = 3
"""Achieved goals on the card of a result."""


def reviewed_mistakes(match: Match) -> tuple[Mistake, ...]:
    """Return the mistakes that a review goes through: the person's, or all of a watched game."""
    mistakes = match.review.mistakes
    return tuple(m for m in mistakes if match.person in (None, m.seat))


def side_card(
    match: Match, review: int | None, here: Mistake | None, *, busy: bool
) -> SideCard | None:
    """Return the card beside the board, None while the game goes on.

    Args:
        match: the game.
        review: the number of the mistake that is reviewed, from 0; None if none is.
        here: the mistake that was made in the position shown, if any.
        busy: whether mistakes are still being looked for.
    """
    mistakes = reviewed_mistakes(match)
    if review is not None and review < len(mistakes):
        title = f"Mistake {review + 1} of {len(mistakes)}"
        return _mistake_card(match, mistakes[review], title)
    if here is not None:
        return _mistake_card(match, here, "The opponent's mistake")
    if not match.session.over:
        return None
    return _result_card(match, len(mistakes), busy=busy)


def _result_card(match: Match, mistakes: int, *, busy: bool) -> SideCard:
    session, person = match.session, match.person
    moves = "1 move" if len(session.moves) == 1 else f"{len(session.moves)} moves"
    lines = [f"after {moves}"]
    seat = 0 if person is None else person
    extra = [goal_words(match.game, name) for name in session.telling_goals(seat)]
    if extra:
        who = "you" if person is not None else match.short_name(seat)
        lines.append(f"{who} also achieved: {'; '.join(extra[:MOST_GOALS])}")
    if person is not None and session.goals[match.seat] != "win":
        lines.append(_agents_goal(match))
    if match.matchup.analyst is not None:
        lines.append(_mistakes_words(mistakes, busy=busy))
    if match.level_news:
        lines.append(match.level_news)
    review = (("review", "Review"),) if mistakes else ()
    buttons = (*RESULT_BUTTONS, *review)
    return SideCard(result_title(match), tuple(lines), buttons, session.winner)


def result_title(match: Match) -> str:
    """Return the result in words for the person: "You won", "A draw"."""
    winner = match.session.winner
    if winner is None:
        return "A draw"
    if match.person is None:
        return third_person(match.short_name(winner), "win")
    return "You won" if winner == match.person else "You lost"


def _agents_goal(match: Match) -> str:
    goal = match.session.goals[match.seat]
    reached = goal in match.session.achieved()[match.seat]
    state = "it did" if reached else "it did not"
    return f"the agent wanted to {goal_words(match.game, goal)}: {state}"


def _mistakes_words(count: int, *, busy: bool) -> str:
    if busy:
        return "looking for mistakes..."
    if not count:
        return "no mistake was found"
    return f"{count} mistake{'s' if count > 1 else ''} to look at"


def _mistake_card(match: Match, mistake: Mistake, title: str) -> SideCard:
    who = "you" if mistake.seat == match.person else match.short_name(mistake.seat)
    if match.person not in (None, mistake.seat):
        who = f"the {who.partition(',')[0]}"
    lines = (
        f"Move {mistake.ply + 1}: {who} played {mistake.names[0]}; better: {mistake.names[1]}.",
        why_words(match, mistake),
    )
    return SideCard(title, lines, REVIEW_BUTTONS, mistake.seat)


def why_words(match: Match, mistake: Mistake) -> str:
    """Return in a sentence why a move was a mistake: what it overlooked, or how its value fell."""
    said = match.review.reason(mistake)
    return f"{said[:1].upper()}{said[1:]}." if said else "..."
