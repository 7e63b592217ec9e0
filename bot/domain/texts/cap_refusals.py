"""Why something does not start: a cap on money or on live jobs, or a pause. Sentences for errors."""

from bot.domain.inert import escape
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Excess, Pool
from bot.domain.money.pause import Pause
from bot.domain.numbers import dollars

NAME, REASON = 40, 300
SHORTEST_SECONDS = 60.0
"""`timeout_minutes` is at least 1."""


def refusal(excess: Excess, row: Posted, calendar: Calendar, at: float) -> str:
    """The sum, the cap and its setting, what would fit, and when there is room again."""
    if excess.unpriced:
        return unpriced(row, excess.cap.setting)
    parts = (_over(excess, row), _fits(excess, row), _frees(excess, calendar, at))
    return " ".join(part for part in parts if part)


def unpriced(row: Posted, setting: str) -> str:
    """Closed rather than open: a cap in USD cannot be kept for what has no price."""
    return (
        f"Nobody knows what {_this(row)} may cost, and `{setting}` lets only start what has a price. Ask an admin to "
        f"set `projects.{row.run.project}.usd_per_hour`."
    )


def paused_text(pause: Pause) -> str:
    """`reason` and the name are people's own words."""
    why = f": {escape(pause.reason.rstrip('.'), REASON)}" if pause.reason.strip() else ""
    by = escape(pause.by_name, NAME) or "an admin"
    return f"{by} has paused all new jobs and sweeps <t:{round(pause.at)}:R>{why}. What runs goes on. Try again later."


def _over(excess: Excess, row: Posted) -> str:
    cap, sums, project = excess.cap, excess.sums, row.run.project
    if cap.pool in (Pool.PERSON_LIVE, Pool.PROJECT_LIVE):
        return _too_many(excess, row)
    most = 0.0 if excess.asked.quote is None else excess.asked.quote.usd_most
    this = f"{_this(row).capitalize()} may cost up to {dollars(most)}"
    limit = f"{dollars(cap.most)}"
    if cap.pool is Pool.JOB:
        return f"{this}, and one job or sweep of {project} may cost {limit} at most (`{cap.setting}`)."
    person = cap.pool is Pool.PERSON_DAY
    where = f" in {project}" if person and cap.own else ""
    who, period = ("you have", "today") if person else (f"{project} has", "this month")
    whose = "your cap" if person else f"the cap of {project}"
    return (
        f"{this}. By estimates {who} spent {dollars(sums.spent_usd)} {period}{where}, and live jobs may still cost "
        f"{dollars(sums.reserved_usd)}. Together that is "
        f"{dollars(sums.spent_usd + sums.reserved_usd + most)}, and {whose} is {limit} a {cap.pool.period} "
        f"(`{cap.setting}`)."
    )


def _too_many(excess: Excess, row: Posted) -> str:
    cap, live, places = excess.cap, excess.sums.live, excess.asked.places
    who = "You have" if cap.pool is Pool.PERSON_LIVE else f"{row.run.project} has"
    where = f" in {row.run.project}" if cap.own and cap.pool is Pool.PERSON_LIVE else ""
    more = "this would be 1 more" if places == 1 else f"this sweep may run {places:,} at once"
    return (
        f"{who} {_jobs(live)} live{where}, {more}, and {cap.most:,.0f} are allowed (`{cap.setting}`; a sweep counts as "
        "many as it may run at once)."
    )


def _fits(excess: Excess, row: Posted) -> str:
    runs, quote = excess.runs_that_fit, excess.asked.quote
    if not excess.cap.pool.in_usd:
        return f"`parallel:{runs}` would fit." if isinstance(row, Sweep) and runs else ""
    if isinstance(row, Sweep) and row.plan.runs > 1:
        verb = "trial would" if runs == 1 else "trials would"
        return f"{runs:,} of these {row.plan.runs:,} {verb} fit." if runs else "None of its trials would fit."
    seconds = excess.seconds_that_fit
    if quote is None or not SHORTEST_SECONDS <= seconds < quote.timeout_seconds:
        return "Not even a short one would fit."
    limit = f"{int(seconds / 60):,} min"
    return f"It would fit with a time limit of {limit} (`projects.{row.run.project}.timeout_minutes`)."


def _frees(excess: Excess, calendar: Calendar, at: float) -> str:
    pool = excess.cap.pool
    if pool is Pool.JOB:
        return ""
    if pool.period is None:
        return "There is room again when one of them has ended."
    again = f"The cap counts anew {calendar.end_in_words(pool.period, at)}"
    return f"{again}; there is room earlier if live jobs end for less." if excess.sums.reserved_usd else f"{again}."


def _this(row: Posted) -> str:
    return "this sweep" if isinstance(row, Sweep) else "this job"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"
