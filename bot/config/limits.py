"""`[limits]`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from bot.config.section import Section
from bot.services.people.rates import Limit, Share

PerMinute = Annotated[float, Field(ge=1, le=10_000)]
AtOnce = Annotated[int, Field(ge=1, le=1_000)]

STOPS_AT_ONCE, OTHERS_AT_ONCE, SUGGESTIONS_AT_ONCE = 20, 5, 4


class Limits(Section):
    """[limits] What one person may ask for. Nobody is exempt."""

    plots_per_minute: PerMinute = 12
    plots_at_once: AtOnce = 2
    files_per_minute: PerMinute = 30
    files_at_once: AtOnce = 3
    starts_per_minute: PerMinute = 15
    starts_at_once: AtOnce = 3
    starts_per_hour: Annotated[int, Field(ge=1, le=1_000)] = 60
    others_per_minute: PerMinute = 60
    suggestions_per_minute: PerMinute = 240


def shares(limits: Limits) -> Mapping[Share, Limit]:
    """The limits for the services. Answers from the store take milliseconds, so few are ever under way."""
    return {
        Share.PLOTS: Limit(limits.plots_per_minute, limits.plots_at_once),
        Share.FILES: Limit(limits.files_per_minute, limits.files_at_once),
        Share.STARTS: Limit(limits.starts_per_minute, limits.starts_at_once),
        Share.STOPS: Limit(2 * limits.others_per_minute, STOPS_AT_ONCE),
        Share.OTHERS: Limit(limits.others_per_minute, OTHERS_AT_ONCE),
        Share.SUGGESTIONS: Limit(limits.suggestions_per_minute, SUGGESTIONS_AT_ONCE),
    }
