"""The web page in a real browser: it plays as the agent with the same rounded weights does."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from rlhf_agents.agent import Agent, load_agent
from rlhf_agents.exports import to_web
from rlhf_agents.exports.registry import Order
from rlhf_agents.exports.small_weights import shrink
from rlhf_agents.settings import Foresight
from rlhf_games.rules import symbols_batch
from tests.exports.chromium import Chromium, find_chromium
from tests.exports.random_agents import random_agent

NODES = 64
TIE = 1e-5
"""Values nearer than this differ by the order of float32 sums: other moves are as good."""
MOST_BYTES = 1_500_000
YOURS = "document.body.dataset.state === 'yours' && view.reach !== null"


def order(agent: Agent) -> Order:
    return Order(agent, "win", NODES)


def rounded(agent: Agent) -> Agent:
    """Return the agent that the page carries; all agents here have the default foresight."""
    return Agent(agent.name, agent.game, shrink(agent.game, agent.weights).weights(), Foresight())


def some_positions(agent: Agent, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unfinished positions of random games, and goals to ask for."""
    game, rng = agent.game, np.random.default_rng(7)
    found, states = [], game.initial(count)
    while len(states):
        found.append(states[rng.random(len(states)) < 0.15])
        states = game.step(states, game.random_actions(states, rng))
        states = states[game.legal(states).any(axis=1)]
    states = np.concatenate(found)
    states = states[rng.permutation(len(states))[:count]]
    return states, rng.integers(len(game.goals), size=len(states))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    program = find_chromium()
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    chromium = Chromium(program, tmp_path_factory.mktemp("profile"))
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory):
    """Return the path of the page of an agent."""
    folder, written = tmp_path_factory.mktemp("pages"), {}

    def page_of(agent: Agent):
        if agent.name not in written:
            path = folder / f"{agent.name}.html"
            path.write_bytes(to_web.contents(order(agent)))
            written[agent.name] = path
        return written[agent.name]

    return page_of


@pytest.fixture(scope="module")
def connect_four() -> Agent:
    return load_agent("connect_four")


def agent_of(name: str) -> Agent:
    return load_agent(name) if name in {"connect_four", "tic_tac_toe"} else random_agent(name)


@pytest.mark.parametrize(
    ("name", "count"),
    [("connect_four", 200), ("tic_tac_toe", 100), ("othello_6x6", 40), ("breakthrough_6x6", 40)],
)
def test_page_knows_the_rules_and_plays_as_the_agent(browser, pages, name: str, count: int):
    agent = agent_of(name)
    game, twin = agent.game, rounded(agent)
    states, goals = some_positions(agent, count)
    cells = np.empty((len(states), game.rules.n_cells), np.int8)
    symbols_batch(game.rules, states, cells)
    browser.open(pages(agent))
    cases = [
        {"cells": row.tolist(), "ply": int(ply), "goal": int(goal)}
        for row, ply, goal in zip(cells, game.plies(states), goals, strict=True)
    ]
    answers = browser.run(
        f"""(async () => {{
            const buffer = await unpacked(byId("weights").textContent.trim());
            const agent = new Agent(AGENT, buffer), symbols = new Int32Array(rules.cells + 4);
            const seats = [0, 1], goals = AGENT.goals.map((_, g) => g);
            return {json.dumps(cases)}.map(({{ cells, ply, goal }}) => {{
                const position = rules.place(cells, ply);
                rules.symbols(position, symbols);
                const {{ action, values }} = agent.choose(position, goal, {NODES});
                const verdicts = seats.map((s) => goals.map((g) => rules.verdict(position, s, g)));
                return {{ action, values, verdicts, cells: [...symbols].slice(0, rules.cells) }};
            }});
        }})()"""
    )
    assert [answer["cells"] for answer in answers] == cells.tolist()
    assert [answer["verdicts"] for answer in answers] == game.verdicts(states).tolist()
    thought = twin._thinker.think(states, goals, NODES)
    seen = np.array([answer["values"] for answer in answers], np.float64)
    np.testing.assert_allclose(seen, thought.values, atol=TIE)
    actions = np.array([answer["action"] for answer in answers])
    rows = np.arange(len(states))
    assert game.legal(states)[rows, actions].all()
    other = actions != twin.act_states(states, [twin.goals[goal] for goal in goals], NODES)
    lost = np.nanmax(thought.values, axis=1) - thought.values[rows, actions]
    assert (lost[other] < TIE).all()
    assert other.mean() < 0.03
    assert browser.errors == []


