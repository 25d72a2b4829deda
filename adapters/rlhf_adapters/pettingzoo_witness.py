"""PettingZoo's own environments, played along move by move: proof that the rules are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.pettingzoo_backend import set_globals
from rlhf_adapters.worlds import WorldError
from rlhf_games.base import Game, Outcome, States


class PettingZooWitness:
    """Steps PettingZoo's environments beside our games, see `goal_games.Witness`.

    Args:
        name: of the world, for errors.
        game: our rules.
        envs: PettingZoo's environments without wrappers, one per game.
        compare_boards: our observations show what theirs do.

    Raises:
        WorldError: (when told of a move) the libraries disagree about who moves next, the legal
            moves, the board, the end or the result.
    """

    def __init__(self, name: str, game: Game, envs: list[Any], *, compare_boards: bool) -> None:
        self.name = name
        self.game = game
        self.envs = envs
        self.compare_boards = compare_boards
        self._moves: list[list[int]] = [[] for _ in envs]

    def restart(self, which: NDArray[np.bool_]) -> None:
        """Reset the environments where `which` `[n]` is set."""
        for number in np.flatnonzero(which):
            set_globals(self.envs[number])
            self.envs[number].reset()
            self._moves[number].clear()

    def play(self, which: NDArray[np.bool_], actions: NDArray[np.int64], after: States) -> None:
        """Step the environments where `which` is set, and compare."""
        legal, outcomes = self.game.legal(after), self.game.outcome(after)
        boards, movers = self.game.observe(after), self.game.mover(after)
        for row, number in enumerate(np.flatnonzero(which).tolist()):
            env = self.envs[number]
            set_globals(env)
            self._moves[number].append(int(actions[row]))
            env.step(int(actions[row]))
            agent = env.possible_agents[movers[row]]
            ended = bool(outcomes[row] != Outcome.ONGOING)
            self._agree(number, "who moves next", env.agent_selection == agent)
            self._agree(number, "whether the game is over", env.terminations[agent] == ended)
            seen = env.observe(agent)
            if ended:
                result = np.sign(env.rewards[agent])
                self._agree(number, "the result", result == outcomes[row])
            else:
                same = np.array_equal(seen["action_mask"], legal[row])
                self._agree(number, "the legal moves", same)
            if self.compare_boards:
                same = _same_board(seen["observation"], boards[row])
                self._agree(number, "the board", same)

    def picture(self, number: int) -> Any:
        """Return PettingZoo's picture of a game."""
        set_globals(self.envs[number])
        return self.envs[number].render()

    def close(self) -> None:
        """Close PettingZoo's environments."""
        for env in self.envs:
            env.close()

    def _agree(self, number: int, what: str, same: bool) -> None:
        if not same:
            msg = (
                f"{self.name} and our {self.game.title} disagree about {what} after the actions "
                f"{self._moves[number]}: this version of PettingZoo plays by other rules"
            )
            raise WorldError(msg)


def _same_board(theirs: NDArray[Any], ours: NDArray[np.float32]) -> bool:
    """Compare PettingZoo's `[H, W, 2]` with our `[2, H, W]`."""
    return np.array_equal(np.moveaxis(theirs, -1, 0), ours)
