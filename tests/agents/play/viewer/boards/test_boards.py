"""Every board: finds the moves that it shows, and shows the stones that there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest

import rlhf_games
from rlhf_agents.play.board_cells import stones_of
from rlhf_agents.play.session import Session
from rlhf_agents.play.viewer.boards import board_for, known_board
from rlhf_agents.play.viewer.boards.base import BoardView, Ghost, MovingStone
from rlhf_agents.play.viewer.boards.grid import GridBoard, percent
from rlhf_agents.play.viewer.boards.text import TextBoard
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from tests.adapters.foreign_games.nim import PASS, nim


def colour_near(surface, centre, radius, wanted):
    """Tell whether a colour is found around a point."""
    x, y = centre
    return any(
        tuple(surface.get_at((round(x + dx), round(y + dy))))[:3] == wanted
        for dx in range(-radius, radius + 1, 2)
        for dy in range(-radius, radius + 1, 2)
    )


class BoardContract:
    """Inherit, and give a fixture `board` that returns `(board, game)`."""

    @pytest.fixture(params=[(300, 300), (130, 150), (640, 400), (333, 777)])
    def box(self, request):
        return Box(7, 5, *request.param)

    @pytest.fixture(params=[DARK, LIGHT], ids=["dark", "light"])
    def theme(self, request):
        return request.param

    def view(self, game, moves, **more):
        session = Session(game, moves=moves)
        state = session.state
        return BoardView(
            stones=stones_of(game, state),
            seat=session.seat,
            legal=game.legal(state[None])[0],
            names=game.names_of(session.seat),
            **more,
        )

    def test_every_action_can_be_pointed_at(self, board, box):
        board, game = board
        view = self.view(game, [])
        found = {
            board.action_at(box, (x, y), view)
            for x in np.arange(box.x, box.right, 1.5)
            for y in np.arange(box.y, box.bottom, 1.5)
        }
        assert found >= set(range(game.n_actions))
        assert found <= {None, *range(game.n_actions)}
        assert board.action_at(box, (box.right + 900, box.y), view) is None
        assert board.piece_at(box, board.cell_centre(box, (0, 0)), view) is None

    def test_stones_are_where_the_state_says(self, board, box, theme):
        board, game = board
        moves = [1, 0, 2]
        surface = pygame.Surface((1000, 900))
        view = self.view(game, moves)
        board.draw(Canvas(surface), box, view, theme)
        radius = 4 if box.width < 200 else 14
        for row in range(view.stones.shape[0]):
            for column in range(view.stones.shape[1]):
                centre = board.cell_centre(box, (row, column))
                for seat in (0, 1):
                    there = colour_near(surface, centre, radius, theme.seats[seat])
                    assert there == (view.stones[row, column] == seat + 1), (row, column)

    def test_everything_at_once_can_be_drawn(self, board, box, theme):
        board, game = board
        values = np.linspace(0, 1, game.n_actions).astype(np.float32)
        legal = Session(game, moves=[0, 1]).legal()
        values[[a for a in range(game.n_actions) if a not in legal]] = np.nan
        view = self.view(
            game,
            [0, 1],
            last=(0, 0),
            winning=frozenset({(0, 0), (1, 1)}),
            values=values,
            eyes=1,
            moving=MovingStone((game.observation_shape[1] - 1, 1), 0.5),
            chosen=legal[0],
            ghosts=(Ghost((0, 2), 0, 1), Ghost((1, 2), 1, 2)),
            hover=legal[0],
            hint=legal[-1],
        )
        surface = pygame.Surface((1000, 900))
        before = pygame.image.tobytes(surface, "RGB")
        board.draw(Canvas(surface), box, view, theme)
        assert pygame.image.tobytes(surface, "RGB") != before

    def test_nothing_is_drawn_outside(self, board, box, theme):
        board, game = board
        surface = pygame.Surface((1000, 900))
        view = self.view(game, [0, 1], values=np.full(game.n_actions, 0.5, np.float32))
        board.draw(Canvas(surface), box, view, theme)
        surface.fill((0, 0, 0), (box.x - 3, box.y - 3, box.width + 6, box.height + 6))
        assert not pygame.surfarray.array3d(surface).any()

    def test_before_the_rules_are_there(self, board, box, theme):
        board[0].draw(Canvas(pygame.Surface((1000, 900))), box, BoardView(), theme)

    def test_arrows_reach_every_action(self, board):
        board, game = board
        reached, new = {0}, [0]
        legal, steps = np.ones(game.n_actions, bool), ((1, 0), (0, 1), (-1, 0), (0, -1))
        while new:
            onward = [board.neighbour(new[0], step, legal) for step in steps]
            new = new[1:] + [a for a in onward if a is not None and a not in reached]
            reached |= {a for a in onward if a is not None}
        assert reached == set(range(game.n_actions))


class TestConnectFour(BoardContract):
    @pytest.fixture
    def board(self):
        game = rlhf_games.make("connect_four")
        return board_for(game), game

    def test_down_plays(self, board):
        assert board[0].neighbour(3, (0, 1), np.ones(7, bool)) is None

    def test_a_stone_falls_behind_the_board(self, board):
        board, game = board
        box, heights = Box(0, 0, 400, 400), []
        for progress in (0.0, 0.2, 0.4, 0.6, 1.0):
            surface = pygame.Surface((400, 400))
            view = self.view(game, [3], moving=MovingStone((5, 3), progress))
            board.draw(Canvas(surface), box, view, DARK)
            rows = np.argwhere((pygame.surfarray.array3d(surface) == DARK.seats[0]).all(axis=2))
            heights.append(rows[:, 1].mean())
        assert heights == sorted(heights)
        assert heights[0] < heights[-1] - 200


class TestTicTacToe(BoardContract):
    @pytest.fixture
    def board(self):
        game = rlhf_games.make("tic_tac_toe")
        return board_for(game), game

    def test_stones_are_where_the_state_says(self, board, box, theme):
        """Crosses cross in the middle; noughts leave it free."""
        board, game = board
        surface = pygame.Surface((1000, 900))
        view = self.view(game, [4, 0])
        board.draw(Canvas(surface), box, view, theme)
        cross = board.cell_centre(box, (1, 1))
        assert colour_near(surface, cross, 1, theme.seats[0])
        nought = board.cell_centre(box, (0, 0))
        assert not colour_near(surface, nought, 1, theme.seats[1])
        reach = int(box.width * 0.1)
        assert colour_near(surface, nought, reach, theme.seats[1])
        assert not colour_near(surface, board.cell_centre(box, (2, 2)), reach, theme.seats[0])


class TestGridOfColumns(BoardContract):
    @pytest.fixture
    def board(self):
        return GridBoard(6, 7, 7, gravity=True), rlhf_games.make("connect_four")


class TestGridOfCells(BoardContract):
    @pytest.fixture
    def board(self):
        return GridBoard(3, 3, 9, gravity=False), rlhf_games.make("tic_tac_toe")


class TestGridWithAList(BoardContract):
    """Moves that are neither columns nor cells: a list beneath the board."""

    @pytest.fixture
    def board(self):
        board = GridBoard(6, 7, 7, gravity=False)
        assert not board.by_cell
        assert not board.by_column
        return board, rlhf_games.make("connect_four")


class TestPaths(BoardContract):
    """Pieces that move from cell to cell: the first click picks one, the second moves it."""

    @pytest.fixture
    def board(self):
        game = rlhf_games.make("breakthrough_6x6")
        return board_for(game), game

    def view(self, game, moves, **more):
        # The moves of the contract are those of games on empty boards: take legal ones instead.
        session = Session(game)
        for _ in moves:
            session.play(session.legal()[0])
        more.pop("hover", None)
        return super().view(game, session.moves, **more)

    def test_every_action_can_be_pointed_at(self, board, box):
        board, game = board
        view = self.view(game, [0])
        played = set()
        for row in range(6):
            for column in range(6):
                piece = board.piece_at(box, board.cell_centre(box, (row, column)), view)
                assert (piece is None) == (row != 1)  # the second player's foremost row
                if piece is not None:
                    picked = replace(view, picked=piece)
                    cells = [(r, c) for r in range(6) for c in range(6)]
                    played |= {
                        board.action_at(box, board.cell_centre(box, cell), picked) for cell in cells
                    }
        legal = set(np.flatnonzero(view.legal).tolist())
        assert played - {None} == legal
        assert board.action_at(box, (box.right + 900, box.y), view) is None

    def test_everything_at_once_can_be_drawn(self, board, box, theme):
        board, game = board
        surface = pygame.Surface((1000, 900))
        values = np.linspace(0, 1, game.n_actions).astype(np.float32)
        view = self.view(game, [0], values=values, eyes=1)
        legal = np.flatnonzero(view.legal)
        pictures = set()
        for more in ({}, {"picked": 6}, {"hover": legal[1]}, {"hint": legal[2], "picked": 7}):
            board.draw(Canvas(surface), box, replace(view, **more), theme)
            pictures.add(pygame.image.tobytes(surface, "RGB"))
        assert len(pictures) == 4

    def test_stones_are_where_the_state_says(self, board, box, theme):
        board, game = board
        surface = pygame.Surface((1000, 900))
        view = self.view(game, [0, 0, 0])
        board.draw(Canvas(surface), box, view, theme)
        for row in range(6):
            for column in range(6):
                centre = board.cell_centre(box, (row, column))
                for seat in (0, 1):
                    there = colour_near(surface, centre, 4, theme.seats[seat])
                    assert there == (view.stones[row, column] == seat + 1), (row, column)

    def test_arrows_reach_every_action(self, board):
        board, game = board
        legal = self.view(game, [0]).legal
        action, reached = int(legal.argmax()), set()
        for _ in range(legal.sum()):
            reached.add(action)
            action = board.neighbour(action, (1, 0), legal)
        assert reached == set(np.flatnonzero(legal).tolist())
        assert board.neighbour(board.neighbour(action, (0, 1), legal), (0, -1), legal) == action
        assert board.neighbour(3, (0, 1), np.zeros(game.n_actions, bool)) == 3


def test_the_whole_board_is_clicked_to_pass():
    game = rlhf_games.make("othello_6x6")
    states, rng = game.initial(300), np.random.default_rng(0)
    while not game.legal(states)[:, 36].any():
        states = game.step(states, game.random_actions(states, rng))
    state = states[int(game.legal(states)[:, 36].argmax())]
    board, box = board_for(game), Box(0, 0, 400, 400)
    view = BoardView(
        stones_of(game, state), legal=game.legal(state[None])[0], names=game.names_of(0)
    )
    centre = board.cell_centre(box, (0, 0))
    assert board.action_at(box, centre, view) == 36
    assert board.action_at(box, centre, replace(view, legal=np.ones(36, bool))) == 0
    assert board.neighbour(36, (0, 1), view.legal) == 36
    pictures = set()
    for hover in (None, 36):
        surface = pygame.Surface((400, 400))
        board.draw(Canvas(surface), box, replace(view, hover=hover), DARK)
        pictures.add(pygame.image.tobytes(surface, "RGB"))
    assert len(pictures) == 2


def test_rooms_by_name():
    assert known_board("connect_four") is not None
    assert known_board("no_such_game") is None


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0"), (0.001, "1"), (0.5, "50"), (0.999, "99"), (1, "100")]
)
def test_only_what_is_certain_is_called_so(share, text):
    assert percent(share) == text


class TestText:
    """A game without a board of stones: Nim, whose third action gives another turn."""

    @pytest.fixture
    def game(self):
        return nim()

    @pytest.fixture
    def box(self):
        return Box(7, 5, 300, 300)

    def view(self, game, moves, **more):
        state = Session(game, moves=moves).state
        return BoardView(
            seat=len(moves) % 2,
            legal=game.legal(state[None])[0],
            names=game.action_names,
            text=game.text(state),
            **more,
        )

    def drawn(self, board, box, view):
        surface = pygame.Surface((600, 500))
        board.draw(Canvas(surface), box, view, DARK)
        return surface

    @pytest.mark.parametrize(("moves", "legal"), [([], {0, 1, 2}), ([2], {PASS}), ([1], {0, 1, 2})])
    def test_legal_moves_can_be_pointed_at_and_reached(self, game, box, moves, legal):
        board = board_for(game)
        assert isinstance(board, TextBoard)
        view = self.view(game, moves)
        points = [(x, y) for x in range(0, 320, 3) for y in range(0, 320, 3)]
        assert {board.action_at(box, point, view) for point in points} == {None, *legal}
        first = board.neighbour(99, (1, 0), view.legal)
        reached = {first}
        for _ in range(3):
            first = board.neighbour(first, (1, 0), view.legal)
            reached.add(first)
        assert reached == legal
        assert board.piece_at(box, points[0], view) is None

    def test_text_values_and_hints_are_drawn_inside(self, game, box):
        board, pictures = board_for(game), set()
        values = np.array([0.1, 0.5, 0.9, np.nan], np.float32)
        for view in (
            BoardView(),
            self.view(game, []),
            self.view(game, [0]),
            self.view(game, [0], values=values, chosen=2),
            self.view(game, [0], values=values, chosen=2, hint=2, hover=1),
        ):
            surface = self.drawn(board, box, view)
            pictures.add(pygame.image.tobytes(surface, "RGB"))
            surface.fill((0, 0, 0), (box.x - 3, box.y - 3, box.width + 6, box.height + 6))
            assert not pygame.surfarray.array3d(surface).any()
        assert len(pictures) == 5
