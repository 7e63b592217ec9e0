"""Corrections to moto's CloudFormation types for Batch, and a type for secrets, which moto lacks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Batch.html
"""

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from moto.batch.models import ComputeEnvironment, JobDefinition, JobQueue
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Volume
from moto.ec2.models.route_tables import RouteTable
from moto.ecr.models import Repository, ecr_backends
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends

Json = Mapping[str, Any]

SERVICE = "batch.amazonaws.com"
SERVICE_ROLE = "AWSServiceRoleForbatch"
"""In moto's spelling."""
_plain_repository = Repository.create_from_cloudformation_json
_UNCHANGED = frozenset({"Tags", "Parameters", "Options"})
"""Maps whose keys are the user's own names."""


def install(backends: Any) -> None:
    """Call once per process, before the server answers. `backends` come from `moto_backend.install`."""
    handlers: dict[type, ResourceHandler] = {
        ComputeEnvironment: EnvironmentHandler(backends),
        JobQueue: QueueHandler(backends),
        JobDefinition: DefinitionHandler(backends),
    }
    for model, handler in handlers.items():
        methods = {
            "create_from_cloudformation_json": staticmethod(handler.create),
            "update_from_cloudformation_json": staticmethod(handler.update),
            "delete_from_cloudformation_json": staticmethod(handler.delete),
            "has_cfn_attr": staticmethod(handler.attributes.__contains__),
            "get_cfn_attribute": handler.attribute(),
        }
        for name, function in methods.items():
            setattr(model, name, function)
    # moto doesn't empty a repository that asks for it.
    setattr(Repository, "create_from_cloudformation_json", staticmethod(_create_repository))  # noqa: B010  mypy's
    setattr(Repository, "delete", _delete_repository)  # noqa: B010  mypy's
    # moto leaves out a volume's tags, which policies ask for.
    setattr(Volume, "create_from_cloudformation_json", staticmethod(_create_volume))  # noqa: B010  mypy's
    # moto creates route tables but never deletes them: the network would stay.
    setattr(RouteTable, "delete_from_cloudformation_json", staticmethod(_delete_route_table))  # noqa: B010  mypy's


class ResourceHandler(ABC):
    """How CloudFormation creates and deletes one type of resource. moto names a created one by its ARN."""

    attributes: Mapping[str, str] = {}
    """Attributes for `Fn::GetAtt`, with the model's names for them."""

    def __init__(self, backends: Any) -> None:
        self._backends = backends

    def create(self, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_: Any) -> Any:
        backend = self._backends[account_id][region_name]
        return self._create(backend, resource_name, cloudformation_json["Properties"])

    def update(
        self,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Json,
        account_id: str,
        region_name: str,
    ) -> Any:
        backend = self._backends[account_id][region_name]
        return self._update(backend, original_resource, new_resource_name, cloudformation_json["Properties"])

    def delete(self, resource_name: str, _cloudformation_json: Json, account_id: str, region_name: str) -> None:
        self._delete(self._backends[account_id][region_name], resource_name)

    def attribute(self) -> Callable[[Any, str], str]:
        """A function that becomes a method of moto's model."""
        return lambda resource, name: str(getattr(resource, self.attributes[name]))

    @abstractmethod
    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        """Create it in moto."""

    @abstractmethod
    def _update(self, backend: Any, original: Any, name: str, properties: Json) -> Any:
        """The resource after the change; it may be another one."""

    @abstractmethod
    def _delete(self, backend: Any, name: str) -> None:
        """Delete it from moto."""


class EnvironmentHandler(ResourceHandler):
    attributes = {"ComputeEnvironmentArn": "arn"}

    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        return backend.create_compute_environment(
            name,
            properties["Type"].upper(),  # templates may write it in lower case
            properties.get("State", "ENABLED"),
            api_names(properties["ComputeResources"]),
            properties.get("ServiceRole") or _service_role(backend),
            tags=properties.get("Tags"),
        )

    def _update(self, backend: Any, original: Any, name: str, properties: Json) -> Any:
        del name  # a name that CloudFormation made up stays
        backend.update_compute_environment(
            original.name, properties.get("State"), api_names(properties["ComputeResources"]), None
        )
        return original

    def _delete(self, backend: Any, name: str) -> None:
        backend.delete_compute_environment(name)


