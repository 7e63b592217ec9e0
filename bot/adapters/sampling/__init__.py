"""Where Optuna is: the next points of a sweep, and which of its parameters mattered."""

from bot.adapters.sampling.parameter_importance import importance
from bot.adapters.sampling.suggest import ask

__all__ = ["ask", "importance"]
