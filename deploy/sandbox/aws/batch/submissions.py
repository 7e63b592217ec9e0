"""Check a SubmitJob request as Batch does, and merge it with its job definition.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import Dependency, JobSpec
from deploy.sandbox.aws.batch.retries import ExitRule

MAX_REQUEST_BYTES = 30 * 1024
MAX_TAGS = 50
MAX_TAG_KEY, MAX_TAG_VALUE = 128, 256
MAX_REASON = 1024
MIN_TIMEOUT_SECONDS = 60
_JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_PATTERN = re.compile(r"[A-Za-z0-9.:\s]{0,511}\*?|\*")
_EXIT_CODE = re.compile(r"[0-9]{0,511}\*?")
"""API_EvaluateOnExit: "It can contain only numbers, and can end with an asterisk"."""
_TAG = re.compile(r"[\w\s+\-=.:/@]*")
_PARAMETER = re.compile(r"Ref::([A-Za-z0-9_-]+)")

Request = Mapping[str, Any]


def check(request: Request, size: int) -> None:
    """Check a request by itself. `size` is its length in bytes. Raises RefusedError."""
    if size > MAX_REQUEST_BYTES:
        raise RefusedError(f"Job size must be less than {MAX_REQUEST_BYTES // 1024} KiB, got {size // 1024} KiB")
    for name in ("jobName", "jobQueue", "jobDefinition"):
        if not request.get(name):
            raise RefusedError(f"{name} is a required field.")
    if not _JOB_NAME.fullmatch(request["jobName"]):
        raise RefusedError("Job name should match valid pattern")
    for unsupported in ("nodeOverrides", "eksPropertiesOverride", "ecsPropertiesOverride"):
        if request.get(unsupported):
            raise RefusedError(f"{unsupported} is not supported for a container job")
    check_tags(request.get("tags") or {})
    _check_dependencies(request.get("dependsOn") or ())
    _check_environment(_overrides(request).get("environment") or ())
    _check_timeout(request.get("timeout"))
    _check_retries(request.get("retryStrategy"))
    size_given = (request.get("arrayProperties") or {}).get("size")
    if size_given is not None and not 2 <= size_given <= 10_000:
        raise RefusedError(f"arrayProperties.size must be between 2 and 10000, given {size_given}")


def check_definition(request: Request) -> None:
    """Check in a RegisterJobDefinition request what moto does not check. Raises RefusedError."""
    check_tags(request.get("tags") or {})
    _check_timeout(request.get("timeout"))
    _check_retries(request.get("retryStrategy"))
    _check_environment((request.get("containerProperties") or {}).get("environment") or ())


def _check_environment(environment: Sequence[Mapping[str, str]]) -> None:
    for each in environment:
        if each.get("name", "").startswith("AWS_BATCH"):
            raise RefusedError(
                f"Environment variable names must not start with AWS_BATCH, which is reserved: {each['name']}"
            )


def check_reason(reason: str) -> None:
    """API_TerminateJob and API_CancelJob: "This parameter has a limit of 1024 characters." Raises RefusedError."""
    if len(reason) > MAX_REASON:
        raise RefusedError(f"reason must have at most {MAX_REASON} characters, given {len(reason)}")


def _check_timeout(timeout: Mapping[str, int] | None) -> None:
    seconds = (timeout or {}).get("attemptDurationSeconds")
    if seconds is not None and seconds < MIN_TIMEOUT_SECONDS:
        raise RefusedError(f"attemptDurationSeconds must be at least {MIN_TIMEOUT_SECONDS}, given {seconds}")


def _check_retries(strategy: Mapping[str, Any] | None) -> None:
    attempts = (strategy or {}).get("attempts", 1)
    rules = (strategy or {}).get("evaluateOnExit") or ()
    if not 1 <= attempts <= 10:
        raise RefusedError(f"retryStrategy.attempts must be between 1 and 10, given {attempts}")
    if rules and "attempts" not in (strategy or {}):
        raise RefusedError("retryStrategy.attempts must be specified if evaluateOnExit is")
    if len(rules) > 5:
        raise RefusedError(f"evaluateOnExit can have at most 5 entries, given {len(rules)}")
    for rule in rules:
        if str(rule.get("action", "")).upper() not in ("RETRY", "EXIT"):
            raise RefusedError(f"evaluateOnExit action must be RETRY or EXIT, given {rule.get('action')}")
        for name in ("onStatusReason", "onReason"):
            if rule.get(name) is not None and not _PATTERN.fullmatch(rule[name]):
                raise RefusedError(
                    f"{name} takes letters, numbers, periods, colons, spaces, * at the end: {rule[name]}"
                )
        if rule.get("onExitCode") is not None and not _EXIT_CODE.fullmatch(rule["onExitCode"]):
            raise RefusedError(f"onExitCode takes numbers, * at the end: {rule['onExitCode']}")


def merge(request: Request, definition: Any, queue: Any) -> JobSpec:
    """Merge a checked request with moto's definition and queue."""
    overrides = _overrides(request)
    properties = {key: value for key, value in (definition.container_properties or {}).items() if value is not None}
    container = {**properties, "resourceRequirements": _resources(properties, overrides)}
    parameters = {**(definition.parameters or {}), **(request.get("parameters") or {})}
    command = overrides.get("command") or properties.get("command") or []
    options = (properties.get("logConfiguration") or {}).get("options") or {}
    strategy = request.get("retryStrategy") or definition.retry_strategy or {}
    timeout = request.get("timeout") or definition.timeout or {}
    return JobSpec(
        name=request["jobName"],
        queue=queue,
        definition_arn=definition.arn,
        container=container,
        command=tuple(_substitute(part, parameters) for part in command),
        environment={**_pairs(properties), **_pairs(overrides)},
        vcpus=float(_resource(container, "VCPU", "vcpus", 1)),
        memory=int(_resource(container, "MEMORY", "memory", 512)),
        log_group=options.get("awslogs-group", "/aws/batch/job"),
        log_prefix=options.get("awslogs-stream-prefix", definition.name),
        parameters=parameters,
        platform_capabilities=tuple(definition.platform_capabilities or ("EC2",)),
        depends_on=tuple(
            Dependency(each.get("jobId", ""), each.get("type", "")) for each in request.get("dependsOn") or ()
        ),
        attempts=strategy.get("attempts", 1),
        exit_rules=tuple(ExitRule.parse(rule) for rule in strategy.get("evaluateOnExit") or ()),
        timeout_seconds=timeout.get("attemptDurationSeconds"),
        scheduling_priority=request.get("schedulingPriorityOverride"),
        share_identifier=request.get("shareIdentifier"),
        propagate_tags=bool(request.get("propagateTags", definition.propagate_tags)),
        override_characters=characters(overrides) if overrides else 0,
    )


