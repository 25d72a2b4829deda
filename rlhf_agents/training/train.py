"""Training: from a config to a model file, for games and all other environments."""

from __future__ import annotations

import shlex
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from rlhf_agents.cluster.session import NO_GAME, ONE_WORKER, cluster_cores, last_words
from rlhf_agents.dqn import hyperparams
from rlhf_agents.dqn.env_access import game_of
from rlhf_agents.dqn.recommended import ATTRIBUTE
from rlhf_agents.envs.names import GYMNASIUM, check_name
from rlhf_agents.envs.open_env import EnvConfig, open_env, policy_of
from rlhf_agents.envs.trained_models import TRAINED_IN, require_same, training_facts
from rlhf_agents.errors import (
    EnvironmentFailureError,
    ModelFileError,
    OutputError,
    SettingError,
    UserError,
)
from rlhf_agents.evaluation.strength import AlphaBetaScore, StrengthMeter
from rlhf_agents.files.atomic import remove_leftovers, write_atomically
from rlhf_agents.files.model_file import POLICY, ModelFile, read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.limits import checked_count, checked_seed
from rlhf_agents.players.actors import check_fits
from rlhf_agents.progress import note, warn
from rlhf_agents.selfplay.learner import GameLearner
from rlhf_agents.settings import MAX_WORKERS, Foresight
from rlhf_agents.training.run import KEPT, Over, Run, TrainingConfig, kept_facts
from rlhf_agents.training.run_checks import run_facts
from rlhf_agents.training.run_state import restore
from rlhf_agents.training.stopping import Stopped, StopRequests
from rlhf_games.base import GameError

__all__ = ["TrainingConfig", "prepare", "train"]

RANGES = {"n_envs": (1, 10_000), "seed": (0, 2**32 - 1)}
"""Limits of numbers in a file; `n_envs` of a config may be larger."""
MOST_LETTERS = 200
"""The most characters of an environment's name in a file."""
GAME_MINUTES = 20.0
MOST_STEPS = 10**12
GAMES_PER_LOG, EPISODES_PER_LOG = 4096, 20
"""Games of self-play, or episodes elsewhere, between two lines of the log."""


def train(config: TrainingConfig, strength: StrengthMeter | None = None) -> tuple[HFDQN, bool]:
    """Carry out a training run.

    Args:
        config: the settings of the run.
        strength: measures strength during the run; by default, for a game, against alpha-beta.

    Returns:
        the model, and whether it was stopped early (the file is written in any case).

    Raises:
        SettingError: the config is invalid.
        rlhf_agents.errors.ModelFileError: the file to resume from cannot be used.
        OutputError: the model file cannot be written.
        EnvironmentFailureError: the environment failed; the model was saved.
    """
    with StopRequests() as requests:
        model, config = prepare(config)
        if config.steps is not None and model.num_timesteps >= config.steps:
            warn(f"all {config.steps} steps are done; give a larger budget to continue")
            _write_again(config, model)
            return model, False
        if strength is None and model.game is not None and config.measures_strength:
            strength = AlphaBetaScore()
        run = Run(config, requests, strength)
        try:
            with _last_words(config):
                _learn(model, run)
        finally:
            run.close()
    if run.curve is not None and run.curve.curve is None:
        warn(f"{config.plot} was not written: the run was too short to measure anything")
    return model, run.interrupted


def _last_words(config: TrainingConfig) -> AbstractContextManager[None]:
    """Return a context that says how to go on if Ray ends the program."""
    if config.cluster is None:
        return nullcontext()
    command = shlex.join(["rlhf-train", "--resume", str(config.out)])
    return last_words(
        "error: the run was ended, by Ray if the head of its cluster is gone: "
        f"{command} continues from the last checkpoint"
    )


def _write_again(config: TrainingConfig, model: HFDQN) -> None:
    """Write a finished run where, and as, this run is asked to write it."""
    assert config.resume is not None
    if config.compact:
        file = _read(config.resume, config.trust)
        facts = {TRAINED_IN: kept_facts(config)}
        model.save_agent(config.out, file.manifest.get("notes") or {}, facts)
    elif config.out.resolve() != config.resume.resolve():
        write_atomically(config.out, config.resume.read_bytes())


def _learn(model: HFDQN, run: Run) -> None:
    config = run.config
    todo = 2**62 if config.steps is None else config.steps - model.num_timesteps
    try:
        model.learn(
            todo,
            callback=run,
            log_interval=EPISODES_PER_LOG if model.game is None else GAMES_PER_LOG,
            reset_num_timesteps=config.resume is None,
            used_share=run.used_share,
        )
    except Over:
        pass
    except Stopped as stopped:
        run.stop_early(stopped.at_rest)
    except KeyboardInterrupt:
        if run.requests.begun:
            warn(f"stopped in the middle of a step: {config.out} is the last checkpoint, if any")
        raise
    except EnvironmentFailureError as error:
        raise EnvironmentFailureError(f"{error}; {_rescue(run)}") from error


