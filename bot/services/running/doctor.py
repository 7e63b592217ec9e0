"""Examine one by one what the bot needs, in plain words: what was checked, what was found, the mend."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from bot.domain.project import Project
from bot.errors import Denied, SignalboxError
from bot.ports.code import Code

CLOCK_TOLD_SECONDS = 5
CLOCK_BAD_SECONDS = 60
"""AWS refuses signatures that are five minutes off; a clock that is a minute off already is on its way there."""


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Something to know, or that could not be looked at; the bot works all the same."""
    MENDED = "fixed"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that costs nothing, opens nothing and loses nothing. `words` say what it does: "creates it"."""

    words: str
    do: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `mend` is empty where there is nothing to do."""

    subject: str
    found: str
    mend: str = ""
    level: Level = Level.OK
    fix: Fix | None = None

    @classmethod
    def bad(cls, subject: str, found: str, mend: str, fix: Fix | None = None) -> "Finding":
        return cls(subject, found, mend, Level.BAD, fix)

    @classmethod
    def note(cls, subject: str, found: str, mend: str = "", fix: Fix | None = None) -> "Finding":
        return cls(subject, found, mend, Level.NOTE, fix)


@dataclass(frozen=True, slots=True)
class Check:
    """`look` gives a finding, or raises one of our errors, for which `mend` is what to do.

    Of the errors in `told` a note is made: the bot does not need what the doctor could not look at.
    """

    subject: str
    look: Callable[[], Awaitable[Finding]]
    mend: str
    told: tuple[type[SignalboxError], ...] = ()


async def examine(checks: Sequence[Check], *, fix: bool = False) -> AsyncIterator[Finding]:
    """One finding for each check, in their order; nothing that a check raises on purpose ends the others.

    With `fix`, what can be mended safely is mended and looked at again.
    """
    for check in checks:
        finding = await _look(check)
        yield await _mended(check, finding, finding.fix) if fix and finding.fix else finding


async def _look(check: Check) -> Finding:
    try:
        return await check.look()
    except SignalboxError as error:
        if isinstance(error, check.told):
            return Finding.note(check.subject, f"not looked at: {error}")
        return Finding.bad(check.subject, str(error), _mend(error, check.mend))


async def _mended(check: Check, finding: Finding, fix: Fix) -> Finding:
    try:
        await fix.do()
    except SignalboxError as error:
        return replace(finding, found=f"{finding.found}; --fix could not mend it: {error}", fix=None)
    again = await _look(check)
    if again.level is not Level.OK:
        return again
    return replace(again, found=f"{finding.found}; --fix {fix.words}: now {again.found}", level=Level.MENDED)


def _mend(error: SignalboxError, mend: str) -> str:
    if isinstance(error, Denied):
        return f"{mend} The credentials are wrong, expired, or lack this permission."
    return mend


def repository_check(code: Code, project: Project) -> Check:
    """Whether the default branch can be fetched, and which commit it is at."""
    subject = f"repository of {project.name}"

    async def look() -> Finding:
        commit = await code.resolve(project.repository, project.branches, branch=project.branches[0])
        return Finding(subject, f'{commit.branch} is at {commit.short} "{commit.subject}"')

    mend = (
        f"Check projects.{project.name}.repository and branches in the config, and that `git ls-remote` of that "
        "address works for the user that runs the bot."
    )
    return Check(subject, look, mend)


def clock_finding(subject: str, date: str, before: float, after: float) -> Finding:
    """This machine's clock against the Date header of an answer that came between `before` and `after`.

    `date` has whole seconds, so an answer of 10:00:07 may have been given at 10:00:07.9.
    """
    try:
        theirs = parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
    except (TypeError, ValueError):
        return Finding.note(subject, f'unknown: the answer has the Date "{date}"')
    ahead = before - (theirs + 1) if before > theirs + 1 else min(0.0, after - theirs)
    if abs(ahead) <= CLOCK_TOLD_SECONDS:
        return Finding(subject, f"within {CLOCK_TOLD_SECONDS} s")
    found = f"this machine's clock is {abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
    mend = "Let the machine keep time by NTP: `timedatectl set-ntp true`. At five minutes AWS refuses every call."
    return Finding(subject, found, mend, Level.BAD if abs(ahead) > CLOCK_BAD_SECONDS else Level.NOTE)
