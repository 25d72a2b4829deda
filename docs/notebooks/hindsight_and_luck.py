# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Hindsight and luck
#
# Hindsight learns from goals that *were* reached. Where chance decides, that is a trap: it sees
# every lucky episode, and not how many unlucky ones there were. This page shows the error, and
# how foresight removes it.
#
# ## The gamble
#
# One decision: *safe* wins the prize in 5 of 10 cases, *gamble* in 1 of 10. The goal is the
# prize.

# %%
import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import DQN, HerReplayBuffer

from rlhf_agents import HFDQN, ModelForesight
from rlhf_agents.evaluation.curves import CurveCallback, LearningCurve

SAFE, GAMBLE = 0, 1
CHANCES = (0.5, 0.1)


class Gamble(gymnasium.Env):
    """One step; the observation says nothing, the achieved goal whether the prize was won."""

    def __init__(self):
        bit = spaces.Box(0, 1, (1,), np.float32)
        self.observation_space = spaces.Dict(observation=bit, achieved_goal=bit, desired_goal=bit)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observe(0.0), {}

    def step(self, action):
        prize = float(self.np_random.random() < CHANCES[int(action)])
        seen = self.observe(prize)
        return seen, float(prize == 1.0), True, False, {}

    def compute_reward(self, achieved, desired, info):
        return np.asarray((achieved == desired).all(axis=-1), np.float32)

    def observe(self, prize):
        one = np.ones(1, np.float32)
        return {"observation": 0 * one, "achieved_goal": prize * one, "desired_goal": one}


# %% [markdown]
# ## Two learners
#
# SB3's DQN with HER, and HFDQN with foresight, which counts *all* outcomes that followed an
# action before it believes one. Both act at random, so that both see the same mixture. A curve
# follows what each thinks the gamble is worth.

# %%
common = {
    "learning_starts": 50,
    "train_freq": 1,
    "learning_rate": 3e-3,
    "gamma": 0.0,
    "exploration_final_eps": 1.0,
    "buffer_size": 5_000,
    "target_update_interval": 100,
    "seed": 0,
}


def value_of(action):
    """Return a function of a model: the value of an action for the prize."""

    def value(model):
        observation, _ = Gamble().reset(seed=0)
        tensors, _ = model.policy.obs_to_tensor(observation)
        with torch.no_grad():
            return float(model.q_net(tensors)[0, action])

    return value


def learn(model, name):
    """Train a model, and return the curve of what it thinks of the gamble."""
    callback = CurveCallback("value of the gamble", value_of(GAMBLE), every=100, name=name)
    model.learn(1_500, callback=callback)
    return callback.curve


her = DQN("MultiInputPolicy", Gamble(), replay_buffer_class=HerReplayBuffer, **common)
ours = HFDQN("MultiInputPolicy", Gamble(), foresight=ModelForesight(model="table"), **common)
curves = [learn(her, "SB3's DQN + HER"), learn(ours, "HFDQN with foresight")]
truth = LearningCurve("what it is worth", "value", [0, 1_500], [0.0, 1.0], [0.1, 0.1])
curves[0].plot(curves[1], truth)

# %% [markdown]
# HER thinks that the gamble is worth more than three times as much as it is. More training does
# not help: the *data* are biased, because a goal was drawn from what happened. Foresight computes
# the value over all outcomes, so that it does not matter how often hindsight proposes a lucky
# one.

# %%
for name, model in (("SB3's DQN + HER", her), ("HFDQN with foresight", ours)):
    values = [value_of(action)(model) for action in (SAFE, GAMBLE)]
    print(f"{name:22} safe {values[SAFE]:.2f} (0.50)   gamble {values[GAMBLE]:.2f} (0.10)")

assert value_of(GAMBLE)(her) > 0.2
assert abs(value_of(GAMBLE)(ours) - 0.1) < 0.06
assert abs(value_of(SAFE)(ours) - 0.5) < 0.1

# %% [markdown]
# In games the opponent takes the part of chance. [How it works](../how_it_works.md) has the
# equation.
