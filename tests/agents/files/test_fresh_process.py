"""Models load and play in a fresh process that has none of the optional libraries."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files

from stable_baselines3.common.envs import BitFlippingEnv

from rlhf_agents.hfdqn import HFDQN

EXTRAS = [
    "pygame",
    "pettingzoo",
    "pyspiel",
    "tensorboard",
    "rl_zoo3",
    "matplotlib",
]
TRAINING = ["torch", "stable_baselines3"]

BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError("blocked: " + name, name=name)

sys.meta_path.insert(0, Blocker())
"""

TRAINED = """
from rlhf_agents import HFDQN

plain = HFDQN.load({plain!r})
observation = {{key: space.sample() for key, space in plain.observation_space.spaces.items()}}
print(plain.predict(observation, deterministic=True)[0] < 4)
model = HFDQN.load({game!r})
state = model.game.initial(1)
print(model.game.n_actions, model.num_timesteps >= 0)
"""

PLAYED = """
import numpy as np
from rlhf_agents import load_agent

for name in ({game!r}, "tic_tac_toe"):
    agent = load_agent(name)
    print(agent.act(np.zeros(agent.game.observation_shape, np.float32), nodes=0).shape)
"""


def printed(blocked, script, **paths):
    code = BLOCKED.format(blocked=blocked) + script.format(**paths)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split("\n")[:-1]


def test_without_extras_and_without_torch(tmp_path):
    plain, game = str(tmp_path / "plain.zip"), str(tmp_path / "game.zip")
    HFDQN("MultiInputPolicy", BitFlippingEnv(4), buffer_size=100).save(plain)
    # A bundled model was saved by the version before; from it comes a file of this version.
    bundled = HFDQN.load(files("rlhf_agents") / "models" / "tic_tac_toe.zip")
    bundled.save(game)
    assert printed(EXTRAS, TRAINED, plain=plain, game=game) == ["True", "9 True"]
    assert printed([*EXTRAS, *TRAINING], PLAYED, game=game) == ["(1,)", "(1,)"]
