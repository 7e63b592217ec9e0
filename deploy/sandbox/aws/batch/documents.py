"""Jobs as JSON documents in Batch's answers. Unknown values are left out.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html, API_JobSummary.html
"""

from collections.abc import Mapping
from typing import Any

from deploy.sandbox.aws.batch.jobs import BatchAttempt, Job, Status

Document = dict[str, Any]

# Keys of containerProperties that JobDetail repeats unchanged.
_CONTAINER_KEYS = (
    "image",
    "jobRoleArn",
    "executionRoleArn",
    "volumes",
    "mountPoints",
    "readonlyRootFilesystem",
    "ulimits",
    "privileged",
    "user",
    "instanceType",
    "resourceRequirements",
    "linuxParameters",
    "logConfiguration",
    "secrets",
    "networkConfiguration",
    "fargatePlatformConfiguration",
    "ephemeralStorage",
    "runtimePlatform",
    "repositoryCredentials",
    "enableExecuteCommand",
)


def detail(job: Job, tags: Mapping[str, str]) -> Document:
    """The job as DescribeJobs shows it."""
    spec = job.spec
    document = {
        **_common(job),
        "jobQueue": spec.queue.arn,
        "jobDefinition": spec.definition_arn,
        "attempts": [_attempt(each) for each in job.attempts if each.stopped_at is not None],
        "retryStrategy": _retry_strategy(job),
        "dependsOn": [_dependency(each.job_id, each.kind) for each in spec.depends_on],
        "parameters": dict(spec.parameters),
        "container": _container(job),
        "tags": dict(tags),
        "propagateTags": spec.propagate_tags,
        "platformCapabilities": list(spec.platform_capabilities),
        "shareIdentifier": spec.share_identifier,
        "schedulingPriority": spec.scheduling_priority,
        "timeout": None if spec.timeout_seconds is None else {"attemptDurationSeconds": spec.timeout_seconds},
        "arrayProperties": _array(job, with_summary=True),
    }
    return _known(document)


def summary(job: Job, status: Status) -> Document:
    """The job as ListJobs shows it: without tags, and with a state that may be older than the job's."""
    outcome = job.attempt.outcome if job.attempt and status.ended else None
    container = _known({"exitCode": outcome.exit_code, "reason": outcome.reason or None}) if outcome else None
    return _known(
        {
            **_common(job),
            "status": status,
            "statusReason": job.status_reason if status is job.status else None,
            "jobDefinition": job.spec.definition_arn,
            "container": container or None,
            "arrayProperties": _array(job, with_summary=False),
        }
    )


def _common(job: Job) -> Document:
    return {
        "jobArn": job.arn,
        "jobId": job.id,
        "jobName": job.spec.name,
        "status": job.status,
        "statusReason": job.status_reason or None,
        "createdAt": job.created_at,
        "startedAt": job.started_at,
        "stoppedAt": job.stopped_at,
        "isCancelled": job.cancelled,
        "isTerminated": job.terminated is not None,
    }


def _attempt(attempt: BatchAttempt) -> Document:
    status_reason = attempt.outcome.status_reason if attempt.outcome else None
    times = {"startedAt": attempt.started_at, "stoppedAt": attempt.stopped_at, "statusReason": status_reason}
    return _known({"container": {**_container_of(attempt), "networkInterfaces": []}, **times})


def _container_of(attempt: BatchAttempt) -> Document:
    """An attempt's part of a container block. The log stream's name appears from RUNNING on."""
    cluster, outcome = attempt.host.environment.ecs_arn, attempt.outcome
    base = cluster.split(":cluster/")[0]
    name = cluster.rpartition("/")[2]
    return _known(
        {
            "containerInstanceArn": f"{base}:container-instance/{name}/{attempt.host.instance_id[2:]:0<32}",
            "taskArn": f"{base}:task/{name}/{attempt.task_id}",
            "logStreamName": attempt.log_stream if attempt.started_at is not None else None,
            "exitCode": outcome.exit_code if outcome else None,
            "reason": (outcome.reason or None) if outcome else None,
        }
    )


def _container(job: Job) -> Document:
    spec = job.spec
    shown = {key: spec.container[key] for key in _CONTAINER_KEYS if spec.container.get(key) is not None}
    environment = dict(spec.environment)
    if job.index is not None:
        environment["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
    shown |= {
        "command": list(spec.command),
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "vcpus": int(spec.vcpus),
        "memory": spec.memory,
        "networkInterfaces": [],
    }
    return shown | (_container_of(job.attempt) if job.attempt else {})


def _array(job: Job, *, with_summary: bool) -> Document | None:
    if job.index is not None:
        return {"index": job.index}
    if not job.children:
        return None
    size = {"size": len(job.children)}
    if not with_summary:
        return size
    counts = {status.value: max(0, job.summary[status]) for status in Status}
    return {**size, "statusSummary": counts, "statusSummaryLastUpdatedAt": job.history[-1][0]}


def _retry_strategy(job: Job) -> Document:
    rules = [
        _known(
            {
                "action": "RETRY" if rule.retry else "EXIT",
                "onStatusReason": rule.on_status_reason,
                "onReason": rule.on_reason,
                "onExitCode": rule.on_exit_code,
            }
        )
        for rule in job.spec.exit_rules
    ]
    return {"attempts": job.spec.attempts, "evaluateOnExit": rules}


def _dependency(job_id: str, kind: str) -> Document:
    return {key: value for key, value in (("jobId", job_id), ("type", kind)) if value}


def _known(document: Document) -> Document:
    return {key: value for key, value in document.items() if value is not None}
