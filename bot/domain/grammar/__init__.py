"""What people type after `/sweep`: `lr=0.001..0.1:log:3 m=0.5,0.1`, and the plan that it stands for."""

from bot.domain.grammar.hints import completions, so_far
from bot.domain.grammar.plan import parse
from bot.domain.grammar.text import GrammarError
from bot.domain.grammar.written import written

__all__ = ["GrammarError", "completions", "parse", "so_far", "written"]
