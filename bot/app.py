"""The only wiring: config → adapters → services → chat, in one TaskGroup."""

import asyncio
import gc
import secrets
import signal
import time
from collections.abc import Collection
from contextlib import AsyncExitStack, suppress

import structlog

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients, aws_clients
from bot.adapters.aws.cloudwatch import AwsLogs
from bot.adapters.aws.event_queue import AwsEvents
from bot.adapters.aws.fleet import AwsFleet
from bot.adapters.aws.prices.aws_prices import aws_prices
from bot.adapters.aws.prices.cost_explorer import CostExplorer, cost_explorer
from bot.adapters.aws.s3 import AwsArtifacts
from bot.adapters.aws.token_lease import TokenLease, instance_id, lease_uri
from bot.adapters.drawing.drawing_process import ProcessFigures
from bot.adapters.git.code_source import GitCode
from bot.adapters.git.git_limits import GitLimits
from bot.adapters.health import serve
from bot.adapters.sampling.sampling_process import ProcessSampler
from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.recovery import refuse_to_begin_anew
from bot.chat.client import SignalboxClient
from bot.config.limits import shares
from bot.config.loading import (
    Config,
    Secrets,
    allowed_branches,
    caps,
    grants,
    lease_folder,
    projects,
    snapshot_uri,
    store_path,
)
from bot.config.prices import price_settings
from bot.domain.job_names import ID_ALPHABET, ID_LENGTH
from bot.domain.model.rows import Row
from bot.errors import ConfigError
from bot.restore import copies
from bot.services import Services
from bot.services.delivery.audit_channel import PASS_SECONDS, AuditChannel
from bot.services.delivery.outbox import Delivery, DeliverySettings
from bot.services.guard import build_guard
from bot.services.jobs import build_jobs
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.list_artifacts import ListArtifacts
from bot.services.logs import build_logs
from bot.services.money import build_money, build_spending
from bot.services.people.permits import Permits
from bot.services.people.rates import Rates
from bot.services.people.read_audit import ReadAudit
from bot.services.remedies.remedies import Remedies
from bot.services.running import loop_lag
from bot.services.running.adaptive_pace import AdaptivePace
from bot.services.running.core import Core, Intervals, Outside, Setup
from bot.services.running.disk_room import DiskRoom
from bot.services.running.loop import Heartbeat, Loop, run_forever
from bot.services.running.snapshot import SNAPSHOTS, Snapshot, SnapshotSettings
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps import build_sweeps

log = structlog.get_logger()


def new_id() -> str:
    """A job id: `k7q2mx`. 27⁶ are 387 million; the store refuses one that is taken."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


async def run(config: Config, secrets: Secrets) -> None:
    """Runs until SIGTERM or SIGINT, then ends in order. Raises `StoreError`, `ConfigError` or `Denied` at start."""
    loop = asyncio.get_running_loop()
    task = loop.create_task(_run(config, secrets), name="signalbox")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
    log.info("ended")


async def _run(config: Config, secrets: Secrets) -> None:
    heartbeat = Heartbeat(time.monotonic)
    async with AsyncExitStack() as stack:
        core = await _core(config, stack)
        check_projects(await core.store.unfinished(), config)
        chat = await stack.enter_async_context(SignalboxClient(config.discord, tuple(core.projects.values())))
        aws = await stack.enter_async_context(aws_clients(config.aws.region, config.aws.endpoint_url))
        lease = await _token_lease(config, secrets, aws, stack)
        heartbeat.also(lease.wrong)
        outside = await _outside(config, chat, aws, stack)
        services, loops = _services(core, outside, _setup(config), stack, heartbeat)
        chat.attach(services)
        heartbeat.also(chat.rivals.wrong)
        async with asyncio.TaskGroup() as group:
            group.create_task(loop_lag.measure(), name="loop_lag")
            group.create_task(lease.keep(), name="lease")
            group.create_task(chat.start(secrets.discord_token.get_secret_value()), name="chat")
            for loop in loops:
                group.create_task(run_forever(loop, heartbeat), name=loop.name)
            gc.collect()
            gc.freeze()  # what a start leaves behind lives to the end: going through it again costs 40 ms a time
            port = await stack.enter_async_context(serve(config.bot.http_port, heartbeat.wrong))
            await chat.ready()
            log.info("ready", http=f"http://127.0.0.1:{port}", projects=list(config.projects))


def check_projects(rows: Collection[Row], config: Config) -> None:
    """A project or a machine with unfinished jobs cannot leave the config: nobody could follow it."""
    lost = sorted({row.run.project for row in rows} - config.projects.keys())
    kept = [row.run for row in rows if row.run.machine and row.run.project in config.projects]
    gone = sorted({(run.project, run.machine) for run in kept if run.machine not in _machines(config, run.project)})
    problems = [
        *(f"projects.{name}: {_MISSING}" for name in lost),
        *(f"projects.{name}.machines.{machine}: {_MISSING}" for name, machine in gone),
    ]
    if problems:
        raise ConfigError("config", problems)


def _machines(config: Config, project: str) -> Collection[str]:
    return config.projects[project].machines.keys()


_MISSING = "missing, and it has jobs that are not finished; put it back until they are"


async def _core(config: Config, stack: AsyncExitStack) -> Core:
    wakeups, path = Wakeups(), store_path(config)
    await asyncio.to_thread(lambda: refuse_to_begin_anew(path, copies(path)))
    store = await stack.enter_async_context(
        open_store(
            path,
            committed=wakeups.committed,
            most_log_bytes=config.bot.stored_log_mib * 1024 * 1024,
            caps=caps(config),
        )
    )
    permits = Permits(grants(config), config.discord.guild_id, config.bot.data_dir)
    known = {project.name: project for project in projects(config)}
    return Core(store, known, wakeups, time.time, permits, caps=caps(config))


async def _token_lease(config: Config, secrets: Secrets, aws: AwsClients, stack: AsyncExitStack) -> TokenLease:
    """The lease on the bot's token, taken. Raises `StoreError` if another bot has it."""
    token = secrets.discord_token.get_secret_value()
    folder = config.bot.data_dir
    lease = TokenLease(aws, lease_uri(lease_folder(config), token), instance_id(folder), data_dir=folder)
    await lease.take()
    stack.push_async_callback(lease.release)
    return lease


