"""`web`: one HTML page to play against the agent in a browser.

    rlhf-export --agent connect_four --to web --out connect_four.html

Open the file with a double click, send it to a friend, or put it on any web server: it downloads
nothing and works offline. The page contains the rules, the network and the tree search, all of it
compressed; the search runs in a Web Worker so that the page never freezes. Players choose what
the agent plays for and how far it looks ahead; the values of the moves are shown at the board, the
expected line next to it. The page works with the keyboard, on phones and with screen readers, and a
reload keeps the game.

* `goal` and `nodes`, or `level`, are what the page begins with; players can change both. If levels
  of the agent were measured, they go from beginner to perfect, else by positions looked at.
* Games: Connect Four, Tic-Tac-Toe, Othello and Breakthrough, both sizes of each.
* The page has at most 500 kB; its network is that of the format `python`, rounded if it does not
  fit.
* From 100 nodes on, and at the highest level, the page also proves moves as the agent does, late
  enough in a game.
* Browsers with `DecompressionStream`: Chrome 80, Safari 16.4, Firefox 113 or newer.
"""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import zlib
from collections.abc import Mapping
from importlib.resources import files

import numpy as np

from rlhf_agents.bots.exports import range_coding
from rlhf_agents.bots.exports.packing import MOST_BYTES, PER_BYTE
from rlhf_agents.bots.exports.registry import ExportRequest, unwritten
from rlhf_agents.bots.exports.rounding import compact
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
WORD = 4
"""Bytes that base 85 encodes together."""
PAGE = ("board.js", "match.js", "reasons.js", "review.js", "words.js", "page.js")


def refusal(request: ExportRequest) -> str | None:
    """Return why a page cannot play the game, None if it can."""
    return unwritten(request, RULES, "a web page", "JavaScript")


def contents(request: ExportRequest) -> bytes:
    """Return the page."""
    game = request.agent.game
    engine = "\n".join(_template(name) for name in (*ENGINE, RULES[game.name]))
    code = [
        ("agent", "application/json", json.dumps(_description(request))),
        ("worker", "text/plain", _template("worker.js")),
        ("engine", "text/javascript", engine),
        ("page", "text/javascript", "\n".join(_template(name) for name in PAGE)),
    ]
    parts = {
        "title": html.escape(game.title),
        "style": _template("style.css"),
        "unpack": _template("unpack.js"),
        "code": _packed(zlib.compress(json.dumps(code).encode(), 9)),
        "weights": "",
    }
    room = MOST_BYTES - len(_filled(parts))
    _, weights = compact(request.agent, int(room / PER_BYTE) - WORD)
    return _filled(parts | {"weights": _packed(weights)})


def _filled(parts: Mapping[str, str]) -> bytes:
    """Return the page with these parts."""
    pieces = _template("page.html").split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled).encode()


def _packed(data: bytes) -> str:
    """Return the text that `templates/web/unpack.js` reads; it cannot close a script element."""
    padded = len(data).to_bytes(WORD, "big") + data + b"\0" * (-len(data) % WORD)
    return base64.b85encode(padded).decode().replace("<", '"')


def _template(name: str) -> str:
    return (files("rlhf_agents.bots.exports") / "templates" / "web" / name).read_text(
        encoding="utf-8"
    )


def _description(request: ExportRequest) -> dict[str, JSON]:
    """Return the page's facts about the agent, without its weights."""
    agent, game, weights = request.agent, request.agent.game, request.agent.weights
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
        "coding": {
            "most": range_coding.MOST,
            "lanes": range_coding.LANES,
            "classes": range_coding.CLASSES,
            "bits": range_coding.BITS,
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
