"""Signals and budgets end a run soon, also in the middle of something long, and save first."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from rlhf_agents import load_agent
from rlhf_agents.cli import train as program
from rlhf_agents.evaluation.arena import NO_MOVE
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.selfplay.batches import BatchBuilder
from rlhf_agents.training.progress import summary
from rlhf_agents.training.train import TrainingConfig, train
from tests.agents.envs.walks import Unseen

GAME = TrainingConfig("tic_tac_toe", n_envs=32, quiet=True, measures_strength=False)
SOON = 15.0
"""Seconds; two where the machine has time."""


@pytest.fixture
def slow_batches(monkeypatch):
    """Batches of targets take a minute, from the third on."""
    build, count = BatchBuilder.build, []

    def slowly(self, *arguments):
        count.append(self)
        if len(count) > 2:
            self._abandoned.wait(60)
        return build(self, *arguments)

    monkeypatch.setattr(BatchBuilder, "build", slowly)
    return count


def in_a_moment(kind, begun):
    """Send a signal soon after `begun` is true; return when it was sent, in a list."""
    sent = []

    def send():
        while not begun():
            time.sleep(0.05)
        time.sleep(0.2)
        sent.append(time.monotonic())
        os.kill(os.getpid(), kind)

    threading.Thread(target=send, daemon=True).start()
    return sent


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_a_run_that_waits_for_its_targets(tmp_path, slow_batches, kind):
    out = tmp_path / "game.zip"
    sent = in_a_moment(kind, lambda: len(slow_batches) > 2)
    model, interrupted = train(replace(GAME, minutes=5, out=out))
    assert interrupted
    assert time.monotonic() - sent[0] < SOON
    assert load_agent(out).act_states(np.zeros((1, 2), np.uint64), "win", 5) > NO_MOVE
    assert HFDQN.load(out).num_timesteps == model.num_timesteps > 0
    slow_batches.clear()
    again, interrupted = train(
        replace(GAME, minutes=None, steps=model.num_timesteps + 32, out=out, resume=out)
    )
    assert (again.num_timesteps, interrupted) == (model.num_timesteps + 32, False)


def test_a_budget_of_time_does_not_wait_for_its_targets(tmp_path, slow_batches):
    begin = time.monotonic()
    _, interrupted = train(replace(GAME, minutes=0.1, out=tmp_path / "game.zip"))
    assert not interrupted
    assert time.monotonic() - begin < 30 + SOON
    assert (tmp_path / "game.zip").exists()


class Sleepy(Unseen):
    """Takes a minute for its fourth step."""

    asleep = False

    def step(self, action):
        if self.steps == 2:
            type(self).asleep = True
            time.sleep(60)
        return super().step(action)


def test_signals_end_a_run_in_the_middle_of_a_step(tmp_path):
    import gymnasium  # noqa: PLC0415 - only here

    gymnasium.register("Sleepy-v0", entry_point=Sleepy)
    out = tmp_path / "sleepy.zip"
    sent = in_a_moment(signal.SIGTERM, lambda: Sleepy.asleep)
    _, interrupted = train(TrainingConfig("Sleepy-v0", steps=100, out=out, quiet=True))
    assert interrupted
    assert time.monotonic() - sent[0] < SOON
    assert HFDQN.load(out).num_timesteps >= 2
    gymnasium.registry.pop("Sleepy-v0")


def test_signals_end_a_run_between_two_of_many_gradient_steps(tmp_path, monkeypatch):
    """Two hundred steps of a third of a second: none is left half done, and the run ends soon."""
    whole, begun, ended = HFDQN._gradient_step, [], []

    def _gradient_step(self, *work):
        begun.append(time.monotonic())
        time.sleep(0.3)
        loss = whole(self, *work)
        ended.append(time.monotonic())
        return loss

    monkeypatch.setattr(HFDQN, "_gradient_step", _gradient_step)
    out = tmp_path / "walk.zip"
    sent = in_a_moment(signal.SIGTERM, lambda: len(ended) > 1)
    settings = {"learning_starts": 10, "train_freq": 16, "gradient_steps": 200}
    config = TrainingConfig("CartPole-v1", steps=100, out=out, quiet=True, settings=settings)
    model, interrupted = train(config)
    assert interrupted
    assert time.monotonic() - sent[0] < SOON
    assert len(begun) == len(ended) < 100
    assert HFDQN.load(out).num_timesteps == model.num_timesteps > 0


def test_batches_are_the_same_in_slices(tmp_path, monkeypatch):
    ends = []
    for size in (1, 1000):
        start = BatchBuilder.__init__

        def sliced(self, *arguments, size=size, start=start):
            start(self, *arguments)
            self._slice = size

        monkeypatch.setattr(BatchBuilder, "__init__", sliced)
        plan = replace(GAME, minutes=None, steps=320, out=tmp_path / f"{size}.zip")
        model, _ = train(replace(plan, settings={"learning_starts": 64}))
        ends.append(model.policy.state_dict())
        monkeypatch.undo()
    assert all((ends[0][name] == ends[1][name]).all() for name in ends[0])


# ---- files, and what is shown ----------------------------------------------------------------


def test_a_model_is_not_overwritten_unasked(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--game", "tic_tac_toe", "--steps", "32", "--n-envs", "32", "--quiet"]
    assert program.main(words) == 0  # writes tic_tac_toe.zip
    said = capsys.readouterr().out
    assert "rlhf-play --game tic_tac_toe --agent tic_tac_toe.zip" in said
    before = (tmp_path / "tic_tac_toe.zip").read_bytes()
    for out in ([], ["--out", "tic_tac_toe.zip"], ["--out", "tic_tac_toe"]):
        assert program.main([*words, *out]) == 2
        assert "tic_tac_toe.zip exists" in capsys.readouterr().err
    assert (tmp_path / "tic_tac_toe.zip").read_bytes() == before
    assert program.main([*words, "--out", "tic_tac_toe.zip", "--force"]) == 0
    more = ["--resume", "tic_tac_toe.zip", "--steps", "64", "--quiet"]
    assert program.main(more) == 0
    assert HFDQN.load("tic_tac_toe.zip").num_timesteps == 64


def test_progress_never_says_nan(tmp_path):
    model, _ = train(replace(GAME, minutes=None, steps=32, out=tmp_path / "game.zip"))
    assert "nan" not in summary(model, 10.0, "")
    assert "score 0.50 against" in summary(model, 10.0, "score 0.50 against alpha-beta to depth 4")
