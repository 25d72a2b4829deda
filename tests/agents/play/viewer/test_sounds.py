"""Sounds: short, not too loud, and silent where there is no loudspeaker."""

from __future__ import annotations

import numpy as np
import pygame
import pytest

from rlhf_agents.play.viewer.icon import SIDE, window_icon
from rlhf_agents.play.viewer.sounds import RATE, TONES, VOLUME, Speaker, waves


@pytest.mark.parametrize("name", TONES)
def test_sounds_are_short_and_fade_out(name):
    samples = waves(name)
    assert 0.03 < len(samples) / RATE < 0.6
    assert 0.1 * VOLUME < np.abs(samples).max() / 32767 <= VOLUME
    assert np.abs(samples[-20:]).max() < 0.05 * 32767


def test_without_a_loudspeaker_there_is_silence(monkeypatch):
    def fail(*_settings):
        raise pygame.error("no device")

    monkeypatch.setattr(pygame.mixer, "init", fail)
    speaker = Speaker()
    speaker.play("move")
    speaker.close()
    assert pygame.mixer.get_init() is None


def test_the_icon_shows_both_players():
    icon = window_icon()
    assert icon.get_size() == (SIDE, SIDE)
    assert icon.get_at((12, 19))[:3] != icon.get_at((38, 19))[:3]
