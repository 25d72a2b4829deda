"""The head of the panel: who plays what, the score, and how far the episode is."""

from __future__ import annotations

from rlhf_agents.play.episode import EpisodePlayer
from rlhf_agents.play.episode_frames import Frame
from rlhf_agents.play.rounds import Mode, Rounds
from rlhf_agents.play.viewer.canvas import Canvas
from rlhf_agents.play.viewer.geometry import Box
from rlhf_agents.play.viewer.theme import Colour, Theme
from rlhf_agents.words import number_text, player_words, readable_name, spelled_out

SCORES = 40.0
"""Height of the two scores of a match."""
BESIDE = 110.0
"""In narrower cells the score is below the name."""


def paint_head(
    canvas: Canvas,
    box: Box,
    who: tuple[EpisodePlayer, Rounds | None],
    state: tuple[bool, str],
    theme: Theme,
) -> None:
    """Write the environment, who plays, the score, and the step or the result.

    Args:
        canvas: to draw on.
        box: of the panel.
        who: the episode, and who plays it if a person can.
        state: whether it is paused, and the speed in words.
        theme: the colours.
    """
    episode, rounds = who
    frame, width = episode.frame, box.width
    name = readable_name(episode.name)
    size = 17 if canvas.text_width(name, 17, bold=True) <= width else 14
    canvas.text((box.x, box.y + 9), name, size, theme.text, bold=True, width=width)
    who_plays = _longest(canvas, playing(episode, rounds), width)
    canvas.text((box.x, box.y + 32), who_plays, 14, theme.muted, width=width)
    row = Box(box.x, box.y + 46, width, SCORES)
    if rounds is not None and rounds.mode is Mode.MATCH:
        draw_scores(canvas, row, rounds, theme)
    else:
        _paint_score(canvas, row, frame, theme)
    ending, colour = _ending(frame, theme)
    y = box.y + 100
    if ending or state[0]:
        canvas.text((box.x, y), ending or "paused", 14, colour, bold=True, width=width)
        return
    words = _longest(canvas, _progress(frame, state[1]), width)
    canvas.text((box.x, y), words, 13, theme.muted, width=width)


def playing(episode: EpisodePlayer, rounds: Rounds | None) -> list[str]:
    """Return who plays, against whom and for what, in words: the longest line first."""
    if rounds is not None and rounds.by_hand:
        agent = episode.frame.followed_agent.words
        return [f"you are {agent}" if agent else "you play"]
    against = f" against {player_words(episode.opponent)}" if episode.opponent else ""
    asked = [spelled_out(goal.name) for goal in episode.frame.goals if goal.asked]
    actor = player_words(episode.actor.name, episode.name)
    plays = [f"{actor}{against}", actor]
    return [f"{plays[0]}, for {' + '.join(asked)}", *plays] if asked else plays


def draw_scores(canvas: Canvas, box: Box, rounds: Rounds, theme: Theme) -> None:
    """Draw the two scores of a round of a match; the one that is played now has a rim."""
    agent = "random" if rounds.episode.actor.name == "random" else "agent"
    scores = zip(("you", agent), rounds.round_scores(), (True, False), strict=True)
    for cell, (name, score, person) in zip(box.columns(2, 6), scores, strict=True):
        now = rounds.by_hand is person and not rounds.done
        plain = theme.background if rounds.done else theme.surface
        canvas.box(cell, theme.raised if now else plain, 8)
        if now:
            canvas.outline(cell, theme.accent, 8, 1.5)
        text = "" if score is None else number_text(score)
        left, middle, width = cell.x + 8, cell.centre[1], cell.width - 16
        if width < BESIDE:
            canvas.text((left, middle - 10), name, 11, theme.muted, width=width)
            place = (left, middle + 7)
            canvas.text(place, text, 16, theme.text, bold=True, width=width)
            continue
        canvas.text((left, middle), name, 13, theme.muted, width=width / 2)
        right = (cell.right - 8, middle)
        canvas.text(right, text, 20, theme.text, anchor="rm", bold=True, width=width * 0.7)


def _paint_score(canvas: Canvas, row: Box, frame: Frame, theme: Theme) -> None:
    mine = frame.followed_agent
    total = number_text(mine.total)
    canvas.text((row.x, row.centre[1]), total, 30, theme.text, bold=True, width=row.width)
    x = row.x + canvas.text_width(total, 30, bold=True) + 8
    said = f"score of {mine.words}" if mine.name else "score"
    said = _longest(canvas, [said, "score"], row.right - x)
    canvas.text((x, row.centre[1] + 6), said, 13, theme.faint, width=max(0.0, row.right - x))


def _progress(frame: Frame, speed: str) -> list[str]:
    """Return lines about the step and the speed, the longest first."""
    step = f"step {frame.step}"
    said = [f"episode {frame.episode}", step, *([speed] if speed else [])]
    mean = [f"mean score {number_text(frame.total)}"] if len(frame.agents) > 1 else []
    return [", ".join(parts) for parts in (said + mean, said, said[1:], [step])]


def _longest(canvas: Canvas, lines: list[str], width: float) -> str:
    """Return the first line that fits, else the last."""
    fitting = (line for line in lines if canvas.text_width(line, 14) <= width)
    return next(fitting, lines[-1])


def _ending(frame: Frame, theme: Theme) -> tuple[str, Colour]:
    """Return the sentence at the end of an episode or of an agent, and its colour."""
    mine = frame.followed_agent
    if mine.success is not None and (frame.over or not mine.playing):
        return ("goal reached", theme.good) if mine.success else ("goal missed", theme.bad)
    if frame.over:
        return "the episode is over", theme.text
    return ("", theme.text) if mine.playing else (f"{mine.words} is out of the game", theme.text)
