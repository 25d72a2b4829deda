"""Boards of games whose positions are read: every legal move can be clicked, and only those."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest

import rlhf_games
from rlhf_agents.play.viewer.boards import board_for
from rlhf_agents.play.viewer.boards.base import BoardView, Ghost, MovingStone
from rlhf_agents.play.viewer.boards.clicks import Clicks, code, decode
from rlhf_agents.play.viewer.boards.grid import GridBoard
from rlhf_agents.play.viewer.boards.looks_edges import won_boards
from rlhf_agents.play.viewer.boards.picture_board import PictureBoard
from rlhf_agents.play.viewer.boards.places import origins_of
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from tests.agents.play.pictures.test_pictures import STYLES
from tests.agents.play.viewer.boards.contact_sheet import played, view_of, write_sheets

BOX = Box(7, 5, 620, 620)


def clicked(board, view, action):
    """Return the action that clicks on the cells of a move lead to, as `App` handles them."""
    shown = board.shown(view)
    path, picked = shown.paths[action], None
    places = board.places(BOX)
    for cell in path or [None]:
        point = _button(board, view, shown, action) if cell is None else places.centres[cell]
        now = replace(view, picked=picked)
        found = board.action_at(BOX, point, now)
        if found is not None:
            return found
        picked = board.piece_at(BOX, point, now)
    last = replace(view, picked=picked)
    chips = dict(board._chips(BOX, last, board.shown(last)))
    return board.action_at(BOX, chips[action].centre, last) if action in chips else None


def _button(board, view, shown, action):
    return dict(board._chips(BOX, view, shown))[action].centre


def wall(board, action, shown):
    """Return a point near the middle of a wall, inside a gap that it covers."""
    places, path = board.places(BOX), shown.paths[action]
    (x0, y0), (x1, y1) = places.centres[path[0]], places.centres[path[-1]]
    return x0 + 0.3 * (x1 - x0), y0 + 0.3 * (y1 - y0)


@pytest.mark.parametrize("name", STYLES)
def test_every_legal_move_can_be_clicked_and_only_those(name):
    game = rlhf_games.make(f"openspiel:{name}")
    board, history = board_for(game), played(game, 40, seed=5)
    for count in (1, 2, 3, len(history) // 2 + 1, len(history)):
        view = view_of(game, history[:count])
        legal = np.flatnonzero(view.legal).tolist()
        for action in legal[:: max(1, len(legal) // 40)]:
            if isinstance(board, GridBoard):
                target = (0, action) if board.by_column else divmod(action, board.columns)
                target = (0, 0) if action == board.rows * board.columns else target
                assert board.action_at(BOX, board.cell_centre(BOX, target), view) == action
            elif name == "quoridor":
                shown = board.shown(view)
                if shown.paths[action]:
                    assert board.action_at(BOX, wall(board, action, shown), view) == action
            else:
                assert clicked(board, view, action) == action, view.names[action]
        if isinstance(board, PictureBoard):
            points = np.random.default_rng(count).uniform(0, 640, (60, 2)).tolist()
            found = {board.action_at(BOX, (x, y), view) for x, y in points}
            assert found <= {None, *legal}


@pytest.mark.parametrize("name", STYLES)
def test_everything_is_drawn_inside_its_box(name):
    game = rlhf_games.make(f"openspiel:{name}")
    board, history = board_for(game), played(game, 30, seed=2)
    view = view_of(game, history)
    legal = np.flatnonzero(view.legal)
    values = np.full(game.n_actions, np.nan, np.float32)
    values[legal] = np.linspace(0, 1, len(legal))
    for more in ({}, {"values": values, "chosen": int(legal[-1])}, {"hint": int(legal[0])}):
        for theme, side in ((DARK, 250), (LIGHT, 560)):
            box = Box(20, 20, side, side)
            surface = pygame.Surface((600, 600))
            board.draw(Canvas(surface), box, replace(view, hover=int(legal[0]), **more), theme)
            assert pygame.surfarray.array3d(surface).any()
            surface.fill((0, 0, 0), (18, 18, side + 4, side + 4))
            assert not pygame.surfarray.array3d(surface).any(), name


def test_a_picture_that_is_misread_is_shown_as_text():
    game = rlhf_games.make("openspiel:go(board_size=9)")
    board = board_for(game)
    view = replace(view_of(game, played(game, 3)), text="something else", seat=1)
    assert board.shown(view) is None
    surface = pygame.Surface((640, 640))
    board.draw(Canvas(surface), BOX, view, DARK)
    assert board.action_at(BOX, (0, 0), view) is None


def test_clicks_are_numbers():
    for cells in ((), ((0, 0),), ((7, 7),), ((9, 3), (0, 0)), ((0, 0), (0, 0), (8, 1))):
        number = code(cells, (8, 8))
        assert decode(number if cells else None, (8, 8)) == cells
    assert code(((2, 3),), (8, 8)) == 19
    clicks = Clicks({4: ((0, 0), (1, 1)), 5: ((0, 0), (1, 1)), 6: ()}, ((0, 0), (1, 1)))
    assert clicks.choices == [4, 5]
    assert clicks.buttons == [6]


def test_promotions_are_chosen():
    game = rlhf_games.make("openspiel:chess")
    board = board_for(game)
    rows = [".......k", "P.......", *["........"] * 5, "K......."]
    text = "\n".join([*rows, "w - - 0 1"])
    planes = 73
    names = ["-"] * game.n_actions
    legal = np.zeros(game.n_actions, bool)
    for number, piece in enumerate("QRBN"):
        action = 6 * planes + number
        names[action], legal[action] = f"a8={piece}", True
    view = replace(view_of(game, played(game, 0)), text=text, names=tuple(names), legal=legal)
    for action in np.flatnonzero(legal).tolist():
        assert clicked(board, view, action) == action


def test_breakthrough_looks_alike():
    ours, theirs = rlhf_games.make("breakthrough"), rlhf_games.make("openspiel:breakthrough")
    boards = board_for(ours), board_for(theirs)
    assert type(boards[0]) is type(boards[1])
    pictures = []
    for game, board in zip((ours, theirs), boards, strict=True):
        surface = pygame.Surface((640, 640))
        board.named = False  # their rows count from the other side
        board.draw(Canvas(surface), BOX, view_of(game, played(game, 0)), DARK)
        pictures.append(pygame.image.tobytes(surface, "RGB"))
    assert pictures[0] == pictures[1]


def test_a_turned_board_has_the_second_player_below():
    board = board_for(rlhf_games.make("openspiel:chess"))
    above = board.cell_centre(BOX, (0, 0))
    board.flipped = True
    below = board.cell_centre(BOX, (0, 0))
    assert below[1] > above[1]
    assert below[0] > above[0]


def test_contact_sheets(tmp_path):
    games = [rlhf_games.make(name) for name in ("breakthrough_6x6", "othello_6x6")]
    files = write_sheets(tmp_path, games, plies=6)
    assert len(files) == 6
    assert all(file.stat().st_size > 5000 for file in files)


def colours(surface, centre, radius):
    """Return the colours around a point."""
    x, y = (round(place) for place in centre)
    return {
        tuple(surface.get_at((x + dx, y + dy)))[:3]
        for dx in range(-radius, radius + 1)
        for dy in range(-radius, radius + 1)
    }


def othello_view(game, **more):
    view = view_of(game, played(game, 1, seed=0))
    turned = np.argwhere((view.before > 0) & (view.before != view.stones))[0]
    return replace(view, **more), tuple(int(place) for place in turned)


@pytest.mark.parametrize("name", ["othello_6x6", "othello", "openspiel:othello"])
def test_othello_lays_the_new_disc_before_it_turns_the_others(name):
    game = rlhf_games.make(name)
    board = board_for(game)
    seen = []
    for progress in (0.0, 0.4, 0.99):
        view, turned = othello_view(game)
        moving = MovingStone(view.last, progress)
        surface = pygame.Surface((640, 640))
        board.draw(Canvas(surface), BOX, replace(view, moving=moving), DARK)
        found = colours(surface, board.cell_centre(BOX, turned), 6)
        mover = int(view.stones[view.last]) - 1
        seen.append((DARK.seats[mover] in found, DARK.seats[1 - mover] in found))
    assert seen == [(False, True), (False, True), (True, False)]


def test_othello_marks_legal_cells_without_thoughts():
    game = rlhf_games.make("othello_6x6")
    board = board_for(game)
    view, _ = othello_view(game)
    legal = {divmod(int(action), 6) for action in np.flatnonzero(view.legal)}
    surface = pygame.Surface((640, 640))
    board.draw(Canvas(surface), BOX, view, DARK)
    marked = {
        (row, column)
        for row, column in np.argwhere(view.stones == 0).tolist()
        if colours(surface, board.cell_centre(BOX, (row, column)), 2) != {DARK.hole}
    }
    assert marked == legal


def test_ghosts_of_tic_tac_toe_are_crosses_of_the_first_player():
    board = board_for(rlhf_games.make("tic_tac_toe"))
    ghosts = (Ghost((0, 0), 0, 1), Ghost((2, 2), 1, 2))
    surface = pygame.Surface((640, 640))
    view = BoardView(np.zeros((3, 3), np.int8), ghosts=ghosts, legal=np.ones(9, bool))
    board.draw(Canvas(surface), BOX, view, DARK)
    middles = [colours(surface, board.cell_centre(BOX, ghost.cell), 1) for ghost in ghosts]
    assert middles[0] != {DARK.surface}  # a cross has a middle, a nought has none
    assert middles[1] == {DARK.surface}


def test_a_value_a_ghost_and_an_arrow_have_their_own_parts_of_a_cell():
    game = rlhf_games.make("breakthrough_6x6")
    board, view = board_for(game), view_of(game, played(game, 0))
    action = int(np.flatnonzero(view.legal)[0])
    target = board.shown(view).paths[action][-1]
    values = np.full(game.n_actions, np.nan, np.float32)
    values[action] = 0.37
    picked = code((board.shown(view).paths[action][0],), (6, 6))
    layers = []
    for more in (
        {"values": values},
        {"values": values, "ghosts": (Ghost(target, 0, 1),)},
        {"values": values, "hint": action, "ghosts": (Ghost(target, 0, 1),)},
    ):
        surface = pygame.Surface((640, 640))
        board.draw(Canvas(surface), BOX, replace(view, picked=picked, **more), DARK)
        x, y = board.cell_centre(BOX, target)
        size = board.places(BOX).size
        part = pygame.Rect(0, 0, round(size * 0.3), round(size * 0.16))
        part.center = (round(x), round(y + size * 0.24))
        layers.append(part_ink(surface, part))
    assert layers[0] == layers[1] == layers[2] > 0


def part_ink(surface, part):
    """Return how many pixels of a part have the colour of text."""
    pixels = pygame.surfarray.array3d(surface.subsurface(part))
    return int((pixels == DARK.text).all(axis=2).sum())


@pytest.mark.parametrize(
    ("king", "rook"), [(((7, 4), (7, 6)), ((7, 7), (7, 5))), (((0, 4), (0, 2)), ((0, 0), (0, 3)))]
)
def test_castling_moves_both_pieces(king, rook):
    before, after = np.zeros((8, 8), np.int8), np.zeros((8, 8), np.int8)
    for start, end in (king, rook):
        before[start], after[end] = 1, 1
    view = BoardView(stones=after, before=before, last=rook[1])
    assert origins_of(view) == {king[1]: king[0], rook[1]: rook[0]}


@pytest.mark.parametrize(("name", "marked"), [("breakthrough", False), ("checkers", True)])
def test_marks_before_a_click_do_not_depend_on_the_position(name, marked):
    game = rlhf_games.make(f"openspiel:{name}")
    board, history = board_for(game), played(game, 8, seed=3)
    for count in range(1, len(history) + 1):
        view = view_of(game, history[:count])
        assert bool(board.first_marks(view, board.shown(view))) == marked


def test_hands_take_room_only_when_they_hold_something():
    game = rlhf_games.make("openspiel:crazyhouse")
    board, view = board_for(game), view_of(game, played(game, 0))
    board.shown(view)
    wide = board.places(BOX).size
    held = replace(view, text=view.text.replace("RNBQKBNR\n", "RNBQKBNR[P]\n"))
    assert board.shown(held).picture.symbols[8, 0] == "P"
    assert board.places(BOX).size < wide


def test_boards_of_ultimate_that_are_won_are_found():
    owners = np.zeros((9, 9), np.int8)
    owners[0:3, 3] = 1
    owners[[6, 7, 8], [2, 1, 0]] = 2
    owners[3, 3:5] = 1
    assert won_boards(owners) == {(1, 4): 1, (7, 1): 2}
