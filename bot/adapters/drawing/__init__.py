"""Pictures of metrics and of sweeps, drawn by matplotlib; imported in the drawing process alone."""

from bot.adapters.drawing.boards.board_page import board_of, draw_board
from bot.adapters.drawing.curves.page import draw, figure_of

__all__ = ["board_of", "draw", "draw_board", "figure_of"]