async def _outside(config: Config, chat: SignalboxClient, aws: AwsClients, stack: AsyncExitStack) -> Outside:
    """The outside systems. Another engine is a folder under `bot/adapters` and a line here."""
    queue = config.aws.events_queue_url
    return Outside(
        engine=BatchEngine(aws),
        events=AwsEvents(aws, queue) if queue is not None else None,
        logs=AwsLogs(aws),
        log_pace=AdaptivePace(config.aws.logs_calls_per_second, now=time.monotonic, sleep=asyncio.sleep),
        artifacts=AwsArtifacts(aws),
        code=await stack.enter_async_context(
            GitCode(
                config.bot.data_dir / "repositories", allowed_branches(config), GitLimits(**config.git.model_dump())
            )
        ),
        chat=chat.poster,
        figures=await stack.enter_async_context(ProcessFigures()),
        sampler=await stack.enter_async_context(ProcessSampler()),
        prices=await stack.enter_async_context(aws_prices(config.aws.endpoint_url)) if config.prices.enabled else None,
        bills=await _bills(config, stack),
        fleet=AwsFleet(aws.batch, aws.ecs, time.monotonic),
    )


async def _bills(config: Config, stack: AsyncExitStack) -> CostExplorer | None:
    """None if the config wants none: each request costs money."""
    if not config.prices.cost_explorer:
        return None
    return await stack.enter_async_context(cost_explorer(config.deploy.stack, config.aws.endpoint_url))


def _setup(config: Config) -> Setup:
    return Setup(
        bot_name=config.bot.name,
        data_dir=config.bot.data_dir,
        intervals=Intervals(**config.pace.model_dump()),
        nonce_window=config.discord.nonce_window_seconds,
        audit_channel_id=config.discord.audit_channel or 0,
        snapshot_uri=snapshot_uri(config),
        snapshot_seconds=config.bot.snapshot_minutes * 60,
        new_id=new_id,
        limits=shares(config.limits),
        starts_per_hour=config.limits.starts_per_hour,
        grace_seconds=config.guard.grace_minutes * 60,
        prices=price_settings(config.prices, config.deploy.disk_gib),
        region=config.aws.region,
        idle_machine_seconds=config.guard.idle_machine_minutes * 60,
        idle_machine_mentions=config.guard.idle_machine_mentions,
    )


def _services(
    core: Core, outside: Outside, setup: Setup, stack: AsyncExitStack, heartbeat: Heartbeat
) -> tuple[Services, list[Loop]]:
    """The services that the chat calls, and all loops."""
    known, money = tuple(core.projects.values()), build_money.build(core, outside, setup)
    spending = build_spending.build(core, outside, money.quotes, setup)
    remedies = Remedies(core, outside, money.quotes, new_id=setup.new_id)
    jobs = build_jobs.build(core, outside, setup, money.quotes, remedies)
    sweeps = build_sweeps.build(core, outside, setup, jobs, money.quotes)
    guard = build_guard.build(core, outside, setup, jobs, sweeps, money)
    delivery = Delivery(core, outside.chat, DeliverySettings(setup.intervals.card, setup.nonce_window))
    for close in (delivery.close, jobs.close, sweeps.close):
        stack.push_async_callback(close)
    heartbeat.also(delivery.wrong)
    services = Services(
        submit=jobs.submit,
        stop=jobs.stop,
        find=jobs.find,
        plot=jobs.plot,
        list_artifacts=ListArtifacts(jobs.find, outside.artifacts, core.projects),
        complete_options=CompleteOptions(outside.code, jobs.find, known, core.permits),
        propose=sweeps.propose,
        remedies=remedies,
        approve=spending.approve,
        pause=spending.pause,
        report_costs=spending.report_costs,
        spot_prices=money.spot_prices,
        spot_watches=money.spot_watches,
        one_trial=sweeps.one_trial,
        continue_sweep=sweeps.continue_sweep,
        answer_guard=guard.answer,
        audit=core.store,
        read_audit=ReadAudit(core.store, core.permits, core.now),
        rates=Rates(core.store, setup.limits, setup.starts_per_hour, now=time.monotonic, clock=core.now),
        projects=known,
        permits=core.permits,
        opened=delivery.opened,
    )
    logs, own = build_logs.build(core, outside, setup), _own_loops(core, outside, setup, delivery)
    return services, [*jobs.loops, *logs, *sweeps.loops, *spending.loops, *guard.loops, *money.loops, *own]


def _own_loops(core: Core, outside: Outside, setup: Setup, delivery: Delivery) -> list[Loop]:
    """Of what has no package of its own."""
    kept = SnapshotSettings(setup.data_dir / SNAPSHOTS, setup.snapshot_uri, setup.snapshot_seconds)
    snapshot = Snapshot(core, outside.artifacts, DiskRoom(setup.data_dir), kept)
    audit = AuditChannel(core, outside.chat, delivery.lanes, setup.audit_channel_id, setup.nonce_window)
    return [
        Loop("deliver", delivery.once, 1, core.wakeups.of("deliver")),
        Loop("audit_channel", audit.once, PASS_SECONDS),
        Loop("snapshot", snapshot.once, setup.snapshot_seconds),
    ]
