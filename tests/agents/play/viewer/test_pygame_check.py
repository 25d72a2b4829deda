"""What is said when pygame-ce is missing, hidden by pygame, or has nothing to show a window on."""

from __future__ import annotations

import sys
import types

import pytest

from rlhf_agents.errors import SettingError
from rlhf_agents.play.viewer import pygame_check


def test_the_right_one_is_there():
    pygame_check.require_pygame()


def test_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(SettingError, match=r"pip install 'rlhf-agents\[viewer\]'"):
        pygame_check.require_pygame()


def test_hidden_by_the_older_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", types.ModuleType("pygame"))
    monkeypatch.setattr(pygame_check, "_installed", lambda name: True)
    with pytest.raises(SettingError, match="pip uninstall -y pygame pygame-ce && pip install"):
        pygame_check.require_pygame()


def test_half_removed(monkeypatch):
    """After `pip uninstall pygame` an empty folder is left of pygame-ce."""
    monkeypatch.setitem(sys.modules, "pygame", types.ModuleType("pygame"))
    monkeypatch.setattr(pygame_check, "_installed", lambda name: False)
    with pytest.raises(SettingError, match="pygame-ce"):
        pygame_check.require_pygame()


@pytest.mark.parametrize(
    ("variables", "platform", "there"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"SDL_VIDEODRIVER": "dummy"}, "linux", True),
        ({}, "darwin", True),
        ({}, "win32", True),
    ],
)
def test_displays(monkeypatch, variables, platform, there):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert pygame_check.has_display() == there
