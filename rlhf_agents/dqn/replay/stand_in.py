"""A stand-in for replay buffers that SB3's own DQN cannot make."""

from __future__ import annotations

from typing import NoReturn

from rlhf_agents.errors import SettingError


class BufferOfHFDQN:
    """The replay buffer of SB3's `DQN` in models that only `HFDQN` can go on training.

    It lets SB3's DQN load such files and predict without an environment. Learning raises an
    error that names the cure.
    """

    pos = 0
    full = False

    def size(self) -> int:
        """Return 0."""
        return 0

    def add(self, *_args: object, **_kwargs: object) -> NoReturn:
        """Refuse to store a transition.

        Raises:
            SettingError: always.
        """
        msg = (
            "this model learns with what SB3's DQN lacks (hindsight, masks, foresight, self-play, "
            "parallel learning or double Q): to go on learning, load the file with "
            "rlhf_agents.HFDQN.load(path, env=env); DQN.load is enough to predict"
        )
        raise SettingError(msg)

    sample = add
