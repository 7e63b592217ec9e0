"""Names of the stack's outputs: those that fill settings (see `bot/domain/stack.py`), and those for people."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from bot.domain.stack import Key, places
from bot.errors import ConfigError


class Output(StrEnum):
    """Outputs that exist once per stack. Queues and job definitions exist once per project."""

    REGION = "Region"
    EVENTS_QUEUE_URL = "EventsQueueUrl"
    BUCKET = "Bucket"
    LOG_GROUP = "LogGroup"
    BOT_ROLE_ARN = "BotRoleArn"
    REPOSITORY_URI = "RepositoryUri"
    JOB_SECRETS = "JobSecrets"
    """Names, with commas between."""
    GIT_TOKEN_SECRET = "GitTokenSecret"  # noqa: S105  an output's name
    """Names, with commas between: `aws secretsmanager put-secret-value --secret-id …` puts a token in."""
    DISCORD_TOKEN_SECRET = "DiscordTokenSecret"  # noqa: S105
    """The secret's name, if the stack has a host."""
    HOST_GROUP = "HostGroup"
    """The host's auto scaling group, if the stack has a host."""


class Own(NamedTuple):
    """Outputs that exist once per project."""

    queue: str
    job_definition: str


def own(project: str) -> Own:
    """The outputs of a project; "" is the only project of a template that takes its name as a parameter."""
    return Own(queue(project), job_definition(project))


def queue(project: str) -> str:
    return places([project])["projects", project, "queue"]


def job_definition(project: str) -> str:
    """A name without a revision, so that Batch takes the newest."""
    return places([project])["projects", project, "job_definition"]


def keys(projects: Iterable[str]) -> dict[str, tuple[Key, ...]]:
    """The settings that each output fills, by output name. Raises ConfigError if two projects would share an output."""
    names = list(projects)
    _check_distinct(names)
    found: dict[str, tuple[Key, ...]] = {}
    for place, output in places(names).items():
        found[output] = (*found.get(output, ()), place)
    return found


def _check_distinct(projects: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in projects:
        other = seen.setdefault(queue(name), name)
        if other != name:
            problem = f"projects.{name}: its outputs would have the names of {other}'s ({queue(name)}). Rename one."
            raise ConfigError("config.toml", [problem])
