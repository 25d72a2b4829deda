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
# # Foresight in a maze
#
# Start and goal are drawn anew for every episode, and the only reward is for arriving. Hindsight
# learns from wherever an episode ended up; foresight remembers how cells are connected, and
# plans.

# %%
import gymnasium
import numpy as np
from gymnasium import spaces

from rlhf_agents import HFDQN
from rlhf_agents.evaluation.curves import CurveCallback

PLAN = """
###############
#   #     #   #
# # # ### # # #
# #     #   # #
# ##### ##### #
#   # #     # #
### # ##### # #
#   #     #   #
# ##### # ### #
#     # #   # #
##### # ### # #
#   # #   #   #
# # # ### ### #
# #     #     #
###############
""".strip().splitlines()
FREE = [
    (row, column)
    for row, line in enumerate(PLAN)
    for column, mark in enumerate(line)
    if mark == " "
]
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


class Maze(gymnasium.Env):
    """Cells are numbered; moves into a wall do nothing; an episode lasts 100 steps at most."""

    def __init__(self):
        cell = spaces.Discrete(len(FREE))
        self.observation_space = spaces.Dict(
            observation=cell, achieved_goal=cell, desired_goal=cell
        )
        self.action_space = spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cell, self.goal = self.np_random.choice(len(FREE), size=2, replace=False)
        self.steps = 0
        return self.observe(), {}

    def step(self, action):
        self.steps += 1
        place = tuple(np.add(FREE[self.cell], MOVES[action]))
        self.cell = FREE.index(place) if place in FREE else self.cell
        reached = bool(self.cell == self.goal)
        return self.observe(), float(reached), reached, self.steps >= 100, {}

    def compute_reward(self, achieved, desired, info):
        return np.equal(achieved, desired).astype(np.float32).reshape(-1)

    def observe(self):
        here, there = int(self.cell), int(self.goal)
        return {"observation": here, "achieved_goal": here, "desired_goal": there}


# %% [markdown]
# ## With and without
#
# The same algorithm, once with hindsight alone, once with foresight as well. Success is counted
# on 30 pairs of start and goal.

# %%


def success(model):
    """Return the share of 30 episodes that arrive."""
    env, arrived = Maze(), 0
    for seed in range(30):
        observation, _ = env.reset(seed=seed)
        over = False
        while not over:
            action, _ = model.predict(observation, deterministic=True)
            observation, _, reached, late, _ = env.step(int(action))
            over = reached or late
        arrived += reached
    return arrived / 30


def learn(name, **options):
    """Train for 3,000 steps, and return the model with its curve."""
    model = HFDQN("MultiInputPolicy", Maze(), learning_starts=100, train_freq=4, seed=0, **options)
    callback = CurveCallback("success", success, every=1_000, name=name)
    return model.learn(3_000, callback=callback), callback.curve


_, hindsight = learn("hindsight")
model, both = learn("hindsight and foresight", foresight=True)
hindsight.plot(both)

# %% [markdown]
# ## A way through
#
# `s` is the start, `g` the goal, dots are the way that the agent takes.

# %%
env = Maze()
observation, _ = env.reset(seed=2)
drawing = [list(line) for line in PLAN]
start, over = FREE[env.cell], False
while not over:
    action, _ = model.predict(observation, deterministic=True)
    observation, _, reached, late, _ = env.step(int(action))
    row, column = FREE[env.cell]
    drawing[row][column] = "."
    over = reached or late
for mark, (row, column) in (("s", start), ("g", FREE[env.goal])):
    drawing[row][column] = mark
print("\n".join("".join(line).replace("#", "█") for line in drawing))
print(f"arrived: {reached}, {env.steps} steps")

# %%
assert both.values[-1] > 0.9
assert both.values[-1] > hindsight.values[-1] + 0.2
assert reached

# %% [markdown]
# Where states do not come back, the model is a small ensemble of networks instead of a table; see
# [From Stable-Baselines3](../from_sb3.md).
