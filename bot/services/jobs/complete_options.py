"""Autocomplete branches, commits, and the values of parameters."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.access import Person
from bot.domain.job_names import parse
from bot.domain.jobs.set_hints import SetHints, Suggestion, value_suggestions
from bot.domain.jobs.unfold_words import unfold_job
from bot.domain.model.run import Commit
from bot.domain.money.machine import DEFAULT, machine_text
from bot.domain.parameters import Parameter, Value, find
from bot.domain.project import Project, choose
from bot.domain.text import folded
from bot.errors import SignalboxError
from bot.ports.code import Code
from bot.services.jobs.find import Find
from bot.services.people.permits import Permits

MOST, LONGEST = 25, 100
"""Discord's limits for suggestions (`bot/chat/limits.py`)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What tells the project: the option, the person's channel, or the job to retry."""

    project: str
    person: Person
    job: str = ""


class CompleteOptions:
    """Called by the chat. Never raises: somebody is still typing, and an error would not help."""

    def __init__(self, code: Code, find: Find, projects: Sequence[Project], permits: Permits) -> None:
        self._code, self._find, self._projects, self._permits = code, find, projects, permits

    async def branches(self, project: str, text: str, person: Person) -> list[str]:
        """Allowed branches with `text` in their name, those that begin with it first."""
        try:
            chosen = self._chosen(project, person)
            names = await self._code.branches(chosen.repository, chosen.branches)
        except SignalboxError:
            return []
        typed = folded(text)
        return sorted((n for n in names if typed in folded(n)), key=lambda n: not folded(n).startswith(typed))

    async def commits(self, project: str, branch: str, text: str, person: Person) -> list[Commit]:
        """The newest commits whose id begins with `text`, or whose subject contains it."""
        try:
            chosen = self._chosen(project, person)
            commits = await self._code.commits(chosen.repository, chosen.branches, branch, limit=200)
        except SignalboxError:
            return []
        typed = folded(text)
        return [c for c in commits if c.sha.startswith(typed) or typed in folded(c.subject)]

    async def settings(self, asked: Asked, own: Collection[str], given: Collection[str], text: str) -> list[Suggestion]:
        """`set`, as (name, value). `own` parameters have options of their own, and `given` ones are set by them."""
        try:
            parameters, before = await self._declared(asked)
        except SignalboxError:
            return []
        return SetHints(parameters, own=own, given=given, before=before).suggestions(text, MOST, LONGEST)

    async def values(self, asked: Asked, name: str, text: str) -> list[tuple[str, Value]]:
        """Values of one parameter."""
        try:
            parameters, before = await self._declared(asked)
            return value_suggestions(find(parameters, name), text, before, MOST, LONGEST)
        except SignalboxError:
            return []

    def machines(self, project: str, text: str, person: Person) -> list[tuple[str, str]]:
        """The project's own queue and its machines, as (shown, name)."""
        try:
            chosen = self._chosen(project, person)
        except SignalboxError:
            return []
        found = [(f"{DEFAULT} (queue {chosen.queue})", DEFAULT)]
        found += [(machine_text(each), each.name) for each in chosen.machines]
        return [(shown, name) for shown, name in found if folded(text) in name]

    def projects(self, text: str, person: Person) -> list[str]:
        """Projects with `text` in their name, those that begin with it first."""
        typed = folded(text)
        names = [each.name for each in self._projects if self._permits.sees(person, each.name)]
        return sorted((n for n in names if typed in folded(n)), key=lambda n: not folded(n).startswith(typed))

    async def _declared(self, asked: Asked) -> tuple[Sequence[Parameter], Mapping[str, Value]]:
        """The project's parameters, and the values of the job to retry."""
        if not asked.job:
            return self._chosen(asked.project, asked.person).parameters, {}
        (name,), _ = unfold_job(asked.job)
        job = await self._find.job(parse(name).job_id, asked.person)
        return self._chosen(job.run.project, asked.person).parameters, job.run.parameters

    def _chosen(self, project: str, person: Person) -> Project:
        return choose(self._permits.visible(person, self._projects), project, person.channel_id)
