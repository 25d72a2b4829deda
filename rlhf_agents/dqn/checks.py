"""Checks of users' arguments to a model."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rlhf_agents.errors import ObservationError, SettingError
from rlhf_agents.settings import LostSchedule


def check_observation(observation: object, keys: Collection[str] = ()) -> None:
    """Refuse the pair that Gymnasium's `reset` returns, and a Dict observation without its keys.

    Args:
        observation: of the caller.
        keys: that the model reads; none if its observations are arrays.

    Raises:
        ObservationError: it is a pair of an observation and an info, or it has no such keys.
    """
    pair = isinstance(observation, tuple) and len(observation) == 2
    if pair and isinstance(observation[1], dict):  # type: ignore[index]
        msg = (
            "predict needs an observation and got a pair: you may be mixing Gym API, where reset "
            "returns (observation, info), with SB3's; pass the observation alone"
        )
        raise ObservationError(msg)
    if not keys:
        return
    if not isinstance(observation, Mapping):
        msg = (
            f"predict needs a dictionary with the keys {', '.join(keys)}, "
            f"got {type(observation).__name__}"
        )
        raise ObservationError(msg)
    missing = [key for key in keys if key not in observation]
    if missing:
        msg = (
            f"the observation has no {' or '.join(map(repr, missing))}; its keys are "
            f"{', '.join(map(repr, observation)) or 'none'}"
        )
        raise ObservationError(msg)


def check_schedule(rate: object) -> None:
    """Refuse to learn with a learning rate that is not in the model's file.

    Raises:
        SettingError: it is missing.
    """
    if isinstance(rate, LostSchedule):
        msg = (
            f"the learning rate of this model was the code {rate.name}, which is not in its file: "
            "to continue learning, load it with learning_rate=..., or with trust=True (--trust in "
            "programs) if you trust its author"
        )
        raise SettingError(msg)


def check_option(name: str, value: object, *kinds: type) -> None:
    """Refuse a value other than None, True, False or an instance of the `kinds`.

    Raises:
        SettingError: it is another value.
    """
    if value is not None and not isinstance(value, (bool, *kinds)):
        choices = ["None", "True", "False", *(f"{kind.__name__}(...)" for kind in kinds)]
        msg = f"{name} must be {', '.join(choices[:-1])} or {choices[-1]}, got {value!r}"
        raise SettingError(msg)
