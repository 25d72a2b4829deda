"""A board game of PettingZoo as a `foreign_games.backend.Backend`, by copying environments."""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

NEVER_CHANGED = (
    "action_spaces",
    "observation_spaces",
    "possible_agents",
    "board_history",
    "_go",
    "_last_obs",
    "next_legal_moves",
)
"""Attributes that chess and go replace but never modify, so copies may share them."""
GO_LETTERS = "ABCDEFGHJKLMNOPQRST"

_one_at_a_time = threading.RLock()


class EnvPosition(NamedTuple):
    """An environment that is never stepped again, and the mover's view of it.

    Attributes:
        env: PettingZoo's, without wrappers.
        legal: the legal actions.
        features: the observation, eight features per byte.
    """

    env: Any
    legal: tuple[int, ...]
    features: bytes


class PettingZooBackend:
    """A deterministic AEC environment for two players who see everything and move in turn.

    Args:
        env: without wrappers; observations are Dicts of zeros and ones and a mask.
        max_actions: the most moves a game can have.
    """

    def __init__(self, env: Any, max_actions: int) -> None:
        first = env.possible_agents[0]
        self.n_actions = int(env.action_space(first).n)
        self.max_actions = max_actions
        self.n_features = int(np.prod(env.observation_space(first)["observation"].shape))
        self._env = env

    def initial(self) -> EnvPosition:
        """Return the starting position."""
        with _one_at_a_time:
            set_globals(self._env)
            env = _copied(self._env)
            env.reset(seed=0)
            return _seen(env)

    def child(self, position: EnvPosition, action: int) -> EnvPosition:
        """Return the position after an action."""
        with _one_at_a_time:
            set_globals(position.env)
            env = _copied(position.env)
            env.step(action)
            return _seen(env)

    def mover(self, position: EnvPosition) -> int:
        """Return who moves."""
        env = position.env
        return int(env.possible_agents.index(env.agent_selection))

    def legal(self, position: EnvPosition) -> Sequence[int]:
        """Return the legal actions."""
        return position.legal

    def score(self, position: EnvPosition) -> int | None:
        """Return the first player's reward at the end."""
        env = position.env
        if not (any(env.terminations.values()) or any(env.truncations.values())):
            return None
        return round(float(env.rewards[env.possible_agents[0]]))

    def features(self, position: EnvPosition, seat: int) -> bytes:
        """Return the observation in bits; `seat` is always the mover."""
        del seat
        packed = np.frombuffer(position.features, np.uint8)
        return np.unpackbits(packed, count=self.n_features).tobytes()

    def text(self, position: EnvPosition) -> str:
        """Return the board with named rows and columns."""
        env = position.env
        if hasattr(env, "board"):  # chess
            rows = [f"{8 - row} {line}" for row, line in enumerate(str(env.board).split("\n"))]
            return "\n".join([*rows, "  a b c d e f g h"])
        go = env._go
        letters = GO_LETTERS[: env._N]
        stones = {1: "X", -1: "O"}
        rows = [
            f"{env._N - row:>2} {' '.join(stones.get(int(cell), '.') for cell in cells)}"
            for row, cells in enumerate(go.board)
        ]
        captured = f"captured by X: {go.caps[0]}, by O: {go.caps[1]}"
        return "\n".join([*rows, f"   {' '.join(letters)}", captured])

    def label(self, position: EnvPosition, action: int) -> str:
        """Return the readable name of a legal action: a UCI move, or a point on the Go board."""
        env = position.env
        if hasattr(env, "board"):
            utils = sys.modules[f"{type(env).__module__.rpartition('.')[0]}.chess_utils"]
            return str(utils.action_to_move(env.board, action, self.mover(position)))
        row, column = divmod(action, env._N)
        return "pass" if row == env._N else f"{GO_LETTERS[column]}{env._N - row}"


def _seen(env: Any) -> EnvPosition:
    observation = env.observe(env.agent_selection)
    legal = tuple(np.flatnonzero(observation["action_mask"]).tolist())
    return EnvPosition(
        env, legal, np.packbits(observation["observation"].reshape(-1) > 0).tobytes()
    )


def _copied(env: Any) -> Any:
    """Return a copy in the same state; `copy.deepcopy` would make a fresh one (EzPickle)."""
    twin = object.__new__(type(env))
    parts = vars(env)
    memo = {id(parts[name]): parts[name] for name in NEVER_CHANGED if name in parts}
    memo[id(env)] = twin
    vars(twin).update({name: copy.deepcopy(part, memo) for name, part in parts.items()})
    return twin


def set_globals(env: Any) -> None:
    """Set Go's board size again: it is a module variable, which another game may have changed."""
    if hasattr(env, "_overwrite_go_global_variables"):
        module = sys.modules[type(env).__module__].go_base
        if env._N != module.N:
            env._overwrite_go_global_variables(board_size=env._N)
