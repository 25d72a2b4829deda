"""Pictures and GIFs of games: colours where they belong, the winning line, files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rlhf_games
from rlhf_agents.board_image import (
    BACKGROUND,
    BRIGHT,
    HOLE,
    PANEL_SHARE,
    RING,
    SEATS,
    SIZE,
    SURFACE,
    board_layout,
    last_cell,
    stones_of,
    winning_cells,
)
from rlhf_agents.errors import OutputError
from rlhf_agents.recording import LAST_SECONDS, Frame, draw_frame, write_gif
from rlhf_agents.records import Explanation
from rlhf_games.base import Game

CONNECT_FOUR = rlhf_games.make("connect_four")
TIC_TAC_TOE = rlhf_games.make("tic_tac_toe")
NAMES = ("agent", "minimax:4")
# A game without four in a row.
DRAWN = [int(column) for column in "452303665140633024406361222603502554451111"]


def explanation(
    game: Game, state: np.ndarray, action: int, rng: np.random.Generator
) -> Explanation:
    legal = game.legal(state[None])[0]
    values = np.where(legal, rng.random(game.n_actions), np.nan).astype(np.float32)
    return Explanation(
        action=action,
        goal="win",
        values=values,
        goal_values={goal.name: float(rng.random()) for goal in game.goals},
        line=(action, *range(game.n_actions)),
        nodes=int(rng.integers(100_000)),
        proven=bool(rng.random() < 0.2),
    )


def record(game: Game, actions: list[int], *, explained: bool = True) -> list[Frame]:
    """The frames of a game."""
    rng = np.random.default_rng(0)
    state = game.initial(1)
    frames = [Frame(state[0], None, None, 0)]
    for action in actions:
        mover = int(game.mover(state)[0])
        thought = explanation(game, state[0], action, rng) if explained else None
        state = game.step(state, np.array([action]))
        text = "" if game.legal(state).any() else "the game is over"
        frames.append(Frame(state[0], action, thought, mover, text))
    return frames


def centres(image: Image.Image, game: Game) -> dict[tuple[int, int], tuple[int, ...]]:
    """The colour in the middle of every cell."""
    layout = board_layout(game, image.size)
    return {
        (row, column): image.getpixel(tuple(int(x) for x in layout.centre(row, column)))
        for row in range(layout.rows)
        for column in range(layout.columns)
    }


def has_colour(image: Image.Image, colour: tuple[int, ...]) -> bool:
    return bool((np.asarray(image) == colour).all(axis=2).any())


@pytest.mark.parametrize("explained", [True, False])
@pytest.mark.parametrize(
    ("game", "actions", "first", "second"),
    [
        (CONNECT_FOUR, [3, 3], {(5, 3)}, {(4, 3)}),
        (CONNECT_FOUR, [3, 3, 0], {(5, 3), (5, 0)}, {(4, 3)}),
        (TIC_TAC_TOE, [4, 0, 8], {(1, 1), (2, 2)}, {(0, 0)}),
        (TIC_TAC_TOE, [4, 0, 8, 2], {(1, 1), (2, 2)}, {(0, 0), (0, 2)}),
    ],
)
def test_stones_have_the_colour_of_their_player(game, actions, first, second, explained):
    """Whoever is to move: plane 0 of an observation changes its owner with every ply."""
    frame = record(game, actions, explained=explained)[-1]
    colours = centres(draw_frame(game, frame, NAMES), game)
    assert {cell for cell, colour in colours.items() if colour == SEATS[0]} == first
    assert {cell for cell, colour in colours.items() if colour == SEATS[1]} == second


def test_second_player_is_marked_by_a_ring_and_the_last_move_by_another():
    """Along a stone's radius, the colours change by more than its own."""
    image = draw_frame(CONNECT_FOUR, record(CONNECT_FOUR, [3, 3, 0, 0])[-1], NAMES)
    layout = board_layout(CONNECT_FOUR)

    def along_radius(row: int, column: int) -> set[tuple[int, ...]]:
        x, y = (int(value) for value in layout.centre(row, column))
        return {image.getpixel((x + i, y)) for i in range(int(layout.cell / 2))}

    assert RING not in along_radius(5, 3)
    assert BRIGHT not in along_radius(4, 3)
    assert RING in along_radius(4, 3)
    assert BRIGHT in along_radius(4, 0)


def test_empty_cells_are_holes():
    colours = centres(draw_frame(CONNECT_FOUR, record(CONNECT_FOUR, [])[0], NAMES), CONNECT_FOUR)
    assert set(colours.values()) == {HOLE}


@pytest.mark.parametrize(
    ("game", "actions", "line"),
    [
        (CONNECT_FOUR, [0, 1, 0, 1, 0, 1, 0], {(r, 0) for r in (2, 3, 4, 5)}),
        (CONNECT_FOUR, [0, 0, 1, 1, 2, 2, 4, 4, 3], {(5, c) for c in range(5)}),
        (CONNECT_FOUR, [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3], {(5 - c, c) for c in range(4)}),
        (TIC_TAC_TOE, [2, 0, 4, 1, 6], {(0, 2), (1, 1), (2, 0)}),
    ],
    ids=["vertical", "five in a row", "diagonal", "tic_tac_toe"],
)
def test_winning_line_is_highlighted_and_other_stones_fade(game, actions, line):
    frame = record(game, actions)[-1]
    stones = stones_of(game, frame.state)
    assert winning_cells(game, frame.state, last_cell(game, stones, actions[-1])) == line
    colours = centres(draw_frame(game, frame, NAMES), game)
    assert {cell for cell, colour in colours.items() if colour == BRIGHT} == line
    assert not set(colours.values()) & set(SEATS)


