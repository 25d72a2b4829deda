"""Game records: read and written as SGF, PGN, move strings and JSON.

    record = read_record("game.pgn", game)
    write_record("game.sgf", record, game)

Reading a record never runs code, and every move of it is checked by the rules.
"""

from rlhf_agents.play.records.formats import (
    FORMATS,
    check_target,
    read_record,
    read_records,
    to_text,
    write_record,
    write_records,
)
from rlhf_agents.play.records.record import GameRecord

__all__ = [
    "FORMATS",
    "GameRecord",
    "check_target",
    "read_record",
    "read_records",
    "to_text",
    "write_record",
    "write_records",
]
