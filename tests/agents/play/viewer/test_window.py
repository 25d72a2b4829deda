"""The real window on SDL's dummy driver: pygame's events in, pixels out, and how it ends."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pygame
import pytest

from rlhf_agents.errors import UserError
from rlhf_agents.play.board_cells import stones_of
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.app import App
from rlhf_agents.play.viewer.layout import growth
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.theme import DARK
from rlhf_agents.play.viewer.window import Window

ROOT = Path(__file__).resolve().parents[4]
PATIENCE = 240.0  # the first game of a kind is compiled before


@pytest.fixture
def driver(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


class Hand:
    """Drives a window by posting events, one step per turn of its loop.

    Args:
        steps: called with the app again and again until it returns False.
    """

    def __init__(self, folder, steps, **options):
        setup = Setup(**{"game": "connect_four", "nodes": 4, **options})
        self.app = App(setup, folder, ui=Ui(analysing=True))
        self.window = Window(self.app, "test", (900, 640))
        self.steps, self.until = steps, time.monotonic() + PATIENCE

    def run(self):
        try:
            self.window.run(self._turn)
        finally:
            self.window.close()
        return self.app

    def _turn(self, app, _now):
        assert time.monotonic() < self.until, "the window did not come to an end"
        if app.builder is not None and not self.steps(app):
            post(pygame.QUIT)


def post(kind, **what):
    pygame.event.post(pygame.event.Event(kind, **what))


def press(key, mod=0):
    post(pygame.KEYDOWN, key=key, mod=mod, unicode="", scancode=0)
    post(pygame.KEYUP, key=key, mod=mod, unicode="", scancode=0)


def click(place):
    place = (round(place[0]), round(place[1]))
    post(pygame.MOUSEMOTION, pos=place, rel=(0, 0), buttons=(0, 0, 0))
    post(pygame.MOUSEBUTTONDOWN, button=1, pos=place)
    post(pygame.MOUSEBUTTONUP, button=1, pos=place)


def column_place(app, column):
    x, y = app.builder.board.grid(app.layout.board).centre((2, column))
    return x * app.zoom, y * app.zoom


def persons_turn(app):
    match = app.builder.match
    return not match.session.over and not match.computer and match.moving(app._now) >= 1


def test_a_game_by_clicks(driver, tmp_path):
    waiting = []

    def steps(app):
        session = app.builder.match.session
        if persons_turn(app) and waiting[-1:] != [len(session.moves)]:
            waiting.append(len(session.moves))
            click(column_place(app, session.legal()[0]))
        return not session.over

    hand = Hand(tmp_path, steps)
    app = hand.run()
    assert app.builder.match.session.over
    assert len(waiting) == (len(app.builder.match.session.moves) + 1) // 2


def test_a_game_by_keys(driver, tmp_path):
    dice = random.Random(0)

    def steps(app):
        if persons_turn(app):
            press(dice.choice([pygame.K_LEFT, pygame.K_DOWN]))
            if app.ui.cursor in app.builder.match.session.legal():
                press(pygame.K_RETURN)
        return not app.builder.match.session.over

    assert Hand(tmp_path, steps, game="tic_tac_toe").run().builder.match.session.over


def test_a_watched_game(driver, tmp_path):
    def steps(app):
        if app.builder.match.speed < 8:
            press(pygame.K_EQUALS)
        return not app.builder.match.session.over

    app = Hand(tmp_path, steps, opponent="minimax:2").run()
    assert app.builder.match.session.over


def test_keys_with_modifiers_and_a_picture(driver, tmp_path):
    keys = iter(
        [
            (pygame.K_1, pygame.KMOD_SHIFT),
            (pygame.K_s, pygame.KMOD_CTRL),
            (pygame.K_RETURN, 0),
            (pygame.K_F12, 0),
            (pygame.K_t, 0),
            (pygame.K_F1, 0),
        ]
    )
    turns = []

    def steps(app):
        turns.append(app)
        if len(turns) % 3 == 0:
            key = next(keys, None)
            if key is None:
                return False
            press(*key)
        return True

    app = Hand(tmp_path, steps).run()
    assert app.builder.match.session.goals[1] == app.builder.match.game.goals[10].name
    assert (tmp_path / "connect_four-1.json").exists()
    assert pygame.image.load(tmp_path / "connect_four-1.png").get_size() == (900, 640)
    assert app.ui.theme is not DARK
    assert app.ui.page == "help"


def test_what_is_on_the_screen_is_the_state(driver, tmp_path):
    found = []

    def steps(app):
        session = app.builder.match.session
        app.ui.shown.clear()
        if persons_turn(app) and len(session.moves) < 6:
            click(column_place(app, len(session.moves)))
        elif persons_turn(app) and app.ui.hover is not None:
            app.leave()
        elif persons_turn(app) and not app.stale and not found:
            grid = app.builder.board.grid(app.layout.board)
            surface = hand.window._window.get_surface()
            stones = stones_of(app.builder.match.game, session.state)
            for row in range(6):
                for column in range(7):
                    x, y = grid.centre((row, column))
                    x = (x - grid.cell * 0.33) * app.zoom
                    colour = tuple(surface.get_at((round(x), round(y * app.zoom))))[:3]
                    seat = DARK.seats.index(colour) + 1 if colour in DARK.seats else 0
                    found.append(seat == stones[row, column])
        return not found

    hand = Hand(tmp_path, steps)
    hand.run()
    assert len(found) == 42
    assert all(found)


def test_a_storm_of_resizing(driver, tmp_path):
    dice, sizes = random.Random(0), []

    def steps(app):
        if len(sizes) < 60:
            sizes.append((dice.randrange(420, 1600), dice.randrange(400, 1000)))
            hand.window._window.size = sizes[-1]
            return True
        return app.stale

    hand = Hand(tmp_path, steps)
    app = hand.run()
    scale = growth(sizes[-1])
    window = app.layout.window
    assert (window.width * scale, window.height * scale) == pytest.approx(sizes[-1])


def test_a_thousand_random_events(driver, tmp_path):
    dice, count = random.Random(2), [0]
    keys = [
        *range(pygame.K_a, pygame.K_z + 1),
        *range(pygame.K_0, pygame.K_9 + 1),
        pygame.K_LEFT,
        pygame.K_RIGHT,
        pygame.K_UP,
        pygame.K_DOWN,
        pygame.K_RETURN,
        pygame.K_F1,
        pygame.K_TAB,
        pygame.K_SPACE,
        pygame.K_HOME,
        pygame.K_END,
        pygame.K_PAGEUP,
        pygame.K_F12,
        pygame.K_COMMA,
        pygame.K_PERIOD,
        pygame.K_EQUALS,
        pygame.K_MINUS,
    ]

    def steps(app):
        if count[0] >= 1000:
            return False
        app.leaving = False  # ctrl+q and esc esc are among them
        for _ in range(10):
            count[0] += 1
            place = (dice.randrange(-50, 1000), dice.randrange(-50, 800))
            kind = dice.randrange(6)
            if kind < 2:
                mod = dice.choice([0, 0, pygame.KMOD_SHIFT, pygame.KMOD_CTRL])
                press(dice.choice(keys), mod)
            elif kind < 4:
                click(place)
            elif kind < 5:
                post(pygame.MOUSEWHEEL, x=0, y=dice.choice([-2, 2]), flipped=False)
            else:
                post(dice.choice([pygame.WINDOWLEAVE, pygame.WINDOWEXPOSED]))
        post(pygame.DROPFILE, file=str(tmp_path / "nothing.json"))
        return True

    assert Hand(tmp_path, steps).run().builder is not None


def test_mistakes_in_loading_end_the_window(driver, tmp_path):
    with pytest.raises(UserError, match="no_such_agent"):
        Hand(tmp_path, lambda _app: True, agent="no_such_agent").run()


def test_no_such_driver(monkeypatch, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "no_such_driver")
    with pytest.raises(UserError, match="no window can be opened"):
        Hand(tmp_path, lambda _app: False)


ENDING = """
import pygame
from rlhf_agents.cli import play_window
from rlhf_agents.play.setup import Setup

def watch(app, now):
    match, app.ui.page = app.builder.match if app.builder else None, ""
    if match and not match.computer:
        match.play(3)
    if {when}:
        pygame.event.post(pygame.event.Event(pygame.QUIT))

setup = Setup("connect_four", agent={agent!r}, nodes={nodes})
play_window.play_in_window(setup, "dark", None, None, watch)
"""


@pytest.mark.parametrize(
    ("when", "agent", "nodes"),
    [
        ("True", None, 16),  # while everything is still being loaded
        ("match and match.computer and match.searches.shown.busy", "minimax:24", 16),
        ("match and match.computer and match.searches.shown.busy", None, 16000),
    ],
    ids=["loading", "deep in a search", "thinking"],
)
def test_closing_ends_the_process_at_once(tmp_path, when, agent, nodes):
    code = ENDING.format(when=when, agent=agent, nodes=nodes)
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "adapters", "games"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "SDL_VIDEODRIVER": "dummy", "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
