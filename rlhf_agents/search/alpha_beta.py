"""Alpha-beta with a transposition table: proofs within a budget of nodes, or to a fixed depth.

Values count plies: `HORIZON - d` for a win in d plies, its negative for a loss, 0 for a draw,
always for the player to move. They are used where the rest of a game is short enough for a complete
search.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from rlhf_games.base import Game, States
from rlhf_games.compiled import compiled, inner
from rlhf_games.rules import (
    ANY_NUMBER,
    ONGOING,
    Rules,
    State,
    is_legal,
    load,
    play,
    result,
    store,
)
from rlhf_games.solver_rules import (
    hash_words,
)

HORIZON = 512
UNLIMITED = HORIZON
NO_BUDGET = 1 << 62
"""More nodes than any search visits."""
UNKNOWN = 4 * HORIZON
EXACT, LOWER, UPPER = 0, 1, 2


class AlphaBetaTable(NamedTuple):
    """A transposition table of 2**k slots, always replaced, and the stack of one proof, of depth D.

    The search is a loop over that stack: numba cannot link a cached function that calls itself.

    Attributes:
        key: uint64 `[2**k]`.
        value: int16 `[2**k]`.
        kind: int8 `[2**k]`, EXACT or a bound.
        order: int64 `[A]`, the actions, most promising first.
        words: uint64 `[D, W]`, the positions on the way.
        window: int64 `[D, 4]`: alpha, beta, the first alpha, the best value so far.
        tried: int64 `[D]`, how many entries of `order` were tried.
        spent: int64 `[1]`, positions visited by all searches so far.
        paused: int64 `[2]`, where the search of `begin` is: the depth, and the value found there.
        wins_first: see whether a move wins before any is searched. That pays where moves are cheap;
            where Python makes every position, a node would take as long as all its moves.
    """

    key: NDArray[np.uint64]
    value: NDArray[np.int16]
    kind: NDArray[np.int8]
    order: NDArray[np.int64]
    words: States
    window: NDArray[np.int64]
    tried: NDArray[np.int64]
    spent: NDArray[np.int64]
    paused: NDArray[np.int64]
    wins_first: bool


def by_callbacks(game: Game) -> bool:
    """Return whether Python makes the positions of a game, one by one."""
    return type(game.rules).WORDS == ANY_NUMBER


def new_table(game: Game, bits: int = 16) -> AlphaBetaTable:
    """Allocate a table of `2**bits` slots for a game."""
    middle = (game.n_actions - 1) / 2
    order = np.argsort(np.abs(np.arange(game.n_actions) - middle), kind="stable")
    size, depth = 1 << bits, game.max_plies + 2
    return AlphaBetaTable(
        key=np.zeros(size, np.uint64),
        value=np.zeros(size, np.int16),
        kind=np.zeros(size, np.int8),
        order=order,
        words=np.zeros((depth, game.n_words), np.uint64),
        window=np.zeros((depth, 4), np.int64),
        tried=np.zeros(depth, np.int64),
        spent=np.zeros(1, np.int64),
        paused=np.zeros(2, np.int64),
        wins_first=not by_callbacks(game),
    )


@inner
def one_ply_back(value: int) -> int:
    """Return a child's value from its parent's side: negated, one ply further away."""
    if value > 0:
        return 1 - value
    return -1 - value if value < 0 else 0


@inner
def wins_at_once(rules: Rules, state: State) -> bool:
    """Return whether the mover has a move that ends the game in a win."""
    for action in range(rules.n_actions):
        if is_legal(rules, state, action) and result(rules, play(rules, state, action)) == -1:
            return True
    return False


@inner
def slot_of(table: AlphaBetaTable, key: int) -> int:
    """Return the slot of a key."""
    return numba.int64(key & numba.uint64(table.key.shape[0] - 1))


@inner
def key_of(rules: Rules, table: AlphaBetaTable, depth: int, limit: int) -> int:
    """Return the table's key of the position at `depth`; values to a limit hold for that limit."""
    key = hash_words(load(rules, table.words, depth))
    if limit < UNLIMITED:
        key ^= numba.uint64(limit - depth) * numba.uint64(0xD6E8FEB86659FD93)
    return key


@inner
def enter(rules: Rules, table: AlphaBetaTable, depth: int, limit: int) -> int:
    """Begin the position at `depth`; return its value if that is known at once, else UNKNOWN."""
    if depth >= limit:
        return 0
    state = load(rules, table.words, depth)
    window = table.window[depth]
    if table.wins_first:
        if wins_at_once(rules, state):
            return HORIZON - 1
        window[1] = min(window[1], HORIZON - 3)  # no win in one: the soonest is in three
    if window[0] >= window[1]:
        return window[1]
    key = key_of(rules, table, depth, limit)
    slot = slot_of(table, key)
    if table.key[slot] == key:
        value, kind = numba.int64(table.value[slot]), table.kind[slot]
        above, below = value >= window[1], value <= window[0]
        if kind == EXACT or (kind == LOWER and above) or (kind == UPPER and below):
            return value
    window[2], window[3] = window[0], -HORIZON
    table.tried[depth] = 0
    return UNKNOWN


