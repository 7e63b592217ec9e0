"""config.toml as typed settings. Secrets come only from the environment: DISCORD_TOKEN and AWS's own variables."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.chat.commands import all_commands
from bot.chat.commands.shared.command_size import too_large
from bot.chat.limits import COMMAND_OPTIONS
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

MOST_RESERVED = 3
"""The most options that one command has besides the project's parameters: see `RESERVED_OPTIONS`."""


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
        """`/train` has one option per parameter name: 25 in all, each with one type."""
        types: dict[str, Kind] = {}
        for declared in self.projects.values():
            for name, settings in declared.parameters.items():
                if types.setdefault(name, settings.type) is not settings.type:
                    raise ValueError(
                        f"parameter {name} has two types, {types[name]} and {settings.type}. Use one type, or two names"
                    )
        if len(types) > COMMAND_OPTIONS - MOST_RESERVED:
            raise ValueError(
                f"{len(types)} parameter names are too many: /{self.discord.command_prefix}train has room for "
                f"{COMMAND_OPTIONS - MOST_RESERVED}"
            )
        if wrong := _registration_problems(self.projects, self.discord.command_prefix):
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _jobs_have_projects(self) -> Self:
        unknown = sorted(self.deploy.jobs.keys() - self.projects.keys())
        if unknown:
            raise ValueError(
                f"deploy.jobs.{unknown[0]}: there is no such project. Choose one: {', '.join(self.projects)}"
            )
        return self


class Secrets(BaseSettings):
    """From the environment, never from a file."""

    model_config = SettingsConfigDict(extra="ignore")

    discord_token: SecretStr


def _registration_problems(declared: Mapping[str, ProjectSettings], prefix: str) -> Sequence[str]:
    """What Discord would refuse in the commands, built as they are registered."""
    keys = {key: f"projects.{name}.parameters.{key}" for name, each in declared.items() for key in each.parameters}
    try:
        commands = all_commands([project(name, settings) for name, settings in declared.items()], prefix)
    except ConfigError as error:
        return error.problems
    return too_large(commands, keys)


def load(path: Path) -> Config:
    """Read and check the config. Raises `ConfigError` with every mistake in it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "the file does not exist. Copy config.example.toml, which explains every setting"
        raise ConfigError(str(path), [hint]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(str(path), [f"not valid TOML: {error}"]) from error
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise ConfigError(str(path), problems(error, Config)) from error


def secrets() -> Secrets:
    """Read the secrets. Raises `ConfigError` if one is not set."""
    try:
        return Secrets()
    except ValidationError as error:
        hint = "Set it to the bot's token, from the Discord developer portal: Bot, Reset Token"
        raise ConfigError("environment", [f"DISCORD_TOKEN is not set. {hint}"]) from error


def store_path(config: Config) -> Path:
    """The file that holds everything that must survive."""
    return config.bot.data_dir / "signalbox.db"


def snapshot_uri(config: Config) -> str:
    """Where the newest copy of the store is saved, in the first project's bucket."""
    first = next(iter(config.projects.values()))
    return f"s3://{first.bucket}/signalbox/{config.bot.name}/store.db"


def lease_folder(config: Config) -> str:
    """Where the bot marks that it runs, so that a second one with its token steps back."""
    return snapshot_uri(config).rpartition("/")[0]


def projects(config: Config) -> tuple[Project, ...]:
    """The projects for the services, in the order of the file."""
    return tuple(project(name, settings) for name, settings in config.projects.items())
