"""AWS Batch's jobs, as DescribeJobs and ListJobs show them at a moment.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.fleet.grid import Grid, Known
from bench.fleet.machines import Attempt, Course, Machines
from deploy.sandbox.aws.batch.jobs import Status
from trainer.space import number

Json = dict[str, Any]
ARN = "arn:aws:batch:us-east-1:123456789012"
PAGE, FILTERED_PAGE = 1_000, 100
_PREFIX = "signalbox/default/"


class RefusedError(Exception):
    """A call that AWS would refuse, with the `code` that it would give."""

    code = ""


class InvalidRequestError(RefusedError):
    code = "ClientException"


@dataclass(frozen=True, slots=True)
class Submitted:
    """One SubmitJob call. A job by itself is an array of one that is not shown as one."""

    id: str
    at: float
    request: Json
    courses: Sequence[Course]
    known: Sequence[Known]
    """What becomes of each child, by its index."""

    @property
    def array(self) -> bool:
        return bool(self.request.get("arrayProperties"))

    @property
    def environment(self) -> dict[str, str]:
        return {each["name"]: each["value"] for each in self.request["containerOverrides"]["environment"]}

    def status(self, index: int, at: float) -> Status:
        """Of a child. Between two attempts it is RUNNABLE once more."""
        course = self.courses[index]
        if at >= course.ended_at:
            failed = course.terminated_at is not None or self.known[index].failed
            return Status.FAILED if failed else Status.SUCCEEDED
        under_way = next((a for a in reversed(course.attempts) if a.begun <= at < a.stopped), None)
        if under_way is None:
            return Status.RUNNABLE
        return Status.RUNNING if under_way.started <= at else Status.STARTING

    def statuses(self, at: float) -> Iterator[Status]:
        """Of the children, by index."""
        return (self.status(index, at) for index in range(len(self.courses)))


class Jobs:
    """What is told is so old as `lag` says (seconds): Batch's own reads come behind its writes."""

    def __init__(self, grid: Grid, machines: Machines, *, lag: float) -> None:
        self._grid, self._machines, self._lag = grid, machines, lag
        self.submitted: dict[str, Submitted] = {}

    def submit(self, request: Json, now: float) -> Json:
        batch_id = f"{len(self.submitted) + 1:08x}-0000-4000-8000-000000000000"
        size = (request.get("arrayProperties") or {}).get("size", 1)
        courses = self._machines.run(size, now)
        job = Submitted(batch_id, now, request, courses, ())
        known = [self._grid.known[each] for each in _numbers(job.environment, size)]
        self.submitted[batch_id] = Submitted(batch_id, now, request, courses, known)
        return {"jobArn": f"{ARN}:job/{batch_id}", "jobId": batch_id, "jobName": request["jobName"]}

    def terminate(self, batch_id: str, reason: str, now: float) -> None:
        """Of an array all that has not ended."""
        parent, _, index = batch_id.partition(":")
        if job := self.submitted.get(parent):
            for course in [job.courses[int(index)]] if index else job.courses:
                course.terminate(now, reason)

    def describe(self, ids: Sequence[str], now: float) -> list[Json]:
        """Those that are known, 100 at most."""
        if len(ids) > 100:
            raise InvalidRequestError(f"{len(ids)} jobs were given, at most 100 are expected")
        at = now - self._lag
        found = []
        for batch_id in ids:
            parent, _, index = batch_id.partition(":")
            job = self.submitted.get(parent)
            if job is not None and job.at <= at:
                found.append(_parent(job, at) if job.array and not index else _child(job, int(index or 0), at))
        return found

    def listed(self, request: Json, now: float) -> Json:
        """A page. Children come in the order of their index, whatever moves meanwhile."""
        at, start = now - self._lag, int(request.get("nextToken") or 0)
        if array := request.get("arrayJobId"):
            return self._children(self.submitted[array], request, start, at)
        jobs = [job for job in self.submitted.values() if job.at <= at and _matches(job, request, at)]
        most = FILTERED_PAGE if request.get("filters") else PAGE
        more = {"nextToken": str(start + most)} if start + most < len(jobs) else {}
        return {"jobSummaryList": [_summary(job.id, job) for job in jobs[start : start + most]], **more}

    def _children(self, job: Submitted, request: Json, start: int, at: float) -> Json:
        wanted, found = Status(request.get("jobStatus") or Status.RUNNING), list[Json]()
        for index in range(start, len(job.courses)):
            if job.status(index, at) is wanted:
                if len(found) == PAGE:
                    return {"jobSummaryList": found, "nextToken": str(index)}
                found.append(_summary(f"{job.id}:{index}", job))
        return {"jobSummaryList": found}


def stream(job: Submitted, index: int, attempt: int) -> str:
    """The log stream's name. Of a job that runs nothing it tells all that is asked of it."""
    return f"{_PREFIX}{job.id}-{index}-{attempt}"


def of_stream(name: str) -> tuple[str, int, int]:
    """The job's id, the index and the attempt. ValueError for a name that is none."""
    batch_id, index, attempt = name.removeprefix(_PREFIX).rsplit("-", 2)
    return batch_id, int(index), int(attempt)


