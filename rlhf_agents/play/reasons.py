"""Mistakes in words: what a move overlooked, in one plain sentence.

The rules of the game say what happens within three plies: a win at once, one that is allowed, a
double threat. Where they say nothing, the sentence says how the value fell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlhf_agents.play.board_cells import Cell, placed_cell, plays_columns, shown_name, stones_of
from rlhf_agents.words import goal_words
from rlhf_games.base import Game, Outcome, States

WON, DRAWN, HOLDABLE, LOST = 0.9, 0.6, 0.4, 0.15
"""Values of a position that is won, that is at most drawn, that can be held, and that is lost."""
WIDEST = 64
"""Moves in a position; with more of them threats are not looked for."""
SENTENCES = {
    "missed a win": "missed a win: {how}",
    "completes": "{move} completes {line}",
    "wins": "{move} wins at once",
    "blocked": "{move} would have blocked {line}",
    "on top": "gave the opponent {line} on top of {move}",
    "let complete": "let the opponent complete {line} on {move}",
    "let win": "let the opponent win at once with {move}",
    "allowed double": "allowed a double threat on {move}",
    "missed double": "missed a double threat on {move}",
    "drew": "gave up a won position for a draw",
    "gave up": "gave up a won position",
    "lost": "lost a position that could be held",
    "fell": "the chance to {wish} fell from {before} to {after}",
}
"""All that is said of mistakes; exported web pages say the same."""
NUMBERS = {3: "three", 4: "four", 5: "five"}
LINES = {(0, 1): "row", (1, 0): "column", (1, 1): "diagonal", (1, -1): "diagonal"}


def reason(
    game: Game,
    state: States,
    played: int,
    better: int,
    values: tuple[float, float],
    goal: str = "win",
) -> str:
    """Return what was wrong with a move, such as "allowed a double threat on column 4".

    Args:
        game: the rules.
        state: the position before the move, uint64 `[W]`.
        played: the move.
        better: a better one.
        values: of the better and of the played move, in [0, 1].
        goal: what the mover played for.
    """
    by_rules = _tactics(game, np.ascontiguousarray(state)[None], played, better)
    if by_rules and goal == "win":
        return by_rules
    before, after = values
    if goal == "win" and before >= WON and after < WON:
        return SENTENCES["drew" if HOLDABLE <= after < DRAWN else "gave up"]
    if goal == "win" and before >= HOLDABLE and after <= LOST:
        return SENTENCES["lost"]
    return SENTENCES["fell"].format(
        wish=goal_words(game, goal), before=f"{before:.0%}", after=f"{after:.0%}"
    )


def move_words(game: Game, state: States, action: int) -> str:
    """Return what people call a move: "column 4", or its name."""
    mover = int(game.mover(state[None])[0])
    if plays_columns(game):
        return f"column {game.names_of(mover)[action]}"
    return shown_name(game, state, action)


def _tactics(game: Game, states: States, played: int, better: int) -> str:
    """Return what the rules say of a move, "" if nothing; `states` is one position `[1, W]`."""
    wins = winning_moves(game, states)
    if len(wins) and played not in wins:
        return SENTENCES["missed a win"].format(how=_completes(game, states, int(wins[0])))
    after, instead = _after(game, states, played), _after(game, states, better)
    if game.outcome(after)[0] != Outcome.ONGOING:
        return ""
    threats = winning_moves(game, after)
    if len(threats):
        return _allowed_win(game, states, played, better, int(threats[0]))
    if game.outcome(instead)[0] != Outcome.ONGOING or game.legal(states).sum() > WIDEST:
        return ""
    return _double_threats(game, states, played, better)


def _double_threats(game: Game, states: States, played: int, better: int) -> str:
    """Return the double threat that a move allows or misses, "" if there is none."""
    after, instead = _after(game, states, played), _after(game, states, better)
    doubles = double_threats(game, after)
    if len(doubles) and not len(double_threats(game, instead)):
        return _said("allowed double", game, after, int(doubles[0]))
    mine = double_threats(game, states)
    if better in mine and played not in mine:
        return _said("missed double", game, states, better)
    return ""


def winning_moves(game: Game, states: States) -> NDArray[np.int64]:
    """Return the moves that win at once in one position `[1, W]`."""
    actions, children = _children(game, states)
    return np.asarray(actions[game.outcome(children) == Outcome.LOSS], np.int64)


def double_threats(game: Game, states: States) -> NDArray[np.int64]:
    """Return the moves in one position `[1, W]` after which every reply loses at once.

    The mover then threatens to win in two ways; a reply that wins, or ends the game, refutes it.
    """
    actions, children = _children(game, states)
    found = []
    for row in np.flatnonzero(game.outcome(children) == Outcome.ONGOING):
        _, replies = _children(game, children[row : row + 1])
        ongoing = game.outcome(replies) == Outcome.ONGOING
        if ongoing.all() and all(len(winning_moves(game, reply[None])) for reply in replies):
            found.append(actions[row])
    return np.array(found, np.int64)


def _children(game: Game, states: States) -> tuple[NDArray[np.int64], States]:
    """Return the legal actions of one position `[1, W]`, and where they lead."""
    actions = np.flatnonzero(game.legal(states)[0])
    return actions, game.step(np.repeat(states, len(actions), axis=0), actions)


def _after(game: Game, states: States, action: int) -> States:
    return game.step(states, np.array([action]))


def _allowed_win(game: Game, states: States, played: int, better: int, reply: int) -> str:
    """Return how a move lets the opponent win at once."""
    after = _after(game, states, played)
    line = _line(game, after, reply)
    cell, blocked = _cell(game, after, reply), _cell(game, states, better)
    if line and blocked == cell:
        return _said("blocked", game, states, better, line)
    mine = _cell(game, states, played)
    if line and game.gravity and mine and cell == (mine[0] - 1, mine[1]):
        return _said("on top", game, states, played, line)
    return _said("let complete" if line else "let win", game, after, reply, line)


def _completes(game: Game, states: States, action: int) -> str:
    line = _line(game, states, action)
    return _said("completes" if line else "wins", game, states, action, line)


def _said(kind: str, game: Game, states: States, action: int, line: str = "") -> str:
    """Return a sentence about a move in one position `[1, W]`."""
    return SENTENCES[kind].format(move=move_words(game, states[0], action), line=line)


def _cell(game: Game, states: States, action: int) -> Cell | None:
    """Return where a move places its stone, None if it places none."""
    if game.text(states[0]) is not None:
        return None
    after = _after(game, states, action)[0]
    return placed_cell(stones_of(game, states[0]), stones_of(game, after))


def _line(game: Game, states: States, action: int) -> str:
    """Return the line that a winning move completes, "four in a column"; "" in other games."""
    cell = _cell(game, states, action) if game.lines_win else None
    if cell is None:
        return ""
    stones = stones_of(game, _after(game, states, action)[0])
    for step, name in LINES.items():
        length = 1 + _run(stones, cell, step) + _run(stones, cell, (-step[0], -step[1]))
        if length >= game.line_length:
            count = NUMBERS.get(game.line_length, str(game.line_length))
            return f"{count} in a {name}" if name != "diagonal" else f"{count} on a diagonal"
    return ""


def _run(stones: NDArray[np.int8], cell: Cell, step: tuple[int, int]) -> int:
    """Return how many stones of the same player follow a cell in a direction."""
    (row, column), length = cell, 0
    owner = stones[row, column]
    while True:
        row, column = row + step[0], column + step[1]
        inside = 0 <= row < stones.shape[0] and 0 <= column < stones.shape[1]
        if not inside or stones[row, column] != owner:
            return length
        length += 1
