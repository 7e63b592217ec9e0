"""`[deploy]`: settings of the stack in deploy/aws. The bot itself does not read them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.config.section import Name, Section

INSTANCE_TYPE = r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"
STACK = r"^[a-z][a-z0-9-]{0,31}$"
HOST = r"^(none|[a-z][a-z0-9-]*\.[a-z0-9-]+)$"
InstanceType = Annotated[str, Field(pattern=INSTANCE_TYPE)]
InstanceTypes = Annotated[tuple[InstanceType, ...], Field(min_length=1)]
Vcpus = Annotated[int, Field(ge=1, le=10_000)]
StuckMinutes = Annotated[int, Field(ge=10, le=1440)]


class JobResources(Section):
    """[deploy.jobs.<project>]"""

    queue: Literal["spot", "on-demand", "cpu"] = "spot"
    vcpus: Vcpus = 4
    memory_mib: Annotated[int, Field(ge=128)] = 12_000
    shared_memory_mib: Annotated[int, Field(ge=64)] = 2_048
    gpus: Annotated[int, Field(ge=0, le=16)] = 1
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    image: str = ""
    git_token_secret: str | None = None
    """The name of the secret with this project's token; empty for none. None: `deploy.git_token_secret` decides."""

    @model_validator(mode="after")
    def _gpus_fit_the_queue(self) -> Self:
        if (self.queue == "cpu") != (self.gpus == 0):
            raise ValueError(f'gpus must be 0 with queue "cpu" and at least 1 with the others, not {self.gpus}')
        return self


class Deploy(Section):
    """[deploy] Settings of the stack in deploy/aws. The bot itself does not read them."""

    stack: Annotated[str, Field(pattern=STACK)] = "signalbox"
    zones: Annotated[int, Field(ge=1, le=6)] = 2
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
    git_token_secret: str | None = None
    """One secret for all projects; empty for none. None: one for each (deploy/aws/parameters.py has their names)."""
    host: Annotated[str, Field(pattern=HOST)] = "none"
    jobs: dict[Name, JobResources] = Field(default_factory=dict)
