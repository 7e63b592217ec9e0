"""Our Batch in place of moto's: `install` replaces three module attributes of moto, and nothing else.

Compute environments, queues, job definitions, tags and their CloudFormation types stay moto's. Jobs are ours.
"""

import inspect
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, cast

import moto.batch
import moto.batch.models
import moto.batch.responses
import moto.batch.urls
from moto.batch.models import BatchBackend
from moto.batch.responses import BatchResponse
from moto.batch.utils import make_arn_for_job
from moto.core.base_backend import BackendDict

from deploy.sandbox.aws.batch import documents, instance_types, listing, submissions, time_limits
from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import Job, JobSpec, Status
from deploy.sandbox.aws.batch.machines import Machine, cluster_name
from deploy.sandbox.aws.batch.scheduler import Scheduler
from deploy.sandbox.aws.common.event_loop import LoopThread
from deploy.sandbox.aws.common.ledger import Ledger
from deploy.sandbox.aws.common.settings import LiveSettings

MAX_DESCRIBED = 100
"""DescribeJobs: "A list of up to 100 job IDs." (API_DescribeJobs)"""
TOO_MANY_DESCRIBED = f"Maximum number of jobs supported is  {MAX_DESCRIBED} ."
"""Quoted in https://github.com/pegasus-isi/pegasus/issues/2086."""
_SNAPSHOT = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_GetJobQueueSnapshot.html: the first 100 RUNNABLE jobs."""

Document = dict[str, Any]


class Services:
    """The parts of the stand-in that a backend uses."""

    def __init__(
        self, scheduler: Scheduler, loop: LoopThread, settings: LiveSettings, ledger: Ledger, clock: Callable[[], float]
    ) -> None:
        self.scheduler = scheduler
        self.loop = loop
        self.settings = settings
        self.ledger = ledger
        self.clock = clock


class ProcessBatchBackend(BatchBackend):
    """Batch whose jobs are local processes. moto's request threads call it; jobs live on the event loop."""

    services: ClassVar[Services]

    @property
    def _url_module(self) -> Any:
        return moto.batch.urls

    def reset(self) -> None:
        self.services.loop.run(self.services.scheduler.close())
        super().reset()

    def create_compute_environment(self, *arguments: Any, **more: Any) -> Any:
        """Raises RefusedError for an instance type that the region lacks."""
        given = inspect.signature(super().create_compute_environment).bind(*arguments, **more).arguments
        instance_types.check(self.region_name, (given["compute_resources"] or {}).get("instanceTypes") or ())
        environment: Any = super().create_compute_environment(*arguments, **more)
        self.ecs_backend.delete_cluster(environment.ecs_name)
        cluster = self.ecs_backend.create_cluster(cluster_name(environment.name))
        environment.set_ecs(cluster.arn, cluster.name)
        return environment

    def machines(self, cluster: str) -> list[Machine]:
        """The machines of a cluster, by its ARN."""
        return self.services.loop.call(self._machines_now, cluster)

    def _machines_now(self, cluster: str) -> list[Machine]:
        return self.services.scheduler.machines.of(cluster, self.services.scheduler.jobs.values())

    def update_compute_environment(
        self, compute_environment_name: str, state: Any, compute_resources: Any, service_role: Any
    ) -> tuple[str, str]:
        """moto ignores `compute_resources`. Raises RefusedError."""
        resources = compute_resources or {}
        instance_types.check(self.region_name, resources.get("instanceTypes") or ())
        answer = super().update_compute_environment(compute_environment_name, state, compute_resources, service_role)
        environment: Any = self.get_compute_environment(compute_environment_name)
        vars(environment)["compute_resources"] = {**(environment.compute_resources or {}), **resources}
        self.services.loop.call(self.services.scheduler.settings_changed)
        return answer

    def submit(self, request: submissions.Request, size: int) -> Document:
        """Answer SubmitJob. `size` is the request's length in bytes. Raises RefusedError."""
        try:
            submissions.check(request, size)
            return self._start(self._merged(request), request)
        except RefusedError as error:
            self.services.ledger.add("job.refused", jobName=request.get("jobName"), error=error.reason)
            raise

    def _merged(self, request: submissions.Request) -> JobSpec:
        definition = self.get_job_definition(request["jobDefinition"])
        if definition is None or definition.status != "ACTIVE":
            raise RefusedError(f"JobDefinition {request['jobDefinition']} not found.")
        if definition.container_properties is None:
            raise RefusedError(f"JobDefinition {definition.name} has no containerProperties: only containers run here.")
        queue = self._queue(request["jobQueue"])
        if queue.state != "ENABLED":
            raise RefusedError(f"Queue {queue.arn} is in {queue.state} state. It must be ENABLED to accept jobs.")
        spec = submissions.merge(request, definition, queue)
        tags = {**self.list_tags_for_resource(definition.arn), **(request.get("tags") or {})}
        return replace(spec, propagated_tags=len(tags) if spec.propagate_tags else 0)

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        """moto calls it for new resources, too. Raises RefusedError."""
        submissions.check_tags({**self.list_tags_for_resource(resource_arn), **(tags or {})})
        super().tag_resource(resource_arn, tags)

    def _start(self, spec: JobSpec, request: submissions.Request) -> Document:
        job_id = str(uuid.uuid4())
        arn = make_arn_for_job(self.account_id, job_id, self.region_name)
        size = (request.get("arrayProperties") or {}).get("size")
        tags = request.get("tags") or {}
        self.services.loop.call(self._admit, Job(job_id, arn, spec, self._now()), size, tags)
        facts = {"jobId": job_id, "jobName": spec.name, "jobQueue": spec.queue.name, "arraySize": size, "tags": tags}
        self.services.ledger.add("job.submit", **facts)
        return {"jobId": job_id, "jobName": spec.name, "jobArn": arn}

    def _admit(self, job: Job, array_size: int | None, tags: dict[str, str]) -> None:
        self.services.scheduler.submit(job, array_size)
        if tags:
            self.tag_resource(job.arn, tags)

    def describe(self, ids: Sequence[str]) -> list[Document]:
        if len(ids) > MAX_DESCRIBED:
            raise RefusedError(TOO_MANY_DESCRIBED)
        return self.services.loop.call(self._details, ids)

    def _details(self, ids: Sequence[str]) -> list[Document]:
        """Jobs by id or ARN, in the order of `ids`, each once. Unknown jobs, and jobs not visible yet, are left out."""
        newest_visible = self._now() - int(self.services.settings.now.describe_lag_seconds * 1000)
        found = (self.services.scheduler.jobs.get(each.rpartition("job/")[2]) for each in dict.fromkeys(ids))
        return [self.detail(job) for job in found if job and job.created_at <= newest_visible]

    def describe_job_queues(self, *arguments: Any, **more: Any) -> list[Document]:
        queues = [(self._queue(each["jobQueueName"]), each) for each in super().describe_job_queues(*arguments, **more)]
        return [{**each, "jobStateTimeLimitActions": list(time_limits.actions_of(queue))} for queue, each in queues]

    def limit_waits(self, queue_name: str, actions: Sequence[time_limits.Action]) -> None:
        """Raises RefusedError."""
        time_limits.remember(self._queue(queue_name), actions)

    def detail(self, job: Job) -> Document:
        return documents.detail(job, self.list_tags_for_resource((job.parent or job).arn))

    def list_page(self, request: listing.Request) -> Document:
        """Raises RefusedError."""
        queue_name = request.get("jobQueue")
        queue_arn = self._queue(queue_name).arn if queue_name else None
        as_of = self._now() - int(self.services.settings.now.list_lag_seconds * 1000)
        return self.services.loop.call(listing.page, self.services.scheduler.jobs, request, queue_arn, as_of)

    def cancel(self, job_id: str, reason: str) -> None:
        self._end("job.cancel", self.services.scheduler.cancel, job_id, reason)

    def terminate(self, job_id: str, reason: str) -> None:
        self._end("job.terminate", self.services.scheduler.terminate, job_id, reason)

    def _end(self, kind: str, act: Callable[[Job, str], None], job_id: str, reason: str) -> None:
        """Cancel or terminate a job. Unknown ids are ignored, as at AWS: https://github.com/aws/aws-cli/issues/2551."""
        if not job_id or not reason:
            raise RefusedError(f"{'reason' if job_id else 'jobId'} is a required field.")
        submissions.check_reason(reason)
        job = self.services.scheduler.jobs.get(job_id)
        self.services.ledger.add(kind, jobId=job_id, reason=reason, status=job and job.status)
        if job:
            self.services.loop.call(act, job, reason)

    def snapshot(self, queue_name: str) -> Document:
        """The first RUNNABLE jobs of a queue, in the order in which they will start."""
        queue = self._queue(queue_name)
        jobs = self.services.loop.call(self._runnable, queue.arn)
        shown = [{"jobArn": job.arn, "earliestTimeAtPosition": job.history[-1][0]} for job in jobs[:_SNAPSHOT]]
        return {"frontOfQueue": {"jobs": shown, "lastUpdatedAt": self._now()}}

    def _runnable(self, queue_arn: str) -> Sequence[Job]:
        jobs = self.services.scheduler.jobs.values()
        waiting = [job for job in jobs if job.status is Status.RUNNABLE and job.spec.queue.arn == queue_arn]
        return sorted(waiting, key=lambda job: (-(job.spec.scheduling_priority or 0), job.history[-1][0]))

    def _queue(self, name: str) -> Any:
        queue = self.get_job_queue(name)
        if queue is None:
            raise RefusedError(f"JobQueue {name} not found.")
        return queue

    def _now(self) -> int:
        return int(self.services.clock() * 1000)


