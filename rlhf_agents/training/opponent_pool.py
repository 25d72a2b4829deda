"""Self-play with a pool of snapshots, for any SB3 algorithm in a two-player environment.

    env = make_env("connect_four", n_envs=64, opponent="random")
    PPO("MultiInputPolicy", env).learn(1_000_000, callback=SelfPlayCallback(save_freq=50_000))

A learner that only plays its current self may go in circles: it forgets how to beat its earlier
versions. So it plays against a pool of frozen copies of itself (fictitious self-play, Heinrich
et al., 2015; the defaults are ML-Agents'), and optionally against fixed anchors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from rlhf_adapters.two_player.opponents import mixture
from rlhf_agents.dqn.env_access import game_of, has_method
from rlhf_agents.errors import SettingError
from rlhf_agents.players.opponents import PolicyOpponent, named_opponents
from rlhf_games.base import Game

PRIOR_GAMES = 2
"""Virtual games of every new snapshot, half of them won."""


class SelfPlayCallback(BaseCallback):
    """Lets the learner play against earlier versions of itself.

    The environment's own opponent is replaced when learning begins; games in progress keep
    theirs. Logged: `self_play/snapshots` and, since the last snapshot, the learner's share of
    achieved goals against each kind of opponent: `self_play/success_latest`, `_past`, `_anchors`.

    Args:
        save_freq: environment steps, of all games together, between snapshots.
        window: the most snapshots to keep; the oldest is dropped.
        latest: share of the games, without those against anchors, against the latest snapshot,
            in [0, 1]; the others are against earlier ones.
        anchors: opponents that never change and their shares of all games, e.g.
            {"random": 0.05, "minimax:2": 0.1}; names as in `make_env`.
        prioritized: draw earlier snapshots not evenly but by (1 - s)^2, where s is the learner's
            share of achieved goals against them (prioritized fictitious self-play, Vinyals et al.,
            2019).
        nodes: positions that snapshots of an `HFDQN` for a game search per move.
        epsilon: share of random legal moves of snapshots, so that games differ.
        seed: of their random numbers; by default the model's.

    Raises:
        SettingError: an argument is impossible.
    """

    def __init__(
        self,
        save_freq: int,
        window: int = 10,
        latest: float = 0.5,
        anchors: Mapping[Any, float] | None = None,
        *,
        prioritized: bool = False,
        nodes: int = 0,
        epsilon: float = 0.05,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        shares = mixture(anchors) if anchors else []
        if save_freq < 1 or window < 1 or not 0.0 <= latest <= 1.0:
            msg = (
                "save_freq and window must be at least 1 and latest in [0, 1], "
                f"got {save_freq}, {window} and {latest}"
            )
            raise SettingError(msg)
        if sum(share for _, share in shares) >= 1.0:
            msg = f"the shares of the anchors must sum to less than 1, got {dict(shares)}"
            raise SettingError(msg)
        self.save_freq, self.window, self.latest = save_freq, window, latest
        self.prioritized, self.nodes, self.epsilon, self.seed = prioritized, nodes, epsilon, seed
        self.snapshots: list[PolicyOpponent] = []
        self._anchors = [(named_opponents(who), share) for who, share in shares]
        self._bound = False
        self._score: dict[str, tuple[int, int]] = {}
        self._recent: dict[str, list[bool]] = defaultdict(list)
        self._next_save = 0

    def _on_training_start(self) -> None:
        env = self.training_env
        if not has_method(env, "set_opponent"):
            msg = (
                "self-play needs a two-player environment of make_env, e.g. "
                "make_env('connect_four', opponent='random'); this one has no set_opponent"
            )
            raise SettingError(msg)
        if not self._bound:  # read an agent's file only once
            game = game_of(env)
            self._anchors = [(_bound(who, game), share) for who, share in self._anchors]
            self._bound = True
        if not self.snapshots:
            self._take_snapshot()

    def _on_step(self) -> bool:
        for done, info in zip(self.locals["dones"], self.locals["infos"], strict=True):
            if done and "opponent" in info:
                self._count(info["opponent"], bool(info["is_success"]))
        if self.num_timesteps >= self._next_save:
            self._take_snapshot()
        return True

    def _take_snapshot(self) -> None:
        self._report()
        self._next_save = self.num_timesteps + self.save_freq
        seed = self.model.seed if self.seed is None else self.seed
        self.snapshots.append(
            PolicyOpponent(
                self.model,
                f"snapshot@{self.num_timesteps}",
                nodes=self.nodes,
                epsilon=self.epsilon,
                seed=None if seed is None else seed + self.num_timesteps,
            )
        )
        del self.snapshots[: -self.window]
        self.training_env.env_method("set_opponent", self.opponents())

    def opponents(self) -> list[tuple[object, float]]:
        """Return the mixture for new games: opponents and their shares."""
        rest = 1.0 - sum(share for _, share in self._anchors)
        *past, last = self.snapshots
        if not past:
            return [*self._anchors, (last, rest)]
        weights = np.array([self._weight(snapshot.name) for snapshot in past])
        shares = (1.0 - self.latest) * weights / weights.sum()
        pairs = [*zip(past, shares.tolist(), strict=True), (last, self.latest)]
        return [*self._anchors, *((who, rest * share) for who, share in pairs if share > 0)]

    def _weight(self, name: str) -> float:
        if not self.prioritized:
            return 1.0
        won, games = self._score.get(name, (0, 0))
        return float((1.0 - (won + PRIOR_GAMES / 2) / (games + PRIOR_GAMES)) ** 2)

    def _count(self, name: str, success: bool) -> None:
        won, games = self._score.get(name, (0, 0))
        self._score[name] = (won + success, games + 1)
        kind = "latest" if name == self.snapshots[-1].name else "past"
        self._recent[kind if name.startswith("snapshot@") else "anchors"].append(success)

    def _report(self) -> None:
        self.logger.record("self_play/snapshots", len(self.snapshots))
        for kind, results in self._recent.items():
            self.logger.record(f"self_play/success_{kind}", float(np.mean(results)))
        self._recent.clear()


def _bound(who: object, game: Game | None) -> object:
    return who.for_game(game) if hasattr(who, "for_game") else who
