"""What an engine plays: one game, an agent, its goal and its budget, whatever protocol asks."""

from __future__ import annotations

from collections.abc import Iterator

from rlhf_agents.bots.protocols.move_names import Spell, is_skip, read_move, spelled_line
from rlhf_agents.errors import SettingError
from rlhf_agents.limits import MAX_NODES, checked_nodes
from rlhf_agents.play.session import Session
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.players import AgentPlayer, Player, make_player
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import Game

MOST_EDGES = 4_000_000
"""Moves in the tree of a search that ends by the clock: some hundred megabytes."""


class Engine:
    """A game in progress and whoever thinks about it.

    Args:
        game: the rules.
        player: chooses the moves of both sides.
        spell: how moves are called.
        goal: what is played for.

    Attributes:
        session: the game so far.

    Raises:
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """

    def __init__(self, game: Game, player: Player, spell: Spell, goal: str = "win") -> None:
        self.game = game
        self.player = player
        self.spell = spell
        self.goal = goal
        self.session = Session(game, [goal, goal])

    def set_goal(self, goal: str) -> None:
        """Play for another goal from now on.

        Raises:
            rlhf_games.base.UnknownGoalError: the game has no such goal.
        """
        self.game.goal_index(goal)
        self.goal = goal
        for seat in (0, 1):
            self.session.set_goal(seat, goal)

    @property
    def nodes(self) -> int | None:
        """Positions looked at per move; None if the player has no such budget."""
        return self.player.nodes if isinstance(self.player, AgentPlayer) else None

    def set_nodes(self, nodes: int) -> None:
        """Look at so many positions per move from now on.

        Raises:
            SettingError: the number is impossible, or the player has no such budget.
        """
        if not isinstance(self.player, AgentPlayer):
            msg = f"{self.player.name} has no budget of nodes"
            raise SettingError(msg)
        self.player = AgentPlayer(self.player.agent, checked_nodes(nodes))

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
        """Play a move, and after it the turns that do not exist for others."""
        self.session.play(action)
        while (forced := self.session.legal()) and all(is_skip(self.game, a) for a in forced):
            self.session.play(forced[0])

    def undo(self) -> bool:
        """Take back the last move; tell whether there was one."""
        while self.session.undo():
            if not is_skip(self.game, self.session.undone[-1]):
                return True
        return False

    def spelled(self, action: int) -> str:
        """Return the name of a legal move."""
        return self.spell(self.game, self.session.state, action)

    def spelled_line(self, line: tuple[int, ...]) -> list[str]:
        """Return the names of moves that follow each other from here."""
        return spelled_line(self.game, self.session.state, line, self.spell)

    # ---- thinking --------------------------------------------------------------------------

    def choose(self, goal: str | None = None) -> int:
        """Return the move for a goal, by default the engine's.

        Raises:
            SettingError: the game is over.
            rlhf_games.base.UnknownGoalError: the game has no such goal.
        """
        self._check_ongoing()
        return int(self.player.act(self.session.state[None], goal or self.goal)[0])

    def explain(self, goal: str | None = None) -> Explanation:
        """Say why, see `Player.explain`; raises as `choose` does."""
        self._check_ongoing()
        return self.player.explain(self.session.state, goal or self.goal)

    def think(self, nodes: int | None = None) -> Iterator[Explanation]:
        """Think better and better, see `Player.think`; raises as `choose` does.

        Args:
            nodes: a budget for this move only; by default the engine's.
        """
        self._check_ongoing()
        player = self.player
        if nodes is not None and isinstance(player, AgentPlayer):
            player = AgentPlayer(player.agent, min(nodes, MAX_NODES))
        return player.think(self.session.state, self.goal)

    @property
    def most_nodes(self) -> int:
        """The budget of a search that ends by the clock."""
        return MOST_EDGES // self.game.n_actions

    def _check_ongoing(self) -> None:
        if self.session.over:
            msg = "the game is over"
            raise SettingError(msg)


def make_engine(
    game: Game, agent: str, spell: Spell, *, goal: str = "win", nodes: int = 256, seed: int = 0
) -> Engine:
    """Return an engine for an agent by name, by file, or another player's word.

    Raises:
        UserError: nobody has that name, or the file cannot be used.
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """

    def load(name: str) -> Agent:
        return load_agent(name, game.name)

    return Engine(game, make_player(agent, game, nodes=nodes, seed=seed, load=load), spell, goal)
