"""`start_below` and `by` of `/train`: the bot's own options, which take the room that parameters leave."""

from collections.abc import Sequence

from bot.chat.commands.shared.command_size import ROOM, size
from bot.chat.commands.shared.options import Option
from bot.chat.limits import COMMAND_OPTIONS
from bot.domain.money.deadline import BY, START_BELOW, WHEN
from bot.domain.money.rates import MOST_USD_PER_HOUR
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project

_OPTIONS = (
    Option(
        Parameter(START_BELOW, Kind.FLOAT, minimum=0.0001, maximum=MOST_USD_PER_HOUR),
        "Wait until an hour of the queue's spot machine costs less than this, in USD: 0.20",
    ),
    Option(Parameter(BY, Kind.STRING), "Until when to wait for it: 02:00, 6h (default: a day); then it ends"),
)


def price_options(projects: Sequence[Project], others: Sequence[Option]) -> list[Option]:
    """Both, or none: if there is no room beside the `others`, or a project has a parameter of such a name."""
    parameters = [parameter for project in projects for parameter in project.parameters]
    declared = {name for parameter in parameters for name in (parameter.name, *parameter.aliases)}
    room = len(others) + len(_OPTIONS) <= COMMAND_OPTIONS and sum(map(size, [*others, *_OPTIONS])) <= ROOM
    return list(_OPTIONS) if room and not declared & set(WHEN) else []
