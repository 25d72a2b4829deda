"""The perfect player of Connect Four: the solver BitBully, with its opening book.

Needs the extra `rlhf-agents[solver]`; the library is imported when a player is made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.errors import SettingError
from rlhf_agents.players.move_only import MoveOnlyPlayer
from rlhf_games.base import Game, States

KIND = "perfect"
GAME = "connect_four"


class PerfectPlayer(MoveOnlyPlayer):
    """Wins as soon and loses as late as possible, whatever the goal.

    Args:
        game: Connect Four.
        book: the solver knows openings by heart.

    Raises:
        SettingError: the game has no solver here, or the library is missing.
    """

    def __init__(self, game: Game, *, book: bool = True) -> None:
        if game.name != GAME:
            msg = f"{KIND} plays {GAME} only; there is no solver for {game.title}"
            raise SettingError(msg)
        try:
            import bitbully  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            msg = f"{KIND} needs a solver: pip install 'rlhf-agents[solver]'"
            raise SettingError(msg) from error
        super().__init__(game, KIND)
        self._board = bitbully.Board
        self._solver = bitbully.BitBully(opening_book="default" if book else None)

    def choose(self, state: States, goal: str = "win") -> int:
        """Return the best action in an unfinished position uint64 `[W]`."""
        del goal
        scores = self.scores(state)
        best = max(scores.values())
        middle = (self.game.n_actions - 1) / 2
        return min((a for a in scores if scores[a] == best), key=lambda a: abs(a - middle))

    def values(self, state: States, action: int) -> NDArray[np.float32]:
        """Return 1 for moves that win, 0.5 for those that draw, 0 for those that lose, `[A]`."""
        del action
        values = np.full(self.game.n_actions, np.nan, np.float32)
        for move, score in self.scores(state).items():
            values[move] = (1 + np.sign(score)) / 2
        return values

    def score(self, state: States) -> int:
        """Solve a position uint64 `[W]` afresh; above 0 if the mover wins."""
        self._solver.reset_transposition_table()
        score: int = self._solver.mtdf(self._position(state))
        return score

    def scores(self, state: States) -> dict[int, int]:
        """Return the solver's score of every legal action."""
        scores: dict[int, int] = self._solver.score_all_moves(self._position(state))
        return scores

    def _position(self, state: States) -> object:
        """Return a position uint64 `[W]` as the solver's board; player 1 moved first."""
        states = state[None]
        planes = self.game.observe(states)[0] > 0.5
        mover = int(self.game.mover(states)[0])
        cells = planes[mover] + 2 * planes[1 - mover]
        return self._board.from_array(cells.astype(int).tolist())
