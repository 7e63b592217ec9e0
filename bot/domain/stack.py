"""The outputs of the stack that `deploy/aws` makes, and the settings that they are the values of.

`deploy/aws/outputs.py` makes them by these names.
"""

import re
from collections.abc import Iterable, Mapping

from bot.errors import ConfigError

Key = tuple[str, ...]
"""A setting's place in config.toml: `("projects", "mnist", "queue")`."""

STACK_TAG = "signalbox:stack"
"""The tag of everything that the stack makes, with the stack's name."""
_ACCOUNT = {"Region": ("aws", "region"), "EventsQueueUrl": ("aws", "events_queue_url")}
_SHARED = {"Bucket": "bucket", "LogGroup": "log_group"}
"""One for all projects."""
_OWN = {"Queue": "queue", "JobDefinition": "job_definition"}
"""One for each project, with its name behind."""
PROJECT = "ProjectName"
"""The name of the only project, in a stack whose template takes it as a parameter."""

NOT_PUSHED = ":not-pushed-yet"
"""Stands behind the repository's address until the first image is pushed. No image has this tag."""


def places(projects: Iterable[str]) -> dict[Key, str]:
    """By setting, in the order of the file, the output that has its value."""
    found: dict[Key, str] = {place: output for output, place in _ACCOUNT.items()}
    for project in projects:
        own = {f"{output}{camel(project)}": setting for output, setting in _OWN.items()}
        found |= {("projects", project, setting): output for output, setting in (own | _SHARED).items()}
    return found


def settings(stack: str, outputs: Mapping[str, str], projects: Iterable[str]) -> dict[Key, str]:
    """What the settings are to be. Raises ConfigError with every output that the stack lacks."""
    outputs, wanted = by_project(outputs), places(projects)
    missing = [
        f"{'.'.join(place)}: the stack has no output {output}; deploy it again with this config"
        for place, output in wanted.items()
        if output not in outputs
    ]
    if missing:
        raise ConfigError(f"stack {stack}", missing)
    return {place: outputs[output] for place, output in wanted.items()}


def by_project(outputs: Mapping[str, str]) -> dict[str, str]:
    """The outputs with the project's name behind its own, which a template for one project cannot write."""
    project = outputs.get(PROJECT)
    if project is None:
        return dict(outputs)
    return {f"{name}{camel(project)}" if name in _OWN else name: value for name, value in outputs.items()}


def camel(project: str) -> str:
    """Names of outputs have letters and digits alone: `my-net` is `MyNet`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split("[-_]", project))
