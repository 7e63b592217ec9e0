"""A project: one training repository, with everything that its jobs need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.access import Access
from bot.domain.goal import Goal
from bot.domain.parameters import Parameter
from bot.errors import BadInput


@dataclass(frozen=True, slots=True)
class Project:
    """`[projects.<name>]` of the config."""

    name: str
    repository: str
    branches: tuple[str, ...]
    """Allowed branches: names or patterns (`release/*`). The first is the default."""
    command: tuple[str, ...]
    queue: str
    definition: str
    log_group: str
    output_uri: str
    """`s3://bucket/jobs`: a job's own prefix is `<output_uri>/<job id>/`."""
    access: Access
    channel_ids: tuple[int, ...] = ()
    """The channels whose commands mean this project. The first gets what has no channel of its own."""
    parameters: tuple[Parameter, ...] = ()
    timeout_seconds: int = 7200
    metric: str = "val_accuracy"
    maximize: bool = True
    install: str = ""
    data_uri: str = ""
    metrics_file: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    usd_per_hour: float = 0.0
    """What a machine for one of its jobs costs; 0 where the config does not say."""
    confirm_trials: int = 10
    """Sweeps of more trials are shown and confirmed before anything is spent."""

    @property
    def goal(self) -> Goal:
        return Goal(self.metric, maximize=self.maximize)

    def prefix(self, job_id: str) -> str:
        """`s3://bucket/jobs/<job>/`; of a trial, `k7q2mx.4`, `s3://bucket/jobs/k7q2mx/4/`."""
        return f"{self.output_uri.rstrip('/')}/{job_id.replace('.', '/')}/"


def choose(projects: Sequence[Project], name: str, channel_id: int) -> Project:
    """The project named, else the channel's, else the only one; `BadInput` with the choices otherwise."""
    names = [project.name for project in projects]
    if name:
        return _only((p for p in projects if p.name == name), name, "a project", names)
    here = [project for project in projects if channel_id in project.channel_ids]
    return _only(here or projects, "", "a project (this channel does not tell which)", names)


def _only(found: Iterable[Project], given: str, expected: str, names: Sequence[str]) -> Project:
    candidates = list(found)
    if len(candidates) != 1:
        raise BadInput("project", given=given, expected=expected, choices=names)
    return candidates[0]
