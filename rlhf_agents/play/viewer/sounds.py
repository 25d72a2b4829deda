"""Sounds, made from sine waves; without a loudspeaker there is silence."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pygame
from numpy.typing import NDArray

RATE = 22050
VOLUME = 0.25
TONES: dict[str, tuple[tuple[float, float], ...]] = {
    "move": ((330.0, 0.06),),
    "win": ((523.0, 0.1), (659.0, 0.1), (784.0, 0.22)),
    "loss": ((392.0, 0.14), (311.0, 0.26)),
    "draw": ((440.0, 0.12), (440.0, 0.2)),
}
"""The notes of every sound: hertz and seconds."""


def waves(name: str) -> NDArray[np.int16]:
    """Return the samples of a sound, int16 `[N]`; every note fades out."""
    notes = []
    for hertz, seconds in TONES[name]:
        time = np.arange(int(RATE * seconds)) / RATE
        rise = np.minimum(1.0, time / 0.004)
        wave = np.sin(2 * np.pi * hertz * time) + 0.3 * np.sin(4 * np.pi * hertz * time)
        notes.append(wave * rise * np.exp(-4.5 * time / seconds))
    return (np.concatenate(notes) / 1.3 * VOLUME * 32767).astype(np.int16)


class Speaker:
    """Plays sounds; a machine without a loudspeaker stays silent."""

    def __init__(self) -> None:
        self._works: bool | None = None

    def play(self, name: str) -> None:
        """Play a sound of `TONES` beside whatever else is heard."""
        if self._works is None:
            self._works = _opened()
        if self._works:
            _sound(name).play()

    def close(self) -> None:
        """Release the loudspeaker."""
        if self._works:
            _sound.cache_clear()
            pygame.mixer.quit()


def _opened() -> bool:
    try:
        with _silent_libraries():
            pygame.mixer.init(RATE, -16, 1, 512)
    except pygame.error:
        return False
    return True


@contextlib.contextmanager
def _silent_libraries() -> Iterator[None]:
    """Keep from the terminal what ALSA writes where there is no loudspeaker."""
    sys.stderr.flush()
    before = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nothing)


@lru_cache(maxsize=8)
def _sound(name: str) -> pygame.mixer.Sound:
    settings = pygame.mixer.get_init()
    channels = settings[2] if settings else 1
    samples = np.repeat(waves(name)[:, None], channels, axis=1)
    return pygame.mixer.Sound(buffer=np.ascontiguousarray(samples).tobytes())
