"""What a league's games say: the rows add up, files can be read, pictures are drawn."""

from __future__ import annotations

import csv
import io
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from rlhf_agents import plots
from rlhf_agents.errors import SettingError
from rlhf_agents.evaluation.league import LeagueGame
from rlhf_agents.evaluation.league_table import Table, read_rows, tabulate, to_csv
from rlhf_agents.plots import style

STRENGTHS = {"random": 0.0, "minimax:2": 1.2, "agent@16": 2.5, "x_with_a_long_name.zip@1000": 2.4}


def games(names: list[str], openings: int = 20, seed: int = 0) -> list[LeagueGame]:
    rng, found = np.random.default_rng(seed), []
    for first in names:
        for second in names:
            for opening in range(openings if first != second else 0):
                lead = STRENGTHS[first] - STRENGTHS[second] + 0.3
                won = rng.random() < 1 / (1 + np.exp(-lead))
                result = 0 if rng.random() < 0.1 else (1 if won else -1)
                moves = (opening, 1, *rng.integers(0, 7, 12).tolist())
                ms = (STRENGTHS[first] + 0.01, STRENGTHS[second] + 0.01)
                found.append(LeagueGame((first, second), opening, 2, moves, result, ms))
    return found


@pytest.fixture(scope="module")
def table() -> Table:
    return tabulate("connect_four", list(STRENGTHS), games(list(STRENGTHS)))


def test_the_rows_add_up(table: Table):
    assert table.games == table.distinct == 12 * 20
    assert sum(row.wins for row in table.rows) == sum(row.losses for row in table.rows)
    for row in table.rows:
        assert row.games == row.wins + row.draws + row.losses == 6 * 20
        assert row.score == pytest.approx((row.wins + row.draws / 2) / row.games)
        assert row.score == pytest.approx((row.score_first + row.score_second) / 2)
        assert row.low <= row.elo <= row.high
        assert row.cpu_ms == pytest.approx(STRENGTHS[row.player] + 0.01)
        cells = [cell for cell in table.cells if cell.player == row.player]
        assert sum(cell.wins for cell in cells) == row.wins
        assert sum(cell.games for cell in cells) == row.games
    elos = [row.elo for row in table.rows]
    assert elos == sorted(elos, reverse=True)
    assert (table.rows[-1].player, table.rows[-1].elo) == ("random", 0)
    assert table.rows[-1].superiority is None
    assert table.rows[-2].superiority > 0.99


def test_cells_mirror_each_other(table: Table):
    scores = {(cell.player, cell.opponent): cell for cell in table.cells}
    assert len(scores) == 12
    for (one, other), cell in scores.items():
        assert cell.score + scores[other, one].score == pytest.approx(1)
        assert cell.expected + scores[other, one].expected == pytest.approx(1)
        assert cell.distinct == cell.games == 40


def test_without_random_play_the_mean_is_zero():
    names = ["minimax:2", "agent@16"]
    found = tabulate("connect_four", [*names, "who did not play"], games(names))
    assert not found.anchored
    assert [row.player for row in found.rows] == ["agent@16", "minimax:2"]
    assert sum(row.elo for row in found.rows) == pytest.approx(0, abs=1e-6)


def test_repeated_games_are_said():
    names = list(STRENGTHS)[:2]
    found = tabulate("connect_four", names, games(names) * 2)
    assert (found.games, found.distinct) == (80, 40)
    assert any("40 of 80" in warning for warning in found.warnings)


def test_no_games_is_a_sentence():
    with pytest.raises(SettingError, match="no games"):
        tabulate("connect_four", list(STRENGTHS), [])


def test_csv_can_be_read(table: Table):
    rows = list(csv.DictReader(io.StringIO(to_csv(table.rows))))
    assert [row["player"] for row in rows] == [row.player for row in table.rows]
    assert [float(row["elo"]) for row in rows] == pytest.approx(
        [row.elo for row in table.rows], abs=1e-4
    )
    assert rows[-1]["superiority"] == ""
    assert len(list(csv.DictReader(io.StringIO(to_csv(table.cells))))) == 12


def test_ratings_are_read_again(table: Table, tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text(to_csv(table.rows))
    for row, again in zip(table.rows, read_rows(path), strict=True):
        assert (again.player, again.superiority is None) == (row.player, row.superiority is None)
        assert again.elo == pytest.approx(row.elo, abs=0.1)
    path.write_text("player,elo\nrandom,0\n")
    with pytest.raises(SettingError, match="not a table of ratings"):
        read_rows(path)


# ---- pictures ---------------------------------------------------------------------------------


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


@pytest.mark.parametrize("theme", plots.THEMES)
def test_pictures_have_the_colours_of_their_theme(table: Table, theme: str):
    pytest.importorskip("matplotlib")
    content = table.plot(theme).png()
    assert len(content) < 150_000
    assert content == table.plot(theme).png()
    picture = pixels(content)
    assert (picture.mean() > 128) == (theme == "light")
    paper = [int(plots.THEMES[theme].paper[i : i + 2], 16) for i in (1, 3, 5)]
    assert np.abs(picture[2, 2] - paper).max() <= 3


def test_cells_are_coloured_by_score(table: Table):
    """The cells of the cross table: mostly blue above the diagonal, amber below it."""
    pytest.importorskip("matplotlib")
    picture = pixels(table.plot().png())
    blue = np.argwhere(picture[..., 2] - picture[..., 0] > 90)
    amber = np.argwhere(picture[..., 0] - picture[..., 2] > 90)
    blue = blue[blue[:, 1] > picture.shape[1] / 2 + 40]
    blue = blue[blue[:, 0] < picture.shape[0] / 2]
    assert len(blue) > 5000
    assert len(amber) > 5000
    assert blue[:, 0].mean() < amber[:, 0].mean()


def test_many_players_and_few_fit():
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    names = [f"player {number}" for number in range(24)]
    crowd = [
        LeagueGame((one, other), 0, 1, (k, 1), int(rng.integers(-1, 2)), (1.0, 1.0))
        for k, one in enumerate(names)
        for other in names
        if one != other
    ]
    assert len(tabulate("g", names, crowd).plot().png()) < 250_000
    pair = [game for game in crowd if set(game.players) == set(names[:2])]
    assert tabulate("g", names, pair).plot().png().startswith(b"\x89PNG")


def test_colours_of_scores_keep_apart_for_the_colour_blind():
    """Simulated by Machado et al. (2009), severity 1: the ends differ in lightness or hue."""
    matrices = {
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    }
    for theme in plots.THEMES.values():
        for matrix in matrices.values():
            seen = [
                np.array(matrix) @ [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
                for colour in (theme.bad, theme.even, theme.good)
            ]
            for one, other in ((0, 1), (1, 2), (0, 2)):
                assert np.linalg.norm(seen[one] - seen[other]) > 0.3


def test_numbers_stand_out_from_their_cells():
    assert style.readable_on((1, 1, 1, 1)) == "#000000"
    assert style.readable_on((0.05, 0.38, 0.66, 1)) == "#ffffff"


def test_without_matplotlib_there_is_a_hint(table: Table):
    missing = mock.patch.object(style, "available", return_value=False)
    with missing, pytest.raises(SettingError, match=r"rlhf-agents\[plots\]"):
        table.plot().png()
