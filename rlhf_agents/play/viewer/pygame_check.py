"""Checks before a window opens: is pygame-ce installed, and is there a display?"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version

from rlhf_agents.errors import SettingError

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

INVISIBLE = ("offscreen", "dummy")
VARIABLE = "SDL_VIDEODRIVER"
MISSING = "the window needs pygame-ce: pip install 'rlhf-agents[viewer]'"
SHADOWED = (
    "the old pygame package hides pygame-ce, which the window needs: "
    "pip uninstall -y pygame pygame-ce && pip install pygame-ce"
)


def require_pygame() -> None:
    """Check that pygame-ce can be used, without opening anything.

    Raises:
        SettingError: it is missing, or the older pygame was installed over it.
    """
    try:
        import pygame  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise SettingError(MISSING) from error
    if not getattr(pygame, "IS_CE", False) or not hasattr(pygame, "Window"):
        raise SettingError(SHADOWED if _installed("pygame") else MISSING)


def _installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def has_display() -> bool:
    """Return, without pygame, whether there may be a screen or SDL_VIDEODRIVER names a driver."""
    if os.environ.get(VARIABLE):
        return True
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def reaches_display() -> bool:
    """Return whether the screen named in the environment variables answers.

    If it does not, SDL silently draws into memory, and the window would be invisible.
    """
    import pygame  # noqa: PLC0415 - an optional extra

    if os.environ.get(VARIABLE):
        return True
    try:
        pygame.display.init()
    except pygame.error:
        return False
    return pygame.display.get_driver() not in INVISIBLE


@contextmanager
def offscreen_driver() -> Iterator[None]:
    """Without a display, draw with SDL's driver that draws into memory.

    SDL would choose it anyway, after it has complained about every other driver. Meanwhile no
    environment variable names it: some environments draw nothing if they find it there.
    """
    import pygame  # noqa: PLC0415 - an optional extra

    given = os.environ.get(VARIABLE)
    if has_display() and given not in INVISIBLE:
        yield
        return
    os.environ[VARIABLE] = given or INVISIBLE[0]
    try:
        with suppress(pygame.error):  # SDL without this driver: the environment may find another
            pygame.display.init()
        del os.environ[VARIABLE]
        yield
    finally:
        os.environ.pop(VARIABLE, None)
        if given:
            os.environ[VARIABLE] = given
