"""`web`: one HTML page to play against the agent in a browser.

    rlhf-export --agent connect_four --to web --out connect_four.html

Open the file with a double click, send it to a friend, or put it on any web server: it downloads
nothing and works offline. The page contains the rules, the network (rounded to small whole numbers)
and the tree search, which runs in a Web Worker so that the page never freezes. Players choose what
the agent plays for and how far it looks ahead; the values of the moves are shown at the board, the
expected line next to it. The page works with the keyboard, on phones and with screen readers, and a
reload keeps the game.

* `goal` and `nodes` are the initial settings; players can change both.
* Games: Connect Four, Tic-Tac-Toe, Othello and Breakthrough, both sizes of each.
* The page plays like an `Agent` with the same rounded weights (`small_weights`). Rounding does not
  measurably weaken the bundled Connect Four agent: on 2,000 solved positions the page keeps the
  value in 0.879 with the network alone and 0.927 with 64 nodes, the agent in 0.879 and 0.926; they
  choose the same move in 0.92 and 0.93 (`tests/benchmarks/web_page.py`).
* Browsers with `DecompressionStream`: Chrome 80, Safari 16.4, Firefox 113 or newer.
"""

from __future__ import annotations

import base64
import html
import json
from importlib.resources import files

import numpy as np

from rlhf_agents.bots.exports.quantize_web import SmallWeights, shrink
from rlhf_agents.bots.exports.registry import ExportRequest, unwritten
from rlhf_agents.words import words_of
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
ENGINE = ("goal_names.js", "network.js", "search.js")
PAGE = ("board.js", "match.js", "review.js", "page.js")


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
        "nodes": request.nodes,
        "goals": [
            {"name": goal.name, "words": words_of(goal), "text": goal.text} for goal in game.goals
        ],
        "actionNames": [list(game.names_of(0)), list(game.names_of(1))],
        "board": {
            "height": height,
            "width": width,
            "lineLength": game.line_length,
            "gravity": game.gravity,
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
