"""The stack's outputs and the settings that they are the values of. Pure: usable without CDK.

| output | setting |
|---|---|
| `Region` | `aws.region` |
| `EventsQueueUrl` | `aws.events_queue_url` |
| `Bucket` | `projects.<each>.bucket` |
| `LogGroup` | `projects.<each>.log_group` |
| `Queue<Project>` | `projects.<project>.queue` |
| `JobDefinition<Project>` | `projects.<project>.job_definition`, a name without a revision: the newest one counts |
| `BotRoleArn`, `RepositoryUri` and the others | none: for people, and for the commands that they type |

`<Project>` is the project's name in camel case, as outputs take letters and digits alone: `my-net` is `MyNet`.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from bot.errors import ConfigError

Key = tuple[str, ...]
"""A setting's place in config.toml: `("projects", "mnist", "queue")`."""


class Output(StrEnum):
    """The outputs that there is one of."""

    REGION = "Region"
    EVENTS_QUEUE_URL = "EventsQueueUrl"
    BUCKET = "Bucket"
    LOG_GROUP = "LogGroup"
    BOT_ROLE_ARN = "BotRoleArn"
    REPOSITORY_URI = "RepositoryUri"
    GIT_TOKEN_SECRET = "GitTokenSecret"  # noqa: S105  an output's name
    """Its name, where the stack has one: `aws secretsmanager put-secret-value --secret-id …`."""
    DISCORD_TOKEN_SECRET = "DiscordTokenSecret"  # noqa: S105
    """Likewise, where the stack has a host."""
    HOST_GROUP = "HostGroup"
    """The auto scaling group of the host, where the stack has one."""


def queue(project: str) -> str:
    return f"Queue{_camel(project)}"


def job_definition(project: str) -> str:
    return f"JobDefinition{_camel(project)}"


def keys(projects: Iterable[str]) -> dict[str, tuple[Key, ...]]:
    """By output name the settings that take its value. Raises ConfigError where two projects would share an output."""
    names = list(projects)
    _check_distinct(names)
    found: dict[str, tuple[Key, ...]] = {
        Output.REGION: (("aws", "region"),),
        Output.EVENTS_QUEUE_URL: (("aws", "events_queue_url"),),
        Output.BUCKET: tuple(("projects", name, "bucket") for name in names),
        Output.LOG_GROUP: tuple(("projects", name, "log_group") for name in names),
    }
    for name in names:
        found[queue(name)] = (("projects", name, "queue"),)
        found[job_definition(name)] = (("projects", name, "job_definition"),)
    return found


def settings(outputs: Mapping[str, str], projects: Iterable[str]) -> dict[Key, str]:
    """The settings to write back, by their place. Raises ConfigError with every output that the stack lacks."""
    wanted = keys(projects)
    missing = [
        f"{name}: no such output, which {'.'.join(places[0])} needs; deploy the stack again with this config.toml"
        for name, places in wanted.items()
        if name not in outputs
    ]
    if missing:
        raise ConfigError("the stack's outputs", missing)
    return {place: outputs[name] for name, places in wanted.items() for place in places}


def _check_distinct(projects: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in projects:
        other = seen.setdefault(_camel(name), name)
        if other != name:
            problem = f"projects.{name}: its outputs would be named as those of {other}: {queue(name)}; rename one"
            raise ConfigError("config.toml", [problem])


def _camel(project: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split("[-_]", project))
