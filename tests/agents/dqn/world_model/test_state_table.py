"""A remembered world: counts, what is imagined, and plans that dynamic programming confirms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlhf_agents.dqn.world_model.outcomes import Transitions
from rlhf_agents.dqn.world_model.planning import Planner
from rlhf_agents.dqn.world_model.state_table import BRANCHING, StateTable

Step = tuple[int, int, int, float, bool]
CELLS = st.integers(0, 12)
STEPS = st.lists(
    st.tuples(CELLS, st.integers(0, 1), CELLS, st.sampled_from([-1.0, 0.0, 1.0]), st.booleans()),
    min_size=1,
    max_size=60,
)


def transitions(steps: list[Step]) -> Transitions:
    before, actions, after, rewards, ends = (
        np.array(column) for column in zip(*steps, strict=True)
    )
    return Transitions(
        {"": before[:, None]}, actions, {"": after[:, None]}, rewards.astype(np.float32), ends
    )


def table_of(steps: list[Step], n_actions: int = 2) -> StateTable:
    table = StateTable(n_actions)
    table.learn(transitions(steps))
    return table


def imagine(table: StateTable, state: int, action: int):
    return table.imagine({"": np.array([[state]])}, np.array([[action]]))


def test_outcomes_come_with_their_chances():
    table = table_of([(0, 1, 5, 1.0, False)] * 3 + [(0, 1, 6, -1.0, True)])
    found = imagine(table, 0, 1)
    assert found.after[""].ravel().tolist() == [5, 6]
    assert found.chances.tolist() == [0.75, 0.25]
    assert found.rewards.tolist() == [1.0, -1.0]
    assert found.ends.tolist() == [0.0, 1.0]
    assert found.known.all()


@pytest.mark.parametrize(("state", "action"), [(0, 0), (5, 1), (99, 1)])
def test_nothing_is_claimed_of_what_was_not_seen(state: int, action: int):
    found = imagine(table_of([(0, 1, 5, 1.0, False)]), state, action)
    assert not found.known.any()
    assert len(found.pairs) == 0


def test_nothing_is_claimed_of_too_many_outcomes():
    steps = [(0, 0, 1 + k, 0.0, False) for k in range(BRANCHING + 1)]
    assert not imagine(table_of(steps), 0, 0).known.any()


def test_an_empty_table_claims_nothing():
    assert not imagine(StateTable(2), 0, 0).known.any()


def test_it_tells_which_states_come_back():
    table = StateTable(2)
    assert table.learn(transitions([(0, 0, 1, 0.0, False), (1, 0, 2, 0.0, False)])) == 0
    assert table.learn(transitions([(7, 0, 1, 0.0, False)])) == 1
    assert table.states == 4


def test_it_grows_and_stops_at_its_limit():
    table = StateTable(1, limit=1500)
    table.learn(transitions([(s, 0, s + 1, 0.0, False) for s in range(2000)]))
    assert table.states == 1500
    assert imagine(table, 1400, 0).after[""].item() == 1401
    assert not imagine(table, 1800, 0).known.any()


def plan_of(table: StateTable, reward: np.ndarray, gamma: float, bold: bool = False):
    """Plan with rewards for arriving, which end the episode where they are above 0."""
    parts = table.remembered()[""].ravel()
    worth = np.stack([reward[parts], reward[parts] > 0]).astype(np.float32)
    planner = Planner(table, gamma)
    quality = planner.plan(b"", bold, 1, lambda: (worth, 0.0, 1.0))
    return dict(zip(parts.tolist(), quality, strict=True)), planner


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_plans_are_those_of_dynamic_programming(seed: int):
    rng = np.random.default_rng(seed)
    states, n_actions, gamma = 12, 2, 0.9
    steps = [
        (s, a, int(to), 0.0, False)
        for s in range(states)
        for a in range(n_actions)
        for to in rng.integers(states, size=3)
    ]
    reward = np.eye(states)[rng.integers(states)]
    quality, _ = plan_of(table_of(steps), reward, gamma)
    value = np.zeros(states)
    for _ in range(300):
        worth = reward + gamma * (reward == 0) * value
        exact = np.array(
            [
                [
                    np.mean([worth[to] for s, a, to, *_ in steps if (s, a) == (state, action)])
                    for action in range(n_actions)
                ]
                for state in range(states)
            ]
        )
        value = exact.max(axis=1)
    np.testing.assert_allclose([quality[s] for s in range(states)], exact, atol=2e-3)


def test_bold_plans_lead_to_what_was_never_tried():
    corridor = [(s, 0, s + 1, 0.0, False) for s in range(4)] + [
        (s, 1, 0, 0.0, False) for s in (0, 1)
    ]
    nothing = np.zeros(5)
    bold, _ = plan_of(table_of(corridor), nothing, 0.9, bold=True)
    assert bold[2].argmax() == 1  # not tried there
    assert bold[0].argmax() == 0  # on the way to it
    meek, _ = plan_of(table_of(corridor), nothing, 0.9)
    assert all((quality == 0).all() for quality in meek.values())


def test_plans_are_kept_until_something_new_is_known():
    table = table_of([(0, 0, 1, 0.0, False)])
    _, planner = plan_of(table, np.array([0.0, 1.0]), 0.9)
    worth = np.zeros((2, 2), np.float32)
    assert planner.plan(b"", False, 1, lambda: pytest.fail("planned anew")).shape == (2, 2)
    table.learn(transitions([(0, 1, 1, 0.0, False)]))
    planner.plan(b"", False, 2, lambda: (worth, 0.0, 1.0))
    with pytest.raises(ZeroDivisionError):
        planner.plan(b"", False, 500, lambda: (1 / 0, 0.0, 1.0))


@given(STEPS)
@settings(max_examples=50, deadline=None)
def test_what_is_known_can_be_handed_on(steps: list[Step]):
    table, again = table_of(steps), StateTable(2)
    again.restore(table.state())
    assert (again.states, again.news) == (table.states, table.news)
    for ours, theirs in zip(table.memory(), again.memory(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    more = transitions([(0, 0, 7, 1.0, False), (9, 1, 0, 0.0, True)])
    assert table.learn(more) == again.learn(more)
    for name, array in table.state().items():
        np.testing.assert_array_equal(array, again.state()[name])


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("edges", lambda a: a + 100, "does not have"),
        ("edges", lambda a: -a, "does not have"),
        ("edges", lambda a: a[:, :3], "outcomes are"),
        ("crowded", lambda a: np.array([[7, 0]], np.int32), "does not have"),
        ("counts", lambda a: a * 0, "positive finite"),
        ("rewards", lambda a: a * np.float32("nan"), "positive finite"),
        ("ends", lambda a: a + 100, "positive finite"),
        ("ends", lambda a: a[:-1], "not float32"),
        ("part.", lambda a: a * 0, "not all different"),
    ],
)
def test_impossible_memories_are_refused(name: str, change, reason: str):
    table = table_of([(0, 1, 5, 1.0, False), (5, 0, 6, -1.0, True)])
    state = table.state()
    state[name] = change(state[name])
    other = table_of([(3, 0, 4, 0.0, False)])
    before = other.state()
    with pytest.raises(ValueError, match=reason):
        other.restore(state)
    for key, array in before.items():  # nothing is half taken over
        np.testing.assert_array_equal(array, other.state()[key])


def test_a_table_is_no_larger_than_what_happened_in_it():
    table = StateTable(100_000)
    state = table_of([(0, 1, 5, 1.0, False)]).state()
    key = next(name for name in state if name.startswith("part."))
    states = np.arange(50, dtype=state[key].dtype).reshape(-1, *state[key].shape[1:])
    with pytest.raises(ValueError, match="50 states but only 1 outcomes"):
        table.restore({**state, key: states})


def plan(planner: Planner, goal: bytes, steps: int):
    count = planner.table.states
    return planner.plan(goal, False, steps, lambda: (np.zeros((2, count), np.float32), 0.0, 1.0))


def test_plans_can_be_handed_on():
    table = table_of([(k, 1, k + 1, 1.0, False) for k in range(5)])
    planner, again = Planner(table, 0.9), Planner(table, 0.9)
    found = [plan(planner, goal, 5) for goal in (b"a", b"b")]
    again.restore(planner.state())
    for goal, quality in zip((b"a", b"b"), found, strict=True):
        kept = again.plan(goal, False, 5, lambda: pytest.fail("it was planned anew"))
        np.testing.assert_array_equal(kept, quality)
    state = planner.state()
    with pytest.raises(ValueError, match="another environment"):
        Planner(table_of([(0, 1, 5, 1.0, False)]), 0.9).restore(state)
    with pytest.raises(ValueError, match="another environment"):
        again.restore({**state, "quality": state["quality"][:-1]})
    again.restore(Planner(table, 0.9).state())
    assert len(again.state()["facts"]) == 0


def test_plans_know_of_states_that_brought_no_new_outcome():
    steps = [(0, 0, 1 + k, 0.0, False) for k in range(BRANCHING)]
    table = table_of(steps)
    planner = Planner(table, 0.9)
    news = table.news
    plan(planner, b"", len(steps))
    table.learn(transitions([(0, 0, 99, 0.0, False)]))  # crowded: 99 is remembered, not how
    assert table.news == news
    assert len(plan(planner, b"", len(steps) + 1)) == table.states