def test_drawn_game_has_no_winning_line():
    frame = record(CONNECT_FOUR, DRAWN)[-1]
    assert frame.text
    colours = centres(draw_frame(CONNECT_FOUR, frame, NAMES), CONNECT_FOUR)
    assert set(colours.values()) == set(SEATS)


def test_values_stand_above_the_columns():
    """Full bars for sure moves, none where a move is illegal."""
    frame = record(CONNECT_FOUR, [3])[-1]
    values = np.array([np.nan, 0, 0, 1, 0, 0, 0], np.float32)
    thought = dataclasses.replace(frame.explanation, values=values)
    image = draw_frame(CONNECT_FOUR, dataclasses.replace(frame, explanation=thought), NAMES)
    layout = board_layout(CONNECT_FOUR)
    middles = [(int(layout.centre(0, c)[0]), int(layout.top - 24)) for c in range(7)]
    colours = [image.getpixel(middle) for middle in middles]
    assert colours == [BACKGROUND, SURFACE, SURFACE, SEATS[0], SURFACE, SURFACE, SURFACE]


@pytest.mark.parametrize("size", [(320, 200), (960, 600), (1200, 700), (400, 900)])
def test_any_size_and_any_names(size):
    frame = record(CONNECT_FOUR, [3])[-1]
    goals = {f"a_goal_with_a_long_name_{i}": i / 30 for i in range(30)}
    thought = dataclasses.replace(frame.explanation, goal_values=goals, pursued="lose")
    long = dataclasses.replace(frame, explanation=thought, text="a long result " * 9)
    image = draw_frame(CONNECT_FOUR, long, ("n" * 99, ""), size)
    assert image.size == size
    right = np.asarray(image)[:, -round(size[0] * 0.02) :]
    assert (right == BACKGROUND).all()


def test_game_whose_actions_are_neither_columns_nor_cells():
    """The last move and the values are not shown on the board; nothing fails."""
    game = rlhf_games.make("connect_four")
    game.gravity = False
    frame = record(game, [3, 2])[-1]
    assert last_cell(game, stones_of(game, frame.state), 2) is None
    assert SEATS[1] in centres(draw_frame(game, frame, NAMES), game).values()


def read_gif(path: Path) -> tuple[list[Image.Image], list[int]]:
    """The pictures of a GIF and how many milliseconds each is shown."""
    pictures, durations = [], []
    with Image.open(path) as gif:
        assert gif.info["loop"] == 0
        for i in range(gif.n_frames):
            gif.seek(i)
            pictures.append(gif.convert("RGB"))
            durations.append(gif.info["duration"])
    return pictures, durations


def test_gif_has_all_frames_rests_on_the_last_and_is_small(tmp_path: Path):
    frames = record(CONNECT_FOUR, DRAWN)
    path = tmp_path / "game.gif"
    write_gif(path, CONNECT_FOUR, frames, NAMES, seconds=0.5)
    pictures, durations = read_gif(path)
    assert len(pictures) == 43
    assert durations == [500] * 42 + [round(1000 * LAST_SECONDS)]
    assert {picture.size for picture in pictures} == {SIZE}
    assert path.stat().st_size < 600_000
    stones = stones_of(CONNECT_FOUR, frames[-1].state)
    for cell, colour in centres(pictures[-1], CONNECT_FOUR).items():
        assert np.abs(np.subtract(colour, SEATS[stones[cell] - 1])).max() <= 4


def test_gif_of_two_games_rests_on_both_results(tmp_path: Path):
    frames = record(TIC_TAC_TOE, [2, 0, 4, 1, 6])
    write_gif(tmp_path / "games.gif", TIC_TAC_TOE, [*frames, *frames], NAMES)
    assert read_gif(tmp_path / "games.gif")[1] == 2 * [*[900] * 5, 4000]


def test_gif_tells_the_goals_of_both_players_throughout(tmp_path: Path):
    """A frame alone knows the goal of its mover; a game knows both."""
    frames = record(TIC_TAC_TOE, [0, 1, 2])
    path = tmp_path / "game.gif"
    write_gif(path, TIC_TAC_TOE, frames, NAMES)
    first, *_ = read_gif(path)[0]
    alone = draw_frame(TIC_TAC_TOE, frames[0], NAMES)
    cards = (round(SIZE[0] * (1 - PANEL_SHARE)), 54, SIZE[0], 174)
    inks = [(np.asarray(image.crop(cards)).max(axis=2) > 100).sum() for image in (first, alone)]
    assert inks[0] > inks[1]


def test_one_frame_is_a_gif(tmp_path: Path):
    write_gif(tmp_path / "one.gif", TIC_TAC_TOE, record(TIC_TAC_TOE, []), NAMES)
    with Image.open(tmp_path / "one.gif") as gif:
        assert (gif.format, gif.size) == ("GIF", SIZE)


def test_no_frame_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="at least one frame"):
        write_gif(tmp_path / "none.gif", TIC_TAC_TOE, [], NAMES)


def test_unwritable_path(tmp_path: Path):
    path = tmp_path / "missing" / "game.gif"
    with pytest.raises(OutputError, match=r"cannot write .*game\.gif"):
        write_gif(path, TIC_TAC_TOE, record(TIC_TAC_TOE, [4]), NAMES)
    assert not list(tmp_path.iterdir())
