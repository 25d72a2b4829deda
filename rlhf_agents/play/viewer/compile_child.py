"""The process that `compiling` starts: a little of a game, so that all it needs gets compiled."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import islice

from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.analysis import Question
from rlhf_agents.play.viewer.compiling import remember
from rlhf_agents.play.viewer.loading import load_builder

NODES = 80
STEPS = 9


def main() -> None:
    """Compile for the setup that the command line gives as JSON."""
    setup = Setup(**json.loads(sys.argv[1]))
    match = load_builder(replace(setup, nodes=NODES)).match
    goals = [goal.name for goal in match.game.goals[:3]]
    questions = [match.question(seat, goal) for seat in (0, 1) for goal in goals]
    for question in (*questions, match.forecast_question(), *match.review.questions):
        _think(question)
    match.paused = True
    match.play(match.session.legal()[0])
    match.session.achieved()
    match.close()
    remember(setup)


def _think(question: Question | None) -> None:
    """Take the first steps of thinking: a deep search would never come to its end."""
    if question is not None:
        for _ in islice(question.work(), STEPS):
            pass
