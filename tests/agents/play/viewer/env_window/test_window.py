"""Any world in a window and on film: the world's picture, the actor's values, keys, files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygame
import pytest
from PIL import Image

from rlhf_adapters.specs import EnvConfig
from rlhf_agents.cli import play
from rlhf_agents.envs.make_env import make_env
from rlhf_agents.errors import OutputError
from rlhf_agents.hfdqn import HFDQN
from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_events import EpisodeEvent, EventKind, GoalChance
from rlhf_agents.play.episode_frames import AgentFrame
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.env_window import window as world_window
from rlhf_agents.play.viewer.env_window.layout import agent_rows, arrange_env
from rlhf_agents.play.viewer.env_window.panel import (
    bar_shares,
    goal_at,
    listed_actions,
)
from rlhf_agents.play.viewer.env_window.recording import EnvRecording, record_episodes
from rlhf_agents.play.viewer.env_window.screen import EnvUi, layout_of, paint_env, scaled
from rlhf_agents.play.viewer.env_window.window import EnvWindow
from rlhf_agents.play.viewer.theme import DARK, LIGHT
from tests.agents.envs.walks import LAKE, STILL, save_walker

POLE = "gymnasium:CartPole-v1"
WORDS = ("--game", LAKE, "--option", "is_slippery=False")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """No screen and no loudspeaker; what the program sets is undone."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")


@pytest.fixture(scope="module")
def walker(tmp_path_factory):
    return str(save_walker(tmp_path_factory.mktemp("models") / "walker.zip"))


@pytest.fixture
def episode(walker):
    episode = EpisodePlayer(EnvConfig(LAKE, options=STILL), walker)
    yield episode
    episode.close()


def painted(episode, theme=DARK, size=(960, 560)):
    surface = pygame.Surface(size)
    paint_env(Canvas(surface), episode, EnvUi(theme))
    return pygame.surfarray.array3d(surface).swapaxes(0, 1)


# ---- pictures --------------------------------------------------------------------------------


