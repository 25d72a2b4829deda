"""Films and pictures without a display: every move is in them, with its thoughts."""

from __future__ import annotations

import pytest
from PIL import Image

import rlhf_games
from rlhf_agents.errors import OutputError
from rlhf_agents.play.saved_games import save_session
from rlhf_agents.play.session import Session
from rlhf_agents.play.setup import Setup
from rlhf_agents.play.viewer.image_files import save_gif
from rlhf_agents.play.viewer.loading import load_builder
from rlhf_agents.play.viewer.recording import LAST_SECONDS, THOUGHT_SECONDS, Recorder, record
from rlhf_agents.play.viewer.scene import Ui
from rlhf_agents.play.viewer.theme import DARK, LIGHT


@pytest.fixture(autouse=True)
def without_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def builder():
    builder = load_builder(Setup("tic_tac_toe", opponent="agent", nodes=8))
    yield builder
    builder.match.close()


def test_a_film_has_every_move(builder, tmp_path):
    record(builder, Ui(), gif=tmp_path / "a.gif", png=tmp_path / "a.png", size=(480, 400))
    match = builder.match
    assert match.session.over
    with Image.open(tmp_path / "a.gif") as film:
        assert film.size == (480, 400)
        assert film.n_frames > 3 * len(match.session.moves)
        seconds = []
        for i in range(film.n_frames):
            film.seek(i)
            seconds.append(film.info["duration"] / 1000)
    assert seconds.count(THOUGHT_SECONDS) == len(match.session.moves)
    assert seconds[-1] == LAST_SECONDS
    with Image.open(tmp_path / "a.png") as still:
        assert still.size == (480, 400)


def test_a_film_of_some_moves(builder, tmp_path):
    record(builder, Ui(), png=tmp_path / "a.png", plies=3)
    assert len(builder.match.session.moves) == 3
    assert not builder.match.paused


def test_saved_games_are_replayed(tmp_path):
    game = rlhf_games.make("tic_tac_toe")
    save_session(tmp_path / "game.json", Session(game, moves=[0, 4, 8, 2]))
    builder = load_builder(Setup("tic_tac_toe", nodes=8), tmp_path / "game.json")
    record(builder, Ui(), gif=tmp_path / "a.gif", plies=4)
    assert builder.match.session.moves == [0, 4, 8, 2]
    builder.match.close()


def test_thoughts_are_in_the_picture_unless_switched_off(builder):
    camera = Recorder(builder, Ui(theme=DARK, analysing=True), (800, 600))
    shown = camera.picture().get_buffer().raw
    assert builder.scene(camera.ui, 0.0).view.values is not None
    camera.ui.shown.clear()
    assert camera.picture().get_buffer().raw != shown


def test_themes_differ(builder):
    dark = Recorder(builder, Ui(theme=DARK)).picture().get_at((2, 2))
    light = Recorder(builder, Ui(theme=LIGHT)).picture().get_at((2, 2))
    assert sum(dark[:3]) < 200
    assert sum(light[:3]) > 600


def test_larger_pixels_same_layout(builder):
    assert Recorder(builder, Ui(), (480, 400), 2.0).picture().get_size() == (960, 800)


def test_colours_survive_the_palette(tmp_path):
    """Small areas keep their colour beside large ones."""
    images = []
    for shade in (20, 21):
        image = Image.new("RGB", (300, 300), (shade, shade, shade))
        image.paste((240, 60, 60), (5, 5, 15, 15))
        images.append(image)
    save_gif(tmp_path / "a.gif", images, [0.1, 0.1])
    with Image.open(tmp_path / "a.gif") as film:
        red, green, blue = film.convert("RGB").getpixel((9, 9))
    assert red > 200
    assert max(green, blue) < 100


def test_nothing_to_write(tmp_path):
    with pytest.raises(ValueError, match="at least one frame"):
        save_gif(tmp_path / "a.gif", [], [])


def test_unwritable(builder, tmp_path):
    with pytest.raises(OutputError):
        record(builder, Ui(), png=tmp_path / "nowhere" / "a.png", plies=1)
