"""Gymnasium's environments with discrete actions as goal environments."""

from __future__ import annotations

import re
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.wrappers import DiscretizeAction
from stable_baselines3.common.env_util import make_vec_env

from rlhf_adapters import from_gymnasium, make_env
from rlhf_adapters.single_agent.goals import Cell, Reach, Score, Survive
from rlhf_adapters.specs import EnvError
from rlhf_games.base import UnknownGoalError
from tests.adapters.goal_env_contract import ArcadeContract, LearningContract, play_steps

GOALS: dict[str, Any] = {
    "Acrobot-v1": "survive_30",
    "Blackjack-v1": "win",
    "CartPole-v1": "survive_15",
    "CliffWalking-v1": "cell",
    "FrozenLake-v1": "cell",
    "LunarLander-v3": "survive_40",
    "MountainCar-v0": "survive_30",
    "Taxi-v4": "survive_5",
}
"""A goal of each world that random play reaches now and then."""


class TestGymnasium(ArcadeContract):
    @pytest.fixture(autouse=True, params=list(GOALS))
    def _world(self, request):
        if "Lander" in request.param:
            pytest.importorskip(
                "Box2D", reason='needs rlhf-agents[box2d], which has "Lunar Lander"'
            )
        self.world = request.param

    def make(self, **options):
        return make_env(f"gymnasium:{self.world}", **{"goal": GOALS[self.world], **options})


class TestCartPole(LearningContract):
    learning_steps = 200

    def make(self, **options):
        return make_env("gymnasium:CartPole-v1", **{"goal": "survive_15", **options})


class TestFrozenLake(LearningContract):
    """Open goals: the cells of the lake."""

    learning_steps = 200
    drawn = "cell"

    def make(self, **options):
        return make_env("gymnasium:FrozenLake-v1", **{"goal": "cell", **options})


class Toy(gymnasium.Env):
    """Counts to 10; what it shows, pays and allows is given."""

    def __init__(
        self, shows: Any = None, pays: float = 1.0, space: Any = None, actions: Any = None
    ):
        self.observation_space = space or spaces.Box(-1, 1, (2,), np.float32)
        self.action_space = actions or spaces.Discrete(3, start=5)
        self.shows, self.pays, self.count = shows, pays, 0
        self.taken: list[int] = []

    def action_masks(self):
        return np.array([True, self.count % 2 == 0, True])

    def _observe(self):
        return np.zeros(2, np.float32) if self.shows is None else self.shows(self.count)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observe(), {"options": options}

    def step(self, action):
        self.count += 1
        self.taken.append(action)
        if self.count == 7 and self.pays == 7:
            msg = "the toy is broken"
            raise RuntimeError(msg)
        return self._observe(), self.pays, self.count == 10, False, {}


@pytest.fixture(scope="module", autouse=True)
def _toy():
    gymnasium.register("Toy-v0", Toy)
    yield
    del gymnasium.registry["Toy-v0"]


def toy(**options: Any) -> Any:
    return make_env("gymnasium:Toy-v0", **options)


# ---- goals ----------------------------------------------------------------------------------


def ends(env: Any, steps: int = 12) -> tuple[int, float, bool, list[float]]:
    """Play action 0 until the end: step, reward, terminated, flags."""
    env.reset()
    for step in range(1, steps + 1):
        observation, reward, terminated, truncated, _ = env.step(0)
        if terminated or truncated:
            return step, reward, terminated, observation["achieved_goal"].tolist()
    return pytest.fail("the episode does not end")


@pytest.mark.parametrize(
    ("goal", "end"),
    [
        (Score(4), (4, 1.0)),
        ("score_4", (4, 1.0)),
        (Score(4, within=3), (3, 0.0)),
        ("score_4_within_4", (4, 1.0)),
        (Survive(9), (9, 1.0)),
        (Survive(10), (10, 0.0)),
        ("survive_2", (2, 1.0)),
        (Score(11), (10, 0.0)),
        (lambda moment: moment.env.unwrapped.count == 6, (6, 1.0)),
        (Reach("corner", lambda observation: observation.sum() == 0), (1, 1.0)),
    ],
    ids=lambda value: str(getattr(value, "name", value)).partition(" at 0x")[0],
)
def test_goals_end_where_they_are_decided(goal, end):
    step, reward, terminated, _ = ends(toy(goal=goal))
    assert (step, reward, terminated) == (*end, True)


