"""The secrets of a project's jobs: the job definition passes each one, and each has a value of its owner's.

"The secret's metadata" is all that is read, never a value:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
A job whose secret can't be read fails before its container starts:
https://docs.aws.amazon.com/batch/latest/userguide/specifying-sensitive-data-secrets.html
"""

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from bot.adapters.aws.clients import Client
from bot.adapters.aws.error_codes import calling
from bot.adapters.aws.queue_queries import describe_definition
from bot.domain.project import Project
from bot.domain.stack import STACK_TAG
from bot.errors import Denied, Missing, Unavailable
from bot.services.running.doctor import Check, Finding
from trainer.contract import Env

_SECRET = re.compile(r"(arn:[\w-]+:secretsmanager:[\w-]+:\d+:secret:([^:]+?)(?:-\w{6})?)(?::.*)?")
"""An ARN ends with six random characters, and `valueFrom` may add a key, a stage and a version."""
_DEPLOY = "Deploy the stack again: `python -m deploy.aws.up --config config.toml`."


def secrets_check(batch: Client, secrets: Client, project: Project, region: str) -> Check:
    """A note if the doctor may not ask, as with the role of an earlier stack."""
    subject = f"secrets of {project.name}"

    async def look() -> Finding:
        try:
            definition = await describe_definition(batch, project.job_definition, region)
        except Missing as error:
            return Finding.note(subject, f"could not be checked: {error}")
        passed = _passed(definition)
        if lacking := [name for name in project.secrets if name not in passed]:
            found = f"{project.job_definition} doesn't pass {', '.join(lacking)} to its jobs"
            return Finding.bad(subject, found, _DEPLOY)
        async for name, wrong, advice in _faults(secrets, passed):
            return Finding.bad(subject, f"{name}: {wrong}", advice)
        unnamed = [name for name in passed if name not in (*project.secrets, Env.GIT_TOKEN)]
        if unnamed:
            found = f"{project.job_definition} also passes {', '.join(unnamed)}: their values aren't hidden in the log"
            return Finding.note(subject, found, f"Name them in projects.{project.name}.secrets.")
        return Finding(subject, f"{', '.join(passed)} exist" if passed else "its jobs get none")

    return Check(subject, look, _DEPLOY, note_on=(Denied, Unavailable))


def _passed(definition: Mapping[str, Any]) -> dict[str, str]:
    """Where each variable's value is, as the job definition has it."""
    found = (definition.get("containerProperties") or {}).get("secrets") or ()
    return {each["name"]: each["valueFrom"] for each in found}


async def _faults(secrets: Client, passed: Mapping[str, str]) -> AsyncIterator[tuple[str, str, str]]:
    """Variables whose secret is missing or has no value, with what to do. Parameters of SSM are passed over."""
    for variable, place in passed.items():
        if match := _SECRET.fullmatch(place):
            fault = await _fault(secrets, variable, place, match[2])
            if fault is not None:
                yield variable, *fault


async def _fault(secrets: Client, variable: str, place: str, name: str) -> tuple[str, str] | None:
    put = f"aws secretsmanager put-secret-value --secret-id {name} --secret-string <value>"
    secret_id = ":".join(place.split(":")[:7])
    try:
        with calling(f"Looking for the secret {name}"):
            secret = await secrets.describe_secret(SecretId=secret_id)
    except Missing:
        return f"there is no secret {name}, so no job starts", _DEPLOY
    if secret.get("DeletedDate"):
        return f"the secret {name} is to be deleted, so no job starts", (
            f"Keep it: `aws secretsmanager restore-secret --secret-id {name}`."
        )
    versions = secret.get("VersionIdsToStages") or {}
    if not any("AWSCURRENT" in stages for stages in versions.values()):
        return f"the secret {name} has no value, so no job starts", f"Set it: `{put}`."
    own = any(tag["Key"] == STACK_TAG for tag in secret.get("Tags") or ())
    if own and len(versions) == 1 and variable != Env.GIT_TOKEN:  # git sends its token only if a host asks for one
        return f"the secret {name} still has the random value that the stack gave it", f"Set it: `{put}`."
    return None
