"""`rlhf-play` in environments without exact rules: nothing that it sets changes what they draw."""

from __future__ import annotations

import os
import re
import types

import gymnasium
import numpy as np
import pygame
import pytest
from PIL import Image

from tests.agents.cli.programs import run
from tests.agents.envs.walks import Unseen

GREEN = (10, 200, 30)


class Shy(Unseen):
    """Draws on SDL's display, but not if a variable names a driver, as HighwayEnv does."""

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 10}  # noqa: RUF012
    action_type = types.SimpleNamespace(actions={1: "IDLE", 0: "LANE_LEFT"})

    def render(self):
        if self.render_mode == "ansi":
            return f"audio: {os.environ.get('SDL_AUDIODRIVER')}"
        pygame.display.init()
        surface = pygame.display.set_mode((64, 64))
        if "SDL_VIDEODRIVER" not in os.environ:
            surface.fill(GREEN)
        return pygame.surfarray.array3d(surface).astype(np.uint8)


gymnasium.register("Walks/Shy-v0", Shy)


@pytest.fixture
def _headless(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
        monkeypatch.delenv(name, raising=False)
    yield
    pygame.display.quit()


@pytest.mark.usefixtures("_headless")
@pytest.mark.parametrize("driver", [None, "dummy"])
def test_films_without_a_display_are_not_black(tmp_path, monkeypatch, driver):
    if driver:
        monkeypatch.setenv("SDL_VIDEODRIVER", driver)
    before = dict(os.environ)
    picture, film = tmp_path / "a.png", tmp_path / "a.gif"
    done = run("play", "Walks/Shy-v0", "--screenshot", picture, "--record", film)
    assert done.returncode == 0, done.stderr
    with Image.open(picture) as image:
        assert image.convert("RGB").getpixel((300, 200)) == GREEN
    assert dict(os.environ) == before


@pytest.mark.usefixtures("_headless")
def test_actions_have_the_names_of_the_environment(capfd):
    done = run("play", "Walks/Shy-v0", "--terminal")
    assert done.returncode == 0, done.stderr
    acted = set(re.findall(r"step \d+: (.*?), reward", done.stdout))
    assert acted
    assert acted <= {"lane left", "idle"}
    assert "audio: dummy" in done.stdout
    assert capfd.readouterr().err == ""
