"""What the template takes as parameters, and what it has built in: `up` compares that with the config.

A template for one project takes its name and its time limit as parameters; with several projects, their time limits.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from bot.config.deploy import Deploy, JobResources
from bot.config.loading import Config, projects
from bot.domain.stack import camel
from deploy.aws.cloudformation import StackError
from deploy.aws.offers import KINDS, Choice

METADATA = "Signalbox"
"""The key in the template's Metadata, which CloudFormation keeps and ignores:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html"""
LONGEST_UPDATE_MINUTES = 7_200
"""AWS's limit for `jobExecutionTimeoutMinutes`: https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdatePolicy.html"""
PLACEHOLDER = "you@example.com"
"""The address in config.example.toml, which is somebody else's."""
_GIT_TOKEN = "git_token_secret"  # noqa: S105  the name of the setting
_ANY = "<project>"
"""Stands for the project's name in a template for one project."""


class Parameter(StrEnum):
    ALARM_EMAIL = "AlarmEmail"
    BUDGET_USD = "BudgetUsd"
    PROJECT = "Project"
    ZONES = "Zones"
    UPDATE_MINUTES = "UpdateMinutes"
    """How long an update waits for running jobs. CloudFormation cannot compute it from a time limit in seconds."""


_PARAMETERS = ("alarm_email", "budget_usd", "spot_instances", "on_demand_instances", "cpu_instances")
"""The settings of [deploy] that are parameters; every other is built in."""


def instance_types(kind: str) -> str:
    """The parameter with the instance types of a queue."""
    return f"{kind.title().replace('-', '')}Instances"


def timeout(project: str, *, single: bool) -> str:
    """The parameter with a project's time limit."""
    return "TimeoutSeconds" if single else f"TimeoutSeconds{camel(project)}"


def is_single(config: Config) -> bool:
    return len(config.projects) == 1


def used_queues(config: Config) -> set[str]:
    """The kinds of the projects' own queues, and of those of the stack that their machines name."""
    named = {machine.queue for project in config.projects.values() for machine in project.machines.values()}
    own = {resources(config.deploy, name).queue for name in config.projects}
    return own | {kind for kind in KINDS if f"{config.deploy.stack}-{kind}" in named}


def resources(deploy: Deploy, project: str) -> JobResources:
    return deploy.jobs.get(project) or JobResources()


def git_token(config: Config, project: str) -> str:
    """The name of the secret with a project's token, empty for none. By default no two projects or stacks share one."""
    for given in (resources(config.deploy, project).git_token_secret, config.deploy.git_token_secret):
        if given is not None:
            return given
    stack = config.deploy.stack
    return f"{stack}/git-token" if is_single(config) else f"{stack}/{project}/git-token"


def update_minutes(config: Config) -> int:
    """As long as the longest job may run, as far as AWS allows."""
    longest = max((math.ceil(project.timeout_seconds / 60) for project in projects(config)), default=30)
    return min(longest, LONGEST_UPDATE_MINUTES)


def values(config: Config, choice: Choice) -> dict[str, str]:
    """A value for each parameter of a template that fits the config. Raises StackError if there are too few zones."""
    zones = len(choice.zones)
    if zones < config.deploy.zones:
        raise StackError(
            f"deploy.zones is {config.deploy.zones}, and {choice.region} has {zones}: {', '.join(choice.zones)}. "
            f"Set `zones = {zones}` and build the template again, or choose another region for aws.region."
        )
    single = is_single(config)
    found = {
        Parameter.ALARM_EMAIL.value: config.deploy.alarm_email,
        Parameter.BUDGET_USD.value: f"{config.deploy.budget_usd:g}",
        Parameter.UPDATE_MINUTES.value: str(update_minutes(config)),
        Parameter.ZONES.value: ",".join(choice.zones),
    }
    found |= {instance_types(kind): ",".join(types) for kind, types in choice.kept.items()}
    found |= {timeout(each.name, single=single): str(each.timeout_seconds) for each in projects(config)}
    if single:
        found[Parameter.PROJECT] = next(iter(config.projects))
    return found


def check_address(deploy: Deploy) -> None:
    """Raises StackError for the example's address, which would get the mails about the account's costs."""
    if deploy.alarm_email.strip().lower() == PLACEHOLDER:
        raise StackError(
            f"deploy.alarm_email is still the example's {PLACEHOLDER}. "
            'Write your own address, or "" if nobody should get a mail when the month gets expensive.'
        )


def built_in(config: Config) -> dict[str, Any]:
    """The settings whose values the template has built in, by their place in config.toml."""
    deploy = config.deploy
    names = [_ANY] if is_single(config) else sorted(config.projects)
    found: dict[str, Any] = {"bot.name": config.bot.name, "projects": names}
    found |= {f"deploy.{key}": getattr(deploy, key) for key in _built_in_settings()}
    if deploy.host != "none":
        found["bot.data_dir"] = str(config.bot.data_dir)
    for name, project in config.projects.items():
        shown = _ANY if is_single(config) else name
        found[f"projects.{shown}.data_uri"] = _data(config, project.data_uri, f"s3://{project.bucket}/")
        place = "deploy" if is_single(config) else f"deploy.jobs.{name}"
        found[f"{place}.{_GIT_TOKEN}"] = git_token(config, name)
        settings = resources(deploy, name).model_dump(exclude={_GIT_TOKEN})
        found |= {f"deploy.jobs.{shown}.{key}": value for key, value in settings.items()}
    return found


def _data(config: Config, uri: str, bucket: str) -> str:
    """What the template knows of a project's data. In the stack's bucket, whose name differs, `data/` or its part."""
    if not uri.startswith(bucket):
        return uri
    return "" if is_single(config) and uri.startswith(f"{bucket}data/") else uri.removeprefix(bucket)


def _built_in_settings() -> Iterable[str]:
    return [name for name in Deploy.model_fields if name not in (*_PARAMETERS, "jobs", _GIT_TOKEN)]


def differences(config: Config, template: Mapping[str, Any]) -> list[str]:
    """In words, each setting of the config that differs from what the template has built in."""
    there = template.get("Metadata", {}).get(METADATA)
    if there is None:
        return ["the template doesn't say which settings it was built from"]
    if (there["projects"] == [_ANY]) != is_single(config):
        count = "one project" if there["projects"] == [_ANY] else f"the projects {', '.join(there['projects'])}"
        return [f"projects: config.toml has {', '.join(config.projects)}; the template is for {count}"]
    return list(_differences(config, there))


def _differences(config: Config, there: Mapping[str, Any]) -> Iterator[str]:
    here = built_in(config)
    for key in dict.fromkeys((*here, *there)):
        mine, other = here.get(key), there.get(key)
        if mine != other:
            shown = key.replace(_ANY, next(iter(config.projects)))
            there_is = "leaves it out" if key not in there else f"has {_shown(other)}"
            yield f"{shown} is {_shown(mine)}; the template {there_is}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if value is None:
        return "not set here"
    return f'"{value}"' if isinstance(value, str) else str(value)
