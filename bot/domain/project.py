"""A project: one training repository, with everything that its jobs need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from bot.domain.goal import Goal
from bot.domain.guard.limits import GuardLimits
from bot.domain.money.machine import DEFAULT, NO_RESOURCES, Machine, Resources
from bot.domain.parameters import Parameter
from bot.domain.remedy import RemedyMode
from bot.domain.text import folded
from bot.errors import BadInput, UnknownName, UserError
from trainer.command_line import Flags
from trainer.keep_patterns import DEFAULT_KEEP, DEFAULT_LIMIT_GIB


@dataclass(frozen=True, slots=True)
class Project:
    """`[projects.<name>]` of the config."""

    name: str
    repository: str
    branches: tuple[str, ...]
    """Allowed branches: names or patterns (`release/*`). The first is the default."""
    command: tuple[str, ...]
    queue: str
    job_definition: str
    log_group: str
    output_uri: str
    """`s3://bucket/jobs/mnist`: a new job's own prefix is `<output_uri>/<job id>/`."""
    channel_ids: tuple[int, ...] = ()
    """The channels whose commands mean this project. The first gets what has no channel of its own."""
    parameters: tuple[Parameter, ...] = ()
    timeout_seconds: int = 7200
    metric: str = "val_accuracy"
    maximize: bool = True
    install: str = ""
    data_uri: str = ""
    metrics_file: str = ""
    checkpoints: tuple[str, ...] = ()
    """Patterns as in .gitignore: checkpoints that the code writes in its own way."""
    resume: tuple[str, ...] = ()
    """Arguments for an attempt that resumes from one, with its path for `{checkpoint}`."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the command, for everyone to see."""
    secrets: tuple[str, ...] = ()
    """Names of variables whose values are in the engine's store of secrets, and never here."""
    tags: bool = False
    """True to fetch the tags and the history's commits, too."""
    lfs: bool = True
    """False to leave the pointers of Git LFS as they are."""
    keep: tuple[str, ...] = DEFAULT_KEEP
    """Patterns as in .gitignore: which new and changed files of the checkout are stored."""
    keep_limit_gib: float = DEFAULT_LIMIT_GIB
    metric_patterns: Mapping[str, str] = field(default_factory=dict)
    """Metrics by name, and the regular expressions that find them in the log. The first group is the value."""
    flags: Flags = field(default_factory=Flags)
    """How the command takes its parameters."""
    working_directory: str = ""
    """The folder of the repository in which the command runs; empty for its root."""
    columns: Mapping[str, str] = field(default_factory=dict)
    usd_per_hour: float | None = None
    """What a machine for one of its jobs costs, if the config says it; None: what its prices say. 0 costs nothing."""
    guard: GuardLimits = field(default_factory=GuardLimits)
    remedy: RemedyMode = RemedyMode.OFFER
    """What happens to a job that more memory, more time or another machine may mend."""
    longest_timeout_seconds: int = 14_400
    """How far a retry may raise the time limit."""
    on_demand_machine: str = ""
    """Which of its machines is on demand, for jobs that have lost others; empty: none."""
    on_demand_after: int = 2
    """How many machines a job must have lost for that."""
    confirm_trials: int = 10
    """Sweeps of more trials are shown and confirmed before anything is spent."""
    hold_after: int = 4
    """A sweep goes no further once this number of trials has failed alike and none has succeeded; 0: it always does."""
    hold_hours: float = 24.0
    """How long a held sweep waits for somebody's decision."""
    pilot: bool = False
    """Whether sweeps of more than `confirm_trials` trials begin with one alone."""
    engine_name: str = "AWS Batch"
    """What people call the engine."""
    former_output_uri: str = ""
    """`s3://bucket/jobs`, where earlier versions put the jobs of all projects."""

    machines: tuple[Machine, ...] = ()
    """Other places for its jobs, by name."""
    resources: Resources = NO_RESOURCES
    """What a job asks for in place of what the job definition says: see `on`."""
    machine: str = ""
    """Of a project as the jobs on one of its machines see it: that machine's name."""

    @property
    def queues(self) -> frozenset[str]:
        """All in which its jobs may be."""
        return frozenset({self.queue, *(machine.queue for machine in self.machines)})

    @property
    def of_machine(self) -> str:
        """Tells what is said about the places apart: `, machine big`."""
        return f", machine {self.machine}" if self.machine else ""

    @property
    def placed(self) -> tuple["Project", ...]:
        """As its jobs see it in each of the places where they may run."""
        return (self, *(self.on(machine.name) for machine in self.machines))

    def on(self, machine: str) -> "Project":
        """As its jobs on that machine see it: with the machine's queue, resources and price. Empty and `DEFAULT` are
        the project's own. Raises `UnknownName` with the machines that there are."""
        found = self._machine(machine)
        if found is None:
            return self
        free = 0.0 if self.usd_per_hour == 0 else None  # the project's own price is that of its own queue
        usd = free if found.usd_per_hour is None else found.usd_per_hour
        return replace(self, machine=found.name, queue=found.queue, resources=found.resources, usd_per_hour=usd)

    def machine_named(self, text: str) -> str:
        """The machine's own name, for what was typed; empty for the project's own queue. Raises `UnknownName`."""
        found = self._machine(text)
        return found.name if found is not None else ""

    def _machine(self, text: str) -> Machine | None:
        if folded(text) in ("", DEFAULT):
            return None
        found = next((each for each in self.machines if each.name == folded(text)), None)
        if found is None:
            names = [DEFAULT, *(each.name for each in self.machines)]
            near = get_close_matches(folded(text), names, 1)
            raise UnknownName(f"machine of {self.name}", given=text, near=near, valid=names)
        return found

    @property
    def goal(self) -> Goal:
        return Goal(self.metric, maximize=self.maximize)

    def prefix(self, results: str, job_id: str) -> str:
        """`s3://bucket/jobs/mnist/<job>/`; of a trial, `k7q2mx.4`, `s3://bucket/jobs/mnist/k7q2mx/4/`.

        `results` is that of the job's or sweep's `run`, empty if an earlier version recorded it.
        """
        folder = results or self.former_output_uri or self.output_uri
        return f"{folder.rstrip('/')}/{job_id.replace('.', '/')}/"


def configured(projects: Mapping[str, Project], name: str) -> Project:
    """The project of a job; raises `UserError` if the config no longer has it."""
    if name not in projects:
        raise UserError(f"The project {name} is no longer in the config, so I can't reach what its jobs stored.")
    return projects[name]


def choose(projects: Sequence[Project], name: str, channel_id: int) -> Project:
    """The named project, else the channel's, else the only one. Raises `UnknownName` or `BadInput` with the choices.

    `projects` are those that exist for whoever asks: no other is named.
    """
    if name:
        named = next((project for project in projects if folded(project.name) == folded(name)), None)
        if named is None:
            names = [project.name for project in projects]
            raise UnknownName("project", given=name, near=get_close_matches(name, names, 1), valid=names)
        return named
    here = [project for project in projects if channel_id in project.channel_ids]
    candidates = here or projects
    if len(candidates) != 1:
        belongs = "several" if here else "none"
        raise BadInput(
            f"Which project? This channel belongs to {belongs}.", choices=[project.name for project in candidates]
        )
    return candidates[0]
