"""`rlhf-train`: learn a game by self-play, or any other environment."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlhf_agents.cli import common, sweep
from rlhf_agents.cli.common import GAME_HELP, USER_MISTAKE, Parser, run_program
from rlhf_agents.cli.signals import end_now, ends_soon
from rlhf_agents.cli.train_compile import compile_first
from rlhf_agents.cluster.session import NO_GAME, ONE_WORKER, connect
from rlhf_agents.errors import SettingError
from rlhf_agents.files.atomic import check_writable
from rlhf_agents.limits import spare_cores
from rlhf_agents.settings import MAX_WORKERS

if TYPE_CHECKING:
    from rlhf_agents.hfdqn import HFDQN
    from rlhf_agents.training.train import TrainingConfig

EXAMPLES = """examples:
  rlhf-train --game connect_four --minutes 20 --out four.zip
  rlhf-train --game connect_four --minutes 60 --out better.zip --resume four.zip
  rlhf-train --game tic_tac_toe --steps 500000 --out three.zip --seed 1 --tensorboard runs
  rlhf-train --env CartPole-v1 --out cartpole.zip
  rlhf-train --env CartPole-v1 --steps 20000 --out pole.zip --hyper learning_rate=1e-3 gamma=0.98
  rlhf-train --env CartPole-v1 --out pole.zip --plot pole.png
  rlhf-train --resume cartpole.zip
  rlhf-play --game connect_four --agent four.zip

Ctrl-C and SIGTERM save and stop, and a run that is killed leaves its last checkpoint: --resume FILE
alone continues with the same environment and budget. The budget counts all training: a run of 20
minutes, resumed with --minutes 60, trains for 40 more. With --steps a run depends only on its
options, and a resumed run ends bit for bit where it would have ended without interruption (on the
CPU); with --minutes, schedules follow the clock. Games use all cores: one learns, the others look
ahead. How many do is an option, too: give --workers to repeat a run on another machine."""

MAX_STEPS = 10**12
MAX_ENVS = 65536
OTHER_NAMES = {
    "lr": "learning_rate",
    "batch": "batch_size",
    "discount": "gamma",
    "epsilon": "exploration_final_eps",
    "eps": "exploration_final_eps",
    "buffer": "buffer_size",
    "net_arch": "policy_kwargs=dict(net_arch=[...])",
    "nodes": "foresight.nodes",
}
"""Names of hyperparameters in other libraries."""


def parser() -> Parser:
    """Return the program's argument parser."""
    program = Parser(
        "rlhf-train",
        "Train an agent with hindsight and foresight: a game by self-play, or any other "
        "environment from its rewards.",
        EXAMPLES,
    )
    _add_environment(program)
    _add_budget(program)
    _add_files(program)
    return program


def _add_environment(program: Parser) -> None:
    add = program.add_argument_group("what is learnt").add_argument
    add("--game", "--env", dest="game", default="", metavar="GAME", help=GAME_HELP)
    add("--goal", metavar="NAME", help="goal to play for, in environments with named goals")
    add("--opponent", metavar="SPEC", help="opponent in two-player environments, e.g. random")
    add(
        "--option",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="for the environment's library; discretize=N gives each continuous action N values",
    )
    add(
        "--n-envs",
        type=common.whole(1, MAX_ENVS),
        metavar="N",
        help="side by side (default 256 for a game, otherwise 1 or the recommended number)",
    )
    add(
        "--plain",
        action="store_true",
        help="SB3's DQN with its own defaults, without recommended settings",
    )
    add("--policy", help="SB3's name of the policy (default: by the observations)")
    add(
        "--hyper",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="arguments of HFDQN, e.g. buffer_size=50000 'policy_kwargs=dict(net_arch=[64])' "
        "foresight.nodes=48, or foresight=True to learn a world model "
        "(default: recommended for the environment)",
    )
    words = "helpers that look ahead in games (default: one per core but one; resuming: as before)"
    add("--workers", type=common.whole(1, MAX_WORKERS), metavar="N", help=words)
    words = "a Ray cluster that helps with a game or a sweep (extra `ray`); auto is this machine's"
    add("--cluster", metavar="HOST:PORT", help=words)
    program.add_seed(
        "seed of everything random (default 0; with --resume: keep the file's random numbers, or "
        "use another seed)",
        default=None,
    )
    program.add_device()