class ProcessBatchResponse(BatchResponse):
    """The calls about jobs. moto finds each method by the request's path, in lower case."""

    @property
    def _jobs(self) -> ProcessBatchBackend:
        return cast("ProcessBatchBackend", self.batch_backend)

    def submitjob(self) -> str:
        return json.dumps(self._jobs.submit(self._request(), len(self.body)))

    def describejobs(self) -> str:
        return json.dumps({"jobs": self._jobs.describe(self._request().get("jobs") or [])})

    def listjobs(self) -> str:
        return json.dumps(self._jobs.list_page(self._request()))

    def canceljob(self) -> str:
        request = self._request()
        self._jobs.cancel(request.get("jobId", ""), request.get("reason", ""))
        return "{}"

    def terminatejob(self) -> str:
        request = self._request()
        self._jobs.terminate(request.get("jobId", ""), request.get("reason", ""))
        return "{}"

    def getjobqueuesnapshot(self) -> str:
        return json.dumps(self._jobs.snapshot(self._request().get("jobQueue", "")))

    def createjobqueue(self) -> str:
        request = self._request()
        actions = request.get("jobStateTimeLimitActions") or []
        time_limits.check(actions)
        answer: str = super().createjobqueue()
        self._jobs.limit_waits(request["jobQueueName"], actions)
        return answer

    def updatejobqueue(self) -> str:
        request = self._request()
        if "jobStateTimeLimitActions" in request:
            self._jobs.limit_waits(request.get("jobQueue", ""), request["jobStateTimeLimitActions"])
        answer: str = super().updatejobqueue()
        return answer

    def registerjobdefinition(self) -> str:
        request = self._request()
        submissions.check_definition(request)
        answer: str = super().registerjobdefinition()
        return answer

    def _request(self) -> Document:
        request = json.loads(self.body or "{}")
        return request if isinstance(request, dict) else {}


def install(services: Services) -> BackendDict[ProcessBatchBackend]:
    """Put our Batch into moto. Call once per process, before the server answers."""
    ProcessBatchBackend.services = services
    backends = BackendDict(ProcessBatchBackend, "batch")
    for module in (moto.batch, moto.batch.models, moto.batch.responses):
        vars(module)["batch_backends"] = backends
    paths = [*moto.batch.urls.url_paths, "{0}/v1/getjobqueuesnapshot"]
    moto.batch.urls.url_paths = dict.fromkeys(paths, ProcessBatchResponse.dispatch)
    return backends
