"""Our own games as goal-conditioned environments: one for Gymnasium, a batched one for SB3.

With `opponent="self"` both seats are played by whoever calls `step`: one step is one ply, and the
observation is the next mover's view. With another opponent the learner plays one seat, changing it
from game to game; a step returns when it is the learner's turn again or the game is over, so the
loser receives its -1.

An illegal action forfeits the game of whoever calls `step`; an opponent function that chooses one
raises `IllegalMoveError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from rlhf_adapters.goal_env import (
    FORFEIT,
    Batch,
    GoalFunctions,
    goal_space,
)
from rlhf_games.base import Game, GameError, Outcome, States

Opponent = Callable[[States, NDArray[np.int64]], NDArray[np.int64]]
"""Chooses an action `[B]` for positions uint64 `[B, W]` and goal rows int64 `[B]`."""

MIXED = "mixed"


class GoalGames:
    """The state of n games that are played for goals; no auto-reset, no framework.

    Args:
        game: the rules.
        n: how many games run side by side.
        goal: the goal of both seats by name, or "mixed": in half of the games both seats play to
            win, in the other half each is given a random goal.
        opponent: "self", "random" or a function, see `Opponent`.
        seed: of goals, opening seats and random opponents.
    """

    def __init__(
        self,
        game: Game,
        n: int,
        goal: str = MIXED,
        opponent: str | Opponent = "self",
        seed: int | None = None,
    ) -> None:
        self.game = game
        self.n = n
        self.fixed_goal = None if goal == MIXED else game.goal_index(goal)
        self.opponent = self._opponent(opponent)
        self.states = game.initial(n)
        self.goals = np.zeros((n, 2), np.int64)
        self.forfeited = np.zeros(n, np.bool_)
        self.seed(seed)

    def seed(self, seed: int | None) -> None:
        """Start the random numbers and the order of seats anew; `restart` must follow."""
        self.rng = np.random.default_rng(seed)
        # In the first game the learner plays first in every other game: restarts swap the seats.
        self.learner = (np.arange(self.n, dtype=np.int8) + 1) % 2

    def restart(self, which: NDArray[np.bool_]) -> None:
        """Start new games where `which` `[n]` is set."""
        count = int(which.sum())
        if count == 0:
            return
        self.states[which] = self.game.initial(count)
        self.goals[which] = self._draw_goals(count)
        self.forfeited[which] = False
        if self.opponent is not None:
            self.learner[which] = 1 - self.learner[which]
            self._reply(which & (self.learner == 1))

    def step(self, actions: NDArray[np.int64]) -> None:
        """Play one action in every game, and the opponent's reply if there is an opponent."""
        actions = np.asarray(actions, np.int64)
        self.learner = self.game.mover(self.states) if self.opponent is None else self.learner
        legal = self.game.legal(self.states)
        over = ~legal.any(axis=1)
        exists = (actions >= 0) & (actions < self.game.n_actions)
        legal_choice = exists & legal[np.arange(self.n), np.where(exists, actions, 0)]
        self.forfeited |= ~legal_choice & ~over
        playing = legal_choice & ~self.forfeited
        self.states[playing] = self.game.step(self.states[playing], actions[playing])
        if self.opponent is not None:
            self._reply(playing & (self.game.outcome(self.states) == Outcome.ONGOING))

    def achieved(self) -> NDArray[np.float32]:
        """Return what the learner (in self-play: who moved last) achieved, float32 `[n, G]`."""
        seats = (self.game.mover(self.states) != self.learner).astype(np.int64)
        of_learner = self.game.achieved(self.states)[np.arange(self.n), seats]
        achieved = np.asarray(of_learner, np.float32)
        achieved[self.forfeited] = FORFEIT
        return achieved

    def desired(self) -> NDArray[np.float32]:
        """Return the learner's goals, one-hot float32 `[n, G]`."""
        rows = self.goals[np.arange(self.n), self.learner]
        one_hot: NDArray[np.float32] = np.eye(len(self.game.goals), dtype=np.float32)[rows]
        return one_hot

    def observe(self) -> Batch:
        """Return the observations of whoever acts next, arrays with the leading dimension n."""
        if self.opponent is None:
            self.learner = self.game.mover(self.states)
        return {
            "observation": self.game.observe(self.states),
            "achieved_goal": self.achieved(),
            "desired_goal": self.desired(),
            "action_mask": self.game.legal(self.states).astype(np.int8),
        }

    def _draw_goals(self, count: int) -> NDArray[np.int64]:
        if self.fixed_goal is not None:
            return np.full((count, 2), self.fixed_goal)
        goals = self.rng.integers(len(self.game.goals), size=(count, 2))
        goals[self.rng.random(count) < 0.5] = 0
        return goals

    def _reply(self, which: NDArray[np.bool_]) -> None:
        if self.opponent is not None and which.any():
            theirs = self.goals[which, 1 - self.learner[which]]
            actions = self.opponent(self.states[which], theirs)
            self.states[which] = self.game.step(self.states[which], actions)

    def _opponent(self, opponent: str | Opponent) -> Opponent | None:
        if callable(opponent):
            return opponent
        if opponent == "self":
            return None
        if opponent == "random":
            return lambda states, _goals: self.game.random_actions(states, self.rng)
        msg = f"unknown opponent {opponent!r}; use 'self', 'random' or a function"
        raise GameError(msg)


