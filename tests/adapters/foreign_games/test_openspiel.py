"""Every game of OpenSpiel that qualifies, under the contract of games and against OpenSpiel."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rlhf_games
from rlhf_adapters import from_openspiel
from rlhf_adapters.foreign_games.openspiel import spread
from rlhf_games.base import Game, Outcome
from tests.games.game_contract import GameContract

pyspiel = pytest.importorskip("pyspiel", reason="needs OpenSpiel: the extra openspiel")

SHORT = {
    "antichess": "max_plies=40",
    "chess": "max_plies=40",
    "chinese_checkers": "max_plies=40",
    "crazyhouse": "max_plies=40",
    "cursor_go": "max_plies=40",
    "go": "board_size=5",
    "hive": "max_plies=30",
    "lines_of_action": "max_plies=40",
    "quoridor": "board_size=5",
    "shogi": "max_plies=20",
    "xiangqi": "max_plies=40",
}
"""Games whose random play is long are looked at in a shorter form."""
VARIANTS = (
    "breakthrough(columns=5,rows=5)",
    "dots_and_boxes(utility_margin=True)",
    "misere(game=tic_tac_toe())",
)
QUICK = ("hex", "mancala", "tic_tac_toe")
"""Games that `make quick` looks at."""


def listed() -> list[str]:
    """All games that `worlds` lists, in their shorter form if they have one."""
    names = [world.partition("(")[0] for world in from_openspiel.worlds()]
    return [f"{name}({SHORT[name]})" if name in SHORT else name for name in names]


class Replica:
    """A game of OpenSpiel beside one of ours, driven by the same actions."""

    def __init__(self, world: str) -> None:
        name, _, options = world.partition("(")
        options = re.sub(r",?max_plies=\d+", "", options)
        self.game = pyspiel.load_game(f"{name}({options}" if options else name)
        self.skip = self.game.num_distinct_actions()
        self.state = self.game.new_initial_state()
        self.first = self.state.current_player()

    def legal(self, state, mover: int) -> list[int]:
        if state.is_terminal():
            return []
        own = state.current_player() == mover ^ self.first
        return state.legal_actions() if own else [self.skip]

    def perft(self, most: int) -> tuple[int, ...]:
        """How many positions there are after 1, 2, ... plies, as long as they are not too many."""
        level, counts, ply = [self.state], [], 0
        while True:
            pairs = [(state, action) for state in level for action in self.legal(state, ply % 2)]
            if not pairs or len(pairs) > most or len(counts) == 5:
                return tuple(counts)
            counts.append(len(pairs))
            level = [s if action == self.skip else s.child(action) for s, action in pairs]
            ply += 1


class OpenSpielContract(GameContract):
    """The contract, and the same play by OpenSpiel itself."""

    world: str
    deadlines = frozenset({"win_by", "lose_by"})
    n_games = 8
    many = 3000

    @property
    def perft(self) -> tuple[int, ...]:
        return Replica(self.world).perft(self.many)

    def test_play_agrees_with_openspiel(self, game: Game):
        rng = np.random.default_rng(11)
        replica = Replica(self.world)
        states, ply, state = game.initial(1), 0, replica.state
        while game.outcome(states)[0] == Outcome.ONGOING:
            legal = replica.legal(state, ply % 2)
            assert np.flatnonzero(game.legal(states)[0]).tolist() == legal
            action = game.random_actions(states, rng)
            states, ply = game.step(states, action), ply + 1
            if action[0] != replica.skip:
                state.apply_action(int(action[0]))
        if state.is_terminal():
            won = state.returns()[int(game.mover(states)[0]) ^ replica.first]
            assert game.outcome(states)[0] == np.sign(won)
        else:
            assert (ply, game.outcome(states)[0]) == (game.max_plies, Outcome.DRAW)

    def test_text_and_labels_are_openspiels(self, game: Game):
        start, state = game.initial(1)[0], Replica(self.world).state
        assert game.text(start) == spread(str(state).rstrip("\n"))
        for action in state.legal_actions():
            assert state.action_to_string(action).endswith(game.label(start, action))


for _world in (*listed(), *VARIANTS):
    _title = "Test" + "".join(
        part.capitalize() for part in re.findall(r"[a-z0-9]+", _world.lower())
    )
    _facts = {"world": _world, "name": f"openspiel:{_world}"}
    if "utility_margin" in _world:
        _facts["thresholds"] = frozenset({"win_margin"})
    if _world not in QUICK:
        _facts["pytestmark"] = pytest.mark.slow
    globals()[_title] = type(_title, (OpenSpielContract,), _facts)


def test_at_least_thirty_games_are_played():
    assert len(listed()) >= 30
    assert rlhf_games.make("openspiel:tic_tac_toe").name == "openspiel:tic_tac_toe"


def test_chess_is_read_as_a_board():
    game = rlhf_games.make("openspiel:chess(max_plies=40)")
    states = game.initial(1)
    rows = game.text(states[0]).splitlines()
    assert rows[:3] == ["rnbqkbnr", "pppppppp", "........"]
    assert rows[8:] == ["w KQkq - 0 1"]
    labels = {game.label(states[0], int(a)) for a in np.flatnonzero(game.legal(states)[0])}
    assert {"e4", "Nf3"} <= labels
