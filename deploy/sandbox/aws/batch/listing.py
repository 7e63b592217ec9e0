"""ListJobs: which jobs, in which order, and in pages.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from deploy.sandbox.aws.batch import documents
from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import Job, Status

_PAGE = 1000
_FILTERED_PAGE = 100

Request = Mapping[str, Any]
_Match = Callable[[Job, str], bool]


def page(jobs: Mapping[str, Job], request: Request, queue_arn: str | None, as_of: int) -> documents.Document:
    """A page of a queue's or an array's jobs, newest first, in their states of the time `as_of` (ms).

    `queue_arn` is that of the request's queue. With filters `jobStatus` is ignored; without either, RUNNING
    jobs are listed. Raises RefusedError.
    """
    filters = request.get("filters") or []
    wanted = Status.RUNNING if not filters and not request.get("jobStatus") else None
    if not filters and request.get("jobStatus"):
        wanted = _status(request["jobStatus"])
    listed = [
        (job, status)
        for job in _candidates(jobs, request, queue_arn)
        if (status := job.status_at(as_of)) and wanted in (None, status) and _matches(job, filters)
    ]
    most = _FILTERED_PAGE if filters else _PAGE
    size = min(request.get("maxResults") or most, most)
    start = _start(request.get("nextToken"))
    token = {"nextToken": str(start + size)} if start + size < len(listed) else {}
    return {"jobSummaryList": [documents.summary(*each) for each in listed[start : start + size]], **token}


def _candidates(jobs: Mapping[str, Job], request: Request, queue_arn: str | None) -> Sequence[Job]:
    if (request.get("jobQueue") is None) == (request.get("arrayJobId") is None):
        raise RefusedError("Exactly one of jobQueue and arrayJobId must be given")
    if queue_arn is None:
        parent = jobs.get(request["arrayJobId"])
        return parent.children if parent else []
    mine = [job for job in jobs.values() if job.parent is None and job.spec.queue.arn == queue_arn]
    return mine[::-1]


def _status(given: str) -> Status:
    try:
        return Status(given)
    except ValueError:
        raise RefusedError(f"jobStatus must be one of {', '.join(Status)}, given {given}") from None


def _matches(job: Job, filters: Sequence[Mapping[str, Any]]) -> bool:
    if not filters:
        return True
    if len(filters) > 1:
        raise RefusedError(f"Only one filter can be used at a time, given {len(filters)}")
    name, values = filters[0].get("name", ""), filters[0].get("values") or []
    match = _FILTERS.get(name)
    if match is None:
        raise RefusedError(f"The filter's name must be one of {', '.join(_FILTERS)}, given {name}")
    return any(match(job, value) for value in values)


def _text(text: str, pattern: str) -> bool:
    """Case is ignored; a `*` at the end stands for any rest."""
    text, pattern = text.lower(), pattern.lower()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _definition(job: Job, pattern: str) -> bool:
    """By ARN, by name with a revision, or by name alone for all revisions."""
    arn = job.spec.definition_arn
    name = arn.rpartition("job-definition/")[2]
    return pattern == arn or _text(name, pattern) or _text(name.partition(":")[0], pattern)


_FILTERS: dict[str, _Match] = {
    "JOB_NAME": lambda job, value: _text(job.spec.name, value),
    "JOB_DEFINITION": _definition,
    "BEFORE_CREATED_AT": lambda job, value: job.created_at < int(value),
    "AFTER_CREATED_AT": lambda job, value: job.created_at > int(value),
    "SHARE_IDENTIFIER": lambda job, value: job.spec.share_identifier == value,
}


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdigit():
        raise RefusedError(f"Invalid nextToken: {token}")
    return int(token)
