"""Which machines run for a project's queue, and whether the bot may look for those without a job.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
"""

from collections.abc import Callable, Sequence

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.fleet import AwsFleet
from bot.domain.guard.machines import Machine
from bot.domain.project import Project
from bot.errors import Denied, ServiceError
from bot.ports.fleet import MachineGroup
from bot.services.running.doctor import Check, Finding

PERMISSIONS = ("ecs:ListContainerInstances", "ecs:DescribeContainerInstances")
_NO_MACHINE = "0" * 32
"""An id that no machine has: it is in `failures` as MISSING. An empty list would be refused."""


def machines_check(batch: Client, ecs: Client, project: Project, now: Callable[[], float]) -> Check:
    """A note if the bot may not look, or if somebody keeps machines without jobs: jobs run all the same."""
    subject = f"machines of {project.queue}{project.of_machine}"

    async def look() -> Finding:
        fleet = AwsFleet(batch, ecs, now)
        try:
            groups = await fleet.groups(project.queue)
            found = [machine for group in groups for machine in await _seen(fleet, ecs, group)]
        except Denied as error:
            advice = (
                f"The bot's role needs {' and '.join(PERMISSIONS)} (docs/permissions.md): deploy the stack again with "
                "`python -m deploy.aws.up --config config.toml`, or allow it in your policy."
            )
            return Finding.note(subject, f"a machine that runs without a job is not noticed: {error}", advice)
        if kept := [group for group in groups if group.least_vcpus]:
            return _kept(subject, kept)
        return Finding(subject, _counted(found))

    return Check(subject, look, "", note_on=(ServiceError,))


async def _seen(fleet: AwsFleet, ecs: Client, group: MachineGroup) -> Sequence[Machine]:
    """With a try of the second permission, which no call needs while no machine runs."""
    found = await fleet.machines(group)
    if not found:
        with calling(f"Describing the machines of {group.name}"):
            await ecs.describe_container_instances(cluster=group.id, containerInstances=[_NO_MACHINE])
    return found


def _kept(subject: str, groups: Sequence[MachineGroup]) -> Finding:
    names = ", ".join(f"{group.name} ({group.least_vcpus:g})" for group in groups)
    found = f"machines are kept without jobs and billed day and night: minvCpus is above 0 in {names}"
    return Finding.note(subject, found, "Set minvCpus to 0 in AWS Batch, unless that is on purpose.")


def _counted(machines: Sequence[Machine]) -> str:
    idle = sum(not each.busy for each in machines)
    if not machines:
        return "none runs now, as none has a job"
    return f"{len(machines)} run{'s' if len(machines) == 1 else ''} now, {idle or 'none'} of them without a job"
