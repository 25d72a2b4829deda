"""The arena: matches between two players, and the goals that a player achieves.

All games of a match are played in lockstep, as one batch: one `act` call per player and ply. Games
start from random openings, each played twice with the seats swapped, so that deterministic players
also play distinct games.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.openings import Openings, draw_openings
from rlhf_agents.players.players import Player
from rlhf_agents.plots import Chart, GoalGrid, available, goals_picture, html_table, text_table
from rlhf_games.base import Game, Outcome, States

AGENT, OPPONENT = 0, 1
"""The two players of a match."""

Z_95 = 1.959963984540054
NO_MOVE = -1

Progress = Callable[[int], None]
"""Called regularly with the number of finished games."""


class Mover(Protocol):
    """The part of a `Player` that games need."""

    def act(self, states: States, goal: str) -> NDArray[np.int64]:
        """Return one legal action int64 `[B]` for unfinished positions uint64 `[B, W]`."""
        ...


# ---- playing ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Games:
    """Finished games between an agent (player 0) and an opponent (player 1), N of them.

    Attributes:
        moves: int64 `[N, L]`, the actions from the starting position; -1 after the end.
        agent_second: bool `[N]`, the agent moved second.
        results: int8 `[N]`, 1 won, 0 drawn, -1 lost by the agent.
        plies: int64 `[N]`, lengths.
        achieved: bool `[N, 2, G]`, the goals that each player achieved.
    """

    moves: NDArray[np.int64]
    agent_second: NDArray[np.bool_]
    results: NDArray[np.int8]
    plies: NDArray[np.int64]
    achieved: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.moves)


def play_games(
    game: Game,
    players: tuple[Mover, Mover],
    openings: Openings,
    count: int,
    goals: tuple[str, str] = ("win", "win"),
    on_progress: Progress | None = None,
) -> Games:
    """Play `count` games at once; the agent moves first in every other one.

    Args:
        game: the rules.
        players: the agent and the opponent.
        openings: game i starts from opening i // 2, cyclically if there are too few.
        count: N > 0.
        goals: the goals of the agent and the opponent.
        on_progress: called after every ply with the number of finished games.
    """
    start = (np.arange(count) // 2) % len(openings)
    agent_second = np.arange(count) % 2 == 1
    states = openings.states[start].copy()
    opening_plies = openings.moves.shape[1]
    moves = np.full((count, max(game.max_plies, opening_plies)), NO_MOVE, np.int64)
    moves[:, :opening_plies] = openings.moves[start]
    lengths = np.full(count, opening_plies, np.int64)
    ongoing = game.outcome(states) == Outcome.ONGOING
    while ongoing.any():
        opponents_turn = game.mover(states) != agent_second
        actions = np.zeros(count, np.int64)
        for who, player in enumerate(players):
            rows = np.flatnonzero(ongoing & (opponents_turn == (who == OPPONENT)))
            if len(rows):
                actions[rows] = player.act(states[rows], goals[who])
        rows = np.flatnonzero(ongoing)
        states[rows] = game.step(states[rows], actions[rows])
        moves[rows, lengths[rows]] = actions[rows]
        lengths[rows] += 1
        ongoing = game.outcome(states) == Outcome.ONGOING
        if on_progress is not None:
            on_progress(int((~ongoing).sum()))
    return _settle(game, states, moves, agent_second)


def _settle(
    game: Game, states: States, moves: NDArray[np.int64], agent_second: NDArray[np.bool_]
) -> Games:
    """Return the record of games whose final positions are `states`."""
    agent_waits = game.mover(states) != agent_second
    outcome = game.outcome(states)
    results = np.where(agent_waits, -outcome, outcome).astype(np.int8)
    achieved = game.achieved(states)
    achieved[agent_waits] = achieved[agent_waits][:, ::-1]
    return Games(moves, agent_second, results, game.plies(states), achieved)


def count_distinct(games: Games) -> int:
    """Return the number of different move sequences in the games, regardless of seats."""
    return len(np.unique(games.moves, axis=0))


# ---- results ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatchScore:
    """The results of some games for the agent.

    Attributes:
        games: their number.
        wins: games won.
        draws: games drawn.
        losses: games lost.
        score: wins and half the draws per game, in [0, 1].
        win_rate: wins per game, in [0, 1].
        win_low: lower end of the 95 % confidence interval of `win_rate`, see `wilson`.
        win_high: its upper end.
    """

    games: int
    wins: int
    draws: int
    losses: int
    score: float
    win_rate: float
    win_low: float
    win_high: float


@dataclass(frozen=True)
class MatchSettings:
    """The settings of a match.

    Attributes:
        games: their number, > 0; even, so that both players have both seats equally often.
        goal: the agent's goal; the opponent plays to win.
        opening_plies: length of the random openings; None: automatic, see `draw_openings`.
        seed: of the choice of openings.
    """

    games: int = 200
    goal: str = "win"
    opening_plies: int | None = None
    seed: int = 0


@dataclass(frozen=True, repr=False)
class MatchResult:
    """A match from the agent's side.

    Attributes:
        agent: its name.
        opponent: the other's name.
        goal: the agent's goal.
        total: all games.
        as_first: those in which the agent moved first.
        as_second: the others.
        goal_rate: share of games in which the agent achieved `goal`, in [0, 1].
        mean_plies: mean length of a game, including its opening.
        distinct: different move sequences among the games; fewer than games means duplicates.
        openings: different openings, up to symmetry.
        opening_plies: their length.
        seed: of the choice of openings.
    """

    agent: str
    opponent: str
    goal: str
    total: MatchScore
    as_first: MatchScore
    as_second: MatchScore
    goal_rate: float
    mean_plies: float
    distinct: int
    openings: int
    opening_plies: int
    seed: int

    def __repr__(self) -> str:
        total = self.total
        return (
            f"{self.agent} against {self.opponent}, {total.games} games to {self.goal}: "
            f"{total.wins} won, {total.draws} drawn, {total.losses} lost"
        )


@dataclass(frozen=True)
class GoalResult:
    """The goals that the agent achieved while it played for one goal.

    Attributes:
        asked: the goal.
        achieved: for each reported goal, the share of games in which the agent achieved it.
        low: lower end of the 95 % confidence interval of `achieved[asked]`.
        high: its upper end.
        distinct: different move sequences among the games.
    """

    asked: str
    achieved: dict[str, float]
    low: float
    high: float
    distinct: int


@dataclass(frozen=True, repr=False)
class GoalMatrix:
    """The achieved goals by requested goal, against one opponent that plays to win.

    Attributes:
        agent: its name.
        opponent: the other's name.
        games: per row.
        goals: the columns: the requested goals.
        rows: one per requested goal.
        baseline: the same when only asked to `win`.
        opening_plies: length of the random openings.
        seed: of the choice of openings.
    """

    agent: str
    opponent: str
    games: int
    goals: tuple[str, ...]
    rows: tuple[GoalResult, ...]
    baseline: GoalResult
    opening_plies: int
    seed: int

    @property
    def _named_rows(self) -> list[tuple[str, dict[str, float]]]:
        asked = [(row.asked, row.achieved) for row in self.rows]
        return [*asked, ("merely win", self.baseline.achieved)]

    @property
    def _title(self) -> str:
        return f"{self.agent} against {self.opponent}, {self.games} games per goal"

    @property
    def _cells(self) -> list[list[str]]:
        shares = [
            [asked, *(f"{100 * achieved[goal]:.0f}" for goal in self.goals)]
            for asked, achieved in self._named_rows
        ]
        return [["asked", *self.goals], *shares]

    def __repr__(self) -> str:
        return text_table(f"{self._title}; achieved in percent", self._cells)

    def _repr_html_(self) -> str:
        return html_table(f"{self._title}; achieved in percent", self._cells)

    def _repr_png_(self) -> bytes | None:
        return self.plot().png() if available() else None

    def plot(self, theme: str = "light") -> Chart:
        """Return a picture of the shares, with a row for each requested goal.

        Raises:
            SettingError: matplotlib is missing, or there is no such theme.
        """
        return goals_picture([GoalGrid(self._title, self.goals, self._named_rows)], theme)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a rate, (0, 1) without trials.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference"; assumes
    independent trials.
    """
    if trials == 0:
        return 0.0, 1.0
    rate, spread = successes / trials, Z_95**2 / trials
    centre = (rate + spread / 2) / (1 + spread)
    margin = math.sqrt(rate * (1 - rate) * spread + spread**2 / 4) / (1 + spread)
    return max(0.0, centre - margin), min(1.0, centre + margin)


