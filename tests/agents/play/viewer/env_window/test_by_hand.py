"""Playing an environment by hand: keys, buttons, a match, pages and files."""

from __future__ import annotations

import pygame
import pytest

from rlhf_adapters.specs import EnvConfig
from rlhf_agents.cli import play
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.rounds import Mode
from rlhf_agents.play.viewer.commands import COMMANDS, command_of
from rlhf_agents.play.viewer.env_window.controls import ENV_COMMANDS
from rlhf_agents.play.viewer.env_window.hand_panel import action_buttons
from rlhf_agents.play.viewer.env_window.screen import layout_of
from rlhf_agents.play.viewer.env_window.window import EnvWindow
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from tests.agents.envs.walks import LAKE, STILL, save_walker

SAME = {"next": ("rematch",)}
"""Commands of boards that mean the same under another name."""


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """No screen and no loudspeaker."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


@pytest.fixture(scope="module")
def walker(tmp_path_factory):
    return str(save_walker(tmp_path_factory.mktemp("models") / "walker.zip"))


@pytest.fixture
def window(walker):
    window = EnvWindow(EpisodePlayer(EnvConfig(LAKE, options=STILL), walker), DARK, mode=None)
    yield window
    window.close()


def hold(window, key, steps=1):
    """Hold a key for some steps."""
    window.key(key)
    for _ in range(steps):
        window.tick(window._due)
    window.release(key)


def test_the_window_asks_who_plays_and_waits(window):
    assert window.page == "modes"
    window.tick(window._due + 9)
    assert window.episode.frame.step == 0
    window.key("1")
    assert window.rounds.by_hand


def test_a_person_plays_with_the_arrows_and_time_waits(window):
    window.key("1")
    hold(window, "down", 2)
    window.tick(window._due + 9)
    hold(window, "right", 1)
    frame = window.episode.frame
    assert (frame.step, frame.action) == (3, 2)


def test_a_short_tap_is_not_lost(window):
    window.key("1")
    window.key("down")
    window.release("down")
    window.tick(window._due)
    window.tick(window._due)
    assert (window.episode.frame.step, window.episode.frame.action) == (1, 1)


def test_actions_are_buttons_too(window):
    window.key("1")
    window._paint()
    layout = layout_of(window._canvas(), window.episode, window._ui())
    box, action = action_buttons(layout.panel, window.keys)[2]
    window.click(box.centre)
    window.tick(window._due)
    window.lift()
    window.tick(window._due + 1)
    assert (window.episode.frame.step, window.episode.frame.action) == (1, action)


def test_a_match_is_you_then_the_agent_with_the_same_seed(walker):
    seen = []

    class Seeds(EpisodePlayer):
        def restart(self, seed=None):
            seen.append(seed)
            return super().restart(seed)

    window = EnvWindow(Seeds(EnvConfig(LAKE, options=STILL), walker), DARK, mode=None, seed=7)
    window.key("2")
    hold(window, "right")
    hold(window, "down")
    assert window.episode.frame.over
    window.tick(window._due)
    assert not window.rounds.by_hand
    while not window.page:
        window.tick(window._due)
    assert (window.page, window.rounds.verdict()) == ("result", "You lose")
    assert window.rounds.scores == [(0.0, 1.0)]
    window._paint()
    window.tick(window._due + 9)  # the card waits
    window.key("2")
    assert window.rounds.by_hand
    window.key("n")
    assert seen[1:] == [7, 7, 7]
    window.page = ""
    window.key("ctrl+n")  # the round is left: it does not count
    assert (seen[-1], len(window.rounds.scores)) == (8, 1)
    assert window.rounds.by_hand
    window.close()


def test_a_person_sees_the_agents_values_and_keeps_the_buttons(window):
    window.key("1")
    window._paint()
    plain = pygame.surfarray.array3d(window._canvas().surface)
    window.key("a")
    window._paint()
    assert (pygame.surfarray.array3d(window._canvas().surface) != plain).any()
    box, action = action_buttons(window._layout().panel, window.keys)[1]
    window.click(box.centre)
    assert window._action() == action
    window.key("h")
    assert "down" in window._ui().message


def test_keys_mean_the_same_as_on_boards(window):
    shared = {command.name: command for command in COMMANDS}
    for command in ENV_COMMANDS:
        for key in command.keys:
            theirs = command_of(key)
            assert theirs in (None, command.name, *SAME.get(command.name, ())), key
            assert theirs is None or set(command.keys) & set(shared[theirs].keys)
    window.key("escape")
    assert not window.page
    window.key("escape")
    window.key("q")
    window.key("escape")
    assert (window.leaving, window.sound) == (False, False)
    window.key("escape")
    assert window.leaving


def test_recordings_pictures_theme_and_help_work_as_on_boards(window, tmp_path):
    window.folder = tmp_path
    window.key("3")
    window.key("f10")
    for _ in range(8):
        window.tick(window._due)
    window.key("f10")
    window.key("f12")
    window.key("f1")
    assert window.page == "help"
    window._paint()
    window.key("escape")
    window.key("t")
    assert window.theme is LIGHT
    assert {path.suffix for path in tmp_path.iterdir()} == {".gif", ".png"}


@pytest.mark.parametrize("size", [(320, 320), (480, 400), (960, 560), (1920, 1080)])
@pytest.mark.parametrize("page", ["modes", "help", ""])
def test_pages_and_buttons_can_be_drawn_in_every_size(walker, size, page):
    config = EnvConfig(LAKE, options=STILL)
    window = EnvWindow(EpisodePlayer(config, walker), DARK, size, mode=Mode.HAND)
    window.page = page
    window._paint()
    layout = layout_of(window._canvas(), window.episode, window._ui())
    boxes = [box for box, _ in action_buttons(layout.panel, window.keys)]
    assert len(boxes) == 4
    assert all(box.bottom <= layout.panel.bottom + 0.1 for box in boxes)
    window.close()


def test_playing_by_hand_needs_a_window(capsys):
    assert play.main(["--game", LAKE, "--agent", "human", "--terminal"]) == 2
    assert "plays in the window" in capsys.readouterr().err
