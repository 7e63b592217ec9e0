"""One project of config.toml. The rest of the file may still be missing: a first try needs neither Discord nor AWS."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from bot.config.problems import problems
from bot.config.project import ProjectSettings, project
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
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("projects", {})
    except FileNotFoundError:
        raise ConfigError(
            str(path), ["the file does not exist. `signalbox init > config.toml` writes it from your repository"]
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), [f"not valid TOML: {error}"]) from error
    return found if isinstance(found, dict) else {}


def _choose(names: Sequence[str], name: str, path: Path) -> str:
    if name in names:
        return name
    if name:
        raise BadInput(f"{path} has no project {name}.", choices=names)
    if len(names) != 1:
        raise BadInput(f"{path} has {len(names)} projects. Name one: --project {names[0] if names else 'mnist'}")
    return names[0]
