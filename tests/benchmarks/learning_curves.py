"""What HFDQN learns everywhere, beside SB3's DQN and QR-DQN, in one table.

    python tests/benchmarks/learning_curves.py                      everything, one seed: hours
    python tests/benchmarks/learning_curves.py --tasks cartpole,othello --seeds 3
    python tests/benchmarks/learning_curves.py --scale 0.02 --minutes 0.5 --games 10    a short look
    python tests/benchmarks/learning_curves.py --table --plot curves.png       what is known so far

Every run (of a board game: all learners of a seed) is a line of `--out` as soon as it ends, and is
not done again: a series that was interrupted goes on where it was (board games within their run).
With `--workers`, a board game needs two cores. The learners of an ablation, `DQN`,
`+ hindsight`, `+ foresight` and `+ both`, are HFDQN with the same network and settings; the others
are as `learning_tasks.py` says.

* score: one episode each of 100 environments (FrozenLake: 1,000) by the best actions; `end`
  after the last step.
  `return` is the environment's own reward, `success` the share of episodes with a reward. Games of
  MinAtar are judged for at most 5,000 frames.
* at equal CPU: the score on the way when the fastest learner of the task is at its end: of 20
  episodes by the best actions, of MinAtar that of the last 100 episodes while learning.
* Board games: share of games won against OpenSpiel's MCTS of 100 simulations, after `--minutes` of
  what `rlhf-train` does (two threads); SB3's DQN takes as many steps against random play. An
  untrained network shows how much of that search wins alone.
* CPU s: of acting and learning, without evaluation.
* last 100: mean return of the last 100 episodes while learning, exploration included.
* Brackets are 95 % intervals of the mean over seeds, by bootstrap.

The five games of MinAtar, as `rlhf-train` learns them without options, three seeds:

    nice python tests/benchmarks/learning_curves.py --learners HFDQN --seeds 3 \
        --tasks breakout,asterix,space_invaders,seaquest,freeway
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import stable_baselines3
import torch
from independent_dqn import IndependentDQN
from jobs import add_options, side_by_side
from learning_boards import NODES, Trained, train_dqn, train_hfdqn, untrained_hfdqn
from learning_tables import Result, draw, lines, table
from learning_tasks import (
    BOARDS,
    DQN,
    HFDQN,
    INDEPENDENT,
    QRDQN,
    RANDOM,
    SUCCESS,
    TASKS,
    UNTRAINED,
    Learner,
    Task,
    worlds,
)
from numpy.typing import NDArray
from results import write_results
from rich.console import Console
from stable_baselines3.common.callbacks import BaseCallback

from rlhf_agents import hfdqn
from rlhf_agents.players.actors import RandomActor
from rlhf_games.base import GameError

KINDS = {HFDQN: hfdqn.HFDQN, DQN: stable_baselines3.DQN, INDEPENDENT: IndependentDQN}
NAMED = {name: task.world for name, task in TASKS.items() if isinstance(task.world, str)}
ENVIRONMENTS = {**{name: NAMED.get(name, name) for name in TASKS}, **BOARDS}
POINTS = 20
"""Of every curve."""
WORLDS_ON_THE_WAY = 20
JUDGED_FROM = 1_000_000
"""Seed of the worlds that judge; those of training begin at the seed of the run."""


# ---- one player ---------------------------------------------------------------------------------


def judge(actor: Any, task: Task, goal: Any, count: int) -> float:
    """Return the mean score of the first episodes of `count` worlds."""
    env = worlds(task, count, goal, JUDGED_FROM, **task.judged)
    if actor is None:
        actor = RandomActor(env, 0)
    observation = env.reset()
    returns, reached = np.zeros(env.num_envs), np.zeros(env.num_envs, bool)
    running = np.ones(env.num_envs, bool)
    while running.any():
        actions, _ = actor.predict(observation, deterministic=True)
        observation, rewards, dones, infos = env.step(actions)
        # Whatever the goal was, the environment's own reward counts.
        pairs = zip(infos, rewards, strict=True)
        returns += np.array([info.get("native_reward", paid) for info, paid in pairs]) * running
        reached |= running & [bool(info.get("is_success")) for info in infos]
        running &= ~dones
    env.close()
    return float((reached | (returns > 0)).mean() if task.score == SUCCESS else returns.mean())


class Looks(BaseCallback):
    """Judges now and then, aside of the clock."""

    def __init__(self, task: Task, goal: Any, steps: int) -> None:
        super().__init__()
        self.task, self.goal = task, goal
        self.every = max(1, steps // (task.looks or POINTS))
        self.curve: list[tuple[int, float, float]] = []
        self.aside, self.began = np.zeros(2), clocks()

    @property
    def seconds(self) -> tuple[float, float]:
        """Seconds on the wall and of the processor, without looks."""
        wall, cpu = clocks() - self.began - self.aside
        return float(wall), float(cpu)

    def _on_step(self) -> bool:
        if self.num_timesteps >= (len(self.curve) + 1) * self.every:
            begin = clocks()
            score = recent(self.model)
            if self.task.looks:
                score = judge(self.model, self.task, self.goal, WORLDS_ON_THE_WAY)
            self.aside += clocks() - begin
            self.curve.append((self.num_timesteps, round(self.seconds[1], 1), round(score, 3)))
        return True


def recent(model: Any) -> float:
    """Return the mean return of the last 100 episodes while learning."""
    episodes = getattr(model, "ep_info_buffer", None) or [{"r": 0.0}]  # some learners keep none
    return float(np.mean([episode["r"] for episode in episodes]))


def algorithm(kind: str) -> Any:
    """Return the class of a learner; that of QR-DQN is in sb3-contrib, which may be missing."""
    if kind == QRDQN:
        return importlib.import_module("sb3_contrib").QRDQN
    return KINDS[kind]


def clocks() -> NDArray[np.float64]:
    """Return the time on the wall and of the processor."""
    return np.array([time.perf_counter(), time.process_time()])


def learn(name: str, learner: Learner, seed: int, steps: int) -> Result:
    """Carry out one run."""
    task = TASKS[name]
    if learner.kind == RANDOM:
        end = judge(None, task, learner.goal, task.episodes)
        return Result(name, learner.name, seed, steps, 0, 0.0, task.score, end, end, [])
    n_envs = learner.n_envs or task.n_envs
    env = worlds(task, n_envs, learner.goal, seed)
    settings = {"seed": seed, "device": "cpu", **learner.settings}
    if learner.kind == HFDQN and learner.settings:
        settings["recommended"] = False
    if learner.kind == INDEPENDENT:
        settings["agents"] = env.num_envs // n_envs
    model: Any = algorithm(learner.kind)("MultiInputPolicy", env, **settings)
    looks = Looks(task, learner.goal, steps)
    model.learn(steps, callback=looks)
    seconds, cpu = looks.seconds
    latest = recent(model)
    env.close()
    end = judge(model, task, learner.goal, task.episodes)
    best = max([score for _, _, score in looks.curve], default=end)
    return Result(
        name,
        learner.name,
        seed,
        steps,
        model.num_timesteps,
        seconds,
        task.score,
        end,
        best,
        looks.curve,
        round(cpu, 1),
        round(latest, 3),
    )


# ---- board games --------------------------------------------------------------------------------


def board_name(learner: str, nodes: int) -> str:
    """Return what a learner is called in the table."""
    return learner if learner == DQN else f"{learner}, {nodes} nodes"


def learn_board(
    options: argparse.Namespace, name: str, learners: list[str], seed: int, known: list[Result]
) -> list[Result]:
    """Carry out the runs of a board game; HFDQN gives a result for every budget of nodes.

    SB3's DQN takes as many steps as the run of HFDQN here, or the one that is `known`.
    """
    world, minutes, games = BOARDS[name], options.minutes, options.games
    file = options.out.with_name(f"{options.out.stem}-{world}-{minutes:g}-{seed}.zip")
    file.parent.mkdir(parents=True, exist_ok=True)
    found: list[Result] = []
    steps = [
        one.steps for one in known if (one.task, one.seed, one.budget) == (name, seed, minutes)
    ]
    for learner in learners:
        if learner == HFDQN:
            trained = train_hfdqn(world, minutes, seed, games, file, options.quiet)
        elif learner == UNTRAINED:
            trained = untrained_hfdqn(world, seed, games, file.with_suffix(".untrained.zip"))
        else:
            trained = train_dqn(world, max(steps), seed, games)
        steps.append(trained.steps)
        for key in trained.scores:
            called = ", ".join(filter(None, (learner, key)))
            found.append(_board_result(trained, name, called, seed, minutes, key))
    return found


def _board_result(
    trained: Trained, task: str, learner: str, seed: int, minutes: float, key: str
) -> Result:
    won = trained.scores[key]
    return Result(
        task,
        learner,
        seed,
        minutes,
        trained.steps,
        trained.seconds,
        "won of MCTS-100",
        won,
        won,
        [],
    )


# ---- the series ---------------------------------------------------------------------------------


Run = tuple[str, str, int, int]
"""A task, a learner, a seed and steps."""


def series(options: argparse.Namespace, known: list[Result]) -> Iterator[Result]:
    """Carry out the runs that are not known yet, so many at a time."""
    jobs: list[Callable[[], list[Result]]] = []
    done = {(one.task, one.learner, one.seed, one.budget) for one in known}
    for name in options.tasks:
        if why := _missing(name):
            print(f"{name} is skipped: {why}", flush=True)
            continue
        for seed in range(options.seeds):
            if name in BOARDS:
                learners = [
                    learner
                    for learner in _wanted(options, (HFDQN, UNTRAINED, DQN))
                    if (name, board_name(learner, NODES[-1]), seed, options.minutes) not in done
                ]
                if learners:
                    jobs.append(partial(learn_board, options, name, learners, seed, known))
                continue
            steps = max(1, round(TASKS[name].steps * options.scale))
            jobs += [
                partial(carry_out, (name, learner, seed, steps))
                for learner in _learners(options, name)
                if (name, learner, seed, steps) not in done
            ]
    for _, results in side_by_side(options, jobs):
        yield from results


def carry_out(run: Run) -> list[Result]:
    """Carry out one run in an environment."""
    name, learner, seed, steps = run
    learners = {one.name: one for one in TASKS[name].learners}
    return [learn(name, learners[learner], seed, steps)]


def _learners(options: argparse.Namespace, task: str) -> Iterator[str]:
    """Yield the learners of a task that are wanted and installed."""
    kinds = {one.name: one.kind for one in TASKS[task].learners}
    for name in _wanted(options, tuple(kinds)):
        if kinds[name] == QRDQN and importlib.util.find_spec("sb3_contrib") is None:
            print(f"{name} is skipped: pip install sb3-contrib", flush=True)
        else:
            yield name


def _wanted(options: argparse.Namespace, learners: tuple[str, ...]) -> list[str]:
    return [one for one in learners if options.learners is None or one in options.learners]


def _missing(name: str) -> str:
    """Return why a task cannot be run here; nothing if it can."""
    try:
        if name in BOARDS:
            import pyspiel  # noqa: F401, PLC0415 - is it there?
        else:
            worlds(TASKS[name], 1, None, 0).close()
    except (GameError, ImportError) as error:
        return str(error)
    return ""


def read(file: Path) -> list[Result]:
    """Return the runs of a file."""
    if not file.exists():
        return []
    return [Result(**json.loads(line)) for line in file.read_text().splitlines()]


def main() -> None:
    """Carry out what is missing and print the table."""
    options = _options()
    torch.set_num_threads(1)
    if options.judge is not None:
        model = hfdqn.HFDQN.load(options.judge, device="cpu")
        for name in options.tasks:
            print(f"{name}: {judge(model, TASKS[name], None, TASKS[name].episodes):.2f}")
        return
    results = read(options.out)
    try:
        for result in () if options.table else series(options, results):
            with options.out.open("a") as file:
                print(json.dumps(asdict(result)), file=file)
            results.append(result)
            print(
                f"{result.task}, {result.learner}, seed {result.seed}: {result.end:.3f} "
                f"after {result.steps:,} steps, {result.seconds:,.0f} s",
                flush=True,
            )
    except KeyboardInterrupt:
        print("interrupted; the same command goes on")
    Console(width=150).print(table(results, ENVIRONMENTS))
    if options.csv is not None:
        words = ["--tasks", ",".join(options.tasks), "--seeds", str(options.seeds)]
        words += ["--scale", str(options.scale)] if options.scale != 1 else []
        words += ["--learners", ",".join(options.learners)] if options.learners else []
        command = shlex.join(["python", "tests/benchmarks/learning_curves.py", *words])
        write_results(options.csv, command, lines(results, ENVIRONMENTS))
    if options.plot is not None:
        draw(results, ENVIRONMENTS, options.plot)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = (*TASKS, *BOARDS)
    parser.add_argument("--tasks", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--learners", help=f"only these, e.g. '{HFDQN},{DQN}'")
    parser.add_argument("--seeds", type=int, default=1, help="0, 1, ... so many")
    add_options(parser)
    parser.add_argument("--scale", type=float, default=1.0, help="of all steps")
    parser.add_argument("--minutes", type=float, default=20.0, help="of every board game")
    parser.add_argument("--games", type=int, default=100, help="of every match")
    parser.add_argument("--out", type=Path, default=Path("learning_curves.jsonl"))
    parser.add_argument("--table", action="store_true", help="only print what is known")
    parser.add_argument("--plot", type=Path, help="draw the curves (needs matplotlib)")
    parser.add_argument("--csv", type=Path, help="write the table as CSV")
    parser.add_argument("--judge", type=Path, metavar="FILE", help="only judge an HFDQN file")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args()
    options.out = options.out.resolve()  # the same file in other processes
    options.tasks = options.tasks.split(",")
    options.learners = None if options.learners is None else options.learners.split(",")
    if unknown := set(options.tasks) - {*names}:
        parser.error(f"there is no task {', '.join(sorted(unknown))}; tasks: {', '.join(names)}")
    return options


if __name__ == "__main__":
    main()
