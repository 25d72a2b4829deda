"""The Universal Chess Interface for any game whose moves have names: thinking can be interrupted.

    position startpos moves a2a3 f5f4
    go nodes 1000            or movetime MS, depth PLIES, wtime MS btime MS ..., infinite
    setoption name Goal value keep_6

Moves are called as the game calls them; those of chess by their two cells. `info` says the nodes,
the expected line (as deep as `depth` says), the value as centipawns and, as `info string`, what it
is: the chance to reach the goal. A game without end, or a position that could not be set up, is
answered with the null move 0000. Options: Goal, and Nodes for agents (what plain `go` looks at).

Specification: Stefan Meyer-Kahlen, https://www.shredderchess.com/chess-features/uci-universal-chess-interface.html
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TextIO

from rlhf_agents.bots.protocols.engine import Engine
from rlhf_agents.bots.protocols.lines import Source, read_lines, say
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.limits import MAX_NODES
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import GameError

NOTHING = "0000"
SHARE = 30
"""A game is taken to have so many more moves when a clock is given."""
SPARE_SECONDS = 0.03
"""Left of the time for a move: what a step of thinking may take."""
POLL_SECONDS = 0.02
LARGEST_SCORE = 10_000
NUMBERS = ("nodes", "movetime", "depth", "wtime", "btime", "winc", "binc", "movestogo")


@dataclass(frozen=True)
class Limits:
    """When to stop thinking.

    Attributes:
        nodes: the budget; None is the engine's own.
        seconds: of thinking, or None.
        depth: length of the expected line, or None.
        infinite: not before somebody says so.
    """

    nodes: int | None = None
    seconds: float | None = None
    depth: int | None = None
    infinite: bool = False


def limits_of(words: Sequence[str], seat: int, most_nodes: int) -> Limits:
    """Return the limits that the words behind `go` set; numbers that are none are left out.

    Args:
        words: behind `go`.
        seat: who is to move, to choose the clock.
        most_nodes: the budget where something else ends the search.
    """
    said = {
        name: int(value)
        for name, value in pairwise(words)
        if name in NUMBERS and value.isascii() and value.isdigit() and len(value) < 12
    }
    infinite = "infinite" in words
    clock, more = ("wtime", "winc") if seat == 0 else ("btime", "binc")
    seconds = None
    if "movetime" in said:
        seconds = said["movetime"] / 1000 - SPARE_SECONDS
    elif clock in said:
        moves = said.get("movestogo") or SHARE
        seconds = (said[clock] / moves + 0.8 * said.get(more, 0)) / 1000 - SPARE_SECONDS
    nodes = said.get("nodes")
    if nodes is None and (infinite or seconds is not None or "depth" in said):
        nodes = most_nodes
    return Limits(nodes, seconds, said.get("depth"), infinite)


class Uci:
    """Answers lines, and thinks between them.

    Args:
        engine: plays.
        lines: returns the next line, or None if there is none yet, waiting at most so many seconds
            (for ever if None); raises `EOFError` at the end.
        tell: writes a line.
    """

    def __init__(
        self,
        engine: Engine,
        lines: Callable[[float | None], str | None],
        tell: Callable[[str], None],
    ) -> None:
        self.engine = engine
        self._next_line = lines
        self._tell = tell
        self._waiting: list[str] = []
        self._set_up = True
        self._warm = False
        self._orders: dict[str, Callable[[list[str]], None]] = {
            "uci": self._introduce,
            "isready": self._ready,
            "setoption": self._set_option,
            "ucinewgame": self._new_game,
            "position": self._position,
            "go": self._go,
        }

    def run(self) -> None:
        """Obey until `quit` or the end of the input."""
        try:
            while True:
                line = self._waiting.pop(0) if self._waiting else self._next_line(None)
                if not self.obey(line or ""):
                    return
        except EOFError:
            return

    def obey(self, line: str) -> bool:
        """Obey one line; tell whether to go on. Unknown words are ignored, as UCI demands."""
        words = line.split()
        while words and words[0] not in self._orders:
            if words[0] == "quit":
                return False
            words = words[1:]
        if words:
            try:
                self._orders[words[0]](words[1:])
            except (UserError, GameError) as error:
                self._tell(f"info string error: {' '.join(str(error).split())}")
        return True

    # ---- orders ----------------------------------------------------------------------------

    def _introduce(self, _words: list[str]) -> None:
        engine = self.engine
        self._tell(f"id name rlhf_agents {engine.player.name}")
        self._tell("id author rlhf_agents contributors")
        goals = " ".join(f"var {goal.name}" for goal in engine.game.goals)
        self._tell(f"option name Goal type combo default {engine.goal} {goals}")
        if engine.nodes is not None:
            spin = f"default {engine.nodes} min 0 max {MAX_NODES}"
            self._tell(f"option name Nodes type spin {spin}")
        self._tell("uciok")

    def _ready(self, _words: list[str]) -> None:
        if not self._warm and not self.engine.session.over:
            self.engine.choose()  # compiles what thinking needs
            self._warm = True
        self._tell("readyok")

    def _set_option(self, words: list[str]) -> None:
        name, value = _option(words)
        if name == "goal":
            self.engine.set_goal(value)
        elif name == "nodes" and value.isascii() and value.isdigit() and len(value) < 12:
            self.engine.set_nodes(int(value))
        else:
            msg = f"no option {name!r} with a value {value!r}"
            raise SettingError(msg)

    def _new_game(self, _words: list[str]) -> None:
        self.engine.restart()
        self._set_up = True

    def _position(self, words: list[str]) -> None:
        self._set_up = False
        self.engine.restart()
        if words[:1] != ["startpos"] or (len(words) > 1 and words[1] != "moves"):
            msg = "a position is startpos, perhaps with moves behind it"
            raise SettingError(msg)
        for move in words[2:]:
            self.engine.play(move)
        self._set_up = True

    def _go(self, words: list[str]) -> None:
        engine = self.engine
        if not self._set_up or engine.session.over:
            self._tell("info string there is no move: the game is over, or was not set up")
            self._tell(f"bestmove {NOTHING}")
            return
        limits = limits_of(words, engine.session.seat, engine.most_nodes)
        last, stopped = self._think(limits)
        while limits.infinite and not stopped:
            stopped = self._heard_stop(wait=True)
        self._tell(f"bestmove {engine.spelled(last.action)}")

    # ---- thinking --------------------------------------------------------------------------

    def _think(self, limits: Limits) -> tuple[Explanation, bool]:
        """Think until a limit or `stop`; return the last thought and whether it was `stop`."""
        started = time.monotonic()
        thoughts: Iterator[Explanation] = self.engine.think(limits.nodes)
        stopped = False
        for thought in thoughts:
            last = thought
            self._report(last, time.monotonic() - started)
            stopped = self._heard_stop(wait=False)
            late = limits.seconds is not None and time.monotonic() - started >= limits.seconds
            deep = limits.depth is not None and len(last.line) >= limits.depth
            if stopped or late or deep:
                break
        return last, stopped

    def _heard_stop(self, *, wait: bool) -> bool:
        """Read what has come; tell whether it ends the search. Other orders wait for its end."""
        try:
            while (line := self._next_line(POLL_SECONDS if wait else 0.0)) is not None:
                words = line.split()
                if words[:1] == ["stop"]:
                    return True
                if words[:1] == ["isready"]:
                    self._tell("readyok")
                    continue
                self._waiting.append(line)
                if words[:1] == ["quit"]:
                    return True
        except EOFError:
            self._waiting.append("quit")
            return True
        return False

    def _report(self, why: Explanation, seconds: float) -> None:
        engine, value = self.engine, float(why.values[why.action])
        line = " ".join(engine.spelled_line(why.line))
        self._tell(
            f"info depth {len(why.line)} nodes {why.nodes} time {1000 * seconds:.0f} "
            f"nps {why.nodes / max(seconds, 1e-3):.0f} score cp {centipawns(value)} pv {line}"
        )
        proven = " proven" if why.proven else ""
        self._tell(f"info string goal={why.pursued} p={value:.3f}{proven}")


def centipawns(chance: float) -> int:
    """Return what chess programs write for a chance in [0, 1]: 400 per factor of ten of the odds.

    That is the logistic curve of Elo's ratings; the ends are +-10000.
    """
    if not 0.0 < chance < 1.0:
        return LARGEST_SCORE if chance >= 1.0 else -LARGEST_SCORE
    score = round(400 * math.log10(chance / (1 - chance)))
    return max(-LARGEST_SCORE, min(LARGEST_SCORE, score))


def _option(words: list[str]) -> tuple[str, str]:
    """Return name and value of "name N value V"."""
    if words[:1] != ["name"]:
        msg = "setoption needs: name NAME value VALUE"
        raise SettingError(msg)
    name, _, value = " ".join(words[1:]).partition(" value ")
    return name.casefold(), value


def serve(engine: Engine, source: Source, out: TextIO) -> None:
    """Obey the lines of `source` until it ends, or until somebody says `quit`."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in read_lines(source):
            lines.put(line)
        lines.put(None)

    def next_line(seconds: float | None) -> str | None:
        try:
            line = lines.get(timeout=seconds) if seconds != 0.0 else lines.get_nowait()
        except queue.Empty:
            return None
        if line is None:
            lines.put(None)
            raise EOFError
        return line

    def tell(text: str) -> None:
        if not say(out, text + "\n"):
            raise EOFError

    threading.Thread(target=read, name="input", daemon=True).start()
    Uci(engine, next_line, tell).run()
