"""The projects' repositories."""

from collections.abc import Sequence
from typing import Protocol

from bot.domain.model.job import Commit


class Code(Protocol):
    """The projects' repositories. Nothing that is fetched is ever run here."""

    async def resolve(self, repository: str, allowed: Sequence[str], *, branch: str = "", commit: str = "") -> Commit:
        """The full commit that a branch, a tag or a (short) id stands for, proved to be on an allowed branch.

        `allowed` are branch names or patterns (`release/*`). With a branch alone, its head; with a commit
        (id of 4 to 40 digits, or a tag), that commit, on that branch where one is given. Raises `UnknownName`
        with near names, `BadInput` for an ambiguous short id or one that no allowed branch reaches.
        """

    async def branches(self, repository: str, allowed: Sequence[str]) -> list[str]:
        """The allowed branches, from the last fetch where that is fresh; for autocomplete."""

    async def commits(self, repository: str, allowed: Sequence[str], branch: str = "", limit: int = 25) -> list[Commit]:
        """The newest commits of a branch, or of all allowed ones; for autocomplete."""
