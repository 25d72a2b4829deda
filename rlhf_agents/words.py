"""Readable names for goals, levels and players; users still type the ids.

    goal_words(game, "win_by_18")    "win by move 18"
    level_words(7)                   "level 7, skilled"
    player_words("connect_four@256") "Connect Four agent, 256 positions per move"

The terminal, the window, the web page, `--help` and `rlhf-games` all use these. A goal may have its
own words (`Goal.words`); otherwise its name is spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rlhf_games.base import Game, Goal, UnknownGoalError, options_words

LEVEL_NAMES = (
    "beginner",
    "novice",
    "learner",
    "casual",
    "steady",
    "able",
    "skilled",
    "strong",
    "expert",
    "master",
    "champion",
    "perfect",
)
"""Names of the levels 1 to 12."""

_SPELLINGS = {"tic_tac_toe": "Tic-Tac-Toe", "highway-fast": "Highway"}
_IGNORED = re.compile(r"[_-]v\d+$|^MiniGrid-|NoFrameskip|Deterministic")
"""Parts of ids that tell versions and libraries apart."""
_WORD = re.compile(r"\d+x\d+|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_GOAL_ENDINGS = (
    (re.compile(r"(.+)_within_(\d+)"), "{} within {} steps"),
    (re.compile(r"(.+)_by_(\d+)"), "{} by move {}"),
    (re.compile(r"(survive)_(\d+)"), "{} {} steps"),
)


def readable_name(game: str) -> str:
    """Return the readable name of a game or an environment, without loading it.

    "openspiel:go(board_size=9)" is "Go 9x9", "pettingzoo:go_v5" is "Go", "gymnasium:CartPole-v1"
    is "Cart Pole".
    """
    name, bracket, options = game.rpartition(":")[2].partition("(")
    name = _IGNORED.sub("", name)
    words = [w if w in ("of", "and") else w[:1].upper() + w[1:] for w in _WORD.findall(name)]
    title = _SPELLINGS.get(name) or " ".join(words) or name
    return f"{title}{options_words(options[:-1])}" if bracket else title


def agent_words(agent: str) -> str:
    """Return the readable name of one of many agents: "archer_0" is "Archer 1"."""
    found = re.fullmatch(r"(.+)_(\d+)", agent)
    return f"{readable_name(found[1])} {int(found[2]) + 1}" if found else readable_name(agent)


def speed_words(speed: float) -> str:
    """Return a speed in words, "" for 1: "half speed", "8 times slower"."""
    if speed == 1:
        return ""
    if speed in (0.5, 2):
        return "half speed" if speed < 1 else "double speed"
    return f"{speed:g} times faster" if speed > 1 else f"{1 / speed:g} times slower"


def number_text(number: float) -> str:
    """Return a number as text, whole ones without decimals."""
    return f"{number:.0f}" if number == int(number) else f"{number:.2f}"


# ---- goals -----------------------------------------------------------------------------------


def goal_words(game: Game, name: str) -> str:
    """Return the readable name of a game's goal; an unknown name is spelled out."""
    return next((words_of(goal) for goal in game.goals if goal.name == name), spelled_out(name))


def words_of(goal: Goal) -> str:
    """Return the readable name of a goal."""
    return goal.words or spelled_out(goal.name)


def spelled_out(name: str) -> str:
    """Return the id of a goal as words: "reach_goal_within_20" is "reach goal within 20 steps"."""
    for pattern, words in _GOAL_ENDINGS:
        found = pattern.fullmatch(name)
        if found is not None:
            return words.format(spelled_out(found[1]), found[2])
    return name.replace("_", " ")


def goal_named(game: Game, text: str) -> str:
    """Return the id of a goal from its id or its words.

    Raises:
        UnknownGoalError: the game has no such goal; suggests similar names.
    """
    wanted = " ".join(text.replace("_", " ").casefold().split())
    for goal in game.goals:
        if wanted in (goal.name.replace("_", " ").casefold(), words_of(goal).casefold()):
            return goal.name
    game.goal_index(text)  # its error lists the goals
    raise UnknownGoalError(text)


def goal_list(goals: Iterable[Goal]) -> str:
    """Return goals as lines of a table: names to type, and their meanings."""
    listed = list(goals)
    width = max((len(goal.name) for goal in listed), default=0)
    return "\n".join(f"  {goal.name:<{width}}  {goal.text}" for goal in listed)


# ---- levels and players ----------------------------------------------------------------------


def level_words(level: int) -> str:
    """Return the name of a level from 1 to 12, such as "level 7, skilled"."""
    return f"level {level}, {LEVEL_NAMES[level - 1]}"


def level_list() -> str:
    """Return all levels in one line: "1 beginner, 2 novice, ..."."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(LEVEL_NAMES, 1))


def nodes_words(nodes: int) -> str:
    """Return a number of positions to search in words."""
    if nodes == 0:
        return "no search"
    return "1 position" if nodes == 1 else f"{nodes:,} positions"


_BUDGETS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"level(\d+)"), lambda found: f"level {found[1]}"),
    (re.compile(r"elo(-?\d+)"), lambda found: f"{found[1]} Elo"),
    (re.compile(r"0"), lambda _: "without looking ahead"),
    (re.compile(r"1"), lambda _: "one move ahead"),
    (re.compile(r"(\d+)"), lambda found: f"{nodes_words(int(found[1]))} per move"),
    (re.compile(r"(\d+(?:\.\d+)?)s"), lambda found: f"{found[1]} s per move"),
)


def player_words(spec: str, game: str = "") -> str:
    """Return the readable name of a player: "Connect Four agent, level 7".

    Args:
        spec: as typed, or the name of a player: "minimax:4", "agent@level7", "connect_four@256".
        game: the name of the game, for "agent".
    """
    word, at, budget = spec.rpartition("@")
    said = next((say(hit) for form, say in _BUDGETS if (hit := form.fullmatch(budget))), None)
    if not at or said is None:
        return _name_words(spec, game)
    return f"{_name_words(word, game)}, {said}"


def league_names(players: Sequence[str], game: str = "") -> dict[str, str]:
    """Return the readable names of the players of a league, by their names in its files.

    The title of the game is left out; players who would have the same name keep their own.
    """
    words = {
        name: player_words(name, game).removeprefix(f"{readable_name(game)} " if game else "")
        for name in players
    }
    said = list(words.values())
    return {name: text if said.count(text) == 1 else name for name, text in words.items()}


def _name_words(spec: str, game: str) -> str:
    """Return the readable name of a player without a budget."""
    kind, _, detail = spec.partition(":")
    known = {"random": "random player", "human": "you", "perfect": "perfect solver"}
    if spec in known:
        return known[spec]
    if kind == "minimax" and detail:
        return f"search {detail} move{'s' * (detail != '1')} deep"
    if kind == "openspiel-mcts" and detail:
        return f"OpenSpiel's tree search, {detail} simulations"
    return _agent_words(spec, game)


def _agent_words(word: str, game: str) -> str:
    if word.endswith((".zip", ".py")):
        return Path(word).stem
    if word == "agent":
        return f"{readable_name(game)} agent" if game else "agent"
    known = re.fullmatch(r"[a-z0-9_]+|[\w-]+-v\d+", word)
    return f"{readable_name(word)} agent" if known else word
