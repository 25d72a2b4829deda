"""Drawing, whatever others do with pygame meanwhile."""

from __future__ import annotations

import pygame

from rlhf_agents.play.viewer.canvas import Canvas


def test_letters_are_drawn_after_somebody_has_quit_pygame():
    """Worlds do when they are closed; fonts made before are void then."""
    for number in range(2):
        surface = pygame.Surface((200, 40))
        Canvas(surface).text((100, 20), f"letters {number}", 20, (255, 255, 255), anchor="mm")
        assert pygame.surfarray.array3d(surface).any()
        pygame.quit()
