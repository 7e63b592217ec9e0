"""Pictures of metrics, drawn by matplotlib; imported in the drawing process alone."""

from bot.adapters.figure_panels.page import draw, figure_of

__all__ = ["draw", "figure_of"]
