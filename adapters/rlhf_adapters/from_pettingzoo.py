"""PettingZoo: turn-based environments of two players, and environments of many agents.

    make_env("pettingzoo:connect_four_v3", n_envs=64)
    make_env("pettingzoo:go_v5", n_envs=8, board_size=9)
    make_env("pettingzoo:pursuit_v5", n_envs=4)

Environments whose agents move at the same time (Parallel) are in `multi_agent.pettingzoo`. The
options are those of PettingZoo's constructors. There are three kinds of turn-based ones:

* `connect_four_v3`, `tictactoe_v3`: we have their rules, too. PettingZoo's environment is stepped
  alongside ours and must agree on every move; observations are ours.
* `chess_v6`, `go_v5`: PettingZoo's environment, copied, is an exact `Game` for foresight. They take
  an option `max_plies`: the game ends there as a draw.
* card games, and those registered by third parties: no rules to look ahead with; observations
  are PettingZoo's, goals are total rewards.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import rlhf_games
from rlhf_adapters.kinds import Env, EnvOrVecEnv
from rlhf_adapters.multi_agent import pettingzoo as pettingzoo_teams
from rlhf_adapters.pettingzoo_names import LIBRARY, LIMIT, EnvKind, kind_of, names, new_aec
from rlhf_adapters.specs import EnvConfig, EnvError, EnvInfo, NoRulesError
from rlhf_games.base import Game

OURS = {"connect_four": "connect_four", "tictactoe": "tic_tac_toe"}
"""Our games with the rules of an environment."""
KEPT = 2048
"""Copies of environments kept in each of two generations; a chess environment takes some 50 kB."""
LARGEST_AREA = 25 * 25
DEADLINE_SHARE = 0.75
MARGINS = {
    "leduc_holdem": (2, 4),
    "texas_holdem": (2, 4),
    "texas_holdem_no_limit": (10, 50),
    "hanabi": (5, 10, 15, 20),
}
"""Totals to use as goals. In Hanabi both players win the same, the team's score."""


class Copied(NamedTuple):
    """Limits of a game whose environment can be copied.

    Attributes:
        title: the name to show.
        plies: the usual limit, per cell of the board.
        typical: the usual length of a game, per cell.
    """

    title: str
    plies: int
    typical: float


COPIED = {"chess": Copied("Chess", 8, 1.5), "go": Copied("Go", 2, 0.9)}


def make(config: EnvConfig) -> EnvOrVecEnv:
    """Return an environment, or an SB3 VecEnv, see `rlhf_adapters.make_env`.

    Raises:
        EnvError: there is no such environment or option, or it cannot be played here.
    """
    if config.n_envs < 1:
        msg = f"n_envs must be at least 1, got {config.n_envs}"
        raise EnvError(msg)
    kind = kind_of(config.world, config.options)
    if kind.parallel:
        return pettingzoo_teams.make(kind, config)
    if kind.base in OURS or kind.base in COPIED:
        return _make_exact(kind, config)
    return _make_shown(kind, config)


def worlds() -> list[str]:
    """Return the names of the environments; those of third parties may refuse later."""
    return names()


def describe(env_name: str) -> EnvInfo:
    """Return what is known of an environment.

    Raises:
        EnvError: as for `make`.
    """
    from rlhf_adapters.two_player.aec_env import AecGoalEnv  # noqa: PLC0415

    kind = kind_of(env_name, {})
    if kind.parallel:
        return pettingzoo_teams.describe(kind)
    if kind.base in OURS or kind.base in COPIED:
        rules = _rules(kind)
        asked = tuple(goal.name for goal in rules.goals)
        return EnvInfo(kind.full, 2, rules.n_actions, asked, foresight=True)
    env = _make_shown(kind, EnvConfig(f"{LIBRARY}:{env_name}"))
    assert isinstance(env, AecGoalEnv)
    asked = tuple(goal.name for goal in env.table.goals)
    env.close()
    return EnvInfo(kind.full, 2, int(env.action_space.n), asked)


