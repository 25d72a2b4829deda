"""The window that most tests look at."""

from __future__ import annotations

import pytest

from tests.agents.play.viewer.screen import Screen


@pytest.fixture
def screen(tmp_path):
    """Return a window with a new game of Connect Four."""
    screen = Screen(tmp_path, game="connect_four")
    yield screen
    screen.app.close()
