"""Autocomplete branches and commits."""

from collections.abc import Sequence

from bot.domain.access import Person
from bot.domain.model.run import Commit
from bot.domain.project import Project, choose
from bot.domain.text import folded
from bot.errors import SignalboxError
from bot.ports.code import Code
from bot.services.people.permits import Permits


class CompleteOptions:
    """Called by the chat. Never raises: somebody is still typing, and an error would not help."""

    def __init__(self, code: Code, projects: Sequence[Project], permits: Permits) -> None:
        self._code, self._projects, self._permits = code, projects, permits

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

    def projects(self, text: str, person: Person) -> list[str]:
        """Projects with `text` in their name, those that begin with it first."""
        typed = folded(text)
        names = [each.name for each in self._projects if self._permits.sees(person, each.name)]
        return sorted((n for n in names if typed in folded(n)), key=lambda n: not folded(n).startswith(typed))

    def _chosen(self, project: str, person: Person) -> Project:
        return choose(self._permits.visible(person, self._projects), project, person.channel_id)
