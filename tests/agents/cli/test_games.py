"""`rlhf-games`: what is listed, by which patterns, and what mistakes get."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import rlhf_games
from rlhf_adapters.registry import Library
from rlhf_adapters.specs import EnvError
from rlhf_agents.cli import games
from rlhf_agents.envs import catalogue
from rlhf_agents.players.bundled import bundled_agents


def said(capsys, *words):
    code = games.main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def listed(capsys, *words):
    code, out, err = said(capsys, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_libraries_and_games(capsys):
    report = listed(capsys)
    shelves = {one["name"]: one for one in report["libraries"]}
    assert set(shelves) == set(catalogue.library_names())
    assert shelves["gymnasium"]["worlds"] >= 10
    assert shelves["minatar"]["worlds"] == 5
    assert [one["name"] for one in report["games"]] == rlhf_games.names()
    four = next(one for one in report["games"] if one["name"] == "connect_four")
    assert (four["players"], four["actions"], four["foresight"]) == (2, 7, True)
    assert "win_diagonal" in four["goals"]
    assert {one["name"] for one in report["games"] if one["agent"]} == set(bundled_agents())


def test_what_is_missing_is_listed_with_its_cure(capsys, monkeypatch):
    monkeypatch.setattr(Library, "installed", property(lambda self: not self.needs))
    _, out, _ = said(capsys)
    row = next(line for line in out.splitlines() if "minigrid" in line)
    assert 'no: pip install "rlhf-agents[minigrid]"' in row
    code, out, err = said(capsys, "minigrid")
    assert (code, out) == (2, "")
    assert 'pip install "rlhf-agents[minigrid]"' in err


def test_worlds_of_a_library(capsys):
    code, out, _ = said(capsys, "minatar")
    assert code == 0
    row = next(line for line in out.splitlines() if "minatar:breakout" in line)
    assert [cell.strip() for cell in row.split("|")[2:5]] == ["1", "6", "-"]
    assert "score_5_within_100" in row


def test_patterns():
    lakes = ["gymnasium:FrozenLake-v1", "gymnasium:FrozenLake8x8-v1"]
    assert catalogue.matching("gymnasium:Lake") == lakes
    assert catalogue.matching("gymnasium:Frozen*-v?") == lakes
    assert catalogue.matching("gymnasium:FrozenLake-v1") == lakes[:1]
    assert catalogue.matching("minatar") == [
        f"minatar:{name}"
        for name in ("asterix", "breakout", "freeway", "seaquest", "space_invaders")
    ]
    with pytest.raises(EnvError, match="did you mean breakout"):
        catalogue.matching("minatar:braekout")


def test_sizes_of_our_own_boards_in_brackets(capsys):
    (game,) = listed(capsys, "connect_four(rows=4,columns=5)")["games"]
    assert (game["name"], game["actions"]) == ("connect_four(columns=5,rows=4)", 5)


def test_options_in_brackets(capsys):
    pytest.importorskip("pyspiel", reason="needs the extra openspiel")
    (world,) = listed(capsys, "openspiel:breakthrough(rows=6,columns=6)")["worlds"]
    assert world["name"] == "openspiel:breakthrough(columns=6,rows=6)"
    assert world["foresight"]
    code, _, err = said(capsys, "openspiel:breakthrough(rowz=6)")
    assert code == 2
    assert "did you mean rows?" in err


def test_worlds_that_refuse_are_listed_apart(capsys, monkeypatch):
    described = catalogue.describe

    def describe(name):
        if name == "minatar:seaquest":
            msg = "the sea is dry"
            raise EnvError(msg)
        return described(name)

    monkeypatch.setattr(catalogue, "describe", describe)
    _, out, _ = said(capsys, "minatar:s*")
    assert "Environments (1):" in out
    assert "cannot be played here (1):" in out
    assert "the sea is dry" in out


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("conect_four", "did you mean connect_four?"),
        ("minitar", "did you mean minatar"),
        ("opnspiel:go", "did you mean openspiel?"),
        ("gymnasium:CartPool-v1", "did you mean CartPole-v1"),
        ("minatar:*zz*", "unknown minatar environment '*zz*'"),
    ],
)
def test_mistakes_get_one_sentence(word, sentence, capsys):
    code, out, err = said(capsys, word)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_nothing_heavy_is_imported():
    code = "import sys; from rlhf_agents.cli.games import main; main([]); main(['minatar']);"
    code += "print({'torch', 'stable_baselines3'} & set(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "set()"