class QueueHandler(ResourceHandler):
    attributes = {"JobQueueArn": "arn"}

    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        queue = backend.create_job_queue(
            queue_name=name,
            priority=properties["Priority"],
            schedule_policy=properties.get("SchedulingPolicyArn"),
            state=properties.get("State", "ENABLED"),
            compute_env_order=api_names(properties["ComputeEnvironmentOrder"]),
            tags=properties.get("Tags"),
        )
        backend.limit_waits(queue.name, api_names(properties.get("JobStateTimeLimitActions") or []))
        return queue

    def _update(self, backend: Any, original: Any, name: str, properties: Json) -> Any:
        del name  # a queue with another name is another queue; moto cannot replace one
        backend.update_job_queue(original.name, properties["Priority"], properties.get("State"), None, None)
        backend.limit_waits(original.name, api_names(properties.get("JobStateTimeLimitActions") or []))
        return original

    def _delete(self, backend: Any, name: str) -> None:
        backend.delete_job_queue(name)


class DefinitionHandler(ResourceHandler):
    attributes = {"JobDefinitionArn": "arn"}

    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        return backend.register_job_definition(
            def_name=name,
            parameters=properties.get("Parameters") or {},
            _type=properties["Type"],
            tags=properties.get("Tags") or {},
            retry_strategy=api_names(properties.get("RetryStrategy") or {}),
            container_properties=api_names(properties.get("ContainerProperties")),
            node_properties=api_names(properties.get("NodeProperties")),
            eks_properties=api_names(properties.get("EksProperties")),
            timeout=api_names(properties.get("Timeout") or {}),
            platform_capabilities=properties.get("PlatformCapabilities") or [],
            propagate_tags=properties.get("PropagateTags", False),
        )

    def _update(self, backend: Any, original: Any, name: str, properties: Json) -> Any:
        """Register the next revision; the one before is deregistered, as AWS does."""
        created = self._create(backend, name, properties)
        backend.deregister_job_definition(original.arn)
        return created

    def _delete(self, backend: Any, name: str) -> None:
        backend.deregister_job_definition(name)


class Secret(CloudFormationModel):
    """AWS::SecretsManager::Secret. moto finds it by its base class."""

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Id"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "Secret":
        """Create the secret with a random first value, as GenerateSecretString does."""
        backend = secretsmanager_backends[account_id][region_name]
        properties = cloudformation_json["Properties"]
        answer = backend.create_secret(
            name=resource_name,
            secret_string=properties.get("SecretString") or secrets.token_hex(16),
            secret_binary=None,
            description=properties.get("Description"),
            tags=properties.get("Tags"),
            kms_key_id=None,
            client_request_token=None,
            replica_regions=[],
            force_overwrite=False,
        )
        return cls(str(json.loads(answer)["ARN"]))

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        secretsmanager_backends[account_id][region_name].delete_secret(
            resource_name, recovery_window_in_days=None, force_delete_without_recovery=True
        )


def api_names(value: Any) -> Any:
    """A template's names as the API spells them: `Timeout` becomes `timeout`; the user's own names stay."""
    if isinstance(value, Mapping):
        return {
            key[:1].lower() + key[1:]: each if key in _UNCHANGED else api_names(each) for key, each in value.items()
        }
    if isinstance(value, list):
        return [api_names(each) for each in value]
    return value


def _create_repository(resource_name: str, cloudformation_json: Json, *arguments: Any, **more: Any) -> Repository:
    created: Repository = _plain_repository(resource_name, cloudformation_json, *arguments, **more)
    vars(created)["empty_on_delete"] = cloudformation_json["Properties"].get("EmptyOnDelete", False)
    return created


def _delete_repository(repository: Repository, account_id: str, region_name: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repository.html"""
    force = vars(repository)["empty_on_delete"]
    ecr_backends[account_id][region_name].delete_repository(repository.name, force=force)


def _create_volume(_: str, cloudformation_json: Json, account_id: str, region_name: str, **_more: Any) -> Volume:
    properties = cloudformation_json["Properties"]
    backend = ec2_backends[account_id][region_name]
    volume = backend.create_volume(size=properties.get("Size"), zone_name=properties.get("AvailabilityZone"))
    volume.add_tags({each["Key"]: each["Value"] for each in properties.get("Tags", ())})
    return volume


def _delete_route_table(resource_name: str, _cloudformation_json: Json, account_id: str, region_name: str) -> None:
    backend = ec2_backends[account_id][region_name]
    backend.get_route_table(resource_name).associations.clear()
    backend.delete_route_table(resource_name)


def _service_role(backend: Any) -> str:
    """The role that AWS creates if the template names none."""
    iam = iam_backends[backend.account_id]["aws"]
    try:
        return str(iam.get_role(SERVICE_ROLE).arn)
    except NotFoundException:
        return str(iam.create_service_linked_role(SERVICE, "", "").arn)
