"""One project of config.toml. The rest of the file may still be missing: a first try needs neither Discord nor AWS."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from bot.config import config_file
from bot.config.problems import problems
from bot.config.projects.project import ProjectSettings, project
from bot.config.section import Name
from bot.domain.project import Project
from bot.errors import BadInput, ConfigError


class _Projects(BaseModel):
    projects: dict[Name, ProjectSettings] = Field(min_length=1)


def read_project(path: Path, name: str) -> Project:
    """The project called `name`, or the only one. Raises ConfigError, or BadInput if the name does not tell."""
    sections = _sections(path)
    chosen = _choose(list(sections), name, path)
    try:
        settings = _Projects.model_validate({"projects": {chosen: sections[chosen]}}).projects[chosen]
    except ValidationError as error:
        raise ConfigError(str(path), problems(error, _Projects)) from error
    return project(chosen, settings)


def _sections(path: Path) -> Mapping[str, Any]:
    _, document = config_file.read(path, f"`signalbox init --config {path}` writes it from your repository")
    found = document.get("projects", {})
    return found if isinstance(found, dict) else {}


def _choose(names: Sequence[str], name: str, path: Path) -> str:
    if name in names:
        return name
    if name:
        raise BadInput(f"{path} has no project {name}.", choices=names)
    if not names:
        raise BadInput(f"{path} has no project. `signalbox init --config {path}` adds one from your repository")
    if len(names) != 1:
        raise BadInput(f"{path} has {len(names)} projects. Name one: --project {names[0]}")
    return names[0]
