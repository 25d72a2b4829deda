"""The opponents of a learner: one for all games, or one drawn for each by weight.

An opponent is "self" (the caller of `step` plays both seats), "random", a function, or a mixture:

    {"minimax:3": 0.5, "random": 0.5}        or        [(my_function, 2), ("self", 1)]

A game's opponent is drawn when the game begins and stays until its end. The application layer turns
other names, such as "minimax:3", into `OpponentSource`s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.specs import RANDOM, SELF
from rlhf_games.base import Array, Game, GameError, IllegalMoveError

Opponent = Callable[[Any, NDArray[np.int64]], NDArray[np.int64]]
"""Chooses actions int64 `[B]` for positions and goal rows int64 `[B]` of the players to move.

Positions are states uint64 `[B, W]` of the environment's `game`. Without a `game`, they are the
opponent's observations, a Dict of arrays `[B, ...]`.
"""


@runtime_checkable
class OpponentSource(Protocol):
    """Makes an opponent once the rules are known.

    Attributes:
        name: how errors and results call it.
    """

    name: str

    def for_game(self, game: Game | None) -> Opponent:
        """Return the opponent; `game` is None where the rules cannot be simulated."""
        ...


class Seated(NamedTuple):
    """A possible opponent.

    Attributes:
        name: its name in errors and results.
        choose: chooses its moves; None: the caller of `step` does.
    """

    name: str
    choose: Opponent | None


class Opponents:
    """The opponents of n games.

    Args:
        n: the number of games side by side.
        choice: an opponent or a mixture, see the top of this file.
        random: chooses a random legal action from positions and goals.
        game: the rules, None where they cannot be simulated.

    Attributes:
        alone: bool `[n]`, the games in which the caller of `step` plays both seats.

    Raises:
        GameError: the choice is unknown, or a mixture has invalid weights.
    """

    def __init__(self, n: int, choice: object, random: Opponent, game: Game | None) -> None:
        self._random = random
        self._game = game
        self._table: list[Seated] = []
        self._weights = np.zeros(0)
        self._playing = np.zeros(n, np.int64)
        self.change(choice)

    def change(self, choice: object) -> None:
        """Draw opponents from another choice; games in progress keep theirs."""
        pairs = mixture(choice)
        new = [self._seated(each) for each, _ in pairs]
        kept, places = np.unique(self._playing, return_inverse=True)
        staying = [self._table[k] for k in kept] if self._table else []
        self._playing = places.reshape(-1) if staying else self._playing
        self._table = staying + new
        self._is_self = np.array([seated.choose is None for seated in self._table])
        self._weights = np.array([0.0] * len(staying) + [weight for _, weight in pairs])
        self.alone = self._is_self[self._playing]

    def name(self, game: int) -> str:
        """Return the name of the opponent of one game."""
        return self._table[int(self._playing[game])].name

    @property
    def playing(self) -> NDArray[np.int64]:
        """The number of the opponent in each game, int64 `[n]`."""
        return self._playing

    def sit_down(self, playing: Array) -> None:
        """Seat the given opponents, int64 `[n]`.

        Raises:
            ValueError: there are no such opponents.
        """
        if not (
            playing.shape == self._playing.shape
            and np.isin(playing, np.arange(len(self._table))).all()
        ):
            msg = f"there are {len(self._table)} opponents and {len(self._playing)} games"
            raise ValueError(msg)
        self._playing = np.array(playing, np.int64)
        self.alone = self._is_self[self._playing]

    def draw(self, which: NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Draw the opponents of the new games where `which` `[n]` is set."""
        possible = np.flatnonzero(self._weights)
        if len(possible) == 1:  # a single opponent needs no random number
            self._playing[which] = possible[0]
        else:
            shares = self._weights / self._weights.sum()
            self._playing[which] = rng.choice(len(shares), size=int(which.sum()), p=shares)
        self.alone = self._is_self[self._playing]

    def choose(
        self, which: NDArray[np.bool_], positions: Any, goals: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the actions int64 `[k]` of the opponents in the k games where `which` is set.

        Args:
            which: bool `[n]`.
            positions: of these games, see `Opponent`.
            goals: rows of the opponents' goals, int64 `[k]`.

        Raises:
            GameError: an opponent did not choose one action per position.
        """
        playing = self._playing[which]
        if (playing == playing[0]).all():
            return _answer(self._table[playing[0]], positions, goals)
        actions = np.zeros(len(playing), np.int64)
        for k in np.unique(playing):
            rows = playing == k
            actions[rows] = _answer(self._table[k], _of_rows(positions, rows), goals[rows])
        return actions

    def check(
        self, which: NDArray[np.bool_], actions: NDArray[np.int64], legal: NDArray[np.bool_]
    ) -> None:
        """Raise an error that names the opponent if one chose an illegal action.

        Args:
            which: bool `[n]`.
            actions: int64 `[k]`, from `choose`.
            legal: bool `[k, A]`.

        Raises:
            IllegalMoveError: there is one.
        """
        exists = (actions >= 0) & (actions < legal.shape[1])
        allowed = exists & legal[np.arange(len(legal)), np.where(exists, actions, 0)]
        if not allowed.all():
            row = int(np.flatnonzero(~allowed)[0])
            name = self._table[self._playing[which][row]].name
            choices = np.flatnonzero(legal[row]).tolist()
            msg = f"opponent {name!r} chose the illegal action {actions[row]}; legal: {choices}"
            raise IllegalMoveError(msg)

    def _seated(self, choice: object) -> Seated:
        if choice == SELF:
            return Seated(SELF, None)
        if choice == RANDOM:
            return Seated(RANDOM, self._random)
        if _is_source(choice):
            return Seated(choice.name, choice.for_game(self._game))
        if callable(choice):
            return Seated(_name_of(choice), choice)
        msg = (
            f"unknown opponent {choice!r}; use 'self', 'random', a function, or a mixture such as "
            "{'self': 0.5, 'random': 0.5}"
        )
        raise GameError(msg)


def mixture(choice: object) -> list[tuple[object, float]]:
    """Return an opponent or a mixture as pairs of an opponent and its weight.

    Raises:
        GameError: a mixture is empty, or a weight is not a number above 0.
    """
    if isinstance(choice, Mapping):
        pairs = list(choice.items())
    elif isinstance(choice, list | tuple):
        pairs = list(choice)
    else:
        return [(choice, 1.0)]
    if not pairs:
        msg = "a mixture of opponents must name at least one, e.g. {'self': 0.5, 'random': 0.5}"
        raise GameError(msg)
    return [_weighted(pair) for pair in pairs]


def _weighted(pair: Any) -> tuple[object, float]:
    try:
        who, weight = pair
        number = float(weight)
    except (TypeError, ValueError) as error:
        msg = f"a mixture is a Dict or a list of pairs (opponent, weight), got {pair!r} in it"
        raise GameError(msg) from error
    if not (np.isfinite(number) and number > 0):
        msg = f"the weight of opponent {_name_of(who)!r} must be above 0, got {weight}"
        raise GameError(msg)
    return who, number


def _is_source(choice: object) -> TypeGuard[OpponentSource]:
    return isinstance(choice, OpponentSource)


def _name_of(choice: object) -> str:
    return str(getattr(choice, "name", None) or getattr(choice, "__name__", None) or choice)


def _of_rows(positions: Any, rows: NDArray[np.bool_]) -> Any:
    if isinstance(positions, dict):
        return {key: values[rows] for key, values in positions.items()}
    return positions[rows]


def _answer(seated: Seated, positions: Any, goals: NDArray[np.int64]) -> NDArray[np.int64]:
    assert seated.choose is not None
    actions = np.asarray(seated.choose(positions, goals))
    count = len(goals)
    if actions.shape != (count,) or not np.issubdtype(actions.dtype, np.integer):
        msg = (
            f"opponent {seated.name!r} must choose {count} actions, integers in an array "
            f"[{count}], got {actions.dtype} {list(actions.shape)}"
        )
        raise GameError(msg)
    return actions.astype(np.int64)