def _numbers(environment: Mapping[str, str], size: int) -> list[int]:
    """The trials' numbers, as the trials themselves find them; 0 of a job that is none of a sweep."""
    if space := environment.get("SWEEP_SPACE"):
        return [number(json.loads(space), index) for index in range(size)]
    return [int(environment["JOB_ID"].rpartition(".")[2])] if "." in environment["JOB_ID"] else [0]


def _matches(job: Submitted, request: Json, at: float) -> bool:
    if job.request["jobQueue"] != request.get("jobQueue"):
        return False
    for wanted in request.get("filters") or ():
        name, values = wanted["name"], wanted["values"]
        if name == "JOB_NAME":
            return job.request["jobName"].lower() in {value.lower() for value in values}
        if name == "AFTER_CREATED_AT":
            return job.at * 1000 > int(values[0])
        raise InvalidRequestError(f"the filter {name} was given, JOB_NAME or AFTER_CREATED_AT is expected")
    return _own_status(job, at) == (request.get("jobStatus") or Status.RUNNING)


def _own_status(job: Submitted, at: float) -> Status:
    """An array's parent waits until its children have ended, and fails with any of them."""
    if not job.array:
        return job.status(0, at)
    states = set(job.statuses(at))
    if not states <= {Status.SUCCEEDED, Status.FAILED}:
        return Status.PENDING
    return Status.FAILED if Status.FAILED in states else Status.SUCCEEDED


def _parent(job: Submitted, at: float) -> Json:
    counts, status = Counter(job.statuses(at)), _own_status(job, at)
    shown = {**_common(job, job.id, status), "container": _container(job)}
    shown["arrayProperties"] = {
        "size": len(job.courses),
        "statusSummary": {each.value: counts[each] for each in Status},
        "statusSummaryLastUpdatedAt": round(at * 1000),
    }
    if status.ended:
        shown["stoppedAt"] = _ms(max(course.ended_at for course in job.courses))
    if status is Status.FAILED:
        shown["statusReason"] = "Array Child Job failed"
    return shown


def _child(job: Submitted, index: int, at: float) -> Json:
    course, status = job.courses[index], job.status(index, at)
    attempts = course.seen(at)
    ended = [a for a in attempts if a.stopped <= at]
    shown = _common(job, f"{job.id}:{index}" if job.array else job.id, status)
    shown["attempts"] = [_attempt(job, index, place, each) for place, each in enumerate(ended)]
    shown["container"] = _container(job) | _run(job, index, len(attempts) - 1, at)
    if job.array:
        shown["arrayProperties"] = {"index": index}
    if attempts and attempts[-1].started <= at:
        shown["startedAt"] = _ms(attempts[-1].started)
    if status.ended:
        shown["stoppedAt"] = _ms(course.ended_at)
        shown["statusReason"] = course.terminated_why or "Essential container in task exited"
        shown["isTerminated"] = course.terminated_at is not None
    return shown


def _run(job: Submitted, index: int, place: int, at: float) -> Json:
    """What a container block tells of an attempt; its log stream's name is known once its command runs."""
    if place < 0:
        return {}
    attempt = job.courses[index].attempts[place]
    shown: Json = {"taskArn": f"{ARN}:task/{job.id}/{index}-{place}"}
    if attempt.started <= at:
        shown["logStreamName"] = stream(job, index, place)
    if attempt.stopped <= at and not attempt.lost:
        known = job.known[index]
        shown |= {"exitCode": int(known.exit_code), **({"reason": known.reason} if known.reason else {})}
    return shown


def _attempt(job: Submitted, index: int, place: int, attempt: Attempt) -> Json:
    instance = f"i-{index:016x}{place}"
    why = f"Host EC2 (instance {instance}) terminated." if attempt.lost else "Essential container in task exited"
    times = {"startedAt": _ms(attempt.started), "stoppedAt": _ms(attempt.stopped)}
    return {**times, "statusReason": why, "container": _run(job, index, place, attempt.stopped)}


def _common(job: Submitted, batch_id: str, status: Status) -> Json:
    return {
        **_summary(batch_id, job),
        "status": status.value,
        "jobQueue": f"{ARN}:job-queue/{job.request['jobQueue']}",
        "tags": job.request.get("tags") or {},
        "timeout": job.request.get("timeout") or {},
    }


def _summary(batch_id: str, job: Submitted) -> Json:
    return {
        "jobArn": f"{ARN}:job/{batch_id}",
        "jobId": batch_id,
        "jobName": job.request["jobName"],
        "jobDefinition": f"{ARN}:job-definition/{job.request['jobDefinition']}:1",
        "createdAt": _ms(job.at),
    }


def _container(job: Submitted) -> Json:
    overrides = job.request["containerOverrides"]
    needs = [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "12000"}, {"type": "GPU", "value": "1"}]
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:main"
    return {"image": image, "resourceRequirements": needs, **overrides, "networkInterfaces": []}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
