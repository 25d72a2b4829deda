"""`kaggle`: the Python file as a submission to Kaggle's ConnectX.

    rlhf-export --agent connect_four --to kaggle --out submission.py --nodes 2000

Upload `submission.py` unchanged, or try it with Kaggle's client:

    from kaggle_environments import make
    make("connectx").run(["submission.py", "negamax"])

* `goal` is the bot's goal; `nodes`, or `seconds`, is how long it searches, as far as time allows:
  it stops after 60 % of the time limit of a move and of its part of the extra time of the game.
* Game: Connect Four. If the board has another size, or the length of a winning line is different,
  the bot completes its line, otherwise blocks the opponent's, otherwise plays near the middle.
* The weights are those of the format `python`, see there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlhf_agents.bots.exports.to_python import source

if TYPE_CHECKING:
    from rlhf_agents.bots.exports.registry import ExportRequest

SUFFIX = ".py"
OPTIONS: tuple[str, ...] = ()
GAME = "connect_four"


def refusal(request: ExportRequest) -> str | None:
    """Return why Kaggle cannot play the game, None if it can."""
    if request.agent.game.name == GAME:
        return None
    return f"Kaggle's ConnectX is Connect Four, not {request.agent.game.title}; export {GAME}"


def contents(request: ExportRequest) -> bytes:
    """Return the file.

    Raises:
        ExportError: the network is too large for it.
    """
    return source(request, ("kaggle",)).encode()
