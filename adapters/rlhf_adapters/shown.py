"""Render modes for every environment: what a library cannot show is made from its pictures.

"rgb_array" is the picture itself, "ansi" a text, "human" a window that follows every step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlhf_adapters.specs import EnvError

RGB, ANSI, HUMAN = "rgb_array", "ansi", "human"
MODES = (RGB, ANSI, HUMAN)
COLUMNS = 64
"""The most letters in a line of a picture as text."""
STEPPING = ("reset", "step", "step_wait")
"""Methods after which a window shows the new position."""

Picture = NDArray[np.uint8]


def checked_mode(mode: Any) -> str | None:
    """Return a render mode.

    Raises:
        EnvError: there is no such mode.
    """
    if mode is not None and mode not in MODES:
        msg = f"render_mode must be None or one of {', '.join(MODES)}, got {mode!r}"
        raise EnvError(msg)
    return None if mode is None else str(mode)


def shown(make: Callable[[str | None], Any], mode: str | None) -> Any:
    """Return the environment that `make` makes with a render mode, also one that it does not have.

    Args:
        make: returns the environment with a render mode.
        mode: None, "rgb_array", "ansi" or "human".

    Raises:
        EnvError: there is no such mode.
    """
    mode = checked_mode(mode)
    if mode in (None, RGB):
        return make(mode)
    env = make(RGB)
    if mode in _own_modes(env):
        env.close()
        return make(mode)
    return _Shower(env, str(mode)).env


def _own_modes(env: Any) -> list[str]:
    """Return the modes in which an environment, or the one inside of it, can show itself."""
    batched = getattr(env, "batched", None)
    many = getattr(batched if batched is not None else env, "envs", None)
    if many and len(many) > 1:
        return []  # libraries open a window, or write a text, for one environment only
    inner = many[0] if many else getattr(env, "env", env)
    own = list(getattr(inner.unwrapped, "metadata", {}).get("render_modes", ()))
    return [mode for mode in own if mode != HUMAN or not hasattr(env, "num_envs")]


class _Shower:
    """Replaces an environment's `render` by one that turns its picture into a text or a window."""

    def __init__(self, env: Any, mode: str) -> None:
        self.env, self._picture = env, env.render
        self._window: Any = None
        env.render_mode = mode
        env.metadata = {**getattr(env, "metadata", {}), "render_modes": list(MODES)}
        env.render = self._text if mode == ANSI else self._show
        if mode == HUMAN:
            for name in STEPPING:
                if hasattr(env, name):
                    setattr(env, name, self._followed(getattr(env, name)))
            env.close = self._closing(env.close)

    def _rendered(self) -> Picture:
        self.env.render_mode, asked = RGB, self.env.render_mode
        try:
            return np.asarray(self._picture(), np.uint8)
        finally:
            self.env.render_mode = asked

    def _text(self, mode: str | None = None) -> str:
        del mode
        return text_of_picture(self._rendered())

    def _show(self, mode: str | None = None) -> None:
        del mode
        if self._window is None:
            from rlhf_adapters.picture_window import PictureWindow  # noqa: PLC0415 - needs pygame

            self._window = PictureWindow(str(getattr(self.env, "name", "environment")))
        self._window.show(self._rendered())

    def _followed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)  # checkers look at its arguments
        def stepping(*args: Any, **options: Any) -> Any:
            result = method(*args, **options)
            self._show()
            return result

        return stepping

    def _closing(self, close: Callable[[], None]) -> Callable[[], None]:
        def closing() -> None:
            if self._window is not None:
                self._window.close()
            close()

        return closing


def text_of_picture(picture: Picture) -> str:
    """Return a picture uint8 `[H, W, 3]` as lines of half blocks in the colours of a terminal."""
    height, width = picture.shape[:2]
    columns = min(COLUMNS, width)
    rows = max(2, 2 * round(columns * height / width / 2))
    small = picture[np.arange(rows) * height // rows][:, np.arange(columns) * width // columns]
    lines = []
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        cells = (
            f"\x1b[38;2;{';'.join(map(str, top))};48;2;{';'.join(map(str, below))}m\u2580"
            for top, below in zip(upper.tolist(), lower.tolist(), strict=True)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return "\n".join(lines)
