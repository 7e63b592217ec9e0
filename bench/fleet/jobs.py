"""AWS Batch's jobs as DescribeJobs and ListJobs show them at a given time.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.fleet.grid import ExpectedTrial, Grid
from bench.fleet.machines import Attempt, Machines, Timeline
from deploy.sandbox.aws.batch.jobs import Status
from trainer.space import number

Json = dict[str, Any]
ARN = "arn:aws:batch:us-east-1:123456789012"
PAGE, FILTERED_PAGE = 1_000, 100
_PREFIX = "signalbox/default/"


class RefusedError(Exception):
    """A call that AWS would refuse with this error `code`."""

    code = ""


class InvalidRequestError(RefusedError):
    code = "ClientException"


@dataclass(frozen=True, slots=True)
class SubmittedJob:
    """One SubmitJob call. A single job is kept as an array of one, but not shown as one."""

    id: str
    at: float
    request: Json
    timelines: Sequence[Timeline]
    trials: Sequence[ExpectedTrial]
    """How each child ends, by its index."""

    @property
    def array(self) -> bool:
        return bool(self.request.get("arrayProperties"))

    @property
    def environment(self) -> dict[str, str]:
        return {each["name"]: each["value"] for each in self.request["containerOverrides"]["environment"]}

    def status(self, index: int, at: float) -> Status:
        """Return a child's status. Between two attempts it is RUNNABLE again."""
        timeline = self.timelines[index]
        if at >= timeline.ended_at:
            failed = timeline.terminated_at is not None or self.trials[index].failed
            return Status.FAILED if failed else Status.SUCCEEDED
        current = next((a for a in reversed(timeline.attempts) if a.begun <= at < a.stopped), None)
        if current is None:
            return Status.RUNNABLE
        return Status.RUNNING if current.started <= at else Status.STARTING

    def statuses(self, at: float) -> Iterator[Status]:
        """Return the children's statuses, by index."""
        return (self.status(index, at) for index in range(len(self.timelines)))


class Jobs:
    """Answers are `lag` seconds old, as Batch's are: its reads are not consistent with its writes."""

    def __init__(self, grid: Grid, machines: Machines, *, lag: float) -> None:
        self.grid, self._machines, self._lag = grid, machines, lag
        self.submitted: dict[str, SubmittedJob] = {}

    def submit(self, request: Json, now: float) -> Json:
        batch_id = f"{len(self.submitted) + 1:08x}-0000-4000-8000-000000000000"
        size = (request.get("arrayProperties") or {}).get("size", 1)
        timelines = self._machines.run(size, now)
        job = SubmittedJob(batch_id, now, request, timelines, ())
        space = json.loads(job.environment.get("SWEEP_SPACE") or "{}")
        if "mixed" in space and not self.grid.places:
            self.grid = self.grid.ordered(space)
        trials = [self.grid.expected[each] for each in _numbers(job.environment, size)]
        self.submitted[batch_id] = replace(job, trials=trials)
        return {"jobArn": f"{ARN}:job/{batch_id}", "jobId": batch_id, "jobName": request["jobName"]}

    def terminate(self, batch_id: str, reason: str, now: float) -> None:
        """End a job; of an array, every child that has not ended."""
        parent, _, index = batch_id.partition(":")
        if job := self.submitted.get(parent):
            for timeline in [job.timelines[int(index)]] if index else job.timelines:
                timeline.terminate(now, reason)

    def describe(self, ids: Sequence[str], now: float) -> list[Json]:
        """Return the jobs that exist. Raises InvalidRequestError for more than 100 ids."""
        if len(ids) > 100:
            raise InvalidRequestError(f"DescribeJobs takes at most 100 jobs, not {len(ids)}")
        at = now - self._lag
        found = []
        for batch_id in ids:
            parent, _, index = batch_id.partition(":")
            job = self.submitted.get(parent)
            if job is not None and job.at <= at:
                found.append(_parent(job, at) if job.array and not index else _child(job, int(index or 0), at))
        return found

    def list_jobs(self, request: Json, now: float) -> Json:
        """Return a page of ListJobs. Children come in the order of their index, whichever states change meanwhile."""
        at, start = now - self._lag, int(request.get("nextToken") or 0)
        if array := request.get("arrayJobId"):
            return self._children(self.submitted[array], request, start, at)
        jobs = [job for job in self.submitted.values() if job.at <= at and _matches(job, request, at)]
        most = FILTERED_PAGE if request.get("filters") else PAGE
        more = {"nextToken": str(start + most)} if start + most < len(jobs) else {}
        return {"jobSummaryList": [_summary(job.id, job) for job in jobs[start : start + most]], **more}

    def _children(self, job: SubmittedJob, request: Json, start: int, at: float) -> Json:
        wanted, found = Status(request.get("jobStatus") or Status.RUNNING), list[Json]()
        for index in range(start, len(job.timelines)):
            if job.status(index, at) is wanted:
                if len(found) == PAGE:
                    return {"jobSummaryList": found, "nextToken": str(index)}
                found.append(_summary(f"{job.id}:{index}", job))
        return {"jobSummaryList": found}


def stream_name(job: SubmittedJob, index: int, attempt: int) -> str:
    """Return the log stream's name. It encodes job, index and attempt, so the log can be computed from it."""
    return f"{_PREFIX}{job.id}-{index}-{attempt}"


