"""A grid of six trials."""

from bot.domain.model.plan import Plan, Search
from bot.domain.model.space import Axis, Space
from bot.domain.parameters import Kind

LR, MOMENTUM = (0.1, 0.01, 0.001), (0.5, 0.1)
SPACE = Space(
    (Axis("lr", Kind.FLOAT, LR), Axis("momentum", Kind.FLOAT, MOMENTUM)),
    {"axes": [["lr", list(LR)], ["momentum", list(MOMENTUM)]]},
)
PLAN = Plan("lr=0.1,0.01,0.001 momentum=0.5,0.1", SPACE, Search.GRID, 6)
