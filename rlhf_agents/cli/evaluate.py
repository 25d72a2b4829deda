"""`rlhf-eval`: measures the strength of a player, and whether it achieves its goals."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import rlhf_games
from rlhf_agents.cli import common
from rlhf_agents.cli.common import GAME_HELP, OPTION_HELP, Parser, no_options, run_program
from rlhf_agents.cli.evaluate_envs import evaluate_env
from rlhf_agents.envs.names import game_name
from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_count
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.progress import note, progress_bar
from rlhf_agents.words import goal_named
from rlhf_games.base import Game, States

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rlhf_agents.cli.evaluate_tables import Record
    from rlhf_agents.evaluation.arena import MatchSettings
    from rlhf_agents.players.players import Player

EXAMPLES = """players:
  random, minimax:DEPTH, openspiel-mcts:SIMULATIONS, perfect (Connect Four), agent (the game's
  bundled one), the name of a bundled agent, FILE.zip, or FILE.py, a bot that rlhf-export wrote;
  agents may say how strong they are: agent@64 (positions per move), agent@0.5s, agent@level7,
  agent@elo1200
  in environments without exact rules: random, or FILE.zip of a model that was trained there

examples:
  rlhf-eval --game connect_four --positions connect_four_positions.npz
  rlhf-eval --game connect_four --agent four.zip --positions FILE.npz --nodes 0,256 --json
  rlhf-eval --game connect_four --opponent minimax:8 --games 200 --nodes 1000
  rlhf-eval --game connect_four --opponent random --goals
  rlhf-eval --game connect_four --opponent minimax:4 --goals win,lose,win_diagonal --games 400
  rlhf-eval --game connect_four --opponent random --goals --plot goals.png
  rlhf-eval --game connect_four --review 4443426553
  rlhf-eval --game "openspiel:breakthrough(rows=6,columns=6)" --agent minimax:3 --opponent random
  rlhf-eval --game gymnasium:CartPole-v1 --agent pole.zip --episodes 100
  rlhf-eval --game gymnasium:FrozenLake-v1 --option map_name=8x8 --goal reach_goal --agent lake.zip
  rlhf-eval --game pettingzoo:leduc_holdem_v4 --agent random --opponent random

--positions measures how often a move keeps a perfect solver's value of the position (VP), and how
often it is optimal (BS). --opponent alone plays a match; --goals plays for each goal in turn.
Games begin with random openings, each of which is played twice with the seats swapped.
Environments without exact rules are played for whole episodes, with their return and success rate;
goal, opponent and options are those of the model's training unless you name others
(--goal score: the environment's own rewards). rlhf-games lists all games and environments."""

POSITION_NODES = (0, 1, 256, 1000)
GAME_NODES = (256,)
GAMES = 200
MAX_PLIES = 1000
HUMAN = "human"


def parser() -> Parser:
    """Return the program's argument parser."""
    program = Parser(
        "rlhf-eval", "Measure a player: on solved positions, in matches, goal by goal.", EXAMPLES
    )
    add = program.add_argument
    add("--game", required=True, metavar="GAME", help=GAME_HELP)
    add("--agent", metavar="SPEC", help="the player to measure (default: the game's bundled agent)")
    add("--positions", type=Path, metavar="FILE.npz", help="solved positions to measure it on")
    words = "print the mistakes of a game: a file (.sgf, .pgn, .txt, .json), or its moves in a text"
    add("--review", metavar="GAME", help=words)
    add("--opponent", metavar="SPEC", help="its opponent (with --goals: default random)")
    add("--games", type=common.games, metavar="N", help="games per match or goal (default 200)")
    add(
        "--episodes",
        type=common.games,
        metavar="N",
        help="episodes, in environments without exact rules (default 100)",
    )
    goal = "its goal (default: win; without rules that of the training)"
    add("--goal", metavar="NAME", help=goal)
    goals = "play for each of these goals (default: all) and count those achieved"
    add("--goals", nargs="?", const="", metavar="NAME,...", help=goals)
    nodes = "positions that an agent searches per move, each budget in turn; 0 is the network"
    nodes += " alone, 1 one ply (default 0,1,256,1000 on positions and 256 in games)"
    add("--nodes", type=common.many_nodes, metavar="N,...", help=nodes)
    seconds = "seconds per move of the agent, instead of --nodes; proves moves where possible"
    add("--time", type=common.seconds, metavar="SECONDS", help=seconds)
    program.add_level()
    nodes = "--nodes of an opposing agent (default 256)"
    add("--opponent-nodes", type=common.nodes, metavar="N", help=nodes)
    openings = "length of the random openings (default: 2, or more where all games differ then)"
    add("--openings", type=common.whole(0, MAX_PLIES), metavar="PLIES", help=openings)
    add("--option", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=OPTION_HELP)
    program.add_device()
    program.add_trust()
    program.add_seed("seed of openings and players (default 0)")
    add("--json", action="store_true", help="print one JSON object and nothing else")
    add("--plot", type=Path, metavar="FILE.png", help="also draw the result (extra `plots`)")
    add("--theme", choices=("light", "dark"), default="light", help="of the picture")
    add("--force", action="store_true", help="replace an existing picture")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_evaluate, parser().parse_args(arguments), arguments)


