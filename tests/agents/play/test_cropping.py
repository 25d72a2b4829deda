"""Pictures lose their empty rim and nothing else."""

from __future__ import annotations

import numpy as np

from rlhf_agents.play.cropping import LEAST, Cropper


def white(height=100, width=200):
    return np.full((height, width, 3), 255, np.uint8)


def test_the_empty_rim_goes_and_a_margin_stays():
    picture = white()
    picture[40:90, 60:150] = 0
    small = Cropper().crop(picture)
    assert small.shape == (66, 122, 3)
    assert (small == 0).sum() == (picture == 0).sum()


def test_thin_lines_do_not_count():
    picture = white()
    picture[50, :] = 0
    picture[30:70, 80:120] = 0
    assert Cropper().crop(picture).shape[1] < 200


def test_a_pole_of_cart_pole_stays_whole():
    picture = white(400, 600)
    picture[250:300, 250:350] = 0
    picture[150:250, 295:305] = 0
    assert (Cropper().crop(picture) == 0).sum() == (picture == 0).sum()


def test_what_was_seen_stays_in_view():
    cropper, left, right = Cropper(), white(), white()
    left[40:60, 20:40] = 0
    right[40:60, 160:180] = 0
    first = cropper.crop(left)
    assert cropper.crop(right).shape[1] > first.shape[1]
    assert cropper.crop(left).shape[1] > first.shape[1]


def test_small_things_are_not_blown_up():
    picture = white()
    picture[50:52, 100:102] = 0
    small = Cropper().crop(picture)
    assert small.shape[0] >= LEAST * 100
    assert small.shape[1] >= LEAST * 200


def test_pictures_without_a_rim_stay():
    picture = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    assert Cropper().crop(picture) is picture
    assert (Cropper().crop(white()) == white()).all()
