"""The template's parameters. A stack that the CDK deploys has only the images: it is built for its region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_cdk import CfnCondition, CfnParameter, Fn, Stack, Token
from constructs import Construct

from bot.config.loading import Config, projects
from bot.domain.project import Project
from bot.domain.stack import NOT_PUSHED
from deploy.aws import parameters
from deploy.aws.changes import Value
from deploy.aws.images import PATTERN, TARGETS, parameter
from deploy.aws.offers import Choice, configured
from deploy.aws.parameters import METADATA, Parameter


@dataclass(frozen=True, slots=True)
class Inputs:
    """Values, or references to parameters. `conditions`: by queue, whether it is created at all.

    `name` is the only project's, or "" if the projects' names are built in. `images`: by target, what stands behind the
    repository's address; always a parameter, because the first image is pushed after the stack is made.
    """

    zones: Sequence[str]
    instances: Mapping[str, Any]
    conditions: Mapping[str, CfnCondition]
    timeouts: Mapping[str, Any]
    update_minutes: Any
    name: str
    images: Mapping[str, str]

    def named(self, project: Project) -> Project:
        return replace(project, name=self.name) if self.name else project


def built(stack: Stack, config: Config, choice: Choice, running: Mapping[str, Value]) -> Inputs:
    """The values themselves, for one region. Queues without a machine are left out.

    `running`: the images of a stack that has no parameters for them yet. Otherwise the CDK's command keeps what is set,
    with `--previous-parameters`: https://docs.aws.amazon.com/cdk/v2/guide/ref-cli-cmd-deploy.html
    """
    return Inputs(
        zones=choice.zones,
        instances={kind: list(types) for kind, types in choice.kept.items() if types},
        conditions={},
        timeouts={each.name: each.timeout_seconds for each in projects(config)},
        update_minutes=parameters.update_minutes(config),
        name="",
        images=_images(stack, running),
    )


def asked(stack: Stack, config: Config) -> Inputs:
    """Parameters whose defaults are the config's values. The template says what else it was built from."""
    single = parameters.is_single(config)
    stack.add_metadata(METADATA, parameters.built_in(config))
    instances, conditions = {}, {}
    for kind, types in configured(config.deploy).items():
        name = parameters.instance_types(kind)
        given = CfnParameter(stack, name, type="CommaDelimitedList", default=",".join(types))
        instances[kind] = {"Ref": name}
        if kind not in parameters.used_queues(config):
            is_empty = Fn.condition_equals(Fn.join("", given.value_as_list), "")
            conditions[kind] = CfnCondition(stack, f"Has{name}", expression=Fn.condition_not(is_empty))
    timeouts = {
        each.name: _number(stack, parameters.timeout(each.name, single=single), each.timeout_seconds)
        for each in projects(config)
    }
    minutes = _number(stack, Parameter.UPDATE_MINUTES, parameters.update_minutes(config))
    name = ""
    if single:
        name = CfnParameter(stack, Parameter.PROJECT, default=next(iter(config.projects))).value_as_string
    zones = _zones(stack, config.deploy.zones)
    return Inputs(zones, instances, conditions, timeouts, minutes, name, _images(stack, {}))


def _images(scope: Construct, defaults: Mapping[str, Value]) -> dict[str, str]:
    return {
        target: CfnParameter(
            scope,
            parameter(target),
            default=defaults.get(parameter(target)) or NOT_PUSHED,
            allowed_pattern=PATTERN,
            constraint_description="set it with deploy.aws.push",
        ).value_as_string
        for target in TARGETS
    }


def _number(scope: Construct, name: str, default: int) -> dict[str, str]:
    CfnParameter(scope, name, type="Number", default=default)
    return {"Ref": name}


def _zones(scope: Construct, count: int) -> list[str]:
    """Zones by name. Without names, CloudFormation's list decides, which has only zones with a default subnet:

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
    """
    given = CfnParameter(
        scope, Parameter.ZONES, type="CommaDelimitedList", default="", description="Empty: AWS's choice"
    )
    is_empty = Fn.condition_equals(Fn.join("", given.value_as_list), "")
    CfnCondition(scope, "HasZones", expression=Fn.condition_not(is_empty))
    # Not in CDK's terms, which would put each choice around its own selection.
    names = {"Fn::If": ["HasZones", {"Ref": Parameter.ZONES.value}, {"Fn::GetAZs": ""}]}
    return [Token.as_string({"Fn::Select": [index, names]}) for index in range(count)]
