"""One of our games behind PettingZoo's AEC interface; imported only if PettingZoo is installed."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import AECEnv

from rlhf_adapters.kinds import Picture, Space
from rlhf_adapters.specs import Info
from rlhf_adapters.two_player.drawing import MODES, checked_mode, drawn
from rlhf_adapters.two_player.goal_env import Batch, GameGoalFunctions
from rlhf_adapters.two_player.goal_games import MIXED, draw_goals
from rlhf_games.base import CLOCK, Game, Outcome

AGENTS = ("player_0", "player_1")


class GameAEC(AECEnv):  # type: ignore[misc] # PettingZoo's base class is Any here
    """A game as an `AECEnv` without wrappers; arguments as in `to_pettingzoo.aec_env`.

    `observation` is the game's, int8, from the agent's own view: plane 0 holds its own stones. The
    waiting player sees the same board with these two planes swapped and no legal action; the board
    is turned if the game shows it turned to the second player.
    """

    def __init__(self, game: Game, goal: str | None, render_mode: str | None) -> None:
        super().__init__()
        self.metadata = {
            "name": f"{game.name}_v0",
            "render_modes": list(MODES),
            "is_parallelizable": False,
        }
        self.game = game
        self.render_mode = checked_mode(render_mode)
        self.with_goals = goal is not None
        self.fixed_goal = None if goal == MIXED else game.goal_index(goal or "win")
        self.functions = GameGoalFunctions(game)
        self.possible_agents = list(AGENTS)
        self.observation_spaces = {agent: self._space() for agent in AGENTS}
        self.action_spaces = {agent: spaces.Discrete(game.n_actions) for agent in AGENTS}
        self.rng = np.random.default_rng()

    def _space(self) -> spaces.Dict:
        parts: dict[str, Space] = {
            "observation": spaces.Box(0, 1, self.game.observation_shape, np.int8),
            "action_mask": spaces.Box(0, 1, (self.game.n_actions,), np.int8),
        }
        if self.with_goals:
            parts["desired_goal"] = spaces.Box(0.0, 1.0, (len(self.game.goals),), np.float32)
        return spaces.Dict(parts)

    def observation_space(self, agent: str) -> Space:
        """Return the space of an agent's observations."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Space:
        """Return the space of an agent's actions."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: Info | None = None) -> None:
        """Start a new game; the seed determines the goals."""
        del options
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.state = self.game.initial(1)
        self.goals = draw_goals(self.rng, 1, len(self.game.goals), self.fixed_goal)[0]
        self.agents = list(AGENTS)
        self.agent_selection = AGENTS[self.game.mover(self.state)[0]]
        self.rewards = dict.fromkeys(AGENTS, 0.0)
        self._cumulative_rewards = dict.fromkeys(AGENTS, 0.0)
        self.terminations = dict.fromkeys(AGENTS, False)
        self.truncations = dict.fromkeys(AGENTS, False)
        self._tell_masks()

    def step(self, action: int | None) -> None:
        """Play an action of `agent_selection`; None once its game is over."""
        agent = self.agent_selection
        if self.terminations[agent] or self.truncations[agent]:
            self._was_dead_step(action)
            return
        self._cumulative_rewards[agent] = 0.0
        self._clear_rewards()
        self.state = self.game.step(self.state, np.array([action], np.int64))
        mover = int(self.game.mover(self.state)[0])
        self.agent_selection = AGENTS[mover]
        if self.game.outcome(self.state)[0] != Outcome.ONGOING:
            self.terminations = dict.fromkeys(AGENTS, True)
            self.rewards = self._final_rewards(mover)
        self._tell_masks()
        self._accumulate_rewards()

    def _final_rewards(self, mover: int) -> dict[str, float]:
        achieved = np.asarray(self.game.achieved(self.state)[0], np.float32)  # mover, then waiting
        desired = np.eye(len(self.game.goals), dtype=np.float32)[self.goals]
        by_seat = achieved if mover == 0 else achieved[::-1]
        rewards = self.functions.compute_reward(by_seat, desired, {})
        return dict(zip(AGENTS, rewards.tolist(), strict=True))

    def observe(self, agent: str) -> Batch:
        """Return an agent's observation."""
        seat = AGENTS.index(agent)
        board = self.game.observe(self.state)[0].astype(np.int8)
        waits = self.game.mover(self.state)[0] != seat
        seen = {
            "observation": self._from_behind(board) if waits else board,
            "action_mask": self._mask(agent),
        }
        if self.with_goals:
            desired = np.zeros(len(self.game.goals), np.float32)
            desired[self.goals[seat]] = 1.0
            seen["desired_goal"] = desired
        return seen

    def _from_behind(self, board: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the mover's observation from the other player's view."""
        seen = board.copy()
        seen[:2] = board[1::-1]
        if self.game.turned:  # the clock does not show the board
            seen[:CLOCK] = seen[:CLOCK, ::-1, ::-1]
        return seen

    def _mask(self, agent: str) -> NDArray[np.int8]:
        if agent != self.agent_selection or self.terminations.get(agent, True):
            return np.zeros(self.game.n_actions, np.int8)
        mask: NDArray[np.int8] = self.game.legal(self.state)[0].astype(np.int8)
        return mask

    def _tell_masks(self) -> None:
        self.infos = {agent: {"action_mask": self._mask(agent)} for agent in self.agents}

    def render(self) -> Picture:
        """Return the position in `render_mode`, see `drawing`."""
        return (
            None if self.render_mode is None else drawn(self.game, self.state[0], self.render_mode)
        )

    def close(self) -> None:
        """Nothing to release."""