def test_flags_latch_and_lost_goals_stay_lost():
    env = toy(goal=[Score(2), Score(9, within=4), Survive(5), Score(20)], seed=0)
    while True:
        env.reset()
        observation = env.reset()[0]
        if observation["desired_goal"][3] == 1:
            break
    flags = [env.step(0)[0]["achieved_goal"].astype(int).tolist() for _ in range(10)]
    assert flags[0] == [0, 0, 0, 0]
    assert flags[1] == flags[2] == [1, 0, 0, 0]
    assert flags[3] == [1, -1, 0, 0]
    assert flags[4] == flags[8] == [1, -1, 1, 0]
    assert flags[9] == [1, -1, 1, -1]


def test_goals_that_hindsight_asks_are_judged_by_the_flags():
    env = toy(goal=[Score(2), Score(9), Survive(5)])
    rows = np.eye(3, dtype=np.float32)
    flags = np.array([[1, 0, -1]] * 3, np.float32)
    assert env.compute_reward(flags, rows, {}).tolist() == [1, 0, 0]
    assert env.compute_terminated(flags, rows, {}).tolist() == [True, False, True]
    both, none = np.array([0, 1, 1], np.float32), np.zeros(3, np.float32)
    assert env.compute_terminated(flags[0], both, {}) == False  # noqa: E712 - an array
    assert env.compute_terminated(flags[0], none, {})
    assert np.array_equal(env.goal_rows, rows)


def test_the_clock_shows_what_is_left_until_the_latest_deadline():
    env = toy(goal=[Score(3), Score(9, within=4), Survive(8)])
    assert env.observation_space["observation"].shape == (3,)
    shares = [
        env.reset()[0]["observation"][-1],
        *(step[0]["observation"][-1] for step in play_steps(env, 0, 3)),
    ]
    assert np.allclose(shares, [1, 7 / 8, 6 / 8, 5 / 8])
    assert toy(goal=[Score(3)]).observation_space["observation"].shape == (2,)


def test_pictures_get_the_clock_as_a_plane():
    space = spaces.Box(0, 255, (4, 5, 3), np.uint8)
    env = toy(
        goal=["survive_4"], space=space, shows=lambda count: np.full((4, 5, 3), count, np.uint8)
    )
    env.reset()
    observation = env.step(0)[0]["observation"]
    assert (observation.shape, observation.dtype) == ((4, 5, 4), np.uint8)
    assert (observation[..., 3] == int(0.75 * 255)).all()
    assert (observation[..., :3] == 1).all()


@pytest.mark.parametrize(
    ("goal", "error", "message"),
    [
        ("cell", UnknownGoalError, "gymnasium:Toy-v0 cannot measure the goal: unknown goal 'cell'"),
        ("survive_0", EnvError, "survive_0: at least 1 step is needed, got 0"),
        ("score_5_within_0", EnvError, "score_5_within_0: at least 1 step is needed"),
        ("score_0", EnvError, "a score must be above 0, got 0"),
        ("score_10_within_5_within_4", UnknownGoalError, "unknown goal 'score_10_within_5"),
        ([], EnvError, "a table needs goals with different names, got none"),
        (["score_1", "score_1"], EnvError, "different names, got score_1, score_1"),
        (3.5, UnknownGoalError, "unknown goal '3.5'"),
    ],
)
def test_impossible_goals(goal, error, message: str):
    with pytest.raises(error, match=re.escape(message)):
        toy(goal=goal)


def test_declared_goals_are_what_they_say():
    """Scripted episodes of the worlds whose rules are known."""
    lake = make_env("gymnasium:FrozenLake-v1", is_slippery=False, goal="reach_goal_within_20")
    lake.reset(seed=0)
    steps = [lake.step(action) for action in (1, 1, 2, 1, 2, 2)]
    assert [step[1] for step in steps] == [0, 0, 0, 0, 0, 1]
    lake.reset()
    assert [lake.step(action)[1:3] for action in (2, 1)] == [(0.0, False), (0.0, True)]  # a hole
    cliff = make_env("gymnasium:CliffWalking-v1", goal="reach_goal_within_15")
    cliff.reset()
    assert [cliff.step(action)[1] for action in (0, *[1] * 11, 2)] == [0.0] * 12 + [1.0]