def _evaluate(options: argparse.Namespace, _arguments: Sequence[str] | None) -> int:
    rules = game_name(options.game)
    if rules is None:
        return evaluate_env(options)
    no_options(options.option, options.game)
    if options.episodes is not None:
        msg = f"--episodes needs an environment without exact rules; for {options.game} use --games"
        raise SettingError(msg)
    game = rlhf_games.make(rules)
    if options.review is not None:
        from rlhf_agents.cli.review import review_games  # noqa: PLC0415 - loads players

        common.check_one_budget(options)
        return review_games(options, game, options.agent or _bundled(game))
    task = task_of(options, game)
    if options.plot is not None:
        from rlhf_agents.cli.evaluate_pictures import check_plot  # noqa: PLC0415 - seldom needed

        check_plot(options)
    report = evaluate(game, task)
    if options.json:
        print(json.dumps(report, allow_nan=False))  # noqa: T201 - the program's output
    else:
        from rlhf_agents.cli.evaluate_tables import show  # noqa: PLC0415 - not needed for --json

        show(report, game)
    if options.plot is not None:
        from rlhf_agents.cli.evaluate_pictures import picture_of  # noqa: PLC0415 - seldom needed

        note(f"wrote {picture_of(report, game.title, options.theme).save(options.plot)}")
    return 0


# ---- the task ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class EvaluationConfig:
    """The measurements to make, checked.

    Attributes:
        agent: the player to measure.
        opponent: its opponent; None plays no games.
        positions: a file of solved positions, or None.
        goal: the agent's goal on positions and in a match.
        goals: its goals, one after the other; empty plays a match instead.
        games: per match or goal.
        nodes: budgets of the agent; None uses the defaults.
        seconds: budget of the agent instead of `nodes`, or None.
        opponent_nodes: budget of an opposing agent.
        opening_plies: length of the openings; None lets the arena choose.
        seed: of openings and players.
    """

    agent: str
    opponent: str | None
    positions: Path | None
    goal: str
    goals: tuple[str, ...]
    games: int
    nodes: tuple[int, ...] | None
    seconds: float | None
    opponent_nodes: int
    opening_plies: int | None
    seed: int


def task_of(options: argparse.Namespace, game: Game) -> EvaluationConfig:
    """Check the options, as far as possible without a player.

    Raises:
        SettingError: an option is invalid, or there is nothing to do.
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """
    from rlhf_agents.players.budgets import with_level  # noqa: PLC0415 - see `evaluate`

    for name in ("agent", "opponent"):
        if _kind(getattr(options, name) or "") == HUMAN:
            msg = f"--{name}: rlhf-eval cannot measure a human; rlhf-play plays against you"
            raise SettingError(msg)
    goals = _goals(options.goals, game)
    opponent = options.opponent or ("random" if goals else None)
    if options.positions is None and opponent is None:
        msg = "nothing to measure: give --positions FILE.npz, --opponent SPEC or --goals"
        raise SettingError(msg)
    common.check_one_budget(options)
    goal = goal_named(game, options.goal or "win")
    games = GAMES if options.games is None else options.games
    if options.openings is not None:
        checked_count("--openings", options.openings, 0, game.max_plies)
    return EvaluationConfig(
        agent=with_level(options.agent or _bundled(game), options.level, options.elo),
        opponent=opponent,
        positions=options.positions,
        goal=goal,
        goals=goals,
        games=games,
        nodes=options.nodes,
        seconds=options.time,
        opponent_nodes=GAME_NODES[0] if options.opponent_nodes is None else options.opponent_nodes,
        opening_plies=options.openings,
        seed=options.seed,
    )


def _bundled(game: Game) -> str:
    if game.name not in bundled_agents():
        msg = (
            f"no agent comes with {game.name}: name one with --agent, such as random, minimax:2 or "
            "FILE.zip"
        )
        raise SettingError(msg)
    return game.name


def _goals(text: str | None, game: Game) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(goal_named(game, name.strip()) for name in text.split(",") if name.strip())
    return names or tuple(goal.name for goal in game.goals)


# ---- measuring --------------------------------------------------------------------------------


