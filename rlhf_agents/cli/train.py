"""`rlhf-train`: learn a game by self-play."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import rlhf_games
from rlhf_agents.cli.common import check_writable, run_program

EXAMPLES = """examples:
  rlhf-train --game connect_four --minutes 20 --out four.zip
  rlhf-train --game connect_four --minutes 60 --out four.zip --resume four.zip --seed 1
  rlhf-train --game tic_tac_toe --minutes 1 --out three.zip --tensorboard runs
  rlhf-play --game connect_four --agent four.zip

Ctrl-C saves and ends; --resume goes on. Both cores are used: one learns, one looks ahead."""


def parser() -> argparse.ArgumentParser:
    """Return the program's argument parser."""
    program = argparse.ArgumentParser(
        prog="rlhf-train",
        description="Train an agent by self-play with hindsight and foresight.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    program.add_argument("--game", required=True, help="name of the game, e.g. connect_four")
    program.add_argument("--minutes", type=float, default=20.0, help="time budget (default 20)")
    program.add_argument("--out", type=Path, required=True, help="model file to write")
    program.add_argument("--seed", type=int, default=0, help="of everything random (default 0)")
    program.add_argument("--resume", type=Path, help="model file to go on from")
    program.add_argument("--n-envs", type=int, default=256, help="games side by side (default 256)")
    program.add_argument(
        "--checkpoint-minutes", type=float, default=5.0, help="between saves (default 5)"
    )
    program.add_argument("--tensorboard", type=Path, help="folder for TensorBoard logs")
    program.add_argument(
        "--compact", action="store_true",
        help="at the end keep only what playing needs (a tenth of the size, no --resume)",
    )  # fmt: skip
    program.add_argument("--quiet", action="store_true", help="no progress bar")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    return run_program(_train, parser().parse_args(arguments), arguments)


def _train(options: argparse.Namespace, arguments: Sequence[str] | None) -> int:
    rlhf_games.make(options.game)
    check_writable(options.out)
    from rlhf_agents.training import Plan, train  # noqa: PLC0415 - torch takes seconds to import

    words = list(sys.argv[1:] if arguments is None else arguments)
    plan = Plan(
        game=options.game,
        minutes=options.minutes,
        out=options.out,
        seed=options.seed,
        resume=options.resume,
        n_envs=options.n_envs,
        checkpoint_minutes=options.checkpoint_minutes,
        tensorboard=options.tensorboard,
        compact=options.compact,
        quiet=options.quiet,
        command=shlex.join(["rlhf-train", *words]),
    )
    model, interrupted = train(plan)
    ending = "interrupted; go on with --resume" if interrupted else "done"
    print(f"{ending}: {plan.out}, {model.episodes} games, {model.num_timesteps} moves")  # noqa: T201
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
