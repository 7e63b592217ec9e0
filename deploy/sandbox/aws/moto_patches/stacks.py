"""CloudFormation's own rules for templates and stacks, which moto lacks.

- A request carries a template of at most 51,200 bytes, or names one in a bucket.
- An update can keep the value of a parameter that the template before it had, of no other.
- `Fn::GetAZs` lists the zones of the stack's region, and `Fn::Select` takes only what is in a list.
- A resource that fails makes the stack fail, with the reason in its events, and go back to what it was.
- An update that changes nothing is refused; one that changes a resource moto cannot change leaves it as it is.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import Event, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.ec2.models import ec2_backends

LONGEST_BODY = 51_200
"""`TemplateBody` has a "maximum length of 51,200 bytes":
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html"""
TOO_LONG = (
    "1 validation error detected: Value '{body}' at 'templateBody' failed to satisfy constraint: "
    "Member must have length less than or equal to 51200"
)
"""The answer: https://github.com/mbailey/bash-my-aws/pull/100"""
NOT_SELECTABLE = "Template error: Fn::Select cannot select nonexistent value at index {index}"
"""The reason in the events: https://github.com/aws-samples/1click-hpc/issues/1"""
HANDLER = 'Resource handler returned message: "{message}" (RequestToken: {token}, HandlerErrorCode: {code})'
"""How the events quote a service: https://github.com/aws/aws-cdk/issues/31148"""
_REQUESTS = ("create_stack", "update_stack", "create_change_set", "validate_template", "get_template_summary")
_IAM = {f"AWS::IAM::{kind}" for kind in ("Role", "Policy", "InstanceProfile", "User", "Group", "ManagedPolicy")}
_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html: "If you have IAM resources,
you can specify either capability." """
_LISTS = ("CommaDelimitedList", "List<")

_clean_json = parsing.clean_json
_create_resource = parsing.parse_and_create_resource
_update_resource = parsing.parse_and_update_resource
_plain_references = parsing.get_references_from_template
_load_parameters = parsing.ResourceMap.load_parameters
_create_resources, _update_stack = Stack.create_resources, Stack.update
_MOTO_REQUESTS: dict[str, Any] = {name: getattr(CloudFormationResponse, name) for name in _REQUESTS}


class InsufficientCapabilities(CloudFormationError):
    code = "InsufficientCapabilitiesException"


class ResourceError(Exception):
    """A resource could not be created; the message is the reason in the stack's events."""

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        super().__init__(reason)
        self.logical_id, self.resource_type = logical_id, resource_type


def install() -> None:
    """Call once per process, before the server answers."""
    vars(parsing)["clean_json"] = _clean
    vars(parsing)["parse_and_create_resource"] = _create
    vars(parsing)["parse_and_update_resource"] = _update
    vars(parsing)["get_references_from_template"] = _references
    replaced: dict[type, dict[str, Any]] = {
        parsing.ResourceMap: {"load_parameters": _load},
        Stack: {"create_resources": _create_all, "update": _update_all},
        CloudFormationResponse: {
            **{name: _limited(name, original) for name, original in _MOTO_REQUESTS.items()},
            "_validate_different_update": _check_update,
        },
    }
    for owner, functions in replaced.items():
        for name, function in functions.items():
            setattr(owner, name, function)


def _clean(value: Any, resources: Any) -> Any:
    """Resolve a template's functions. moto's own function calls this one for what is inside."""
    if isinstance(value, dict) and "Fn::Select" in value:
        index, among = value["Fn::Select"]
        options = _clean(among, resources)
        if not 0 <= int(index) < len(options):
            raise ValidationError(message=NOT_SELECTABLE.format(index=index))
        return options[int(index)]
    if isinstance(value, dict) and "Fn::GetAZs" in value:
        region = _clean(value["Fn::GetAZs"], resources) or resources["AWS::Region"]
        backend = ec2_backends[resources["AWS::AccountId"]][region]
        return sorted(zone.name for zone in backend.describe_availability_zones())
    return _clean_json(value, resources)


def _references(template: Any) -> list[str]:
    """What a resource refers to: moto updates those whose parameters change, and knows only `Ref`."""
    substituted = [re.findall(r"\$\{(\w+)\}", text) for text in re.findall(r'"Fn::Sub": "(.*?)"', json.dumps(template))]
    return [*_plain_references(template), *(name for names in substituted for name in names)]


def _load(resources: Any) -> None:
    """Load the parameters. moto leaves a default of a list as one text."""
    _load_parameters(resources)
    for name, slot in resources._template.get("Parameters", {}).items():
        value = resources.resolved_parameters[name]
        if slot["Type"].startswith(_LISTS) and isinstance(value, str):
            resources.resolved_parameters[name] = value.split(",")
    resources._parsed_resources.update(resources.resolved_parameters)


def _create(logical_id: str, resource: Mapping[str, Any], *arguments: Any, **more: Any) -> Any:
    try:
        return _create_resource(logical_id, resource, *arguments, **more)  # type: ignore[arg-type]
    except ResourceError:
        raise  # of a resource that this one refers to
    except Exception as error:
        raise ResourceError(logical_id, resource["Type"], _reason(error)) from error


def _reason(error: Exception) -> str:
    message = str(getattr(error, "message", None) or error)
    if isinstance(error, ValidationError):
        return message
    return HANDLER.format(message=message, token=uuid.uuid4(), code="InvalidRequest")


