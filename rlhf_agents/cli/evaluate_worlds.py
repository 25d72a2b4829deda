"""`rlhf-eval` in worlds without rules to look ahead with: whole episodes, counted."""

from __future__ import annotations

import argparse
import dataclasses
import json

from rlhf_agents.cli.common import key_values
from rlhf_agents.errors import SettingError

EPISODES = 100
MOST_EPISODES = 1_000_000
FOR_RULES = ("positions", "goals", "nodes", "openings", "games")
"""Options that only games with rules have."""


def evaluate_world(options: argparse.Namespace) -> int:
    """Measure an agent in a world and print how it went.

    Raises:
        UserError: an option cannot work, or the agent does not fit.
        rlhf_games.base.GameError: the world cannot be had.
    """
    episodes = _check(options)
    from rlhf_agents.cli.evaluate import progress_bar  # noqa: PLC0415 - it imports this module
    from rlhf_agents.plain_worlds import WorldOrder  # noqa: PLC0415 - torch takes seconds to import
    from rlhf_agents.world_scores import measure  # noqa: PLC0415 - the same

    extra = key_values(options.option)
    order = WorldOrder(options.game, options.goal, options.opponent, options.seed, extra)
    with progress_bar("episodes", episodes) as told:
        scores = dataclasses.asdict(measure(order, options.agent, episodes, told))
    asked = {"world": order.name, "goal": order.goal, "opponent": order.opponent}
    report = {**asked, "seed": order.seed, **scores}
    if options.json:
        print(json.dumps(report, allow_nan=False))  # noqa: T201 - the program's output
    else:
        from rlhf_agents.cli.evaluation_tables import show_scores  # noqa: PLC0415 - not for --json

        show_scores(report)
    return 0


def _check(options: argparse.Namespace) -> int:
    """Return how many episodes to play.

    Raises:
        SettingError: an option does not apply, or nobody was named.
    """
    for name in FOR_RULES:
        if getattr(options, name) is not None:
            instead = "; use --episodes" if name == "games" else ""
            msg = (
                f"--{name} needs a game with exact rules, which {options.game} does not have"
                f"{instead}"
            )
            raise SettingError(msg)
    if options.agent is None:
        msg = f"no agent comes with {options.game}: name one by --agent, FILE.zip or random"
        raise SettingError(msg)
    episodes: int = EPISODES if options.episodes is None else options.episodes
    if not 1 <= episodes <= MOST_EPISODES:
        msg = f"--episodes must be 1 to {MOST_EPISODES}, not {episodes}"
        raise SettingError(msg)
    if not 0 <= options.seed < 2**31:
        msg = f"--seed must be 0 to {2**31 - 1}, not {options.seed}"
        raise SettingError(msg)
    return episodes
