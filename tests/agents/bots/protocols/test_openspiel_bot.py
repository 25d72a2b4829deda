"""Our agents as bots of OpenSpiel."""

from __future__ import annotations

import random
from typing import ClassVar

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.bots.protocols.move_names import openspiel_name, read_move
from rlhf_agents.errors import SettingError
from rlhf_agents.players.agent import Agent
from rlhf_agents.settings import Foresight
from tests.agents.bots.exports.agents import agent_of
from tests.agents.bots.exports.contract import BotContract, select
from tests.agents.weights import random_weights

pyspiel = pytest.importorskip("pyspiel", reason="needs the extra openspiel")


def bot_of(agent: Agent, nodes: int = 0, goal: str = "win"):
    from rlhf_agents.bots.protocols.openspiel_bot import AgentBot  # noqa: PLC0415 - optional

    return AgentBot(agent, goal, nodes)


def bot_for(name: str, nodes: int = 0):
    return bot_of(agent_of(name), nodes)


def world_of(game):
    from rlhf_agents.bots.protocols.openspiel_bot import THEIR_NAMES  # noqa: PLC0415 - optional

    return pyspiel.load_game(THEIR_NAMES[game.name])


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "breakthrough_6x6", "othello"])
class TestContract(BotContract):
    positions: ClassVar = {0: 600, 1: 150, 40: 60}

    @pytest.fixture
    def choose(self, twin):
        game = twin.game

        def choose(positions, goal, nodes):
            """Both sides of a walk know the position: OpenSpiel's, and the game's own."""
            bot, now = bot_of(twin, nodes, goal), {}

            def restart() -> None:
                now.update(theirs=world_of(game).new_initial_state(), ours=game.initial(1))

            def play(action: int) -> None:
                name = openspiel_name(game, now["ours"][0], action)
                now["theirs"].apply_action(now["theirs"].string_to_action(name))
                now["ours"] = game.step(now["ours"], np.array([action]))

            def ask() -> int:
                name = now["theirs"].action_to_string(bot.step(now["theirs"]))
                return read_move(game, now["ours"][0], name, openspiel_name)

            return select(positions, restart, play, ask)

        return choose

    @pytest.fixture
    def complaints(self, twin):
        """What is said of another game's state, and of a game that is over."""
        other = pyspiel.load_game("hex").new_initial_state()
        over = world_of(twin.game).new_initial_state()
        while not over.is_terminal():
            over.apply_action(over.legal_actions()[-1])
        told = {}
        for what, wrong in {"game": other, "over": over}.items():
            with pytest.raises(SettingError) as caught:
                bot_of(twin).step(wrong)
            told[what] = str(caught.value)
        return told


def test_it_beats_openspiels_tree_search():
    """Four games by OpenSpiel's own referee; tests/benchmarks/openspiel_bots.py plays 100."""
    world = pyspiel.load_game("connect_four")
    bot, points = bot_for("connect_four", 128), 0.0
    for number in range(4):
        rollouts = pyspiel.RandomRolloutEvaluator(1, number)
        other = pyspiel.MCTSBot(world, rollouts, 2.0, 50, 100, True, number, False)
        seats = [bot, other] if number % 2 == 0 else [other, bot]
        points += pyspiel.evaluate_bots(world.new_initial_state(), seats, number)[number % 2]
    assert points >= 2


@pytest.mark.parametrize(
    ("name", "world"),
    [
        ("breakthrough_6x6", "breakthrough(rows=6,columns=6)"),
        ("othello", "othello"),
        ("openspiel:mancala", "mancala"),
    ],
)
def test_it_plays_what_the_agent_plays(name: str, world: str):
    """Legal moves through whole games, on both sides, with the policy that it says."""
    bot, rng = bot_for(name), random.Random(0)
    assert bot.provides_policy()
    for seat in (0, 1):
        state = pyspiel.load_game(world).new_initial_state()
        bot.restart()
        while not state.is_terminal():
            if state.current_player() == seat:
                policy, action = bot.step_with_policy(state)
                assert dict(policy)[action] == sum(dict(policy).values()) == 1.0
                assert [one for one, _ in policy] == state.legal_actions()
            else:
                action = rng.choice(state.legal_actions())
            state.apply_action(action)
        bot.restart_at(state)


def test_what_it_cannot_play_is_refused():
    from rlhf_agents.bots.protocols.openspiel_bot import AgentBot  # noqa: PLC0415 - optional

    bot = bot_for("connect_four")
    with pytest.raises(SettingError, match="not tic_tac_toe"):
        bot.step(pyspiel.load_game("tic_tac_toe").new_initial_state())
    world = pyspiel.load_game("connect_four")
    state = world.new_initial_state()
    state.apply_action(3)
    with pytest.raises(SettingError, match="no history of moves"):
        bot.step(world.new_initial_state(state.to_json()))
    game = rlhf_games.make("othello_6x6")
    with pytest.raises(SettingError, match="OpenSpiel has no Othello 6x6"):
        AgentBot(Agent("o", game, random_weights(game), Foresight()))
