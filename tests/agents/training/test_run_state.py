"""What a run consists of besides its model: replay, lessons, random numbers."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import HerReplayBuffer
from stable_baselines3.common.buffers import DictReplayBuffer, NStepReplayBuffer, ReplayBuffer
from stable_baselines3.common.envs import BitFlippingEnv
from stable_baselines3.common.vec_env import DummyVecEnv

import rlhf_games
from rlhf_adapters.two_player.goal_env import goal_space
from rlhf_agents.dqn.replay.hindsight_buffer import HindsightReplayBuffer
from rlhf_agents.dqn.replay.masked_buffer import MaskedReplayBuffer
from rlhf_agents.files.model_file import RUN_GROUPS, read_model, write_model
from rlhf_agents.selfplay.batches import BatchBuilder, BatchPool, TrainingBatch
from rlhf_agents.selfplay.position_buffer import PositionBuffer
from rlhf_agents.settings import Foresight, Hindsight, Priorities
from rlhf_agents.training.replay_state import (
    buffer_state,
    end_running_episodes,
    restore_buffer,
    why_not_kept,
)
from rlhf_agents.training.run_state import random_state, restore_random_state

N_ENVS = 2
BITS = DummyVecEnv([BitFlippingEnv] * N_ENVS)
BOX, TWO = spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(2)


def game():
    return rlhf_games.make("tic_tac_toe")


def goals(kind, **options):
    space, actions = BITS.observation_space, BITS.action_space
    return kind(40, space, actions, device="cpu", n_envs=N_ENVS, env=BITS, **options)


BUFFERS = {
    "box": lambda: ReplayBuffer(40, BOX, TWO, "cpu", N_ENVS),
    "box, half the memory": lambda: ReplayBuffer(
        40, BOX, TWO, "cpu", N_ENVS, True, handle_timeout_termination=False
    ),
    "n steps": lambda: NStepReplayBuffer(40, BOX, TWO, "cpu", N_ENVS, n_steps=3),
    "dict": lambda: DictReplayBuffer(40, BITS.observation_space, BITS.action_space, "cpu", N_ENVS),
    "SB3's hindsight": lambda: goals(HerReplayBuffer),
    "hindsight": lambda: goals(HindsightReplayBuffer, n_steps=2, priorities=Priorities()),
    "masks": lambda: MaskedReplayBuffer(40, BOX, TWO, "cpu", N_ENVS, priorities=Priorities()),
    "positions": lambda: PositionBuffer(
        40, goal_space(game()), spaces.Discrete(9), n_envs=N_ENVS, game=game()
    ),
}


def fill(buffer, steps, rng):
    """Add random steps, with the ends of some episodes among them."""
    for _ in range(steps):
        before, after = ({} for _ in range(2))
        space = buffer.observation_space
        if isinstance(space, spaces.Dict):
            for key, part in space.spaces.items():
                for seen in (before, after):
                    seen[key] = rng.integers(0, 2, (N_ENVS, *part.shape)).astype(part.dtype)
            before["desired_goal"] = after["desired_goal"]
            if isinstance(buffer, PositionBuffer):
                before["observation"][:] = 0
        else:
            before, after = (rng.random((N_ENVS, 3)).astype(np.float32) for _ in range(2))
        done = rng.random(N_ENVS) < 0.2
        infos = [{"seat_achieved": rng.random((2, 5)) < 0.5} for _ in range(N_ENVS)]
        actions = rng.integers(0, 2, N_ENVS)
        buffer.add(before, after, actions, rng.random(N_ENVS).astype(np.float32), done, infos)


def sample(buffer):
    np.random.seed(0)  # noqa: NPY002 - the generator that buffers draw from
    if isinstance(buffer, PositionBuffer):
        return buffer.propose(30, np.random.default_rng(0), Hindsight())
    return [part for part in buffer.sample(30) if part is not None]


def flat(parts):
    for part in parts:
        yield from (part.values() if isinstance(part, dict) else [part])


@pytest.mark.parametrize("steps", [13, 50])
@pytest.mark.parametrize("name", BUFFERS)
def test_buffers_go_on_as_if_nothing_had_happened(tmp_path, name, steps):
    buffer, again = BUFFERS[name](), BUFFERS[name]()
    fill(buffer, steps, np.random.default_rng(0))
    assert why_not_kept(buffer) is None
    path = tmp_path / "buffer.zip"
    write_model(path, {}, {"policy": {}, "replay": buffer_state(buffer)})
    restore_buffer(again, read_model(path, RUN_GROUPS).arrays["replay"])
    for _ in range(2):
        assert (again.pos, again.full, again.size()) == (buffer.pos, buffer.full, buffer.size())
        for ours, theirs in zip(flat(sample(buffer)), flat(sample(again)), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for each in (buffer, again):
            fill(each, 9, np.random.default_rng(1))


@pytest.mark.parametrize("name", BUFFERS)
def test_only_what_is_filled_is_kept(name):
    buffer, full = BUFFERS[name](), BUFFERS[name]()
    fill(buffer, 3, np.random.default_rng(0))
    fill(full, 60, np.random.default_rng(0))
    few, all_of_it = (sum(a.nbytes for a in buffer_state(each).values()) for each in (buffer, full))
    priorities = 64 * 2 * 8 if hasattr(buffer, "store") else 0
    assert few - priorities < (all_of_it - priorities) / 3


@pytest.mark.parametrize("name", BUFFERS)
def test_buffers_of_another_size_are_refused(name):
    buffer, other = BUFFERS[name](), BUFFERS[name]()
    fill(buffer, 13, np.random.default_rng(0))
    state = buffer_state(buffer)
    numbers = state["numbers"].copy()
    numbers[2] += 1
    with pytest.raises(ValueError, match="it has room for"):
        restore_buffer(other, {**state, "numbers": numbers})
    with pytest.raises(KeyError):
        restore_buffer(other, {name: part for name, part in state.items() if name == "numbers"})
    assert other.size() == 0


@pytest.mark.parametrize("name", BUFFERS)
def test_running_episodes_end_where_others_begin(name):
    buffer = BUFFERS[name]()
    fill(buffer, 13, np.random.default_rng(0))
    end_running_episodes(buffer)
    for running in ("store", "episode_length"):
        part = getattr(buffer, running, None)
        lengths = part.running_for if hasattr(part, "running_for") else part
        assert lengths is None or not np.any(lengths)
    sample(buffer)


def test_what_cannot_be_kept_says_why():
    class Mine(ReplayBuffer):
        pass

    assert "its class Mine" in why_not_kept(Mine(10, BOX, TWO))
    assert "infos" in why_not_kept(goals(HindsightReplayBuffer, copy_info_dict=True))


# ---- random numbers ----------------------------------------------------------------------------


def draws(model):
    return [
        random.random(),
        random.gauss(0, 1),
        np.random.random(),  # noqa: NPY002
        np.random.normal(),  # noqa: NPY002
        torch.rand(1).item(),
        model.action_space.sample(),
        model.learner.rng.integers(1 << 40),
        model.lookahead.world.rng.integers(1 << 40),
    ]


def test_all_generators_go_on():
    world = SimpleNamespace(rng=np.random.default_rng(3))
    model = SimpleNamespace(
        action_space=spaces.Discrete(1000, seed=1),
        learner=SimpleNamespace(rng=np.random.default_rng(2)),
        lookahead=SimpleNamespace(world=world),
    )
    for _ in range(3):  # an odd number leaves second halves of pairs behind
        draws(model)
    facts, arrays = random_state(model)
    expected = [draws(model) for _ in range(4)]
    restore_random_state(model, json.loads(json.dumps(facts)), arrays)
    assert [draws(model) for _ in range(4)] == expected


# ---- lessons -----------------------------------------------------------------------------------


def lesson(rows, value):
    return TrainingBatch(
        np.array([[0, 1 << value]] * rows, np.uint64),
        np.full((rows, 2, 5, 9), value, np.float32),
        np.full((rows, 2, 5), value, np.float32),
        np.full((rows, 9), value % 2 == 0),
    )


@pytest.mark.parametrize("lessons", [0, 1, 5])
def test_pools_go_on(lessons):
    pool, again = BatchPool(10), BatchPool(10)
    for value in range(lessons):
        pool.add(lesson(3, value))
    again.restore(pool.state(), game())
    for each in (pool, again):
        each.add(lesson(4, 8))
    for ours, theirs in zip(
        *(each.draw(50, np.random.default_rng(0)) for each in (pool, again)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_pools_refuse_what_does_not_fit():
    pool = BatchPool(10)
    for value in range(4):
        pool.add(lesson(3, value))
    with pytest.raises(ValueError, match="it has 10 rows of batches, there is room for 9"):
        BatchPool(9).restore(pool.state(), game())
    for name, other in (("targets", np.zeros((10, 9))), ("known", np.zeros((10, 9)))):
        with pytest.raises(ValueError, match=rf"{name} has the shape \(10, 9\) of float64"):
            BatchPool(10).restore({**pool.state(), name: other}, game())
    with pytest.raises(KeyError):
        BatchPool(10).restore({"states": pool.state()["states"], "next": np.array([0])}, game())


def test_builders_hand_on_what_they_proved():
    builders = [BatchBuilder(game(), Foresight(), Hindsight()) for _ in range(2)]
    builders[0]._table.key[5], builders[0]._table.value[5] = 77, 3
    builders[1].restore(builders[0].state())
    assert (builders[1]._table.key[5], builders[1]._table.value[5]) == (77, 3)
    with pytest.raises(ValueError, match="key has the shape"):
        builders[1].restore({name: a[:7] for name, a in builders[0].state().items()})


def test_transitions_without_their_next_observation_end():
    buffer = BUFFERS["box, half the memory"]()
    end_running_episodes(buffer)
    fill(buffer, 5, np.random.default_rng(0))
    buffer.dones[:] = 0
    end_running_episodes(buffer)
    assert buffer.dones[:5, 0].tolist() == [0, 0, 0, 0, 1]


# ---- crafted files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"states": np.full((13, 2, 2), 1 << 40, np.uint64)},
        {"states": np.full((13, 2, 2), 3, np.uint64)},  # two stones of the mover, none of theirs
        {"states": np.zeros((13, 2, 2), np.int64)},
        {"states": np.zeros((13, 2, 3), np.uint64)},
        {"commanded": np.full((13, 2), 77, np.int8)},
    ],
)
def test_impossible_positions_are_refused(change):
    buffer = BUFFERS["positions"]()
    fill(buffer, 13, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"positions|shape"):
        restore_buffer(BUFFERS["positions"](), {**buffer_state(buffer), **change})


@pytest.mark.parametrize(
    "name", ["episode_start", "episode_length", "running_since", "running_for", "numbers"]
)
@pytest.mark.parametrize("value", [-1, 99])
def test_episodes_outside_the_ring_are_refused(name, value):
    buffer = BUFFERS["hindsight"]()
    fill(buffer, 13, np.random.default_rng(0))
    state = buffer_state(buffer)
    state[name] = state[name].copy()
    state[name][0] = value
    with pytest.raises(ValueError, match=r"is not|cannot|shape"):
        restore_buffer(BUFFERS["hindsight"](), state)


def test_priorities_of_nothing_lead_nowhere_else():
    buffer = BUFFERS["hindsight"]()
    fill(buffer, 3, np.random.default_rng(0))
    state = buffer_state(buffer)
    state["priorities"] = np.ones_like(state["priorities"])
    with pytest.raises(ValueError, match="its priorities contradict each other"):
        restore_buffer(buffer, state)
    for _ in range(20):
        assert buffer.sample(30).indices.max() < 6


def test_observations_that_the_space_has_not_are_refused():
    numbers = spaces.Dict(a=spaces.Discrete(4), b=spaces.MultiDiscrete([2, 3]))
    for space in (numbers, spaces.Discrete(4)):
        buffers = [MaskedReplayBuffer(10, space, TWO, "cpu", N_ENVS) for _ in range(2)]
        plain = ReplayBuffer if space is not numbers else DictReplayBuffer
        buffers += [plain(10, space, TWO, "cpu", N_ENVS) for _ in range(2)]
        for one, other in (buffers[:2], buffers[2:]):
            step = [space.sample() for _ in range(N_ENVS)]
            seen = np.array(step)
            if space is numbers:
                seen = {key: np.array([each[key] for each in step]) for key in numbers.spaces}
            two = np.zeros(N_ENVS)
            one.add(seen, seen, two.astype(int), two, two, [{}] * N_ENVS)
            state = {name: array.copy() for name, array in buffer_state(one).items()}
            restore_buffer(other, state)
            which = "rows" if "rows" in state else min(n for n in state if "observations" in n)
            state[which][...] = 100
            with pytest.raises(ValueError, match="observations"):
                restore_buffer(other, state)


def test_steps_outside_their_episodes_are_refused():
    buffer = BUFFERS["SB3's hindsight"]()
    fill(buffer, 13, np.random.default_rng(0))
    state = {name: array.copy() for name, array in buffer_state(buffer).items()}
    state["ep_length"][state["ep_length"] > 0] = 1
    with pytest.raises(ValueError, match="outside their episodes"):
        restore_buffer(BUFFERS["SB3's hindsight"](), state)
