"""HighwayEnv as it is: one name, goals that fit its time, its own words, films that show a road."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from rlhf_adapters import make_env
from rlhf_adapters.registry import full_name
from rlhf_agents.cli.evaluate import main as evaluate
from rlhf_agents.cli.train import main as train
from rlhf_agents.files.model_file import read_model
from rlhf_agents.play.episode_events import capped
from tests.adapters.goal_env_contract import ArcadeContract

pytest.importorskip("highway_env", reason="needs highway-env")

NAME = "gymnasium:highway-fast-v0"
SPELLINGS = (
    "highway-fast-v0",
    "highway_env:highway-fast-v0",
    NAME,
    "gymnasium:highway_env:highway-fast-v0",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("imported", [False, True])
def test_it_has_one_name(spelling, imported):
    """In a process of its own, where the module has been imported before, or not."""
    code = "import highway_env; " if imported else ""
    code += "import sys; from rlhf_adapters.registry import full_name; "
    code += "from rlhf_agents.envs.names import check_name; "
    code += "name = sys.argv[1]; assert full_name(name) == check_name(name); "
    code += "print(check_name(name))"
    said = subprocess.run(
        [sys.executable, "-c", code, spelling], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == NAME


def test_goals_fit_its_time_and_actions_have_its_names():
    env = make_env(SPELLINGS[1], goal="mixed", seed=0)
    assert env.batched.name == NAME
    assert env.batched.action_names == ("lane left", "idle", "lane right", "faster", "slower")
    survived = [name for name in env.goal_names if name.startswith("survive")]
    assert survived == ["survive_10", "survive_30"]
    steps, done = 0, False
    env.reset()
    while not done:
        *_, terminated, truncated, _ = env.step(1)
        steps, done = steps + 1, terminated or truncated
    assert steps <= 30


def test_a_harder_goal_is_never_likelier_than_one_that_it_implies():
    env = make_env(NAME, goal="mixed", seed=0)
    names = list(env.goal_names)
    shown = np.linspace(0.1, 0.9, len(names))[None]  # the harder, the likelier: as untrained ones
    chances = dict(zip(names, capped(shown, env.goal_implied)[0], strict=True))
    for kind, harder, easier in (("overtake", 8, 3), ("survive", 30, 10), ("keep_right", 15, 5)):
        assert chances[f"{kind}_{harder}"] <= chances[f"{kind}_{easier}"]


class TestGoals(ArcadeContract):
    drawn = "mixed"

    def make(self, **options):
        return make_env(NAME, **{"goal": "survive_15", **options})


def test_full_speed_is_reached_by_driving_faster():
    env = make_env(NAME, goal="keep_speed_3", seed=0)
    env.reset()
    rewards = [env.step(3)[1] for _ in range(3)]
    assert rewards == [0, 0, 1]
    assert make_env(NAME).observation_space["observation"].shape == (5, 5)
    assert env.observation_space["observation"].shape == (5, 9)  # with counts and a clock


@pytest.mark.parametrize("name", ["merge-v1", "roundabout-v1", "intersection-v2"])
def test_other_roads_have_goals_of_their_own(name):
    env = make_env(f"gymnasium:{name}", n_envs=2, goal="mixed", seed=0)
    assert "arrive" in env.goal_names
    env.reset()
    arrived = []
    while not arrived:
        *_, infos = env.step([1, 1])
        ended = [info for info in infos if "terminal_observation" in info]
        arrived = [one for one in ended if one["terminal_observation"]["achieved_goal"][0]]
    row = arrived[0]["terminal_observation"]["achieved_goal"][0]
    assert row == (-1 if arrived[0]["crashed"] else 1)


def test_every_program_takes_every_spelling(tmp_path, capsys):
    out = tmp_path / "road.zip"
    hyper = ["--hyper", "learning_starts=8", "policy_kwargs=dict(net_arch=[8])"]
    words = ["--env", SPELLINGS[1], "--out", str(out), "--steps", "24", "--quiet"]
    assert train([*words, *hyper]) == 0
    assert read_model(out).manifest["run"]["world"] == NAME
    assert train(["--resume", str(out), "--steps", "36", "--quiet"]) == 0  # names nothing
    for steps, spelling in enumerate(SPELLINGS, 1):
        more = ["--resume", str(out), "--env", spelling, "--steps", str(36 + 12 * steps), "--quiet"]
        assert train(more) == 0
        capsys.readouterr()
        assert evaluate(["--game", spelling, "--agent", str(out), "--episodes", "2", "--json"]) == 0
        said, noted = capsys.readouterr()
        assert json.loads(said)["world"] == NAME
        assert "was trained for" not in noted


@pytest.mark.parametrize("driver", ["dummy", None])
def test_a_film_without_a_screen_shows_the_road(tmp_path, driver):
    image = pytest.importorskip("PIL.Image", reason="reads films")
    variables = {k: v for k, v in os.environ.items() if k not in {"SDL_VIDEODRIVER", "DISPLAY"}}
    variables |= {} if driver is None else {"SDL_VIDEODRIVER": driver}
    code = "import sys; from rlhf_agents.cli.play import main; sys.exit(main())"
    words = [SPELLINGS[1], "--agent", "random", "--watch", "--games", "1", "--record", "road.gif"]
    subprocess.run([sys.executable, "-c", code, *words], env=variables, cwd=tmp_path, check=True)
    with image.open(tmp_path / "road.gif") as film:
        assert film.n_frames > 2
        for frame in range(film.n_frames):
            film.seek(frame)
            pixels = np.asarray(film.convert("L"))
            road = pixels[: pixels.shape[0] // 2]
            assert len(np.unique(road)) > 3
            assert road.std() > 5


def test_the_name_is_what_the_adapter_says():
    assert full_name("highway_env:merge-v0") == "gymnasium:merge-v0"
