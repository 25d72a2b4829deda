"""OpenSpiel: every sequential, deterministic two-player game of perfect information.

    make_env("openspiel:breakthrough(rows=6,columns=6)", n_envs=64)
    make_env("openspiel:breakthrough", n_envs=64, rows=6, columns=6)

The options are those of OpenSpiel, and `max_plies`: end the game there as a draw, as AlphaZero did
with chess. Games whose longest course does not fit into a position need it.
"""

from __future__ import annotations

import difflib
import importlib
import random
import re
import statistics
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.game_env import make_game_env
from rlhf_adapters.history_game import HistoryGame, goal_table
from rlhf_adapters.worlds import Order, World, WorldError

LIBRARY = "openspiel"
MAX_PLIES = "max_plies"
ALTERNATING = frozenset(
    "antichess breakthrough chess clobber connect_four crazyhouse go gomoku havannah hex hive "
    "lines_of_action mnk nim othello oware pentago quoridor shogi tic_tac_toe twixt xiangqi y".split()
)
"""Games whose players always move in turn (Othello's and Go's passes are actions of their own)."""
LONG_GAMES = ("antichess", "chess", "chinese_checkers", "crazyhouse", "cursor_go", "shogi")
"""Games that are listed with a limit: their longest course does not fit into a position."""
DEFAULT_LIMIT = 512
TRIAL_GAMES = 15
TRIAL_PLIES = 400
DEADLINE_SHARE = 0.75
LEVELS = 6
"""A number in an observation becomes so many bits at most: is it above each of these levels?"""


def _pyspiel() -> Any:
    try:
        return importlib.import_module("pyspiel")
    except ImportError as error:
        msg = 'openspiel: worlds need pyspiel: pip install "rlhf-agents[openspiel]"'
        raise WorldError(msg) from error
