"""The state of a training run, besides the model, that resumes it as if it had never stopped.

It has replay with unfinished episodes, batches, random numbers, counters, and the state of the
environments. It is collected between two rollouts, when nothing is in progress.

An environment takes part if it has `run_state() -> arrays` and `restore_run_state(arrays) -> bool`,
which returns whether its state is the same again. Others begin new episodes.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import numpy as np
import torch

from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.model_file import REPLAY, RUN, ModelFile, prefixed, read_groups, unprefixed
from rlhf_agents.files.types import Arrays, Observations
from rlhf_agents.files.untrusted import MAX_MEMBER_BYTES, WRONG
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.training.replay_state import (
    buffer_bytes,
    buffer_state,
    end_running_episodes,
    restore_buffer,
    why_not_kept,
)
from rlhf_agents.training.run_checks import (
    COUNTERS,
    RandomFacts,
    check_environments,
    check_facts,
    check_observations,
    check_random,
    run_facts,
)
from rlhf_games.base import GameError

BROKEN = (*WRONG, GameError, MemoryError)
"""Errors from a file that describes something impossible."""
SLACK = 1024 * 1024
"""The most bytes of a run besides its large arrays."""
PLANS = 64 * 1024 * 1024
"""The most bytes of plans in a world model."""
ENV, SEEN, BUFFER, AHEAD = "env.", "seen.", "buffer.", "ahead."
"""Prefixes of the names of arrays."""
NEW_RANDOM = "with another seed, new random numbers and episodes begin"


class RunState(NamedTuple):
    """The state of a run in a model file.

    Attributes:
        facts: for the manifest, in a form that JSON can hold.
        arrays: the groups `RUN` and, if replay is kept, `REPLAY`.
        left_out: why replay is left out, None if it is not.
    """

    facts: dict[str, object]
    arrays: dict[str, Arrays]
    left_out: str | None


def collect(model: HFDQN, replay: bool = True, episodes: bool = True) -> RunState:
    """Return the state of a run.

    Args:
        model: an HFDQN between two rollouts.
        replay: include the replay buffer.
        episodes: resume in the middle of episodes; False if a step of them was lost.
    """
    facts, run = random_state(model)
    counters = {name: getattr(model, name) for name in COUNTERS}
    if model.env is not None and hasattr(model.env, "run_state"):
        run |= prefixed(ENV, model.env.run_state())
        run |= prefixed(SEEN, _parts(model._last_obs))
    if model.learner is not None:
        run |= model.learner.run_state()
    if model.lookahead is not None:
        run |= prefixed(AHEAD, model.lookahead.run_state())
    arrays = {RUN: run}
    left_out = "--no-replay was given" if not replay else why_not_kept(model.replay_buffer)
    if left_out is None and model.replay_buffer is not None:
        kept = _replay(model)
        size = sum(array.nbytes for array in kept.values())
        if size > MAX_MEMBER_BYTES:
            left_out = f"it has {size >> 20} MiB and the limit is {MAX_MEMBER_BYTES >> 20}"
        else:
            arrays[REPLAY] = kept
    known = {"random": facts, "counters": counters, "episodes": episodes}
    return RunState(known, arrays, left_out)


def _replay(model: HFDQN) -> Arrays:
    assert model.replay_buffer is not None
    kept = prefixed(BUFFER, buffer_state(model.replay_buffer))
    if isinstance(model.learner, GameLearner):
        kept |= model.learner.replay_state()
    return kept


def restore(model: HFDQN, file: ModelFile, same_random: bool = True) -> list[str]:
    """Bring a model, just loaded with its environment, to the state from `collect`.

    Args:
        model: the model.
        file: the file that the model was loaded from.
        same_random: continue the file's random numbers and episodes, else begin new ones.

    Returns:
        sentences that say what could not be restored and what happens instead.

    Raises:
        ModelFileError: the file describes an impossible state.
    """
    facts = run_facts(file)
    groups = _groups(file, {RUN: _run_bytes(model)})
    replay = _restore_replay(model, file)
    notes = [replay]
    if model.lookahead is not None and not model.lookahead.world.steps:
        notes.append("its world model is learnt from scratch")
    if facts is None:
        notes.append("it has no state of the run: new episodes and random numbers begin")
        return [note for note in notes if note]
    run = groups.get(RUN, {})
    try:
        check_facts(facts)
        if model.learner is not None:
            model.learner.restore_run_state(run)
        for name in COUNTERS:
            setattr(model, name, facts["counters"][name])
        # Environments may draw from global generators, so they come first.
        if not (same_random and _restore_episodes(model, run) and facts["episodes"]):
            model._last_obs = None  # SB3 then resets them
            end_running_episodes(model.replay_buffer)
            notes.append("new episodes begin" if same_random else NEW_RANDOM)
        if same_random:
            restore_random_state(model, facts["random"], run)
        if model.lookahead is not None and not replay:
            model.lookahead.restore_run_state(unprefixed(AHEAD, run))
    except BROKEN as error:
        msg = f"{file.path} does not describe a training run that can resume ({error})"
        raise ModelFileError(msg) from error
    return [note for note in notes if note]


def _groups(file: ModelFile, most: dict[str, int]) -> dict[str, Arrays]:
    """Return groups of arrays, see `read_groups`; a file of SB3's DQN has none."""
    return read_groups(file.path, most) if file.manifest else {}


