"""Our agents as OpenSpiel bots, for its tournaments and against its bots; imported on use.

    import pyspiel
    from rlhf_agents import load_agent
    from rlhf_agents.bots.protocols.openspiel_bot import AgentBot

    game = pyspiel.load_game("connect_four")
    bots = [AgentBot(load_agent("connect_four"), nodes=256), pyspiel.make_uniform_random_bot(1, 0)]
    print(pyspiel.evaluate_bots(game.new_initial_state(), bots, 0))

Plays OpenSpiel's Connect Four, Tic-Tac-Toe, Othello and Breakthrough with agents for our games of
those names, and any `openspiel:` game with an agent that was trained in it. It reads the history of
a state, so it refuses states that were set up without one. Needs `rlhf-agents[openspiel]`.
"""

from __future__ import annotations

import pyspiel

from rlhf_adapters.foreign_games.spiel_types import SpielState
from rlhf_agents.bots.protocols.engine import Engine
from rlhf_agents.bots.protocols.move_names import LIBRARY, foreign_position, openspiel_name
from rlhf_agents.errors import SettingError
from rlhf_agents.players.agent import Agent
from rlhf_agents.players.players import AgentPlayer

THEIR_NAMES = {
    "breakthrough": "breakthrough",
    "breakthrough_6x6": "breakthrough(columns=6,rows=6)",
    "connect_four": "connect_four",
    "othello": "othello",
    "tic_tac_toe": "tic_tac_toe",
}
"""Our games that OpenSpiel also has."""


class AgentBot(pyspiel.Bot):  # type: ignore[misc] # OpenSpiel ships no types
    """An agent as a `pyspiel.Bot`, for either side or for both.

    Args:
        agent: the agent.
        goal: its goal.
        nodes: positions that it searches per move; 0 is the network alone (default: what the
            agent's level says, else 256).
        seconds: time per move, instead of `nodes`.

    Raises:
        SettingError: OpenSpiel does not have the agent's game, or `nodes` or `seconds` is out of
            range.
        rlhf_games.base.UnknownGoalError: the game has no such goal.
    """

    def __init__(
        self,
        agent: Agent,
        goal: str = "win",
        nodes: int | None = None,
        *,
        seconds: float | None = None,
    ) -> None:
        pyspiel.Bot.__init__(self)
        name = agent.game.name
        if not name.startswith(LIBRARY) and name not in THEIR_NAMES:
            msg = (
                f"OpenSpiel has no {agent.game.title}; of our games it has {', '.join(THEIR_NAMES)}"
            )
            raise SettingError(msg)
        own = foreign_position(agent.game, agent.game.initial(1)[0])
        self._theirs = pyspiel.load_game(THEIR_NAMES[name]) if own is None else own.get_game()
        player = AgentPlayer(agent, nodes, seconds=seconds)
        self._engine = Engine(agent.game, player, openspiel_name)
        self._engine.set_goal(goal)
        self._replay = self._theirs.new_initial_state()

    def restart(self) -> None:
        """Begin a new game."""
        self._engine.restart()
        self._replay = self._theirs.new_initial_state()

    def restart_at(self, state: SpielState) -> None:
        """Set the state; raises as `step` does."""
        self._follow(state)

    def inform_action(self, state: SpielState, player_id: int, action: int) -> None:
        """Note another player's move: nothing to do, as states have their history."""

    def step(self, state: SpielState) -> int:
        """Return the agent's action.

        Raises:
            SettingError: the state is of another game, or has no history.
        """
        self._follow(state)
        return state.string_to_action(self._engine.spelled(self._engine.choose()))

    def provides_policy(self) -> bool:
        """Return True: `step_with_policy` works."""
        return True

    def get_policy(self, state: SpielState) -> list[tuple[int, float]]:
        """Return the probability of every legal action: 1 for one of them."""
        return self.step_with_policy(state)[0]

    def step_with_policy(self, state: SpielState) -> tuple[list[tuple[int, float]], int]:
        """Return the policy and the action, see `step`."""
        chosen = self.step(state)
        return [(action, float(action == chosen)) for action in state.legal_actions()], chosen

    def _follow(self, state: SpielState) -> None:
        """Play the moves since the last call, or all of them if it is another game."""
        if str(state.get_game()) != str(self._theirs):
            msg = f"the agent plays {self._theirs}, not {state.get_game()}"
            raise SettingError(msg)
        history, known = state.history(), self._replay.history()
        if history[: len(known)] != known:
            self.restart()
            known = []
        for action in history[len(known) :]:
            name = self._replay.action_to_string(action)
            self._replay.apply_action(action)
            self._engine.play(name)
        if str(self._replay) != str(state):
            msg = "the state has no history of moves, which the agent needs"
            raise SettingError(msg)
