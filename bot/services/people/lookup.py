"""Find a job for a person: one of a project that they may not see is answered exactly like one that does not exist."""

from bot.domain.access import Person
from bot.domain.job_names import near, plain_id
from bot.domain.model.rows import Posted
from bot.domain.texts.command_names import command
from bot.errors import UnknownName
from bot.ports.store import Store
from bot.services.people.permits import Permits

SEARCHED = 200
"""Recent jobs among which similar ids are looked for."""


async def job_for(store: Store, permits: Permits, text: str, person: Person) -> Posted:
    """The job or sweep with that id, however it was typed. Raises `UnknownName`, with ids of jobs that they may see."""
    typed = plain_id(text)
    found = await store.job(typed)
    if found is not None and permits.sees(person, found.run.project):
        return found
    recent = [job.id for job in await store.jobs(projects=permits.seen_projects(person), limit=SEARCHED)]
    raise UnknownName("job", given=text, near=near(typed, recent), hint=f"{command('jobs')} lists the latest.")
