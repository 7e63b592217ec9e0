"""Goals for tests in which the metric's name does not matter."""

from bot.domain.goal import Goal

HIGHEST = Goal("score")
LOWEST = Goal("score", maximize=False)
