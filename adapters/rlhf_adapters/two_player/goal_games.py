"""The state of n games with goals: seats, goals, opponents; no framework.

The caller of `step` plays both seats ("self"), or one seat against an opponent, changing it from
game to game.
"""

from __future__ import annotations

import json
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.kinds import Picture
from rlhf_adapters.specs import SELF, Info
from rlhf_adapters.two_player.drawing import drawn
from rlhf_adapters.two_player.goal_env import FORFEIT, Batch
from rlhf_adapters.two_player.opponents import Opponents
from rlhf_games.arrays import actions_of
from rlhf_games.base import Game, IllegalMoveError, Outcome, States

MIXED = "mixed"
RUNNING = ("states", "goals", "forfeited", "learner", "_next_seat")
"""The arrays of `GoalGames` that hold the state of its games."""


def draw_goals(
    rng: np.random.Generator, count: int, n_goals: int, fixed: int | None
) -> NDArray[np.int64]:
    """Return goal rows of both seats of new games, int64 `[count, 2]`.

    Args:
        rng: draws them.
        count: games.
        n_goals: G.
        fixed: the goal of all, or None: in half of the games both seats play to win (row 0), in the
            other half each gets a random goal.
    """
    if fixed is not None:
        return np.full((count, 2), fixed)
    goals = rng.integers(n_goals, size=(count, 2))
    goals[rng.random(count) < 0.5] = 0
    return goals


class CrossCheck(Protocol):
    """An object that follows every game, e.g. to play it in another library as well."""

    def restart(self, which: NDArray[np.bool_]) -> None:
        """Begin new games where `which` `[n]` is set."""
        ...

    def play(self, which: NDArray[np.bool_], actions: NDArray[np.int64], after: States) -> None:
        """Follow actions `[k]` to positions `[k, W]` in the k games where `which` is set."""
        ...

    def picture(self, number: int) -> Picture:
        """Return a picture of a game."""
        ...

    def close(self) -> None:
        """Release its resources."""
        ...


