"""Agents: what scripts rely on, goals that fall back, and clear errors."""

from __future__ import annotations

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.errors import ModelFileError, ObservationError, SettingError, UnknownAgentError
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.files.model_file import write_model
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.players.players import AgentPlayer, RandomPlayer
from rlhf_agents.search.explanation import GameOverError
from rlhf_agents.settings import Foresight
from rlhf_games.base import UnknownGoalError, Verdict
from tests.agents.search.test_tree import random_positions
from tests.agents.weights import random_weights


def agent_for(name, **weights):
    game = rlhf_games.make(name)
    return Agent("test", game, random_weights(game, **weights), Foresight())


@pytest.fixture(scope="module", params=["tic_tac_toe", "connect_four"])
def agent(request):
    return agent_for(request.param)


def test_a_dictionary_without_the_board_gets_a_sentence(agent):
    with pytest.raises(ObservationError, match="no 'observation'; its keys are 'board'"):
        agent.act({"board": np.zeros(agent.game.observation_shape)})
    for asked in (agent.forecast, agent.explain_state):
        with pytest.raises(ObservationError, match=r"Session\.state"):
            asked({"observation": np.zeros(agent.game.observation_shape)})


@pytest.mark.parametrize("nodes", [0, 1, 60])
def test_acts_legally_on_batches_single_positions_and_dicts(agent, nodes):
    states = random_positions(agent.game, 40, 4)
    observations = agent.game.observe(states)
    legal = agent.game.legal(states)
    for goal in agent.goals:
        actions = agent.act(observations, goal=goal, nodes=nodes)
        assert actions.dtype == np.int64
        assert actions.shape == (len(states),)
        assert legal[np.arange(len(states)), actions].all()
    batch = agent.act(observations, nodes=nodes)
    assert agent.act(observations[0], nodes=nodes).tolist() == [batch[0]]
    as_dict = agent.act({"observation": observations}, nodes=nodes)
    np.testing.assert_array_equal(as_dict, batch)


def test_explains_what_it_would_play(agent):
    for state in random_positions(agent.game, 10, 3):
        observation = agent.game.observe(state[None])[0]
        for nodes in (0, 1, 80):
            why = agent.explain(observation, goal="win", nodes=nodes)
            assert why.action == agent.act(observation, nodes=nodes)[0]
            legal = agent.game.legal(state[None])[0]
            np.testing.assert_array_equal(np.isnan(why.values), ~legal)
            assert set(why.goal_values) == set(agent.goals)
            assert all(0 <= value <= 1 for value in why.goal_values.values())
            assert why.line[0] == why.action
            assert why.nodes >= 1


def test_takes_a_winning_move_at_once_when_it_may_look(agent):
    """One ply is enough to see the rules decide, whatever the network believes."""
    wins = {"connect_four": [0, 1, 0, 1, 0, 1], "tic_tac_toe": [0, 3, 1, 4]}[agent.game.name]
    best = {"connect_four": 0, "tic_tac_toe": 2}[agent.game.name]
    states = agent.game.initial(1)
    for move in wins:
        states = agent.game.step(states, np.array([move]))
    assert agent.act_states(states, "win", nodes=1)[0] == best
    assert agent.explain_state(states[0], nodes=1).proven


def test_an_impossible_goal_falls_back_to_win(agent):
    """Asked for a deadline that has passed, the agent plays exactly as if asked to win."""
    game = agent.game
    goal = next(g for g in reversed(agent.goals) if g.startswith("win_by"))
    row = game.goal_index(goal)
    states = np.concatenate([random_positions(game, 60, plies) for plies in (4, 6, 8, 14)[:3]])
    if game.name == "connect_four":
        states = random_positions(game, 60, 14)
    impossible = game.verdicts(states)[:, 0, row] == Verdict.IMPOSSIBLE
    assert impossible.sum() > 10
    for nodes in (0, 1, 40):
        asked = agent.act_states(states[impossible], goal, nodes)
        win = agent.act_states(states[impossible], "win", nodes)
        np.testing.assert_array_equal(asked, win)
    why = agent.explain_state(states[impossible][0], goal, 20)
    assert (why.goal, why.pursued) == (goal, "win")
    assert why.goal_values[goal] == 0.0


def test_a_goal_out_of_reach_falls_back_to_win():
    """A network that gives up on every goal but `win` leaves an aim all the same."""
    agent = agent_for("connect_four", seed=4)
    game, weights = agent.game, agent._searcher.weights
    biases = weights.head_bias.reshape(2, len(game.goals), game.n_actions)
    biases[0, 1:] = -40.0
    states = random_positions(game, 30, 6)
    for goal in ("draw", "win_diagonal"):
        np.testing.assert_array_equal(
            agent.act_states(states, goal, 0), agent.act_states(states, "win", 0)
        )


