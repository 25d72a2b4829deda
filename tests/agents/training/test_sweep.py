"""Sweeps: what files may say, and that a sweep goes on where it was stopped."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from rlhf_agents.cli import train as program
from rlhf_agents.errors import SettingError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.processes import in_turn
from rlhf_agents.training import sweep
from rlhf_agents.training.sweep_plan import read_plan
from tests.agents.envs import small_envs

PLAN = """
trials: {trials}
seeds: 2
settings:
  learning_rate: {{from: 1e-4, to: 0.01, log: true}}
  batch_size: [4, 8]
  policy_kwargs.net_arch: [[4], [8, 8]]
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trials: 0\nsettings: {gamma: [1]}", "from 1 to"),
        ("trials: 2\nseeds: 0\nsettings: {gamma: [1]}", "seeds in"),
        ("trials: 2", "must have `trials` and `settings`"),
        ("trials: 2\nsettings: {gama: [1]}", "gamma"),
        ("trials: 2\nsettings: {gamma: {from: 1, to: 0}}", "gamma needs"),
        ("trials: 2\nsettings: {gamma: {from: 0, to: 1, log: true}}", "gamma needs"),
        ("trials: [", "cannot be read"),
    ],
)
def test_files_that_describe_no_sweep_are_refused(tmp_path, text, said):
    path = tmp_path / "sweep.yaml"
    path.write_text(text)
    with pytest.raises(SettingError, match=said):
        read_plan(path)


def test_a_sweep_goes_on_where_it_was_stopped(tmp_path, monkeypatch, capsys):
    pytest.importorskip("optuna")
    ran = []

    def in_this_process(kind, arguments, workers):
        def carry_out(jobs):
            ran.append([config.settings["batch_size"] for config in jobs])
            return in_turn(kind(*arguments), jobs)

        return nullcontext(carry_out)

    monkeypatch.setattr(sweep, "process_pool", in_this_process)
    path, out = tmp_path / "sweep.yaml", tmp_path / "found"
    words = ["--game", f"{small_envs.PREFIX}Walk-v0", "--steps", "60", "--sweep", str(path)]
    words += ["--out", str(out), "--workers", "4", "--hyper", "learning_starts=10"]
    for trials in (3, 5):
        path.write_text(PLAN.format(trials=trials))
        assert program.main(words) == 0
        lines = (out / sweep.TABLE).read_text().splitlines()
        assert len(lines) == 1 + trials
    assert [len(group) for group in ran] == [4, 2, 4]
    assert {batch for group in ran for batch in group} == {4, 8}
    assert "the best: rlhf-train --game" in capsys.readouterr().out
    assert HFDQN.load(out / "trial4-seed1.zip").num_timesteps >= 60
    assert (out / sweep.PICTURE).read_bytes().startswith(b"\x89PNG")
    path.write_text(PLAN.format(trials=5).replace("[4, 8]", "[16, 32]"))
    assert program.main(words) == 2
    assert "trials of another sweep" in capsys.readouterr().err
    assert program.main([*words, "--steps", "90"]) == 2
    assert "steps 60, not 90" in capsys.readouterr().err