def _restore_replay(model: HFDQN, file: ModelFile) -> str:
    """Fill the replay buffer; return the reason if that is not possible."""
    if model.replay_buffer is None:
        return ""
    reason = "it holds no replay"
    try:
        groups = _groups(file, {REPLAY: _replay_bytes(model)})
        if REPLAY in groups:
            _fill(model, groups[REPLAY])
            return ""
    except (*BROKEN, ModelFileError) as error:
        reason = f"its replay does not fit ({error})"
    model.refill_replay()
    return f"{reason}: it starts empty, and learning waits until it is filled"


def _replay_bytes(model: HFDQN) -> int:
    """Return the most bytes that replay can take."""
    learner = model.learner.replay_bytes() if isinstance(model.learner, GameLearner) else 0
    assert model.replay_buffer is not None
    return SLACK + buffer_bytes(model.replay_buffer) + learner


def _run_bytes(model: HFDQN) -> int:
    """Return the most bytes that the rest of a run can take."""
    arrays = list(_parts(model.observation_space.sample()).values()) * model.n_envs
    arrays += [] if model.learner is None else model.learner.run_state().values()
    if model.env is not None and hasattr(model.env, "run_state"):
        arrays += model.env.run_state().values()
    plans = 0 if model.lookahead is None else PLANS
    actions = np.dtype(np.int64).itemsize * int(model.num_timesteps)
    return SLACK + plans + actions + sum(np.asarray(array).nbytes for array in arrays)


def _fill(model: HFDQN, kept: Arrays) -> None:
    assert model.replay_buffer is not None
    restore_buffer(model.replay_buffer, unprefixed(BUFFER, kept))
    if isinstance(model.learner, GameLearner):
        model.learner.restore_replay_state(kept)


def _restore_episodes(model: HFDQN, run: Arrays) -> bool:
    arrays, seen, env = unprefixed(ENV, run), unprefixed(SEEN, run), model.env
    if not arrays or env is None or not hasattr(env, "restore_run_state"):
        return False
    assert hasattr(env, "run_state")
    if any(np.shape(part)[:1] != (model.n_envs,) for part in seen.values()):
        return False
    check_observations(model.observation_space, seen)
    steps = int(model.num_timesteps) // model.n_envs
    check_environments(env.run_state(), arrays, steps)
    if model.learner is not None:
        model.learner.check_observations(seen)
    if not env.restore_run_state(arrays):
        return False
    model._last_obs = seen.get("", seen)
    return True


def _parts(observations: Observations | None) -> Arrays:
    assert observations is not None
    return observations if isinstance(observations, dict) else {"": observations}


PREFIX = "random."


def random_state(model: HFDQN) -> tuple[RandomFacts, Arrays]:
    """Return the states of all random generators that training uses.

    Returns:
        facts for a JSON manifest, and arrays whose names begin with `PREFIX`.
    """
    version, words, gauss = random.getstate()
    legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - the generator that SB3 seeds
    facts: RandomFacts = {
        "python": (version, gauss),
        "numpy": (int(legacy["state"]["pos"]), int(legacy["has_gauss"]), float(legacy["gauss"])),
        "generators": {
            name: generator.bit_generator.state for name, generator in _generators(model).items()
        },
    }
    arrays: Arrays = {
        f"{PREFIX}python": np.array(words, np.uint64),
        f"{PREFIX}numpy": np.asarray(legacy["state"]["key"], np.uint32),
        f"{PREFIX}torch": torch.get_rng_state().numpy(),
    }
    return facts, arrays


def restore_random_state(model: HFDQN, facts: RandomFacts, arrays: Arrays) -> None:
    """Set every generator to its state from `random_state`.

    Raises:
        ValueError: it is not the state of a generator; further errors are in `untrusted.WRONG`.
    """
    words, key, torchs = (arrays[f"{PREFIX}{name}"] for name in ("python", "numpy", "torch"))
    check_random(facts, words, key, torchs)
    for name, generator in _generators(model).items():
        generator.bit_generator.state = facts["generators"][name]
    version, gauss = facts["python"]
    random.setstate((version, tuple(int(word) for word in words), gauss))
    pos, has_gauss, value = facts["numpy"]
    np.random.set_state(("MT19937", key, pos, has_gauss, value))  # noqa: NPY002
    torch.set_rng_state(torch.from_numpy(np.array(torchs)))


def _generators(model: HFDQN) -> dict[str, np.random.Generator]:
    found = {"action_space": model.action_space.np_random}
    if model.learner is not None:
        found["game"] = model.learner.rng
    if model.lookahead is not None:
        found["world"] = model.lookahead.world.rng
    return found
