"""Actors in worlds without rules: who fits where, what they choose, what they score."""

from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from rlhf_adapters.specs import EnvConfig
from rlhf_agents import HFDQN
from rlhf_agents.cli import evaluate, play
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.envs.names import game_name
from rlhf_agents.envs.open_env import open_many, open_one
from rlhf_agents.envs.trained_models import training_facts
from rlhf_agents.errors import EnvironmentFailureError, ModelFileError, SettingError
from rlhf_agents.evaluation.env_scores import measure
from rlhf_agents.files.model_file import read_model
from rlhf_agents.play.episode import ANSI, EpisodePlayer
from rlhf_agents.play.episode_events import goal_floor
from rlhf_agents.play.saved_games import new_path
from rlhf_agents.play.setup import file_stem
from rlhf_agents.players.actors import check_fits, load_actor
from rlhf_agents.players.bundled import bundled_agents, bundled_policies, has_bundled_policy
from rlhf_games import minatar
from rlhf_games.base import GameError
from tests.agents.envs.walks import LAKE, STILL, WAY, save_walker


@pytest.fixture(scope="module")
def walker(tmp_path_factory):
    return str(save_walker(tmp_path_factory.mktemp("models") / "walker.zip"))


@pytest.fixture(scope="module")
def seeker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return str(save_walker(folder / "seeker.zip", "reach_goal_within_20"))


@pytest.fixture(scope="module")
def pole(tmp_path_factory):
    """A model of Gymnasium's own CartPole."""
    path = tmp_path_factory.mktemp("models") / "pole.zip"
    HFDQN("MlpPolicy", "CartPole-v1", buffer_size=10, seed=0).save(path)
    return str(path)


# ---- scores ----------------------------------------------------------------------------------


def test_who_knows_the_way_arrives(walker):
    told = []
    scores = measure(EnvConfig(LAKE, options=STILL), walker, 11, told.append)
    assert (scores.mean_return, scores.std_return, scores.mean_length) == (1.0, 0.0, 6.0)
    assert (scores.success_rate, scores.episodes, scores.agent) == (None, 11, "walker")
    assert told == list(range(1, 12))


def test_success_is_that_of_the_goal(seeker):
    order = EnvConfig(LAKE, goal="reach_goal_within_20", options=STILL)
    assert measure(order, seeker, 4).success_rate == 1.0
    chance = measure(order, "random", 40)
    assert chance.success_rate == chance.mean_return < 0.5
    again = measure(order, "random", 40)
    assert again == dataclasses.replace(chance, seconds=again.seconds)


def test_bare_models_see_the_same_through_the_door(pole):
    bare = measure(EnvConfig("CartPole-v1", seed=5), pole, 9)
    door = measure(EnvConfig("gymnasium:CartPole-v1", seed=5), pole, 9)
    assert (bare.mean_return, bare.max_return) == (door.mean_return, door.max_return)
    assert bare.mean_return == bare.mean_length > 1


def test_masks_of_worlds_are_honoured():
    scores = measure(EnvConfig("Walks/Masked-v0"), "random", 3)
    assert (scores.mean_return, scores.std_return) == (3.0, 0.0)
    env = gymnasium.make("Walks/Masked-v0", disable_env_checker=True)
    model = HFDQN("MlpPolicy", env, buffer_size=10, seed=0)
    assert model.predict(np.zeros(2, np.float32), deterministic=True)[0] != 7  # or it shows nothing


def test_cards_are_played_against_an_opponent():
    pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
    pytest.importorskip("rlcard", reason="needs the extra pettingzoo")
    order = EnvConfig("pettingzoo:leduc_holdem_v4", opponent="random")
    scores = measure(order, "random", 20)
    assert scores.success_rate == pytest.approx((scores.mean_return + 1) / 2, abs=0.2)


# ---- who fits --------------------------------------------------------------------------------


def refusal(order, spec):
    env = open_one(order)
    try:
        with pytest.raises((SettingError, ModelFileError)) as refused:
            load_actor(spec, env, order.name, order.goal)
    finally:
        env.close()
    return str(refused.value)


