"""config.toml as typed settings. Secrets come from the environment alone: DISCORD_TOKEN and AWS's own."""

import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config.aws import Aws
from bot.config.bot import Bot
from bot.config.deploy import Deploy
from bot.config.discord import Discord
from bot.config.pace import Pace
from bot.config.problems import problems
from bot.config.project import ProjectSettings, project
from bot.config.section import Name, Section
from bot.domain.parameters import Kind
from bot.domain.project import Project
from bot.errors import ConfigError

MOST_OPTIONS = 25
MOST_RESERVED = 3
"""Options that one command has beside the project's parameters, at most: see `RESERVED_OPTIONS`."""


class Config(Section):
    """The whole file."""

    discord: Discord
    aws: Aws
    bot: Bot = Bot()
    pace: Pace = Pace()
    deploy: Deploy = Deploy()
    projects: Annotated[dict[Name, ProjectSettings], Field(min_length=1)]

    @model_validator(mode="after")
    def _options_fit(self) -> Self:
        """`/train` has one option for each parameter name: 25 in all, and one type for each."""
        types: dict[str, Kind] = {}
        for declared in self.projects.values():
            for name, settings in declared.parameters.items():
                if types.setdefault(name, settings.type) is not settings.type:
                    raise ValueError(f"parameter {name} is declared with two types: {types[name]}, {settings.type}")
        if len(types) > MOST_OPTIONS - MOST_RESERVED:
            raise ValueError(f"{len(types)} parameter names; /train has room for {MOST_OPTIONS - MOST_RESERVED}")
        return self

    @model_validator(mode="after")
    def _jobs_have_projects(self) -> Self:
        strangers = sorted(self.deploy.jobs.keys() - self.projects.keys())
        if strangers:
            raise ValueError(f"deploy.jobs.{strangers[0]}: no such project. Valid: {', '.join(self.projects)}")
        return self


class Secrets(BaseSettings):
    """From the environment, never from a file."""

    model_config = SettingsConfigDict(extra="ignore")

    discord_token: SecretStr


def load(path: Path) -> Config:
    """The checked config. Raises `ConfigError` with every mistake in it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "the file is not there; config.example.toml explains every setting and is a good beginning"
        raise ConfigError(str(path), [hint]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(str(path), [f"the file cannot be read as TOML: {error}"]) from error
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(str(path), problems(error, Config)) from error


def secrets() -> Secrets:
    """Raises `ConfigError` where the environment lacks one."""
    try:
        return Secrets()
    except ValidationError as error:
        expected = "the bot's token, from the Discord developer portal: Bot, Reset Token"
        raise ConfigError("environment", [f"DISCORD_TOKEN: not set; expected {expected}"]) from error


def store_path(config: Config) -> Path:
    """The file that everything is in that must survive."""
    return config.bot.data_dir / "signalbox.db"


def snapshot_uri(config: Config) -> str:
    """Where the newest copy of the store goes, in the first project's bucket."""
    first = next(iter(config.projects.values()))
    return f"s3://{first.bucket}/signalbox/{config.bot.name}/store.db"


def projects(config: Config) -> tuple[Project, ...]:
    """The projects as the services know them, in the order of the file."""
    return tuple(project(name, settings) for name, settings in config.projects.items())