class GameEnv(GoalFunctions, gymnasium.Env[dict[str, Any], np.int64]):
    """One game as a Gymnasium goal environment; arguments as in `GoalGames`."""

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium declares it so

    def __init__(
        self, game: Game, goal: str = "win", opponent: str | Opponent = "random",
        seed: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(game)
        self.game = game
        self.games = GoalGames(game, 1, goal, opponent, seed)
        self.observation_space = goal_space(game)
        self.action_space = spaces.Discrete(game.n_actions)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Start a new game, see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        if seed is not None:
            self.games.seed(seed)
        self.games.restart(np.ones(1, np.bool_))
        return self._observation(self.games.observe()), {}

    def step(
        self, action: int | np.int64
    ) -> tuple[dict[str, NDArray[Any]], float, bool, bool, dict[str, Any]]:
        """Play one action, see `gymnasium.Env.step`."""
        self.games.step(np.array([action]))
        achieved, desired = self.games.achieved()[0], self.games.desired()[0]
        terminated = bool(self.compute_terminated(achieved, desired, {}))
        reward = float(self.compute_reward(achieved, desired, {}))
        observation = self._observation(self.games.observe())
        if terminated:
            no_moves = np.zeros(self.game.n_actions, np.int8)
            observation |= {
                "achieved_goal": achieved, "desired_goal": desired, "action_mask": no_moves,
            }  # fmt: skip
        return observation, reward, terminated, False, {"is_success": reward > 0}

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions, bool `[A]` (sb3-contrib's spelling)."""
        return np.asarray(self.game.legal(self.games.states)[0])

    def _observation(self, batch: Batch) -> dict[str, NDArray[Any]]:
        return {key: values[0] for key, values in batch.items()}


class GameVecEnv(GoalFunctions, VecEnv):
    """n games as an SB3 `VecEnv`: one call steps them all, no Python loop per game.

    `infos[i]` of a finished game holds `terminal_observation`, `is_success` and `seat_achieved`,
    bool `[2, G]`: what the first and the second player achieved. Arguments as in `GoalGames`.
    """

    render_mode: str | None = None

    def __init__(
        self, game: Game, n_envs: int, goal: str = MIXED, opponent: str | Opponent = "self",
        seed: int | None = None,
    ) -> None:  # fmt: skip
        GoalFunctions.__init__(self, game)
        self.game = game
        self.render_mode: str | None = None
        self.games = GoalGames(game, n_envs, goal, opponent, seed)
        self._actions = np.zeros(n_envs, np.int64)
        VecEnv.__init__(self, n_envs, goal_space(game), spaces.Discrete(game.n_actions))

    def reset(self) -> Batch:
        """Start n new games."""
        if self._seeds[0] is not None:
            self.games.seed(self._seeds[0])
        self.games.restart(np.ones(self.num_envs, np.bool_))
        self._reset_seeds()
        self._reset_options()
        return self.games.observe()

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Batch, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Step all games; finished ones start anew."""
        self.games.step(self._actions)
        achieved, desired = self.games.achieved(), self.games.desired()
        rewards = self.compute_reward(achieved, desired, {})
        dones = self.compute_terminated(achieved, desired, {})
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if dones.any():
            self._finish(dones, rewards, achieved, desired, infos)
        return self.games.observe(), rewards, dones, infos

    def _finish(
        self,
        dones: NDArray[np.bool_],
        rewards: NDArray[np.float32],
        achieved: NDArray[np.float32],
        desired: NDArray[np.float32],
        infos: list[dict[str, Any]],
    ) -> None:
        ended = np.flatnonzero(dones)
        states = self.games.states[ended]
        boards = self.game.observe(states)
        by_view = self.game.achieved(states)
        second_to_move = self.game.mover(states) == 1
        by_view[second_to_move] = by_view[second_to_move][:, ::-1]
        no_moves = np.zeros(self.game.n_actions, np.int8)
        for row, env in enumerate(ended):
            infos[env] = {
                "terminal_observation": {
                    "observation": boards[row],
                    "achieved_goal": achieved[env],
                    "desired_goal": desired[env],
                    "action_mask": no_moves,
                },
                "is_success": bool(rewards[env] > 0),
                "seat_achieved": by_view[row],
                "TimeLimit.truncated": False,
            }
        self.games.restart(dones)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions, bool `[n, A]` (sb3-contrib's spelling)."""
        return self.game.legal(self.games.states)

    def close(self) -> None:
        """Nothing to release."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return an attribute once per game."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute, which all games share."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method once per game; `action_masks` gives each game its own row.

        sb3-contrib stacks the masks of the games, and SB3's HER asks one game for all rewards.
        """
        if method_name == "action_masks":
            return list(self.action_masks()[list(self._get_indices(indices))])
        method = getattr(self, method_name)
        return [method(*method_args, **method_kwargs) for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """Tell that no single game is wrapped."""
        return [False] * len(list(self._get_indices(indices)))


def make_game_env(
    game: Game,
    n_envs: int = 1,
    goal: str | None = None,
    opponent: str | Opponent | None = None,
    seed: int | None = None,
) -> GameEnv | GameVecEnv:
    """Return a `GameEnv` (one game, against random play) or a `GameVecEnv` (several, self-play).

    Args:
        game: the rules.
        n_envs: number of games, at least 1.
        goal: a goal by name or "mixed"; by default `win` for one game, "mixed" for several.
        opponent: "self", "random" or a function; by default "random" for one game, else "self".
        seed: of goals, seats and random opponents.

    Raises:
        GameError: n_envs is below 1, or the goal or the opponent is unknown.
    """
    if n_envs < 1:
        msg = f"n_envs must be at least 1, got {n_envs}"
        raise GameError(msg)
    if n_envs == 1:
        return GameEnv(game, goal or "win", opponent or "random", seed)
    return GameVecEnv(game, n_envs, goal or MIXED, opponent or "self", seed)


__all__: Sequence[str] = ("GameEnv", "GameVecEnv", "GoalGames", "make_game_env")
