"""The real chat and the real services on a real store, with AWS, git and Discord in memory, and a ledger of effects."""

import asyncio
import logging
import shutil
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from discord.user import ClientUser
from discord.webhook.async_ import async_context

from bot.adapters.sqlite import open_store
from bot.app import _services
from bot.chat.buttons.views import JobButton
from bot.chat.client import SignalboxClient
from bot.config.discord import Discord
from bot.config.grants import GrantSettings, grant
from bot.domain.model.run import Commit
from bot.domain.model.states import EndReason
from bot.domain.model.submission import Submission
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.errors import UnknownName
from bot.ports.audit import Wanted
from bot.ports.store import Step, Store, Written
from bot.services.people.permits import Permits
from bot.services.people.rates import Limit, Share
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core, Intervals, Outside, Setup
from bot.services.running.loop import Heartbeat
from bot.services.running.wakeups import Wakeups
from tests.access.people import GRANTS, GUILD, KINDS, PROJECTS, Kind
from tests.access.stored import GONE, NOW, commit_of, fill, known_ids, project_named
from tests.access.wire import Answers, Asked, Json, guild, interaction, typed_text
from tests.bot.services.money.memory_prices import FakePrices
from tests.support.clock import Clock
from tests.support.fakes import FakeArtifacts, FakeChat, FakeCode, FakeEngine, FakeFigures, FakeLogs, FakeSampler

SETTLE_SECONDS = 30.0
BOT = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None, "bot": True}


@dataclass(frozen=True)
class Effect:
    """Something that the bot did, or committed itself to: a verb for a project, and whose the thing is."""

    verb: str
    project: str
    owner: int
    usd: float = 0.0


class Code(FakeCode):
    """Each repository has its own branches and commits, named after it."""

    async def resolve(self, repository: str, allowed: Any, *, branch: str = "", commit: str = "") -> Commit:
        heads = self._of(repository)
        if commit:
            found = [head for head in heads.values() if head.sha.startswith(commit)]
            if not found:
                raise UnknownName("commit", given=commit)
            return found[0]
        name = branch or str(allowed[0])
        if name not in heads:
            raise UnknownName("branch", given=name, valid=list(heads))
        return heads[name]

    async def branches(self, repository: str, allowed: Any) -> list[str]:
        return list(self._of(repository))

    async def commits(self, repository: str, allowed: Any, branch: str = "", limit: int = 25) -> list[Commit]:
        return list(self._of(repository).values())

    def _of(self, repository: str) -> dict[str, Commit]:
        name = repository.rsplit("/", 1)[-1]
        return {f"{name}-main": commit_of(name)}


class Watched:
    """The store, with a note of each draft that is kept or dropped, and of each trial that is to stop."""

    def __init__(self, store: Store, effects: list[Effect]) -> None:
        self._store, self._effects = store, effects

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def keep_draft(self, sweep: Sweep) -> None:
        cost = sweep.plan.runs * 2.0
        self._effects.append(Effect("sweep", sweep.run.project, sweep.request.asker_id, cost))
        await self._store.keep_draft(sweep)

    async def record(self, sweep_id: str, trials: Sequence[Trial], step: Step[Sweep]) -> Sweep:
        before = {trial.number: trial for trial in await self._store.trials(sweep_id)}
        sweep = await self._store.record(sweep_id, trials, step)
        if any(trial.stop_by and not before.get(trial.number, Trial(0)).stop_by for trial in trials):
            self._effects.append(Effect("stop", sweep.run.project, sweep.request.asker_id))
        return sweep

    async def drop_draft(self, sweep_id: str) -> None:
        draft = await self._store.draft(sweep_id)
        if draft is not None:
            self._effects.append(Effect("cancel", draft.run.project, draft.request.asker_id))
        await self._store.drop_draft(sweep_id)


class Scene:
    """One bot among the six. `ask` feeds an interaction and waits until the bot has done with it."""

    def __init__(self, client: SignalboxClient, answers: Answers, store: Store) -> None:
        self.client, self.answers, self.store = client, answers, store
        self.effects: list[Effect] = []
        self.ids: dict[str, str] = {}
        """Every job's, sweep's and draft's id, and its project."""
        self.errors: list[str] = []
        self._number = 1_000

    def committed(self, written: Written) -> None:
        for before, after in written.rows:
            if isinstance(after, Submission):
                continue
            project, owner = after.run.project, after.request.asker_id
            self.ids.setdefault(after.id, project)
            if before is None:
                verb = "sweep" if isinstance(after, Sweep) else "train"
                usd = 2.0 * (after.plan.runs if isinstance(after, Sweep) else 1)
                self.effects.append(Effect(verb, project, owner, usd))
            elif after.execution.approval is not None and before.execution.approval is None:
                self.effects.append(Effect("approve", project, owner))
            elif after.execution.reason is EndReason.NOT_APPROVED and before.execution.live:
                self.effects.append(Effect("decline", project, owner))
            elif before.execution.hold is not None and after.execution.hold is None:
                self.effects.append(Effect("continue", project, owner))
            elif before.execution.stop is None and after.execution.stop is not None:
                self.effects.append(Effect("stop", project, owner))

    async def entries(self, asked: Asked) -> int:
        """How many entries of the audit this interaction has left."""
        links = await self.store.audited(Wanted(), 0, 10)
        return sum(link.fields["once"] == str(asked.id) for link in links)

    async def ask(self, kind: Kind, channel: int, type_: int, data: Json, what: str, *, place: str = "") -> Asked:
        self._number += 1
        asked = Asked(self._number, kind, channel, what, typed_text(data))
        self.answers.asked[str(asked.id)] = asked
        loop, before = asyncio.get_running_loop(), asyncio.all_tasks()
        asked.began = loop.time()
        payload = interaction(asked, type_, data, place=place)
        try:
            self.client._connection.parse_interaction_create(payload)  # type: ignore[arg-type]
        except Exception as error:
            self.errors.append(f"{what}: the gateway's reader: {error!r}")
        while busy := asyncio.all_tasks() - before:
            done, waiting = await asyncio.wait(busy, timeout=SETTLE_SECONDS)
            if not done:
                self.errors.append(f"{what}: still busy: {waiting}")
                break
        del self.answers.asked[str(asked.id)]
        return asked


