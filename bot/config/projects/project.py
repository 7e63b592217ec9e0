"""`[projects.<name>]`, and the `Project` made from it.

Most settings keep their name in `Project`. These change:

| in config.toml | in the code | why |
|---|---|---|
| `channels` | `channel_ids` | numbers, not channels |
| `timeout_minutes` | `timeout_seconds` | the code counts in seconds |
| `longest_timeout_minutes` | `longest_timeout_seconds` | the same |
| `goal = "maximize"` | `maximize: bool` | one of two values; told by the metric's name if it is not set |
| `bucket` | `output_uri` | the code takes any URI: `s3://<bucket>/jobs/<project>` |
| `caps` | not in `Project` | `caps.py` makes the caps of it |
| `train_roles`, `stop_roles` | not in `Project` | `grants.py` makes grants of them |
| `flags`, `parameters.<name>.flag`, `.action` | `flags: Flags` | one object writes the command line |
| `parameters.<name>.type`, `.min`, `.max` | `kind`, `minimum`, `maximum` | they would hide Python's own names |
"""

import re
from collections import Counter
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from bot.config.caps import ProjectCaps
from bot.config.guard import GuardSettings, ProjectGuard, guard_limits
from bot.config.projects.command import command_problems, flags_of
from bot.config.projects.machine import MachineSettings, machine, name_problem, on_demand_problem
from bot.config.projects.parameter import RESERVED_OPTIONS, ParameterSettings, parameter
from bot.config.section import Name, Section, Snowflake
from bot.domain.metric_names import more_is_better
from bot.domain.money.machine import MACHINE
from bot.domain.project import Project
from bot.domain.remedy import RemedyMode
from trainer.command_line import Style
from trainer.contract import Env
from trainer.keep_patterns import DEFAULT_KEEP, DEFAULT_LIMIT_GIB, Patterns

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
RESERVED_PREFIXES = ("AWS_", "SIGNALBOX_")
RESERVED_VARIABLES = frozenset({*Env, "SWEEP", "PATH"})


LONGEST_MINUTES = 20_160
"""14 days."""