def test_models_that_do_not_fit_are_refused(walker, pole):
    assert "it chooses from Discrete(4)" in refusal(EnvConfig("gymnasium:CartPole-v1"), walker)
    asked = refusal(EnvConfig(LAKE, goal="reach_goal"), walker)
    assert "played for 'reach_goal'" in asked
    assert "with --goal" in asked
    assert "played for its rewards" in refusal(EnvConfig(LAKE, options={"map_name": "8x8"}), walker)
    assert "trained there" in refusal(EnvConfig(LAKE), "connect_four")
    assert "there is no model file" in refusal(EnvConfig(LAKE), "nowhere.zip")
    board = str(bundled_agents()["tic_tac_toe"])
    assert "plays tic_tac_toe, not" in refusal(EnvConfig("CartPole-v1"), board)


def test_pictures_fit_as_sb3_turns_them():
    seen = spaces.Box(0, 255, (4, 84, 84), np.uint8)
    shown = spaces.Box(0, 255, (84, 84, 4), np.uint8)
    actions = spaces.Discrete(2)
    model = SimpleNamespace(observation_space=seen, action_space=actions, wrappers=())
    env = SimpleNamespace(observation_space=shown, action_space=actions)
    check_fits(model, "x.zip", env, "some:world", None)
    env.observation_space = spaces.Box(0, 255, (84, 84, 3), np.uint8)
    with pytest.raises(ModelFileError, match=r"\[4, 84, 84\], .* has .*\[84, 84, 3\]"):
        check_fits(model, "x.zip", env, "some:world", None)


def test_orders_that_cannot_be_made():
    with pytest.raises(GameError, match="unknown goal 'survive'"):
        open_one(EnvConfig("CartPole-v1", goal="survive"))
    with pytest.raises(GameError, match="cannot be made with wings=2"):
        open_many(EnvConfig("CartPole-v1", options={"wings": 2}), 2)


def test_worlds_that_fail_are_named():
    order = EnvConfig("Walks/Sinking-v0", seed=4)
    with pytest.raises(
        EnvironmentFailureError, match=r"Sinking-v0 raised RuntimeError: .*seed 4, step 2"
    ):
        measure(order, "random", 2)
    show = EpisodePlayer(order, "random")
    show.advance()
    with pytest.raises(EnvironmentFailureError, match=r"has sunk \(seed 4, episode 1, step 2\)"):
        show.advance()


def test_worlds_that_cannot_begin_are_named():
    with pytest.raises(
        EnvironmentFailureError, match=r"Moored-v0 raised .*moored \(.*episode 1, step 0"
    ):
        EpisodePlayer(EnvConfig("Walks/Moored-v0"), "random")


def test_cards_are_watched_with_their_goals():
    """Missing a goal pays -1 there, so a value of 0 is a probability of one half."""
    pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
    pytest.importorskip("rlcard", reason="needs the extra pettingzoo")
    show = EpisodePlayer(EnvConfig("pettingzoo:leduc_holdem_v4", opponent="random"), "random")
    assert [goal.name for goal in show.frame.goals if goal.asked] == ["win"]
    show.actor = SimpleNamespace(
        name="undecided",
        weighs_goals=True,
        values=lambda batch: np.zeros((1, 4), np.float32),
        predict=lambda batch, **_: (np.argmax(batch["action_mask"], axis=1), None),
    )
    show.floor = goal_floor(show.env, show.actor)
    assert show.restart().followed_agent.chance == 0.5
    assert {goal.chance for goal in show.frame.goals} == {0.5}
    show.close()


def test_models_that_are_told_no_goal_value_none(pole):
    """A model of CartPole's rewards is no judge of goals, even where goals are asked."""
    show = EpisodePlayer(EnvConfig("gymnasium:CartPole-v1", goal="survive_50"), "random")
    bare = load_actor(pole, open_one(EnvConfig("CartPole-v1")), "CartPole-v1")
    assert not bare.weighs_goals
    assert goal_floor(show.env, bare) is None
    show.close()


# ---- watching --------------------------------------------------------------------------------