@inner
def leave(rules: Rules, table: AlphaBetaTable, depth: int, limit: int) -> int:
    """Finish the position at `depth`: store its value in the table and return it."""
    window = table.window[depth]
    key = key_of(rules, table, depth, limit)
    slot = slot_of(table, key)
    table.key[slot] = key
    table.value[slot] = window[3]
    table.kind[slot] = EXACT
    if window[3] >= window[1]:
        table.kind[slot] = LOWER
    elif window[3] <= window[2]:
        table.kind[slot] = UPPER
    return window[3]


@inner
def next_child(rules: Rules, table: AlphaBetaTable, depth: int) -> int:
    """Place the next unfinished child at `depth + 1`; False if no move is left or one refutes."""
    state = load(rules, table.words, depth)
    window = table.window[depth]
    while table.tried[depth] < table.order.shape[0] and window[0] < window[1]:
        action = table.order[table.tried[depth]]
        table.tried[depth] += 1
        if not is_legal(rules, state, action):
            continue
        after = play(rules, state, action)
        over = result(rules, after)
        if over == ONGOING:
            store(table.words, depth + 1, after)
            # The child's window is one ply wider, so that it covers the parent's.
            table.window[depth + 1, 0] = -window[1] - 1
            table.window[depth + 1, 1] = -window[0] + 1
            return True
        accept(table, depth, 0 if over == 0 else -over * (HORIZON - 1))
    return False


@inner
def accept(table: AlphaBetaTable, depth: int, value: int) -> None:
    """Take a move's value into account."""
    window = table.window[depth]
    window[3] = max(window[3], value)
    window[0] = max(window[0], value)


@inner
def begin(
    rules: Rules, table: AlphaBetaTable, root: State, window: tuple[int, int], limit: int
) -> None:
    """Begin to search an unfinished position, see `search`; `proceed` goes on."""
    store(table.words, 0, root)
    table.window[0, 0], table.window[0, 1] = window
    table.paused[0], table.paused[1] = 0, enter(rules, table, 0, limit)
    table.spent[0] += 1


@inner
def proceed(rules: Rules, table: AlphaBetaTable, limit: int, budget: int) -> int:
    """Go on with the search that `begin` began: its value, or UNKNOWN after `budget` nodes."""
    depth, value = table.paused
    last = table.spent[0] + budget
    while True:
        if value == UNKNOWN and next_child(rules, table, depth):
            depth += 1
            value = enter(rules, table, depth, limit)
            table.spent[0] += 1
            if table.spent[0] > last:
                table.paused[0], table.paused[1] = depth, value
                return UNKNOWN
            continue
        if value == UNKNOWN:
            value = leave(rules, table, depth, limit)
        if depth == 0:
            return value
        depth -= 1
        accept(table, depth, one_ply_back(value))
        value = UNKNOWN


@inner
def search(
    rules: Rules,
    table: AlphaBetaTable,
    root: State,
    window: tuple[int, int],
    limit: int,
    budget: int,
) -> int:
    """Return the value of an unfinished position within a window (alpha, beta).

    Args:
        rules: the game.
        table: for transpositions; may be shared by all searches of one game.
        root: the position.
        window: values outside it are only bounds.
        limit: plies to look ahead, beyond which values count as 0; UNLIMITED for a proof.
        budget: nodes after which the answer is UNKNOWN; `table.spent` counts them.
    """
    begin(rules, table, root, window, limit)
    return proceed(rules, table, limit, budget - 1)


@inner
def prove(rules: Rules, table: AlphaBetaTable, root: State, budget: int) -> int:
    """Return the exact value of an unfinished position, or UNKNOWN after `budget` nodes."""
    return search(rules, table, root, (-HORIZON, HORIZON), UNLIMITED, budget)


@compiled
def prove_batch(
    rules: Rules, table: AlphaBetaTable, states: States, budget: int, out: NDArray[np.int64]
) -> None:
    """Fill `out` `[B]` with the exact values of unfinished positions, or UNKNOWN.

    Args:
        rules: the game.
        table: shared by all proofs.
        states: uint64 `[B, W]`, none of them finished.
        budget: nodes per position.
        out: int64 `[B]`.
    """
    for i in range(states.shape[0]):
        out[i] = prove(rules, table, load(rules, states, i), budget)


@compiled
def bound_first(
    rules: Rules, table: AlphaBetaTable, states: States, window: tuple[int, int], budget: int
) -> int:
    """Return the value of the first position within a window, or UNKNOWN after `budget` nodes.

    A finished game has its own value.
    """
    state = load(rules, states, 0)
    outcome = result(rules, state)
    if outcome != ONGOING:
        return outcome * HORIZON
    return search(rules, table, state, window, UNLIMITED, budget)
