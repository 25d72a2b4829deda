"""Our own games as goal-conditioned environments: one for Gymnasium, a batched one for SB3.

With `opponent="self"` the caller of `step` plays both seats: one step is one ply, and the
observation is the next mover's view. With another opponent the learner plays one seat, a different
one from game to game; a step returns when it is the learner's turn again or the game is over, so
the loser receives its -1.

An illegal action by the caller of `step` forfeits the game; one by an opponent raises
`IllegalMoveError`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.batch_vec_env import BatchVecEnv
from rlhf_adapters.kinds import Picture
from rlhf_adapters.specs import RANDOM, SELF, Info
from rlhf_adapters.two_player.drawing import ANSI, MODES, checked_mode
from rlhf_adapters.two_player.goal_env import Batch, GameGoalFunctions, goal_space
from rlhf_adapters.two_player.goal_games import MIXED, GoalGames
from rlhf_adapters.two_player.opponents import Opponent
from rlhf_games.base import Game, GameError

FPS = 2
"""Moves per second in videos."""
NO_MODE = 'render() shows nothing without a mode: make_env(NAME, render_mode="rgb_array") or "ansi"'


class GameEnv(GameGoalFunctions, gymnasium.Env[Batch, np.int64]):
    """One game as a Gymnasium goal environment; arguments as in `GoalGames`.

    `info` of a finished game is that of `GameVecEnv`, without `episode`.
    `render_mode` is None, "ansi" (a text) or "rgb_array".
    """

    metadata = {"render_modes": list(MODES), "render_fps": FPS}  # noqa: RUF012 - as Gymnasium has it

    def __init__(
        self,
        game: Game,
        goal: str = "win",
        opponent: object = RANDOM,
        seed: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(game)
        self.game = game
        self.render_mode = checked_mode(render_mode)
        self.games = GoalGames(game, 1, goal, opponent, seed)
        self.observation_space: Any = goal_space(game)
        self.action_space = spaces.Discrete(game.n_actions)

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Batch, Info]:
        """Start a new game, see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        if seed is not None:
            self.games.seed(seed)
        self.games.restart(np.ones(1, np.bool_))
        return self._observation(self.games.observe()), {}

    def step(self, action: int | np.int64) -> tuple[Batch, float, bool, bool, Info]:
        """Play one action, see `gymnasium.Env.step`."""
        self.games.step([action])
        achieved, desired = self.games.achieved()[0], self.games.desired()[0]
        terminated = bool(self.compute_terminated(achieved, desired, {}))
        reward = float(self.compute_reward(achieved, desired, {}))
        info: Info = {"is_success": reward > 0}
        observation = self._observation(self.games.observe())
        if terminated:
            no_moves = np.zeros(self.game.n_actions, np.int8)
            observation |= {
                "achieved_goal": achieved,
                "desired_goal": desired,
                "action_mask": no_moves,
            }
            info |= self.games.ending(0)
        return observation, reward, terminated, False, info

    def set_opponent(self, opponent: object) -> None:
        """Play the following games against another opponent or mixture, see `opponents`."""
        self.games.opponents.change(opponent)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions, bool `[A]` (sb3-contrib's spelling)."""
        return np.asarray(self.game.legal(self.games.states)[0])

    def render(self) -> Picture:
        """Return the position in `render_mode`; without one, warn and return None."""
        if self.render_mode is None:
            gymnasium.logger.warn(NO_MODE)
        return self.games.drawn(0, self.render_mode)

    def close(self) -> None:
        """Release what a cross-check holds."""
        if self.games.cross_check is not None:
            self.games.cross_check.close()

    def _observation(self, batch: Batch) -> Batch:
        return {key: values[0] for key, values in batch.items()}


class GameVecEnv(GameGoalFunctions, BatchVecEnv):
    """n games as an SB3 `VecEnv`: one call steps them all, no Python loop per game.

    `infos[i]` of a finished game holds `terminal_observation`, `is_success`, `seat_achieved`,
    bool `[2, G]`: the goals that the first and the second player achieved, the name of the
    `opponent` if there is one, and `episode` as in SB3's `Monitor`: reward, steps and seconds. In
    self-play the reward is the last mover's. Arguments as in `GoalGames`; `render_mode` is
    None, "ansi" or "rgb_array".
    """

    metadata: dict[str, Any] = {"render_modes": list(MODES), "render_fps": FPS}  # noqa: RUF012 - as SB3

    def __init__(
        self,
        game: Game,
        n_envs: int,
        goal: str = MIXED,
        opponent: object = SELF,
        seed: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        GameGoalFunctions.__init__(self, game)
        self.game = game
        self.render_mode: str | None = checked_mode(render_mode)
        self.games = GoalGames(game, n_envs, goal, opponent, seed)
        self._actions: object = np.zeros(n_envs, np.int64)
        self._steps, self._started = np.zeros(n_envs, np.int64), time.time()
        BatchVecEnv.__init__(self, n_envs, goal_space(game), spaces.Discrete(game.n_actions))

    def reset(self) -> Batch:
        """Start n new games."""
        if self._seeds[0] is not None:
            self.games.seed(self._seeds[0])
        self.games.restart(np.ones(self.num_envs, np.bool_))
        self._steps[:] = 0
        self._reset_seeds()
        self._reset_options()
        return self.games.observe()

    def step_async(self, actions: object) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Batch, NDArray[np.float32], NDArray[np.bool_], list[Info]]:
        """Step all games; finished ones restart."""
        self.games.step(self._actions)
        self._steps += 1
        achieved, desired = self.games.achieved(), self.games.desired()
        rewards = self.compute_reward(achieved, desired, {})
        dones = self.compute_terminated(achieved, desired, {})
        infos: list[Info] = [{} for _ in range(self.num_envs)]
        if dones.any():
            self._finish(dones, rewards, achieved, desired, infos)
        return self.games.observe(), rewards, dones, infos

    def _finish(
        self,
        dones: NDArray[np.bool_],
        rewards: NDArray[np.float32],
        achieved: NDArray[np.float32],
        desired: NDArray[np.float32],
        infos: list[Info],
    ) -> None:
        ended = np.flatnonzero(dones)
        boards = self.game.observe(self.games.states[ended])
        by_seat = self.games.achieved_by_seat(ended)
        alone = self.games.opponents.alone
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
                "seat_achieved": by_seat[row],
                "TimeLimit.truncated": False,
                "episode": {
                    "r": float(rewards[env]),
                    "l": int(self._steps[env]),
                    "t": round(time.time() - self._started, 6),
                },
            }
            if not alone[env]:
                infos[env]["opponent"] = self.games.opponents.name(int(env))
        self._steps[dones] = 0
        self.games.restart(dones)

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions, bool `[n, A]` (sb3-contrib's spelling)."""
        return self.game.legal(self.games.states)

    def set_opponent(self, opponent: object) -> None:
        """Play the following games against another opponent or mixture, see `opponents`."""
        self.games.opponents.change(opponent)

    def get_images(self) -> Sequence[Any]:
        """Return the positions in `render_mode`, None without one."""
        return [self.games.drawn(number, self.render_mode) for number in range(self.num_envs)]

    def render(self, mode: str | None = None) -> Any:
        """Return all positions as one picture, or one text with "ansi"."""
        if self.render_mode == ANSI:
            return "\n\n".join(self.get_images())
        return super().render(mode)

    def run_state(self) -> Batch:
        """Return the state of all games and their random numbers, so that a run can resume."""
        return self.games.run_state()

    def restore_run_state(self, state: Batch) -> bool:
        """Restore the state from `run_state`; return False if it is from another game.

        Raises:
            KeyError: something is missing.
            ValueError: this is not what `run_state` returns.
        """
        return self.games.restore_run_state(state)

    def close(self) -> None:
        """Release what a cross-check holds."""
        if self.games.cross_check is not None:
            self.games.cross_check.close()

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method once per game, but `set_opponent` only once, as all games share it."""
        if method_name == "render":  # called by `VecEnv.render` in modes without one big picture
            images = self.get_images()
            return [images[number] for number in self._get_indices(indices)]
        if method_name == "set_opponent":
            self.set_opponent(*method_args, **method_kwargs)
            return [None] * len(list(self._get_indices(indices)))
        return super().env_method(method_name, *method_args, indices=indices, **method_kwargs)


def make_game_env(
    game: Game,
    n_envs: int = 1,
    goal: str | None = None,
    opponent: object = None,
    seed: int | None = None,
    render_mode: str | None = None,
) -> GameEnv | GameVecEnv:
    """Return a `GameEnv` (one game, against random play) or a `GameVecEnv` (several, self-play).

    Args:
        game: the rules.
        n_envs: number of games, at least 1.
        goal: a goal by name or "mixed"; by default `win` for one game, "mixed" for several.
        opponent: an opponent or a mixture, see `opponents`; by default "random" for one game, else
            "self".
        seed: of goals, seats and opponents.
        render_mode: None, "ansi" or "rgb_array".

    Raises:
        GameError: n_envs is below 1, or the goal, the opponent or the render mode is unknown.
    """
    if n_envs < 1:
        msg = f"n_envs must be at least 1, got {n_envs}"
        raise GameError(msg)
    if n_envs == 1:
        who = RANDOM if opponent is None else opponent
        return GameEnv(game, goal or "win", who, seed, render_mode)
    who = SELF if opponent is None else opponent
    return GameVecEnv(game, n_envs, goal or MIXED, who, seed, render_mode)


__all__: Sequence[str] = ("GameEnv", "GameVecEnv", "GoalGames", "Opponent", "make_game_env")
