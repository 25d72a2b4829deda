"""Hindsight: after a game, every position is paired with goals worth learning there.

Hindsight only proposes: it chooses which (state, goal) pairs foresight looks into and which of them
weigh more in the loss. `rlhf_agents.selfplay.targets` computes the value of a pair over all
replies.
So a goal that was reached by luck is studied, but not taken at face value.
"""

from __future__ import annotations

from typing import NamedTuple, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer, ReplayBuffer
from stable_baselines3.common.vec_env import VecNormalize

from rlhf_agents.files.array_checks import check_arrays, check_numbers
from rlhf_agents.files.types import Array, Arrays, Info, Space
from rlhf_agents.search.goal_values import WIN
from rlhf_agents.settings import Hindsight
from rlhf_games.base import Game, GameError, States

CHUNK = 4096


class Proposals(NamedTuple):
    """R positions to study.

    Attributes:
        states: uint64 `[R, W]`.
        goals: int64 `[R]`, rows of the goal table.
        seats: int64 `[R]`, 0 the mover pursues the goal, 1 the waiting player.
    """

    states: States
    goals: NDArray[np.int64]
    seats: NDArray[np.int64]


class PositionBuffer(ReplayBuffer):
    """A replay buffer of positions, with the requested and achieved goals of their games.

    Args:
        buffer_size: positions of all games together.
        observation_space: the goal-conditioned Dict space.
        action_space: Discrete(A).
        device: ignored, positions stay in main memory.
        n_envs: games side by side.
        optimize_memory_usage: ignored, next positions are never stored.
        game: the rules.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: Space,
        action_space: Space,
        device: torch.device | str = "cpu",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        *,
        game: Game,
    ) -> None:
        slots = max(buffer_size // n_envs, game.max_plies + 1)
        BaseBuffer.__init__(self, slots, observation_space, action_space, device, n_envs=n_envs)
        self.optimize_memory_usage = optimize_memory_usage
        self.handle_timeout_termination = False  # the rules have no time limit
        self.game = game
        n_goals = len(game.goals)
        self.states = np.zeros((slots, n_envs, game.n_words), np.uint64)
        self.commanded = np.zeros((slots, n_envs), np.int8)
        self.achieved = np.zeros((slots, n_envs, 2, n_goals), np.bool_)
        self.episode_length = np.zeros(n_envs, np.int64)

    def add(  # type: ignore[override]
        self,
        obs: Arrays,
        next_obs: Arrays,
        action: Array,
        reward: Array,
        done: Array,
        infos: list[Info],
    ) -> None:
        """Store the positions of one step `[n_envs]`; finished games get their hindsight goals."""
        self.states[self.pos] = self.game.from_observation(obs["observation"])
        self.commanded[self.pos] = obs["desired_goal"].argmax(axis=1)
        self.achieved[self.pos] = False
        self.episode_length += 1
        for env in np.flatnonzero(done):
            self._look_back(int(env), infos[env].get("seat_achieved"))
        self.pos = (self.pos + 1) % self.buffer_size
        self.full = self.full or self.pos == 0

    def _look_back(self, env: int, achieved: NDArray[np.bool_] | None) -> None:
        length = min(int(self.episode_length[env]), self.buffer_size)
        self.episode_length[env] = 0
        if achieved is None:
            return
        slots = (self.pos - np.arange(length)) % self.buffer_size
        second = self.game.mover(self.states[slots, env]) == 1
        self.achieved[slots, env] = np.where(second[:, None, None], achieved[::-1], achieved)

    def propose(self, count: int, rng: np.random.Generator, settings: Hindsight) -> Proposals:
        """Draw `count` positions, each with a goal of one of its seats."""
        filled = self.buffer_size if self.full else self.pos
        slots = rng.integers(filled, size=count)
        envs = rng.integers(self.n_envs, size=count)
        seats = rng.integers(2, size=count)
        achieved = self.achieved[slots, envs, seats]
        goals = _near_misses(self.game, achieved, rng)
        own = (seats == 0) & (rng.random(count) < 0.5)
        goals[own] = self.commanded[slots, envs][own]
        look_back = (rng.random(count) < settings.achieved_share) & achieved.any(axis=1)
        goals[look_back] = _pick(achieved[look_back], rng)
        win = rng.random(count) < settings.win_share
        goals[win], seats[win] = WIN, 0
        return Proposals(self.states[slots, envs], goals, seats)

    def state(self) -> Arrays:
        """Return everything, including unfinished games, as arrays."""
        filled = self.buffer_size if self.full else self.pos
        return {
            "states": self.states[:filled],
            "commanded": self.commanded[:filled],
            "achieved": np.packbits(self.achieved[:filled]),
            "episode_length": self.episode_length,
            "numbers": np.array([self.pos, self.full, self.buffer_size, self.n_envs]),
        }

    def restore(self, state: Arrays) -> None:
        """Restore the arrays from `state`.

        Raises:
            ValueError: they are for a buffer of another size or game.
            KeyError: something is missing.
        """
        pos, full = check_numbers(state["numbers"], [self.buffer_size, self.n_envs])
        filled = self.buffer_size if full else pos
        achieved = self.achieved[:filled]
        targets: Arrays = {
            "states": self.states[:filled],
            "commanded": self.commanded[:filled],
            "achieved": np.zeros(-(-achieved.size // 8), np.uint8),
            "episode_length": self.episode_length,
        }
        check_arrays(targets, state)
        states, commanded, lengths = (state[n] for n in ("states", "commanded", "episode_length"))
        if not ((lengths >= 0) & (lengths <= self.game.max_plies)).all():
            msg = f"there are games of {lengths.min()} to {lengths.max()} positions"
            raise ValueError(msg)
        check_positions(self.game, states.reshape(-1, self.game.n_words))
        if not ((commanded >= 0) & (commanded < len(self.game.goals))).all():
            msg = f"positions are commanded goals that are not among {len(self.game.goals)}"
            raise ValueError(msg)
        bits = np.unpackbits(state["achieved"], count=achieved.size)
        self.states[:filled], self.commanded[:filled] = states, commanded
        achieved[...] = bits.reshape(achieved.shape).view(np.bool_)
        self.episode_length[:] = lengths
        self.pos, self.full = pos, full

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> NoReturn:
        """Not supported: positions are learnt through `propose`, never as sampled transitions."""
        msg = "positions of a game are learnt through `propose`, not as sampled transitions"
        raise TypeError(msg)

    def _get_samples(
        self, batch_inds: NDArray[np.int64], env: VecNormalize | None = None
    ) -> NoReturn:
        self.sample(len(batch_inds), env)


def check_positions(game: Game, states: States) -> None:
    """Refuse impossible positions of a game, because compiled code does not check them.

    Args:
        game: the rules.
        states: uint64 `[N, W]`, from a file.

    Raises:
        ValueError: one of them cannot occur.
    """
    if states.dtype != np.uint64 or states.shape[1:] != (game.n_words,):
        msg = f"positions are {states.dtype} {states.shape}, not uint64 [N, {game.n_words}]"
        raise ValueError(msg)
    for begin in range(0, len(states), CHUNK):
        some = np.ascontiguousarray(states[begin : begin + CHUNK])
        try:
            same = bool((game.from_observation(game.observe(some)) == some).all())
        except GameError:
            same = False
        if not same:
            msg = f"some positions are impossible in {game.title}"
            raise ValueError(msg)


def _pick(choices: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a random set column of every row of `choices` `[R, G]` (any column if none is set)."""
    return np.asarray((rng.random(choices.shape) + choices).argmax(axis=1), np.int64)


def _near_misses(
    game: Game, achieved: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return a missed goal for every row, if possible one whose parent was achieved."""
    missed = ~achieved
    near: NDArray[np.bool_] = missed.copy()
    for goal, parent in enumerate(goal_parents(game)):
        near[:, goal] &= achieved[:, parent] if parent >= 0 else False
    has_near = np.asarray(near.any(axis=1))
    usable = np.where(has_near[:, None], near, missed)
    return _pick(usable, rng)


def goal_parents(game: Game) -> list[int]:
    """Return the row of the goal that each goal implies, or -1."""
    return [-1 if goal.implies is None else game.goal_index(goal.implies) for goal in game.goals]
