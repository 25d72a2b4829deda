"""Agents that play: a trained network, its goals and its foresight, without torch.

from rlhf_agents import load_agent
agent = load_agent("connect_four")
actions = agent.act(observations, goal="win", nodes=256)
actions = agent.act(observations, goal="win", seconds=1.0)
actions = load_agent("connect_four", level=5).act(observations)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import ModelFileError, ObservationError, SettingError, UnknownAgentError
from rlhf_agents.files.model_file import POLICY, ModelFile, read_model
from rlhf_agents.files.untrusted import WRONG
from rlhf_agents.limits import checked_seed
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.levelled import Levelled
from rlhf_agents.players.levels import LevelTable, table_of
from rlhf_agents.players.notebook import ShownExplanation, ShownForecast
from rlhf_agents.search import weak_play
from rlhf_agents.search.budget import Clock
from rlhf_agents.search.compiled_network import PatternWeights
from rlhf_agents.search.explanation import Explanation, Forecast, check_unfinished
from rlhf_agents.search.forecast import GAMES, forecast
from rlhf_agents.search.game_search import GameSearch
from rlhf_agents.search.goal_values import GoalRules, goal_rules
from rlhf_agents.search.network_files import game_of, weights_from_arrays
from rlhf_agents.search.prover import Prover
from rlhf_agents.search.searcher import Searcher
from rlhf_agents.settings import Foresight, from_json
from rlhf_agents.words import words_of
from rlhf_games.base import MOVER, Array, Game, States, unknown_name


class Agent(Levelled):
    """A trained agent for one game.

    Args:
        name: its name.
        game: the rules.
        weights: its network.
        foresight: how it looks ahead.
        levels: how strong it plays with which settings; None: nothing was measured.

    Attributes:
        goals: the names of the goals that it can be asked for.
    """

    def __init__(
        self,
        name: str,
        game: Game,
        weights: PatternWeights,
        foresight: Foresight,
        levels: LevelTable | None = None,
    ) -> None:
        super().__init__(levels)
        self.name = name
        self.game = game
        self.goals = tuple(goal.name for goal in game.goals)
        self._searcher = Searcher(game, weights, goal_rules(game, foresight))

    def __repr__(self) -> str:
        words = ", ".join(words_of(goal) for goal in self.game.goals)
        return f"{self.name}, an agent for {self.game.title}; it plays to: {words}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td><code>{escape(goal.name)}</code></td>"
            f'<td style="text-align:left">{escape(goal.text)}</td></tr>'
            for goal in self.game.goals
        )
        head = f"<b>{escape(self.name)}</b>, an agent for {escape(self.game.title)}; its goals:"
        return f"<div>{head}<table>{rows}</table></div>"

    def _repr_png_(self) -> bytes:
        from rlhf_agents.players.board_images import card_png  # noqa: PLC0415 - takes a moment

        head = f"{self.name}, an agent for {self.game.title}; its goals:"
        goals = [f"{goal.name}: {goal.text}" for goal in self.game.goals]
        return card_png(head, (self.game, self.game.initial(1)[0]), (), goals)

    @property
    def weights(self) -> PatternWeights:
        """Its network."""
        return self._searcher.weights

    @property
    def goal_rules(self) -> GoalRules:
        """The settings of its search."""
        return self._searcher.goals

    def act(
        self,
        observations: Array | dict[str, Array],
        goal: str = "win",
        nodes: int | None = None,
        *,
        seconds: float | None = None,
        seed: int | None = None,
    ) -> NDArray[np.int64]:
        """Return one action per position, int64 `[B]`.

        Args:
            observations: float32 `[B, *observation_shape]` or one position without the batch
                dimension, as a plain array or as the environments' Dict.
            goal: what to play for.
            nodes: positions to search per move; 0 is the network alone, 1 one ply (default: what
                the agent's level says, else 256). From 100 on, moves are also proven late enough in
                a game, for which the solver visits up to 100 positions per node.
            seconds: time per move, instead of `nodes`; moves are then proven wherever possible.
            seed: varies the choice among nearly equal moves; None: the best, always the same.

        Raises:
            rlhf_games.base.UnknownGoalError: the game has no such goal.
            SettingError: `nodes`, `seconds` or `seed` is impossible, or both budgets are given.
            ObservationError: a dictionary without the key "observation".
            GameOverError: a game is over.
        """
        rng = None if seed is None else np.random.default_rng(checked_seed(seed))
        return self.act_states(self._states(observations), goal, nodes, seconds=seconds, rng=rng)

    def act_states(
        self,
        states: States,
        goals: str | Sequence[str],
        nodes: int | None = None,
        *,
        seconds: float | None = None,
        rng: np.random.Generator | None = None,
        search: GameSearch | None = None,
    ) -> NDArray[np.int64]:
        """Return one action per position uint64 `[B, W]`, see `act`.

        Args:
            states: the positions.
            goals: one goal for all, or one for each.
            nodes: positions to search per move.
            seconds: time per move, instead of `nodes`.
            rng: chooses among nearly equal moves; None: the best.
            search: keeps the tree of a game from move to move; None: the agent's own.
        """
        names = [goals] * len(states) if isinstance(goals, str) else goals
        wanted = np.array([self.game.goal_index(name) for name in names], np.int64)
        nodes, seconds, handicap = self._effort(nodes, seconds)
        check_unfinished(self.game, states)
        if handicap is not None:
            return weak_play.choose(self._searcher, states, wanted, nodes, handicap)
        if seconds is None:
            return self._searcher.choose(states, wanted, nodes, rng=rng)
        chosen = []
        for state, goal in zip(states, wanted.tolist(), strict=True):
            timed, left = self._in_time(search, seconds)
            chosen.append(timed.explain(state, goal, left, MOVER, rng).action)
        return np.array(chosen, np.int64)

    def explain(
        self,
        observation: Array | dict[str, Array],
        goal: str = "win",
        nodes: int | None = None,
        *,
        seconds: float | None = None,
    ) -> Explanation:
        """Explain the choice in one position: values of all moves, expected line, goals in reach.

        Args:
            observation: one position, see `act`.
            goal: what to play for.
            nodes: positions to search (default 256).
            seconds: time to take, instead of `nodes`.

        Raises:
            rlhf_games.base.UnknownGoalError: the game has no such goal.
            SettingError: `nodes` or `seconds` is impossible, or both are given.
            GameOverError: the game is over.
        """
        state = self._states(observation)[0]
        return self.explain_state(state, goal, nodes, seconds=seconds)

    def explain_state(
        self,
        state: States,
        goal: str = "win",
        nodes: int | None = None,
        seat: int = MOVER,
        *,
        seconds: float | None = None,
    ) -> Explanation:
        """Explain the choice in one position uint64 `[W]`, see `explain`.

        For the waiting player (`seat` 1) the values are its own after each of the mover's moves.
        """
        *_, last = self.think(state, goal, nodes, seat, seconds=seconds)
        return ShownExplanation.of(last, self.game, state)

    def think(
        self,
        state: States,
        goal: str = "win",
        nodes: int | None = None,
        seat: int = MOVER,
        *,
        seconds: float | None = None,
        rng: np.random.Generator | None = None,
        search: GameSearch | None = None,
    ) -> Iterator[Explanation]:
        """Yield better and better explanations, the last as from `explain_state`; stop at any time.

        Args:
            state: uint64 `[W]`.
            goal: what to play for.
            nodes: positions to look at (default 256).
            seat: whose goal it is, `MOVER` or `WAITING`.
            seconds: time to take, instead of `nodes`; the first search also loads compiled code.
            rng: chooses among nearly equal moves; None: the best.
            search: keeps the tree of a game from move to move; None: the agent's own.

        Raises:
            GameOverError: the game is over.
            ObservationError: this is not a position.
        """
        _check_position(state)
        row = self.game.goal_index(goal)
        nodes, seconds, handicap = self._effort(nodes, seconds)
        if handicap is not None and seat == MOVER:
            return weak_play.explained(self._searcher, state, row, nodes, handicap)
        if seconds is None:
            return self._searcher.search_in_steps(state, row, nodes, seat, rng)
        timed, left = self._in_time(search, seconds)
        return timed.in_steps(state, row, left, seat, rng)

    def _in_time(self, search: GameSearch | None, seconds: float) -> tuple[GameSearch, float]:
        """Return a search, the agent's own if None, and what making it leaves of the time."""
        clock = Clock(seconds)
        return search or self._search, max(clock.left, 0.0)

    def new_search(self) -> GameSearch:
        """Return a search with a time limit, for one game at a time; all of them share proofs."""
        return GameSearch(self._searcher, self._prover)

    @cached_property
    def _prover(self) -> Prover:
        return Prover(self.game)

    @cached_property
    def _search(self) -> GameSearch:
        return self.new_search()

    def forecast(
        self,
        state: States,
        goals: tuple[str, str] = ("win", "win"),
        games: int = GAMES,
        seed: int = 0,
    ) -> Forecast:
        """Return how the game from a position uint64 `[W]` is expected to end.

        An estimate: both sides play `games` simulated games with the network alone.

        Args:
            state: the position; a finished game has a certain end.
            goals: the goals of the mover and the waiting player.
            games: how many to simulate, at least 1.
            seed: of their moves.

        Raises:
            rlhf_games.base.UnknownGoalError: the game has no such goal.
            ObservationError: this is not a position.
            SettingError: `games` is below 1.
        """
        _check_position(state)
        if games < 1:
            msg = f"a forecast needs at least 1 game, got {games}"
            raise SettingError(msg)
        wanted = (self.game.goal_index(goals[0]), self.game.goal_index(goals[1]))
        expected = forecast(self._searcher.context, self.goals, state, wanted, games, seed)
        return ShownForecast.of(expected, self.game, state)

    def with_game(self, game: Game) -> Agent:
        """Return the same agent for another object of its game, e.g. with another start."""
        twin = copy(self)
        twin.game = game
        twin._searcher = Searcher(game, self.weights, self.goal_rules)
        for made_for_the_other in ("_prover", "_search"):
            twin.__dict__.pop(made_for_the_other, None)
        return twin

    def _states(self, observations: Array | dict[str, Array]) -> States:
        if isinstance(observations, dict):
            if "observation" not in observations:
                known = ", ".join(map(repr, observations)) or "none"
                msg = f"the observation has no 'observation'; its keys are {known}"
                raise ObservationError(msg)
            observations = observations["observation"]
        planes = np.asarray(observations, np.float32)
        single = planes.ndim == len(self.game.observation_shape)
        return self.game.from_observation(planes[None] if single else planes)


def _check_position(state: States) -> None:
    if np.ndim(state) != 1 or np.asarray(state).dtype != np.uint64:
        msg = (
            "a position is a row of uint64 numbers, such as Session.state or game.initial(1)[0]; "
            "observations are for act and explain"
        )
        raise ObservationError(msg)


def load_agent(
    name_or_path: str | Path,
    game: str | None = None,
    *,
    level: int | None = None,
    elo: float | None = None,
) -> Agent:
    """Return a bundled agent by name, or one from a file that `rlhf-train` or `HFDQN.save` wrote.

    Nothing is unpickled.

    Args:
        name_or_path: a bundled name (the game's) or a path to a zip file.
        game: the game that it has to play, if that matters.
        level: how strong it plays, from 1 (beginner) to 12 (perfect); None: as its budget allows.
        elo: the same in Elo, see `Agent.at_elo`.

    Raises:
        SettingError: there is no such level, it was never measured, or both are given.
        UnknownAgentError: neither a bundled agent nor a file has that name.
        ModelFileError: the file is damaged, unsafe, for another game or from a newer format.
    """
    bundled = bundled_agents()
    text = str(name_or_path)
    looks_like_path = text.endswith(".zip") or Path(text).is_file() or "/" in text
    if text not in bundled and not looks_like_path:
        known = unknown_name("agent", text, bundled)
        raise UnknownAgentError(f"{known}; or give the path of a .zip file")
    file = read_model(bundled.get(text, Path(text)))
    if game is not None:
        file.require_game(game, called=text)
    agent = agent_from_file(Path(text).stem, file)
    if level is not None and elo is not None:
        msg = f"give level={level} or elo={elo:g}, not both"
        raise SettingError(msg)
    agent = agent if level is None else agent.at_level(level)
    return agent if elo is None else agent.at_elo(elo)


def agent_from_file(name: str, file: ModelFile) -> Agent:
    """Build an agent from a model file.

    Raises:
        ModelFileError: the file does not describe a network for its game.
    """
    game = game_of(file)
    try:
        foresight = from_json(Foresight, file.manifest.get("foresight", {}))
        weights = weights_from_arrays(game, file.manifest["policy"], file.arrays[POLICY])
    except WRONG as error:
        msg = f"{file.path} does not describe an agent ({error})"
        raise ModelFileError(msg) from error
    return Agent(name, game, weights, foresight, table_of(file.manifest, file.path))