def evaluate(game: Game, task: EvaluationConfig) -> Record:
    """Do the task and return its results, ready for JSON.

    Returns:
        `game`, `agent`, `seed`, and the requested ones of `positions` (see
        `solved_positions.Marks`),
        `matches` (`arena.MatchResult`) and `goals` (`arena.GoalMatrix`), each a list with one
        entry per node budget (`nodes`, None for players without one).

    Raises:
        UserError: a player or the file of positions cannot be loaded.
    """
    from rlhf_agents.evaluation import arena, solved_positions  # noqa: PLC0415 - after the arguments

    cast = PlayerFactory(game, task)
    report: Record = {"game": game.name, "agent": task.agent, "seed": task.seed}
    if task.positions is not None:
        positions = solved_positions.load_positions(task.positions, game)
        report["file"], report["goal"] = str(task.positions), task.goal
        report["positions"] = []
        for nodes in cast.budgets(POSITION_NODES):
            act = _Asked(cast.agent(nodes, varied=False), task.goal)
            started = time.perf_counter()
            with progress_bar(_title("positions", nodes), len(positions)) as show:
                actions = solved_positions.choose(act, positions, on_progress=show)
            marks = dataclasses.asdict(solved_positions.mark(positions, actions))
            seconds = time.perf_counter() - started
            budget = cast.named_budget(nodes)
            report["positions"].append({**budget, **marks, "seconds": seconds})
    if task.opponent is not None:
        settings = arena.MatchSettings(task.games, task.goal, task.opening_plies, task.seed)
        kind = "goals" if task.goals else "matches"
        report[kind] = [_play(cast, settings, nodes) for nodes in cast.budgets(GAME_NODES)]
    return report


def _play(cast: PlayerFactory, settings: MatchSettings, nodes: int | None) -> Record:
    """Play the match, or the goal matrix, of one node budget of the agent."""
    from rlhf_agents.evaluation.arena import goal_matrix, play_match  # noqa: PLC0415 - see `evaluate`

    players = cast.agent(nodes, varied=True), cast.opponent()
    goals = cast.task.goals
    rows = len({*goals, "win"}) if goals else 1
    started = time.perf_counter()
    with progress_bar(_title("games", nodes), rows * settings.games) as show:
        result = (
            dataclasses.asdict(goal_matrix(cast.game, players, goals, settings, show))
            if goals
            else dataclasses.asdict(play_match(cast.game, players, settings, show))
        )
    return {**cast.named_budget(nodes), **result, "seconds": time.perf_counter() - started}


class PlayerFactory:
    """Makes the players of a task; a model file is read once.

    Args:
        game: the rules.
        task: names the players.
    """

    def __init__(self, game: Game, task: EvaluationConfig) -> None:
        from rlhf_agents.players.agent import load_agent  # noqa: PLC0415 - see `evaluate`

        self.game = game
        self.task = task
        self._load = cache(load_agent)

    @property
    def _takes_nodes(self) -> bool:
        from rlhf_agents.evaluation.entrants import WITHOUT_NODES  # noqa: PLC0415 - see `evaluate`

        return _kind(self.task.agent) not in WITHOUT_NODES

    def budgets(self, usual: tuple[int, ...]) -> tuple[int | None, ...]:
        """Return the agent's node budgets; just None if it is a player without one."""
        from rlhf_agents.players.budgets import split_budget  # noqa: PLC0415 - see `evaluate`

        own = split_budget(self.task.agent)[1] is not None or self.task.seconds is not None
        if own or not self._takes_nodes:
            return (None,)
        return self.task.nodes or usual

    def named_budget(self, nodes: int | None) -> dict[str, float | None]:
        """Return the budget for reports: `nodes`, and `time` if given."""
        time_given = {} if self.task.seconds is None else {"time": self.task.seconds}
        return {"nodes": nodes, **time_given}

    def agent(self, nodes: int | None, *, varied: bool) -> Player:
        """Return the player to measure; if `varied`, the seed varies agents' play."""
        fixed = not varied and self._takes_nodes
        seed = None if fixed else self.task.seed
        return self.make(self.task.agent, nodes, seed, self.task.seconds)

    def opponent(self) -> Player:
        """Return the opponent, with random numbers other than the agent's."""
        if self.task.opponent is None:
            msg = "there is no opponent: give --opponent SPEC"
            raise SettingError(msg)
        return self.make(self.task.opponent, self.task.opponent_nodes, self.task.seed + 1)

    def make(
        self, spec: str, nodes: int | None, seed: int | None, seconds: float | None = None
    ) -> Player:
        """Return a player; without a seed agents always play the same.

        Raises:
            UserError: there is no such player, or it cannot play this game.
        """
        from rlhf_agents.evaluation.entrants import Entrant, make_entrant  # noqa: PLC0415

        return make_entrant(Entrant(spec, spec, nodes), self.game, seed, self._load, seconds)


def _kind(spec: str) -> str:
    return spec.partition(":")[0]


@dataclasses.dataclass(frozen=True)
class _Asked:
    """A player with a fixed goal, as a function of positions."""

    player: Player
    goal: str

    def __call__(self, states: States) -> NDArray[np.int64]:
        return self.player.act(states, self.goal)


def _title(what: str, nodes: int | None) -> str:
    return what if nodes is None else f"{what}, {nodes} nodes"


if __name__ == "__main__":
    raise SystemExit(main())
