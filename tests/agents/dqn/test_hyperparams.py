"""Hyperparameters by name: what words mean, and that nothing in them is run."""

from __future__ import annotations

import pytest
import torch
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.utils import LinearSchedule

from rlhf_agents.dqn import hyperparams
from rlhf_agents.errors import SettingError
from rlhf_agents.settings import Foresight, Hindsight, ModelForesight, Parallel, Priorities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 1e-3),
        ("-1", -1),
        ("True", True),
        ("None", None),
        ("future", "future"),
        ("(1, 'episode')", (1, "episode")),
        (
            "dict(net_arch=[64, 64], activation_fn=ReLU)",
            {"net_arch": [64, 64], "activation_fn": torch.nn.ReLU},
        ),
        ("{'net_arch': [8]}", {"net_arch": [8]}),
        ("dict(activation_fn=nn.Tanh)", {"activation_fn": torch.nn.Tanh}),
        ("HerReplayBuffer", HerReplayBuffer),
        ("two words", "two words"),
        ("lin_fast", "lin_fast"),
    ],
)
def test_values(text, expected):
    assert hyperparams.value(text) == expected


def test_a_rate_that_falls():
    schedule = hyperparams.value("lin_1e-3")
    assert isinstance(schedule, LinearSchedule)
    assert (schedule(1.0), schedule(0.5)) == (1e-3, 5e-4)


@pytest.mark.parametrize(
    "text", ["__import__('os').system('true')", "open('x')", "dict(a=exit())", "[x for x in y]"]
)
def test_nothing_is_run(text):
    with pytest.raises(SettingError, match="cannot read the value"):
        hyperparams.value(text)


def test_words_and_arguments():
    words = [
        "buffer_size=1e4",
        "gamma=0.9",
        "foresight.nodes=48",
        "foresight.pool=100",
        "hindsight=dict(win_share=0.5)",
        "replay_buffer_kwargs.priorities=dict(alpha=0.7)",
        "train_freq=(2, 'episode')",
    ]
    arguments = hyperparams.as_arguments(hyperparams.from_words(words))
    assert arguments == {
        "buffer_size": 10_000,
        "gamma": 0.9,
        "foresight": Foresight(nodes=48, pool=100),
        "hindsight": Hindsight(win_share=0.5),
        "replay_buffer_kwargs": {"priorities": Priorities(alpha=0.7)},
        "train_freq": (2, "episode"),
    }
    assert isinstance(arguments["buffer_size"], int)
    assert hyperparams.as_arguments({"hindsight": False}) == {"hindsight": False}
    words = ["foresight.model=table", "foresight.bold=False"]
    arguments = hyperparams.as_arguments(hyperparams.from_words(words))
    assert arguments == {"foresight": ModelForesight(model="table", bold=False)}
    assert hyperparams.as_arguments({"foresight": True}) == {"foresight": True}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gamma"], "expected KEY=VALUE, got 'gamma'"),
        (["=1"], "expected KEY=VALUE, got '=1'"),
        (["gama=1"], "did you mean gamma"),
        (["seed=1"], "unknown hyperparameter 'seed'"),
        (["gamma=high"], "gamma is a number, not 'high'"),
        (["buffer_size=many"], "buffer_size is a number, not 'many'"),
        (["learning_rate=fast"], "learning_rate is a number, not 'fast'"),
        (["foresight=5"], "foresight is made of nodes, first_nodes"),
        (["foresight.noodles=5"], "foresight is made of nodes, first_nodes"),
        (["gamma=1", "gamma.x=2"], "gamma has no parts"),
    ],
)
def test_mistakes(words, said):
    with pytest.raises(SettingError, match=said):
        hyperparams.as_arguments(hyperparams.from_words(words))


def test_worlds_of_the_file():
    cart = hyperparams.of_env("CartPole-v1")
    # Schedules are compared by what they say of themselves.
    assert str(cart) == str(hyperparams.of_env("gymnasium:CartPole-v1"))
    assert "LinearSchedule(start=0.001, end=0.0" in str(cart)
    assert cart["policy"] == "MlpPolicy"
    side_by_side, alone = (hyperparams.recommended("CartPole-v1", count) for count in (16, 1))
    assert side_by_side["parallel"] == Parallel(explore_steps=20_000)
    assert alone["policy_kwargs"] == {"net_arch": [256, 256]}
    assert hyperparams.of_env("BitFlip-v0")["replay_buffer_class"] is HerReplayBuffer
    other = hyperparams.of_env("unheard:of")
    assert other["learning_starts"] == 1000
    assert "policy" not in other


def test_every_entry_of_the_file_can_be_used():
    import yaml  # noqa: PLC0415

    for name in yaml.safe_load(hyperparams.FILE.read_text(encoding="utf-8")):
        named = set(hyperparams.of_env(name)) - set(hyperparams.OF_THE_RUN)
        assert named <= set(hyperparams.KNOWN)
        settings = {key: hyperparams.of_env(name)[key] for key in named}
        hyperparams.as_arguments(settings)
