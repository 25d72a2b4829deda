"""Every render mode in every environment, and what a text or a window shows."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from rlhf_adapters import make_env, picture_window
from rlhf_adapters.shown import text_of_picture
from rlhf_games.base import GameError

NAMES = ["connect_four", "minatar:breakout", "CartPole-v1", "FrozenLake-v1"]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


@pytest.mark.parametrize("n_envs", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_every_mode_shows_every_environment(name, n_envs):
    for mode, kind in (("rgb_array", np.ndarray), ("ansi", str), ("human", None)):
        env = make_env(name, n_envs, render_mode=mode)
        env.reset()
        shown = env.render()
        assert env.render_mode == mode
        assert shown is None if kind is None else isinstance(shown, kind), mode
        env.close()


def test_without_a_mode_nothing_is_shown():
    env = make_env("connect_four")
    env.reset()
    with pytest.warns(UserWarning, match="render_mode"):
        assert env.render() is None


def test_an_unknown_mode_is_refused_by_name():
    with pytest.raises(GameError, match="'hologram'"):
        make_env("minatar:breakout", render_mode="hologram")


def test_a_window_follows_every_step(monkeypatch):
    shown = []

    class Glance(picture_window.PictureWindow):
        def show(self, picture):
            shown.append(picture)
            super().show(picture)

    monkeypatch.setattr(picture_window, "PictureWindow", Glance)
    env = make_env("tic_tac_toe", render_mode="human", opponent="random", seed=0)
    env.reset(seed=0)
    env.step(int(env.action_masks().argmax()))
    env.close()
    assert len(shown) == 2
    assert (shown[0] != shown[1]).any()


def test_a_picture_as_text_has_its_colours():
    picture = np.zeros((4, 2, 3), np.uint8)
    picture[0, 0] = (255, 0, 0)
    lines = text_of_picture(picture).split("\n")
    assert len(lines) == 2
    assert "38;2;255;0;0;48;2;0;0;0" in lines[0]
    assert "255" not in lines[1]


def test_environments_of_a_mode_pass_gymnasiums_check():
    env = make_env("connect_four", render_mode="human", opponent="random")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(env, skip_render_check=True)
    env.close()