def test_the_worlds_picture_is_on_the_screen(episode):
    pixels = painted(episode)
    picture = episode.frame.picture  # 256 x 256, enlarged to 464 x 464 above the strip
    for row, column in ((20, 100), (100, 90), (200, 230)):
        there = pixels[20 + row * 464 // 256, 113 + column * 464 // 256]
        assert there.tolist() == picture[row, column].tolist()
    assert (painted(episode, LIGHT)[5, 5] == LIGHT.background).all()


def test_the_chosen_action_has_the_longest_bar(episode):
    assert episode.frame.next_action == 1  # down
    pixels = painted(episode)
    accent = (pixels[:, 690:] == DARK.accent).all(axis=2).sum(axis=1)
    rows = np.flatnonzero(accent > 50)
    assert len(rows) > 5
    assert np.ptp(rows) < 12  # one bar
    episode.advance()
    episode.advance()
    assert episode.frame.next_action == 2  # right
    later = np.flatnonzero((painted(episode)[:, 690:] == DARK.accent).all(axis=2).sum(axis=1) > 50)
    assert later[0] - rows[0] == 26  # one line below


def test_worlds_without_picture_show_why():
    episode = EpisodePlayer(EnvConfig("Walks/Unseen-v0"), "random")
    pixels = painted(episode)
    assert (pixels[60, 60] == DARK.surface).all()
    written = (pixels[250:310, 60:660] != DARK.surface).any()
    assert written


@pytest.mark.parametrize("size", [(320, 320), (2000, 300)])
def test_every_size_can_be_drawn(episode, size):
    assert painted(episode, size=size).shape == (size[1], size[0], 3)


def test_many_actions_are_listed_by_worth():
    values = np.arange(30, dtype=np.float32)
    values[29] = np.nan
    mine = AgentFrame(values=values, next_action=3)
    assert listed_actions(mine, 30, 4) == [3, 27, 28]  # the last line says that 27 more are there
    assert listed_actions(mine, 3, 4) == [0, 1, 2]
    assert bar_shares(np.array([-4, 0, np.nan, 4], np.float32)).tolist() == [0, 0.5, 0, 1]
    assert bar_shares(np.zeros(2, np.float32)).tolist() == [1, 1]
    assert bar_shares(np.float32([98, 100])).tolist() == [0.75, 1]


def test_long_lists_of_goals_leave_room_for_the_actions(walker):
    """Whatever the size, the chosen action is on the screen, below the goals."""
    episode = EpisodePlayer(EnvConfig("gymnasium:CartPole-v1", goal="mixed"), "random")
    many = tuple(GoalChance(f"goal {number}", number == 0, 0, 0.5) for number in range(40))
    episode.frame = replace(
        episode.frame, agents=(replace(episode.frame.followed_agent, goals=many, values=ONES),)
    )
    for size in ((960, 560), (960, 400), (1600, 1000)):
        rows = bars_of(painted(episode, size=size), size)
        assert len(rows) == 2, size  # the goal that is asked, and the action that is chosen
        assert rows[-1] < size[1] - 20
    episode.close()


ONES = np.ones(2, np.float32)


def bars_of(pixels, size):
    """Return the pixel rows in which bars of the accent colour begin."""
    left = size[0] - 240
    long = (pixels[:, left:] == DARK.accent).all(axis=2).sum(axis=1) > 30
    return np.flatnonzero(long[1:] & ~long[:-1]).tolist()


def test_enlarged_pixels_stay_clear():
    checks = np.array([[[0] * 3, [255] * 3]], np.uint8)
    large = pygame.surfarray.array3d(scaled(checks, (64, 32)))
    assert set(np.unique(large)) == {0, 255}


# ---- films -----------------------------------------------------------------------------------


def test_films_show_whole_episodes(episode, tmp_path):
    film = EnvRecording(tmp_path / "walk.gif", tmp_path / "walk.png", 2, 100, (480, 320))
    assert record_episodes(episode, DARK, film) == 12
    with Image.open(film.gif) as gif:
        assert (gif.n_frames, gif.size) == (14, (480, 320))
        assert gif.info["duration"] == 250
    with Image.open(film.png) as png:
        assert png.size == (480, 320)


def test_films_end_after_some_steps(episode, tmp_path):
    film = EnvRecording(tmp_path / "walk.gif", None, 5, 4, (480, 320))
    assert record_episodes(episode, DARK, film) == 4
    with pytest.raises(OutputError):
        record_episodes(episode, DARK, EnvRecording(None, tmp_path / "no" / "x.png", 1, 1))


def test_rlhf_play_films_without_a_display(walker, tmp_path, capsys):
    files = ("--record", str(tmp_path / "a.gif"), "--screenshot", str(tmp_path / "a.png"))
    assert play.main([*WORDS, "--agent", walker, "--watch", *files, "--size", "480x320"]) == 0
    out, err = capsys.readouterr()
    assert "episode 1: score 1 in 6 steps\n" in out
    assert err == ""
    assert {path.name for path in tmp_path.iterdir()} == {"a.gif", "a.png"}


# ---- the terminal ----------------------------------------------------------------------------


def test_rlhf_play_shows_steps_in_the_terminal(walker, capsys):
    assert play.main([*WORDS, "--agent", walker, "--terminal", "--games", "2"]) == 0
    out, _ = capsys.readouterr()
    assert out.count("step 6: right, reward 1, score 1, values 0.00 0.00 1.00 0.00\n") == 2
    assert "\x1b[41m" in out  # the world's own text
    assert out.endswith("episode 2: score 1 in 6 steps\n")


def test_endless_worlds_end_in_the_terminal(capsys):
    words = ["--game", "CartPole-v1", "--agent", "random", "--terminal", "--plies", "3"]
    assert play.main(words) == 0
    out, _ = capsys.readouterr()
    assert out.endswith("score so far 3 in 3 steps (stopped after 3 steps; --plies N shows more)\n")


# ---- the window ------------------------------------------------------------------------------


def press(name):
    typed = name if len(name) == 1 else ""
    code = pygame.key.key_code(name)
    event = pygame.event.Event(pygame.KEYDOWN, key=code, mod=0, unicode=typed, scancode=0)
    pygame.event.post(event)


def test_keys_of_the_window(walker):
    window = EnvWindow(EpisodePlayer(EnvConfig(LAKE, options=STILL), walker), DARK)
    keys = iter(["space", "right", "right", "+", "f1", "escape", "escape"])
    seen = []

    def watch(window, _now):
        now = window.episode.frame
        seen.append((window.paused, now.episode, now.step, window.speed))
        press(next(keys, "escape"))

    try:
        window.run(watch)
    finally:
        window.close()
    assert seen[1:] == [
        (True, 1, 0, 1),
        (True, 1, 1, 1),
        (True, 1, 2, 1),
        (True, 1, 2, 2),
        (True, 1, 2, 2),
        (True, 1, 2, 2),
        (True, 1, 2, 2),
        (True, 1, 2, 2),
    ]


def test_the_window_plays_by_the_clock_episode_after_episode(walker):
    window = EnvWindow(EpisodePlayer(EnvConfig(LAKE, options=STILL), walker), DARK)
    try:
        now, steps = window._due, []
        for _ in range(200):
            window.tick(now)
            steps.append((window.episode.frame.episode, window.episode.frame.step))
            now += 0.25
    finally:
        window.close()
    assert steps[:4] == [(1, 1), (1, 2), (1, 3), (1, 4)]
    assert steps.count((1, 6)) == 6  # 1.5 seconds
    assert steps[-1][0] > 10


def test_rlhf_play_opens_the_window(walker, monkeypatch, capsys):
    opened = []

    class Glance(EnvWindow):
        def run(self, watch=None):
            opened.append(self.episode.name)
            self.leaving = True
            super().run(watch)

    monkeypatch.setattr(world_window, "EnvWindow", Glance)
    assert play.main([*WORDS, "--agent", walker, "--watch"]) == 0
    assert opened == [LAKE]
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def spread():
    pytest.importorskip("mpe2", reason="needs rlhf-agents[mpe2]")
    return EnvConfig("mpe2:simple_spread_v3", goal="mixed", seed=1)


def test_tab_and_clicks_choose_who_is_followed(spread):
    window = EnvWindow(EpisodePlayer(spread, "random"), DARK)
    followed = []

    def watch(window, _now):
        followed.append(window.episode.frame.followed_agent.name)
        step = len(followed)
        if step < 3:
            press("tab")
        elif step == 3:
            layout = arrange_env(window._window.size, 3, keys=True)
            place = agent_rows(layout.agents, 3, 2).rows[1].centre
            button = pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=place)
            pygame.event.post(button)
        else:
            press("escape")

    try:
        window.key("space")
        window.run(watch)
    finally:
        window.close()
    assert followed[:4] == ["agent_0", "agent_1", "agent_2", "agent_1"]


