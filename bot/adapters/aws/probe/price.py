"""Whether `usd_per_hour` covers the most expensive machine that the project's queue may start."""

from bot.adapters.aws.clients import Client
from bot.adapters.aws.queue_queries import describe_environments, describe_queue, instance_types
from bot.domain.prices import dearest
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.running.doctor import Check, Finding


def price_check(batch: Client, project: Project, region: str) -> Check:
    """A price that is too low makes every "at most" too low: a note, because jobs run all the same."""
    subject = f"price of {project.name}"
    key = f"projects.{project.name}.usd_per_hour"

    async def look() -> Finding:
        if not project.usd_per_hour:
            return Finding(subject, f"no costs are shown, because {key} is 0")
        found = dearest(
            instance_types(await describe_environments(batch, await describe_queue(batch, project.queue, region)))
        )
        if found is None:
            return Finding(
                subject, f"{project.usd_per_hour:g} USD an hour; the doctor knows no price of {project.queue}"
            )
        name, usd = found
        at_most = f"{project.queue} may start a {name}, which costs up to {usd:g} USD an hour in us-east-1"
        if project.usd_per_hour < usd:
            says = f"{key} is {project.usd_per_hour:g}, but {at_most}"
            advice = (
                f"Set {key} to {usd:g}, or to your region's price: the bot computes what jobs cost at most from it."
            )
            return Finding.note(subject, says, advice)
        return Finding(subject, f"{project.usd_per_hour:g} USD an hour; {at_most}")

    return Check(subject, look, "", note_on=(ServiceError,))
