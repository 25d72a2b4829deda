"""`web`: one HTML page to play against the agent in a browser.

    rlhf-export --agent connect_four --to web --out connect_four.html

Open the file with a double click, send it to a friend, or put it on any web server: it downloads
nothing and works offline. The page contains the rules, the network (rounded to small whole numbers)
and the tree search, which runs in a Web Worker so that the page never freezes. Players choose what
the agent plays for and how far it looks ahead; the values of the moves are shown at the board, the
expected line next to it. The page works with the keyboard, on phones and with screen readers, and a
reload keeps the game.

* `goal` and `nodes`, or `level`, are what the page begins with; players can change both. If levels
  of the agent were measured, they go from beginner to perfect, else by positions looked at.
* Games: Connect Four, Tic-Tac-Toe, Othello and Breakthrough, both sizes of each.
* The page plays like an `Agent` with the same rounded weights (`small_weights`). Rounding costs
  little: on 2,000 solved positions the page of the bundled Connect Four agent keeps the value in
  0.872 with the network alone, 0.931 with 64 nodes and 0.952 with 256, the agent in 0.882, 0.931
  and 0.956; they choose the same move in 0.91, 0.93 and 0.94 (`tests/benchmarks/web_page.py`).
* From 100 nodes on, and at the highest level, the page also proves moves as the agent does, late
  enough in a game.
* Browsers with `DecompressionStream`: Chrome 80, Safari 16.4, Firefox 113 or newer.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import json
from importlib.resources import files

import numpy as np

from rlhf_agents.bots.exports.quantize_web import SmallWeights, shrink
from rlhf_agents.bots.exports.registry import ExportRequest, unwritten
from rlhf_agents.play import reasons
from rlhf_agents.players.levels import Strength, level_rows
from rlhf_agents.search.prover import Prover
from rlhf_agents.words import level_words, words_of
from rlhf_games.json_types import JSON

SUFFIX = ".html"
OPTIONS: tuple[str, ...] = ()

RULES = {
    "connect_four": "rules_lines.js",
    "tic_tac_toe": "rules_lines.js",
    "othello": "rules_othello.js",
    "othello_6x6": "rules_othello.js",
    "breakthrough": "rules_breakthrough.js",
    "breakthrough_6x6": "rules_breakthrough.js",
}
"""The games whose rules are also written in JavaScript."""
ENGINE = ("goal_names.js", "network.js", "handicap.js", "solver.js", "search.js")
NODES = (0, 1, 16, 64, 128, 256, 512, 1000, 2000, 4000, 8000)
AHEAD = {0: "what it knows, without looking ahead", 1: "one move ahead"}
MOST_NODES = 50_000
"""Where the clock ends a search."""
PAGE = ("board.js", "match.js", "reasons.js", "review.js", "words.js", "page.js")


def refusal(request: ExportRequest) -> str | None:
    """Return why a page cannot play the game, None if it can."""
    return unwritten(request, RULES, "a web page", "JavaScript")


def contents(request: ExportRequest) -> bytes:
    """Return the page."""
    game = request.agent.game
    small = shrink(game, request.agent.weights)
    engine = "\n".join(_template(name) for name in (*ENGINE, RULES[game.name]))
    parts = {
        "title": html.escape(game.title),
        "style": _template("style.css"),
        "agent": _as_script(_description(request, small)),
        "weights": base64.b64encode(small.packed()).decode(),
        "engine": engine,
        "worker": _template("worker.js"),
        "page": "\n".join(_template(name) for name in PAGE),
    }
    pieces = _template("page.html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled).encode()


def _template(name: str) -> str:
    return (files("rlhf_agents.bots.exports") / "templates" / "web" / name).read_text(
        encoding="utf-8"
    )


def _as_script(value: JSON) -> str:
    """Return JSON that cannot close the script element around it."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _description(request: ExportRequest, small: SmallWeights) -> dict[str, JSON]:
    """Return the page's facts about the agent, without its weights."""
    agent, game, weights = request.agent, request.agent.game, small.exact
    rules = agent.goal_rules
    _, height, width = game.observation_shape
    return {
        "name": agent.name,
        "game": game.name,
        "title": game.title,
        "goal": game.goal_index(request.goal),
        **_strengths(request),
        "goals": [
            {
                "name": goal.name,
                "words": words_of(goal),
                "text": goal.text,
                "implies": goal.implies,
            }
            for goal in game.goals
        ],
        "actionNames": [list(game.names_of(0)), list(game.names_of(1))],
        "reasons": {
            "sentences": reasons.SENTENCES,
            "numbers": reasons.NUMBERS,
            "win": words_of(game.goals[game.goal_index("win")]),
            "limits": {
                "won": reasons.WON,
                "drawn": reasons.DRAWN,
                "holdable": reasons.HOLDABLE,
                "lost": reasons.LOST,
                "widest": reasons.WIDEST,
            },
        },
        "board": {
            "height": height,
            "width": width,
            "lineLength": game.line_length,
            "gravity": game.gravity,
            "maxPlies": game.max_plies,
            "draws": len(Prover(game, megabytes=1).questions) > 1,
        },
        "sizes": {
            "width": weights.table.shape[1],
            "depth": len(weights.dense),
            "goals": len(game.goals),
            "actions": game.n_actions,
            "tableRows": len(weights.table),
        },
        "windows": weights.windows.tolist(),
        "parents": weights.parents.tolist(),
        "foresight": {
            "zeroSum": rules.zero_sum.tolist(),
            "drawValue": rules.draw_value.tolist(),
            "discount": float(np.where(rules.zero_sum, rules.discount, 1.0).min()),
            "paranoia": float(rules.paranoia[0]),
            "temperature": rules.temperature,
            "averaging": rules.averaging,
            "explore": rules.explore,
        },
    }


def _strengths(request: ExportRequest) -> dict[str, JSON]:
    """Return how strong the page can play, from weak to strong, and with which it begins."""
    agent, asked = request.agent, request.strength
    if agent.levels is None:
        budgets = sorted({*NODES, request.nodes})
        known = [(AHEAD.get(nodes, f"{nodes} positions"), Strength(nodes)) for nodes in budgets]
    else:
        known = [(level_words(row[0]), row[-1]) for row in level_rows(agent.levels)]
    found = next((place for place, (_, one) in enumerate(known) if one == asked), None)
    if found is None:
        found = len(known)
        known.append((request.level_words, asked))
    rows = [{"name": name, **dataclasses.asdict(strength)} for name, strength in known]
    for one in rows:
        if one["seconds"] is not None:
            one["nodes"] = MOST_NODES
    return {"strengths": rows, "strength": found}
