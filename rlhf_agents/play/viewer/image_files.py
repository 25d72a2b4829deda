"""Surfaces as files: PNG, and GIF with one palette for all frames."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pygame
from PIL import Image

from rlhf_agents.files.atomic import write_atomically

COLOURS = 96
RARITY = 0.72

Path = str | os.PathLike[str]


def image_of(surface: pygame.Surface) -> Image.Image:
    """Return a surface as an image."""
    return Image.frombytes("RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB"))


def save_png(path: Path, surface: pygame.Surface) -> None:
    """Write a picture; the file is complete or does not exist.

    Raises:
        OutputError: the path cannot be written.
    """
    buffer = io.BytesIO()
    image_of(surface).save(buffer, "PNG", optimize=True)
    write_atomically(path, buffer.getvalue())


def save_gif(path: Path, images: Sequence[Image.Image], seconds: Sequence[float]) -> None:
    """Write an endless animation; the file is complete or does not exist.

    Args:
        path: the file to write.
        images: at least one, all of one size.
        seconds: the duration of each.

    Raises:
        ValueError: there is no image.
        OutputError: the path cannot be written.
    """
    if not images:
        msg = "a recording needs at least one frame"
        raise ValueError(msg)
    first, *others = _with_one_palette(images)
    buffer = io.BytesIO()
    first.save(
        buffer,
        "GIF",
        save_all=True,
        append_images=others,
        loop=0,
        optimize=True,
        duration=[round(1000 * s) for s in seconds],
        palette=bytes(first.getpalette() or ()),
    )
    write_atomically(path, buffer.getvalue())


def _with_one_palette(images: Sequence[Image.Image]) -> list[Image.Image]:
    """Return the images with one palette of `COLOURS` colours.

    It is chosen for all images together. Large areas have less weight than their size, so that a
    small badge keeps its colour.
    """
    counts: Counter[tuple[int, ...] | float] = Counter()
    for image in images:
        for count, colour in image.getcolors(image.width * image.height) or ():
            counts[colour] += count
    weights = np.ceil(np.array(list(counts.values())) ** RARITY).astype(np.int64)
    swatches = np.repeat(np.array(list(counts), np.uint8), weights, axis=0)
    album = Image.fromarray(swatches[None])
    palette = album.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=3)
    return [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
