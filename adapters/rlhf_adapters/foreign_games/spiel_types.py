"""Protocols for the members of OpenSpiel's objects that are used here; it ships no types."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol, runtime_checkable

from rlhf_games.base import Game, States

Parameter = bool | int | float | str


class SpielKind(Protocol):
    """A `pyspiel.GameType`."""

    short_name: str
    long_name: str
    default_loadable: bool
    parameter_specification: dict[str, Parameter]
    dynamics: Enum
    chance_mode: Enum
    information: Enum
    utility: Enum
    min_num_players: int
    max_num_players: int
    provides_observation_tensor: bool


class SpielGame(Protocol):
    """A `pyspiel.Game`."""

    def action_to_string(self, player: int, action: int) -> str:
        """Return the name of an action."""
        ...

    def get_parameters(self) -> dict[str, Parameter]:
        """Return its options."""
        ...

    def get_type(self) -> SpielKind:
        """Return its kind."""
        ...

    def max_game_length(self) -> int:
        """Return the largest number of actions."""
        ...

    def max_utility(self) -> float:
        """Return the payoff of the best result."""
        ...

    def new_initial_state(self, text: str = ...) -> SpielState:
        """Return the starting position, or the one that a text describes."""
        ...

    def num_distinct_actions(self) -> int:
        """Return the number of actions."""
        ...

    def observation_tensor_shape(self) -> Sequence[int]:
        """Return the shape of an observation."""
        ...


class SpielState(Protocol):
    """A `pyspiel.State`."""

    def action_to_string(self, action: int) -> str:
        """Return the name of an action."""
        ...

    def apply_action(self, action: int) -> None:
        """Play an action."""
        ...

    def child(self, action: int) -> SpielState:
        """Return the position after an action."""
        ...

    def current_player(self) -> int:
        """Return the player to move."""
        ...

    def get_game(self) -> SpielGame:
        """Return its game."""
        ...

    def history(self) -> list[int]:
        """Return the actions that led to it."""
        ...

    def is_terminal(self) -> bool:
        """Return whether the game is over."""
        ...

    def legal_actions(self) -> list[int]:
        """Return the legal actions."""
        ...

    def returns(self) -> list[float]:
        """Return the players' returns."""
        ...

    def string_to_action(self, text: str) -> int:
        """Return the action with a name."""
        ...


@runtime_checkable
class KeepsSpielStates(Protocol):
    """A `Game` of ours whose rules are OpenSpiel's."""

    def foreign(self, state: States) -> SpielState:
        """Return a position uint64 `[W]` as OpenSpiel's object, which must not be changed."""
        ...

    def starting_at(self, position: SpielState) -> Game:
        """Return the game as it begins from a position."""
        ...
