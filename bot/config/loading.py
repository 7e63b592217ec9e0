"""config.toml as typed settings. Secrets come only from the environment: DISCORD_TOKEN and AWS's own variables."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config import config_file
from bot.config.aws import Aws
from bot.config.bot import Bot
from bot.config.deploy import Deploy
from bot.config.discord import Discord
from bot.config.git import Git
from bot.config.grants import GrantSettings, grant_problems
from bot.config.grants import grants as all_grants
from bot.config.guard import GuardSettings
from bot.config.limits import Limits
from bot.config.pace import Pace
from bot.config.prices import Prices
from bot.config.problems import Mistakes, problems
from bot.config.projects.project import ProjectSettings, project
from bot.config.section import Name, Section
from bot.domain.access import Grant
from bot.domain.project import Project
from bot.errors import ConfigError


class Config(Section):
    """The whole file."""

    discord: Discord
    aws: Aws
    bot: Bot = Bot()
    pace: Pace = Pace()
    limits: Limits = Limits()
    git: Git = Git()
    prices: Prices = Prices()
    guard: GuardSettings = GuardSettings()
    deploy: Deploy = Deploy()
    grants: tuple[GrantSettings, ...] = ()
    projects: Annotated[dict[Name, ProjectSettings], Field(min_length=1)]

    @model_validator(mode="after")
    def _sections_fit(self) -> Self:
        """Check what involves several sections."""
        wrong = [
            f"deploy.jobs.{name}: there is no such project. Choose one: {', '.join(self.projects)}"
            for name in sorted(self.deploy.jobs.keys() - self.projects.keys())
        ]
        wrong += grant_problems(self.grants, self.projects, prices=self.prices.enabled)
        if wrong:
            raise Mistakes(wrong)
        return self


class Secrets(BaseSettings):
    """From the environment, never from a file."""

    model_config = SettingsConfigDict(extra="ignore")

    discord_token: SecretStr


def load(path: Path) -> Config:
    """Read and check the config. Raises `ConfigError` with every mistake in it."""
    _, content = config_file.read(path, "Copy config.example.toml, which explains every setting")
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
    return tuple(project(name, settings, config.guard) for name, settings in config.projects.items())


def allowed_branches(config: Config) -> dict[str, tuple[str, ...]]:
    """Of each repository, the names and patterns of all projects that train from it."""
    found: dict[str, tuple[str, ...]] = {}
    for settings in config.projects.values():
        found[settings.repository] = found.get(settings.repository, ()) + settings.branches
    return found


def grants(config: Config) -> tuple[Grant, ...]:
    """Who may do what."""
    return all_grants(config.grants, config.projects)
