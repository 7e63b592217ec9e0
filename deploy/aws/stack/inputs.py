"""The template's parameters. A stack that the CDK deploys has none: it is built for its region from the config."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_cdk import CfnCondition, CfnParameter, Fn, Stack, Token
from constructs import Construct

from bot.config.loading import Config, projects
from bot.domain.project import Project
from deploy.aws import parameters
from deploy.aws.offers import Choice, configured
from deploy.aws.parameters import METADATA, Parameter


@dataclass(frozen=True, slots=True)
class Inputs:
    """Values, or references to parameters. `conditions`: by queue, whether it is created at all.

    `name` is the only project's, or "" if the projects' names are built in.
    """

    zones: Sequence[str]
    instances: Mapping[str, Any]
    conditions: Mapping[str, CfnCondition]
    timeouts: Mapping[str, Any]
    update_minutes: Any
    name: str

    def named(self, project: Project) -> Project:
        return replace(project, name=self.name) if self.name else project


def built(config: Config, choice: Choice) -> Inputs:
    """The values themselves, for one region. Queues without a machine are left out."""
    return Inputs(
        zones=choice.zones,
        instances={kind: list(types) for kind, types in choice.kept.items() if types},
        conditions={},
        timeouts={each.name: each.timeout_seconds for each in projects(config)},
        update_minutes=parameters.update_minutes(config),
        name="",
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
    return Inputs(zones, instances, conditions, timeouts, minutes, name)


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
