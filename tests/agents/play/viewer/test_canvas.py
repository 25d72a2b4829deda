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


def test_text_shrinks_until_it_fits_but_not_below_a_size():
    canvas, text = Canvas(pygame.Surface((10, 10))), "The opponent's mistake"
    wide = canvas.text_width(text, 17, bold=True)
    assert canvas.fitting(text, 17, wide, 12, bold=True) == 17
    size = canvas.fitting(text, 17, wide - 10, 12, bold=True)
    assert 12 < size < 17
    assert canvas.text_width(text, size, bold=True) <= wide - 10
    assert canvas.fitting(text, 17, 20, 12, bold=True) == 12