def tally(results: NDArray[np.int8]) -> MatchScore:
    """Count results, int8 `[N]`: 1 won, 0 drawn, -1 lost."""
    games = len(results)
    wins, draws, losses = (int((results == value).sum()) for value in (1, 0, -1))
    trials = max(games, 1)
    score, win_rate = (wins + draws / 2) / trials, wins / trials
    return MatchScore(games, wins, draws, losses, score, win_rate, *wilson(wins, games))


def play_match(
    game: Game,
    players: tuple[Player, Player],
    settings: MatchSettings,
    on_progress: Progress | None = None,
) -> MatchResult:
    """Play a match between the agent `players[0]` and the opponent `players[1]`.

    Raises:
        UnknownGoalError: the game has no such goal.
        SettingError: a setting cannot work.
    """
    goal = game.goal_index(settings.goal)
    openings = _openings(game, settings)
    asked = (settings.goal, "win")
    games = play_games(game, players, openings, settings.games, asked, on_progress)
    return MatchResult(
        agent=players[AGENT].name,
        opponent=players[OPPONENT].name,
        goal=settings.goal,
        total=tally(games.results),
        as_first=tally(games.results[~games.agent_second]),
        as_second=tally(games.results[games.agent_second]),
        goal_rate=float(games.achieved[:, AGENT, goal].mean()),
        mean_plies=float(games.plies.mean()),
        distinct=count_distinct(games),
        openings=len(openings),
        opening_plies=openings.moves.shape[1],
        seed=settings.seed,
    )