def parse_stream_name(name: str) -> tuple[str, int, int]:
    """Return job id, index and attempt. Raises ValueError if `name` is no stream's name."""
    batch_id, index, attempt = name.removeprefix(_PREFIX).rsplit("-", 2)
    return batch_id, int(index), int(attempt)


def _numbers(environment: Mapping[str, str], size: int) -> list[int]:
    """Return the trials' numbers, computed as the trials do it themselves; 0 if the job belongs to no sweep."""
    if space := environment.get("SWEEP_SPACE"):
        return [number(json.loads(space), index) for index in range(size)]
    return [int(environment["JOB_ID"].rpartition(".")[2])] if "." in environment["JOB_ID"] else [0]


def _matches(job: SubmittedJob, request: Json, at: float) -> bool:
    if job.request["jobQueue"] != request.get("jobQueue"):
        return False
    for wanted in request.get("filters") or ():
        name, values = wanted["name"], wanted["values"]
        if name == "JOB_NAME":
            return job.request["jobName"].lower() in {value.lower() for value in values}
        if name == "AFTER_CREATED_AT":
            return job.at * 1000 > int(values[0])
        raise InvalidRequestError(f"the filter must be JOB_NAME or AFTER_CREATED_AT, not {name}")
    return _own_status(job, at) == (request.get("jobStatus") or Status.RUNNING)


def _own_status(job: SubmittedJob, at: float) -> Status:
    """Return the job's own status. An array's parent is PENDING until its children have ended; it fails if any did."""
    if not job.array:
        return job.status(0, at)
    states = set(job.statuses(at))
    if not states <= {Status.SUCCEEDED, Status.FAILED}:
        return Status.PENDING
    return Status.FAILED if Status.FAILED in states else Status.SUCCEEDED


def _parent(job: SubmittedJob, at: float) -> Json:
    counts, status = Counter(job.statuses(at)), _own_status(job, at)
    shown = {**_common(job, job.id, status), "container": _container(job)}
    shown["arrayProperties"] = {
        "size": len(job.timelines),
        "statusSummary": {each.value: counts[each] for each in Status},
        "statusSummaryLastUpdatedAt": round(at * 1000),
    }
    if status.ended:
        shown["stoppedAt"] = _ms(max(timeline.ended_at for timeline in job.timelines))
    if status is Status.FAILED:
        shown["statusReason"] = "Array Child Job failed"
    return shown


def _child(job: SubmittedJob, index: int, at: float) -> Json:
    timeline, status = job.timelines[index], job.status(index, at)
    attempts = timeline.attempts_at(at)
    ended = [a for a in attempts if a.stopped <= at]
    shown = _common(job, f"{job.id}:{index}" if job.array else job.id, status)
    shown["attempts"] = [_attempt(job, index, place, each) for place, each in enumerate(ended)]
    shown["container"] = _container(job) | _attempt_details(job, index, len(attempts) - 1, at)
    if job.array:
        shown["arrayProperties"] = {"index": index}
    if attempts and attempts[-1].started <= at:
        shown["startedAt"] = _ms(attempts[-1].started)
    if status.ended:
        shown["stoppedAt"] = _ms(timeline.ended_at)
        shown["statusReason"] = timeline.terminated_reason or "Essential container in task exited"
        shown["isTerminated"] = timeline.terminated_at is not None
    return shown


def _attempt_details(job: SubmittedJob, index: int, place: int, at: float) -> Json:
    """Return an attempt's part of a container block. The log stream's name is in it once the command runs."""
    if place < 0:
        return {}
    attempt = job.timelines[index].attempts[place]
    shown: Json = {"taskArn": f"{ARN}:task/{job.id}/{index}-{place}"}
    if attempt.started <= at:
        shown["logStreamName"] = stream_name(job, index, place)
    if attempt.stopped <= at and not attempt.lost:
        trial = job.trials[index]
        shown |= {"exitCode": int(trial.exit_code), **({"reason": trial.reason} if trial.reason else {})}
    return shown


def _attempt(job: SubmittedJob, index: int, place: int, attempt: Attempt) -> Json:
    instance = f"i-{index:016x}{place}"
    why = f"Host EC2 (instance {instance}) terminated." if attempt.lost else "Essential container in task exited"
    times = {"startedAt": _ms(attempt.started), "stoppedAt": _ms(attempt.stopped)}
    return {**times, "statusReason": why, "container": _attempt_details(job, index, place, attempt.stopped)}


def _common(job: SubmittedJob, batch_id: str, status: Status) -> Json:
    return {
        **_summary(batch_id, job),
        "status": status.value,
        "jobQueue": f"{ARN}:job-queue/{job.request['jobQueue']}",
        "tags": job.request.get("tags") or {},
        "timeout": job.request.get("timeout") or {},
    }


def _summary(batch_id: str, job: SubmittedJob) -> Json:
    return {
        "jobArn": f"{ARN}:job/{batch_id}",
        "jobId": batch_id,
        "jobName": job.request["jobName"],
        "jobDefinition": f"{ARN}:job-definition/{job.request['jobDefinition']}:1",
        "createdAt": _ms(job.at),
    }


def _container(job: SubmittedJob) -> Json:
    overrides = job.request["containerOverrides"]
    requirements = [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "12000"}, {"type": "GPU", "value": "1"}]
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer:main"
    return {"image": image, "resourceRequirements": requirements, **overrides, "networkInterfaces": []}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
