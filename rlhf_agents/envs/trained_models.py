"""The facts in a model file about the environment that it was trained in.

Every program that joins a model with an environment uses this module: settings that the user leaves
open are as in training, and combinations that do not fit are refused or noted.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from rlhf_adapters.specs import EnvConfig
from rlhf_agents.envs.kinds import Info
from rlhf_agents.envs.names import GYMNASIUM, check_name, full_name, same_env
from rlhf_agents.errors import ModelFileError
from rlhf_agents.files.model_file import read_model
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.players.actors import RANDOM, load_model, model_path, split_nodes
from rlhf_agents.progress import note
from rlhf_games.base import GameError

TRAINED_IN = "trained_in"
"""Manifest key: the environment and goal of training."""
COMPILED = "minatar"
"""The library of which we have compiled games that can be looked ahead in."""
WRAP = "wrap"
REMEMBERED = {"goal": str, "opponent": str, "options": dict}


def training_facts(manifest: Info) -> Info:
    """Return a file's facts about its training, {} if there are none.

    The environment, `world`, has its canonical name, however older files spell it.
    """
    facts = manifest.get("run") or manifest.get(TRAINED_IN) or {}
    facts = dict(facts) if isinstance(facts, dict) else {}
    name = facts.get("world") or manifest.get("game")
    if isinstance(name, str) and name:
        with contextlib.suppress(GameError):  # it may not be installed here
            name = full_name(name)
        facts["world"] = name
    return facts


def require_same(path: str, trained: str | None, name: str) -> None:
    """Raise `ModelFileError` if a model was trained in another environment than `name`."""
    if trained and name and not same_env(trained, name):
        msg = f"{path} was trained for {trained}, not for {name}"
        raise ModelFileError(msg)


def load_for(
    config: EnvConfig, agent: str, *, trust: bool = False, device: str = "auto"
) -> tuple[EnvConfig, HFDQN | None]:
    """Return the model that acts in an environment, and the environment as it was in training.

    Goal, opponent and options are those of the training run where `config` leaves them open.

    Args:
        config: the environment, without exact rules.
        agent: "random", "agent" (the one that comes with the environment) or FILE.zip, with "@240"
            behind it if it looks ahead.
        trust: use SB3's reader, which runs whatever code the file holds.
        device: where its network runs.

    Returns:
        The completed config and the model, None for "random".

    Raises:
        SettingError: the name is unknown, or the model plays a game.
        ModelFileError: the file cannot be used.
        rlhf_games.base.GameError: there is no such environment.
    """
    config = replace(config, name=check_name(config.name))
    agent, nodes = split_nodes(agent)
    if nodes and config.library == COMPILED:  # by default one game is the original library's
        config = replace(config, options={"fast": True, **config.options})
    if agent == RANDOM:
        return config, None
    agent = model_path(agent, config.name)
    model = load_model(agent, config.name, trust=trust, device=device)
    manifest = _manifest(agent, trust)
    facts = {"goal": manifest.get("goal"), **training_facts(manifest)}
    trained = facts.get("world")
    if trained is not None and not same_env(trained, config.name):
        note(f"note: {agent} was trained for {trained}, not for {config.name}")
        return _stacked(config, model), model
    remembered = {
        key: facts[key]
        for key, kind in REMEMBERED.items()
        if not getattr(config, key) and isinstance(facts.get(key), kind)
    }
    return _stacked(replace(config, **remembered), model), model


def _manifest(path: str, trust: bool) -> Info:
    """Return the manifest of a model file, {} for a trusted file that SB3 wrote."""
    try:
        return read_model(path, ()).manifest
    except ModelFileError:
        if trust:
            return {}
        raise


def _stacked(config: EnvConfig, model: HFDQN) -> EnvConfig:
    """Return the environment with frames stacked as in the model's training."""
    if model.frame_stack is None or config.library != GYMNASIUM or WRAP in config.options:
        return config
    return replace(config, options={**config.options, WRAP: model.frame_stack.around_one})
