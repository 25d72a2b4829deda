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
# # Train Connect Four, and watch it grow
#
# A strong agent takes twenty minutes, a decent one three. So that this page is built quickly, it
# trains for some **30 seconds** only: enough to see it grow, not enough to be good. Raise `STEPS`
# to 300,000 for the three minutes.

# %%
import numpy as np
from stable_baselines3.common.callbacks import CallbackList

from rlhf_agents import HFDQN, load_agent, make_env
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.evaluation.curves import CurveCallback
from rlhf_agents.players.players import make_player

STEPS = 50_000

env = make_env("connect_four", n_envs=256)
model = HFDQN("MultiInputPolicy", env, seed=0, learning_starts=5_000)

# %% [markdown]
# `make_env` returns 256 games side by side, and `HFDQN` plays against itself in all of them. On
# the way, callbacks let the network alone (no lookahead) play 60 games each against a player that
# moves at random, and against alpha-beta to depth 2.

# %%


class Network:
    """The network of a model in training, as a player."""

    name = "network"

    def __init__(self, model):
        self.searcher = model.learner.searcher

    def act(self, states, goal):
        return self.searcher.choose(states, np.zeros(len(states), np.int64), 0)


def watch(opponent):
    """Return a callback that measures points per game, a draw being half a point."""

    def score(model):
        players = Network(model), make_player(opponent, model.game, nodes=0, seed=0)
        match = play_match(model.game, players, MatchSettings(games=60, goal="win", seed=0))
        return match.total.score

    return CurveCallback("points per game", score, every=10_000, name=f"against {opponent}")


watchers = [watch("random"), watch("minimax:2")]
model.learn(STEPS, callback=CallbackList(watchers))
weak, strong = (watcher.curve for watcher in watchers)
weak

# %%
weak.plot(strong)

# %% [markdown]
# The network begins with equal values for all moves, which is not the worst way to play: it takes
# the middle, and wins at once where it can. Learning first shakes that. After half a minute it is
# ahead of its beginning against random play, and only back to it against alpha-beta.
#
# ## Save it, and play
#
# `save_agent` keeps what playing needs. `load_agent` does not import torch.

# %%
import tempfile
from pathlib import Path

file = Path(tempfile.mkdtemp()) / "four.zip"
model.save_agent(file)
agent = load_agent(file)
opening = agent.explain_state(agent.game.initial(1)[0], "win", nodes=256)
print("values of the first move:", np.round(opening.values, 2))

# %% [markdown]
# The numbers are far from exact after so short a time; the agent that comes with the package was
# trained for hours.

# %%
assert weak.values[-1] > min(weak.values) + 0.1
assert weak.values[-1] > 0.85
assert strong.values[-1] > min(strong.values)

# %% [markdown]
# In the terminal: `rlhf-train --game connect_four --minutes 20 --out four.zip --plot four.png`.
# [Train](../train.md) goes on.