def test_taxi_tells_the_passenger_and_which_actions_are_idle():
    env = make_env("gymnasium:Taxi-v4", goal="pick_up", seed=3)
    bare = env.batched.envs[0].unwrapped
    env.action_space.seed(3)
    observation, _ = env.reset(seed=3)
    for _ in range(2000):
        assert np.array_equal(observation["action_mask"], bare.action_mask(bare.s))
        action = 4 if observation["action_mask"][4] else env.action_space.sample()
        observation, reward, over, cut, _ = env.step(action)
        if reward:
            assert list(bare.decode(bare.s))[2] == from_gymnasium.TAXI_RIDING
            return
        if over or cut:
            observation, _ = env.reset()
    pytest.fail("the taxi never meets its passenger")


# ---- places ---------------------------------------------------------------------------------


def test_cells_are_drawn_from_those_that_can_be_reached():
    env = make_env("gymnasium:FrozenLake-v1", desc=["SFH", "HHF", "FFG"], goal="cell", seed=0)
    asked = {int(env.reset()[0]["desired_goal"].argmax()) for _ in range(60)}
    assert asked == {1, 2, 3, 4}  # the start's other neighbours are holes


def test_a_cell_can_be_asked_for():
    env = make_env("gymnasium:FrozenLake-v1", is_slippery=False, goal=Cell(5))
    first, _ = env.reset()
    assert first["desired_goal"].argmax() == 5
    _, reward, over, _, info = env.step(1)
    assert (reward, over) == (0.0, False)
    _, reward, over, _, info = env.step(2)
    assert (reward, over, info["is_success"]) == (1.0, True, True)  # a hole, but what was asked


@pytest.mark.parametrize("place", [16, -1, "top", True, (1, 2)])
def test_cells_that_are_not_there(place):
    with pytest.raises(EnvError, match=r"a cell is a state, 0\.\.15, got"):
        make_env("gymnasium:FrozenLake-v1", goal=Cell(place))


# ---- what the world says --------------------------------------------------------------------


def test_many_worlds_are_sb3s_own():
    """Same seeds, same actions: what SB3's own vectorised CartPole shows, pays and ends."""
    ours, theirs = (
        make_env("gymnasium:CartPole-v1", n_envs=3, seed=7),
        make_vec_env("CartPole-v1", 3),
    )
    theirs.seed(7)
    seen, wanted = ours.reset(), theirs.reset()
    rng = np.random.default_rng(0)
    for _ in range(100):
        assert np.array_equal(seen["observation"], wanted)
        actions = rng.integers(2, size=3)
        (seen, rewards, dones, infos), theirs_now = ours.step(actions), theirs.step(actions)
        wanted = theirs_now[0]
        assert np.array_equal(rewards, theirs_now[1])
        assert np.array_equal(dones, theirs_now[2])
        for ending in np.flatnonzero(dones):
            last = infos[ending]["terminal_observation"]
            assert np.array_equal(
                last["observation"], theirs_now[3][ending]["terminal_observation"]
            )
            assert not last["action_mask"].any()
    assert ours.games.steps.max() < 100


def test_a_time_limit_truncates_and_keeps_the_mask():
    env = make_env("gymnasium:MountainCar-v0", n_envs=2, goal="reach_flag")
    env.reset()
    for _ in range(199):
        _, _, dones, _ = env.step(np.array([1, 1]))
        assert not dones.any()
    _, rewards, dones, infos = env.step(np.array([1, 1]))
    assert (rewards.tolist(), dones.all()) == ([0, 0], True)
    assert infos[0]["TimeLimit.truncated"]
    assert infos[0]["terminal_observation"]["action_mask"].all()
    assert not infos[0]["terminal_observation"]["achieved_goal"][0]


def test_spaces_that_do_not_start_at_0_and_masks_of_a_method():
    env = toy(space=spaces.Discrete(4, start=2), shows=lambda count: 2 + count % 4)
    assert env.reset()[0]["observation"].tolist() == [1, 0, 0, 0]
    observation = env.step(2)[0]
    assert observation["observation"].tolist() == [0, 1, 0, 0]
    assert observation["action_mask"].tolist() == [1, 0, 1]
    assert env.batched.envs[0].unwrapped.taken == [7]


