"""OpenSpiel: its sequential, deterministic two-player games of perfect information.

    make_env("openspiel:breakthrough(rows=6,columns=6)", n_envs=64)
    make_env("openspiel:breakthrough", n_envs=64, rows=6, columns=6)

The options are OpenSpiel's, and `max_plies`: the game ends there as a draw, as AlphaZero played
chess. Chess and other long games end after 512 plies by default.
"""

from __future__ import annotations

import importlib
import math
import re
from types import ModuleType
from typing import Any

from rlhf_adapters.foreign_games.game import HistoryGame, goal_table
from rlhf_adapters.foreign_games.openspiel import OpenSpielBackend, Trial
from rlhf_adapters.foreign_games.openspiel_trial import as_json, trouble_with
from rlhf_adapters.foreign_games.spiel_types import SpielGame
from rlhf_adapters.kinds import EnvOrVecEnv
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, Options
from rlhf_games.base import options_words, unknown_name

LIBRARY = "openspiel"
LIMIT = "max_plies"
ALTERNATING = frozenset(
    (
        "antichess",
        "breakthrough",
        "chess",
        "clobber",
        "connect_four",
        "crazyhouse",
        "go",
        "gomoku",
        "havannah",
        "hex",
        "hive",
        "lines_of_action",
        "mnk",
        "nim",
        "othello",
        "oware",
        "pentago",
        "quoridor",
        "shogi",
        "tic_tac_toe",
        "twixt",
        "xiangqi",
        "y",
    )
)
"""Games whose players move in turn (passes of Othello and Go are actions of their own)."""
LONG = frozenset({"antichess", "chess", "chinese_checkers", "crazyhouse", "cursor_go", "shogi"})
"""Games that end after `USUAL_LIMIT` plies unless `max_plies` says otherwise."""
USUAL_LIMIT = 512
FEWER_KEPT = 8192
"""Positions kept per generation for a long game: a chess position takes 12 KB."""
DEADLINE_SHARE = 0.75
FORM = re.compile(r"(\w+)(\(.*\))?")


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return an environment, or an SB3 VecEnv, see `rlhf_adapters.make_env`.

    Raises:
        EnvError: there is no such game or option, or it is not a game that can be played here.
    """
    from rlhf_adapters.two_player.game_env import make_game_env  # noqa: PLC0415 - SB3 takes seconds to import

    options = dict(config.options)
    mode = options.pop("render_mode", None)
    rules = game(config.world, options)
    return make_game_env(rules, config.n_envs, config.goal, config.opponent, config.seed, mode)


def worlds() -> list[str]:
    """Return the names of the games that can be played, sorted."""
    known = _pyspiel().registered_games()
    names = [kind.short_name for kind in known if kind.default_loadable and not _refusal(kind)]
    return sorted(names)


def describe(env_name: str) -> EnvInfo:
    """Return what is known of a game.

    Raises:
        EnvError: as for `make`.
    """
    rules = game(env_name)
    goals = tuple(goal.name for goal in rules.goals)
    return EnvInfo(rules.name, 2, rules.n_actions, goals, foresight=True)


def game(env_name: str, options: Options | None = None) -> HistoryGame:
    """Return a game of OpenSpiel as a `Game`.

    Args:
        env_name: its name, perhaps with options in brackets.
        options: more of them.

    Raises:
        EnvError: as for `make`.
    """
    pyspiel = _pyspiel()
    name, parameters = _parsed(pyspiel, env_name)
    parameters |= options or {}
    last_ply = _last_ply(parameters.pop(LIMIT, USUAL_LIMIT if name in LONG else None))
    spiel_game = _loaded(pyspiel, name, parameters, last_ply)
    full = str(spiel_game).removesuffix("()")
    if last_ply is not None:
        limited = f"{LIMIT}={last_ply}"
        full = f"{full[:-1]},{limited})" if full.endswith(")") else f"{full}({limited})"
    trial = Trial(spiel_game, last_ply)
    names = _action_names(spiel_game)
    rules = HistoryGame(
        f"{LIBRARY}:{full}",
        _title(spiel_game, full.removeprefix(name), last_ply),
        OpenSpielBackend(spiel_game, trial, names),
        goal_table(max(1, round(DEADLINE_SHARE * trial.typical_plies)), _margins(spiel_game)),
        action_names=names,
        alternates=name in ALTERNATING,
        last_ply=last_ply,
    )
    if name in LONG:
        rules.cache.kept = FEWER_KEPT
    return rules


def _title(spiel_game: SpielGame, options: str, last_ply: int | None) -> str:
    """Return the name that people use: with the options, but without the usual limit of plies."""
    usual = f"{LIMIT}={USUAL_LIMIT}"
    if last_ply == USUAL_LIMIT:
        options = options.replace(f",{usual}", "").replace(f"({usual})", "")
    return f"{spiel_game.get_type().long_name}{options_words(options[1:-1])}"


def _pyspiel() -> ModuleType:
    try:
        return importlib.import_module("pyspiel")
    except ImportError as error:
        msg = f'{LIBRARY}: environments need pyspiel: pip install "rlhf-agents[openspiel]"'
        raise EnvError(msg) from error


# ---- names and options ----------------------------------------------------------------------


def _parsed(pyspiel: ModuleType, env_name: str) -> tuple[str, dict[str, object]]:
    """Return the name and the options of "name(option=value,...)"."""
    form = FORM.fullmatch(env_name)
    if form is None or env_name.count("(") != env_name.count(")"):
        msg = f"{env_name!r} is not the name of a game, such as breakthrough or go(board_size=9)"
        raise EnvError(msg)
    name = form[1]
    if name not in pyspiel.registered_names():
        raise EnvError(
            unknown_name("OpenSpiel game", name, (w.partition("(")[0] for w in worlds()))
        )
    parameters = dict(pyspiel.game_parameters_from_string(env_name))
    del parameters["name"]
    return name, parameters


def _last_ply(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 1 << 15:
        msg = f"{LIMIT} must be a number of plies from 1 to {(1 << 15) - 1}, got {value!r}"
        raise EnvError(msg)
    return value


def _loaded(
    pyspiel: ModuleType, name: str, parameters: dict[str, object], last_ply: int | None
) -> SpielGame:
    """Return OpenSpiel's game; default options are left out, so that each game has one name.

    Raises:
        EnvError: an option is wrong, or games of this kind cannot be played here.
    """
    kinds = {kind.short_name: kind for kind in pyspiel.registered_games()}
    known = kinds[name].parameter_specification
    checked = {key: _checked(name, key, value, known) for key, value in parameters.items()}
    parameters = {key: value for key, value in checked.items() if value != known[key]}
    refusal = _refusal(kinds[name])
    if parameters and not refusal:
        reason = trouble_with(name, as_json(parameters), last_ply)
        if reason:
            reason = re.sub(r"^\S+:\d+ ", "", reason.splitlines()[0])  # where in its source
            msg = f"{LIBRARY}:{name} does not start with {parameters}: {reason}"
            raise EnvError(msg)
    loaded: SpielGame = pyspiel.load_game(name, parameters)
    refusal = _refusal(loaded.get_type())
    if not refusal and not loaded.new_initial_state().legal_actions():
        refusal = f"with {parameters} it has no moves"
    if refusal:
        msg = f"{LIBRARY}:{name} cannot be played here: {refusal}"
        raise EnvError(msg)
    return loaded


def _checked(name: str, key: str, value: object, known: Options) -> object:
    if key not in known:
        raise EnvError(unknown_name(f"option of {LIBRARY}:{name}", key, [*known, LIMIT]))
    default = known[key]
    if key.endswith(("file", "filename")):
        msg = f"{LIBRARY}:{name}: {key} is refused, because names of games may come from files"
        raise EnvError(msg)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        kind = type(default).__name__
        msg = f"{key} of {LIBRARY}:{name} must be of type {kind}, such as {default}, got {value!r}"
        raise EnvError(msg)
    return value


def _refusal(kind: Any) -> str:
    """Return why games of a kind cannot be played here, an empty text if they can."""
    reasons = {
        "players do not move one at a time": kind.dynamics != kind.Dynamics.SEQUENTIAL,
        "it has chance moves": kind.chance_mode != kind.ChanceMode.DETERMINISTIC,
        "players do not see everything": (kind.information != kind.Information.PERFECT_INFORMATION),
        "it is not for two players": not kind.min_num_players <= 2 <= kind.max_num_players,
        "one player does not win what the other loses": kind.utility != kind.Utility.ZERO_SUM,
        "it has no observation tensor": not kind.provides_observation_tensor,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


# ---- tables ----------------------------------------------------------------------------------


def _margins(spiel_game: SpielGame) -> list[int]:
    """Return margins of victory to use as goals: a quarter and a half of the largest."""
    largest = spiel_game.max_utility()
    return sorted({math.ceil(largest / 4), math.ceil(largest / 2)} - {1}) if largest > 1 else []


def _action_names(spiel_game: SpielGame) -> list[str] | None:
    """Return the library's names of the actions if they are the same for both players.

    A leading player's mark, as in "x(0,0)", is left out.
    """
    actions = range(spiel_game.num_distinct_actions())
    names = [[spiel_game.action_to_string(seat, action) for action in actions] for seat in (0, 1)]
    marks = {(first[:1], second[:1]) for first, second in zip(*names, strict=True)}
    if len(marks) == 1 and names[0] != names[1]:
        names = [[name[1:] for name in row] for row in names]
    useful = names[0] == names[1] and len(set(names[0])) == len(actions)
    return names[0] if useful and not any(" " in name for name in names[0]) else None
