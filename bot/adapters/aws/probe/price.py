"""Whether `usd_per_hour` covers the most expensive machine that the project's queue may start.

The prices are those of `bot.domain.prices`: on-demand ones, which spot prices never exceed
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances.html).
"""

from bot.adapters.aws.clients import Client
from bot.adapters.aws.queue_queries import describe_environments, describe_queue, instance_types
from bot.domain.prices import ON_DEMAND_USD, dearest
from bot.domain.project import Project
from bot.errors import ServiceError
from bot.services.running.doctor import Check, Finding

_PRICES = "https://aws.amazon.com/ec2/pricing/on-demand/"
_WHY = "the bot computes from it what jobs cost at most."


def price_check(batch: Client, project: Project, region: str) -> Check:
    """A price that is too low makes every "at most" too low: a note, because jobs run all the same."""
    subject = f"price of {project.name}"
    key = f"projects.{project.name}.usd_per_hour"

    async def look() -> Finding:
        if not project.usd_per_hour:
            return Finding(subject, f"no costs are shown, because {key} is 0")
        environments = await describe_environments(batch, await describe_queue(batch, project.queue, region))
        types = instance_types(environments)
        found, unknown = dearest(types), [name for name in types if name not in ON_DEMAND_USD]
        is_set = f"{key} is {project.usd_per_hour:g}"
        if found is not None and project.usd_per_hour < found[1]:
            name, usd = found
            says = (
                f"{is_set}, but {project.queue} may start a {name}, which costs up to {usd:g} USD an hour in us-east-1"
            )
            advice = f"Set {key} to {usd:g}, or to your region's price: {_WHY}"
            return Finding.note(subject, says, advice)
        if unknown:
            says = f"{is_set}; the doctor knows no price of {', '.join(unknown)}, which {project.queue} may start"
            advice = f"Look it up at {_PRICES}: {key} must not be lower. {_WHY.capitalize()}"
            return Finding.note(subject, says, advice)
        if found is None:
            return Finding(subject, f"{project.usd_per_hour:g} USD an hour; {project.queue} has no machines")
        at_most = f"{project.queue} may start a {found[0]}, which costs up to {found[1]:g} in us-east-1"
        return Finding(subject, f"{project.usd_per_hour:g} USD an hour; {at_most}")

    return Check(subject, look, "", note_on=(ServiceError,))
