"""Colours: legible, and apart for colour-blind eyes."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

from rlhf_agents.play.viewer.boards.grid import draw_stone
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.theme import DARK, LIGHT, blend, contrast

BOTH = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])

# Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, severity 1.0, on linear RGB.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3).tolist(),
}


def linear(colour):
    c = np.array(colour) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Return CIE L*a*b* (D65) of linear RGB."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = xyz @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@BOTH
@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_players_colours_stay_apart(theme, kind):
    first, second = (lab(np.array(BLINDNESS[kind]) @ linear(c)) for c in theme.seats)
    assert np.linalg.norm(first - second) > 40  # 2 can be told apart, 10 at a glance


@BOTH
def test_text_can_be_read(theme):
    for ground in (theme.background, theme.surface):
        assert contrast(theme.text, ground) >= 7
        assert contrast(theme.muted, ground) >= 4.5
        assert contrast(theme.faint, ground) >= 4.5
        for ink in theme.seat_text:
            assert contrast(ink, ground) >= 4.5
    for fill, ink in zip(theme.seats, theme.on_seats, strict=True):
        assert contrast(fill, ink) >= 4.5
    switched_on = blend(theme.surface, theme.accent, 0.25)
    assert contrast(theme.text, switched_on) >= 4.5


@BOTH
def test_stones_stand_out_from_the_holes(theme):
    for seat in theme.seats:
        assert contrast(seat, theme.hole) >= 1.9


@BOTH
def test_stones_differ_by_a_mark_too(theme):
    looks = []
    for seat in (0, 1):
        surface = pygame.Surface((100, 100))
        draw_stone(Canvas(surface), (50, 50), 45, seat, theme)
        colours = {tuple(surface.get_at((x, 50)))[:3] for x in range(15, 50)}
        looks.append(theme.ring in colours)
    assert looks == [False, True]


def test_contrast_is_that_of_the_standard():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
