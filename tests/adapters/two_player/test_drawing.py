"""Games as texts and pictures, for loggers and for recorders of videos."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import DQN
from stable_baselines3.common.vec_env import VecVideoRecorder

import rlhf_games
from rlhf_adapters import make_env
from rlhf_adapters.specs import EnvError
from rlhf_adapters.two_player.drawing import BOARD, CELL, COLOURS, picture_of, stones_of, text_of


def cell_colours(picture):
    """Return the colours in the middles of the cells."""
    return picture[CELL // 2 :: CELL, CELL // 2 :: CELL]


def test_texts_and_pictures_show_whose_stones_lie_where():
    game = rlhf_games.make("tic_tac_toe")
    state = game.initial(1)
    for action in (4, 0, 8):
        state = game.step(state, [action])
    assert text_of(game, state[0]) == "O . .\n. X .\n. . X"
    picture = picture_of(game, state[0])
    assert (picture.shape, picture.dtype) == ((3 * CELL, 3 * CELL, 3), np.uint8)
    expected = COLOURS[[[2, 0, 0], [0, 1, 0], [0, 0, 1]]]
    assert np.array_equal(cell_colours(picture), expected)
    assert (picture[0, 0] == BOARD).all()


@pytest.mark.parametrize("name", rlhf_games.names())
def test_a_move_leaves_the_other_stones_where_they_are(name):
    """Whoever is to move, and whether or not the second player sees the board turned."""
    game, rng = rlhf_games.make(name), np.random.default_rng(0)
    states = game.initial(8)
    for _ in range(8):
        before = stones_of(game, states)
        states = game.step(states, game.random_actions(states, rng))
        changed = (stones_of(game, states) != before).reshape(8, -1).sum(axis=1)
        assert (changed <= (20 if "othello" in name else 2)).all()
        assert changed.any()


@pytest.mark.parametrize("n_envs", [1, 3])
def test_render_modes(n_envs):
    for mode, kind in (("ansi", str), ("rgb_array", np.ndarray)):
        env = make_env("connect_four", n_envs=n_envs, render_mode=mode, opponent="self")
        env.reset()
        seen = env.render() if n_envs == 1 else env.env_method("render")[0]
        assert (env.render_mode, type(seen)) == (mode, kind)
    with pytest.raises(EnvError, match="got 'paper'"):
        make_env("connect_four", n_envs=n_envs, render_mode="paper")
    with pytest.warns(UserWarning, match="render_mode"):
        assert make_env("connect_four").render() is None


def test_pictures_of_many_games_are_tiled():
    env = make_env("tic_tac_toe", n_envs=4, render_mode="rgb_array")
    env.reset()
    assert env.render().shape == (6 * CELL, 6 * CELL, 3)


def test_games_that_write_themselves_are_drawn_as_text():
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    env = make_env("openspiel:chess", render_mode="rgb_array", opponent="self")
    env.reset()
    first = env.render()
    env.step(env.action_masks().argmax())
    second = env.render()
    assert first.shape == second.shape
    assert (first != second).any()
    assert len(np.unique(first)) > 1
    text = make_env("openspiel:chess", render_mode="ansi")
    text.reset(seed=0)
    assert "K" in text.render()


def test_sb3_records_videos(tmp_path, monkeypatch):
    pytest.importorskip("moviepy", reason="needs moviepy")
    env = make_env("connect_four", n_envs=2, render_mode="rgb_array")
    recorded = VecVideoRecorder(env, str(tmp_path), lambda step: step == 0, video_length=10)
    recorded.reset()
    for _ in range(12):
        recorded.step(env.action_masks().argmax(axis=1))
    recorded.close()
    assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]


def test_gymnasium_records_videos(tmp_path):
    pytest.importorskip("moviepy", reason="needs moviepy")
    env = make_env("connect_four", render_mode="rgb_array")
    folder = tmp_path / "films"
    recorded = gymnasium.wrappers.RecordVideo(env, str(folder), lambda episode: True)
    recorded.reset(seed=0)
    over = False
    while not over:
        *_, over, _, _ = recorded.step(env.action_masks().argmax())
    recorded.close()
    assert [path.suffix for path in folder.iterdir()] == [".mp4"]


# ---- curves -----------------------------------------------------------------------------------


def test_finished_games_say_their_length_and_reward():
    env = make_env("tic_tac_toe", n_envs=4, opponent="random", goal="win", seed=0)
    env.reset()
    steps, seen = np.zeros(4, int), 0
    for _ in range(40):
        _, rewards, dones, infos = env.step(env.action_masks().argmax(axis=1))
        steps += 1
        for i in range(4):
            assert ("episode" in infos[i]) == dones[i]
            if dones[i]:
                episode = infos[i]["episode"]
                assert (episode["r"], episode["l"]) == (rewards[i], steps[i])
                assert episode["t"] >= 0
                steps[i], seen = 0, seen + 1
    assert seen > 10


@pytest.mark.parametrize("name", ["tic_tac_toe", "pettingzoo:leduc_holdem_v4"])
def test_sb3s_own_curves_are_filled(name):
    if ":" in name:
        pytest.importorskip("rlcard", reason="needs pettingzoo[classic]")
    model = DQN("MultiInputPolicy", make_env(name, n_envs=4, opponent="random"), learning_starts=10)
    model.learn(400)
    assert len(model.ep_info_buffer) > 10
    assert {"r", "l"} <= set(model.ep_info_buffer[0])
