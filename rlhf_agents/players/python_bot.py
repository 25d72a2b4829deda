"""Bots that `rlhf-export` wrote as a Python file, as players. Loading one runs its code."""

from __future__ import annotations

import hashlib
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from rlhf_agents.errors import SettingError
from rlhf_agents.limits import MAX_NODES, checked_nodes, checked_seconds
from rlhf_agents.players.move_only import MoveOnlyPlayer
from rlhf_games.base import Game, States

SUFFIX = ".py"


class PythonBotPlayer(MoveOnlyPlayer):
    """A bot of the formats `python` and `kaggle`; its positions are those of our games.

    Args:
        game: the rules.
        path: of the file; its code is run.
        nodes: positions that it searches per move; None uses the budget of its export.
        seconds: time per move, instead of `nodes`.

    Raises:
        SettingError: the file is missing, fails, or is not a bot for this game.
    """

    def __init__(
        self, game: Game, path: Path, nodes: int | None = None, seconds: float | None = None
    ) -> None:
        self._module = _load(path)
        _check(self._module, path, game)
        self._seconds = None if seconds is None else checked_seconds(seconds)
        self._nodes = _budget(self._module) if nodes is None else checked_nodes(nodes)
        if seconds is not None:
            self._nodes = MAX_NODES
        budget = self._nodes if seconds is None else f"{seconds:g}s"
        super().__init__(game, path.name if budget is None else f"{path.name}@{budget}")

    def choose(self, state: States, goal: str = "win") -> int:
        """Return the bot's action in an unfinished position uint64 `[W]`.

        Raises:
            SettingError: the bot does not know the goal.
        """
        if goal not in self._module.GOALS:
            msg = f"{self.name} does not know the goal {goal!r}; it plays for: "
            raise SettingError(msg + ", ".join(self._module.GOALS))
        position = tuple(int(word) for word in state)
        deadline = None if self._seconds is None else time.perf_counter() + self._seconds
        action: int = self._module.choose_state(
            position, self._module.GOALS.index(goal), self._nodes, deadline
        )
        return action


def _load(path: Path) -> ModuleType:
    name = f"rlhf_python_bot_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    if not path.is_file():
        msg = f"the bot {path} does not exist"
        raise SettingError(msg)
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = f"{path} is not a Python file"
        raise SettingError(msg)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # its code may do anything
        msg = f"the bot {path} cannot be loaded ({type(error).__name__}: {error})"
        raise SettingError(msg) from error
    return module


def _budget(bot: ModuleType) -> int | None:
    """Return how many positions a bot searches by itself; None if it plays at a level."""
    weaker = getattr(bot, "NOISE", 0) or getattr(bot, "SECONDS", None) is not None
    return None if weaker else int(bot.NODES)


def _check(bot: ModuleType, path: Path, game: Game) -> None:
    """Check that a module is a bot for a game, as far as possible without playing."""
    needed = ("choose_state", "start", "ACTION_NAMES", "GOALS", "NODES")
    missing = [name for name in needed if not hasattr(bot, name)]
    if missing:
        msg = f"{path} is not a bot that rlhf-export wrote: it has no {missing[0]}"
        raise SettingError(msg)
    names = (list(game.names_of(0)), list(game.names_of(1)))
    start = tuple(int(word) for word in game.initial(1)[0])
    if tuple(bot.ACTION_NAMES) != names or tuple(bot.start()) != start:
        msg = f"{path} is a bot for a game other than {game.name}"
        raise SettingError(msg)
