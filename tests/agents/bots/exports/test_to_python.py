"""The Python file: plays as the agent with the same weights does, alone and with numpy only."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from typing import ClassVar

import numpy as np
import pytest

import rlhf_games
from rlhf_agents import Agent, export, load_agent
from rlhf_agents.bots.exports import sensitivity, to_python
from rlhf_agents.bots.exports.packing import matrices_of
from rlhf_agents.bots.exports.registry import ExportRequest
from rlhf_agents.bots.exports.rounding import compact
from rlhf_agents.players.bundled import bundled_agents
from rlhf_agents.settings import Foresight
from tests.agents.bots.exports.contract import PROVING, BotContract
from tests.agents.weights import random_weights

SMALL = ("tic_tac_toe", "connect_four")
LARGE = ("othello_6x6", "breakthrough_6x6", "othello", "breakthrough")
"""Games that take the file longer; the last two have random networks."""


def open_bot(path):
    spec = spec_from_file_location(path.stem, path)
    bot = module_from_spec(spec)
    spec.loader.exec_module(bot)
    return bot


@pytest.fixture(scope="module", params=[*SMALL, *LARGE])
def made(request, tmp_path_factory):
    """An agent, its file, and the agent with the file's weights."""
    patch = pytest.MonkeyPatch()
    if request.param in bundled_agents():
        agent = load_agent(request.param)
    else:
        patch.setattr(sensitivity, "GAMES", 30)
        game = rlhf_games.make(request.param)
        weights = random_weights(game, width=8, scale=0.3)
        agent = Agent("random", game, weights, Foresight())
    once = []
    patch.setattr(to_python, "compact", lambda *those: once.extend(compact(*those)) or once)
    path = export(agent, "python", tmp_path_factory.mktemp("bots") / "bot.py", nodes=30)
    patch.undo()
    return path, Agent("rounded", agent.game, once[0], Foresight())


class Checks(BotContract):
    @pytest.fixture
    def twin(self, made):
        return made[1]

    @pytest.fixture
    def choose(self, made):
        bot = open_bot(made[0])
        # All goals and numbers of nodes look at many of the same positions.
        bot.features_of = cache(bot.features_of)

        def choose(positions, goal, nodes):
            row, states = bot.GOALS.index(goal), positions.states.tolist()
            return [bot.choose_state(tuple(state), row, nodes) for state in states]

        return choose

    @pytest.fixture
    def complaints(self, made):
        bot = open_bot(made[0])
        mistakes = {"move": {"moves": "1 zz"}, "action": {"moves": [-1]}, "goal": {"goal": "x"}}
        mistakes |= {"nodes": {"nodes": -1}, "half": {"nodes": 0.5}, "long": {"moves": "x" * 999}}
        told = {}
        for what, request in mistakes.items():
            with pytest.raises(bot.Mistake) as mistake:
                bot.choose(**request)
            told[what] = str(mistake.value)
        return told

    def test_rules_and_verdicts_are_the_games(self, made):
        bot, game = open_bot(made[0]), made[1].game
        states, rng = game.initial(20), np.random.default_rng(1)
        assert bot.start() == tuple(states[0].tolist())
        for _ in range(game.max_plies + 1):
            legal, outcomes, verdicts = (
                game.legal(states),
                game.outcome(states),
                game.verdicts(states),
            )
            actions = game.random_actions(states, rng)
            after = game.step(states, actions)
            for i, words in enumerate(states.tolist()):
                state = tuple(words)
                assert bot.legal_moves(state) == np.flatnonzero(legal[i]).tolist()
                assert bot.result(state) == outcomes[i]
                known = [[bot.verdict(state, s, g) for g in range(len(bot.GOALS))] for s in (0, 1)]
                assert known == verdicts[i].tolist()
                if legal[i].any():
                    assert bot.play(state, int(actions[i])) == tuple(after[i].tolist())
            states = after[game.outcome(after) == 2]
            if not len(states):
                break

    def test_file_is_small_and_holds_the_weights(self, made):
        path, twin = made
        assert path.stat().st_size <= to_python.MOST_BYTES
        bot = open_bot(path)
        for array, same in zip(
            matrices_of(twin.weights), [bot.TABLE, *bot.DENSE, bot.HEADS], strict=True
        ):
            assert (array == same).all()


@pytest.mark.parametrize("made", SMALL, indirect=True, scope="module")
class TestSmallGames(Checks):
    """Thousands of positions; from 100 nodes on bots also prove moves."""

    positions: ClassVar = {**Checks.positions, PROVING: 60}


@pytest.mark.parametrize("made", LARGE, indirect=True, scope="module")
class TestLargeGames(Checks):
    positions: ClassVar = {0: 300, 1: 60, 40: 20, PROVING: 10}


def test_program_answers_line_by_line(made):
    path, twin = made
    lines = ["", "nonsense", "\0", *(["4 4 4"] if twin.game.name == "connect_four" else [])]
    command = [sys.executable, "-I", str(path), "--nodes", "5"]
    ran = subprocess.run(
        command,
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers = ran.stdout.splitlines()
    assert len(answers) == len(lines)
    assert answers[0] in twin.game.names_of(0)
    assert [answer.startswith("error: ") for answer in answers[1:3]] == [True, True]
    assert answers[3:] == [one for one in answers[3:] if one in twin.game.names_of(1)]


def test_numbers_of_numpy_are_numbers(made):
    bot, twin = open_bot(made[0]), made[1]
    first = int(np.flatnonzero(twin.game.legal(twin.game.initial(1))[0])[-1])
    expected = bot.choose([first], nodes=4)
    for moves in ([np.int64(first)], np.array([first]), [np.uint8(first)]):
        assert bot.choose(moves, nodes=np.int32(4)) == expected
    for nodes in (10**12, True, np.float64(3.0), np.bool_(True)):
        with pytest.raises(bot.Mistake, match="whole number"):
            bot.choose(nodes=nodes)
    with pytest.raises(bot.Mistake, match="not legal"):
        bot.choose([np.float64(first)])


def test_finished_games_are_refused(made):
    bot, game = open_bot(made[0]), made[1].game
    states, rng, moves = game.initial(1), np.random.default_rng(0), []
    while game.outcome(states)[0] == 2:
        action = game.random_actions(states, rng)
        moves.append(game.names_of(len(moves) % 2)[action[0]])
        states = game.step(states, action)
    with pytest.raises(bot.Mistake, match="the game is over"):
        bot.choose(" ".join(moves))
    assert bot.choose(moves[:-1], nodes=1) in game.names_of((len(moves) - 1) % 2)


def test_other_games_are_refused():
    game = rlhf_games.make("connect_four")
    agent = Agent("random", game, random_weights(game), Foresight())
    game.name = "draughts"
    assert "tic_tac_toe" in to_python.refusal(ExportRequest(agent, "win", 1))
