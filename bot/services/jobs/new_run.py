"""The run of a job or sweep that is asked for now: its files have a place, and a key that seals them."""

import secrets
from collections.abc import Mapping

from bot.domain.model.run import Commit, Run
from bot.domain.parameters import Value
from bot.domain.project import Project

_KEY_BYTES = 16


def new_run(project: Project, commit: Commit, parameters: Mapping[str, Value]) -> Run:
    return Run(
        project.name,
        commit,
        parameters,
        project.timeout_seconds,
        key=secrets.token_hex(_KEY_BYTES),
        results=project.output_uri,
    )
