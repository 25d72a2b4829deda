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
# A decent agent takes **three minutes**, a strong one twenty. This page shows the first minute, so
# that it is built quickly; on your machine it takes the three.

# %%
import os
import tempfile
from pathlib import Path

import numpy as np
from IPython.display import HTML
from stable_baselines3.common.callbacks import BaseCallback, CallbackList

from rlhf_agents import HFDQN, load_agent, make_env
from rlhf_agents.evaluation.arena import MatchSettings, play_match
from rlhf_agents.evaluation.curves import CurveCallback
from rlhf_agents.play.session import Session
from rlhf_agents.players.players import make_player

STEPS = int(os.environ.get("NOTEBOOK_STEPS", "300000"))

env = make_env("connect_four", n_envs=256)
model = HFDQN("MultiInputPolicy", env, seed=0, learning_starts=5_000)

# %% [markdown]
# `make_env` returns 256 games side by side, and `HFDQN` plays against itself in all of them. On
# the way, two things happen: the network alone (no lookahead) plays 60 games each against a player
# that moves at random and against alpha-beta to depth 2, and now and then the agent is saved.

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

    return CurveCallback("points per game", score, every=STEPS // 8, name=f"against {opponent}")


class Album(BaseCallback):
    """Saves the agent at some shares of the training."""

    def __init__(self, *shares):
        super().__init__()
        self.shares, self.folder, self.agents = shares, Path(tempfile.mkdtemp()), {}

    def _on_rollout_start(self):
        self.keep(self.num_timesteps / STEPS)

    def _on_training_end(self):
        self.keep(1.0)

    def _on_step(self):
        return True

    def keep(self, share):
        if len(self.agents) < len(self.shares) and share >= self.shares[len(self.agents)]:
            name = f"after {self.num_timesteps:,} steps"
            file = self.folder / f"{self.num_timesteps}.zip"
            self.model.save_agent(file)
            self.agents[name] = file


watchers, album = [watch("random"), watch("minimax:2")], Album(0.0, 0.15, 0.4, 1.0)
model.learn(STEPS, callback=CallbackList([*watchers, album]))
weak, strong = (watcher.curve for watcher in watchers)
weak.plot(strong)

# %% [markdown]
# The network begins with equal values for all moves, which is not the worst way to play: it takes
# the middle, and wins at once where it can. Learning first shakes that, then beats it.
#
# ## The same position at four ages
#
# Blue is to move, and has to block column 4 at once. What does the network alone think?

# %%
game = model.game
position = Session(game, moves=[3, 0, 3, 0, 3]).state
thoughts = {
    name: load_agent(file).explain_state(position, "win", nodes=0)
    for name, file in album.agents.items()
}
HTML("<br>".join(f"<b>{name}</b>{why._repr_html_()}" for name, why in thoughts.items()))

# %% [markdown]
# ## The youngest, the oldest
#
# With 16 positions of lookahead a move, the last agent plays 40 games against each earlier one.

# %%
*younger, newest = album.agents
for name in younger:
    players = (
        make_player(str(album.agents[newest]), game, nodes=16, seed=0),
        make_player(str(album.agents[name]), game, nodes=16, seed=1),
    )
    result = play_match(game, players, MatchSettings(games=40, goal="win", seed=0))
    print(f"{newest} it takes {result.total.score:.0%} of the points from the agent {name}")
    if name == younger[0]:
        against_first = result.total.score

# %% [markdown]
# ## How training went
#
# A model keeps what it logged: here the error of its values, which falls while it learns, and
# rises whenever better play asks harder questions.

# %%
model.plot(by="seconds")

# %%
assert weak.values[-1] > 0.85
assert strong.values[-1] > min(strong.values)
assert against_first > 0.6
assert len(album.agents) == 4

# %% [markdown]
# The agent that comes with the package was trained for hours. In the terminal: `rlhf-train --game
# connect_four --minutes 20 --out four.zip --plot four.png`. [Train](../train.md) goes on.
