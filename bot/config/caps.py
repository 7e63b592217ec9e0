"""`[caps]`, and `[projects.<name>.caps]`, which stands in its place for one project."""

import datetime as dt
import difflib
import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import StrictBool, field_validator

from bot.config.section import Section
from bot.domain.access import Verb
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.weekly import WEEKDAYS, DigestTime
from bot.domain.texts.command_names import plain

MOST_USD = 10_000_000
MOST_JOBS = 100_000
_DIGEST = re.compile(r"(?P<day>[A-Za-z]{3,9}) +(?P<hour>\d{1,2}):(?P<minute>\d\d)")
_USD = ("person_day_usd", "project_month_usd", "job_usd", "approve_above_usd")
_JOBS = ("person_live_jobs", "project_live_jobs")


class ProjectCaps(Section):
    """[projects.<name>.caps]"""

    person_day_usd: float | None = None
    project_month_usd: float | None = None
    job_usd: float | None = None
    person_live_jobs: int | None = None
    project_live_jobs: int | None = None
    approve_above_usd: float | None = None

    @field_validator(*_USD, mode="before")
    @classmethod
    def _is_a_sum(cls, value: object) -> object:
        if _number(value) and 0 < float(str(value)) <= MOST_USD:
            return value
        raise ValueError(
            f"{_written(value)} is no sum in USD: write a number above 0 and up to {MOST_USD:,}, such as 25.0. Leave "
            f"the line out for no cap. To stop everything new at once, an administrator uses {plain('pause')}"
        )

    @field_validator(*_JOBS, mode="before")
    @classmethod
    def _is_a_count(cls, value: object) -> object:
        if _number(value) and isinstance(value, int) and 1 <= value <= MOST_JOBS:
            return value
        raise ValueError(
            f"{_written(value)} is no number of jobs: write a whole number from 1 to {MOST_JOBS:,}, such as 20. Leave "
            f"the line out for no cap. To stop everything new at once, an administrator uses {plain('pause')}"
        )


class CapSettings(ProjectCaps):
    """[caps]"""

    timezone: str = "UTC"
    approve_mentions: StrictBool = False
    digest: str = "Monday 09:00"
    """Empty for none."""

    @field_validator("digest", mode="before")
    @classmethod
    def _is_a_time(cls, value: object) -> object:
        if value is False:
            return ""
        if isinstance(value, str) and (not value.strip() or _digest_time(value) is not None):
            return value.strip()
        raise ValueError(
            f'{_written(value)} is no time in a week: write a day and a time, such as "Monday 09:00", or "" for no '
            "digest"
        )

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        known = available_timezones()
        if name in known:
            return name
        near = difflib.get_close_matches(name, known, 1, cutoff=0.5)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f'there is no timezone "{name}".{meant} Write a name such as "Asia/Tokyo", or "UTC"')


def caps(settings: CapSettings, projects: Mapping[str, ProjectCaps]) -> Caps:
    own = {name: limits for name, each in projects.items() if (limits := _limits(each)) != Limits()}
    calendar = Calendar(ZoneInfo(settings.timezone))
    return Caps(_limits(settings), own, calendar, settings.approve_mentions, _digest_time(settings.digest))


def cap_problems(
    settings: CapSettings, projects: Mapping[str, ProjectCaps], granted: Collection[Verb]
) -> Iterator[str]:
    """One line for each limit that cannot work: another one, or the grants, make it pointless."""
    asking = [f"projects.{name}.caps" for name, each in projects.items() if each.approve_above_usd is not None]
    asking += ["caps"] if settings.approve_above_usd is not None else []
    if asking and Verb.APPROVE not in granted:
        yield f'{asking[0]}.approve_above_usd: no role may approve anything. Add "approve" to the `may` of a grant'
    yield from _pointless("caps", settings, settings)
    for name, each in projects.items():
        if _limits(each) != Limits():
            yield from _pointless(f"projects.{name}.caps", each, settings)


def _pointless(section: str, own: ProjectCaps, general: ProjectCaps) -> Iterator[str]:
    """Both may be the project's own, or one of them the general one."""
    above, most = _first(own, general, "approve_above_usd"), _first(own, general, "job_usd")
    if above is not None and most is not None and above >= most:
        yield (
            f"{section}.approve_above_usd: nobody would ever be asked to approve anything, as job_usd refuses all that "
            f"costs more than {most:g}. Set it below {most:g}, not to {above:g}"
        )


def _first(own: ProjectCaps, general: ProjectCaps, name: str) -> float | None:
    value = getattr(own, name)
    found: float | None = getattr(general, name) if value is None else value
    return found


def _limits(settings: ProjectCaps) -> Limits:
    values: dict[str, Any] = {name: getattr(settings, name) for name in (*_USD, *_JOBS)}
    return Limits(**values)


def _digest_time(text: str) -> DigestTime | None:
    """None for what is no such time: `Monday 09:00`, `mon 9:00`, `Fri 18:30`."""
    match = _DIGEST.fullmatch(text.strip())
    if match is None or int(match["hour"]) > 23 or int(match["minute"]) > 59:
        return None
    days = [number for number, day in enumerate(WEEKDAYS) if day.lower().startswith(match["day"].lower())]
    return DigestTime(days[0], dt.time(int(match["hour"]), int(match["minute"]))) if len(days) == 1 else None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _written(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
