"""Pictures of results, in one style: leagues, goals, matches, solved positions, learning.

Needs the extra `rlhf-agents[plots]`; matplotlib is imported when a picture is drawn.
"""

from rlhf_agents.plots.curves import curves_picture
from rlhf_agents.plots.goals import GoalGrid, goals_picture
from rlhf_agents.plots.league import league_picture, strength_and_time
from rlhf_agents.plots.learning_curve import LearningCurve
from rlhf_agents.plots.results import matches_picture, positions_picture
from rlhf_agents.plots.style import HINT, THEMES, Chart, available
from rlhf_agents.plots.sweep import sweep_picture
from rlhf_agents.plots.tables import html_table, text_table

__all__ = [
    "HINT",
    "THEMES",
    "Chart",
    "GoalGrid",
    "LearningCurve",
    "available",
    "curves_picture",
    "goals_picture",
    "html_table",
    "league_picture",
    "matches_picture",
    "positions_picture",
    "strength_and_time",
    "sweep_picture",
    "text_table",
]
