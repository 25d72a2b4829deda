"""The names of keys, as the tables of commands have them."""

from __future__ import annotations

import pygame


def key_name(event: pygame.Event) -> str:
    """Return the name of a key with its modifiers, e.g. "ctrl+z"."""
    name = pygame.key.name(event.key).replace(" ", "")
    mods = getattr(event, "mod", 0)
    shift = "shift+" if mods & pygame.KMOD_SHIFT else ""
    control = "ctrl+" if mods & (pygame.KMOD_CTRL | pygame.KMOD_META) else ""
    return control + shift + name
