"""`sb3`: a model file that both Stable-Baselines3 and we read, from any DQN model.

    rlhf-export --agent dqn.zip --to sb3 --trust --out ours.zip

Our files are SB3 files already: `stable_baselines3.DQN.load("ours.zip")` reads them. Compact ones
(`rlhf-train --compact`, `HFDQN.save_agent`, bundled agents) become such files here:

    rlhf-export --agent connect_four --to sb3 --out four.zip

In the other direction, a file of SB3's DQN becomes one that every program here reads without
running code. Reading SB3's file runs the code in it, so it needs --trust.
"""

from __future__ import annotations

import os
from pathlib import Path

from rlhf_agents.files.atomic import check_writable
from rlhf_agents.players.bundled import bundled_agents


def convert(source: str | os.PathLike[str], out: Path, *, trust: bool, force: bool) -> Path:
    """Write the model in a file like `HFDQN.save`, and return the path.

    Args:
        source: a model file, or the name of a bundled agent.
        out: the file to write.
        trust: use SB3's reader, which runs any code in the file.
        force: replace an existing file.

    Raises:
        ModelFileError: the file cannot be read.
        OutputError: the path cannot be written, or the file exists and `force` is not set.
    """
    from rlhf_agents.hfdqn import HFDQN  # noqa: PLC0415 - torch takes seconds to import

    check_writable(out, force=force)
    path = bundled_agents().get(os.fspath(source), Path(source))
    HFDQN.load(path, trust=trust).save(out)
    return out
