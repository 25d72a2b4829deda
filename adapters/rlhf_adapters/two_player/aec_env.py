"""Any turn-based two-player environment of PettingZoo as a goal environment, without rules.

Players see their own observations; goals are a player's total reward at the end. Looking ahead in a
card game would reveal hidden cards, so there is no `game`.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.kinds import Picture, Space
from rlhf_adapters.specs import RANDOM, EnvError, Info
from rlhf_adapters.two_player.goal_env import FORFEIT, Batch, GameGoalFunctions
from rlhf_adapters.two_player.goal_games import MIXED, draw_goals
from rlhf_adapters.two_player.opponents import Opponents
from rlhf_adapters.two_player.total_goals import TotalGoals
from rlhf_adapters.zoo_types import AecEnv
from rlhf_games.base import Array

PLAYERS = 2
LARGEST_SEED = 1 << 31
MOST_DEALS = 1000
ALL = np.ones(1, np.bool_)
"""The mask of a single game, in the form that `Opponents` needs."""


class AecGoalEnv(GameGoalFunctions, gymnasium.Env[Batch, np.int64]):
    """A turn-based two-player environment as a Gymnasium goal environment.

    A step returns when it is the learner's turn again or the game is over, so that the loser
    receives its loss; the learner changes seats from game to game. Games that end before its first
    turn are not shown. An illegal action forfeits the game. `info` of a finished game holds
    `is_success`, `seat_achieved` (bool `[2, G]`), `total` (the learner's total reward) and the
    name of the `opponent` if there is one.

    As in one-player environments, `goal_names`, `goal_rows` `[G, G]`, `goal_implied` and
    `goal_floor` (missing a goal pays -1) describe the goals.

    Args:
        name: of the environment, for errors.
        env: PettingZoo's AEC environment.
        table: the goals.
        goal: of both seats, by name, or "mixed", see `goal_games.draw_goals`.
        opponent: an opponent or a mixture, see `opponents`; functions get observations.
        seed: of everything random.

    Raises:
        EnvError: it is not for two players, or its actions are not discrete.
        UnknownGoalError: there is no such goal.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium declares it so
    goal_floor = -1.0

    def __init__(
        self,
        name: str,
        env: AecEnv,
        table: TotalGoals,
        goal: str = "win",
        opponent: object = RANDOM,
        seed: int | None = None,
    ) -> None:
        super().__init__(table)
        self.name, self.env, self.table = name, env, table
        self.goal_names = tuple(goal.name for goal in table.goals)
        self.goal_rows = np.eye(len(table.goals), dtype=np.float32)
        self.goal_implied = table.implied
        self.agents = _two_players(name, env)
        self.metadata = {"render_modes": list(env.metadata.get("render_modes", []))}
        self.render_mode = getattr(env.unwrapped, "render_mode", None)
        self.shown = _shown_space(env.observation_space(self.agents[0]))
        self.action_space: spaces.Discrete = _actions(name, env, self.agents)
        self.board_space = _board_space(self.shown)
        self.observation_space: Any = _goal_space(self.board_space, self.action_space, table)
        self.fixed_goal = None if goal == MIXED else table.index(goal)
        self.opponents = Opponents(1, opponent, self._random_action, None)
        self.goals = np.zeros(PLAYERS, np.int64)
        self.totals = dict.fromkeys(self.agents, 0.0)
        self.learner = 0
        self.over = True
        self.forfeited = False
        self._moves: list[int] = []
        self._legal = np.zeros(int(self.action_space.n), np.bool_)
        self._seed(seed)

    def _seed(self, seed: int | None) -> None:
        self.rng = np.random.default_rng(seed)
        self._next_seat = (seed or 0) % PLAYERS

    # ---- Gymnasium -------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: Info | None = None) -> tuple[Batch, Info]:
        """Start a new game, see `gymnasium.Env.reset`; with an even seed the learner begins."""
        super().reset(seed=seed)
        if seed is not None:
            self._seed(seed)
        self.goals = draw_goals(self.rng, 1, len(self.table.goals), self.fixed_goal)[0]
        self.opponents.draw(ALL, self.rng)
        if not self.alone:
            self.learner, self._next_seat = self._next_seat, 1 - self._next_seat
        for _ in range(MOST_DEALS):
            self._deal()
            if not self.over:
                return self._look(), {}
        msg = f"{self.name} ends before the learner's first turn, {MOST_DEALS} times in a row"
        raise EnvError(msg)

    def step(self, action: int | np.int64) -> tuple[Batch, float, bool, bool, Info]:
        """Play one action and the opponent's reply, see `gymnasium.Env.step`."""
        who = self.learner
        if not self.over:
            if self._is_legal(action):
                self._act(int(action))
                self._advance()
            else:
                self.forfeited = self.over = True
        achieved, desired = self._achieved(who), self._desired(who)
        reward = float(self.compute_reward(achieved, desired, {}))
        terminated = bool(self.compute_terminated(achieved, desired, {}))
        truncated = self.over and not terminated
        info: Info = {"is_success": reward > 0}
        if terminated or truncated:
            self.learner = who
            info |= self._ending(who)
        return self._look(), reward, terminated, truncated, info

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions, bool `[A]` (sb3-contrib's spelling)."""
        return self._legal.copy()

    def set_opponent(self, opponent: object) -> None:
        """Play later games against another opponent or mixture, see `opponents`."""
        self.opponents.change(opponent)

    def render(self) -> Picture:
        """Return PettingZoo's own picture."""
        return self.env.render()

    def close(self) -> None:
        """Close PettingZoo's environment."""
        self.env.close()

    # ---- turns -----------------------------------------------------------------------------

    @property
    def alone(self) -> bool:
        """Whether the caller of `step` plays both seats."""
        return bool(self.opponents.alone[0])

    def _deal(self) -> None:
        """Begin a game; it may be over at once, as when the opponent folds."""
        self.env_seed = int(self.rng.integers(LARGEST_SEED))
        self.env.reset(seed=self.env_seed)
        self._moves.clear()
        self.totals = dict.fromkeys(self.agents, 0.0)
        self.over = self.forfeited = False
        self._advance()

    def _advance(self) -> None:
        """Remove finished agents and let the opponent move until it is the learner's turn."""
        alone = self.alone
        mine = self.agents if alone else [self.agents[self.learner]]
        while not all(self._is_done(agent) for agent in mine):
            agent = self.env.agent_selection
            seat = self.agents.index(agent)
            if self._is_done(agent):
                self._act(None)
            elif alone or seat == self.learner:
                self.learner = seat
                return
            else:
                self._act(self._answer(seat))
        self.over = True

    def _is_done(self, agent: str) -> bool:
        if agent not in self.env.agents:
            return True
        return bool(self.env.terminations[agent] or self.env.truncations[agent])

    def _answer(self, seat: int) -> int:
        batch = {key: value[None] for key, value in self._observation(seat).items()}
        actions = self.opponents.choose(ALL, batch, self.goals[seat : seat + 1])
        self.opponents.check(ALL, actions, batch["action_mask"] > 0)
        return int(actions[0])

    def _act(self, action: int | None) -> None:
        """Step PettingZoo's environment, and add the place to its own errors."""
        if action is not None:
            self._moves.append(action)
        try:
            self.env.step(action)
        except Exception as error:
            error.add_note(f"in {self.name} ({self._where()})")
            raise
        for agent, reward in self.env.rewards.items():
            if not np.isfinite(reward):
                msg = f"{self.name} gave {agent} the reward {reward} ({self._where()})"
                raise EnvError(msg)
            self.totals[agent] += float(reward)

    def _where(self) -> str:
        return f"seed {self.env_seed}, actions {self._moves}"

    def _random_action(self, batch: Batch, _goals: NDArray[np.int64]) -> NDArray[np.int64]:
        legal = batch["action_mask"]
        return np.asarray((self.rng.random(legal.shape) * legal).argmax(axis=1), np.int64)

    # ---- observations ------------------------------------------------------------------

    def _look(self) -> Batch:
        """Return the observation of the caller of `step`."""
        observation = self._observation(self.learner)
        self._legal = observation["action_mask"] > 0
        return observation

    def _observation(self, seat: int) -> Batch:
        shown = self.env.observe(self.agents[seat])
        return {
            "observation": self._board(seat, shown),
            "achieved_goal": self._achieved(seat),
            "desired_goal": self._desired(seat),
            "action_mask": self._mask(seat, shown),
        }

    def _board(self, seat: int, shown: Any) -> Array:
        if _has_board(self.env.observation_space(self.agents[seat])):
            shown = shown["observation"]
        space = self.board_space
        flat = spaces.flatten(self.shown, shown)
        board = np.asarray(flat, space.dtype).reshape(space.shape)
        if not np.isfinite(board).all():
            value = board[~np.isfinite(board)][0]
            msg = f"{self.name} showed {self.agents[seat]} the value {value} ({self._where()})"
            raise EnvError(msg)
        return board

    def _mask(self, seat: int, shown: object) -> NDArray[np.int8]:
        agent = self.agents[seat]
        if self.over or self.env.agent_selection != agent:
            return np.zeros(len(self._legal), np.int8)
        holder = shown if isinstance(shown, dict) and "action_mask" in shown else None
        holder = self.env.infos[agent] if holder is None else holder
        mask = np.asarray(holder.get("action_mask", np.ones(len(self._legal)))) > 0
        if not mask.any():
            msg = f"{self.name} allows {agent} no action ({self._where()})"
            raise EnvError(msg)
        return mask.astype(np.int8)

    def _is_legal(self, action: int | np.int64) -> bool:
        return bool(0 <= action < len(self._legal) and self._legal[action])

    def _achieved(self, seat: int) -> NDArray[np.float32]:
        n_goals = len(self.table.goals)
        if self.forfeited:
            return np.full(n_goals, FORFEIT, np.float32)
        if not self.over or self._is_cut(seat):
            return np.zeros(n_goals, np.float32)
        return self.table.achieved(self.totals[self.agents[seat]]).astype(np.float32)

    def _is_cut(self, seat: int) -> bool:
        """Whether the environment has stopped the game before its end."""
        agent, env = self.agents[seat], self.env
        return bool(env.truncations.get(agent, False) and not env.terminations.get(agent, False))

    def _desired(self, seat: int) -> NDArray[np.float32]:
        desired = np.zeros(len(self.table.goals), np.float32)
        desired[self.goals[seat]] = 1.0
        return desired

    def _ending(self, seat: int) -> Info:
        by_seat = [self.table.achieved(self.totals[agent]) for agent in self.agents]
        ended = not (self.forfeited or self._is_cut(seat))
        info: Info = {
            "seat_achieved": np.array(by_seat) & ended,
            "total": self.totals[self.agents[seat]],
        }
        return info if self.alone else {**info, "opponent": self.opponents.name(0)}


# ---- spaces ----------------------------------------------------------------------------------


def _two_players(name: str, env: AecEnv) -> list[str]:
    agents = list(env.possible_agents)
    if len(agents) != PLAYERS:
        msg = f"{name} has {len(agents)} players; only games for two who move in turn are supported"
        raise EnvError(msg)
    return agents


def _actions(name: str, env: AecEnv, agents: list[str]) -> spaces.Discrete:
    first, second = (env.action_space(agent) for agent in agents)
    if not isinstance(first, spaces.Discrete) or first != second or first.start != 0:
        msg = f"{name} has the actions {first}; only one Discrete(n) for both players is supported"
        raise EnvError(msg)
    return spaces.Discrete(int(first.n))


def _has_board(space: Space) -> bool:
    return isinstance(space, spaces.Dict) and "observation" in space.spaces


def _shown_space(space: Space) -> Space:
    """Return the space of an agent's observations, without the mask."""
    return space["observation"] if isinstance(space, spaces.Dict) and _has_board(space) else space


def _board_space(shown: Space) -> spaces.Box:
    """Return the space of observations as one array: whole numbers stay, others become float32.

    Anything but a Box is flattened, as by `gymnasium.spaces.flatten`.
    """
    if not isinstance(shown, spaces.Box):
        flat: Any = spaces.flatten_space(shown)
        return spaces.Box(flat.low, flat.high, dtype=np.float32)
    dtype: Any = shown.dtype if np.issubdtype(shown.dtype, np.integer) else np.float32
    return spaces.Box(shown.low.astype(dtype), shown.high.astype(dtype), dtype=dtype)


def _goal_space(board: spaces.Box, actions: spaces.Discrete, table: TotalGoals) -> spaces.Dict:
    n_goals = len(table.goals)
    return spaces.Dict(
        {
            "observation": board,
            "achieved_goal": spaces.Box(FORFEIT, 1.0, (n_goals,), np.float32),
            "desired_goal": spaces.Box(0.0, 1.0, (n_goals,), np.float32),
            "action_mask": spaces.Box(0, 1, (int(actions.n),), np.int8),
        }
    )