def test_other_spaces_are_flattened():
    space = spaces.Dict({"a": spaces.Discrete(3), "b": spaces.MultiBinary(2)})
    env = toy(space=space, shows=lambda count: {"a": 1, "b": np.array([0, 1], np.int8)})
    observation, info = env.reset(options={"level": 2})
    assert observation["observation"].tolist() == [0, 1, 0, 0, 1]
    assert env.observation_space.contains(observation)
    assert info["options"] == {"level": 2}


def test_continuous_actions_can_be_wrapped():
    env = make_env("gymnasium:Pendulum-v1", wrap=lambda env: DiscretizeAction(env, 5))
    assert env.action_space == spaces.Discrete(5)
    env.reset(seed=0)
    assert env.step(2)[1] < 0


# ---- mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize("n_envs", [1, 3])
def test_numbers_that_are_none_are_named(n_envs: int):
    nan = np.full(2, np.nan, np.float32)
    env = toy(n_envs=n_envs, shows=lambda count: nan if count == 4 else np.zeros(2, np.float32))
    env.reset()
    action = 0 if n_envs == 1 else np.zeros(n_envs, np.int64)
    for _ in range(3):
        env.step(action)
    of_many = "" if n_envs == 1 else " of environment 0"
    message = rf"gymnasium:Toy-v0: the observation \[0\] is nan in step 4{of_many}, which"
    with pytest.raises(EnvError, match=message):
        env.step(action)
    env = toy(n_envs=n_envs, pays=np.nan)
    env.reset()
    with pytest.raises(EnvError, match=f"the reward is nan in step 1{of_many}, which"):
        env.step(action)


def test_infinities_are_numbers():
    env = toy(shows=lambda count: np.array([np.inf, -np.inf], np.float32))
    env.reset()
    assert np.isinf(env.step(0)[0]["observation"]).all()


def test_an_error_of_the_world_stays_its_own():
    env = toy(pays=7)
    env.reset()
    with pytest.raises(RuntimeError, match="the toy is broken"):
        [env.step(0) for _ in range(7)]


@pytest.mark.parametrize(
    ("world", "options", "message"),
    [
        ("Cartpole-v1", {}, "'Cartpole-v1'; did you mean CartPole-v1"),
        ("Taxi-v3", {}, "Please use `Taxi-v4` instead"),
        (
            "LunarLander-v3",
            {"continuous": True},
            "discretize=5, five values of each number (--option",
        ),
        ("MountainCarContinuous-v0", {}, "or use gymnasium:MountainCar-v0"),
        ("Pendulum-v1", {}, "not discrete: give it the option discretize=5"),
        ("CartPole-v1", {"gravity": 3}, "CartPole-v1 cannot be made with gravity=3: TypeError"),
        ("FrozenLake-v1", {"map_name": "9x9"}, "cannot be made with map_name='9x9': KeyError"),
        ("nowhere:X-v0", {}, "nowhere is neither a library"),
        ("CartPole-v1", {"n_envs": 0}, "n_envs must be at least 1, got 0"),
        ("Toy-v0", {"space": spaces.Sequence(spaces.Discrete(2))}, "observations in Seq"),
        ("Toy-v0", {"actions": spaces.MultiDiscrete([2, 3])}, "several choices at once"),
    ],
)
def test_mistakes(world: str, options: dict, message: str):
    with pytest.raises(EnvError, match=re.escape(message)):
        make_env(f"gymnasium:{world}", **options)


def test_catalogue():
    names = from_gymnasium.worlds()
    assert {"CartPole-v1", "FrozenLake-v1", "LunarLander-v3", "Taxi-v4", "Toy-v0"} <= set(names)
    assert not {name for name in names if re.search(r"Ant|Pendulum|MiniGrid|ALE", name)}
    taxi = from_gymnasium.describe("Taxi-v4")
    assert (taxi.name, taxi.players, taxi.actions, taxi.foresight) == (
        "gymnasium:Taxi-v4",
        1,
        6,
        False,
    )
    assert {"score", "pick_up", "deliver_within_15", "cell"} <= set(taxi.goals)
