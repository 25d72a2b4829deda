"""`rlhf-eval` in environments without rules to look ahead with: counts whole episodes."""

from __future__ import annotations

import argparse
import dataclasses
import json

from rlhf_agents.cli.common import check_without_rules, checked_device, env_config
from rlhf_agents.progress import progress_bar

EPISODES = 100
NEED_RULES = (
    *("positions", "review", "goals", "nodes", "time", "level", "elo", "opponent_nodes"),
    *("openings", "plot", "games"),
)
"""Options that apply only to games with rules."""


def evaluate_env(options: argparse.Namespace) -> int:
    """Measure an agent in an environment and print the results.

    Raises:
        UserError: an option is invalid, or the agent does not fit.
        rlhf_games.base.GameError: there is no such environment.
    """
    episodes = _check(options)
    from rlhf_agents.evaluation.env_scores import measure  # noqa: PLC0415 - torch takes seconds

    config = env_config(options)
    device = checked_device(options.device)
    with progress_bar("episodes", episodes) as show:
        scores = measure(config, options.agent, episodes, show, trust=options.trust, device=device)
    report = dataclasses.asdict(scores)
    if options.json:
        print(json.dumps(report, allow_nan=False))  # noqa: T201 - the program's output
    else:
        from rlhf_agents.cli.evaluate_tables import show_scores  # noqa: PLC0415 - not for --json

        show_scores(report)
    return 0


def _check(options: argparse.Namespace) -> int:
    """Return how many episodes to play.

    Raises:
        SettingError: an option does not apply or is invalid, or no agent was named.
    """
    check_without_rules(options, NEED_RULES, "; use --episodes")
    return EPISODES if options.episodes is None else int(options.episodes)
