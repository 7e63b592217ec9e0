"""The types of machines that the projects' queues start: what people ask about first."""

import asyncio
from collections.abc import Collection, Sequence

from bot.domain.access import Person
from bot.domain.money.rates import belongs
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.ports.engine import Engine
from bot.services.people.permits import Permits

ASKED_SECONDS = 1.5
"""Discord waits 3 s for suggestions. An answer that comes later is cached for the next ones."""


class QueueTypes:
    """Of the projects that a person may see, in the order of the config."""

    def __init__(self, engine: Engine, projects: Sequence[Project], permits: Permits) -> None:
        self._engine, self._projects, self._permits = engine, tuple(projects), permits

    async def of(self, person: Person, known: Collection[str]) -> list[str]:
        """Each once; a family stands for all of its known types. Never raises: what can't be read is left out."""
        seen = self._permits.visible(person, self._projects)
        places = [each for project in seen for each in project.placed]
        names = await asyncio.gather(*(self._names(each) for each in places))
        wanted = dict.fromkeys(name for each in names for name in each)
        types = [each for name in wanted for each in ([name] if "." in name else _family(name, known))]
        return list(dict.fromkeys(types))

    async def _names(self, project: Project) -> list[str]:
        try:
            async with asyncio.timeout(ASKED_SECONDS):
                machines = await self._engine.machines(project.queue, project.job_definition, project.resources)
        except (ServiceError, TimeoutError):
            return []
        return [name for pool in machines.pools for name in pool.types] if machines is not None else []


def _family(name: str, known: Collection[str]) -> list[str]:
    return sorted(each for each in known if belongs(each, name))
