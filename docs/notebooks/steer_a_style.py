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
# # Steer a style
#
# One network, trained once, plays for any goal of its table. Here it is asked for six of them,
# against a player that moves at random, and we count what it achieves.

# %%
from rlhf_agents import load_agent
from rlhf_agents.evaluation.arena import MatchSettings, goal_matrix
from rlhf_agents.players.players import make_player

agent = load_agent("connect_four")
game = agent.game
goals = ("win", "draw", "lose", "win_horizontal", "win_vertical", "win_diagonal")

players = (
    make_player("connect_four", game, nodes=16, seed=0),
    make_player("random", game, nodes=0, seed=1),
)
matrix = goal_matrix(game, players, goals, MatchSettings(games=60, goal="win", seed=0))

# %% [markdown]
# Every row is what was asked, every column what was achieved, in percent of 60 games. The framed
# cells are the ones that should be blue. The last row is the same agent, merely asked to win.

# %%
matrix.plot()

# %% [markdown]
# Asked to win with a diagonal, it does so far more often than when it just wants to win, and it
# wins no less often. The weakest is `draw`: a random player does not help to fill the board.

# %%
asked = {row.asked: row.achieved[row.asked] for row in matrix.rows}
merely = matrix.baseline.achieved
for goal in goals:
    print(f"{goal:15} asked {asked[goal]:4.0%}   merely asked to win {merely[goal]:4.0%}")

assert asked["win"] > 0.95
assert asked["lose"] > 0.8
for style in ("win_horizontal", "win_vertical", "win_diagonal"):
    assert asked[style] > merely[style] + 0.2

# %% [markdown]
# ## In the middle of a game
#
# A goal is an argument of a move, so it can change at any time. The same position, three wishes:

# %%
import numpy as np

states = game.initial(1)
for column in (3, 3, 3, 2, 2, 4):
    states = game.step(states, np.array([column]))
for goal in ("win", "lose", "win_vertical"):
    thoughts = agent.explain_state(states[0], goal=goal, nodes=300)
    print(f"{goal:13} column {thoughts.action + 1}, value {thoughts.values[thoughts.action]:.2f}")

# %% [markdown]
# In the terminal: `rlhf-eval --game connect_four --opponent random --goals --plot goals.png`.
# [The glossary](../goals.md) lists all goals.
