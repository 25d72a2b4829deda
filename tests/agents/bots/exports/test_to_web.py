"""The web page in a real browser: it plays as the agent with the same rounded weights does."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from rlhf_agents.bots.exports import to_web
from rlhf_agents.bots.exports.registry import ExportRequest
from rlhf_agents.bots.exports.rounding import compact
from rlhf_agents.players.agent import Agent, load_agent
from rlhf_agents.settings import Foresight
from rlhf_games.rules import symbols_batch
from tests.agents.bots.exports.agents import agent_of
from tests.agents.bots.exports.chromium import Chromium, find_chromium
from tests.agents.bots.exports.contract import PROVING, BotContract, reachable
from tests.agents.bots.exports.mistakes import mistakes_of

NODES = 64
CLOSE = 1e-5
YOURS = "document.body.dataset.state === 'yours'"


def request(agent: Agent) -> ExportRequest:
    return ExportRequest(agent, "win", NODES)


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
    """Return the path of the page of an agent, and remember the weights in it."""
    folder, written = tmp_path_factory.mktemp("pages"), {}

    def page_of(agent: Agent):
        if agent.name not in written:
            path = folder / f"{agent.name}.html"
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(to_web, "compact", remembered)
                path.write_bytes(to_web.contents(request(agent)))
            written[agent.name] = path
        return written[agent.name]

    def remembered(agent: Agent, most_bytes: int):
        held = compact(agent, most_bytes)
        page_of.twins[agent.name] = Agent(agent.name, agent.game, held[0], Foresight())
        return held

    page_of.twins = {}  # all agents here have the default foresight
    return page_of


@pytest.fixture(scope="module")
def connect_four() -> Agent:
    return load_agent("connect_four")


OPENED = """(async () => {
    const buffer = await unpacked(byId("weights").textContent.trim());
    window.bot = new Agent(AGENT, buffer);
})()"""
CHOSEN = """{cases}.map(({{ cells, ply }}) =>
    bot.choose(rules.place(cells, ply), {goal}, {nodes}).action)"""
KNOWN = """{cases}.map(({{ cells, ply }}) => {{
    const position = rules.place(cells, ply), symbols = new Int32Array(rules.cells + 4);
    rules.symbols(position, symbols);
    const goals = AGENT.goals.map((_, goal) => goal);
    const verdicts = [0, 1].map((seat) => goals.map((g) => rules.verdict(position, seat, g)));
    const {{ values }} = bot.choose(position, WIN, {nodes});
    return {{ cells: [...symbols].slice(0, rules.cells), verdicts, values }};
}})"""


def cases_of(game, states: np.ndarray) -> list[dict]:
    cells = np.empty((len(states), game.rules.n_cells), np.int8)
    symbols_batch(game.rules, states, cells)
    plies = game.plies(states).tolist()
    return [{"cells": row, "ply": ply} for row, ply in zip(cells.tolist(), plies, strict=True)]


class Checks(BotContract):
    @pytest.fixture
    def agent(self, name) -> Agent:
        return agent_of(name)

    @pytest.fixture
    def twin(self, agent, pages) -> Agent:
        pages(agent)
        return pages.twins[agent.name]

    @pytest.fixture
    def bot(self, browser, pages, agent):
        """The page's agent, in a browser."""
        browser.open(pages(agent))
        browser.run(OPENED)
        return browser

    @pytest.fixture
    def choose(self, bot, twin):
        def choose(positions, goal, nodes):
            cases = json.dumps(cases_of(twin.game, positions.states))
            row = twin.goals.index(goal)
            return bot.run(CHOSEN.format(cases=cases, goal=row, nodes=nodes))

        return choose

    @pytest.fixture
    def complaints(self, browser, pages, agent, tmp_path):
        """What a page with damaged weights says."""
        text = pages(agent).read_text(encoding="utf-8")
        start = text.index(">", text.index('id="weights"')) + 1
        end = text.index("<", start)
        whole = text[start:end].strip()
        told = {}
        damage = {"cut": whole[: len(whole) // 8 * 4], "not base 85": "," + whole[1:], "none": ""}
        for what, weights in damage.items():
            path = tmp_path / "damaged.html"
            path.write_text(text[:start] + weights + text[end:], encoding="utf-8")
            browser.open(path)
            browser.wait("view.broken")
            told[what] = browser.run("byId('status').textContent")
        browser.errors.clear()
        return told

    def test_page_knows_the_rules(self, bot, twin):
        game, states = twin.game, reachable(twin.game, 40).states
        cases = cases_of(game, states)
        known = bot.run(KNOWN.format(cases=json.dumps(cases), nodes=NODES))
        assert [one["cells"] for one in known] == [case["cells"] for case in cases]
        assert [one["verdicts"] for one in known] == game.verdicts(states).tolist()
        thought = twin._searcher.think(states, np.zeros(len(states), np.int64), NODES)
        seen = np.array([one["values"] for one in known], np.float64)
        np.testing.assert_allclose(seen, thought.values, atol=CLOSE)
        assert bot.errors == []


@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe"])
class TestSmallGames(Checks):
    positions: ClassVar = {0: 1000, 1: 300, NODES: 200, PROVING: 100}


@pytest.mark.parametrize("name", ["othello_6x6", "breakthrough_6x6"])
class TestLargeGames(Checks):
    positions: ClassVar = {0: 200, 1: 60, NODES: 40, PROVING: 10}


def test_a_whole_game_by_clicks(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four), 390, 844)
    game, twin = connect_four.game, pages.twins[connect_four.name]
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
            assert twin.act_states(state, "win", NODES) == [move]
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
    assert browser.run("view.thought") is None
    browser.key("h")
    browser.wait("view.thought !== null")
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
    browser.run("view.advice = 0; ADVISER.nodes = 1e6; turn()")
    browser.wait("view.thought !== null && view.thought.nodes > 100")
    browser.run("ADVISER.nodes = 1; newGame()")
    browser.wait("view.thought !== null")
    assert browser.run("view.thought.nodes") <= 8
    assert browser.errors == []


SPOKEN = "byId('spoken').textContent"
LOWEST = """Math.max(...[...document.querySelectorAll("#board .cell")]
    .map((cell) => cell.getBoundingClientRect().bottom))"""


@pytest.mark.parametrize(("width", "height"), [(740, 360), (700, 460), (375, 667), (1280, 800)])
@pytest.mark.parametrize("name", ["connect_four", "tic_tac_toe", "othello_6x6", "breakthrough_6x6"])
def test_the_whole_board_is_in_the_window(browser, pages, name: str, width: int, height: int):
    browser.open(pages(agent_of(name)), width, height)
    browser.wait(YOURS)
    assert 0 < browser.run(LOWEST) <= height
    assert browser.run("document.documentElement.scrollWidth") <= width
    overlap = """(() => { const [board, bar] = ["board", "bar"].map((id) =>
        byId(id).getBoundingClientRect());
        return board.right > bar.left && board.bottom > bar.top; })()"""
    assert not browser.run(overlap)


def test_a_screen_reader_hears_the_game(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    browser.wait(YOURS)
    assert browser.run("byId('spoken').ariaLive") == "polite"
    browser.key("4")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    reply = int(browser.run("document.body.dataset.moves").split()[1])
    assert browser.run(SPOKEN) == f"The agent played column {reply + 1}. Your move"
    label = f"document.querySelectorAll('.spot')[{reply}].getAttribute('aria-label')"
    whose = "you, agent" if reply == 3 else "agent"
    assert f"from the bottom: {whose}" in browser.run(label)
    browser.open(pages(agent_of("tic_tac_toe")))
    browser.wait(YOURS)
    browser.key("5")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    labels = browser.run("[...document.querySelectorAll('.spot')].map((one) => one.ariaLabel)")
    assert labels[4].startswith("Row 2, column 2, you")
    assert sum(", agent" in label for label in labels) == 1


def test_capital_letters_are_keys_too(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    browser.wait(YOURS)
    browser.key("4")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    browser.key("U")
    browser.wait(f"document.body.dataset.moves === '' && {YOURS}")
    browser.key("4")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    browser.key("N")
    browser.wait(f"document.body.dataset.moves === '' && {YOURS}")


def test_a_reload_keeps_the_game(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    browser.click("[name=side][value=second]")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 1 && {YOURS}")
    choose = "byId('goal').value = {}; byId('goal').dispatchEvent(new Event('change'))"
    browser.run(choose.format(connect_four.goals.index("lose")))
    browser.key("3")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 3 && {YOURS}")
    moves = browser.run("document.body.dataset.moves")
    browser.reload()
    browser.wait(YOURS)
    assert browser.run("document.body.dataset.moves") == moves
    assert browser.run("document.querySelector('[name=side]:checked').value") == "second"
    assert int(browser.run("byId('goal').value")) == connect_four.goals.index("lose")
    for kept in ("{", "null", '{"actions":[9]}', '{"actions":[3],"side":"left"}', "7"):
        browser.run(f"localStorage.setItem(KEPT, {kept!r})")
        browser.reload()
        browser.wait(YOURS)
        assert browser.run("document.body.dataset.moves") == ""
    assert browser.errors == []


def test_a_page_that_may_store_nothing_plays(browser, pages, connect_four: Agent):
    forbid = "Object.defineProperty(window, 'localStorage', {get() {throw new Error('no')}})"
    browser.open(pages(connect_four))
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=forbid)
    browser.reload()
    browser.wait(YOURS)
    browser.key("4")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])
    assert browser.errors == []


def test_page_is_small_and_asks_for_nothing(pages, connect_four: Agent):
    text = pages(connect_four).read_text(encoding="utf-8")
    assert len(text.encode()) <= to_web.MOST_BYTES
    assert "default-src 'none'" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text


def test_games_without_rules_in_javascript_are_refused():
    game = SimpleNamespace(name="chess", title="Chess")
    reason = to_web.refusal(request(SimpleNamespace(game=game)))
    assert reason is not None
    assert "Chess" in reason
    assert "othello_6x6" in reason


def play_to_the_end(browser):
    """Play a game by clicks, badly, and wait for its review."""
    browser.wait(YOURS)
    over = "document.body.dataset.state === 'over'"
    for column in (4, 3, 5, 2, 6, 1, 7) * 6:
        browser.wait(f"{YOURS} || {over}")
        if browser.run(over):
            break
        if browser.run(f"rules.legal(view.match.position, {column - 1})"):
            browser.click(f".spot:nth-child({column})")
            browser.wait("document.body.dataset.state !== 'thinking'")
    browser.wait("view.review !== null && view.review.isComplete")


def test_the_best_move_is_hidden_until_asked(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    browser.wait(YOURS)
    shown = "document.querySelectorAll('.spot.best').length"
    assert browser.run(shown) == 0
    browser.click("#hint")
    browser.wait(f"{shown} === 1")
    assert browser.run("document.querySelector('.number').textContent") == "1"
    browser.key("4")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 2 && {YOURS}")
    assert browser.run(shown) == 0


def test_after_the_game_a_review_goes_through_the_mistakes(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    assert browser.run("byId('after').offsetHeight") == 0
    play_to_the_end(browser)
    assert "after" in browser.run("byId('result').textContent")
    count = browser.run("view.review.mistakes(isReviewed).length")
    assert browser.run("document.querySelectorAll('#graph circle').length") == count > 0
    browser.key("e")
    ply = browser.run("view.review.mistakes(isReviewed)[0].ply")
    assert browser.run("byId('result').textContent") == f"Mistake 1 of {count}"
    assert f"Move {ply + 1}: you played" in browser.run("byId('why').textContent")
    assert browser.run("document.querySelectorAll('.spot.best').length") == 1
    browser.click("#retry")
    browser.wait(YOURS)
    assert browser.run("view.match.actions.length") == ply
    assert browser.errors == []


SAID = """{cases}.map(({{ moves, seat, mistake }}) => {{
    const position = moves.reduce((at, move) => rules.play(at, move), rules.start());
    return new Reasons(AGENT, rules).reason(position, seat, mistake);
}})"""


@pytest.mark.parametrize(("name", "count"), [("connect_four", 60), ("breakthrough_6x6", 8)])
def test_the_page_says_of_mistakes_what_the_window_says(browser, pages, name, count):
    agent = agent_of(name)
    cases, said = mistakes_of(agent.game, count)
    browser.open(pages(agent))
    assert browser.run(SAID.format(cases=json.dumps(cases))) == said
    assert len(set(said)) > count // 10


def test_swapping_sides_after_the_game_begins_another(browser, pages, connect_four: Agent):
    browser.open(pages(connect_four))
    play_to_the_end(browser)
    browser.click("#swap")
    browser.wait(f"document.body.dataset.moves.split(' ').length === 1 && {YOURS}")
    assert browser.run("view.side") == "second"
    assert browser.errors == []
