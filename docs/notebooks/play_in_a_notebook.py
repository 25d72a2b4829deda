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
# # Play in a notebook
#
# Load the agent of Connect Four, ask it what it thinks, and play a game against it. No torch is
# loaded.

# %%
import numpy as np
from PIL import Image

from rlhf_adapters.two_player.drawing import picture_of
from rlhf_agents import load_agent

agent = load_agent("connect_four")
game = agent.game
agent

# %% [markdown]
# A position is an array of two words. `initial(1)` is a batch of one empty board, and `step`
# plays a move in every game of the batch. Here five moves have been played.

# %%
states = game.initial(1)
for column in (3, 3, 2, 4, 2):
    states = game.step(states, np.array([column]))
Image.fromarray(picture_of(game, states[0]))

# %% [markdown]
# ## What does the agent think?
#
# `explain` looks at as many positions as you allow. `values` are the probabilities of the
# goal after every move, `line` is what the agent expects to happen, and `goal_values` says how
# likely every *other* goal would be.

# %%
thoughts = agent.explain(game.observe(states)[0], goal="win", nodes=500)
thoughts

# %%
likely = sorted(thoughts.goal_values.items(), key=lambda pair: -pair[1])
for name, value in likely[:6]:
    print(f"{name:16} {value:.2f}")

# %% [markdown]
# ## A game
#
# You are the second player. `you` is a list of columns, counted from 1: change it and run the
# cell again. When it is used up or a move is not allowed, your moves are drawn at random.

# %%
you = [4, 4, 3, 5]
rng = np.random.default_rng(0)
states, moves = game.initial(1), []
while game.legal(states).any():
    if game.plies(states)[0] % 2 == 0:
        column = int(agent.act_states(states, "win", nodes=64)[0])
    else:
        column = you[len(moves) // 2] - 1 if len(moves) // 2 < len(you) else -1
        if column < 0 or not game.legal(states)[0, column]:
            column = int(game.random_actions(states, rng)[0])
    moves.append(column)
    states = game.step(states, np.array([column]))
print("moves:", [column + 1 for column in moves])
Image.fromarray(picture_of(game, states[0]))

# %% [markdown]
# After the last move, `outcome` is that of the player whose turn it would be: -1 means that the
# agent has won.

# %%
assert game.outcome(states)[0] == -1
assert thoughts.nodes == 500
assert 0 <= thoughts.values[thoughts.action] <= 1

# %% [markdown]
# The window (`rlhf-play --game connect_four`) shows all of this live. [Play and
# steer](../play.md) goes on.
