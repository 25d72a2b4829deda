"""`make_env`: every world by name, and opponents by the words of the command line.

    make_env("connect_four", n_envs=64, opponent={"minimax:3": 0.5, "agent@64": 0.5})

The adapters know functions only; here words become functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import rlhf_adapters
from rlhf_adapters.opponents import Opponent, mixture
from rlhf_adapters.worlds import RANDOM, SELF
from rlhf_agents.agent import Agent, load_agent
from rlhf_agents.errors import SettingError, UnknownPlayerError
from rlhf_agents.model_files import read_model
from rlhf_agents.players import KINDS, Player, make_player
from rlhf_games.base import Game, States


def make_env(
    name: str,
    n_envs: int = 1,
    goal: Any = None,
    opponent: Any = None,
    seed: int | None = None,
    **options: Any,
) -> Any:
    """Return the goal-conditioned environment called `name`.

    Args:
        name: a game of `rlhf_games`, e.g. `connect_four`, or `LIBRARY:WORLD`, e.g.
            `gymnasium:CartPole-v1`.
        n_envs: 1 for a Gymnasium environment, more for an SB3 `VecEnv` that steps all in one call.
        goal: what to play for, by name, or "mixed".
        opponent: in two-player worlds "self", "random", "minimax:DEPTH", "agent" (that of the
            game), the name of a bundled agent, FILE.zip, a function from positions and goal rows to
            actions (see `rlhf_adapters.opponents`) or a `PolicyOpponent`. Or a mixture with
            weights, {"minimax:3": 0.5, "random": 0.5} or a list of pairs, from which the opponent
            of each game is drawn. Agents play by the network alone; "agent@64" looks at 64
            positions per move.
        seed: of everything random.
        options: for the foreign library, e.g. `rows=6`.

    Raises:
        rlhf_games.UnknownGameError: no world has that name.
        rlhf_games.base.GameError: an argument is impossible, or a library is not installed.
        UserError: an opponent is unknown or cannot play here.
    """
    return rlhf_adapters.make_env(name, n_envs, goal, named_opponents(opponent), seed, **options)


def named_opponents(opponent: Any) -> Any:
    """Return an opponent or a mixture with `NamedOpponent` in place of words.

    Raises:
        rlhf_games.base.GameError: the weights of a mixture cannot work.
    """
    if opponent is None:
        return None
    named = [(_named(who), weight) for who, weight in mixture(opponent)]
    return named[0][0] if len(named) == 1 else named


def _named(who: Any) -> Any:
    return NamedOpponent(who) if isinstance(who, str) and who not in (SELF, RANDOM) else who


class NamedOpponent:
    """An opponent of which only the name is known yet, an `OpponentSource`.

    Args:
        name: see `make_env`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        word, _, number = name.rpartition("@")
        self.word, self.nodes = (word, int(number)) if number.isdigit() and word else (name, 0)

    def for_game(self, game: Game | None) -> Opponent:
        """Return the opponent as a function.

        Raises:
            UserError: nobody has that name, or a file cannot be used.
            SettingError: it needs rules and there are none.
        """
        if self.word.endswith(".zip") and read_model(self.word).manifest.get("game") is None:
            opponent: Opponent = self._policy().for_game(game)
            return opponent
        if game is None:
            msg = (
                f"opponent {self.name!r} needs rules that can be simulated, which this world does "
                "not have: use 'self', 'random', a function, or FILE.zip of a model trained here"
            )
            raise SettingError(msg)

        def load(name: str) -> Agent:
            return load_agent(name, game.name)

        try:
            player = make_player(self.word, game, nodes=self.nodes, seed=None, load=load)
        except UnknownPlayerError as error:
            msg = (
                f"unknown opponent {self.name!r}; opponents: self, {KINDS}, a function, or a "
                f"mixture such as {{'minimax:3': 0.5, 'random': 0.5}} ({error.__cause__})"
            )
            raise UnknownPlayerError(msg) from error
        return PlayerOpponent(player, game)

    def _policy(self) -> Any:
        from rlhf_agents.hfdqn import HFDQN  # noqa: PLC0415 - torch takes seconds to import
        from rlhf_agents.policy_opponent import PolicyOpponent  # noqa: PLC0415

        return PolicyOpponent(HFDQN.load(self.word), self.name, nodes=self.nodes)


class PlayerOpponent:
    """A `Player` as an opponent.

    Args:
        player: chooses the moves.
        game: the rules.
    """

    def __init__(self, player: Player, game: Game) -> None:
        self.name = player.name
        self.player = player
        self.game = game

    def __call__(self, states: States, goals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one action int64 `[B]` for positions uint64 `[B, W]` and goal rows `[B]`."""
        actions = np.zeros(len(states), np.int64)
        for goal in np.unique(goals):
            rows = goals == goal
            actions[rows] = self.player.act(states[rows], self.game.goals[goal].name)
        return actions
