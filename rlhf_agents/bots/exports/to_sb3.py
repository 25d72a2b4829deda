"""A model file that Stable-Baselines3 and we read, made of any model of a DQN.

    rlhf-export --agent dqn.zip --to sb3 --trust --out ours.zip

Our files are SB3's as they are: `stable_baselines3.DQN.load("ours.zip")` reads them. This converts
the other way: a file that SB3's DQN wrote becomes one that every program here reads without running
code. Reading such a file runs the code in it, so it needs --trust.
"""

from __future__ import annotations

import os
from pathlib import Path

from rlhf_agents.files.atomic import check_writable


def convert(source: str | os.PathLike[str], out: Path, *, trust: bool, force: bool) -> Path:
    """Write the model of a file as `HFDQN.save` does, and return the path.

    Args:
        source: a model file.
        out: where to.
        trust: use SB3's reader, which runs whatever code the file holds.
        force: replace an existing file.

    Raises:
        ModelFileError: the file cannot be read.
        OutputError: the path cannot be written, or there is a file and `force` is not set.
    """
    from rlhf_agents.hfdqn import HFDQN  # noqa: PLC0415 - torch takes seconds to import

    check_writable(out, force=force)
    HFDQN.load(Path(source), trust=trust).save(out)
    return out
