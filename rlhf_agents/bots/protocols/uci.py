"""The Universal Chess Interface for any game with names of moves; searches can be interrupted.

    position startpos moves a2a3 f5f4
    position fen 4k3/8/8/8/8/8/4P3/4K3 w - - 0 1 moves e2e4         (chess only)
    go nodes 1000            or movetime MS, depth PLIES, wtime MS btime MS ..., infinite;
                             with searchmoves MOVE ... only these moves are considered;
                             with ponder its clock begins at `ponderhit`
    setoption name Goal value keep_6

Moves are called as the game calls them, in one word; those of chess by their two cells. `info` says
the nodes, the expected line (as deep as `depth` says), the value as `score mate N` where the search
has proven a win or a loss, else as centipawns, and as `info string` the chance to reach the goal. A
position that cannot be set up is named in an `info string`, and play goes on from what could be set
up; only where the game is over, the answer is the null move 0000. Options: Goal, MultiPV (how many
moves `info` shows), Nodes for agents (what plain `go` looks at), and for agents whose levels were
measured Level (1 beginner to 12 perfect, 0 as strong as it can), UCI_LimitStrength and UCI_Elo.

Specification: Stefan Meyer-Kahlen, https://www.shredderchess.com/chess-features/uci-universal-chess-interface.html
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from rlhf_agents.bots.protocols.background import BackgroundSearch
from rlhf_agents.bots.protocols.chess_start import FinishedError, from_fen
from rlhf_agents.bots.protocols.clock import Limits, uci_limits
from rlhf_agents.bots.protocols.engine import AT_ONCE, Engine
from rlhf_agents.bots.protocols.lines import Source, read_lines, say
from rlhf_agents.bots.protocols.move_names import read_move
from rlhf_agents.bots.protocols.scores import centipawns, moves_to_end
from rlhf_agents.errors import SettingError, UserError
from rlhf_agents.limits import MAX_NODES
from rlhf_agents.players.levels import LEVELS
from rlhf_agents.search.explanation import Explanation
from rlhf_games.base import Game, GameError

NOTHING = "0000"
WIN = "win"
POLL_SECONDS = 0.02
READY_SECONDS = 1.0
"""Seconds after which `isready` is answered even during compilation."""
MOST_LINES = 256
USUAL_ELO = 1000
"""Of UCI_Elo until it is set."""


class Uci:
    """Answers commands, and searches between them.

    Args:
        engine: chooses the moves.
        lines: returns the next line, or None if none arrives within a number of seconds (None:
            without limit); raises `EOFError` at the end.
        tell: writes a line.
        ready: reports that the engine is ready; by default with `readyok`.
    """

    def __init__(
        self,
        engine: Engine,
        lines: Callable[[float | None], str | None],
        tell: Callable[[str], None],
        ready: Callable[[], None] | None = None,
    ) -> None:
        self.engine = engine
        self._next_line = lines
        self._tell = tell
        self._say_ready = ready or (lambda: tell("readyok"))
        self._waiting: list[str] = []
        self._warm_up: BackgroundSearch | None = None
        self._start = engine.game
        self._fen: tuple[str, Game] = ("", engine.game)
        self._lines_shown = 1
        self._is_limited, self._elo = False, USUAL_ELO
        self._finished = False
        self._begun: float | None = None
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "uci": self._introduce,
            "isready": self._ready,
            "setoption": self._set_option,
            "ucinewgame": self._another_game,
            "position": self._position,
            "go": self._go,
        }

    def run(self) -> None:
        """Run commands until `quit` or the end of the input."""
        self._warm_up = self.engine.warm_up()
        try:
            while True:
                line = self._waiting.pop(0) if self._waiting else self._next_line(None)
                if not self.obey(line or ""):
                    return
        except EOFError:
            return

    def obey(self, line: str) -> bool:
        """Run one command, and return whether to continue; ignore unknown words."""
        words = line.split()
        while words and words[0] not in self._commands:
            if words[0] == "quit":
                return False
            words = words[1:]
        if words:
            try:
                self._commands[words[0]](words[1:])
            except (UserError, GameError) as error:
                self._tell(f"info string error: {' '.join(str(error).split())}")
        return True

    # ---- commands ----------------------------------------------------------------------------

    def _introduce(self, _words: list[str]) -> None:
        engine = self.engine
        self._tell(f"id name rlhf_agents {engine.player.name}")
        self._tell("id author rlhf_agents contributors")
        goals = " ".join(f"var {goal.name}" for goal in engine.game.goals)
        self._tell(f"option name Goal type combo default {engine.goal} {goals}")
        self._tell(f"option name MultiPV type spin default 1 min 1 max {MOST_LINES}")
        self._tell("option name Ponder type check default false")
        if engine.nodes is not None:
            spin = f"default {engine.nodes} min 0 max {MAX_NODES}"
            self._tell(f"option name Nodes type spin {spin}")
        if engine.levels is not None:
            low, high = math.ceil(engine.levels.lowest), math.floor(engine.levels.highest)
            self._elo = min(max(self._elo, low), high)
            self._tell("option name UCI_LimitStrength type check default false")
            self._tell(f"option name UCI_Elo type spin default {self._elo} min {low} max {high}")
            self._tell(f"option name Level type spin default 0 min 0 max {LEVELS}")
        self._tell("uciok")

    def _ready(self, _words: list[str]) -> None:
        self._warm_up = self._warm_up or self.engine.warm_up()
        self._warm_up.wait(READY_SECONDS)
        self._say_ready()

    def _set_option(self, words: list[str]) -> None:
        name, value = _option(words)
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
        if name == "goal":
            self.engine.set_goal(value)
        elif name == "nodes" and number is not None:
            self.engine.set_nodes(number)
        elif name == "level" and number is not None:
            self.engine.set_level(number or None)
        elif name == "uci_limitstrength" and value.casefold() in ("true", "false"):
            self._is_limited = value.casefold() == "true"
            self.engine.set_level(elo=self._elo if self._is_limited else None)
        elif name == "uci_elo" and number is not None:
            self._set_elo(number)
        elif name == "ponder":
            pass  # it ponders when it is sent `go ponder`
        elif name == "multipv" and number is not None:
            self._lines_shown = min(max(number, 1), MOST_LINES)
        else:
            msg = f"option {name!r} does not exist or cannot be {value!r}"
            raise SettingError(msg)

    def _set_elo(self, elo: int) -> None:
        """Keep the Elo, as near as the agent can come to it; it counts with UCI_LimitStrength."""
        levels = self.engine.levels
        if levels is not None:
            elo = min(max(elo, math.ceil(levels.lowest)), math.floor(levels.highest))
        self._elo = elo
        if self._is_limited:
            self.engine.set_level(elo=elo)

    def _another_game(self, words: list[str]) -> None:
        self.engine.keep_record()
        self._new_game(words)

    def _new_game(self, _words: list[str]) -> None:
        self._finished = False
        self.engine.use_game(self._start)

    def _position(self, words: list[str]) -> None:
        split = words.index("moves") if "moves" in words else len(words)
        where, moves = words[:split], words[split + 1 :]
        self._new_game([])
        if where[:1] == ["fen"]:
            try:
                self.engine.use_game(self._from_fen(where[1:]))
            except FinishedError:
                self._finished = True
                raise
        elif where != ["startpos"]:
            msg = "a position is startpos or fen FEN, perhaps followed by moves"
            raise SettingError(msg)
        for move in moves:
            self.engine.play(move)

    def _from_fen(self, fields: list[str]) -> Game:
        """Return the game from a position; the latest is kept for its next moves."""
        fen = " ".join(fields)
        if fen != self._fen[0]:
            self._fen = (fen, from_fen(self._start, fields))
        return self._fen[1]

    def _go(self, words: list[str]) -> None:
        session = self.engine.session
        if session.over or self._finished:
            self._tell("info string the game is over: there is no legal move")
            self._tell(f"bestmove {NOTHING}")
            return
        is_white = (session.seat == 0) == (self.engine.game is self._start or self._white_begins)
        limits = uci_limits(words, is_white, self.engine.most_nodes)
        chosen = self._search(limits, self._allowed(limits.moves))
        self._tell(f"bestmove {self.engine.spelled(chosen)}")

    @property
    def _white_begins(self) -> bool:
        return self._fen[0].split()[1:2] != ["b"]

    def _allowed(self, names: Sequence[str]) -> list[int]:
        """Return the legal moves, or those of them that have these names."""
        engine, legal = self.engine, self.engine.session.legal()
        named = []
        for name in names:
            try:
                named.append(read_move(engine.game, engine.session.state, name, engine.spell))
            except SettingError as error:
                self._tell(f"info string error: {error}")
        return named or legal

    # ---- searching -------------------------------------------------------------------------

    def _search(self, limits: Limits, allowed: list[int]) -> int:
        """Search until a limit or `stop`, and return the best of the allowed moves."""
        started, last, stopped = time.monotonic(), None, False
        self._begun = None if limits.ponder else started
        at_once = limits.at_once and not limits.ponder
        search = self.engine.search(0 if at_once else limits.nodes)
        while not stopped and not search.finished and (left := self._left(limits)) > 0:
            found = search.next(min(POLL_SECONDS, left))
            if found is not None and found is not last:
                last = found
                self._report(last, allowed, time.monotonic() - started)
                if limits.depth is not None and len(last.line) >= limits.depth:
                    break
            stopped = self._heard_stop(wait=False)
        search.stop()
        if last is None and (last := search.next(AT_ONCE)):
            self._report(last, allowed, time.monotonic() - started)
        while not stopped and (limits.infinite or self._begun is None):
            stopped = self._heard_stop(wait=True)
        if last is None:
            self._tell("info string no time to search: playing any legal move")
            return allowed[0]
        return ranked(last, allowed)[0]

    def _left(self, limits: Limits) -> float:
        """Return the seconds left for the move; the clock of a pondered one begins later."""
        if limits.seconds is None or self._begun is None:
            return math.inf
        return self._begun + limits.seconds - time.monotonic()

    def _heard_stop(self, *, wait: bool) -> bool:
        """Read new commands, and return whether one ends the search; others wait for its end."""
        try:
            while (line := self._next_line(POLL_SECONDS if wait else 0.0)) is not None:
                words = line.split()
                if words[:1] == ["stop"]:
                    return True
                if words[:1] == ["isready"]:
                    self._say_ready()
                    continue
                if words[:1] == ["ponderhit"]:
                    self._begun = self._begun or time.monotonic()
                    continue
                self._waiting.append(line)
                if words[:1] == ["quit"]:
                    return True
        except EOFError:
            self._waiting.append("quit")
            return True
        return False

    def _report(self, why: Explanation, allowed: list[int], seconds: float) -> None:
        effort = (
            f"nodes {why.nodes} time {1000 * seconds:.0f} nps {why.nodes / max(seconds, 1e-3):.0f}"
        )
        best = ranked(why, allowed)[: self._lines_shown]
        for place, action in enumerate(best, 1):
            line = why.line if action in why.line[:1] else (action,)
            names = " ".join(self.engine.spelled_line(line))
            self._tell(
                f"info depth {len(line)} multipv {place} {effort} "
                f"score {self._score(why, action)} pv {names}"
            )
        proven = f" {why.proof}" if why.proof and best[0] == why.action else ""
        value = float(why.values[best[0]])
        self._tell(f"info string goal={why.pursued} p={value:.3f}{proven}")

    def _score(self, why: Explanation, action: int) -> str:
        """Return `mate N` if the search has proven a win or loss in N moves, otherwise `cp N`."""
        if why.proven and action == why.action and why.pursued == WIN:
            moves = moves_to_end(self.engine.session, why.line)
            if not moves and why.distance is not None:  # plies; the winner makes the last move
                wins = float(why.values[action]) > 0.5
                moves = (why.distance.plies + 1) // 2 if wins else -(why.distance.plies // 2)
            if moves:
                return f"mate {moves}"
        return f"cp {centipawns(float(why.values[action]))}"


def ranked(why: Explanation, allowed: Sequence[int]) -> list[int]:
    """Return the allowed moves, the best first, with the search's choice before equal ones."""
    values = {action: float(why.values[action]) for action in allowed}
    return sorted(
        allowed,
        key=lambda action: (
            (action != why.action, -values[action])
            if why.action in values
            else (True, -values[action])
        ),
    )


