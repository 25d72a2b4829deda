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
# # An arcade agent
#
# MinAtar's Breakout, compiled, 32 games side by side. A million frames (two minutes on a core)
# make an agent that scores about 20; so that this page is built quickly, it takes **a tenth** of
# that. Raise `FRAMES` for the rest.

# %%
import numpy as np
from PIL import Image
from stable_baselines3.common.evaluation import evaluate_policy

from rlhf_agents import HFDQN, make_env
from rlhf_agents.evaluation.curves import CurveCallback

FRAMES = 100_000

env = make_env("minatar:breakout", n_envs=32, seed=0)
model = HFDQN("MultiInputPolicy", env, seed=0)

# %% [markdown]
# `make_env` recommends how to learn this kind of environment, and HFDQN follows: no replay, but
# rollouts of all games, each learnt several times. The curve is the mean return of the last
# episodes while it learns and explores.

# %%


def last_returns(model):
    """Return the mean return of the last 100 episodes, 0 before the first."""
    returns = [info["r"] for info in model.ep_info_buffer]
    return float(np.mean(returns)) if returns else 0.0


callback = CurveCallback("mean return, last 100 episodes", last_returns, every=5_000)
model.learn(FRAMES, callback=callback)
callback.curve.plot()

# %% [markdown]
# Without exploring it does better:

# %%
games = make_env("minatar:breakout", n_envs=8, seed=1)
mean, spread = evaluate_policy(model, games, n_eval_episodes=16, warn=False)
print(f"points per game: {mean:.1f} (standard deviation {spread:.1f})")
assert mean > 3
assert callback.curve.values[-1] > callback.curve.values[1] + 1

# %% [markdown]
# What it sees, and what it does:

# %%
observations = games.reset()
for _ in range(40):
    actions, _ = model.predict(observations, deterministic=True)
    observations, *_ = games.step(actions)
frame = Image.fromarray(games.get_images()[0])
frame.resize((400, 400), Image.Resampling.NEAREST)

# %% [markdown]
# In the terminal: `rlhf-train --game minatar:breakout --out breakout.zip`, then `rlhf-play --game
# minatar:breakout --agent breakout.zip --watch`.
