"""ListJobs: filters, order and pages.

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
    """A page of a queue's or an array's jobs, newest first, with their states at time `as_of` (ms).

    `queue_arn` is the ARN of the request's queue. With filters, `jobStatus` is ignored; with neither, only RUNNING
    jobs are listed. Raises RefusedError.
    """
    filters = request.get("filters") or []
    listed_status = Status.RUNNING if not filters and not request.get("jobStatus") else None
    if not filters and request.get("jobStatus"):
        listed_status = _status(request["jobStatus"])
    listed = [
        (job, status)
        for job in _candidates(jobs, request, queue_arn)
        if (status := job.status_at(as_of)) and listed_status in (None, status) and _matches(job, filters)
    ]
    limit = _FILTERED_PAGE if filters else _PAGE
    size = min(request.get("maxResults") or limit, limit)
    start = _start(request.get("nextToken"))
    token = {"nextToken": str(start + size)} if start + size < len(listed) else {}
    return {"jobSummaryList": [documents.summary(*each) for each in listed[start : start + size]], **token}


def _candidates(jobs: Mapping[str, Job], request: Request, queue_arn: str | None) -> Sequence[Job]:
    if (request.get("jobQueue") is None) == (request.get("arrayJobId") is None):
        raise RefusedError("Exactly one of jobQueue and arrayJobId must be given")
    if queue_arn is None:
        parent = jobs.get(request["arrayJobId"])
        return parent.children if parent else []
    in_queue = [job for job in jobs.values() if job.parent is None and job.spec.queue.arn == queue_arn]
    return in_queue[::-1]


def _status(value: str) -> Status:
    try:
        return Status(value)
    except ValueError:
        raise RefusedError(f"jobStatus must be one of {', '.join(Status)}, given {value}") from None


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


def _text_matches(text: str, pattern: str) -> bool:
    """Whether text matches a pattern, ignoring case; a final `*` matches any rest."""
    text, pattern = text.lower(), pattern.lower()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _definition_matches(job: Job, pattern: str) -> bool:
    """Whether the job's definition matches: by ARN, by name and revision, or by name for all revisions."""
    arn = job.spec.definition_arn
    name = arn.rpartition("job-definition/")[2]
    return pattern == arn or _text_matches(name, pattern) or _text_matches(name.partition(":")[0], pattern)


_FILTERS: dict[str, _Match] = {
    "JOB_NAME": lambda job, value: _text_matches(job.spec.name, value),
    "JOB_DEFINITION": _definition_matches,
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