def test_a_show_tells_every_step(walker):
    show = EpisodePlayer(EnvConfig(LAKE, options=STILL), walker, ANSI)
    moments = [show.frame]
    while not show.frame.over:
        moments.append(show.advance())
    assert [moment.action for moment in moments] == [None, *WAY.values()]
    assert [moment.next_action for moment in moments] == [*WAY.values(), None]
    assert [moment.total for moment in moments] == [0, 0, 0, 0, 0, 0, 1]
    assert all(moment.values.tolist().count(1) == 1 for moment in moments[:-1])
    assert "\x1b[41mS" in moments[0].text  # where the walker stands
    assert (show.trouble, show.pace) == ("", 4.0)
    again = show.advance()
    assert (again.episode, again.step, again.total) == (2, 0, 0.0)
    show.close()


@pytest.mark.parametrize(
    ("world", "trouble"), [("Unseen", "no picture to show"), ("Broken", "RuntimeError: out of")]
)
def test_worlds_without_a_picture_say_so(world, trouble):
    show = EpisodePlayer(EnvConfig(f"Walks/{world}-v0"), "random")
    assert trouble in show.trouble
    assert show.frame.picture is None
    assert [show.advance().total for _ in range(3)] == [1, 2, 3]
    assert show.frame.over


def test_values_of_senseless_actions_are_unknown(tmp_path):
    env = gymnasium.make("Walks/Masked-v0", disable_env_checker=True)
    HFDQN("MlpPolicy", env, buffer_size=10, seed=0).save(tmp_path / "m.zip")
    show = EpisodePlayer(EnvConfig("Walks/Masked-v0"), str(tmp_path / "m.zip"))
    assert np.flatnonzero(np.isfinite(show.frame.values)).tolist() == [7]
    assert show.frame.next_action == 7


# ---- the program -----------------------------------------------------------------------------


def said(capsys, *words):
    try:
        code = evaluate.main([str(word) for word in words])
    except SystemExit as ended:  # of the parser
        code = ended.code
    out, err = capsys.readouterr()
    return code, out, err


