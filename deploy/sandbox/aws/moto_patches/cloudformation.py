"""moto's CloudFormation forms of Batch, mended, and one of secrets, which it lacks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Batch.html
"""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from moto.batch.models import ComputeEnvironment, JobDefinition, JobQueue
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import RouteTable
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends

Json = Mapping[str, Any]

SERVICE = "batch.amazonaws.com"
SERVICE_ROLE = "AWSServiceRoleForbatch"
"""As moto spells it."""
_KEPT = frozenset({"Tags", "Parameters", "Options"})
"""Maps whose keys are names that people gave."""


def install(backends: Any) -> None:
    """To be called once in a process, before the server answers. `backends` are those of `backend.install`."""
    forms: dict[type, ResourceHandler] = {
        ComputeEnvironment: EnvironmentHandler(backends),
        JobQueue: QueueHandler(backends),
        JobDefinition: DefinitionHandler(backends),
    }
    for model, form in forms.items():
        mended = {
            "create_from_cloudformation_json": staticmethod(form.create),
            "delete_from_cloudformation_json": staticmethod(form.delete),
            "has_cfn_attr": staticmethod(form.attributes.__contains__),
            "get_cfn_attribute": form.attribute(),
        }
        for name, function in mended.items():
            setattr(model, name, function)
    # moto makes route tables, and deletes none: the network would stay.
    setattr(RouteTable, "delete_from_cloudformation_json", staticmethod(_delete_route_table))  # noqa: B010  mypy's


class ResourceHandler:
    """What CloudFormation asks of a kind of resource. moto names one by its ARN once it is made."""

    attributes: Mapping[str, str] = {}
    """What `Fn::GetAtt` may ask for, and the model's name for it."""

    def __init__(self, backends: Any) -> None:
        self._backends = backends

    def create(self, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **_: Any) -> Any:
        backend = self._backends[account_id][region_name]
        return self._create(backend, resource_name, cloudformation_json["Properties"])

    def delete(self, resource_name: str, _cloudformation_json: Json, account_id: str, region_name: str) -> None:
        self._delete(self._backends[account_id][region_name], resource_name)

    def attribute(self) -> Callable[[Any, str], str]:
        """A function, as it has to become a method of moto's model."""
        return lambda resource, name: str(getattr(resource, self.attributes[name]))

    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        raise NotImplementedError

    def _delete(self, backend: Any, name: str) -> None:
        raise NotImplementedError


class EnvironmentHandler(ResourceHandler):
    attributes = {"ComputeEnvironmentArn": "arn"}

    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        return backend.create_compute_environment(
            name,
            properties["Type"].upper(),  # in templates it may be written small
            properties.get("State", "ENABLED"),
            small(properties["ComputeResources"]),
            properties.get("ServiceRole") or _service_role(backend),
            tags=properties.get("Tags"),
        )

    def _delete(self, backend: Any, name: str) -> None:
        backend.delete_compute_environment(name)


class QueueHandler(ResourceHandler):
    attributes = {"JobQueueArn": "arn"}

    def _create(self, backend: Any, name: str, properties: Json) -> Any:
        return backend.create_job_queue(
            queue_name=name,
            priority=properties["Priority"],
            schedule_policy=properties.get("SchedulingPolicyArn"),
            state=properties.get("State", "ENABLED"),
            compute_env_order=small(properties["ComputeEnvironmentOrder"]),
            tags=properties.get("Tags"),
        )

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
            retry_strategy=small(properties.get("RetryStrategy") or {}),
            container_properties=small(properties.get("ContainerProperties")),
            node_properties=small(properties.get("NodeProperties")),
            eks_properties=small(properties.get("EksProperties")),
            timeout=small(properties.get("Timeout") or {}),
            platform_capabilities=properties.get("PlatformCapabilities") or [],
            propagate_tags=properties.get("PropagateTags", False),
        )

    def _delete(self, backend: Any, name: str) -> None:
        backend.deregister_job_definition(name)


class Secret(CloudFormationModel):
    """moto finds it by its base class."""

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
        """Its first value is random, as by GenerateSecretString."""
        backend = secretsmanager_backends[account_id][region_name]
        properties = cloudformation_json["Properties"]
        made = backend.create_secret(
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
        return cls(str(json.loads(made)["ARN"]))

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, _cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        secretsmanager_backends[account_id][region_name].delete_secret(
            resource_name, recovery_window_in_days=None, force_delete_without_recovery=True
        )


def small(value: Any) -> Any:
    """The API's names for a template's: `Timeout` is `timeout` there, and the names that people gave stay."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: each if key in _KEPT else small(each) for key, each in value.items()}
    if isinstance(value, list):
        return [small(each) for each in value]
    return value


def _delete_route_table(resource_name: str, _cloudformation_json: Json, account_id: str, region_name: str) -> None:
    backend = ec2_backends[account_id][region_name]
    backend.get_route_table(resource_name).associations.clear()
    backend.delete_route_table(resource_name)


def _service_role(backend: Any) -> str:
    """The one that AWS makes where none is named."""
    iam = iam_backends[backend.account_id]["aws"]
    try:
        return str(iam.get_role(SERVICE_ROLE).arn)
    except NotFoundException:
        return str(iam.create_service_linked_role(SERVICE, "", "").arn)
