"""PettingZoo: its turn-based worlds of two players (AEC), with masks.

    make_env("pettingzoo:connect_four_v3", n_envs=64)
    make_env("pettingzoo:go_v5", n_envs=8, board_size=9)

The options are those of PettingZoo's constructors. There are three kinds:

* `connect_four_v3`, `tictactoe_v3`: their rules are ours, too. PettingZoo's environment is stepped
  beside ours and must agree on every move; observations are ours.
* `chess_v6`, `go_v5`: PettingZoo's environment, copied, is an exact `Game` for foresight. They take
  an option `max_plies`: the game ends there as a draw.
* card games, and what others have registered: no rules that one could look ahead with; observations
  are PettingZoo's, goals are what one wins in all.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import rlhf_games
from rlhf_adapters.worlds import Order, World, WorldError, unknown
from rlhf_games.base import Game

LIBRARY = "pettingzoo"
CURE = 'pip install "rlhf-agents[pettingzoo]"'
LIMIT = "max_plies"
SHOW = ("render_mode", "screen_height", "screen_scaling")
"""Options that are no part of the rules."""
OURS = {"connect_four": "connect_four", "tictactoe": "tic_tac_toe"}
"""Which of our games has the rules of a world."""
KEPT = 2048
"""Copies of environments kept in each of two generations; one of chess takes some 50 kB."""
DEADLINE_SHARE = 0.75
MARGINS = {"leduc_holdem": (2, 4), "texas_holdem": (2, 4), "texas_holdem_no_limit": (10, 50),
           "hanabi": (5, 10, 15, 20)}  # fmt: skip
"""Totals worth aiming at. In Hanabi both players win the same, the score of the team."""
FOREIGN = ("atari", "butterfly", "sisl")
"""Parts of PettingZoo in which nothing is turn-based."""
FORM = re.compile(r"([\w/.-]+)(?:\((.*)\))?")


class Kind(NamedTuple):
    """A world of PettingZoo.

    Attributes:
        name: as users write it, e.g. `go_v5`.
        key: in PettingZoo's registry.
        base: the name without version.
        options: of its constructor.
    """

    name: str
    key: str
    base: str
    options: dict[str, Any]

    @property
    def bare(self) -> str:
        """The name with the library."""
        return f"{LIBRARY}:{self.name}"

    @property
    def full(self) -> str:
        """The name with the library and the options that are part of the rules."""
        rules = {key: value for key, value in self.options.items() if key not in SHOW}
        options = ",".join(f"{key}={value!r}" for key, value in sorted(rules.items()))
        return f"{self.bare}({options})" if options else self.bare


class Copied(NamedTuple):
    """How a world whose environment can be copied is cut to size.

    Attributes:
        title: what people call it.
        plies: the usual limit, per cell of the board.
        typical: length of a game, per cell.
    """

    title: str
    plies: int
    typical: float


COPIED = {"chess": Copied("Chess", 8, 1.5), "go": Copied("Go", 2, 0.9)}


def make(order: Order) -> Any:
    """Return an environment, or an SB3 VecEnv, see `rlhf_adapters.make_env`.

    Raises:
        WorldError: there is no such world or option, or it cannot be played here.
    """
    if order.n_envs < 1:
        msg = f"n_envs must be at least 1, got {order.n_envs}"
        raise WorldError(msg)
    kind = _kind(order.world, order.options)
    if kind.base in OURS or kind.base in COPIED:
        return _make_exact(kind, order)
    return _make_shown(kind, order)


def worlds() -> list[str]:
    """Return the names of the worlds that are turn-based; those of others may refuse later."""
    zoo = _zoo()
    keys = [key for key in zoo.aec_registry if key not in zoo.parallel_registry]
    return sorted(_spelled(key) for key in keys if key.partition("/")[0] not in FOREIGN)


def describe(world: str) -> World:
    """Return what is known of a world.

    Raises:
        WorldError: as for `make`.
    """
    kind = _kind(world, {})
    if kind.base in OURS or kind.base in COPIED:
        rules = _rules(kind)
        names = tuple(goal.name for goal in rules.goals)
        return World(kind.full, 2, rules.n_actions, names, foresight=True)
    env = _make_shown(kind, Order(LIBRARY, world))
    names = tuple(goal.name for goal in env.table.goals)
    env.close()
    return World(kind.full, 2, int(env.action_space.n), names)


def game(world: str, options: Mapping[str, Any] | None = None) -> Game:
    """Return the rules of a world as an exact `Game`.

    Args:
        world: its name, perhaps with options in brackets: go_v5(board_size=9).
        options: more of them.

    Raises:
        WorldError: as for `make`, or its rules cannot be simulated.
    """
    kind = _kind(world, options or {})
    if kind.base not in OURS and kind.base not in COPIED:
        msg = f"{kind.full} has no rules to look ahead with: players do not see everything"
        raise WorldError(msg)
    return _rules(kind)


# ---- the three kinds -------------------------------------------------------------------------


def _make_exact(kind: Kind, order: Order) -> Any:
    from rlhf_adapters.game_env import make_game_env  # noqa: PLC0415 - SB3 takes seconds to import
    from rlhf_adapters.pettingzoo_witness import PettingZooWitness  # noqa: PLC0415

    rules, ours = _rules(kind), kind.base in OURS
    made = make_game_env(rules, order.n_envs, order.goal, order.opponent, order.seed)
    mode = kind.options.get("render_mode")
    if ours or mode is not None:
        envs = [_new(kind).unwrapped for _ in range(order.n_envs)]
        made.games.witness = PettingZooWitness(kind.full, rules, envs, compare_boards=ours)
        made.render_mode = mode
        made.metadata = {"render_modes": list(envs[0].metadata["render_modes"])}
    return made


def _make_shown(kind: Kind, order: Order) -> Any:
    from rlhf_adapters.aec_env import AecGoalEnv  # noqa: PLC0415 - SB3 takes seconds to import
    from rlhf_adapters.total_goals import GoalTable, total_goals  # noqa: PLC0415

    table = GoalTable(kind.full, total_goals(MARGINS.get(kind.base, ())))
    opponent = "random" if order.opponent is None else order.opponent
    goal = order.goal or "win"

    def one(number: int) -> AecGoalEnv:
        seed = None if order.seed is None else order.seed + number
        env = _new(kind)
        # Wrappers guard against what `AecGoalEnv` never does, and double the time of a step.
        env = env.unwrapped if kind.key.startswith("classic/") else env
        return AecGoalEnv(kind.full, env, table, goal, opponent, seed)

    if order.n_envs == 1:
        return one(0)
    from stable_baselines3.common.vec_env import DummyVecEnv  # noqa: PLC0415

    return DummyVecEnv([partial(one, number) for number in range(order.n_envs)])


def _rules(kind: Kind) -> Game:
    if kind.base in OURS:
        _new(kind)  # a wrong option is a mistake here, too
        return rlhf_games.make(OURS[kind.base])
    from rlhf_adapters.history_game import HistoryGame, goal_table  # noqa: PLC0415
    from rlhf_adapters.pettingzoo_backend import PettingZooBackend  # noqa: PLC0415

    env = _new(kind._replace(options={**kind.options, "render_mode": None})).unwrapped
    cells = env.observation_space(env.possible_agents[0])["observation"].shape
    facts = COPIED[kind.base]
    area = cells[0] * cells[1]
    last = _limit(kind, facts.plies * area)
    rules = HistoryGame(
        kind.full,
        facts.title if kind.base == "chess" else f"{facts.title} {cells[0]}x{cells[1]}",
        PettingZooBackend(env, last),
        goal_table(max(1, round(DEADLINE_SHARE * facts.typical * area))),
        alternates=True,
        last_ply=last,
    )
    rules.room.kept = KEPT
    return rules


def _limit(kind: Kind, usual: int) -> int:
    value = kind.options.get(LIMIT, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 1 << 15:
        msg = f"{LIMIT} must be a number of plies from 1 to {(1 << 15) - 1}, got {value!r}"
        raise WorldError(msg)
    return value


# ---- PettingZoo ------------------------------------------------------------------------------


def _zoo() -> Any:
    """Return the library.

    Raises:
        WorldError: it is not installed, or too old.
    """
    try:
        zoo = importlib.import_module("pettingzoo")
    except ImportError as error:
        msg = f"{LIBRARY}: worlds need pettingzoo: {CURE}"
        raise WorldError(msg) from error
    if not hasattr(zoo, "aec_registry"):
        msg = f"{LIBRARY}: worlds need PettingZoo 1.27 or newer: {CURE}"
        raise WorldError(msg)
    return zoo


def _spelled(key: str) -> str:
    """Return an id as users write it: `classic/chess-v6` is `chess_v6`."""
    return re.sub(r"-v(\d+)$", r"_v\1", key.removeprefix("classic/"))


def _kind(world: str, options: Mapping[str, Any]) -> Kind:
    """Return which world is meant: `go_v5`, `classic/go-v5`, `go` (the latest) or with options."""
    form = FORM.fullmatch(world)
    if form is None:
        msg = f"{world!r} is not the name of a world, such as chess_v6 or go_v5(board_size=9)"
        raise WorldError(msg)
    zoo, wanted = _zoo(), _spelled(form[1])
    ids = {_spelled(key): key for key in zoo.aec_registry}
    bare = {_base(name): name for name in sorted(ids, key=_version)}
    anywhere = {name.rpartition("/")[2]: name for name in ids}
    name = next((table[wanted] for table in (bare, anywhere) if wanted in table), wanted)
    if name not in ids:
        raise WorldError(unknown("PettingZoo world", form[1], worlds()))
    if ids[name] in zoo.parallel_registry:
        msg = (
            f"{LIBRARY}:{name} cannot be played here: its players move at the same time; worlds of "
            f"two players who move in turn are {', '.join(worlds())}"
        )
        raise WorldError(msg)
    return Kind(name, ids[name], _base(name), {**_parsed(world, form[2]), **options})


def _base(name: str) -> str:
    return re.sub(r"_v\d+$", "", name)


def _version(name: str) -> int:
    digits = re.search(r"_v(\d+)$", name)
    return int(digits[1]) if digits else 0


def _parsed(world: str, text: str | None) -> dict[str, Any]:
    """Return the options of "name(option=value,...)"."""
    msg = f"the options of {world!r} must be written like (board_size=9,komi=5.5)"
    try:
        call: Any = ast.parse(f"f({text or ''})", mode="eval").body
        options = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise WorldError(msg) from error
    if call.args:
        raise WorldError(msg)
    return options


def _new(kind: Kind) -> Any:
    """Make PettingZoo's environment.

    Raises:
        WorldError: an option is unknown or refused, or something is not installed.
    """
    zoo = _zoo()
    options = {
        key: value for key, value in kind.options.items() if key != LIMIT and value is not None
    }
    if LIMIT in kind.options and kind.base not in COPIED:
        raise WorldError(unknown(f"option of {kind.bare}", LIMIT, _known_options(kind)))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*precision lowered by casting", UserWarning)
            return zoo.make("aec", kind.key, **options)
    except (ImportError, zoo.env_registry.exceptions.FailedToImport) as error:
        cause = error.__cause__ or error
        missing = getattr(cause, "name", None) or str(cause).splitlines()[0]
        msg = f"{kind.full} needs {missing}, which is not installed: {CURE}"
        raise WorldError(msg) from error
    except Exception as error:  # whatever a constructor thinks of its options
        known = _known_options(kind)
        strange = [key for key in options if known and key not in known]
        if strange:
            raise WorldError(unknown(f"option of {kind.bare}", strange[0], known)) from error
        msg = f"{kind.bare} does not start with {options}: {error}"
        raise WorldError(msg) from error


def _known_options(kind: Kind) -> list[str]:
    """Return the options of a world's constructor, nothing if it does not say."""
    entry = _zoo().aec_registry[kind.key].entry_point
    if not isinstance(entry, str):
        return []
    maker = getattr(importlib.import_module(entry.partition(":")[0]), "raw_env", None)
    names = [] if maker is None else list(inspect.signature(maker).parameters)
    return [*names, *([LIMIT] if kind.base in COPIED else [])]