def test_rlhf_eval_measures_worlds(walker, capsys):
    words = ("--game", LAKE, "--option", "is_slippery=False", "--agent", walker)
    code, out, _ = said(capsys, *words, "--episodes", 5, "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["world"], report["mean_return"], report["episodes"]) == (LAKE, 1.0, 5)
    code, out, _ = said(capsys, *words, "--episodes", 5)
    assert code == 0
    assert f"{LAKE}: walker" in out
    assert "| 5        |   1.00 |" in out


MISTAKES = [
    (("--game", LAKE), "name one with --agent"),
    (("--game", LAKE, "--agent", "random", "--games", 3), "use --episodes"),
    (("--game", LAKE, "--agent", "random", "--nodes", 3), "--nodes needs a game with exact rules"),
    (
        ("--game", LAKE, "--agent", "random", "--episodes", 0),
        "--episodes must be a whole number from 1",
    ),
    (("--game", LAKE, "--agent", "random", "--option", "ice"), "expected KEY=VALUE, got 'ice'"),
    (("--game", LAKE, "--agent", "random", "--seed", -1), "a seed must be a whole number from 0"),
    (("--game", LAKE, "--agent", "random", "--goal", "fly"), "cannot measure the goal"),
    (("--game", "gymnasium:FrozenLike-v1", "--agent", "random"), "did you mean FrozenLake"),
    (("--game", "gimnasium:FrozenLake-v1"), "did you mean gymnasium?"),
    (("--game", "CartPol-v1"), "did you mean CartPole"),
    (("--game", "tic_tac_toe", "--episodes", 3, "--opponent", "random"), "use --games"),
    (("--game", "tic_tac_toe", "--option", "a=1", "--opponent", "random"), "takes no options"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[s for _, s in MISTAKES])
def test_mistakes_get_one_sentence(words, sentence, capsys):
    code, out, err = said(capsys, *words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1


def test_which_worlds_are_played_by_rules():
    assert [game_name(name) for name in ("tic_tac_toe", "CartPole-v1", LAKE)] == [
        "tic_tac_toe",
        None,
        None,
    ]
    pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
    pytest.importorskip("rlcard", reason="needs the extra pettingzoo")
    worlds = ("pettingzoo:connect_four_v3", "pettingzoo:leduc_holdem_v4")
    assert [game_name(name) for name in worlds] == ["connect_four", None]


def test_rules_of_a_world_are_played_on_the_board(capsys):
    pytest.importorskip("pettingzoo", reason="needs the extra pettingzoo")
    words = ("--agent", "minimax:2", "--opponent", "random", "--games", 4, "--json")
    code, out, _ = said(capsys, "--game", "pettingzoo:tictactoe_v3", *words)
    report = json.loads(out)
    assert (code, report["game"], report["matches"][0]["total"]["games"]) == (0, "tic_tac_toe", 4)


def test_games_of_other_libraries_are_played_by_their_rules(capsys):
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    game = ("--game", "openspiel:tic_tac_toe", "--opponent", "random", "--games", 4, "--json")
    code, out, _ = said(capsys, *game, "--agent", "minimax:2", "--nodes", "0")
    assert (code, json.loads(out)["game"]) == (0, "openspiel:tic_tac_toe")
    code, out, err = said(capsys, *game)
    assert (code, out) == (2, "")
    assert "no agent comes with openspiel:tic_tac_toe" in err


def test_a_search_stands_in_where_no_agent_is_known(capsys):
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    game = ("--game", "openspiel:tic_tac_toe", "--watch", "--opponent", "random", "--terminal")
    assert play.main(list(game)) == 0
    out, err = capsys.readouterr()
    assert "No agent comes with openspiel:tic_tac_toe; minimax:2 plays" in err
    assert "search 2 moves deep achieved" in out


def test_files_of_foreign_games_have_plain_names(tmp_path):
    assert file_stem("connect_four") == "connect_four"
    path = new_path(tmp_path, "openspiel:breakthrough(columns=6,rows=6)", ".json")
    assert path.name == "openspiel_breakthrough_columns_6_rows_6-1.json"


@pytest.mark.parametrize(
    ("name", "least"), [("gymnasium:CartPole-v1", 490), ("mpe2:simple_spread_v3", -18)]
)
def test_other_environments_come_with_agents(name, least):
    """Chance has some 22 in CartPole, and -25 in simple_spread."""
    scores = measure(EnvConfig(name, seed=7), "agent", 6)
    assert scores.mean_return > least


def test_arcade_games_come_with_agents(capsys):
    """One episode each, without naming an agent: all of them play far better than chance."""
    policies = bundled_policies()
    assert {f"minatar:{name}" for name in minatar.names()} <= {*policies}
    assert sum(path.stat().st_size for path in policies.values()) < 2_000_000
    for name, path in policies.items():
        manifest = read_model(path).manifest
        assert manifest["notes"]["command"].startswith(f"rlhf-train --game {name}")
        assert training_facts(manifest).get("world", name) == name
    env = make_env("minatar:breakout", n_envs=20, seed=3, max_steps=2000)
    actor = load_actor("agent", env, "minatar:breakout")
    observation, returns, running = env.reset(), np.zeros(20), np.ones(20, bool)
    while running.any():
        actions, _ = actor.predict(observation, deterministic=True)
        observation, rewards, dones, _ = env.step(actions)
        returns += rewards * running
        running &= ~dones
    assert returns.mean() > 8  # chance: 0.5
    words = ("--game", "minatar:freeway", "--terminal", "--plies", "3", "--option", "fast=True")
    assert play.main([*words, "--games", "1"]) == 0
    out, err = capsys.readouterr()
    assert "Freeway" in out
    assert "No agent" not in err
    assert play.main([*words, "--goal", "score_1"]) == 0
    assert "No agent comes with minatar:freeway and the goal score_1" in capsys.readouterr().err
    grid = "minigrid:MiniGrid-DoorKey-8x8-v0"
    assert has_bundled_policy(grid, "open_door")
    assert not has_bundled_policy("minatar:freeway", "score_1")
