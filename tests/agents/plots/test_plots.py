"""Pictures of goals, matches, positions and curves: colours, themes, and the data they show."""

from __future__ import annotations

import io
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from rlhf_agents import plots
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.arena import GoalMatrix, GoalResult
from rlhf_agents.evaluation.curves import LearningCurve
from rlhf_agents.plots import style

GOALS = ("win", "lose", "win_diagonal")


def row(asked: str, *shares: float) -> GoalResult:
    return GoalResult(asked, dict(zip(GOALS, shares, strict=True)), 0.0, 1.0, 10)


MATRIX = GoalMatrix(
    "agent",
    "random",
    10,
    GOALS,
    (row("win", 1, 0, 0.2), row("lose", 0, 1, 0), row("win_diagonal", 0.9, 0.1, 0.9)),
    row("win", 1, 0, 0.2),
    2,
    0,
)
CURVES = [
    LearningCurve("one", "score", [0, 10, 20], [0.0, 1.0, 2.0], [0.1, 0.5, 0.9]),
    LearningCurve("other", "score", [0, 20], [0.0, 3.0], [0.1, 0.2]),
]


def pictures(theme: str) -> dict[str, plots.Chart]:
    return {
        "goals": MATRIX.plot(theme),
        "curves": CURVES[0].plot(CURVES[1], theme=theme),
        "matches": plots.matches_picture("m", [("a", (0.5, 0.2, 0.3)), ("b", (1, 0, 0))], theme),
        "positions": plots.positions_picture(
            "p", ["0", "256"], [("VP", [0.8, 0.9], [0.01, 0.01])], theme
        ),
    }


def pixels(picture: plots.Chart) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB")).astype(int)


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize("theme", plots.THEMES)
def test_every_picture_has_the_paper_of_its_theme(theme: str):
    pytest.importorskip("matplotlib")
    for name, picture in pictures(theme).items():
        seen = pixels(picture)
        assert np.abs(seen[2, 2] - rgb(plots.THEMES[theme].paper)).max() <= 3, name
        assert picture.png() == pictures(theme)[name].png(), name


def test_a_goal_matrix_shows_its_numbers_and_frames_what_was_asked():
    pytest.importorskip("matplotlib")
    axes = MATRIX.plot().figure.axes[0]
    assert [text.get_text() for text in axes.texts][:3] == ["100", "0", "20"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [*GOALS, "merely win"]
    assert len(axes.patches) == 3


def test_curves_are_drawn_against_steps_or_seconds():
    pytest.importorskip("matplotlib")
    for by, ends in (("steps", [20, 20]), ("seconds", [2.0, 3.0])):
        lines = CURVES[0].plot(CURVES[1], by=by).figure.axes[0].lines
        assert [line.get_xdata()[-1] for line in lines] == ends
    assert (
        len({line.get_color() for line in lines}) == len({line.get_marker() for line in lines}) == 2
    )


def test_a_picture_shows_itself_in_a_notebook_and_is_saved(tmp_path):
    pytest.importorskip("matplotlib")
    picture = CURVES[0].plot()
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert "save(" in repr(picture)
    assert picture.save(tmp_path / "curve.png").read_bytes() == picture.png()


@pytest.mark.parametrize("theme", plots.THEMES.values(), ids=plots.THEMES)
def test_series_keep_apart_for_the_colour_blind(theme: style.ChartTheme):
    """Simulated by Machado et al. (2009), severity 1; the first three are used most."""
    matrices = (
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    )
    for matrix in matrices:
        seen = [np.array(matrix) @ rgb(colour) / 255 for colour in theme.series[:3]]
        for one, other in ((0, 1), (1, 2), (0, 2)):
            assert np.linalg.norm(seen[one] - seen[other]) > 0.4


def test_unknown_themes_and_a_missing_matplotlib_are_said():
    with pytest.raises(SettingError, match="light, dark"):
        CURVES[0].plot(theme="neon")
    missing = mock.patch.object(style, "available", return_value=False)
    with missing, pytest.raises(SettingError, match=r"rlhf-agents\[plots\]"):
        MATRIX.plot()


def test_a_matrix_can_be_read_where_python_shows_it():
    lines = repr(MATRIX).split("\n")
    assert "achieved in percent" in lines[0]
    assert lines[1].split() == ["asked", *MATRIX.goals]
    assert len({len(line) for line in lines[1:]}) == 1
    assert lines[-1].startswith("merely win")
    assert MATRIX._repr_html_().count("<tr>") == len(MATRIX.rows) + 2
    assert MATRIX._repr_png_().startswith(b"\x89PNG")
