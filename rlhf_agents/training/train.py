"""Training: from a plan to a model file, for games and for any other world."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.dqn import hyperparams as hyper_parameters
from rlhf_agents.envs.open_env import WorldOrder, open_world, policy_of
from rlhf_agents.errors import ModelFileError, OutputError, SettingError, WorldFailureError
from rlhf_agents.evaluation.strength import Strength, score_against_alpha_beta
from rlhf_agents.files.atomic import remove_leftovers
from rlhf_agents.files.model_file import POLICY, RUN_GROUPS, ModelFile, read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.training.progress import tell
from rlhf_agents.training.run import KEPT, Over, Plan, Run
from rlhf_agents.training.run_state import restore
from rlhf_agents.training.stopping import StopRequests

__all__ = ["Plan", "prepare", "train"]

GAME_MINUTES = 20.0
LOG_EVERY_EPISODES = {True: 4096, False: 20}
"""Whether it is a game, and how many episodes lie between lines of the log."""


def train(plan: Plan, strength: Strength | None = None) -> tuple[HFDQN, bool]:
    """Carry out a training run.

    Args:
        plan: what is asked.
        strength: how strength is measured on the way; on a game by default against alpha-beta.

    Returns:
        the model, and whether it was asked to stop early (the file is written all the same).

    Raises:
        SettingError: the plan cannot work.
        rlhf_agents.errors.ModelFileError: the file to resume from cannot be used.
        OutputError: the model file cannot be written.
        WorldFailureError: the environment failed; what was learnt is saved.
    """
    with StopRequests() as requests:
        model, plan = prepare(plan)
        if plan.steps is not None and model.num_timesteps >= plan.steps:
            tell(f"nothing is left to do of {plan.steps} steps; a larger budget goes on")
            return model, False
        if strength is None and model.game is not None:
            strength = score_against_alpha_beta
        named = ("command", "seed", "minutes", "steps")
        model.notes = {name: getattr(plan, name) for name in named}
        run = Run(plan, requests, strength)
        try:
            _learn(model, run)
        finally:
            run.close()
    return model, run.interrupted


def _learn(model: HFDQN, run: Run) -> None:
    plan = run.plan
    todo = 2**62 if plan.steps is None else plan.steps - model.num_timesteps
    try:
        model.learn(
            todo, callback=run, log_interval=LOG_EVERY_EPISODES[model.game is not None],
            reset_num_timesteps=plan.resume is None,
        )  # fmt: skip
    except Over:
        pass
    except KeyboardInterrupt:
        tell(f"stopped in the middle of a step: {plan.out} is what was last saved, if anything")
        raise
    except WorldFailureError as error:
        raise WorldFailureError(f"{error}; {_rescue(run)}") from error


def _rescue(run: Run) -> str:
    """Save what was learnt before an environment failed, and say how to go on."""
    try:
        run.save(episodes=False)
    except OutputError as error:
        return f"{error}, so what was learnt since the last checkpoint is lost"
    return f"{run.plan.out} holds what was learnt, and --resume goes on with new episodes"


# ---- the model to train ------------------------------------------------------------------------


def prepare(plan: Plan) -> tuple[HFDQN, Plan]:
    """Return the model that a run trains, new or read from `plan.resume`, and the plan completed.

    Raises:
        SettingError: the plan cannot work.
        ModelFileError: the file to resume from cannot be used.
    """
    file = None if plan.resume is None else read_model(plan.resume, (POLICY, *RUN_GROUPS))
    reseeded = plan.seed is not None
    plan = _complete(plan, file)
    _check(plan)
    order = WorldOrder(
        plan.game, plan.n_envs, plan.goal, plan.opponent, plan.seed or 0, plan.options
    )
    env = open_world(order)
    plan = replace(plan, n_envs=env.num_envs, out=_with_ending(plan.out))
    remove_leftovers(plan.out)
    if not isinstance(env.action_space, spaces.Discrete):
        msg = f"HFDQN needs discrete actions, and {plan.game} has {env.action_space}"
        raise SettingError(msg)
    if file is None:
        model = _new(plan, env)
        return model, _with_budget(plan, model)
    model = _resumed(plan, env, file, reseeded)
    return model, _with_budget(plan, model)


def _complete(plan: Plan, file: ModelFile | None) -> Plan:
    """Take from the file to resume what the plan leaves open."""
    if file is None:
        return replace(plan, seed=plan.seed or 0)
    if plan.settings or plan.policy:
        msg = "hyper-parameters and the policy belong to a new run; a resumed one has the file's"
        raise SettingError(msg)
    facts = file.manifest.get("run") or {"world": file.manifest.get("game")}
    world = facts.get("world")
    if plan.game and world and plan.game != world:
        msg = f"{file.path} was trained for {world}, not for {plan.game}"
        raise ModelFileError(msg)
    if not (plan.game or world):
        msg = f"{file.path} does not say which world it was trained for: name it by --game"
        raise SettingError(msg)
    if not plan.game and str(world).count(":") > 1:  # Gymnasium would import a module
        msg = f"{file.path} names the world {world}: repeat it by --game if you trust the file"
        raise SettingError(msg)
    kept = {name: facts[name] for name in KEPT if facts.get(name) is not None}
    for name, each in kept.items():
        if not isinstance(each, KEPT[name]):
            msg = f"{file.path} does not describe a training run: {name} is {each!r}"
            raise ModelFileError(msg)
    if plan.steps is not None or plan.minutes is not None:
        kept = {name: each for name, each in kept.items() if name not in {"steps", "minutes"}}
    given = {name: getattr(plan, name) for name in KEPT if getattr(plan, name) not in (None, {})}
    return replace(plan, **{"seed": 0, **kept, **given, "game": plan.game or str(world)})


def _check(plan: Plan) -> None:
    if plan.minutes is not None and plan.steps is not None:
        msg = "a budget is either minutes or steps, not both"
    elif plan.minutes is not None and not plan.minutes > 0:
        msg = f"minutes must be above 0, got {plan.minutes}"
    elif plan.steps is not None and plan.steps < 1:
        msg = f"steps must be at least 1, got {plan.steps}"
    elif plan.checkpoint_steps is not None and plan.checkpoint_steps < 1:
        msg = f"checkpoint_steps must be at least 1, got {plan.checkpoint_steps}"
    elif plan.seed is not None and not 0 <= plan.seed < 2**32:
        msg = f"a seed is a number from 0 to 2**32 - 1, got {plan.seed}"
    else:
        return
    raise SettingError(msg)


def _with_ending(path: Path) -> Path:
    return path if path.suffix else path.with_suffix(".zip")


def _with_budget(plan: Plan, model: HFDQN) -> Plan:
    if plan.minutes is not None or plan.steps is not None:
        return plan
    if model.game is not None:
        return replace(plan, minutes=GAME_MINUTES)
    return replace(plan, steps=int(hyper_parameters.of_world(plan.game)["n_timesteps"]))


def _new(plan: Plan, env: VecEnv) -> HFDQN:
    log = None if plan.tensorboard is None else str(plan.tensorboard)
    settings = dict(plan.settings)
    policy = plan.policy
    if not env.has_attr("game"):
        named = hyper_parameters.of_world(plan.game)
        settings = {
            **{key: each for key, each in named.items() if key in hyper_parameters.KNOWN},
            **settings,
        }
        policy = policy or policy_of(env, plan.game)
    arguments: dict[str, Any] = hyper_parameters.as_arguments(settings)
    try:
        return HFDQN(
            policy or "MultiInputPolicy", env, seed=plan.seed, tensorboard_log=log, **arguments
        )
    except (AssertionError, TypeError, ValueError) as error:
        msg = f"HFDQN cannot learn {plan.game} with these hyper-parameters: {error}"
        raise SettingError(msg) from error


def _resumed(plan: Plan, env: VecEnv, file: ModelFile, reseeded: bool) -> HFDQN:
    log = None if plan.tensorboard is None else str(plan.tensorboard)
    assert plan.resume is not None
    try:
        model = HFDQN.load(plan.resume, env=env, tensorboard_log=log, seed=plan.seed)
    except (AssertionError, ValueError) as error:
        msg = f"{plan.resume} does not fit {plan.game}: {error}"
        raise ModelFileError(msg) from error
    notes = restore(model, file, same_random=not reseeded)
    for note in notes:
        tell(f"resuming {plan.resume}: {note}")
    return model
