"""`rlhf-train`: learn a game by self-play, or any other world."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlhf_agents.cli.common import Parser, check_writable, run_program
from rlhf_agents.errors import SettingError

EXAMPLES = """examples:
  rlhf-train --game connect_four --minutes 20 --out four.zip
  rlhf-train --game connect_four --minutes 60 --out better.zip --resume four.zip
  rlhf-train --game tic_tac_toe --steps 500000 --out three.zip --seed 1 --tensorboard runs
  rlhf-train --env CartPole-v1 --out cartpole.zip
  rlhf-train --env CartPole-v1 --steps 20000 --out pole.zip --hyper learning_rate=1e-3 gamma=0.98
  rlhf-train --resume cartpole.zip
  rlhf-play --game connect_four --agent four.zip

Ctrl-C and SIGTERM save and end, and a run that is killed leaves its last checkpoint: --resume FILE
alone goes on with the same world and budget. The budget counts all training, also that before: 20
minutes, resumed with --minutes 60, are trained for 40 more. With --steps a run depends on nothing
but its options, and a resumed run ends bit for bit where it would have ended without interruption
(on the CPU); with --minutes, schedules follow the clock. On a game both cores are used: one learns,
one looks ahead."""


def parser() -> argparse.ArgumentParser:
    """Return the program's argument parser."""
    program = Parser(
        prog="rlhf-train",
        description="Train an agent with hindsight and foresight: a game by self-play, or any "
        "other world by what it rewards.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_world(program)
    _add_budget(program)
    _add_files(program)
    return program


def _add_world(program: argparse.ArgumentParser) -> None:
    world = program.add_argument_group("what is learnt")
    world.add_argument(
        "--game",
        "--env",
        dest="game",
        default="",
        metavar="WORLD",
        help="a game such as connect_four, LIBRARY:WORLD, or an id of Gymnasium's such as "
        "CartPole-v1",
    )
    world.add_argument("--goal", help="what to play for, where a world has goals by name")
    world.add_argument("--opponent", help="in two-player worlds, e.g. random")
    world.add_argument(
        "--option",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="for the library of the world",
    )
    world.add_argument(
        "--n-envs",
        type=int,
        help="side by side (default 256 of a game, else 1 or what is known to be good)",
    )
    world.add_argument(
        "--seed",
        type=int,
        help="of everything random (default 0; with --resume: go on with the file's random "
        "numbers, or with those of another seed)",
    )
    world.add_argument("--policy", help="SB3's name of it (default: by the observations)")
    world.add_argument(
        "--hyper",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="arguments of HFDQN, e.g. buffer_size=50000 'policy_kwargs=dict(net_arch=[64])' "
        "foresight.nodes=48, or foresight=True where the rules have to be learnt "
        "(default: what is known to be good for the world)",
    )


def _add_budget(program: argparse.ArgumentParser) -> None:
    budget = program.add_argument_group("how long")
    either = budget.add_mutually_exclusive_group()
    either.add_argument("--minutes", type=float, help="of training in all (default 20 for a game)")
    either.add_argument(
        "--steps", type=int, help="of the environments in all (default elsewhere: as known)"
    )
    between = budget.add_mutually_exclusive_group()
    between.add_argument(
        "--checkpoint-minutes", type=float, default=5.0, help="between saves (default 5)"
    )
    between.add_argument("--checkpoint-steps", type=int, help="the same, in steps")


def _add_files(program: argparse.ArgumentParser) -> None:
    files = program.add_argument_group("files")
    files.add_argument("--out", type=Path, help="model file to write (default: that of --resume)")
    files.add_argument("--resume", type=Path, help="model file to go on from")
    files.add_argument(
        "--no-replay",
        action="store_true",
        help="small files without what was seen; a resumed run sees it anew",
    )
    files.add_argument(
        "--compact",
        action="store_true",
        help="at the end keep only what playing needs (a tenth of the size; no replay to resume)",
    )
    files.add_argument("--tensorboard", type=Path, help="folder for TensorBoard logs")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_train, parser().parse_args(arguments), arguments)


def _train(options: argparse.Namespace, arguments: Sequence[str] | None) -> int:
    _check(options)
    from rlhf_agents.training.train import train  # noqa: PLC0415 - torch takes seconds to import

    words = list(sys.argv[1:] if arguments is None else arguments)
    config = _plan(options, shlex.join(["rlhf-train", *words]))
    model, interrupted = train(config)
    ending = "interrupted; go on with --resume" if interrupted else "done"
    named = ("games", "moves") if model.learner is not None else ("episodes", "steps")
    counts = f"{model.episodes} {named[0]}, {model.num_timesteps} {named[1]}"
    print(f"{ending}: {config.out}, {counts}")  # noqa: T201
    return 0


def _check(options: argparse.Namespace) -> None:
    """Find mistakes before anything heavy is imported."""
    if not options.game and options.resume is None:
        msg = "name what to learn by --game or --env, or a file to go on from by --resume"
        raise SettingError(msg)
    if options.out is None and options.resume is None:
        msg = "name the model file to write by --out"
        raise SettingError(msg)
    if options.game:
        from rlhf_agents.envs.names import check_name  # noqa: PLC0415

        check_name(options.game)
    check_writable(options.out or options.resume)


def _plan(options: argparse.Namespace, command: str) -> Any:
    from rlhf_agents.dqn import hyperparams  # noqa: PLC0415
    from rlhf_agents.files import literals  # noqa: PLC0415
    from rlhf_agents.training.train import TrainingConfig  # noqa: PLC0415

    extra = literals.pairs(options.option)
    return TrainingConfig(
        game=options.game,
        minutes=options.minutes,
        steps=options.steps,
        out=options.out or options.resume,
        seed=options.seed,
        resume=options.resume,
        n_envs=options.n_envs,
        checkpoint_minutes=options.checkpoint_minutes,
        checkpoint_steps=options.checkpoint_steps,
        tensorboard=options.tensorboard,
        compact=options.compact,
        quiet=options.quiet,
        command=command,
        keep_replay=not options.no_replay,
        policy=options.policy,
        settings=hyperparams.from_words(options.hyper),
        goal=options.goal,
        opponent=options.opponent,
        options={key: literals.value(text) for key, text in extra},
    )


if __name__ == "__main__":
    raise SystemExit(main())
