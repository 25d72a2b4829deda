"""Pictures of results, in one style: leagues, goals, matches, solved positions, learning.

Needs the extra `rlhf-agents[plots]`; matplotlib is imported when a picture is drawn.
"""

from rlhf_agents.evaluation.plots.curves import curves_picture
from rlhf_agents.evaluation.plots.goals import GoalGrid, goals_picture
from rlhf_agents.evaluation.plots.league import league_picture, strength_and_time
from rlhf_agents.evaluation.plots.results import matches_picture, positions_picture
from rlhf_agents.evaluation.plots.style import HINT, THEMES, Chart, available

__all__ = [
    "HINT",
    "THEMES",
    "Chart",
    "GoalGrid",
    "available",
    "curves_picture",
    "goals_picture",
    "league_picture",
    "matches_picture",
    "positions_picture",
    "strength_and_time",
]
