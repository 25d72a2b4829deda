"""A cross-check that plays PettingZoo's own environments along with our games, move by move."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.foreign_games.pettingzoo import set_globals
from rlhf_adapters.kinds import Arrays, Picture
from rlhf_adapters.specs import EnvError
from rlhf_adapters.zoo_types import AecEnv
from rlhf_games.base import Game, Outcome, States


class PettingZooCheck:
    """Steps PettingZoo's environments beside our games, see `goal_games.CrossCheck`.

    Args:
        name: of the environment, for errors.
        game: our rules.
        envs: PettingZoo's environments without wrappers, one per game.
        compare_boards: our observations show the same as theirs, so compare them.

    Raises:
        EnvError: (when a move is played) the libraries disagree about who moves next, the legal
            moves, the board, the end or the result.
    """

    def __init__(self, name: str, game: Game, envs: list[AecEnv], *, compare_boards: bool) -> None:
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
        numbers = np.flatnonzero(which).tolist()
        if not numbers:
            return
        movers, outcomes = self.game.mover(after).tolist(), self.game.outcome(after)
        ended = (outcomes != Outcome.ONGOING).tolist()
        seen = []
        for row, number in enumerate(numbers):
            env = self.envs[number]
            set_globals(env)
            self._moves[number].append(int(actions[row]))
            env.step(int(actions[row]))
            agent = env.possible_agents[movers[row]]
            if env.agent_selection != agent:
                self._disagree(number, "who moves next")
            if env.terminations[agent] != ended[row]:
                self._disagree(number, "whether the game is over")
            if ended[row] and np.sign(env.rewards[agent]) != outcomes[row]:
                self._disagree(number, "the result")
            seen.append(env.observe(agent))
        self._compare(numbers, seen, after)

    def _compare(self, numbers: list[int], seen: list[Arrays], after: States) -> None:
        legal = self.game.legal(after)
        masks = np.stack([each["action_mask"] for each in seen]) != 0
        other = (masks != legal).any(axis=1) & legal.any(axis=1)  # masks of finished games are free
        if other.any():
            self._disagree(numbers[int(other.argmax())], "the legal moves")
        if self.compare_boards:
            theirs = np.stack([each["observation"] for each in seen])  # [k, H, W, 2]
            ours = self.game.observe(after)
            other = (np.moveaxis(theirs, -1, 1) != ours).reshape(len(ours), -1).any(axis=1)
            if other.any():
                self._disagree(numbers[int(other.argmax())], "the board")

    def _disagree(self, number: int, what: str) -> NoReturn:
        msg = (
            f"{self.name} and our {self.game.title} disagree about {what} after the actions "
            f"{self._moves[number]}: this version of PettingZoo plays by other rules"
        )
        raise EnvError(msg)

    def picture(self, number: int) -> Picture:
        """Return PettingZoo's picture of a game."""
        set_globals(self.envs[number])
        return self.envs[number].render()

    def close(self) -> None:
        """Close PettingZoo's environments."""
        for env in self.envs:
            env.close()