def test_a_click_on_a_goal_is_what_the_agent_plays_for(tmp_path):
    env = make_env(POLE, goal="mixed")
    model = HFDQN("MultiInputPolicy", env, recommended=False, hindsight=False, buffer_size=9)
    model.save_agent(tmp_path / "pole.zip")
    window = EnvWindow(
        EpisodePlayer(EnvConfig(POLE, goal="mixed"), str(tmp_path / "pole.zip")), DARK
    )
    try:
        episode, panel = window.episode, arrange_env((960, 560), 1, True).panel
        rows = {
            goal_at(panel, episode, (panel.x + 9, panel.y + y)): (panel.x + 9, panel.y + y)
            for y in range(0, 500, 4)
        }
        assert list(rows) == ["", "survive_50", "survive_100", "survive_200", "survive_500"]
        for name, adds, played in (
            ("survive_100", False, "survive_100"),
            ("survive_500", True, "survive_100 + survive_500"),
            ("survive_100", True, "survive_500"),
            ("survive_500", True, "survive_500"),
            ("survive_50", False, "survive_50"),
        ):
            window.click(rows[name], adds)
            assert episode.goal == played
        for _ in range(3):
            episode.advance()
        episode.restart()
        assert [goal.name for goal in episode.frame.goals if goal.asked] == ["survive_50"]
    finally:
        window.close()


@pytest.mark.parametrize("size", [(320, 320), (960, 560), (1400, 900), (2000, 300)])
@pytest.mark.parametrize("count", [3, 10, 25])
def test_teams_can_be_drawn_in_every_size(spread, size, count):
    episode = EpisodePlayer(replace(spread, options={"N": count}), "random")
    first = painted(episode, size=size)
    episode.follow(count - 1)
    assert (painted(episode, size=size) != first).any()
    episode.advance()
    episode.close()


def test_marks_of_others_are_pale(spread):
    episode = EpisodePlayer(spread, "random")
    event = EpisodeEvent(1, EventKind.GOAL, "cover_1 reached", ("agent_1",))
    episode.frame = replace(episode.frame, step=1, events=(event,))

    def bright():
        canvas = Canvas(pygame.Surface((960, 560)))
        strip = layout_of(canvas, episode, EnvUi(DARK)).strip
        rows, columns = slice(int(strip.y), int(strip.bottom)), slice(0, int(strip.right))
        pixels = painted(episode)[rows, columns]
        return int((pixels == DARK.good).all(axis=2).sum())

    pale = bright()
    episode.follow(1)
    assert bright() > pale + 20
    episode.close()


@pytest.mark.parametrize("words", [(), ("--watch",)])
def test_chance_acts_where_nobody_is_named(words, capsys):
    assert play.main(["--game", LAKE, "--terminal", *words, "--plies", "3"]) == 0
    out, err = capsys.readouterr()
    assert "Frozen Lake, played by random player" in out
    assert err.startswith(f"No agent comes with {LAKE}; its actions are random")


MISTAKES = [
    (("--agent", "random", "--side", "first"), "--side needs a game with exact rules"),
    (("--agent", "random", "--opponent", "human"), "has no human opponent"),
    (("--agent", "random", "--opponent", "random"), "has one player"),
    (("--agent", "random", "--option", "wings=2"), "cannot be made with wings=2"),
    (("--agent", "random", "--record", "/nowhere/a.gif"), "there is no folder"),
    (("--agent", "nobody"), "unknown agent 'nobody'"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES, ids=[s for _, s in MISTAKES])
def test_mistakes_get_one_sentence(words, sentence, capsys):
    assert play.main(["--game", LAKE, "--terminal", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
