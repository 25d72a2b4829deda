"""Resuming in the middle of episodes: the state of n one-player environments as arrays, and back.

A file never sets the state of a game directly. Games are replayed from the start, so that the
result is always a state that their rules allow.
"""

from __future__ import annotations

import json
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.kinds import Arrays
from rlhf_adapters.single_agent.tasks import TableTask, Task
from rlhf_games.arcade.batch import ArcadeBatch
from rlhf_games.arcade.rules import LAST_ACTION
from rlhf_games.base import Array

FIRST_ROOM = 1024
"""Steps of an episode for which there is space at first."""


class EpisodeLog:
    """The actions of the unfinished episodes of n games, and how they began.

    Args:
        batch: the games.
    """

    def __init__(self, batch: ArcadeBatch) -> None:
        self.batch = batch
        self.lengths = np.zeros(batch.n, np.int64)
        self.actions = np.zeros((batch.n, FIRST_ROOM), np.int8)
        self.dice = batch.dice.generators.copy()
        self.sticking = batch.states[:, LAST_ACTION].copy()
        self._each = np.arange(batch.n)

    def begin(self, which: NDArray[np.bool_]) -> None:
        """Record the start of the games of `which` `[n]`, which are about to begin."""
        self.lengths[which] = 0
        self.dice[which] = self.batch.dice.generators[which]
        self.sticking[which] = self.batch.states[which, LAST_ACTION]

    def add(self, actions: Array, which: NDArray[np.int64] | None = None) -> None:
        """Record an action of every game, or of some."""
        which = self._each if which is None else which
        if self.lengths.max() >= self.actions.shape[1]:
            self.actions = np.concatenate([self.actions, np.zeros_like(self.actions)], axis=1)
        self.actions[which, self.lengths[which]] = actions
        self.lengths[which] += 1

    def state(self) -> Arrays:
        """Return the record as arrays."""
        longest = int(self.lengths.max(initial=0))
        taken = np.where(np.arange(longest) < self.lengths[:, None], self.actions[:, :longest], 0)
        return {
            "dice": self.dice.copy(),
            "sticking": self.sticking.copy(),
            "lengths": self.lengths.copy(),
            "actions": np.ascontiguousarray(taken.T),
        }

    def replay(self, state: Arrays) -> None:
        """Bring the games to where they were in `state`.

        Raises:
            KeyError: something is missing.
            ValueError: it is for a different number of games.
            rlhf_games.base.IllegalMoveError: an action does not exist.
        """
        batch, lengths = self.batch, _like(state["lengths"], self.lengths)
        last, actions = _like(state["sticking"], self.sticking), state["actions"]
        longest = int(lengths.max(initial=0))
        fits = actions.shape == (longest, batch.n) and actions.dtype == np.int8
        if lengths.min() < 0 or not fits:
            msg = f"actions {actions.shape} are not those of episodes of {longest} steps"
            raise ValueError(msg)
        if last.min() < 0 or last.max() >= batch.game.n_actions:
            msg = f"a last action is not one of 0 to {batch.game.n_actions - 1}"
            raise ValueError(msg)
        batch.dice.generators[:] = _like(state["dice"], self.dice)
        batch.states[:, LAST_ACTION] = last
        everywhere = np.ones(batch.n, np.bool_)
        self.begin(everywhere)
        batch.restart(everywhere)
        for t in range(longest):
            playing = np.flatnonzero(t < lengths)
            batch.step_some(playing, actions[t, playing])
            self.add(actions[t, playing], playing)


def _like(found: Array, own: Array) -> Array:
    """Return an array from a file if it has the shape and type of our own.

    Raises:
        ValueError: it does not.
    """
    if found.shape != own.shape or found.dtype != own.dtype:
        msg = f"expected {own.dtype} {own.shape}, got {found.dtype} {found.shape}"
        raise ValueError(msg)
    return found


@runtime_checkable
class Logged(Protocol):
    """Environments that can replay their episodes."""

    log: EpisodeLog

    def replay(self, state: Arrays) -> None:
        """Bring the games to the state of `log.state()`."""
        ...


class Counters(Protocol):
    """The counters of a `GoalEnvs`."""

    rng: np.random.Generator
    steps: NDArray[np.int64]
    score: NDArray[np.float64]


class Running(Protocol):
    """The members of a `VecEnv` over `GoalEnvs` that make up its state."""

    task: Task
    _returns: NDArray[np.float64]

    @property
    def batched(self) -> object:
        """The environments."""
        ...

    @property
    def games(self) -> Counters:
        """Their counters."""
        ...

    def _columns(self) -> Arrays: ...


class ResumableEnvs:
    """A `VecEnv` over `GoalEnvs` that can save and restore its state, if its environments can."""

    def run_state(self: Running) -> Arrays:
        """Return the state of all environments, empty if they cannot save it."""
        if not isinstance(self.batched, Logged):
            return {}
        said = json.dumps(self.games.rng.bit_generator.state).encode()
        own = {name: array.copy() for name, array in self._columns().items()}
        return {"generator": np.frombuffer(said, np.uint8), **own, **self.batched.log.state()}

    def restore_run_state(self: Running, state: Arrays) -> bool:
        """Restore the state from `run_state`; return whether all environments could.

        Raises:
            KeyError: something is missing.
            ValueError: it is not from such environments; also the errors of `EpisodeLog.replay`.
        """
        if not isinstance(self.batched, Logged) or not state:
            return False
        columns = {name: _like(state[name], own) for name, own in self._columns().items()}
        self.games.rng.bit_generator.state = json.loads(state["generator"].tobytes())
        self.batched.replay(state)
        self.games.steps[:] = self.batched.log.lengths
        for name, own in self._columns().items():
            own[:] = columns[name]
        if isinstance(self.task, TableTask):
            self.task.asked[:] = self.task.desired.argmax(axis=1)
        return True

    def _columns(self: Running) -> Arrays:
        return {
            "returns": self._returns,
            "score": self.games.score,
            "achieved": self.task.achieved,
            "desired": self.task.desired,
        }