def test_a_whole_game_by_clicks(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four), 390, 844)
    game, twin = connect_four.game, rounded(connect_four)
    for column in (4, 3, 5, 2, 6, 1, 7) * 6:
        if browser.run("document.body.dataset.state") == "over":
            break
        browser.wait(f"{YOURS} || document.body.dataset.state === 'over'")
        if browser.run(f"rules.legal(view.match.position, {column - 1})"):
            browser.click(f".spot:nth-child({column})")
            browser.wait("document.body.dataset.state !== 'thinking'")
    moves = [int(move) for move in browser.run("document.body.dataset.moves").split()]
    assert "won" in browser.run("byId('status').textContent") or len(moves) == game.max_plies
    state = game.initial(1)
    for ply, move in enumerate(moves):
        if ply % 2:
            values = twin._thinker.think(state, np.zeros(1, np.int64), NODES).values[0]
            assert np.nanmax(values) - values[move] < TIE
        state = game.step(state, np.array([move]))
    assert game.outcome(state)[0] != 2
    assert browser.errors == []
    assert browser.run("document.documentElement.scrollWidth") <= 390


def test_keyboard_settings_and_undo(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    browser.wait(YOURS)
    browser.key("4")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    browser.run("board.focusOn(3)")
    browser.key("ArrowRight")
    browser.key("Enter")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 4 && {YOURS}")
    assert browser.run("document.body.dataset.moves").split()[::2] == ["3", "4"]
    label = browser.run("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("Column 5,")
    assert "worth" in label
    browser.key("u")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    browser.click("[name=side][value=second]")
    browser.key("n")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 1 && {YOURS}")
    choose = "byId('goal').value = {}; byId('goal').dispatchEvent(new Event('change'))"
    browser.run(choose.format(connect_four.goals.index("lose")))
    browser.key("1")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 3 && {YOURS}")
    assert browser.run("view.goal") == connect_four.goals.index("lose")
    assert browser.errors == []


def test_a_long_thought_does_not_freeze_the_page(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    browser.wait(YOURS)
    browser.run("view.nodes = 1e6; turn()")
    browser.wait("view.thought !== null && view.thought.nodes > 100")
    browser.run("view.nodes = 1; newGame()")
    browser.wait(YOURS)
    assert browser.run("view.thought.nodes") <= 8
    assert browser.errors == []


def test_page_is_small_and_asks_for_nothing(pages, connect_four: Agent):
    text = pages(connect_four).read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    assert "default-src 'none'" in text
    assert "{{" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_games_without_rules_in_javascript_are_refused():
    game = SimpleNamespace(name="chess", title="Chess")
    reason = to_web.refusal(order(SimpleNamespace(game=game)))
    assert reason is not None
    assert "Chess" in reason
    assert "othello_6x6" in reason


def test_rounding_is_close_and_the_table_exact(connect_four: Agent):
    small = shrink(connect_four.game, connect_four.weights)
    weights = small.weights()
    steps = weights.table / small.step
    assert (steps == np.rint(steps)).all()
    kept = np.abs(weights.table - connect_four.weights.table)[small.kept]
    assert (kept <= small.step / 2 + 1e-6).mean() > 0.9999
    assert np.abs(weights.heads - connect_four.weights.heads).max() < 0.13
