"""Settings of learning: the goals to study (hindsight), and how far to look ahead (foresight)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import cos, pi
from typing import Any, NamedTuple, TypeVar

Settings = TypeVar("Settings", "Hindsight", "Foresight", "ModelForesight", "Parallel")


@dataclass(frozen=True)
class Hindsight:
    """Settings for proposing goals.

    Attributes:
        win_share: share of positions studied for `win`, in [0, 1].
        achieved_share: of the rest, the share studied for a goal that the game achieved; the
            others are studied for the commanded goal or a near miss.
        win_weight: weight of `win` in the loss, everywhere.
        base_weight: weight of every other goal of both seats, everywhere.
        proposed_weight: added to the weight of the goal for which a position was proposed.
        random_openings: share of self-play games that begin with random moves, in [0, 1]: good play
            from unusual positions teaches more than unusual play from good ones.
        random_plies: the most random moves.
    """

    win_share: float = 0.6
    achieved_share: float = 0.5
    win_weight: float = 1.0
    base_weight: float = 0.05
    proposed_weight: float = 0.5
    random_openings: float = 0.75
    random_plies: int = 20


BUSY_WORKERS = 2.5
"""Helpers whose batches one learner can just learn, measured on Connect Four."""
GROWING = ("nodes", "first_nodes", "lesson_nodes", "prove_nodes", "solve_nodes")
"""Numbers of positions that grow together, so that a batch studies as many positions as before."""
MAX_WORKERS = 256


@dataclass(frozen=True)
class Foresight:
    """Settings for looking ahead in a game.

    Attributes:
        nodes: positions evaluated per studied position; one full ply is the minimum.
        first_nodes: the same at the beginning of learning, when many shallow searches with an
            untrained network are worth more than few deep ones; doubled until `nodes` is reached.
        doubling: share of the run after which the number doubles, in (0, 1].
        lesson_nodes: positions evaluated per batch, which determines how many positions are
            studied.
        acting_nodes: positions evaluated per move of self-play; 0 is the network alone.
        paranoia: weight w of the worst reply for goals that are not zero-sum, in [0, 1].
        temperature: T of the opponent model softmax(Q_win / T), > 0.
        discount: per ply towards a draw, for zero-sum goals, in (0, 1].
        averaging: share of the mean of all leaves in a move's value, in [0, 1]; 0 is minimax.
        explore: exploration bonus of the tree search, >= 0.
        learn_from: a node is learnt when at least this many of its moves have a target.
        prove_plies: moves of studied positions are proven exactly for `win` when at most this
            many plies can follow them; 0 never.
        prove_nodes: budget of a proof; if it fails, the tree's value is used.
        solve_nodes: positions that the solver visits per studied position to prove which of its
            moves win, draw or lose, wherever in a game that succeeds often enough; 0 never.
        pool: rows of recent batches that mini-batches are drawn from, a gigabyte at most.
        workers: helpers that the run is laid out for, see `for_workers`. Results depend on it, and
            not on how many threads or machines build the batches.
    """

    nodes: int = 96
    first_nodes: int = 24
    doubling: float = 0.15
    lesson_nodes: int = 6144
    acting_nodes: int = 0
    paranoia: float = 0.1
    temperature: float = 0.08
    discount: float = 0.99
    averaging: float = 0.4
    explore: float = 0.05
    learn_from: int = 2
    prove_plies: int = 16
    prove_nodes: int = 3000
    solve_nodes: int = 10_000
    pool: int = 100_000
    workers: int = 1

    @property
    def depth(self) -> int:
        """The number of batches in preparation at once."""
        return 1 if self.workers == 1 else 2 * self.workers

    def for_workers(self, workers: int) -> Foresight:
        """Return these settings for a number of helpers.

        More of them than keep a learner busy look deeper instead: at the same rate of batches,
        searches and proofs grow.
        """
        factor = max(1.0, workers / BUSY_WORKERS)
        grown = {name: round(factor * getattr(self, name)) for name in GROWING}
        return replace(self, workers=workers, **grown)

    def nodes_at(self, progress: float) -> int:
        """Return the nodes per studied position after a share of the run, 0 to 1."""
        doublings = int(progress / self.doubling + 1e-9)
        return min(self.nodes, self.first_nodes << min(doublings, 30))


@dataclass(frozen=True)
class ModelForesight:
    """Settings for looking ahead in a plain environment, with a learned model.

    Attributes:
        model: "table" stores every state, "network" predicts, "auto" finds out which works.
        acting: look ahead when acting, not only when learning.
        width: how many of the best actions a network looks into, at least 1.
        bold: while learning, actions never tried count as the best possible, so that they are
            tried; with a table only.
        trust: a network is used while at most this share of its confident predictions about the
            latest steps was wrong, in [0, 1].
        members: networks that must agree, at least 2.
        hidden: width of each.
        learning_rate: of the networks.
        batch_size: transitions per step of the networks.
    """

    model: str = "auto"
    acting: bool = True
    width: int = 4
    bold: bool = True
    trust: float = 0.05
    members: int = 3
    hidden: int = 32
    learning_rate: float = 0.02
    batch_size: int = 64


@dataclass(frozen=True)
class Parallel:
    """Settings for learning from many environments side by side, without replay.

    All of them take `train_freq` steps, which are learnt `epochs` times in mini-batches of
    `batch_size` and then discarded.

    Attributes:
        trace: lambda of the returns, in [0, 1]: 0 uses only the value of the next state, 1 the
            rewards until the end of the rollout.
        epochs: how many times each rollout is learnt, at least 1.
        explore_steps: the exploration rate takes at least this many steps to fall (half of the run,
            if that is shorter), whatever `exploration_fraction` says.
        mirror: learn half of the mini-batches mirrored, where environments declare that symmetry.
    """

    trace: float = 0.65
    epochs: int = 4
    explore_steps: int = 100_000
    mirror: bool = True


class Priorities(NamedTuple):
    """Prioritised replay (Schaul et al., 2016).

    Attributes:
        alpha: how much priorities matter, in [0, 1].
        beta: how much of the bias is corrected, in [0, 1].
        epsilon: added to every error.
    """

    alpha: float = 0.6
    beta: float = 0.4
    epsilon: float = 1e-6


RANGES = {
    "doubling": (1e-9, 1.0),
    "temperature": (1e-9, 1e9),
    "nodes": (1, 10**7),
    "workers": (1, MAX_WORKERS),
    "trust": (0, 1),
    "width": (1, 10**8),
    "members": (2, 10**8),
    "hidden": (1, 10**8),
    "batch_size": (1, 10**8),
    "trace": (0, 1),
    "epochs": (1, 10**4),
}
"""Ranges of some numbers; all others are 0 or more."""
MOST = 10**8


def from_json(kind: type[Settings], values: dict[str, Any]) -> Settings:
    """Return settings from a file, without names that this version does not know.

    Raises:
        TypeError: the values are not a mapping.
        ValueError: a value has the wrong type or is out of range.
    """
    known = {field.name: type(field.default) for field in fields(kind)}
    chosen = {name: value for name, value in dict(values).items() if name in known}
    for name, value in chosen.items():
        if known[name] in {bool, str}:
            if type(value) is not known[name]:
                msg = f"{name} is {value!r}, not a {known[name].__name__}"
                raise ValueError(msg)
            continue
        least, most = RANGES.get(name, (0, MOST))
        fits = isinstance(value, int if known[name] is int else int | float)
        if not fits or isinstance(value, bool) or not least <= value <= most:
            msg = f"{name} is {value!r}, not a number from {least} to {most}"
            raise ValueError(msg)
    return kind(**chosen)


GAME_DEFAULTS: dict[str, float] = {
    "learning_rate": 4e-3,
    "buffer_size": 500_000,
    "learning_starts": 10_000,
    "batch_size": 1024,
    "gradient_steps": 3,
    "tau": 0.03,
    "train_freq": 1,
    "exploration_fraction": 0.02,
    "exploration_final_eps": 0.15,
}
"""Values that replace SB3's defaults for a two-player game (other values are kept)."""


DQN_DEFAULTS: dict[str, float] = {
    "learning_rate": 1e-4,
    "buffer_size": 1_000_000,
    "learning_starts": 100,
    "batch_size": 32,
    "gradient_steps": 1,
    "tau": 1.0,
    "train_freq": 4,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.05,
}


@dataclass(frozen=True)
class LostSchedule:
    """A placeholder for a learning-rate schedule that is code and therefore not in the file.

    With it a model can be loaded and play, but not learn.

    Attributes:
        name: of the function or class.
    """

    name: str

    def __call__(self, progress_remaining: float) -> float:
        """Return 0."""
        return 0.0


@dataclass(frozen=True)
class Cosine:
    """A learning rate that falls from `start` to `start * floor` along a half cosine."""

    start: float
    floor: float = 0.02

    def __call__(self, progress_remaining: float) -> float:
        """Return the learning rate for the remaining progress, from 1 to 0."""
        share = 0.5 * (1.0 + cos(pi * (1.0 - progress_remaining)))
        return self.start * (self.floor + (1.0 - self.floor) * share)
