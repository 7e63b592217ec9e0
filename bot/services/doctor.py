"""Examine one by one what the bot needs, in plain words: what was checked, what was found, the mend."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.domain.project import Project
from bot.errors import Denied, SignalboxError
from bot.ports import Code


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `mend` is empty where nothing is wrong."""

    subject: str
    found: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        return not self.mend


@dataclass(frozen=True, slots=True)
class Check:
    """`look` gives a finding, or raises one of our errors, for which `mend` is what to do."""

    subject: str
    look: Callable[[], Awaitable[Finding]]
    mend: str


async def examine(checks: Sequence[Check]) -> AsyncIterator[Finding]:
    """One finding for each check, in their order; nothing that a check raises on purpose ends the others."""
    for check in checks:
        try:
            yield await check.look()
        except SignalboxError as error:
            yield Finding(check.subject, str(error), _mend(error, check.mend))


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


def _mend(error: SignalboxError, mend: str) -> str:
    if isinstance(error, Denied):
        return f"{mend} The credentials are wrong, expired, or lack this permission."
    return mend
