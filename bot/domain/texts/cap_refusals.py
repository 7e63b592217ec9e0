"""Why something does not start: a cap on money or on live jobs, or a pause. Sentences for errors."""

from bot.domain.inert import EMPTY, Inert, escape, phrase
from bot.domain.model.rows import Posted
from bot.domain.model.sweep import Sweep
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Excess, Pool
from bot.domain.money.pause import Pause
from bot.domain.numbers import dollars
from bot.domain.texts.command_names import command

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


def paused_text(pause: Pause) -> Inert:
    """The reason and the name are people's own words."""
    return phrase(
        "{by} paused all new jobs, sweeps and trials {at}{why}. What runs goes on, and what was accepted before waits. "
        "An admin ends the pause with {resume}.",
        by=escape(pause.by_name, NAME) or phrase("An admin"),
        at=phrase("<t:{at}:R>", at=round(pause.at)),
        why=phrase(": {why}", why=escape(pause.reason.rstrip("."), REASON)) if pause.reason.strip() else EMPTY,
        resume=command("resume"),
    )


def resumed_text(pause: Pause) -> Inert:
    by = escape(pause.by_name, NAME) or phrase("An admin")
    return phrase("{by} ended the pause: new jobs, sweeps and trials start again.", by=by)


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
    whose = f"your cap{where}" if person else f"the cap of {project}"
    limit = f"{whose} is {limit} a {cap.pool.period} (`{cap.setting}`)"
    used = [f"about {dollars(sums.spent_usd)} spent"] if sums.spent_usd else []
    used += [f"{dollars(sums.reserved_usd)} that live jobs may still cost"] if sums.reserved_usd else []
    if not used:
        return f"{this}, and {limit}."
    period = "today" if person else "this month"
    total = dollars(sums.spent_usd + sums.reserved_usd + most)
    return f"{this}. With {' and '.join(used)} {period}, that makes {total}, and {limit}."


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
        return f"{runs:,} of these {row.plan.runs:,} trials would fit." if runs else "None of its trials would fit."
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