class GoalGames:
    """n games with goals; no auto-reset.

    Args:
        game: the rules.
        n: the number of games side by side.
        goal: the goal of both seats by name, or "mixed": in half of the games both seats play to
            win, in the other half each gets a random goal.
        opponent: an opponent or a mixture, see `opponents`.
        seed: of goals, first seats, the choice of opponents, and random opponents.

    Attributes:
        learner: int8 `[n]`, the seat of the caller of `step`; in self-play that of the last mover.
        cross_check: follows every move.
    """

    def __init__(
        self,
        game: Game,
        n: int,
        goal: str = MIXED,
        opponent: object = SELF,
        seed: int | None = None,
    ) -> None:
        self.game = game
        self.n = n
        self.fixed_goal = None if goal == MIXED else game.goal_index(goal)
        self.opponents = Opponents(n, opponent, self._random_actions, game)
        self.states = game.initial(n)
        self.goals = np.zeros((n, 2), np.int64)
        self.forfeited = np.zeros(n, np.bool_)
        self.learner = np.zeros(n, np.int8)
        self.cross_check: CrossCheck | None = None
        self.seed(seed)

    def seed(self, seed: int | None) -> None:
        """Reseed the random numbers and the order of seats; call `restart` next.

        After an even seed the learner plays first in games 0, 2, 4, ..., after an odd one in the
        others; each further round swaps the seats. So the seats are balanced even if every game is
        seeded with 0, 1, 2, ...
        """
        self.rng = np.random.default_rng(seed)
        self._next_seat = ((np.arange(self.n) + (seed or 0)) % 2).astype(np.int8)

    def restart(self, which: NDArray[np.bool_]) -> None:
        """Start new games where `which` `[n]` is set."""
        count = int(which.sum())
        if count == 0:
            return
        self.states[which] = self.game.initial(count)
        n_goals = len(self.game.goals)
        self.goals[which] = draw_goals(self.rng, count, n_goals, self.fixed_goal)
        self.forfeited[which] = False
        self.opponents.draw(which, self.rng)
        if self.cross_check is not None:
            self.cross_check.restart(which)
        self._take_seats(which)
        self._reply(which & (self.learner == 1))

    def step(self, actions: object) -> None:
        """Play one action `[n]` in every game, and the opponents' replies.

        Raises:
            GameError: these are not n whole numbers.
        """
        actions = actions_of(actions, self.n)
        self._follow_the_mover()
        legal = self.game.legal(self.states)
        over = ~legal.any(axis=1)
        exists = (actions >= 0) & (actions < self.game.n_actions)
        legal_choice = exists & legal[np.arange(self.n), np.where(exists, actions, 0)]
        self.forfeited |= ~legal_choice & ~over
        playing = legal_choice & ~self.forfeited
        self._play(playing, actions[playing])
        if not self.opponents.alone.all():
            self._reply(playing & (self.game.outcome(self.states) == Outcome.ONGOING))

    def achieved(self) -> NDArray[np.float32]:
        """Return the learner's achieved goals (self-play: the last mover's), float32 `[n, G]`."""
        seats = (self.game.mover(self.states) != self.learner).astype(np.int64)
        of_learner = self.game.achieved(self.states)[np.arange(self.n), seats]
        achieved = np.asarray(of_learner, np.float32)
        achieved[self.forfeited] = FORFEIT
        return achieved

    def achieved_by_seat(self, which: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return the achieved goals of both players of games, bool `[k, 2, G]`."""
        states = self.states[which]
        by_seat = self.game.achieved(states)
        second_to_move = self.game.mover(states) == 1
        by_seat[second_to_move] = by_seat[second_to_move][:, ::-1]
        return by_seat

    def desired(self) -> NDArray[np.float32]:
        """Return the learner's goals, one-hot float32 `[n, G]`."""
        rows = self.goals[np.arange(self.n), self.learner]
        one_hot: NDArray[np.float32] = np.eye(len(self.game.goals), dtype=np.float32)[rows]
        return one_hot

    def observe(self) -> Batch:
        """Return the observations of the next mover, arrays with the leading dimension n."""
        self._follow_the_mover()
        return {
            "observation": self.game.observe(self.states),
            "achieved_goal": self.achieved(),
            "desired_goal": self.desired(),
            "action_mask": self.game.legal(self.states).astype(np.int8),
        }

    def ending(self, game: int) -> Info:
        """Return the info of a finished game, without its observation."""
        info: Info = {"seat_achieved": self.achieved_by_seat(np.array([game]))[0]}
        if not self.opponents.alone[game]:
            info["opponent"] = self.opponents.name(game)
        return info

    def drawn(self, game: int, mode: str | None) -> Picture:
        """Return a game in a render mode, or as its `cross_check` draws it."""
        if self.cross_check is not None:
            return self.cross_check.picture(game)
        return drawn(self.game, self.states[game], mode)

    def run_state(self) -> Batch:
        """Return the state of all games and their random numbers, so that a run can resume."""
        generator = json.dumps(self.rng.bit_generator.state).encode()
        kept = {name: getattr(self, name).copy() for name in RUNNING}
        kept["opponents"] = self.opponents.playing.copy()
        return {**kept, "generator": np.frombuffer(generator, np.uint8)}

    def restore_run_state(self, state: Batch) -> bool:
        """Restore the state from `run_state`; return False if it is from another game.

        Raises:
            KeyError: something is missing.
            ValueError: this is not what `run_state` returns.
        """
        if len(state["states"]) != self.n or self.cross_check is not None:
            return False
        shown = self.game.observe(np.ascontiguousarray(state["states"], np.uint64))
        if not np.array_equal(self.game.from_observation(shown), state["states"]):
            msg = f"these are not positions of {self.game.title}"
            raise ValueError(msg)
        self.rng.bit_generator.state = json.loads(state["generator"].tobytes())
        most = {"goals": len(self.game.goals) - 1, "learner": 1, "_next_seat": 1}
        for name in RUNNING:
            found, usual = state[name], getattr(self, name)
            fits = (found.shape, found.dtype) == (usual.shape, usual.dtype)
            if not fits or not ((found >= 0) & (found <= most.get(name, found))).all():
                msg = f"{name} of the games cannot be {found.dtype} {found.shape}, or too large"
                raise ValueError(msg)
        for name in RUNNING:
            setattr(self, name, state[name].copy())
        self.opponents.sit_down(state["opponents"])
        return True

    def _take_seats(self, which: NDArray[np.bool_]) -> None:
        alone = self.opponents.alone
        self.learner[which & alone] = 0
        against = which & ~alone
        self.learner[against] = self._next_seat[against]
        self._next_seat[against] = 1 - self._next_seat[against]

    def _follow_the_mover(self) -> None:
        alone = self.opponents.alone
        if alone.any():
            self.learner = np.where(alone, self.game.mover(self.states), self.learner)

    def _play(self, which: NDArray[np.bool_], actions: NDArray[np.int64]) -> None:
        after = self.game.step(self.states[which], actions)
        self.states[which] = after
        if self.cross_check is not None:
            self.cross_check.play(which, actions, after)

    def _reply(self, which: NDArray[np.bool_]) -> None:
        """Let the opponents move once, as players of a `Game` move in turn."""
        which = which & ~self.opponents.alone
        if not which.any():
            return
        states, goals = self.states[which], self.goals[which, 1 - self.learner[which]]
        actions = self.opponents.choose(which, states, goals)
        try:
            self._play(which, actions)
        except IllegalMoveError:
            self.opponents.check(which, actions, self.game.legal(states))
            raise

    def _random_actions(self, states: States, _goals: NDArray[np.int64]) -> NDArray[np.int64]:
        return self.game.random_actions(states, self.rng)
