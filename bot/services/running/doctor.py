"""Check one by one what the bot needs: what was checked, what was found, and what to do about it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from bot.domain.metric_names import more_is_better
from bot.domain.project import Project
from bot.errors import Denied, SignalboxError
from bot.ports.code import Code

CLOCK_NOTE_SECONDS = 5
CLOCK_BAD_SECONDS = 60
"""AWS refuses signatures that are five minutes off. A clock that is off by a minute is drifting towards that."""


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Worth knowing, or could not be checked; the bot works without it."""
    FIXED = "fixed"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair that costs nothing, opens nothing and loses nothing. `done` describes it: "created it"."""

    done: str
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `advice` is empty if there is nothing to do."""

    subject: str
    found: str
    advice: str = ""
    level: Level = Level.OK
    fix: Fix | None = None

    @classmethod
    def bad(cls, subject: str, found: str, advice: str, fix: Fix | None = None) -> "Finding":
        return cls(subject, found, advice, Level.BAD, fix)

    @classmethod
    def note(cls, subject: str, found: str, advice: str = "", fix: Fix | None = None) -> "Finding":
        return cls(subject, found, advice, Level.NOTE, fix)


@dataclass(frozen=True, slots=True)
class Check:
    """`look` returns a finding or raises one of our errors; `advice` says what to do about an error.

    Errors in `note_on` only make a note: the bot can do without what the doctor could not check.
    """

    subject: str
    look: Callable[[], Awaitable[Finding]]
    advice: str
    note_on: tuple[type[SignalboxError], ...] = ()


async def examine(checks: Sequence[Check], *, fix: bool = False) -> AsyncIterator[Finding]:
    """Yield one finding per check, in order. One of our errors in a check does not stop the others.

    With `fix`, apply safe fixes and check again.
    """
    for check in checks:
        finding = await _look(check)
        yield await _fixed(check, finding, finding.fix) if fix and finding.fix else finding


async def _look(check: Check) -> Finding:
    try:
        return await check.look()
    except SignalboxError as error:
        if isinstance(error, check.note_on):
            return Finding.note(check.subject, f"could not be checked: {error}")
        return Finding.bad(check.subject, str(error), _advice(error, check.advice))


async def _fixed(check: Check, finding: Finding, fix: Fix) -> Finding:
    try:
        await fix.run()
    except SignalboxError as error:
        return replace(finding, found=f"{finding.found}; --fix failed: {error}", fix=None)
    again = await _look(check)
    if again.level is not Level.OK:
        return again
    return replace(again, found=f"{finding.found}; --fix {fix.done}: now {again.found}", level=Level.FIXED)


def _advice(error: SignalboxError, advice: str) -> str:
    if isinstance(error, Denied):
        return f"{advice} The credentials are wrong, expired, or lack this permission."
    return advice


def repository_check(code: Code, project: Project) -> Check:
    """Fetch the default branch and report its newest commit."""
    subject = f"repository of {project.name}"

    async def look() -> Finding:
        commit = await code.resolve(project.repository, project.branches, branch=project.branches[0])
        return Finding(subject, f'{commit.branch} is at {commit.short} "{commit.subject}"')

    advice = (
        f"Check projects.{project.name}.repository and branches in the config, and that `git ls-remote <repository>` "
        "works as the user that runs the bot."
    )
    return Check(subject, look, advice)


def metric_check(project: Project) -> Check:
    """Report which result counts as the best, and whether the metric's name says the same."""
    subject, said = f"metric of {project.name}", more_is_better(project.metric)
    found = f"{project.metric}, {'more' if project.maximize else 'less'} is better"

    async def look() -> Finding:
        if said is None:
            return Finding(subject, f"{found} by the config")
        if said is project.maximize:
            return Finding(subject, f"{found}, as its name says")
        advice = f"If that is wrong, remove projects.{project.name}.goal from the config."
        return Finding.note(subject, f"{found} by the config, although its name says the opposite", advice)

    return Check(subject, look, "")


def clock_finding(subject: str, date: str, before: float, after: float) -> Finding:
    """Compare this machine's clock with the Date header of an answer that came between `before` and `after`.

    `date` has whole seconds: 10:00:07 may mean 10:00:07.9.
    """
    try:
        theirs = parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
    except (TypeError, ValueError):
        return Finding.note(subject, f'unknown: the answer has no valid date ("{date}")')
    ahead = before - (theirs + 1) if before > theirs + 1 else min(0.0, after - theirs)
    if abs(ahead) <= CLOCK_NOTE_SECONDS:
        return Finding(subject, f"within {CLOCK_NOTE_SECONDS} s")
    found = f"this machine's clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
    advice = "Turn on NTP: `timedatectl set-ntp true`. From five minutes on, AWS refuses every call."
    return Finding(subject, found, advice, Level.BAD if abs(ahead) > CLOCK_BAD_SECONDS else Level.NOTE)
