"""HFDQN in RL Zoo (rl_zoo3): `python -m rlhf_agents.zoo train --env CartPole-v1`, then `enjoy`.

All options are the zoo's own; `--algo hfdqn`, our hyperparameters (`assets/hfdqn.yml`) and the
folder `logs` are filled in. The zoo reads its list of algorithms before it imports any of our code,
so its own programs need a one-line file in a folder on PYTHONPATH:

* `custom_envs.py` with `import rlhf_agents.zoo` (the zoo looks for a module of that name): then
  `python -m rl_zoo3.train --algo hfdqn --conf-file rlhf_agents.zoo --env CartPole-v1` works;
* any `name.py` with `from rlhf_agents import zoo; zoo.register("dqn")`: then
  `python -m rl_zoo3.train --algo dqn --gym-packages name --env CartPole-v1` trains HFDQN with the
  zoo's settings of DQN. `enjoy` takes the same options.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from importlib import metadata
from pathlib import Path

import gymnasium

from rlhf_agents.hfdqn import HFDQN

NAME = "hfdqn"
SETTINGS = Path(__file__).parent / "assets" / f"{NAME}.yml"
MISSING = "RL Zoo is not installed: pip install 'rlhf-agents[zoo]'"
USAGE = """usage: python -m rlhf_agents.zoo {train,enjoy} OPTIONS

examples:
  python -m rlhf_agents.zoo train --env CartPole-v1
  python -m rlhf_agents.zoo enjoy --env CartPole-v1
  python -m rlhf_agents.zoo train --env BitFlip-v0 --n-timesteps 10000 --tensorboard-log runs
  python -m rlhf_agents.zoo train --help"""


def register(name: str = NAME) -> None:
    """Make HFDQN one of the zoo's algorithms, and SB3's BitFlippingEnv an environment by name.

    Args:
        name: its name for `--algo`; an existing name replaces that algorithm of the zoo.
    """
    import rl_zoo3  # noqa: PLC0415 - an extra
    from rl_zoo3 import hyperparams_opt  # noqa: PLC0415

    rl_zoo3.ALGOS[name] = HFDQN
    for table in (hyperparams_opt.HYPERPARAMS_SAMPLER, hyperparams_opt.HYPERPARAMS_CONVERTER):
        table[name] = table["dqn"]
    if "BitFlip-v0" not in gymnasium.registry:
        entry_point = "stable_baselines3.common.envs:BitFlippingEnv"
        gymnasium.register("BitFlip-v0", entry_point, kwargs={"n_bits": 10})


def __getattr__(name: str) -> object:
    """Return the `hyperparams` that the zoo reads from a module given as `--conf-file`."""
    if name != "hyperparams":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    import yaml  # noqa: PLC0415 - only here

    content: object = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))
    return content


def with_defaults(program: str, options: list[str]) -> list[str]:
    """Return the options after our own: of two values, the zoo takes the last."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--algo", default=NAME)
    algorithm = parser.parse_known_args(options)[0].algo
    ours = ["--algo", algorithm, "-f", "logs"]
    if program == "train" and algorithm == NAME:
        ours += ["--conf-file", str(SETTINGS)]
    return [*ours, *options]


def main() -> int:
    """Run one of the zoo's programs and return the exit code."""
    program, options = next(iter(sys.argv[1:]), "--help"), sys.argv[2:]
    if program == "--version":
        sys.stdout.write(f"rlhf_agents {metadata.version('rlhf-agents')}\n")
        return 0
    if program not in {"train", "enjoy"}:
        sys.stderr.write(f"{USAGE}\n")
        return 0 if program in {"-h", "--help"} else 2
    if not _installed():
        sys.stderr.write(f"error: {MISSING}\n")
        return 2
    # Not through rl_zoo3.cli, which does not start without seaborn.
    module = importlib.import_module(f"rl_zoo3.{program}")
    sys.argv = [f"rlhf_agents.zoo {program}", *with_defaults(program, options)]
    getattr(module, program)()
    return 0


def _installed() -> bool:
    return importlib.util.find_spec("rl_zoo3") is not None


if _installed():
    register()

if __name__ == "__main__":
    sys.exit(main())
