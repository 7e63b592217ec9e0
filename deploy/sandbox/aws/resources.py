"""The AWS resources that a stack would create: bucket, log group, roles, compute environment, queues, job definition.

Created over HTTP with boto3, with the calls that AWS would get.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID

from deploy.sandbox.aws.common.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, SESSION_TOKEN

TRAINER_IMAGE = "signalbox/trainer:sandbox"
WAIT_LIMITS = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": 43_200,
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": 3_600,
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": 3_600,
}
"""Seconds after which the queue cancels a waiting job, as in the stack."""


@dataclass(frozen=True, slots=True)
class ResourcePlan:
    """What to create. `environment` goes into the job definition; `max_vcpus` / `vcpus` jobs run at once."""

    name: str = "signalbox"
    image: str = TRAINER_IMAGE
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    vcpus: int = 4
    memory_mib: int = 12_000
    max_vcpus: int = 16
    attempts: int = 3
    timeout_seconds: int = 7200


@dataclass(frozen=True, slots=True)
class Resources:
    """Names and addresses, as in the sandbox's ready file under "aws"."""

    endpoint: str
    bucket: str
    queue: str
    job_definition: str
    log_group: str
    events_queue_url: str
    region: str = REGION
    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = SECRET_ACCESS_KEY
    session_token: str = SESSION_TOKEN
    account: str = DEFAULT_ACCOUNT_ID
    bot_role_arn: str = ""
    """Whose credentials the bot has; without a role it has the keys above, which may do everything."""

    def document(self) -> dict[str, str]:
        return asdict(self)


class Clients:
    """boto3 clients for the stand-in, created on first use: `clients.s3`. They do not retry."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return self._clients[service]

    def client(self, service: str, **config: Any) -> Any:
        """A new client; `config` adds to its botocore Config."""
        once = Config(retries={"total_max_attempts": 1}, **config)
        return self._session.client(service, endpoint_url=self._endpoint, config=once)


def create(endpoint: str, plan: ResourcePlan | None = None) -> Resources:
    """Create everything in `plan`. Blocks for about a second. Raises botocore's ClientError if a resource exists."""
    plan = plan or ResourcePlan()
    clients = Clients(endpoint)
    bucket, log_group = f"{plan.name}-sandbox", f"/{plan.name}/jobs"
    clients.s3.create_bucket(Bucket=bucket)
    clients.logs.create_log_group(logGroupName=log_group)
    clients.logs.put_retention_policy(logGroupName=log_group, retentionInDays=30)
    queue = _batch_queue(clients, plan)
    return Resources(
        endpoint=endpoint,
        bucket=bucket,
        queue=queue,
        job_definition=_job_definition(clients, plan, log_group),
        log_group=log_group,
        events_queue_url=_events_queue(clients, plan),
    )


def _batch_queue(clients: Clients, plan: ResourcePlan) -> str:
    environment = clients.batch.create_compute_environment(
        computeEnvironmentName=f"{plan.name}-spot",
        type="MANAGED",
        state="ENABLED",
        serviceRole=_role(clients, f"{plan.name}-batch", "batch.amazonaws.com"),
        computeResources={
            "type": "SPOT",
            "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED",
            "minvCpus": 0,
            "maxvCpus": plan.max_vcpus,
            "instanceTypes": ["g4dn.xlarge", "g5.xlarge", "g6.xlarge"],
            "instanceRole": _instance_profile(clients, f"{plan.name}-instance"),
            **_network(clients),
        },
    )
    name = f"{plan.name}-queue"
    clients.batch.create_job_queue(
        jobQueueName=name,
        state="ENABLED",
        priority=10,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}],
        jobStateTimeLimitActions=[
            {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": seconds, "action": "CANCEL"}
            for reason, seconds in WAIT_LIMITS.items()
        ],
    )
    return name


def _network(clients: Clients) -> dict[str, list[str]]:
    subnet = clients.ec2.describe_subnets()["Subnets"][0]
    groups = clients.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])
    return {"subnets": [subnet["SubnetId"]], "securityGroupIds": [groups["SecurityGroups"][0]["GroupId"]]}


def _role(clients: Clients, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn: str = clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    return arn


def _instance_profile(clients: Clients, name: str) -> str:
    _role(clients, name, "ec2.amazonaws.com")
    arn: str = clients.iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"]
    clients.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return arn


def _job_definition(clients: Clients, plan: ResourcePlan, log_group: str) -> str:
    """A job definition that retries only after a lost host, as the stack's do."""
    name = f"{plan.name}-trainer"
    clients.batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        platformCapabilities=["EC2"],
        propagateTags=True,
        timeout={"attemptDurationSeconds": plan.timeout_seconds},
        retryStrategy={
            "attempts": plan.attempts,
            "evaluateOnExit": [
                {"onStatusReason": "Host EC2*", "action": "RETRY"},
                {"onExitCode": "143", "action": "RETRY"},
                {"onReason": "*", "action": "EXIT"},
            ],
        },
        containerProperties={
            "image": plan.image,
            "command": list(plan.command),
            "jobRoleArn": _role(clients, f"{plan.name}-job", "ecs-tasks.amazonaws.com"),
            "environment": [{"name": name, "value": value} for name, value in plan.environment.items()],
            "resourceRequirements": [
                {"type": "VCPU", "value": str(plan.vcpus)},
                {"type": "MEMORY", "value": str(plan.memory_mib)},
            ],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": log_group,
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": plan.name,
                    "mode": "blocking",
                },
            },
        },
    )
    return name


def _events_queue(clients: Clients, plan: ResourcePlan) -> str:
    name = f"{plan.name}-events"
    attributes = {"MessageRetentionPeriod": "86400", "ReceiveMessageWaitTimeSeconds": "20"}
    url: str = clients.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sender = {"Service": "events.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": sender, "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    clients.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["aws.batch"], "detail-type": ["Batch Job State Change", "Batch Job Queue Blocked"]}
    clients.events.put_rule(Name=name, EventPattern=json.dumps(pattern), State="ENABLED")
    clients.events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url
