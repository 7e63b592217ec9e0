"""The sandbox as a benchmark needs it: a running bot, a person in the channel, and the times in the ledgers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import ResourcePlan
from deploy.sandbox.control_client import ControlClient
from deploy.sandbox.demo.view import Json, View, job_id_in, watching
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox

CHANNEL = "training"


@dataclass(frozen=True, slots=True)
class SandboxStage:
    """`view` is what mika sees; `mika` types the commands."""

    sandbox: Sandbox
    view: View

    @property
    def mika(self) -> Person:
        return self.view.person

    async def train(self, text: str, channel: str = CHANNEL) -> str:
        """Type a command; return the id of the job it started. Raises RuntimeError if it started none."""
        answer = await self.mika.type(text, channel=channel, wait=True, timeout=30)
        job_id = job_id_in(answer["message"])
        if job_id is None:
            raise RuntimeError(f"{text}: no job id in the answer {answer}")
        return job_id

    async def discord_ledger(self, kind: str) -> list[Json]:
        return await ControlClient(self.sandbox.ready["discord"]["url"]).ledger(kind)

    async def aws_ledger(self, kind: str) -> list[Json]:
        return await ControlClient(self.sandbox.ready["aws"]["endpoint"]).ledger(kind)

    async def succeeded_at(self, job_id: str) -> float:
        """When the job became SUCCEEDED in Batch, in seconds since the epoch."""
        return await self._state_at(job_id, "SUCCEEDED")

    async def ended_at(self, job_id: str) -> float:
        """When the job ended in Batch, however."""
        return await self._state_at(job_id, "SUCCEEDED", "FAILED")

    async def created_at(self, message: Json) -> float:
        """When the Discord stand-in created a message, in seconds since the epoch."""
        created = await self.discord_ledger("message.create")
        return next(datetime.fromisoformat(e["at"]).timestamp() for e in created if e["message_id"] == message["id"])

    async def _state_at(self, job_id: str, *states: str) -> float:
        changes = await self.aws_ledger("job.state")
        return next(float(e["at"]) for e in changes if e["jobName"].endswith(job_id) and e["status"] in states)


@asynccontextmanager
async def sandbox_stage(
    *,
    limits: Limits | None = None,
    aws: Settings | None = None,
    plan: ResourcePlan | None = None,
    configure: Callable[[Sandbox], None] | None = None,
    on_event: Callable[[Json], None] = lambda _: None,
) -> AsyncIterator[SandboxStage]:
    """Start the sandbox and wait until its bot is ready; stop everything at the end. `configure` may change the bot's
    config before that; `on_event` gets what mika sees."""
    async with sandbox(limits=limits, aws=aws, plan=plan) as running:
        if configure is not None:
            configure(running)
        await running.bot.start()
        async with watching(running.ready["discord"]["url"], "mika", on_event) as view:
            yield SandboxStage(running, view)
