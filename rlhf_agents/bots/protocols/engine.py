"""The engine behind every protocol: one game, an agent, its goal and its budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rlhf_agents.bots.protocols.background import BackgroundSearch
from rlhf_agents.bots.protocols.move_names import Spell, is_skip, read_move, spelled_line
from rlhf_agents.errors import SettingError
from rlhf_agents.limits import checked_nodes
from rlhf_agents.play.records import GameRecord
from rlhf_agents.play.saved_games import record_of
from rlhf_agents.play.session import Session
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.levels import LevelTable
from rlhf_agents.players.players import AgentPlayer, Player, make_player
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import Game

MOST_EDGES = 4_000_000
"""The most moves in the tree of a search with a time limit: some hundred megabytes."""
AT_ONCE = 1.0
"""Seconds to wait for the first result of a search, even without time left."""

PlayerFor = Callable[[Game], Player]


class Engine:
    """A game in progress and the player that chooses its moves.

    Args:
        game: the rules.
        player: chooses the moves of both sides.
        spell: names of moves.
        goal: the goal of both sides.
        player_for: returns the same player for another game; by default it has only one.

    Attributes:
        session: the game so far.
        records: the games before it, see `keep_record`.

    Raises:
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """

    def __init__(
        self,
        game: Game,
        player: Player,
        spell: Spell,
        goal: str = "win",
        player_for: PlayerFor | None = None,
    ) -> None:
        self.game = game
        self.player = player
        self.spell = spell
        self.goal = goal
        self.session = Session(game, [goal, goal])
        self._player_for = player_for
        self._searches: list[BackgroundSearch] = []
        self._full_strength: AgentPlayer | None = None
        self.records: list[GameRecord] = []

    def use_game(self, game: Game) -> None:
        """Begin a new game, perhaps with another size or from another start.

        Raises:
            SettingError: the player cannot play it.
            UserError: the same, e.g. because it was trained for another game.
        """
        if game is not self.game:
            if self._player_for is None:
                msg = f"{self.player.name} plays {self.game.title} only"
                raise SettingError(msg)
            player, before = self._player_for(game), self.player
            game.goal_index(self.goal)
            self.game, self.player = game, player
            if isinstance(before, AgentPlayer) and isinstance(player, AgentPlayer):
                self.player = player.as_strong_as(before)
        self.restart()

    def set_goal(self, goal: str) -> None:
        """Change the goal.

        Raises:
            rlhf_games.base.UnknownGoalError: the game has no such goal.
        """
        self.game.goal_index(goal)
        self.goal = goal
        for seat in (0, 1):
            self.session.set_goal(seat, goal)

    @property
    def nodes(self) -> int | None:
        """Positions searched per move, None if the player has no such budget."""
        return self.player.nodes if isinstance(self.player, AgentPlayer) else None

    def set_nodes(self, nodes: int) -> None:
        """Change the number of positions searched per move.

        Raises:
            SettingError: the number is invalid, or the player has no such budget.
        """
        if not isinstance(self.player, AgentPlayer):
            msg = f"{self.player.name} has no budget of nodes"
            raise SettingError(msg)
        agent = self.player.agent.with_strength(None, "", 0)
        self.player = AgentPlayer(agent, checked_nodes(nodes))

    @property
    def levels(self) -> LevelTable | None:
        """What levels the player has; None if it has none."""
        return self.player.agent.levels if isinstance(self.player, AgentPlayer) else None

    def set_level(self, level: int | None = None, elo: float | None = None) -> None:
        """Play at a level or at an Elo from now on; without either as before.

        Raises:
            SettingError: there is no such level, or the player has none.
        """
        player = self.player
        if not isinstance(player, AgentPlayer):
            msg = f"{player.name} has no levels"
            raise SettingError(msg)
        if player.level is None:
            self._full_strength = player
        if level is None and elo is None:
            self.player = self._full_strength or player
            return
        agent = player.agent.at_level(level or 0) if elo is None else player.agent.at_elo(elo)
        self.player = AgentPlayer(agent, seed=player.seed)

    @property
    def level_name(self) -> str:
        """The level that is played: "level7", "elo1200", or "" for full strength."""
        player = self.player
        return player.agent.budget_name if isinstance(player, AgentPlayer) else ""

    # ---- the game --------------------------------------------------------------------------

    def restart(self) -> None:
        """Begin a new game."""
        self.session = Session(self.game, [self.goal, self.goal])

    def play(self, text: str) -> None:
        """Play a move by its name.

        Raises:
            SettingError: no legal move has that name, or the game is over.
        """
        self.play_action(read_move(self.game, self.session.state, text, self.spell))

    def play_action(self, action: int) -> None:
        """Play a move, and our forced passes, which other programs do not know."""
        self.session.play(action)
        while (forced := self.session.legal()) and all(is_skip(self.game, a) for a in forced):
            self.session.play(forced[0])

    def record(self) -> GameRecord:
        """Return the game so far."""
        return record_of(self.session)

    def keep_record(self) -> None:
        """Keep the game in `records`, if there are moves: it ends, or another one begins."""
        if self.session.moves:
            self.records.append(self.record())

    def undo(self) -> bool:
        """Take back the last move, and return whether there was one."""
        while self.session.undo():
            if not is_skip(self.game, self.session.undone[-1]):
                return True
        return False

    def spelled(self, action: int) -> str:
        """Return the name of a legal move."""
        return self.spell(self.game, self.session.state, action)

    def spelled_line(self, line: tuple[int, ...]) -> list[str]:
        """Return the names of a line of moves from here."""
        return spelled_line(self.game, self.session.state, line, self.spell)

    # ---- searching -------------------------------------------------------------------------

    def choose(self, goal: str | None = None) -> int:
        """Return the move for a goal, by default the engine's, however long it takes.

        Raises:
            SettingError: the game is over.
            rlhf_games.base.UnknownGoalError: the game has no such goal.
        """
        self._check_ongoing()
        return int(self.player.act(self.session.state[None], goal or self.goal)[0])

    def choose_within(
        self, seconds: float, goal: str | None = None, *, strictly: bool = True
    ) -> int:
        """Return the best move found within a time limit; raises as `choose` does.

        Without time it is the network's move, or that of a search one move deep.

        Args:
            seconds: the time limit.
            goal: what to play for, by default the engine's goal.
            strictly: the limit includes compilation, and the first legal move is played if there
                is no result.
        """
        goal = goal or self.goal
        self.game.goal_index(goal)
        at_once = seconds <= 0
        search = self.search(0 if at_once else None, goal)
        last = search.next(max(AT_ONCE, seconds) if strictly else None)
        end = search.started + seconds if strictly else time.monotonic() + seconds
        while not search.finished and (left := end - time.monotonic()) > 0:
            last = search.next(left) or last
        search.stop()
        return self.session.legal()[0] if last is None else last.action

    def search(self, nodes: int | None = None, goal: str | None = None) -> BackgroundSearch:
        """Start a search for a goal, by default the engine's; raises as `choose` does.

        Args:
            nodes: a budget for this move only; by default the engine's.
            goal: what to play for.
        """
        self._check_ongoing()
        player, state, goal = self.player, self.session.state, goal or self.goal
        if nodes is not None and isinstance(player, AgentPlayer) and not player.misjudges:
            player = AgentPlayer(player.agent, nodes)

        def think() -> Iterator[Explanation]:
            return player.think(state, goal)

        return self._start(think)

    def _start(self, think: Callable[[], Iterator[Explanation]]) -> BackgroundSearch:
        search = BackgroundSearch(think)
        self._searches = [*(one for one in self._searches if one.running), search]
        return search

    def warm_up(self) -> BackgroundSearch:
        """Compile everything in the background, the rules first, and return that search."""
        game, player, goal = self.game, self.player, self.goal

        def think() -> Iterator[Explanation]:
            trial = Session(game)
            state = trial.state
            trial.play(trial.legal()[0])
            trial.legal()
            if isinstance(player, AgentPlayer) and player.agent.levels is not None:
                player.agent.at_level(1).act_states(
                    state[None], goal
                )  # levels have code of their own
            yield from player.think(state, goal)

        search = self._start(think)
        search.stop()
        return search

    def still_searches(self, seconds: float) -> bool:
        """Stop all searches, and return whether one is still running after some seconds."""
        for search in self._searches:
            search.stop()
        end = time.monotonic() + seconds
        for search in self._searches:
            search.wait(max(0.0, end - time.monotonic()))
        return any(search.running for search in self._searches)

    def explain(self, goal: str | None = None) -> Explanation:
        """Explain the move, see `Player.explain`; raises as `choose` does."""
        self._check_ongoing()
        return self.player.explain(self.session.state, goal or self.goal)

    @property
    def most_nodes(self) -> int:
        """The budget of a search with a time limit."""
        return MOST_EDGES // self.game.n_actions

    def _check_ongoing(self) -> None:
        if self.session.over:
            msg = "the game is over"
            raise SettingError(msg)


def make_engine(
    game: Game, agent: str, spell: Spell, *, goal: str = "win", nodes: int = 256, seed: int = 0
) -> Engine:
    """Return an engine for an agent, by name or file, or for another player.

    Raises:
        UserError: the name is unknown, or the file cannot be used.
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """

    def player_for(game: Game) -> Player:
        def load(name: str) -> Agent:
            return load_agent(name, game.name).with_game(game)

        return make_player(agent, game, nodes=nodes, seed=seed, load=load)

    return Engine(game, player_for(game), spell, goal, player_for)