def characters(overrides: Request) -> int:
    """The length that ECS limits: "This limit includes the JSON formatting characters of the override structure."

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html. A job beyond it fails:
    https://github.com/Netflix/metaflow/issues/1482.
    """
    return len(json.dumps(overrides))


def check_tags(tags: Mapping[str, str]) -> None:
    """https://docs.aws.amazon.com/batch/latest/userguide/tag-restrictions.html. The page leaves the characters open
    ("generally allowed"), so here they are a rule. Assumption: tag-characters."""
    if len(tags) > MAX_TAGS:
        raise RefusedError(f"Too many tags: at most {MAX_TAGS}, given {len(tags)}")
    for key, value in tags.items():
        if not 1 <= len(key) <= MAX_TAG_KEY or len(value) > MAX_TAG_VALUE:
            raise RefusedError(f"A tag has a key of 1 to {MAX_TAG_KEY} characters and a value of up to {MAX_TAG_VALUE}")
        if key.lower().startswith("aws:") or value.lower().startswith("aws:"):
            raise RefusedError(f"aws: is a reserved prefix of tags: {key}")
        if not _TAG.fullmatch(key) or not _TAG.fullmatch(value):
            raise RefusedError(f"Tags take letters, numbers, spaces and + - = . _ : / @: {key}")


def _check_dependencies(dependencies: Sequence[Mapping[str, str]]) -> None:
    if len(dependencies) > 20:
        raise RefusedError(f"A job can depend on at most 20 jobs, given {len(dependencies)}")
    for each in dependencies:
        if each.get("type") not in (None, "N_TO_N", "SEQUENTIAL"):
            raise RefusedError(f"Dependency type must be N_TO_N or SEQUENTIAL, given {each['type']}")
        if not each.get("jobId") and each.get("type") != "SEQUENTIAL":
            raise RefusedError("jobId is a required field of a dependency that is not SEQUENTIAL.")


def _overrides(request: Request) -> Mapping[str, Any]:
    return request.get("containerOverrides") or {}


def _pairs(properties: Mapping[str, Any]) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in properties.get("environment") or ()}


def _resources(properties: Mapping[str, Any], overrides: Mapping[str, Any]) -> list[dict[str, str]]:
    old_style = {"VCPU": overrides.get("vcpus"), "MEMORY": overrides.get("memory")}
    requirements = [*(properties.get("resourceRequirements") or ()), *(overrides.get("resourceRequirements") or ())]
    merged = {each["type"]: str(each["value"]) for each in requirements}
    merged |= {kind: str(value) for kind, value in old_style.items() if value is not None}
    return [{"type": kind, "value": value} for kind, value in merged.items()]


def _resource(container: Mapping[str, Any], kind: str, old_style: str, default: int) -> Any:
    values = {each["type"]: each["value"] for each in container["resourceRequirements"]}
    return values.get(kind, container.get(old_style) or default)


def _substitute(part: str, parameters: Mapping[str, str]) -> str:
    """Replace `Ref::name` by the parameter's value; leave it if there is no such parameter."""
    return _PARAMETER.sub(lambda match: parameters.get(match[1], match[0]), part)
