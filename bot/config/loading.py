"""config.toml as typed settings. Secrets come from the environment alone: DISCORD_TOKEN and AWS's own."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.config.problems import problems
from bot.domain.access import Access
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.errors import BadInput, ConfigError

MOST_CHOICES = 25
MOST_OPTIONS = 25
RESERVED_OPTIONS = ("branch", "commit", "job", "project")
"""Names of the options that /train and /retry have beside the project's parameters; one command has 3 at most."""
MOST_RESERVED = 3

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Snowflake = Annotated[int, Field(gt=0, lt=2**63)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
InstanceType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$")]
InstanceTypes = Annotated[tuple[InstanceType, ...], Field(min_length=1)]
Vcpus = Annotated[int, Field(ge=1, le=10_000)]
StuckMinutes = Annotated[int, Field(ge=10, le=1440)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Discord(_Section):
    """[discord]"""

    guild_id: Snowflake
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"
    requests_per_second: Annotated[float, Field(gt=0, le=50)] = 45
    nonce_window_seconds: Seconds = 60


class Aws(_Section):
    """[aws] `endpoint_url` is for a stand-in; credentials come from the environment."""

    region: str
    endpoint_url: str | None = None
    events_queue_url: str | None = None
    logs_calls_per_second: Annotated[float, Field(gt=0, le=25)] = 5


class Bot(_Section):
    """[bot]"""

    name: Name = "signalbox"
    data_dir: Path = Path("var")
    http_port: Annotated[int, Field(ge=0, le=65535)] = 9464
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "json"
    snapshot_minutes: Annotated[float, Field(gt=0, le=1440)] = 15


class Pace(_Section):
    """[pace] How often the bot looks and tells, in seconds."""

    describe: Seconds = 15
    logs: Seconds = 3
    card: Seconds = 5
    thread: Seconds = 10
    picture: Seconds = 20
    drain: Seconds = 30
    lookup: Seconds = 45
    plot_deadline: Seconds = 60
    stuck: Seconds = 300
    reconcile: Seconds = 180


class ParameterSettings(_Section):
    """[projects.<name>.parameters.<parameter>]"""

    type: Kind
    default: bool | int | float | str | None = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    description: Annotated[str, Field(max_length=100)] = ""
    aliases: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type is Kind.CHOICE) != bool(self.choices):
            raise ValueError('choices go with type "choice", and it with them')
        if len(self.choices) > MOST_CHOICES:
            raise ValueError(f"at most {MOST_CHOICES} choices, as Discord shows no more")
        if (self.min is not None or self.max is not None) and self.type not in (Kind.INT, Kind.FLOAT):
            raise ValueError('min and max go with type "int" or "float"')
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g})")
        if self.default is not None:
            try:
                parameter("default", self).parse(self.default)
            except BadInput as error:
                raise ValueError(str(error)) from error
        return self


class ProjectSettings(_Section):
    """[projects.<name>]"""

    repository: str
    branches: Annotated[tuple[str, ...], Field(min_length=1)] = ("main",)
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    queue: str
    job_definition: str
    log_group: str = "/aws/batch/job"
    bucket: str
    channels: tuple[Snowflake, ...] = ()
    train_roles: tuple[str, ...] = ()
    stop_roles: tuple[str, ...] = ()
    timeout_minutes: Annotated[float, Field(ge=1, le=20160)] = 120
    metric: str = "val_accuracy"
    goal: Literal["maximize", "minimize"] = "maximize"
    install: str = ""
    data_uri: str = ""
    metrics_file: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    usd_per_hour: Annotated[float, Field(ge=0, le=1000)] = 0
    confirm_trials: Annotated[int, Field(ge=0, le=100_000)] = 10
    parameters: dict[Name, ParameterSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        taken = Counter([*self.parameters])
        taken.update(alias for settings in self.parameters.values() for alias in settings.aliases)
        reserved = sorted(taken.keys() & set(RESERVED_OPTIONS))
        if reserved:
            raise ValueError(f"reserved names: {', '.join(reserved)}. All reserved: {', '.join(RESERVED_OPTIONS)}")
        doubled = sorted(name for name, count in taken.items() if count > 1)
        if doubled:
            raise ValueError(f"parameter names and aliases used twice: {', '.join(doubled)}")
        return self


class JobResources(_Section):
    """[deploy.jobs.<project>]"""

    queue: Literal["spot", "on-demand", "cpu"] = "spot"
    vcpus: Vcpus = 4
    memory_mib: Annotated[int, Field(ge=128)] = 12_000
    shared_memory_mib: Annotated[int, Field(ge=64)] = 2_048
    gpus: Annotated[int, Field(ge=0, le=16)] = 1
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    image: str = ""

    @model_validator(mode="after")
    def _has_the_queue_s_gpus(self) -> Self:
        if (self.queue == "cpu") != (self.gpus == 0):
            raise ValueError(f'gpus: {self.gpus} was given; expected 0 with queue "cpu", and 1 or more with the others')
        return self


class Deploy(_Section):
    """[deploy] What the stack of deploy/aws is built by; the bot itself does not read it."""

    stack: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "signalbox"
    zones: Annotated[int, Field(ge=1, le=6)] = 3
    spot_instances: InstanceTypes = ("g4dn.xlarge", "g5.xlarge", "g6.xlarge")
    spot_max_vcpus: Vcpus = 32
    on_demand_instances: InstanceTypes = ("g4dn.xlarge",)
    on_demand_max_vcpus: Vcpus = 8
    cpu_instances: InstanceTypes = ("m7i.xlarge", "m6i.xlarge", "m6a.xlarge")
    cpu_max_vcpus: Vcpus = 32
    disk_gib: Annotated[int, Field(ge=30, le=16_384)] = 60
    stuck_minutes: StuckMinutes = 60
    no_capacity_minutes: StuckMinutes = 720
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 3653] = 90
    budget_usd: Annotated[float, Field(gt=0)] = 100
    alarm_email: str = ""
    git_token_secret: str = "signalbox/git-token"  # noqa: S105  the name of it
    host: Annotated[str, Field(pattern=r"^(none|[a-z][a-z0-9-]*\.[a-z0-9-]+)$")] = "none"
    jobs: dict[Name, JobResources] = Field(default_factory=dict)


class Config(_Section):
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
        for project in self.projects.values():
            for name, settings in project.parameters.items():
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
    return tuple(_project(name, settings) for name, settings in config.projects.items())


def _project(name: str, settings: ProjectSettings) -> Project:
    return Project(
        name=name,
        repository=settings.repository,
        branches=settings.branches,
        command=settings.command,
        queue=settings.queue,
        definition=settings.job_definition,
        log_group=settings.log_group,
        output_uri=f"s3://{settings.bucket}/jobs",
        access=Access(frozenset(settings.train_roles), frozenset(settings.stop_roles)),
        channel_ids=settings.channels,
        parameters=tuple(parameter(key, value) for key, value in settings.parameters.items()),
        timeout_seconds=round(settings.timeout_minutes * 60),
        metric=settings.metric,
        maximize=settings.goal == "maximize",
        install=settings.install,
        data_uri=settings.data_uri,
        metrics_file=settings.metrics_file,
        columns=settings.columns,
        usd_per_hour=settings.usd_per_hour,
        confirm_trials=settings.confirm_trials,
    )


def parameter(name: str, settings: ParameterSettings) -> Parameter:
    return Parameter(
        name=name,
        kind=settings.type,
        default=settings.default,
        minimum=settings.min,
        maximum=settings.max,
        choices=settings.choices,
        description=settings.description,
        aliases=settings.aliases,
    )