def _option(words: list[str]) -> tuple[str, str]:
    """Return name and value of "name N value V"."""
    if words[:1] != ["name"]:
        msg = "setoption needs: name NAME value VALUE"
        raise SettingError(msg)
    name, _, value = " ".join(words[1:]).partition(" value ")
    return name.casefold(), value


class _Ready:
    """Answers `isready` once: in turn, or after a while."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._due = 0

    def asked(self) -> None:
        """Note an `isready`."""
        with self._lock:
            self._due += 1
        timer = threading.Timer(READY_SECONDS, self.answer)
        timer.daemon = True
        timer.start()

    def answer(self) -> None:
        """Answer all that are still open."""
        with self._lock:
            due, self._due = self._due, 0
        for _ in range(due):
            self._tell("readyok")


def serve(engine: Engine, source: Source, out: TextIO) -> None:
    """Run the commands of `source` until its end or `quit`."""
    lines: queue.Queue[str | None] = queue.Queue()
    writing = threading.Lock()

    def tell(text: str) -> None:
        with writing:
            heard = say(out, text + "\n")
        if not heard:
            raise EOFError

    def answer_late(text: str) -> None:
        with contextlib.suppress(EOFError):  # the other thread notices it itself
            tell(text)

    ready = _Ready(answer_late)

    def read() -> None:
        for line in read_lines(source):
            if line.split()[:1] == ["isready"]:
                ready.asked()
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

    threading.Thread(target=read, name="input", daemon=True).start()
    Uci(engine, next_line, tell, ready.answer).run()