def _update(logical_id: str, resource: Mapping[str, Any], resources: Any, **more: Any) -> Any:
    """Update a resource; moto cannot update all types, and forgets the resource then."""
    before = resources[logical_id]
    if before is None:
        return _create(logical_id, resource, resources, **more)
    try:
        return _update_resource(logical_id, resource, resources, **more) or before  # type: ignore[arg-type]
    except Exception as error:
        raise ResourceError(logical_id, resource["Type"], _reason(error)) from error


def _create_all(stack: Any) -> None:
    """Create the resources, or fail as CloudFormation does: roll back what was created and keep the events.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
    """
    try:
        _create_resources(stack)
    except ResourceError as error:
        stack.events.append(_failed(stack, error, "CREATE_FAILED"))
        summary = f"The following resource(s) failed to create: [{error.logical_id}]. Rollback requested by user."
        stack.status = "ROLLBACK_IN_PROGRESS"
        stack._add_stack_event(stack.status, resource_status_reason=summary)
        stack.resource_map.delete()
        stack.status = "ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)
        stack.output_map = type(stack.output_map)(stack.resource_map, {}, stack.stack_id)


def _update_all(stack: Any, template: str, role_arn: Any = None, parameters: Any = None, tags: Any = None) -> None:
    """Update the resources, or go back to the template and parameters before."""
    before, values = stack.template, dict(stack.parameters)
    try:
        _update_stack(stack, template, role_arn, parameters=parameters, tags=tags)
    except ResourceError as error:
        stack.events.append(_failed(stack, error, "UPDATE_FAILED"))
        summary = f"The following resource(s) failed to update: [{error.logical_id}]."
        stack._add_stack_event("UPDATE_ROLLBACK_IN_PROGRESS", resource_status_reason=summary)
        _update_stack(stack, before, role_arn, parameters=values, tags=tags)
        stack.status = "UPDATE_ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)


def _failed(stack: Any, error: ResourceError, status: str) -> Event:
    return Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=error.logical_id,
        physical_resource_id="",
        resource_type=error.resource_type,
        resource_status=status,
        resource_status_reason=str(error),
        resource_properties=None,
    )


def _check_request(response: Any, template: Mapping[str, Any]) -> None:
    """Refuse parameters that the template lacks, and roles without the caller's word for them.

    The answers are quoted in https://github.com/jenkinsci/pipeline-aws-plugin/issues/133 and
    https://github.com/cloudtools/troposphere/issues/291.
    """
    unknown = [
        each["ParameterKey"]
        for each in response._get_param("Parameters", [])
        if each["ParameterKey"] not in (template.get("Parameters") or {})
    ]
    if unknown:
        raise ValidationError(message=f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    kinds = {each["Type"] for each in (template.get("Resources") or {}).values()}
    if kinds & _IAM and not set(_CAPABILITIES) & set(response._get_param("Capabilities", [])):
        raise InsufficientCapabilities("Requires capabilities : [CAPABILITY_IAM]")


def _check_previous(response: Any) -> None:
    """The answer: https://github.com/aws/aws-cli/issues/2599. Defaults are values, too, but moto doesn't keep them."""
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    had = Stack.parse_template(stack.template).get("Parameters") or {}
    for each in response._get_param("Parameters", []):
        if each.get("UsePreviousValue") and each["ParameterKey"] not in had:
            said = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
            raise ValidationError(message=f"Invalid input for parameter key {each['ParameterKey']}. {said}")
    stack.parameters = {str(name): _text(value) for name, value in stack.stack_parameters.items()} | stack.parameters


def _limited(name: str, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Refuse a template that is too long; delete a stack that failed, if the request says so."""

    def respond(response: Any) -> Any:
        body = response._get_param("TemplateBody") or ""
        if len(body.encode()) > LONGEST_BODY:
            raise ValidationError(message=TOO_LONG.format(body=body))
        if url := response._get_param("TemplateURL"):
            body = response._get_stack_from_s3_url(url)
        if body and name in ("create_stack", "update_stack"):
            _check_request(response, Stack.parse_template(body))
        if name == "update_stack":
            _check_previous(response)
        answer = original(response)
        if response._get_param("OnFailure") == "DELETE":
            _delete_if_failed(response.cloudformation_backend, response._get_param("StackName"))
        return answer

    return respond


def _delete_if_failed(backend: Any, name: str) -> None:
    stack = backend.get_stack(name)
    if stack.status == "ROLLBACK_COMPLETE":
        del backend.stacks[stack.stack_id]
        stack.status = "DELETE_COMPLETE"
        stack._add_stack_event(stack.status)
        backend.deleted_stacks[stack.stack_id] = stack


def _check_update(_: Any, given: list[dict[str, Any]] | None, body: str, stack: Any) -> None:
    """Refuse an update with the same template and parameters, whatever their spelling."""
    asked = {each["ParameterKey"]: each.get("ParameterValue") for each in given or ()}
    before = {str(name): _text(value) for name, value in stack.stack_parameters.items()}
    same = stack.parse_template(body) == stack.parse_template(stack.template)  # moto adds to what it has parsed
    if same and all(before.get(name) == value or value is None for name, value in asked.items()):
        raise ValidationError(stack.name, message="No updates are to be performed.")


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
