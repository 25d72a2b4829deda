"""The errors that a user's mistake can raise.

    UserError                   one sentence: what was wrong and what to do; exit code 2 in programs
    |-- ModelFileError          a model file is missing, damaged, unsafe, foreign or too new
    |-- UnknownAgentError       neither a bundled agent nor a file has that name
    |-- UnknownPlayerError      no such kind of player
    |-- SettingError            an option has an impossible value
    |-- WorldFailureError       an environment raised an error or gave what is not a number
    `-- OutputError             an output path cannot be written

`rlhf_games.base.GameError` (unknown game, unknown goal, illegal move) is the games' own tree; the
programs treat both alike.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake that the message explains and that the user can mend."""


class ModelFileError(UserError):
    """A model file is missing, damaged, unsafe, for another game or from a newer format."""


class UnknownAgentError(UserError):
    """Neither a bundled agent nor a file has the name that was given."""


class UnknownPlayerError(UserError):
    """No kind of player has the name that was given."""


class SettingError(UserError):
    """An option has a value that cannot work."""


class EnvironmentFailureError(UserError):
    """An environment that an agent learns in failed: what, where and how to see it again."""


class OutputError(UserError):
    """A path cannot be written."""
