"""`rlhf-play` in environments without exact rules: watch an agent, in one of three ways."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator

from rlhf_agents.cli.common import env_config
from rlhf_agents.cli.play_checks import INTERRUPTED
from rlhf_agents.envs.open_env import EnvConfig
from rlhf_agents.errors import SettingError
from rlhf_agents.play.episode import ANSI, RGB, EpisodePlayer
from rlhf_agents.play.episode_frames import Frame
from rlhf_agents.play.rounds import Mode
from rlhf_agents.play.viewer.pygame_check import offscreen_driver
from rlhf_agents.words import player_words, readable_name

MOST_STEPS = 1000
"""The most steps of a recording, or in the terminal, without --plies: some environments never
end."""


def play_env(options: argparse.Namespace, can_open_window: Callable[[], bool]) -> int:
    """Show an agent in an environment.

    Args:
        options: of the program.
        can_open_window: returns whether there is a display, and prints what is missing.

    Raises:
        UserError: an option is invalid, or the agent does not fit.
        rlhf_games.base.GameError: the environment cannot be made.
    """
    config = env_config(options)
    if options.record is not None or options.screenshot is not None:
        _record(config, options)
    elif not options.terminal and can_open_window():
        _open_window(config, options)
    else:
        _print(config, options)
    return 0


def _opened(config: EnvConfig, options: argparse.Namespace, mode: str = RGB) -> EpisodePlayer:
    """Return the environment with its actor, and say which one if none was named."""
    episode = EpisodePlayer(config, options.agent, mode)
    sys.stderr.write(options.note)
    return episode


def _record(config: EnvConfig, options: argparse.Namespace) -> None:
    from rlhf_agents.play.viewer.env_window.recording import (  # noqa: PLC0415 - needs pygame
        SIZE,
        EnvRecording,
        record_episodes,
    )
    from rlhf_agents.play.viewer.theme import THEMES  # noqa: PLC0415 - needs pygame

    steps = MOST_STEPS if options.plies is None else options.plies
    files = options.record, options.screenshot
    wanted = EnvRecording(*files, options.games, steps, options.size or SIZE)
    try:
        with offscreen_driver(), _silent(), contextlib.closing(_opened(config, options)) as episode:
            shown = record_episodes(episode, THEMES[options.theme], wanted)
            _say_trouble(episode)
            _say(_summary(episode.frame) + _cut(episode.frame, shown))
    except KeyboardInterrupt:
        raise SettingError(INTERRUPTED) from None
    for path in files:
        if path is not None:
            _say(f"wrote {path}")


def _open_window(config: EnvConfig, options: argparse.Namespace) -> None:
    from rlhf_agents.play.viewer.env_window.window import SIZE, EnvWindow  # noqa: PLC0415 - the same
    from rlhf_agents.play.viewer.theme import THEMES  # noqa: PLC0415 - needs pygame

    episode = _opened(config, options)
    _say_trouble(episode)
    mode = Mode.WATCH if options.watch or options.named else None
    mode = Mode.HAND if options.by_hand else mode
    theme, size = THEMES[options.theme], options.size or SIZE
    window = EnvWindow(episode, theme, size, mode=mode, seed=options.seed)
    try:
        window.run()
    except KeyboardInterrupt:
        pass
    finally:
        window.close()


def _print(config: EnvConfig, options: argparse.Namespace) -> None:
    """Show episodes in the terminal: the environment's own text, or a line per step."""
    with _silent(), contextlib.closing(_opened(config, options, ANSI)) as episode:
        _print_episodes(episode, options)


def _print_episodes(episode: EpisodePlayer, options: argparse.Namespace) -> None:
    pause = 1 / episode.pace if sys.stdout.isatty() else 0.0
    most = MOST_STEPS if options.plies is None else options.plies
    shown = 0
    try:
        who = player_words(episode.actor.name, episode.name)
        _say(f"{readable_name(episode.name)}, played by {who}")
        while shown < most and not (episode.frame.over and episode.frame.episode >= options.games):
            before = episode.frame
            frame = episode.advance()
            if frame.step:
                shown += 1
                _say(_line(before, frame, episode))
                time.sleep(pause)
            if frame.over:
                _say(_summary(frame))
        if not episode.frame.over:
            _say(_summary(episode.frame) + _cut(episode.frame, shown))
    except KeyboardInterrupt:
        _say(_summary(episode.frame))


def _line(before: Frame, frame: Frame, episode: EpisodePlayer) -> str:
    acted = ", ".join(
        f"{agent.words} {episode.action_name(place, agent.action)}".lstrip()
        for place, agent in enumerate(frame.agents)
        if agent.action is not None
    )
    line = f"step {frame.step}: {acted}, reward {frame.reward:g}, score {frame.total:g}"
    if before.values is not None and len(before.agents) == 1:
        line += f", values {' '.join(f'{worth:.2f}' for worth in before.values)}"
    return line if frame.text is None else f"{line}\n{frame.text.rstrip()}\n"


def _summary(frame: Frame) -> str:
    result = "" if frame.success is None else ", goal " + ("reached" if frame.success else "missed")
    state = "score" if frame.over else "score so far"
    return f"episode {frame.episode}: {state} {frame.total:g} in {frame.step} steps{result}"


def _cut(frame: Frame, shown: int) -> str:
    return "" if frame.over else f" (stopped after {shown} steps; --plies N shows more)"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _say_trouble(episode: EpisodePlayer) -> None:
    if episode.trouble:
        sys.stderr.write(f"{episode.trouble}; only its numbers are shown.\n")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Disable sound, as many environments fail without an audio device."""
    name = "SDL_AUDIODRIVER"
    before = os.environ.get(name)
    os.environ.setdefault(name, "dummy")
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
