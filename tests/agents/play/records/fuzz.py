"""Damaged game records: each is read as a legal game, or refused in one sentence.

python -m tests.agents.play.records.fuzz 5000
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import rlhf_games
from rlhf_agents.errors import SettingError
from rlhf_agents.play.records import FORMATS, read_records, to_text
from rlhf_agents.play.records.record import Replay
from rlhf_agents.play.records.record import replay as replayed
from rlhf_games.base import Game

GAMES = ("connect_four", "othello_6x6", "tic_tac_toe")
SIGNS = b"()[]{};,.:\\\"'*-0123456789abBW \n\0\xff\xc3\xe2"
LONGEST_MESSAGE = 600


def _healthy(game: Game, kind: str, rng: np.random.Generator) -> bytes:
    records = []
    for _ in range(2):
        played = Replay(game)
        while played.result is None and rng.random() < 0.97:
            played.play(int(rng.choice(played.legal())))
        records.append(played.record(("one", "two"), date="2026-11-30"))
    return to_text(records, game, kind).encode()


def _mutant(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with some bytes changed, left out, put in, repeated or cut off."""
    mutant = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        start = int(rng.integers(0, len(mutant) + 1))
        stop = start + int(rng.integers(0, 12))
        kind = rng.integers(5)
        if kind == 0:
            mutant[start : start + 1] = bytes([SIGNS[rng.integers(len(SIGNS))]])
        elif kind == 1:
            del mutant[start:stop]
        elif kind == 2:
            mutant[start:start] = bytes(rng.choice(list(SIGNS), stop - start).tolist())
        elif kind == 3:
            mutant[start:start] = mutant[start:stop] * int(rng.integers(1, 300))
        else:
            del mutant[max(start, len(mutant) // 2) :]
    return bytes(mutant)


def fuzz(count: int, seed: int) -> int:
    """Read so many mutants; return how many were refused.

    Raises:
        AssertionError: one was read as a game that is not legal, or its message is no sentence.
    """
    rng, refused = np.random.default_rng(seed), 0
    games = [rlhf_games.make(name) for name in GAMES]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            game = games[number % len(games)]
            kind = list(FORMATS)[number // len(games) % len(FORMATS)]
            path = Path(folder) / f"mutant.{kind}"
            path.write_bytes(_mutant(_healthy(game, kind, rng), rng))
            try:
                records = read_records(path, game)
            except SettingError as error:
                message = str(error)
                assert len(message) < LONGEST_MESSAGE, message
                assert str(path) in message
                refused += 1
                continue
            for record in records:
                by_rules = replayed(game, record).result
                assert by_rules in (None, record.result)
    return refused


if __name__ == "__main__":
    mutants = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    print(f"{mutants} mutants, {fuzz(mutants, seed=1)} refused")  # noqa: T201
