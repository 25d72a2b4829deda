"""A run is a function of its seed and of the declared number of helpers, whoever they are."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace

import numpy as np
import pytest

import rlhf_games
from rlhf_agents.cluster import session
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.errors import SettingError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.selfplay.batches import BatchBuilder
from rlhf_agents.selfplay.crew import ThreadCrew
from rlhf_agents.settings import Foresight
from rlhf_agents.training.train import train
from tests.agents.training.killing import GAME

STEPS = 20


class SerialCrew:
    """Builds every batch in this thread, and only when it is taken."""

    def __init__(self, builder):
        self.builder, self.asked, self.weights = builder, {}, {}

    def publish(self, version, weights):
        self.weights[version] = weights

    def prepare(self, index, request):
        self.asked[index] = request

    def take(self, index):
        request = self.asked.pop(index)
        return self.builder.answer(self.weights[request.version], request)

    def ready(self, seconds):
        return True

    def stop(self):
        pass


def new_model(workers):
    settings = {**GAME.settings, "foresight": Foresight(**GAME.settings["foresight"])}
    settings["foresight"] = replace(settings["foresight"], workers=workers)
    env = make_env("tic_tac_toe", n_envs=16)
    return HFDQN("MultiInputPolicy", env, seed=3, **settings)


def learnt(model, steps=STEPS):
    """Return a hash of the weights after so many steps of 16 games."""
    model.learn(16 * steps)
    digest = hashlib.sha256()
    for _, part in sorted(model.policy.state_dict().items()):
        digest.update(part.numpy().tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_change_nothing(workers, monkeypatch):
    answer, hurry = BatchBuilder.answer, np.random.default_rng(0)

    def unsteadily(self, weights, request):
        time.sleep(hurry.random() * 0.004)  # the next batch is often built earlier
        return answer(self, weights, request)

    model = new_model(workers)
    model.learner.use(SerialCrew(model.learner.new_builder()))
    expected = learnt(model)
    monkeypatch.setattr(BatchBuilder, "answer", unsteadily)
    for threads in (1, 2, 4) if workers > 1 else (1,):
        model = new_model(workers)
        model.learner.use(ThreadCrew(model.learner.new_builder, threads))
        assert learnt(model) == expected
    if workers > 1:
        assert learnt(new_model(workers + 1)) != expected


def test_what_goes_wrong_with_a_batch_is_raised(monkeypatch):
    model = new_model(2)
    monkeypatch.setattr(BatchBuilder, "build", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.learn(16 * 10)


def test_files_of_another_number_of_helpers_go_on(tmp_path, capsys):
    out = tmp_path / "game.zip"
    for steps, workers in ((160, 1), (256, 2), (320, 1)):
        resume = out if out.exists() else None
        settings = {} if resume else GAME.settings
        plan = replace(GAME, steps=steps, settings=settings, measures_strength=False)
        model, _ = train(replace(plan, out=out, resume=resume, workers=workers))
        assert (model.num_timesteps, model.foresight.workers) == (steps, workers)
    assert "with --workers 1 instead of 2" in capsys.readouterr().err


def test_without_ray_the_message_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    plan = replace(GAME, cluster="auto", out=tmp_path / "game.zip")
    with pytest.raises(SettingError, match=r"rlhf-agents\[ray\]"):
        train(plan)


@pytest.mark.parametrize("address", ["here", "ray://here:1", "localhost:99999", "127.0.0.1:1"])
def test_addresses_where_nothing_is_are_named(address, monkeypatch):
    monkeypatch.setattr(session, "find_spec", lambda name: name)
    with pytest.raises(SettingError, match=address):
        session.connect(address)


def test_nodes_of_another_version_or_with_other_rules_are_refused():
    ours = session.facts_here(rlhf_games.make("tic_tac_toe"))
    assert session.mismatch(ours, {**ours, session.PROCESSOR: "another"}) == ""
    assert session.mismatch(ours, {**ours, "numpy": "1.0"}).startswith("numpy there is 1.0, here ")
    theirs = session.facts_here(rlhf_games.make("breakthrough_6x6"))
    assert "rules of" in session.mismatch(ours, theirs)


def test_more_helpers_look_deeper():
    usual = Foresight()
    assert usual.for_workers(1) == usual
    assert usual.for_workers(2) == replace(usual, workers=2)
    many = usual.for_workers(15)
    assert (many.nodes, many.prove_nodes, many.depth) == (576, 18_000, 30)
    assert many.lesson_nodes // many.nodes == usual.lesson_nodes // usual.nodes
