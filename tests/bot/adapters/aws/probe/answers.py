"""A project, and AWS's answers to the doctor's questions about it."""

from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from bot.domain.project import Project
from bot.services.running.doctor import Check, Finding, examine

PROJECT = Project("mnist", "file:///r", ("main",), ("python",), "q", "d", "/jobs", "s3://bucket/jobs")


class Asked:
    """A client whose methods give what they are made with, or raise it."""

    def __init__(self, region: str = "eu-west-1", **answers: Any) -> None:
        self._answers = answers
        self.meta = SimpleNamespace(region_name=region)
        self.exceptions = SimpleNamespace(ClientError=ClientError)

    def __getattr__(self, method: str) -> Any:
        async def call(**arguments: Any) -> Any:
            answer = self._answers[method]
            answer = answer(arguments) if callable(answer) else answer
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "Call",
    )


def made_batch(*environments: tuple[str, list[str]], image: str = "", vcpus: str = "4", **more: Any) -> Asked:
    valid = {"state": "ENABLED", "status": "VALID"}
    resources = [
        {**valid, "computeResources": {"type": kind, "instanceTypes": types, "maxvCpus": 999}}
        for kind, types in environments
    ]
    needs = [{"type": "VCPU", "value": vcpus}, {"type": "GPU", "value": "1"}]
    definition = {"revision": 1, "containerProperties": {"image": image, "resourceRequirements": needs}}
    answers: dict[str, Any] = {
        "describe_job_queues": {"jobQueues": [{**valid, "computeEnvironmentOrder": [{"computeEnvironment": "e"}]}]},
        "describe_compute_environments": {"computeEnvironments": resources},
        "describe_job_definitions": {"jobDefinitions": [definition]},
        "list_jobs": {"jobSummaryList": []},
        "describe_jobs": {"jobs": []},
    }
    return Asked(**{**answers, **more})


def quotas_of(**values: float) -> Asked:
    return Asked(get_service_quota=lambda asked: {"Quota": {"Value": values[asked["QuotaCode"].replace("-", "_")]}})


async def found(check: Check) -> Finding:
    (finding,) = [finding async for finding in examine([check])]
    return finding
