"""The board games of `learning_curves.py`: training, and matches against OpenSpiel's MCTS.

The search is OpenSpiel's own (`open_spiel.python.algorithms.mcts.MCTSBot`: UCT with c = 2, one
random rollout per simulation, solved positions proven). It knows no Othello on 6 x 6, so it walks
positions of our rules, whose rollouts are compiled.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import DQN

import rlhf_games
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.agent import load_agent
from rlhf_agents.players.players import AgentPlayer
from rlhf_agents.training.train import TrainingConfig, train
from rlhf_games.base import Game, Outcome, States
from rlhf_games.compiled import compiled, next_random
from rlhf_games.rules import Rules, load, play, random_legal, result

SIMULATIONS = 100
UCT_C = 2.0
NODES = (0, 256)
"""Positions that HFDQN looks at per move in its matches: the network alone, and a small search."""
NEVER = float("inf")


# ---- OpenSpiel's search on our rules -----------------------------------------------------------


@compiled
def rollout(rules: Rules, states: States, seed: int) -> int:
    """Play the one position of `states` `[1, W]` to its end at random.

    Returns:
        1, 0 or -1 for the player to move.
    """
    generator = numba.uint64(seed)
    state = load(rules, states, 0)
    sign = 1
    generator, bits = next_random(generator)
    action = random_legal(rules, state, bits)
    while action >= 0:
        state = play(rules, state, action)
        sign = -sign
        generator, bits = next_random(generator)
        action = random_legal(rules, state, bits)
    return sign * result(rules, state)


class Position:
    """A position of our rules with those methods of `pyspiel.State` that the search calls."""

    def __init__(self, game: Game, states: States) -> None:
        self.game, self.states = game, states

    def clone(self) -> Position:
        return Position(self.game, self.states)

    def apply_action(self, action: int) -> None:
        self.states = self.game.step(self.states, np.array([action]))

    def is_terminal(self) -> bool:
        return bool(self.game.outcome(self.states)[0] != Outcome.ONGOING)

    def is_chance_node(self) -> bool:
        return False

    def current_player(self) -> int:
        return int(self.game.mover(self.states)[0])

    def legal_actions(self, _player: int | None = None) -> list[int]:
        return [int(action) for action in np.flatnonzero(self.game.legal(self.states)[0])]

    def returns(self) -> NDArray[np.float64]:
        return self.by_player(float(self.game.outcome(self.states)[0]))

    def by_player(self, value: float) -> NDArray[np.float64]:
        """Return what is worth `value` to the player to move, for the first and the second."""
        return np.array([value, -value] if self.current_player() == 0 else [-value, value])


class Rollouts:
    """One compiled random rollout per position: an `Evaluator` of OpenSpiel's search."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def evaluate(self, position: Position) -> NDArray[np.float64]:
        rules = position.game.rules
        value = rollout(rules, position.states, int(self.rng.integers(1 << 62)))
        return position.by_player(float(value))

    def prior(self, position: Position) -> list[tuple[int, float]]:
        actions = position.legal_actions()
        return [(action, 1 / len(actions)) for action in actions]


class Searcher:
    """OpenSpiel's MCTS as a player."""

    name = f"MCTS-{SIMULATIONS}"

    def __init__(self, game: Game, seed: int) -> None:
        import pyspiel  # noqa: PLC0415 - an optional library
        from open_spiel.python.algorithms.mcts import MCTSBot  # noqa: PLC0415

        self.game = game
        # Of its game the bot asks only that players move in turn and results are from -1 to 1.
        alike = pyspiel.load_game("breakthrough")
        random = np.random.RandomState(seed)
        self.bot = MCTSBot(alike, UCT_C, SIMULATIONS, Rollouts(seed), random_state=random)

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        del goal
        positions = [Position(self.game, states[i : i + 1]) for i in range(len(states))]
        return np.array([self.bot.mcts_search(one).best_child().action for one in positions])


# ---- who is measured ---------------------------------------------------------------------------


class Greedy:
    """SB3's DQN as a player: its best legal move, so that it never loses by an illegal one."""

    name = "SB3 DQN"

    def __init__(self, model: DQN, game: Game) -> None:
        self.model, self.game = model, game
        self.win = np.eye(len(game.goals), dtype=np.float32)[game.goal_index("win")]

    @torch.no_grad()
    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        del goal
        legal = self.game.legal(states)
        wanted = np.tile(self.win, (len(states), 1))
        seen = {
            "observation": self.game.observe(states),
            "achieved_goal": np.zeros_like(wanted),
            "desired_goal": wanted,
            "action_mask": legal.astype(np.int8),
        }
        values = self.model.q_net(self.model.policy.obs_to_tensor(seen)[0]).numpy()
        return np.asarray(np.where(legal, values, -np.inf).argmax(axis=1), np.int64)


@dataclass(frozen=True)
class Trained:
    """What a run on a board game came to.

    Attributes:
        steps: of the environment.
        seconds: of training.
        scores: win rates by the name of what was measured.
    """

    steps: int
    seconds: float
    scores: dict[str, float]


def train_hfdqn(
    name: str, minutes: float, seed: int, games: int, file: Path, quiet: bool
) -> Trained:
    """Train as `rlhf-train` does and play; a run that was interrupted goes on from `file`.

    Raises:
        KeyboardInterrupt: somebody asked to stop; the file holds what was learnt.
    """
    resume = file if file.exists() else None
    plan = TrainingConfig(
        name,
        minutes=minutes,
        out=file,
        seed=None if resume else seed,
        resume=resume,
        strength_seconds=NEVER,
        checkpoint_minutes=2.0,
        quiet=quiet,
    )
    model, interrupted = train(plan, strength=lambda _: 0.0)
    if interrupted:
        raise KeyboardInterrupt
    return Trained(model.num_timesteps, model.training_seconds, win_rates(name, file, games, seed))


def untrained_hfdqn(name: str, seed: int, games: int, file: Path) -> Trained:
    """Play with a network that has learnt nothing: what search alone can do."""
    HFDQN("MultiInputPolicy", make_env(name, 1), seed=seed).save_agent(file)
    return Trained(0, 0.0, win_rates(name, file, games, seed))


def win_rates(name: str, file: Path, games: int, seed: int) -> dict[str, float]:
    """Return the win rates of an agent by how many nodes it looks at."""
    game, agent = rlhf_games.make(name), load_agent(file)
    players = {nodes: AgentPlayer(agent, nodes) for nodes in NODES}
    return {f"{n} nodes": win_rate(game, player, games, seed) for n, player in players.items()}


def train_dqn(name: str, steps: int, seed: int, games: int) -> Trained:
    """Train SB3's DQN against random play, with its own settings, for as many steps, and play.

    Sixteen games are stepped at once, with one gradient step per four moves, as by default.
    """
    env = make_env(name, 16, "win", "random", seed)
    model = DQN(
        "MultiInputPolicy",
        env,
        buffer_size=200_000,
        train_freq=4,
        gradient_steps=16,
        learning_starts=10_000,
        seed=seed,
        device="cpu",
    )
    begin = time.perf_counter()
    with contextlib.closing(env):
        model.learn(steps)
    seconds = time.perf_counter() - begin
    game = rlhf_games.make(name)
    scores = {"": win_rate(game, Greedy(model, game), games, seed)}
    return Trained(model.num_timesteps, seconds, scores)


def win_rate(game: Game, player: Any, games: int, seed: int) -> float:
    """Return the share of games won against the search, from random openings, each seat in half."""
    players = player, Searcher(game, seed)
    return play_match(game, players, MatchSettings(games=games, seed=seed)).total.win_rate
