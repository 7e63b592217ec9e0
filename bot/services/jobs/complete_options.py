"""Autocomplete branches and commits."""

from collections.abc import Sequence

from bot.domain.model.run import Commit
from bot.domain.project import Project, choose
from bot.domain.text import folded
from bot.errors import SignalboxError
from bot.ports.code import Code


class CompleteOptions:
    """Called by the chat. Never raises: somebody is still typing, and an error would not help."""

    def __init__(self, code: Code, projects: Sequence[Project]) -> None:
        self._code, self._projects = code, projects

    async def branches(self, project: str, channel_id: int, text: str) -> list[str]:
        """Allowed branches with `text` in their name, those that begin with it first."""
        try:
            chosen = choose(self._projects, project, channel_id)
            names = await self._code.branches(chosen.repository, chosen.branches)
        except SignalboxError:
            return []
        typed = folded(text)
        return sorted((n for n in names if typed in folded(n)), key=lambda n: not folded(n).startswith(typed))

    async def commits(self, project: str, channel_id: int, branch: str, text: str) -> list[Commit]:
        """The newest commits whose id begins with `text`, or whose subject contains it."""
        try:
            chosen = choose(self._projects, project, channel_id)
            commits = await self._code.commits(chosen.repository, chosen.branches, branch, limit=200)
        except SignalboxError:
            return []
        typed = folded(text)
        return [c for c in commits if c.sha.startswith(typed) or typed in folded(c.subject)]
