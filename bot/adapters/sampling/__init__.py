"""Where Optuna is: the next points of a sweep, and which of its parameters mattered."""

from bot.adapters.sampling.asking import ask
from bot.adapters.sampling.importance import importance

__all__ = ["ask", "importance"]