def game(env_name: str, options: Mapping[str, object] | None = None) -> Game:
    """Return the rules of an environment as an exact `Game`.

    Args:
        env_name: its name, perhaps with options in brackets: go_v5(board_size=9).
        options: more of them.

    Raises:
        EnvError: as for `make`.
        NoRulesError: its rules cannot be simulated.
    """
    kind = kind_of(env_name, options or {})
    if kind.base not in OURS and kind.base not in COPIED:
        why = "agents move at the same time" if kind.parallel else "players do not see everything"
        msg = f"{kind.full} has no rules to look ahead with: {why}"
        raise NoRulesError(msg)
    return _rules(kind)


# ---- the three kinds -------------------------------------------------------------------------


def _make_exact(kind: EnvKind, config: EnvConfig) -> EnvOrVecEnv:
    from rlhf_adapters.foreign_games.pettingzoo_check import PettingZooCheck  # noqa: PLC0415
    from rlhf_adapters.two_player.game_env import make_game_env  # noqa: PLC0415 - SB3 takes seconds to import

    rules, ours = _rules(kind), kind.base in OURS
    made = make_game_env(rules, config.n_envs, config.goal, config.opponent, config.seed)
    mode = kind.options.get("render_mode")
    if ours or mode is not None:
        envs = [new_aec(kind).unwrapped for _ in range(config.n_envs)]
        made.games.cross_check = PettingZooCheck(kind.full, rules, envs, compare_boards=ours)
        made.render_mode = mode
        made.metadata = {"render_modes": list(envs[0].metadata["render_modes"])}
    return made


def _make_shown(kind: EnvKind, config: EnvConfig) -> EnvOrVecEnv:
    from rlhf_adapters.two_player.aec_env import AecGoalEnv  # noqa: PLC0415 - SB3 takes seconds to import
    from rlhf_adapters.two_player.total_goals import TotalGoals, total_goals  # noqa: PLC0415

    table = TotalGoals(kind.full, total_goals(MARGINS.get(kind.base, ())))
    opponent = "random" if config.opponent is None else config.opponent
    goal = config.goal or "win"

    def one(number: int) -> AecGoalEnv:
        seed = None if config.seed is None else config.seed + number
        env = new_aec(kind)
        # The wrappers guard against mistakes that `AecGoalEnv` never makes, and double a step's
        # time.
        env = env.unwrapped if kind.key.startswith("classic/") else env
        return AecGoalEnv(kind.full, env, table, goal, opponent, seed)

    if config.n_envs == 1:
        return one(0)
    from stable_baselines3.common.monitor import Monitor  # noqa: PLC0415 - see above
    from stable_baselines3.common.vec_env import DummyVecEnv  # noqa: PLC0415 - see above

    def watched(number: int) -> Env:
        return Monitor(one(number))

    return DummyVecEnv([partial(watched, number) for number in range(config.n_envs)])


def _rules(kind: EnvKind) -> Game:
    if kind.base in OURS:
        new_aec(kind)  # a wrong option is a mistake here, too
        return rlhf_games.make(OURS[kind.base])
    from rlhf_adapters.foreign_games.game import HistoryGame, goal_table  # noqa: PLC0415
    from rlhf_adapters.foreign_games.pettingzoo import PettingZooBackend  # noqa: PLC0415

    env = new_aec(kind._replace(options={**kind.options, "render_mode": None})).unwrapped
    cells = env.observation_space(env.possible_agents[0])["observation"].shape
    facts = COPIED[kind.base]
    area = cells[0] * cells[1]
    if not 0 < area <= LARGEST_AREA:
        msg = f"{kind.full} cannot be played: boards have 1 to {LARGEST_AREA} cells, not {area}"
        raise EnvError(msg)
    last = _limit(kind, facts.plies * area)
    rules = HistoryGame(
        kind.full,
        facts.title if kind.base == "chess" else f"{facts.title} {cells[0]}x{cells[1]}",
        PettingZooBackend(env, last),
        goal_table(max(1, round(DEADLINE_SHARE * facts.typical * area))),
        alternates=True,
        last_ply=last,
    )
    rules.cache.kept = KEPT
    return rules


def _limit(kind: EnvKind, usual: int) -> int:
    value = kind.options.get(LIMIT, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 1 << 15:
        msg = f"{LIMIT} must be a number of plies from 1 to {(1 << 15) - 1}, got {value!r}"
        raise EnvError(msg)
    return value