def _rescue(run: Run) -> str:
    """Save the model after an environment failed, and return how to continue."""
    try:
        run.save(episodes=False)
    except OutputError as error:
        return f"{error}, so training since the last checkpoint is lost"
    return f"the model is saved in {run.config.out}, and --resume continues with new episodes"


# ---- the model to train ------------------------------------------------------------------------


def prepare(config: TrainingConfig) -> tuple[HFDQN, TrainingConfig]:
    """Return the model to train, new or from `config.resume`, and the complete config.

    Raises:
        SettingError: the config cannot work.
        ModelFileError: the file to resume from cannot be used.
    """
    file = None if config.resume is None else _read(config.resume, config.trust)
    reseeded = config.seed is not None
    config = _complete(config, file)
    _check(config)
    if config.cluster is not None and config.workers is None:
        config = replace(config, workers=_workers_there(config.cluster, file))
    opened = EnvConfig(
        config.game,
        goal=config.goal,
        opponent=config.opponent,
        seed=config.seed or 0,
        options=config.options,
    )
    resumed = _without_env(config)
    observed = None if resumed is None else resumed.observation_space
    n_envs = 1 if config.plain and config.n_envs is None else config.n_envs
    try:
        env = open_env(opened, n_envs, observed)
    except (UserError, GameError) as error:
        if file is None:
            raise
        msg = f"{file.path} cannot be resumed: {error}"
        raise ModelFileError(msg) from error
    if resumed is not None:
        check_fits(resumed, str(config.resume), env, config.game, config.goal)
    if config.cluster is not None and game_of(env) is None:
        raise SettingError(NO_GAME.format(config.game))
    config = replace(config, n_envs=env.num_envs, out=with_ending(config.out))
    remove_leftovers(config.out)
    if not isinstance(env.action_space, spaces.Discrete):
        msg = f"HFDQN needs discrete actions, and {config.game} has {env.action_space}"
        raise SettingError(msg)
    model = _new(config, env) if file is None else _resumed(config, env, file, reseeded)
    model.trained_goal = config.goal
    return model, _with_budget(config, model)


def _read(path: Path, trust: bool) -> ModelFile:
    """Return the file to resume; a trusted file that SB3 wrote is not read here."""
    try:
        return read_model(path, (POLICY,))
    except ModelFileError:
        if trust and path.is_file():
            return ModelFile(str(path), {}, {})
        raise


def _without_env(config: TrainingConfig) -> HFDQN | None:
    """Return the model to resume, None for a new one and for games.

    Its observation space decides in which form its environment is opened.
    """
    if config.resume is None or not config.game.startswith(f"{GYMNASIUM}:"):
        return None
    return HFDQN.load(config.resume, trust=config.trust)


def _complete(config: TrainingConfig, file: ModelFile | None) -> TrainingConfig:
    """Complete the config from the file to resume."""
    if config.game:
        config = replace(config, game=check_name(config.game))
    if file is None:
        return replace(config, seed=config.seed or 0, goal=_goal_of(config))
    if config.settings or config.policy:
        msg = "hyperparameters and the policy are for a new run; a resumed run uses the file's"
        raise SettingError(msg)
    raw = (run_facts(file) or {}).get("world")
    if raw is not None and not (isinstance(raw, str) and len(raw) <= MOST_LETTERS):
        msg = f"{file.path} does not describe a training run: its environment is {raw!r:.80}"
        raise ModelFileError(msg)
    facts = training_facts(file.manifest)
    env_name = facts.get("world")
    require_same(file.path, env_name, config.game)
    if not (config.game or env_name):
        msg = f"{file.path} does not say which environment it was trained for: name it with --game"
        raise SettingError(msg)
    if not config.game and str(env_name).count(":") > 1:  # Gymnasium would import a module
        msg = f"{file.path} names {env_name}: repeat it with --game if you trust the file"
        raise SettingError(msg)
    kept = {name: facts[name] for name in KEPT if facts.get(name) is not None}
    for name, each in kept.items():
        least, most = RANGES.get(name, (None, None))
        if not isinstance(each, KEPT[name]) or (least is not None and not least <= each <= most):
            msg = f"{file.path} does not describe a training run: {name} is {each!r}"
            raise ModelFileError(msg)
    if config.steps is not None or config.minutes is not None:
        kept = {name: each for name, each in kept.items() if name not in {"steps", "minutes"}}
    given = {
        name: getattr(config, name) for name in KEPT if getattr(config, name) not in (None, {})
    }
    return replace(config, **{"seed": 0, **kept, **given, "game": config.game or str(env_name)})


def _goal_of(config: TrainingConfig) -> str | None:
    """Return the goal of a new run: by default the one that is known to lead to the rewards."""
    if config.goal is not None or config.plain:
        return config.goal
    known = hyperparams.of_env(config.game).get("goal")
    if known is not None:
        note(f"note: playing for the goal {known}; --goal score plays for the rewards themselves")
    return known


