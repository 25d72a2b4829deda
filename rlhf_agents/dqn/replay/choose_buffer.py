"""The choice of the replay buffer for a model of a plain environment."""

from __future__ import annotations

from typing import Any

from stable_baselines3 import DQN, HerReplayBuffer
from stable_baselines3.common.buffers import ReplayBuffer

from rlhf_agents.dqn.env_access import has_method
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer, is_goal_space
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.settings import Priorities


def is_her(model: DQN) -> bool:
    """Return whether a model's replay buffer needs an environment to compute rewards."""
    chosen = model.replay_buffer_class
    return chosen is not None and issubclass(chosen, HerReplayBuffer)


def choose_buffer(model: Any, asks_masks: bool) -> bool:
    """Use one of our buffers where SB3's default lacks goals or masks; return whether we do.

    Args:
        model: a `PlainDQN` before its set-up; its `replay_buffer_class` and
            `replay_buffer_kwargs` are set.
        asks_masks: masks come from the environment's method, not from observations.
    """
    priorities = model.replay_buffer_kwargs.get("priorities")
    if priorities is not None:  # SB3's JSON turns them into lists
        kwargs = {**model.replay_buffer_kwargs, "priorities": Priorities(*priorities)}
        model.replay_buffer_kwargs = kwargs
    if model.replay_buffer_class is not None or model.parallel is not None:
        return False
    options: dict[str, object] = {"n_steps": model.n_steps, "gamma": model.gamma}
    chosen: type[ReplayBuffer] = MaskedReplayBuffer
    if _wants_hindsight(model):
        chosen = HindsightReplayBuffer
        options["store_masks"] = asks_masks
    elif not asks_masks and model.model_foresight is None:
        return False
    model.replay_buffer_class = chosen
    model.replay_buffer_kwargs = {**options, **model.replay_buffer_kwargs}
    return True


def _wants_hindsight(model: Any) -> bool:
    if model.uses_hindsight is not None:
        return bool(model.uses_hindsight)
    return is_goal_space(model.observation_space) and has_method(model.env, "compute_reward")


def make_buffer(model: DQN) -> ReplayBuffer:
    """Make the buffer as SB3 would, but also without an environment, for `predict`."""
    kwargs = dict(model.replay_buffer_kwargs)
    if is_her(model):
        kwargs["env"] = model.env
    assert model.replay_buffer_class is not None
    return model.replay_buffer_class(
        model.buffer_size,
        model.observation_space,
        model.action_space,
        device=model.device,
        n_envs=model.n_envs,
        optimize_memory_usage=model.optimize_memory_usage,
        **kwargs,
    )
