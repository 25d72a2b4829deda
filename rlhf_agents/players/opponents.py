"""A trained model as an opponent: a copy that no longer learns and plays only legal moves."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from rlhf_adapters.specs import RANDOM, SELF
from rlhf_adapters.two_player.opponents import Opponent, mixture
from rlhf_agents.errors import SettingError, UnknownPlayerError
from rlhf_agents.files.model_file import read_model
from rlhf_agents.limits import checked_nodes
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.budgets import split_budget
from rlhf_agents.players.players import KINDS, Player, make_player
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.search.searcher import Searcher
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_games.base import Array, Game, States

if TYPE_CHECKING:
    from rlhf_agents.hfdqn import HFDQN

Batch = dict[str, Array]


class Chooser(Protocol):
    """Chooses actions for observations."""

    def choose(self, batch: Batch, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return one action per observation, int64 `[B]`; it may be an illegal one."""
        ...


class PolicyOpponent:
    """An opponent that plays as a model did when this was made.

    Works for `HFDQN` and for any Stable-Baselines3 algorithm that was trained on the environment's
    observations. A policy with a Q-network plays its best legal action, one with a distribution
    over actions draws a legal one from it; of any other, illegal choices become random legal ones.

        make_env("connect_four", opponent=PolicyOpponent(model))

    Args:
        model: it is copied.
        name: its name in results.
        nodes: positions that a copy of an `HFDQN` for a game searches per move; 0: its network
            alone.
        epsilon: share of random legal moves, in [0, 1].
        seed: of its random numbers.

    Raises:
        SettingError: `nodes` or `epsilon` is impossible.
    """

    def __init__(
        self,
        model: Any,
        name: str = "policy",
        *,
        nodes: int = 0,
        epsilon: float = 0.0,
        seed: int | None = None,
    ) -> None:
        checked_nodes(nodes)
        if not 0.0 <= epsilon <= 1.0:
            msg = f"epsilon must be in [0, 1], got {epsilon}"
            raise SettingError(msg)
        searches = getattr(model, "game", None) is not None
        if nodes and not searches:
            msg = (
                f"nodes={nodes} needs an HFDQN for a game; {type(model).__name__} cannot look ahead"
            )
            raise SettingError(msg)
        self.name = name
        self.epsilon = epsilon
        self._rng = np.random.default_rng(seed)
        self._chooser: Chooser = _SearcherCopy(model, nodes) if searches else _PolicyCopy(model)
        self._game: Game | None = None

    def for_game(self, game: Game | None) -> PolicyOpponent:
        """Return the same opponent for a game; without one it expects observations."""
        bound = copy.copy(self)
        bound._game = game
        return bound

    def __call__(self, positions: Any, goals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return legal actions int64 `[B]` for the players to move.

        Args:
            positions: states uint64 `[B, W]` of the game, or observations `[B, ...]` by name.
            goals: rows of their goals, int64 `[B]`.
        """
        batch = positions if self._game is None else _observe(self._game, positions, goals)
        legal = batch["action_mask"] > 0
        actions = self._chooser.choose(batch, self._rng)
        wild = ~legal[np.arange(len(legal)), actions]
        if self.epsilon:
            wild |= self._rng.random(len(actions)) < self.epsilon
        if wild.any():
            actions[wild] = (self._rng.random(legal[wild].shape) * legal[wild]).argmax(axis=1)
        return actions


def _observe(game: Game, states: States, goals: NDArray[np.int64]) -> Batch:
    """Return the observations of the players to move in the goal environment of a game."""
    n_goals = len(game.goals)
    return {
        "observation": game.observe(states),
        "achieved_goal": np.zeros((len(states), n_goals), np.float32),
        "desired_goal": np.eye(n_goals, dtype=np.float32)[goals],
        "action_mask": game.legal(states).astype(np.int8),
    }


class _SearcherCopy:
    """A copy of an `HFDQN` for a game: its network and foresight."""

    def __init__(self, model: HFDQN, nodes: int) -> None:
        assert isinstance(model.learner, GameLearner)
        searcher = model.learner.searcher
        weights = PatternWeights._make(np.array(array) for array in searcher.weights)
        self.game: Game = searcher.game
        self.searcher = Searcher(searcher.game, weights, searcher.goals)
        self.nodes = nodes

    def choose(self, batch: Batch, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the best legal actions; nothing is random."""
        del rng
        states = self.game.from_observation(np.asarray(batch["observation"], np.float32))
        return self.searcher.choose(states, batch["desired_goal"].argmax(axis=1), self.nodes)


class _PolicyCopy:
    """A copy of an SB3 policy, with the normalisation of its observations, if any."""

    def __init__(self, model: Any) -> None:
        self.policy = _copied(model.policy)
        normalizer = model.get_vec_normalize_env() or getattr(model, "normalizer", None)
        self.normalizer = copy.deepcopy(normalizer)

    @torch.no_grad()
    def choose(self, batch: Batch, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the policy's best or random actions."""
        legal = batch["action_mask"] > 0
        observations = self._of_policy(batch)
        if hasattr(self.policy, "q_net"):
            values = self._numbers(self.policy.q_net(self.policy.obs_to_tensor(observations)[0]))
        elif hasattr(self.policy, "get_distribution"):
            tensors = self.policy.obs_to_tensor(observations)[0]
            values = self._numbers(self.policy.get_distribution(tensors).distribution.logits)
            values += rng.gumbel(size=values.shape).astype(np.float32)  # their best is a sample
        else:
            chosen = self.policy.predict(observations)[0]
            return np.asarray(chosen, np.int64)
        return np.asarray(np.where(legal, values, -np.inf).argmax(axis=1), np.int64)

    def _of_policy(self, batch: Batch) -> Any:
        space = self.policy.observation_space
        seen: Any = batch["observation"]
        if isinstance(space, spaces.Dict):
            seen = {key: batch[key] for key in space.spaces}
        return seen if self.normalizer is None else self.normalizer.normalize_obs(seen)

    @staticmethod
    def _numbers(values: torch.Tensor) -> NDArray[np.float32]:
        array: NDArray[np.float32] = values.cpu().numpy()
        return array


def _copied(policy: Any) -> Any:
    """Return a policy with the same weights, as SB3's own `policy.save` and `load` would."""
    with torch.random.fork_rng(devices=[]):  # keep the learner's random numbers unchanged
        copied = type(policy)(**policy._get_constructor_parameters())
    copied.load_state_dict(policy.state_dict())
    copied.to(policy.device)
    copied.set_training_mode(False)
    return copied


def named_opponents(opponent: Any) -> Any:
    """Return an opponent or a mixture with a `NamedOpponent` for each name.

    Raises:
        rlhf_games.base.GameError: the weights of a mixture are invalid.
    """
    if opponent is None:
        return None
    named = [(_named(player), weight) for player, weight in mixture(opponent)]
    return named[0][0] if len(named) == 1 else named


def _named(player: Any) -> Any:
    is_name = isinstance(player, str) and player not in (SELF, RANDOM)
    return NamedOpponent(player) if is_name else player


class NamedOpponent:
    """An opponent that is loaded once its game is known, an `OpponentSource`.

    Args:
        name: see `make_env`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.word, self.budget = split_budget(name)

    def for_game(self, game: Game | None) -> Opponent:
        """Return the opponent as a function.

        Raises:
            UserError: no opponent has that name, or a file cannot be used.
            SettingError: it needs rules and there are none.
        """
        if self.word.endswith(".zip") and read_model(self.word).manifest.get("game") is None:
            opponent: Opponent = self._policy().for_game(game)
            return opponent
        if game is None:
            msg = (
                f"opponent {self.name!r} needs rules that can be simulated, which this environment "
                "does not have: use 'self', 'random', a function, or FILE.zip of a model that was "
                "trained here"
            )
            raise SettingError(msg)

        def load(name: str) -> Agent:
            return load_agent(name, game.name)

        try:
            player = make_player(self.name, game, nodes=0, seed=None, load=load)
        except UnknownPlayerError as error:
            msg = (
                f"unknown opponent {self.name!r}; opponents: self, {KINDS}, a function, or a "
                f"mixture such as {{'minimax:3': 0.5, 'random': 0.5}} ({error.__cause__})"
            )
            raise UnknownPlayerError(msg) from error
        return PlayerOpponent(player, game)

    def _policy(self) -> Any:
        from rlhf_agents.hfdqn import HFDQN  # noqa: PLC0415 - torch takes seconds to import

        nodes = 0 if self.budget is None else self.budget.nodes
        if nodes is None:
            msg = f"{self.name} was trained without rules: it has neither levels nor a clock"
            raise SettingError(msg)
        return PolicyOpponent(HFDQN.load(self.word), self.name, nodes=nodes)


class PlayerOpponent:
    """A `Player` as an opponent.

    Args:
        player: chooses the moves.
        game: the rules.
    """

    def __init__(self, player: Player, game: Game) -> None:
        self.name = player.name
        self.player = player
        self.game = game

    def __call__(self, states: States, goals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return one action int64 `[B]` for positions uint64 `[B, W]` and goal rows `[B]`."""
        actions = np.zeros(len(states), np.int64)
        for goal in np.unique(goals):
            rows = goals == goal
            actions[rows] = self.player.act(states[rows], self.game.goals[goal].name)
        return actions