def _add_budget(program: Parser) -> None:
    budget = program.add_argument_group("how long")
    either, between = (budget.add_mutually_exclusive_group() for _ in range(2))
    steps = common.whole(1, MAX_STEPS)
    minutes = "total training time (default 20 for a game)"
    either.add_argument("--minutes", type=float, metavar="M", help=minutes)
    words = "total environment steps (default elsewhere: as recommended)"
    either.add_argument("--steps", type=steps, metavar="N", help=words)
    words = "minutes between saves (default 5)"
    between.add_argument("--checkpoint-minutes", type=float, default=5.0, metavar="M", help=words)
    between.add_argument("--checkpoint-steps", type=steps, metavar="N", help="the same, in steps")
    words = "do not measure strength against alpha-beta (games only)"
    budget.add_argument("--no-strength", action="store_true", help=words)


def _add_files(program: Parser) -> None:
    add = program.add_argument_group("files").add_argument
    words = "model file to write (default: that of --resume, or the environment's name)"
    add("--out", type=Path, metavar="FILE.zip", help=words)
    add("--force", action="store_true", help="replace an existing --out")
    add("--resume", type=Path, metavar="FILE.zip", help="model file to continue from")
    words = (
        "try other settings in many runs (extra `sweep`); --out is a folder then, --workers at once"
    )
    add("--sweep", type=Path, metavar="FILE.yaml", help=words)
    words = "small files without replay buffer; a resumed run fills a new one"
    add("--no-replay", action="store_true", help=words)
    words = "save only what playing needs at the end (a tenth of the size; no replay to resume)"
    add("--compact", action="store_true", help=words)
    words = "then measure its levels, as rlhf-arena --calibrate does (games only; takes a while)"
    add("--calibrate", action="store_true", help=words)
    add("--tensorboard", type=Path, metavar="FOLDER", help="folder for TensorBoard logs")
    words = "draw the learning curve (extra `plots`), with its numbers in FILE.csv"
    add("--plot", type=Path, metavar="FILE.png", help=words)
    add("--theme", choices=("light", "dark"), default="light", help="of the picture")
    program.add_trust()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    options = parser().parse_args(arguments)
    return run_program(_train, options, arguments, handles_signals=True)


def _train(options: argparse.Namespace, arguments: Sequence[str] | None) -> int:
    own_process = arguments is None
    words = list(sys.argv[1:] if arguments is None else arguments)
    with ends_soon():  # until the run begins there is nothing to save
        _check(options)
        from rlhf_agents.training.train import train  # noqa: PLC0415 - torch takes seconds

        config = replace(config_of(options), command=shlex.join(["rlhf-train", *words]))
        if options.sweep is not None:
            return sweep.sweep(options, config)
        if own_process and not compile_first(config, words):
            return USER_MISTAKE
    model, interrupted = train(config)
    with ends_soon():  # everything is saved
        _report(options, config, model, interrupted)
    if own_process and interrupted:
        end_now()
    return 0


def _report(
    options: argparse.Namespace, config: TrainingConfig, model: HFDQN, interrupted: bool
) -> None:
    """Print the result of a run, and measure the levels of the agent if asked for."""
    ending = "interrupted; continue with --resume" if interrupted else "done"
    named = ("games", "moves") if model.game is not None else ("episodes", "steps")
    counts = f"{model.episodes} {named[0]}, {model.num_timesteps} {named[1]}"
    print(f"{ending}: {config.out}, {counts}")  # noqa: T201 - the program's output
    if interrupted:
        return
    if options.calibrate:
        from rlhf_agents.cli.calibrate import calibrate_file  # noqa: PLC0415 - torch takes seconds

        calibrate_file(config.out, None, config.seed or 0, cluster=config.cluster)
    print(f"play it: {_next_command(config.out)}")  # noqa: T201 - the program's output


def _next_command(path: Path) -> str:
    """Return the command that plays, or shows, the result."""
    from rlhf_agents.envs.trained_models import training_facts  # noqa: PLC0415 - as in `_train`
    from rlhf_agents.files.model_file import read_model  # noqa: PLC0415 - as in `_train`

    manifest = read_model(path, ()).manifest
    facts = training_facts(manifest)
    words = ["rlhf-play", "--game", str(facts.get("world", "NAME")), "--agent", str(path)]
    if manifest.get("game") is None:
        for key in ("goal", "opponent"):
            words += [f"--{key}", str(facts[key])] if facts.get(key) else []
        options = [f"{key}={value}" for key, value in (facts.get("options") or {}).items()]
        words += [*(["--option", *options] if options else []), "--watch"]
    return shlex.join(words)


