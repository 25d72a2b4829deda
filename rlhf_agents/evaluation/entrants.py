"""The entrants of a league: players named on the command line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_nodes
from rlhf_agents.players import openspiel_mcts, perfect, python_bot
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.budgets import MoveBudget, split_budget, with_seconds
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.players import AgentPlayer, Player, RandomPlayer, make_player
from rlhf_games.base import Game

AGENT = "agent"
HUMAN = "human"
WITHOUT_NODES = ("random", "minimax", openspiel_mcts.KIND, perfect.KIND)
"""Kinds of players without a number of nodes."""
WITHOUT_TIME = ("random", openspiel_mcts.KIND, perfect.KIND)
"""Kinds of players that no clock ends."""


Load = Callable[..., Agent]
"""Loads an agent by its name or path, for the game `game`."""


@dataclass(frozen=True)
class Entrant:
    """A player in a league.

    Attributes:
        name: unique in the league, e.g. `agent@256`.
        word: the player without its number of nodes, e.g. `agent` or `agent@level7`.
        nodes: positions that an agent searches per move; None for players without that number.
        digest: SHA-256 of its file, "" if it has none.
    """

    name: str
    word: str
    nodes: int | None
    digest: str = ""


def entrants_of(
    specs: Sequence[str], game: Game, nodes: int, seconds: float | None = None
) -> list[Entrant]:
    """Return the entrants that words name: PLAYER or PLAYER@BUDGET, see `players.budgets`.

    Args:
        specs: the words.
        game: the rules.
        nodes: the default of agents.
        seconds: likewise, instead of `nodes`.

    Raises:
        SettingError: a word is invalid, or two entrants have the same name.
    """
    found = [_entrant(spec, game, nodes, seconds) for spec in specs]
    names = [entrant.name for entrant in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        msg = f"two players are called {twice}; leave one out, or rename its file"
        raise SettingError(msg)
    if len(found) < 2:
        msg = "a league needs two players or more, such as: random minimax:4 agent@64"
        raise SettingError(msg)
    return found


def _entrant(spec: str, game: Game, nodes: int, seconds: float | None) -> Entrant:
    word, budget = split_budget(spec)
    kind = word.partition(":")[0]
    if kind == HUMAN:
        msg = "a human cannot play in a league; rlhf-play plays against you"
        raise SettingError(msg)
    if kind in WITHOUT_NODES:
        timed = kind == "minimax" and budget is not None and budget.seconds is not None
        if budget is not None and not timed:
            msg = f"{spec!r}: {kind} has no such budget behind @; write {word}"
            raise SettingError(msg)
        return Entrant(spec, spec, None)
    digest = digest_of(word, game)
    name = Path(word).name
    if word.endswith(python_bot.SUFFIX):
        return _bot(spec, word, budget, digest)
    if budget is None and seconds is not None:
        spec, budget = with_seconds(word, seconds), MoveBudget(seconds=seconds)
    if budget is not None and budget.nodes is None:
        return Entrant(f"{name}@{spec.rpartition('@')[2]}", spec, None, digest)
    wanted = checked_nodes(nodes if budget is None else budget.nodes)
    return Entrant(f"{name}@{wanted}", word, wanted, digest)


def _bot(spec: str, word: str, budget: MoveBudget | None, digest: str) -> Entrant:
    """Return a bot that rlhf-export wrote; without a budget it has its own strength.

    Raises:
        SettingError: it is to play at a level.
    """
    name = Path(word).name
    if budget is None:
        return Entrant(name, word, None, digest)
    if budget.seconds is not None:
        return Entrant(f"{name}@{budget.seconds:g}s", spec, None, digest)
    if budget.nodes is None:
        raise SettingError(_bots_level(spec, word))
    return Entrant(f"{name}@{checked_nodes(budget.nodes)}", word, budget.nodes, digest)


def _bots_level(spec: str, word: str) -> str:
    return f"{spec}: a bot's level is chosen when it is exported; write {word} or {word}@NODES"


def digest_of(word: str, game: Game) -> str:
    """Return the SHA-256 of the file of an agent or a bot; "" if there is none.

    Raises:
        SettingError: it cannot be read.
    """
    word, _ = split_budget(word)
    path = bundled_agents().get(game.name if word == AGENT else word, Path(word))
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return ""  # the player's own error says more
    except OSError as error:
        msg = f"cannot read {str(path)[:100]}: {error.strerror or error}"
        raise SettingError(msg) from error


def make_entrant(
    entrant: Entrant,
    game: Game,
    seed: int | None,
    load: Load = load_agent,
    seconds: float | None = None,
) -> Player:
    """Return the player.

    Args:
        entrant: the entrant.
        game: the rules.
        seed: of random players; None: agents always play the same.
        load: loads agents.
        seconds: the time per move, instead of nodes.

    Raises:
        UserError: there is no such player, or it cannot play this game.
    """
    kind = entrant.word.partition(":")[0]
    if seconds is not None and kind in WITHOUT_TIME:
        msg = f"{entrant.word} cannot play by the clock: leave --time out, or name an agent"
        raise SettingError(msg)
    if kind == openspiel_mcts.KIND:
        simulations = openspiel_mcts.parse_simulations(entrant.word)
        return openspiel_mcts.OpenSpielMCTS(game, simulations, seed or 0)
    if entrant.word == perfect.KIND:
        return perfect.PerfectPlayer(game)
    word, budget = split_budget(entrant.word)
    if word.endswith(python_bot.SUFFIX):
        own = MoveBudget(entrant.nodes, seconds) if budget is None else budget
        if own.level is not None or own.elo is not None:
            raise SettingError(_bots_level(entrant.word, word))
        return python_bot.PythonBotPlayer(game, Path(word), own.nodes, own.seconds)
    by_name = partial(load, game=game.name)
    return make_player(
        entrant.word, game, nodes=entrant.nodes or 0, seed=seed, load=by_name, seconds=seconds
    )


def depends_on_seed(player: Player) -> bool:
    """Return whether the player depends on the seed: agents choose among nearly equal moves."""
    return isinstance(player, AgentPlayer | RandomPlayer | openspiel_mcts.OpenSpielMCTS)
