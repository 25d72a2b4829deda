"""Time limits of moves, from UCI's `go` and GTP's clock commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rlhf_agents.errors import SettingError
from rlhf_agents.limits import MAX_NODES, MAX_SECONDS

USUAL_SECONDS = 10.0
"""Seconds per move without a clock."""
MOVES_TO_GO = 30
"""The assumed number of our remaining moves in a game."""
INCREMENT_SHARE = 0.8
SPARE_SECONDS = 0.03
"""The part of a move's time that is reserved for the work after the search."""
LONGEST = int(MAX_SECONDS)

UCI_NUMBERS = ("nodes", "movetime", "depth", "wtime", "btime", "winc", "binc", "movestogo", "mate")
UCI_WORDS = (*UCI_NUMBERS, "infinite", "ponder", "searchmoves")
WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True)
class Limits:
    """The limits of a search.

    Attributes:
        nodes: the budget; None is the engine's own.
        seconds: for the search, or None; 0 or less: play at once.
        depth: length of the expected line, or None.
        infinite: search until `stop`.
        ponder: the limits count from `ponderhit` on; until then search as with `infinite`.
        moves: names of the moves to consider; empty: all.
    """

    nodes: int | None = None
    seconds: float | None = None
    depth: int | None = None
    infinite: bool = False
    ponder: bool = False
    moves: tuple[str, ...] = ()

    @property
    def at_once(self) -> bool:
        """Whether there is no time to search."""
        return self.seconds is not None and self.seconds <= 0


def uci_limits(words: Sequence[str], is_white: bool, most_nodes: int) -> Limits:
    """Return the limits in the words after `go`; anything but numbers is ignored.

    Args:
        words: after `go`.
        is_white: White is to move, so White's clock counts.
        most_nodes: the budget if something else ends the search.
    """
    said = {
        name: int(value)
        for name, value in pairwise(words)
        if name in UCI_NUMBERS and WHOLE.fullmatch(value)
    }
    infinite, ponder = "infinite" in words, "ponder" in words
    clock, more = ("wtime", "winc") if is_white else ("btime", "binc")
    seconds = None
    if "movetime" in said:
        seconds = said["movetime"] / 1000 - SPARE_SECONDS
    elif clock in said:
        moves = max(1, said.get("movestogo") or MOVES_TO_GO)
        increment = max(0, said.get(more, 0))
        share = said[clock] / moves + INCREMENT_SHARE * increment
        seconds = min(share, said[clock]) / 1000 - SPARE_SECONDS
    nodes = said.get("nodes")
    if nodes is not None:
        nodes = min(max(nodes, 0), MAX_NODES)
    elif infinite or ponder or seconds is not None or "depth" in said:
        nodes = most_nodes
    return Limits(nodes, seconds, said.get("depth"), infinite, ponder, _search_moves(words))


def _search_moves(words: Sequence[str]) -> tuple[str, ...]:
    if "searchmoves" not in words:
        return ()
    behind = list(words[words.index("searchmoves") + 1 :])
    end = next((place for place, word in enumerate(behind) if word in UCI_WORDS), len(behind))
    return tuple(behind[:end])


@dataclass
class GtpClock:
    """The clocks of both colours, with overtime: Canadian as in GTP, or byo-yomi as on KGS.

    Attributes:
        usual: seconds per move until the first command.
        main: seconds of main time, None if there is no clock.
        overtime: seconds of an overtime period.
        stones: moves of an overtime period; 0 without overtime.
        byoyomi: an overtime period is for one move, and there are as many as `left` says.
        left: seconds and stones left, by colour; 0 stones in main time.
    """

    usual: float = USUAL_SECONDS
    main: float | None = None
    overtime: float = 0.0
    stones: int = 0
    left: dict[str, tuple[float, int]] = field(default_factory=dict)
    byoyomi: bool = False

    def set(self, main: str, overtime: str, stones: str) -> None:
        """Apply `time_settings`.

        Raises:
            SettingError: something is not a whole number >= 0.
        """
        numbers = [_whole(word) for word in (main, overtime, stones)]
        self.left.clear()
        self.byoyomi = False
        no_limit = numbers[1] > 0 and numbers[2] == 0  # as in the specification
        self.main = None if no_limit else float(numbers[0])
        self.overtime, self.stones = float(numbers[1]), numbers[2]

    def set_kgs(self, system: str, words: Sequence[str]) -> None:
        """Apply `kgs-time_settings`: none, absolute, byoyomi or canadian with their numbers.

        Raises:
            SettingError: there is no such system, or its numbers are others.
        """
        needed = {"none": 0, "absolute": 1, "byoyomi": 3, "canadian": 3}
        if len(words) != needed.get(system):
            msg = "syntax error: none, absolute SECONDS, byoyomi SECONDS PERIOD PERIODS, or "
            raise SettingError(msg + "canadian SECONDS PERIOD STONES")
        main, overtime, stones = (*words, *("0",) * 3)[:3]
        if system == "none":
            overtime = "1"  # GTP's sign of no limit: overtime without stones
        self.set(main, overtime, "1" if system == "byoyomi" else stones)
        self.byoyomi = system == "byoyomi"

    def set_left(self, colour: str, seconds: str, stones: str) -> None:
        """Apply `time_left`; raises as `set` does."""
        self.left[colour] = (float(_whole(seconds)), _whole(stones))

    def restart(self) -> None:
        """Begin a new game with full clocks."""
        self.left.clear()

    def is_set(self, colour: str) -> bool:
        """Return whether the client has set the clock of a colour."""
        return self.main is not None or colour in self.left

    def seconds(self, colour: str) -> float:
        """Return the seconds for a move of a colour."""
        if not self.is_set(colour):
            return self.usual
        time, stones = self._left(colour)
        if stones:
            return time / (1 if self.byoyomi else stones) - SPARE_SECONDS
        extra = self.overtime / self.stones if self.stones else 0.0
        return time / MOVES_TO_GO + extra - SPARE_SECONDS

    def spend(self, colour: str, seconds: float) -> None:
        """Deduct the seconds that a move of a colour took."""
        if not self.is_set(colour):
            return
        time, stones = self._left(colour)
        time -= seconds
        period = (self.overtime, self.stones)
        if stones and self.byoyomi:
            self.left[colour] = (self.overtime, stones)
        elif stones:
            self.left[colour] = (time, stones - 1) if stones > 1 else period
        else:
            self.left[colour] = period if time <= 0 and self.stones else (time, 0)

    def _left(self, colour: str) -> tuple[float, int]:
        main = self.main or 0.0
        start = (self.overtime, self.stones) if main <= 0 else (main, 0)
        return self.left.get(colour, start)


def _whole(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", word):
        msg = f"syntax error: {word[:20]!r} is not a whole number of seconds or stones"
        raise SettingError(msg)
    return min(int(word), LONGEST)