def _check(options: argparse.Namespace) -> None:
    """Find mistakes before heavy imports."""
    if not options.game and options.resume is None:
        msg = "name an environment with --game or --env, or a file to continue from with --resume"
        raise SettingError(msg)
    if options.game:
        from rlhf_agents.envs.names import check_name, game_name  # noqa: PLC0415

        options.game = check_name(options.game)
        if options.calibrate and game_name(options.game) is None:
            msg = f"--calibrate needs a game with exact rules, which {options.game} does not have"
            raise SettingError(f"{msg}: leave it out")
    if options.cluster is not None:
        _check_cluster(options)
    if options.sweep is not None:
        sweep.check(options, _usual_file(options.game))
        return
    out = _with_ending(options.out or options.resume or _usual_file(options.game))
    same = options.resume is not None and _with_ending(options.resume) == out
    check_writable(out, force=options.force or same)
    options.out = out
    if options.plot is not None:
        _check_plot(options)


def _check_cluster(options: argparse.Namespace) -> None:
    """Connect to the cluster, and find what it cannot help with."""
    if options.sweep is None:
        from rlhf_agents.envs.names import game_name  # noqa: PLC0415 - seldom needed

        if options.game and game_name(options.game) is None:
            raise SettingError(NO_GAME.format(options.game))
        if options.workers == 1:
            raise SettingError(ONE_WORKER)
    connect(options.cluster)


def _check_plot(options: argparse.Namespace) -> None:
    from rlhf_agents.plots import HINT, available  # noqa: PLC0415 - seldom needed

    if not available():
        raise SettingError(HINT)
    for path in (options.plot, options.plot.with_suffix(".csv")):
        check_writable(path, force=options.force or options.resume is not None)


def _usual_file(game: str) -> Path:
    """Return the file of an environment: CartPole-v1.zip for `gymnasium:CartPole-v1`."""
    name = re.sub(r"[^\w.-]+", "_", game.rpartition(":")[2]).strip("_")
    return Path(f"{name}.zip")


def _with_ending(path: Path) -> Path:
    return path if path.suffix or path.is_dir() else path.with_suffix(".zip")


def config_of(options: argparse.Namespace) -> TrainingConfig:
    """Return the settings of a run, given what was asked on the command line."""
    from rlhf_agents.dqn import hyperparams  # noqa: PLC0415
    from rlhf_agents.envs.names import check_name  # noqa: PLC0415
    from rlhf_agents.files import literals  # noqa: PLC0415
    from rlhf_agents.training.train import TrainingConfig  # noqa: PLC0415

    for key, _ in literals.pairs(options.hyper):
        if key in OTHER_NAMES:
            msg = f"unknown hyperparameter {key!r}; did you mean {OTHER_NAMES[key]}?"
            raise SettingError(msg)
    extra = literals.pairs(options.option)
    return TrainingConfig(
        game=check_name(options.game) if options.game else "",
        minutes=options.minutes,
        steps=options.steps,
        out=options.out,
        seed=options.seed,
        resume=options.resume,
        n_envs=options.n_envs,
        checkpoint_minutes=options.checkpoint_minutes,
        checkpoint_steps=options.checkpoint_steps,
        measures_strength=not options.no_strength,
        device=common.checked_device(options.device),
        trust=options.trust,
        tensorboard=options.tensorboard,
        compact=options.compact,
        plain=options.plain,
        quiet=options.quiet,
        keep_replay=not options.no_replay,
        policy=options.policy,
        settings=hyperparams.from_words(options.hyper),
        goal=options.goal,
        opponent=options.opponent,
        options={key: literals.value(text) for key, text in extra},
        plot=options.plot,
        theme=options.theme,
        workers=_workers(options),
        cluster=options.cluster,
    )


def _workers(options: argparse.Namespace) -> int | None:
    """Return the helpers of a run, None for the number of its file or cluster, or 1 in a sweep."""
    if options.sweep:
        return None  # --workers counts its runs
    return options.workers or (None if options.resume or options.cluster else spare_cores())


if __name__ == "__main__":
    raise SystemExit(main())