class ProjectSettings(Section):
    """[projects.<name>]"""

    repository: str
    branches: Annotated[tuple[str, ...], Field(min_length=1)] = ("main",)
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    flags: Style = Style.SPACED
    working_directory: str = ""
    queue: str
    job_definition: str
    log_group: str = "/aws/batch/job"
    bucket: str
    channels: tuple[Snowflake, ...] = ()
    train_roles: tuple[str, ...] = ()
    stop_roles: tuple[str, ...] = ()
    timeout_minutes: Annotated[float, Field(ge=1, le=LONGEST_MINUTES)] = 120
    metric: str = "val_accuracy"
    goal: Annotated[Literal["maximize", "minimize", ""], Field(validate_default=True)] = ""
    install: str = ""
    data_uri: str = ""
    metrics_file: str = ""
    checkpoints: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    variables: dict[str, str] = Field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    tags: bool = False
    lfs: bool = True
    keep: tuple[str, ...] = DEFAULT_KEEP
    keep_limit_gib: Annotated[float, Field(ge=0, le=100_000)] = DEFAULT_LIMIT_GIB
    metric_patterns: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    usd_per_hour: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = None
    confirm_trials: Annotated[int, Field(ge=0, le=100_000)] = 10
    remedy: RemedyMode = RemedyMode.OFFER
    longest_timeout_minutes: Annotated[float, Field(ge=1, le=LONGEST_MINUTES)] | None = None
    on_demand_machine: str = ""
    on_demand_after: Annotated[int, Field(ge=1, le=1_000)] = 2
    pilot: bool = True
    hold_after: Annotated[int, Field(ge=0, le=100_000)] = 4
    hold_hours: Annotated[float, Field(gt=0, le=8_760, allow_inf_nan=False)] = 24
    caps: ProjectCaps = ProjectCaps()
    guard: ProjectGuard = ProjectGuard()
    machines: dict[str, MachineSettings] = Field(default_factory=dict)
    parameters: dict[Name, ParameterSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        taken = Counter([*self.parameters])
        taken.update(alias for settings in self.parameters.values() for alias in settings.aliases)
        reserved = sorted(taken.keys() & set(RESERVED_OPTIONS))
        if reserved:
            raise ValueError(
                f"parameter names {', '.join(reserved)}: reserved for the bot. Use names other than "
                f"{', '.join(RESERVED_OPTIONS)}"
            )
        doubled = sorted(name for name, count in taken.items() if count > 1)
        if doubled:
            raise ValueError(f"parameter names or aliases used twice: {', '.join(doubled)}. Each must be unique")
        return self

    @model_validator(mode="after")
    def _machines_have_names(self) -> Self:
        if problem := name_problem(self.machines):
            raise ValueError(f"machines: {problem}")
        if self.machines and MACHINE in {*self.parameters, *(a for p in self.parameters.values() for a in p.aliases)}:
            raise ValueError(f'parameter name "{MACHINE}": with machines, it is an option of the bot. Use another name')
        return self

    @model_validator(mode="after")
    def _on_demand_is_another_machine(self) -> Self:
        if problem := on_demand_problem(self.on_demand_machine, self.queue, self.machines):
            raise ValueError(f"on_demand_machine: {problem}")
        return self

    @model_validator(mode="after")
    def _command_takes_its_parameters(self) -> Self:
        if wrong := command_problems(self.command, self.parameters, self.flags):
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _longest_is_no_shorter(self) -> Self:
        longest = self.longest_timeout_minutes
        if longest is not None and longest < self.timeout_minutes:
            raise ValueError(
                f"longest_timeout_minutes: {longest:g} is less than timeout_minutes, {self.timeout_minutes:g}. It "
                "limits retries of jobs that reached their time limit: set it higher, or leave it out for twice as much"
            )
        return self

    @field_validator("goal")
    @classmethod
    def _goal_can_be_told(cls, goal: str, info: ValidationInfo) -> str:
        metric = info.data.get("metric", "")
        if goal or "metric" not in info.data:
            return goal
        more = more_is_better(metric)
        if more is None:
            raise ValueError(
                f'the name "{metric}" doesn\'t say whether more is better. Set goal = "maximize" or goal = "minimize"'
            )
        return "maximize" if more else "minimize"

    @field_validator("metric_patterns")
    @classmethod
    def _patterns_have_a_group(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f'{name}: "{pattern}" is no regular expression: {error}') from error
            if groups < 1:
                raise ValueError(f'{name}: "{pattern}" has no group for the value. Write "val loss: ([0-9.]+)"')
        return patterns

    @field_validator("working_directory")
    @classmethod
    def _inside_the_repository(cls, folder: str) -> str:
        path = PurePosixPath(folder)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f'"{folder}" is not inside the repository: write a relative path such as "examples/mnist"')
        return folder

    @field_validator("keep", "checkpoints")
    @classmethod
    def _patterns_match_something(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            if not Patterns([line]):
                raise ValueError(f'"{line}" matches nothing: write a path such as "runs/" or "*.pt"')
        return lines

    @model_validator(mode="after")
    def _variables_are_the_projects_own(self) -> Self:
        names = [*self.variables, *self.secrets]
        if odd := [name for name in names if not VARIABLE_NAME.fullmatch(name)]:
            raise ValueError(f'"{odd[0]}" is not the name of a variable: use letters, digits and _')
        if taken := sorted(
            {name for name in names if name in RESERVED_VARIABLES or name.startswith(RESERVED_PREFIXES)}
        ):
            raise ValueError(f"variables {', '.join(taken)}: set by AWS or Signalbox. Use other names")
        if doubled := sorted(name for name, count in Counter(names).items() if count > 1):
            raise ValueError(f"variables {', '.join(doubled)}: named twice. A variable is either public or a secret")
        return self

    @model_validator(mode="after")
    def _resume_has_a_checkpoint(self) -> Self:
        if self.resume and not self.checkpoints:
            raise ValueError('resume: needs checkpoints, the patterns of what to resume from, such as ["*.ckpt"]')
        return self


def project(name: str, settings: ProjectSettings, guard: GuardSettings | None = None) -> Project:
    """`guard` is what all projects share."""
    found = Project(
        name=name,
        repository=settings.repository,
        branches=settings.branches,
        command=settings.command,
        flags=flags_of(settings.parameters, settings.flags),
        working_directory=settings.working_directory,
        queue=settings.queue,
        job_definition=settings.job_definition,
        log_group=settings.log_group,
        output_uri=f"s3://{settings.bucket}/jobs/{name}",
        former_output_uri=f"s3://{settings.bucket}/jobs",
        channel_ids=settings.channels,
        parameters=tuple(parameter(key, value) for key, value in settings.parameters.items()),
        timeout_seconds=round(settings.timeout_minutes * 60),
        metric=settings.metric,
        maximize=settings.goal == "maximize",
        install=settings.install,
        data_uri=settings.data_uri,
        metrics_file=settings.metrics_file,
        checkpoints=settings.checkpoints,
        resume=settings.resume,
        variables=settings.variables,
        secrets=settings.secrets,
        tags=settings.tags,
        lfs=settings.lfs,
        keep=settings.keep,
        keep_limit_gib=settings.keep_limit_gib,
        metric_patterns=settings.metric_patterns,
        columns=settings.columns,
    )
    return _bounded(found, settings, guard or GuardSettings())


def _bounded(project: Project, settings: ProjectSettings, guard: GuardSettings) -> Project:
    """With what bounds the project's spending."""
    return replace(
        project,
        usd_per_hour=settings.usd_per_hour,
        confirm_trials=settings.confirm_trials,
        pilot=settings.pilot,
        hold_after=settings.hold_after,
        hold_hours=settings.hold_hours,
        guard=guard_limits(guard, settings.guard),
        machines=tuple(machine(key, value) for key, value in settings.machines.items()),
        remedy=settings.remedy,
        longest_timeout_seconds=round(60 * _longest_minutes(settings)),
        on_demand_machine=settings.on_demand_machine,
        on_demand_after=settings.on_demand_after,
    )


def _longest_minutes(settings: ProjectSettings) -> float:
    """How long a job may run that is tried again with more time."""
    return settings.longest_timeout_minutes or min(2 * settings.timeout_minutes, LONGEST_MINUTES)