class _Cards:
    """No card is ever posted here, so nobody waits for one."""

    async def wait(self, *_: object) -> None:
        return None


async def _member(guild_id: int, user_id: int) -> Json:
    """One of the six, with their roles."""
    return {"roles": [str(role) for kind in KINDS if kind.id == user_id for role in kind.roles]}


class _Errors(logging.Handler):
    """What discord.py caught and could only log."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.append(f"{record.getMessage()} {record.exc_info[1]!r}" if record.exc_info else record.getMessage())


@asynccontextmanager
async def playing(folder: Path, seeded: Path | None = None) -> AsyncIterator[Scene]:
    """With a copy of the store that `seed` made, or a new one."""
    if seeded is not None:
        shutil.copy(seeded, folder / "signalbox.db")
    answers, clock = Answers(), Clock(NOW)
    token = async_context.set(answers)
    projects = tuple(map(project_named, PROJECTS))
    settings = Discord(guild_id=GUILD, api_url="http://127.0.0.1:9", gateway_url="ws://127.0.0.1:9")
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(SignalboxClient(settings, projects))
        client.arrivals = _Cards()  # type: ignore[assignment]
        client.http.get_member = _member  # type: ignore[assignment]
        scene = Scene(client, answers, None)  # type: ignore[arg-type]
        _catch_errors(scene, stack)
        store = await stack.enter_async_context(
            open_store(folder / "signalbox.db", now=clock, committed=scene.committed)
        )
        scene.store = Watched(store, scene.effects)  # type: ignore[assignment]
        permits = Permits((grant(GrantSettings(**each)) for each in tomllib.loads(GRANTS)["grants"]), GUILD, folder)
        outside = _outside(clock)
        core = Core(scene.store, {each.name: each for each in projects}, Wakeups(), clock, permits)
        services, _ = _services(core, outside, _setup(folder), stack, Heartbeat(clock))
        client.attach(services)
        client._connection.user = ClientUser(state=client._connection, data=BOT)  # type: ignore[arg-type]
        client._connection._add_guild_from_data(guild())  # type: ignore[arg-type]
        client._tell_roles()
        client.add_dynamic_items(JobButton)
        if seeded is None:
            await fill(store)
        scene.ids.update(known_ids())
        scene.effects.clear()
        yield scene
    async_context.reset(token)


def _catch_errors(scene: Scene, stack: AsyncExitStack) -> None:
    handler, logger = _Errors(scene.errors), logging.getLogger("discord")
    logger.addHandler(handler)
    stack.callback(logger.removeHandler, handler)
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: scene.errors.append(f"{context['message']}: {context.get('exception')!r}")
    )
    stack.callback(asyncio.get_running_loop().set_exception_handler, None)

    def note(_: object, method: str, event: Json) -> Json:
        if method in ("error", "exception", "critical"):
            scene.errors.append(f"{event.get('event')}: {event.get('exc_info')!r}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[note], cache_logger_on_first_use=False)
    stack.callback(structlog.configure, **before)


def _outside(clock: Clock) -> Outside:
    artifacts = FakeArtifacts()
    for name in (*PROJECTS, GONE):
        for job_id in (f"{name[:5]}4", f"{name[:5]}2"):
            prefix = f"s3://bucket/jobs/{job_id}/"
            artifacts.objects[f"{prefix}metrics.csv"] = f"epoch,val_accuracy,{name}_loss\n1,50,2\n2,60,1\n".encode()
            artifacts.objects[f"{prefix}{name}-model.pt"] = b"weights"
    return Outside(
        engine=FakeEngine(),
        events=None,
        logs=FakeLogs(),
        log_pace=AdaptivePace(25, now=clock, sleep=clock.sleep),
        artifacts=artifacts,
        code=Code(),
        chat=FakeChat(clock),  # type: ignore[arg-type]
        figures=FakeFigures(),
        sampler=FakeSampler(),
        prices=FakePrices(),
    )


def _setup(folder: Path) -> Setup:
    numbers = iter(range(10_000_000))
    return Setup(
        bot_name="signalbox",
        data_dir=folder,
        intervals=Intervals(15, 3, 5, 10, 20, 30, 45, 60, 300, 180),
        nonce_window=60,
        audit_channel_id=0,
        snapshot_uri="s3://bucket/store.db",
        snapshot_seconds=900,
        new_id=lambda: f"new{next(numbers)}z",
        limits=dict.fromkeys(Share, Limit(10_000_000, 1_000)),
        starts_per_hour=10_000_000,
    )