def _check(config: TrainingConfig) -> None:
    if config.minutes is not None and config.steps is not None:
        msg = "a budget is either minutes or steps, not both"
        raise SettingError(msg)
    if config.minutes is not None and not config.minutes > 0:
        msg = f"minutes must be above 0, got {config.minutes}"
        raise SettingError(msg)
    for name in ("steps", "checkpoint_steps"):
        if getattr(config, name) is not None:
            checked_count(name, getattr(config, name), 1, MOST_STEPS)
    if config.workers is not None:
        checked_count("workers", config.workers, 1, MAX_WORKERS)
    checked_seed(config.seed or 0)


def with_ending(path: Path) -> Path:
    """Return the path of a model file: with `.zip` if it has no ending."""
    return path if path.suffix else path.with_suffix(".zip")


def _with_budget(config: TrainingConfig, model: HFDQN) -> TrainingConfig:
    if config.minutes is not None or config.steps is not None:
        return config
    if model.game is not None:
        return replace(config, minutes=GAME_MINUTES)
    return replace(config, steps=int(hyperparams.of_env(config.game, config.goal)["n_timesteps"]))


def _new(config: TrainingConfig, env: VecEnv) -> HFDQN:
    log = None if config.tensorboard is None else str(config.tensorboard)
    policy = config.policy
    if game_of(env) is None:
        policy = policy or policy_of(env, config.game)
    elif config.plain:
        msg = f"{config.game} needs self-play, which plain DQN does not have: leave out --plain"
        raise SettingError(msg)
    settings = config.settings
    if game_of(env) is not None:
        settings = _for_workers(settings, config.workers or 1)
    arguments = hyperparams.as_arguments(settings)
    if not config.plain:
        known = hyperparams.recommended(config.game, env.num_envs, config.goal)
        known = known or hyperparams.for_goals(env.observation_space)
        known = known or hyperparams.recommended("default", env.num_envs)
        setattr(env, ATTRIBUTE, known)
    try:
        model = HFDQN(
            policy or "MultiInputPolicy",
            env,
            **{"device": config.device, **arguments},
            seed=config.seed,
            tensorboard_log=log,
            recommended=not config.plain,
        )
    except (AssertionError, TypeError, ValueError) as error:
        msg = f"HFDQN cannot learn {config.game} with these hyperparameters: {error}"
        raise SettingError(msg) from error
    _use_cluster(model, config.cluster)
    return model


def _for_workers(settings: dict[str, object], workers: int) -> dict[str, object]:
    """Return settings for a number of helpers; what the user gave stays."""
    given = settings.get("foresight", {})
    if workers == 1 or not isinstance(given, dict):
        return settings
    return {**settings, "foresight": {**asdict(Foresight().for_workers(workers)), **given}}


def _resumed(config: TrainingConfig, env: VecEnv, file: ModelFile, reseeded: bool) -> HFDQN:
    log = None if config.tensorboard is None else str(config.tensorboard)
    assert config.resume is not None
    try:
        model = HFDQN.load(
            config.resume,
            env=env,
            device=config.device,
            trust=config.trust,
            tensorboard_log=log,
            seed=config.seed,
        )
    except (AssertionError, ValueError) as error:
        msg = f"{config.resume} does not fit {config.game}: {error}"
        raise ModelFileError(msg) from error
    notes = _change_workers(model, config.workers)
    _use_cluster(model, config.cluster)
    notes += restore(model, file, same_random=not reseeded)
    for said in notes:
        warn(f"resuming {config.resume}: {said}")
    return model


def _change_workers(model: HFDQN, workers: int | None) -> list[str]:
    """Continue with another number of helpers; return what to say about it."""
    before = model.foresight.workers
    if workers in {None, before} or not isinstance(model.learner, GameLearner):
        return []
    model.foresight = replace(model.foresight, workers=workers)
    model.learner.begin()
    return [f"it goes on with --workers {workers} instead of {before}, so it ends elsewhere"]


def _workers_there(address: str, file: ModelFile | None) -> int | None:
    """Return the cores of a cluster, None to go on with those that a file was laid out for."""
    foresight = {} if file is None else file.manifest.get("foresight", {})
    known = isinstance(foresight, dict) and foresight.get("workers", 1) != 1
    cores = cluster_cores(address)
    return None if known else min(max(2, cores), MAX_WORKERS)


def _use_cluster(model: HFDQN, address: str | None) -> None:
    if address is None or not isinstance(model.learner, GameLearner):
        return
    from rlhf_agents.selfplay.ray_crew import RayCrew  # noqa: PLC0415 - an optional extra

    if model.foresight.workers == 1:
        raise SettingError(ONE_WORKER)
    settings = model.foresight, model.hindsight
    model.learner.use(RayCrew(model.learner.game, settings, address))
