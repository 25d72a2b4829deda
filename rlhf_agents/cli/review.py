"""`rlhf-eval --review GAME`: the mistakes of a recorded game, and what was missed."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence

from rlhf_agents.play.board_text import STONES
from rlhf_agents.play.game_review import Blunder, review
from rlhf_agents.play.records import GameRecord, read_records
from rlhf_agents.players.agent import load_agent
from rlhf_agents.players.budgets import with_level
from rlhf_agents.players.players import make_player
from rlhf_agents.progress import progress_bar
from rlhf_games.base import Game

NODES = 1000


def review_games(options: argparse.Namespace, game: Game, agent: str) -> int:
    """Print the mistakes of the games in a record, and return the exit code.

    Args:
        options: of the program.
        game: the rules.
        agent: who values the moves.

    Raises:
        UserError: the record, or the agent, cannot be used.
    """
    agent = with_level(agent, options.level, options.elo)
    nodes = NODES if options.nodes is None else options.nodes[-1]
    analyst = make_player(
        agent, game, nodes=nodes, seed=None, load=load_agent, seconds=options.time
    )
    found = []
    for record in read_records(options.review, game):
        with progress_bar("moves", len(record.moves)) as tick:
            mistakes = review(game, record.moves, analyst, opening=record.opening, on_progress=tick)
        found.append((record, mistakes))
    if options.json:
        print(json.dumps([_plain(game, *one) for one in found]))  # noqa: T201 - the output
        return 0
    for number, (record, mistakes) in enumerate(found, 1):
        if len(found) > 1:
            print(f"game {number}")  # noqa: T201 - the program's output
        print("\n".join(lines(record, mistakes)))  # noqa: T201 - the program's output
    return 0


def lines(record: GameRecord, mistakes: Sequence[Blunder]) -> list[str]:
    """Return the review of a game as lines of text."""
    who = [name or f"player {stone}" for name, stone in zip(record.players, STONES, strict=True)]
    text = []
    for one in mistakes:
        played, better = one.names
        text.append(
            f"  move {one.ply + 1:>2}  {who[one.seat]} played {played}, better "
            f"{better} (-{100 * one.drop:.0f}): {one.reason}"
        )
    counts = [sum(one.seat == seat for one in mistakes) for seat in (0, 1)]
    said = [f"{name}: {count}" for name, count in zip(who, counts, strict=True)]
    result = {1: f"{who[0]} won", -1: f"{who[1]} won", 0: "a draw"}.get(record.result or 0)
    ending = result if record.result is not None else "not finished"
    return [*text, f"{len(record.moves)} moves, {ending}; mistakes of {'; of '.join(said)}"]


def _plain(game: Game, record: GameRecord, mistakes: Sequence[Blunder]) -> dict[str, object]:
    rows = [
        {
            **{name: value for name, value in dataclasses.asdict(one).items() if name != "names"},
            "played_name": game.names_of(one.seat)[one.played],
            "better_name": game.names_of(one.seat)[one.better],
        }
        for one in mistakes
    ]
    return {"moves": list(record.moves), "result": record.result, "mistakes": rows}