def goal_matrix(
    game: Game,
    players: tuple[Player, Player],
    goals: Sequence[str],
    settings: MatchSettings,
    on_progress: Progress | None = None,
) -> GoalMatrix:
    """Let the agent play for each of `goals` in `settings.games` games, all from the same openings.

    `settings.goal` is ignored.

    Raises:
        UnknownGoalError: the game has no such goal.
        SettingError: a setting cannot work.
    """
    columns = {name: game.goal_index(name) for name in goals}
    openings = _openings(game, settings)
    asked = [*columns, *(["win"] if "win" not in columns else [])]
    rows = {}
    for number, name in enumerate(asked):
        advance = on_progress and partial(_add, on_progress, number * settings.games)
        games = play_games(game, players, openings, settings.games, (name, "win"), advance)
        rows[name] = _goal_row(game, games, name, columns)
    return GoalMatrix(
        agent=players[AGENT].name,
        opponent=players[OPPONENT].name,
        games=settings.games,
        goals=tuple(columns),
        rows=tuple(rows[name] for name in columns),
        baseline=rows["win"],
        opening_plies=openings.moves.shape[1],
        seed=settings.seed,
    )


def _add(on_progress: Progress, before: int, done: int) -> None:
    on_progress(before + done)


def _goal_row(game: Game, games: Games, asked: str, columns: dict[str, int]) -> GoalResult:
    mine = games.achieved[:, AGENT]
    shares = {name: float(mine[:, goal].mean()) for name, goal in columns.items()}
    successes = int(mine[:, game.goal_index(asked)].sum())
    return GoalResult(asked, shares, *wilson(successes, len(games)), count_distinct(games))


def _openings(game: Game, settings: MatchSettings) -> Openings:
    if settings.games < 1:
        msg = f"a match needs at least one game, not {settings.games}"
        raise SettingError(msg)
    if settings.opening_plies is not None and settings.opening_plies < 0:
        msg = f"openings cannot have {settings.opening_plies} plies; give 0 or more"
        raise SettingError(msg)
    return draw_openings(game, (settings.games + 1) // 2, settings.seed, settings.opening_plies)
