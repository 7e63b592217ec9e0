"""What people type after `/sweep`: `lr=0.001..0.1:log:3 m=0.5,0.1`, and the plan it stands for."""

from bot.domain.sweeps.grammar.hints import completions, so_far
from bot.domain.sweeps.grammar.parse import parse
from bot.domain.sweeps.grammar.space_text import written
from bot.domain.sweeps.grammar.tokens import GrammarError

__all__ = ["GrammarError", "completions", "parse", "so_far", "written"]
