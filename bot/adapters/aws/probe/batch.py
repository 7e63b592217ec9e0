"""A project's job queue with its compute environments, and its job definition.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobQueueDetail.html and API_ComputeEnvironmentDetail.html have
the states, https://docs.aws.amazon.com/batch/latest/userguide/using_awslogs.html the default log group.
"""

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.machine_sizes import too_small
from bot.adapters.aws.queue_queries import (
    Json,
    describe_definition,
    describe_environments,
    describe_queue,
    gpus_of,
    image_of,
    instance_types,
    vcpus_of,
)
from bot.domain.project import Project
from bot.errors import Missing
from bot.services.running.doctor import Check, Finding

_NO_JOB = "signalbox-doctor"
"""An id that no job has: "a list of up to 100 AWS Batch job IDs", and an answer without those that it doesn't know."""


def queue_check(batch: Client, project: Project, region: str) -> Check:
    """The queue and each of its compute environments must be valid and enabled, and the bot must see the jobs."""
    subject = f"queue {project.queue}{project.of_machine}"

    async def look() -> Finding:
        queue = await describe_queue(batch, project.queue, region)
        environments = await describe_environments(batch, queue)
        for kind, each in [("queue", queue), *(("compute environment", e) for e in environments)]:
            if wrong := _not_usable(kind, each):
                return Finding.bad(subject, wrong, "Enable it in AWS Batch, or fix what its status reason names.")
        with calling("Listing jobs"):
            await batch.list_jobs(jobQueue=project.queue, jobStatus="RUNNING", maxResults=1)
        with calling("Describing jobs"):
            await batch.describe_jobs(jobs=[_NO_JOB])
        most = sum(int(e.get("computeResources", {}).get("maxvCpus", 0)) for e in environments)
        needed, gpus = await _needs(batch, project, region)
        if most < needed:
            found = f"its machines may have {most} vCPUs together, but a job needs {needed:g}, so it can never start"
            return Finding.bad(subject, found, "Raise maxvCpus (deploy.*_max_vcpus), or lower deploy.jobs.*.vcpus.")
        types = instance_types(environments)
        if lack := too_small(types, needed, gpus):
            found = f"{lack}, and none of its machines has as many: {', '.join(types)}. It can never start"
            what = "this machine" if project.machine else f"deploy.jobs.{project.name}"
            advice = f"Change {what} (queue, vcpus, gpus), or the queue's instance types."
            return Finding.bad(subject, found, advice)
        plural = "s" if len(environments) > 1 else ""
        return Finding(
            subject, f"enabled and valid, {len(environments)} compute environment{plural}, at most {most} vCPUs"
        )

    key = f"projects.{project.name}.machines.{project.machine}" if project.machine else f"projects.{project.name}"
    return Check(subject, look, f"Check {key}.queue.")


def definition_check(batch: Client, project: Project, region: str) -> Check:
    """It must be active, log to the configured group, and be retried only when a host is lost."""
    subject = f"job definition {project.job_definition}"
    key = f"projects.{project.name}"

    async def look() -> Finding:
        definition = await describe_definition(batch, project.job_definition, region)
        if not definition.get("containerProperties"):
            found = (
                f"it has no containerProperties, but {_others(definition)}: the bot sets command and environment there"
            )
            advice = 'Register one of type "container" with containerProperties, for EC2 machines.'
            return Finding.bad(subject, found, advice)
        group = _log_group(definition)
        if group != project.log_group:
            found = f"logs to {group}, but the config names {project.log_group}"
            return Finding.bad(subject, found, f'Set {key}.log_group to "{group}".')
        if not _ends_with_exit(definition):
            found = "a failing training script would be run again: no retry rule matches every exit"
            advice = 'End its retryStrategy.evaluateOnExit with {"onReason": "*", "action": "EXIT"}.'
            return Finding.bad(subject, found, advice)
        if lossy := _lossy_log(definition):
            advice = 'Set its log option "mode" to "blocking": deploy the stack again.'
            return Finding.note(subject, lossy, advice)
        if not definition["containerProperties"].get("jobRoleArn"):
            found = "its jobs have no role of their own, so they have all permissions of their machine"
            return Finding.note(subject, found, "Give it a jobRoleArn that may write jobs/* in the bucket.")
        return Finding(subject, f"revision {definition['revision']}, image {image_of(definition)}")

    return Check(subject, look, f"Check {key}.job_definition.")


async def _needs(batch: Client, project: Project, region: str) -> tuple[float, int]:
    """The vCPUs and GPUs that a job asks for; none if there is no definition, which has its own check."""
    wanted = project.resources
    try:
        definition = await describe_definition(batch, project.job_definition, region)
    except Missing:
        return wanted.vcpus, wanted.gpus
    return wanted.vcpus or vcpus_of(definition), wanted.gpus or gpus_of(definition)


def _not_usable(kind: str, detail: Json) -> str:
    """Why a queue or a compute environment takes no jobs; empty if it does."""
    state, status = detail.get("state", ""), detail.get("status", "")
    if (state, status) == ("ENABLED", "VALID"):
        return ""
    name = detail.get("jobQueueName") or detail.get("computeEnvironmentName")
    reason = f": {detail['statusReason']}" if detail.get("statusReason") else ""
    return f"{kind} {name} is {state}, {status}{reason}"


def _others(definition: Json) -> str:
    """What a definition has in their place: several containers, several nodes, or Kubernetes.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDefinition.html
    """
    others = ("ecsProperties", "nodeProperties", "eksProperties")
    return next((name for name in others if definition.get(name)), "nothing in their place")


def _log_group(definition: Json) -> str:
    options = definition["containerProperties"].get("logConfiguration", {}).get("options", {})
    return str(options.get("awslogs-group", "/aws/batch/job"))


def _lossy_log(definition: Json) -> str:
    """How its log driver loses lines; empty if it does not.

    "The default log driver mode is non-blocking" since 2025-06-25, with a buffer that drops its oldest lines when it
    is full: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html. An account may have
    another default, which the definition does not show.
    """
    options = definition["containerProperties"].get("logConfiguration", {}).get("options", {})
    mode = options.get("mode")
    if mode == "blocking":
        return ""
    said = f'has "mode" "{mode}"' if mode else 'sets no "mode", and AWS\'s default is non-blocking'
    return f"its log {said}: lines are lost if a job prints faster than CloudWatch takes them"


def _ends_with_exit(definition: Json) -> bool:
    """Batch retries an exit that matches no rule, unless there is only one attempt.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_RetryStrategy.html
    """
    strategy = definition.get("retryStrategy") or {}
    if strategy.get("attempts", 1) == 1:
        return True
    rules = strategy.get("evaluateOnExit") or [{}]
    last = rules[-1]
    return str(last.get("action", "")).upper() == "EXIT" and "*" in (last.get("onReason"), last.get("onStatusReason"))
