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

from rlhf_agents import load_agent
from rlhf_agents.play.session import Session

agent = load_agent("connect_four")
game = agent.game
agent

# %% [markdown]
# A session is a game and its moves so far. Moves are numbers from 0, so column 4 is move 3.

# %%
here = Session(game, moves=[3, 3, 2, 4, 2])
here

# %% [markdown]
# ## What does the agent think?
#
# `explain_state` looks at as many positions as you allow. `values` are the probabilities of the
# goal after every move, `line` is what the agent expects to happen, and `goal_values` says how
# likely every *other* goal would be.

# %%
thoughts = agent.explain_state(here.state, goal="win", nodes=500)
thoughts

# %%
likely = sorted(thoughts.goal_values.items(), key=lambda pair: -pair[1])
for name, value in likely[:6]:
    print(f"{name:16} {value:.2f}")

# %% [markdown]
# How would the game end if both sides went on as they are?

# %%
agent.forecast(here.state)

# %% [markdown]
# ## A game
#
# You are the second player. `you` is a list of columns, counted from 1: change it and run the
# cell again. When it is used up or a move is not allowed, your moves are drawn at random.

# %%
you = [4, 4, 3, 5]
rng = np.random.default_rng(0)
match = Session(game)
while not match.over:
    if match.seat == 0:
        match.play(agent.explain_state(match.state, "win", nodes=64).action)
        continue
    column = you.pop(0) - 1 if you else -1
    legal = match.legal()
    match.play(column if column in legal else int(rng.choice(legal)))
print(match.result_text(("the agent", "you")))
match

# %%
assert match.winner == 0
assert thoughts.nodes == 500
assert 0 <= thoughts.values[thoughts.action] <= 1

# %% [markdown]
# The window (`rlhf-play --game connect_four`) shows all of this live. [Play and
# steer](../play.md) goes on.