def test_each_row_may_have_its_own_goal(agent):
    states = random_positions(agent.game, 20, 3)
    goals = [agent.goals[i % len(agent.goals)] for i in range(len(states))]
    together = agent.act_states(states, goals, 30)
    alone = [agent.act_states(s[None], g, 30)[0] for s, g in zip(states, goals, strict=True)]
    np.testing.assert_array_equal(together, alone)


def test_bad_requests(agent):
    observation = agent.game.observe(agent.game.initial(1))
    with pytest.raises(SettingError, match="nodes must be a whole number from 0"):
        agent.act(observation, nodes=-1)
    with pytest.raises(UnknownGoalError, match=r"goal of .* 'fly'"):
        agent.act(observation, goal="fly")
    states, rng = agent.game.initial(1), np.random.default_rng(0)
    for _ in range(agent.game.max_plies):
        states = agent.game.step(states, agent.game.random_actions(states, rng))
    with pytest.raises(GameOverError, match="the game is over"):
        agent.explain_state(states[0])
    with pytest.raises(GameOverError, match="the game is over"):
        agent.act_states(states, "win")
    pair = np.concatenate([agent.game.initial(1), states])
    with pytest.raises(GameOverError, match="over in position 1"):
        agent.act(agent.game.observe(pair), nodes=0)
    for seconds in (0, -1.0, float("nan"), "1"):
        with pytest.raises(SettingError, match="seconds must be above 0"):
            agent.act(observation, seconds=seconds)
    with pytest.raises(SettingError, match="nodes=5 or seconds=1, not both"):
        agent.explain(observation, nodes=5, seconds=1)
    with pytest.raises(SettingError, match="seed"):
        agent.act(observation, nodes=0, seed=-1)


def test_acts_and_explains_by_the_clock(agent):
    states = random_positions(agent.game, 3, 3)
    observations = agent.game.observe(states)
    legal = agent.game.legal(states)
    for goal in ("win", "draw"):
        actions = agent.act(observations, goal=goal, seconds=0.02)
        assert legal[np.arange(len(states)), actions].all()
        why = agent.explain(observations[0], goal=goal, seconds=0.02)
        assert legal[0, why.action]
        assert why.line[0] == why.action
        np.testing.assert_array_equal(np.isnan(why.values), ~legal[0])


def test_a_seed_varies_play_among_nearly_equal_moves():
    """To a stone in the centre of Tic-Tac-Toe all four corners are the same answer."""
    agent = load_agent("tic_tac_toe")
    observation = agent.game.observe(agent.game.step(agent.game.initial(1), np.array([4])))
    usual = {int(agent.act(observation, nodes=3000)[0]) for _ in range(3)}
    varied = [int(agent.act(observation, nodes=3000, seed=seed)[0]) for seed in range(30)]
    assert len(usual) == 1
    assert set(varied) == {0, 2, 6, 8}
    again = [int(agent.act(observation, nodes=3000, seed=seed)[0]) for seed in range(30)]
    assert varied == again


def test_unknown_agents_name_their_cure():
    with pytest.raises(UnknownAgentError, match=r"known: .*connect_four"):
        load_agent("connect_for")
    with pytest.raises(ModelFileError, match="there is no model file"):
        load_agent("nowhere.zip")


def test_a_file_that_describes_no_network_is_refused(tmp_path):
    path = tmp_path / "model.zip"
    arrays = {"policy": {"x": np.zeros(3, np.float32)}}
    write_model(path, {"game": "tic_tac_toe", "policy": {}}, arrays)
    with pytest.raises(ModelFileError, match="does not describe an agent"):
        load_agent(path)


@pytest.mark.parametrize("name", sorted(bundled_agents()))
@pytest.mark.parametrize("goal", ["win", "lose"])
def test_bundled_agents_do_what_they_are_asked(name, goal):
    """Against random play, as the network alone; chance would do it in about half of the games."""
    agent = load_agent(name, game=name)
    players = AgentPlayer(agent, 0), RandomPlayer(agent.game, seed=0)
    match = play_match(agent.game, players, MatchSettings(games=100, goal=goal, opening_plies=2))
    assert match.goal_rate > 0.7


def test_the_bundled_agent_plays_its_game():
    agent = load_agent("connect_four")
    assert agent.game.name == "connect_four"
    assert agent.act_states(agent.game.initial(1), "win", 256)[0] == 3
    with pytest.raises(ModelFileError, match="not for tic_tac_toe"):
        load_agent("connect_four", game="tic_tac_toe")
