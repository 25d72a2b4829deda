"""The errors for users' mistakes.

    UserError                   one sentence: what was wrong and what to do; exit code 2 in programs
    |-- ModelFileError          a model file is damaged, unsafe, foreign or too new
    |   `-- MissingFileError    there is no such file; also a FileNotFoundError
    |-- UnknownAgentError       neither a bundled agent nor a file has that name
    |-- UnknownPlayerError      no such kind of player
    |-- SettingError            an option has an impossible value
    |   `-- ObservationError    not an observation; also a ValueError
    |-- EnvironmentFailureError an environment raised an error, or returned a number that is not
    |                           finite
    `-- OutputError             an output path cannot be written; also an OSError

`rlhf_games.base.GameError` (unknown game, unknown goal, illegal move) is the base of the games' own
errors; the programs treat both alike.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake that the user can fix; the message says how."""


class ModelFileError(UserError):
    """A model file is missing, damaged, unsafe, for another game or from a newer format."""


class MissingFileError(ModelFileError, FileNotFoundError):
    """There is no such model file; SB3 raises a FileNotFoundError here."""


class UnknownAgentError(UserError):
    """Neither a bundled agent nor a file has the given name."""


class UnknownPlayerError(UserError):
    """No kind of player has the given name."""


class SettingError(UserError):
    """An option has an invalid value."""


class EnvironmentFailureError(UserError):
    """An environment failed during training; the message says how to reproduce it."""


class ObservationError(SettingError, ValueError):
    """`predict` did not get an observation; SB3 raises a ValueError here."""


class OutputError(UserError, OSError):
    """A path cannot be written."""
