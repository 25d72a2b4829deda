"""Our agents as bots of OpenSpiel."""

from __future__ import annotations

import random

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.agent import Agent, load_agent
from rlhf_agents.errors import SettingError
from rlhf_agents.settings import Foresight
from tests.agents.weights import random_weights

pyspiel = pytest.importorskip("pyspiel", reason="needs the extra openspiel")


def bot_for(name: str, nodes: int = 0):
    from rlhf_agents.protocols.openspiel_bot import AgentBot  # noqa: PLC0415 - optional

    game = rlhf_games.make(name)
    if name == "connect_four":
        return AgentBot(load_agent(name), nodes=nodes)
    return AgentBot(Agent(name, game, random_weights(game), Foresight()), nodes=nodes)


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


def test_it_follows_jumps_between_games():
    agent, bot = load_agent("connect_four"), bot_for("connect_four", 16)
    world, game, rng = (
        pyspiel.load_game("connect_four"),
        rlhf_games.make("connect_four"),
        random.Random(1),
    )
    for _ in range(6):
        state, states = world.new_initial_state(), game.initial(1)
        for _ in range(rng.randrange(7)):
            action = rng.choice(state.legal_actions())
            state.apply_action(action)
            states = game.step(states, np.array([action]))
        assert bot.step(state) == agent.act_states(states, "win", 16)[0]


def test_what_it_cannot_play_is_refused():
    from rlhf_agents.protocols.openspiel_bot import AgentBot  # noqa: PLC0415 - optional

    bot = bot_for("connect_four")
    with pytest.raises(SettingError, match="not tic_tac_toe"):
        bot.step(pyspiel.load_game("tic_tac_toe").new_initial_state())
    world = pyspiel.load_game("connect_four")
    state = world.new_initial_state()
    state.apply_action(3)
    with pytest.raises(SettingError, match="without the moves"):
        bot.step(world.new_initial_state(state.to_json()))
    game = rlhf_games.make("othello_6x6")
    with pytest.raises(SettingError, match="OpenSpiel has no Othello 6x6"):
        AgentBot(Agent("o", game, random_weights(game), Foresight()))
