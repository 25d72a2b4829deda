"""The process that `compiling` starts: it plays a little, which compiles all that a game needs."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import islice

from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.compiling import remember
from rlhf_agents.play.viewer.game.analysis import Question
from rlhf_agents.play.viewer.loading import load_builder
from rlhf_agents.search.distances import warm_up

NODES = 80
STEPS = 9


def main() -> None:
    """Compile for the setup on the command line, which is JSON."""
    setup = Setup(**json.loads(sys.argv[1]))
    match = load_builder(replace(setup, nodes=NODES)).match
    goals = [goal.name for goal in match.game.goals[:3]]
    questions = [match.question(seat, goal) for seat in (0, 1) for goal in goals]
    for question in (*questions, match.forecast_question(), *match.review.questions):
        _search(question)
    warm_up(match.game)
    match.paused = True
    match.play(match.session.legal()[0])
    match.session.achieved()
    match.close()
    remember(setup)


def _search(question: Question | None) -> None:
    """Take the first steps of a search: a deep one may take hours."""
    if question is not None:
        for _ in islice(question.work(), STEPS):
            pass
