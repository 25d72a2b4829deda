"""`python`: one Python file that needs only numpy.

    rlhf-export --agent connect_four --to python --out bot.py
    echo "4 4 3" | python bot.py --goal win --nodes 1000

The file has the rules, the network, the goals and the tree search. As a program it reads games from
standard input, one per line, as lists of moves, and answers each with its move, or with
"error: ..." in one line; as a module it has `choose("4 4 3", goal="win", nodes=1000)`.

* `goal` and `nodes`, or `level`, are what the bot does unless it is asked for something else. A
  level has the Elo that was measured for the agent; at level 12 it thinks for a second.
* Games: Connect Four, Tic-Tac-Toe, Othello and Breakthrough, both sizes of each.
* From 100 nodes on, and with `seconds`, it also proves moves as the agent does, late enough in a
  game.
* The file has at most 500 kB. A network that does not fit is rounded so that the values of moves
  change least; the bot plays like an `Agent` with those weights. How often it makes the same moves,
  and what that costs: `tests/benchmarks/exported_bots.py`.
* Some 11,000 positions per second of Connect Four on an idle core; the import takes 0.05 s.
"""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from rlhf_agents.bots.exports import range_coding
from rlhf_agents.bots.exports.packing import MOST_BYTES, PER_BYTE, VECTORS, matrices_of
from rlhf_agents.bots.exports.registry import unwritten
from rlhf_agents.bots.exports.rounding import compact
from rlhf_agents.limits import MAX_NODES, MAX_SECONDS
from rlhf_agents.search.prover import Prover

if TYPE_CHECKING:
    from rlhf_agents.bots.exports.registry import ExportRequest
    from rlhf_games.base import Game

SUFFIX = ".py"
OPTIONS: tuple[str, ...] = ()

RULES = {
    "connect_four": "rules_connect_four",
    "tic_tac_toe": "rules_tic_tac_toe",
    "othello": "rules_othello",
    "othello_6x6": "rules_othello",
    "breakthrough": "rules_breakthrough",
    "breakthrough_6x6": "rules_breakthrough",
}
"""The games whose rules are also written in plain Python."""
EXAMPLE_MOVES = 3


def refusal(request: ExportRequest) -> str | None:
    """Return why a Python file cannot play the game, None if it can."""
    return unwritten(request, RULES, "a Python file", "plain Python")


def contents(request: ExportRequest) -> bytes:
    """Return the file."""
    return source(request, ("program",)).encode()


def source(request: ExportRequest, parts: tuple[str, ...]) -> str:
    """Return the text of a bot that ends with the named templates.

    Raises:
        ExportError: the network is too large for the file.
    """
    middle = ("network", "solver", RULES[request.agent.game.name], "search")
    program = "\n\n".join(_template(name) for name in ("head", *middle, *parts))
    for name, value in _values(request).items():
        program = program.replace("{{" + name + "}}", value)
    room = MOST_BYTES - len(program.encode())
    _, packed = compact(request.agent, int(room / PER_BYTE) - 4)
    padded = packed + b"\0" * (-len(packed) % 4)
    return program.replace("{{weights}}", repr(base64.b85encode(padded).decode()))


def _template(name: str) -> str:
    folder = files("rlhf_agents.bots.exports") / "templates" / "python"
    return (folder / f"{name}.py.txt").read_text(encoding="utf-8").rstrip("\n") + "\n"


def _values(request: ExportRequest) -> dict[str, str]:
    """Return the values at the top of the file, as Python text."""
    game, weights = request.agent.game, request.agent.weights
    coding = range_coding.MOST, range_coding.LANES, range_coding.CLASSES, range_coding.BITS
    return {
        "title": game.title,
        "example": _example(game),
        "file": "bot.py",
        "module": "bot",
        "goals": ", ".join(request.agent.goals),
        "goal_list": repr(list(request.agent.goals)),
        "goal": request.goal,
        "goal_default": repr(request.goal),
        "nodes": str(request.nodes),
        "level": repr(request.level_words),
        "noise": repr(request.strength.noise),
        "sight": repr(request.strength.sight),
        "seconds": repr(request.strength.seconds),
        "max_nodes": str(MAX_NODES),
        "max_seconds": f"{MAX_SECONDS:.0f}",
        "action_names": repr((list(game.names_of(0)), list(game.names_of(1)))),
        "settings": repr(_settings(request)),
        "matrices": repr([one.shape for one in matrices_of(weights)]),
        "vectors": repr([getattr(weights, name).shape for name in VECTORS]),
        "coding": ", ".join(map(str, coding)),
    }


def _settings(request: ExportRequest) -> dict[str, object]:
    """Return the agent's settings, without its weights."""
    game, rules, weights = request.agent.game, request.agent.goal_rules, request.agent.weights
    _, height, width = game.observation_shape
    return {
        "windows": weights.windows.tolist(),
        "parents": weights.parents.tolist(),
        "zero_sum": rules.zero_sum.tolist(),
        "draw_value": rules.draw_value.tolist(),
        "discount": rules.discount.tolist(),
        "paranoia": rules.paranoia.tolist(),
        "temperature": rules.temperature,
        "averaging": rules.averaging,
        "explore": rules.explore,
        "board": (height, width),
        "max_plies": game.max_plies,
        "draws": len(Prover(game, megabytes=1).questions) > 1,
    }


def _example(game: Game) -> str:
    """Return the first moves of a game, by name."""
    states, names = game.initial(1), []
    for ply in range(EXAMPLE_MOVES):
        action = np.flatnonzero(game.legal(states)[0])[:1]
        names.append(game.names_of(ply % 2)[int(action[0])])
        states = game.step(states, action)
    return " ".join(names)
