"""The only wiring: config → adapters → services → chat, in one TaskGroup."""

import asyncio
import gc
import secrets
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import structlog

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients, aws_clients
from bot.adapters.aws.cloudwatch import AwsLogs
from bot.adapters.aws.event_queue import AwsEvents
from bot.adapters.aws.s3 import AwsArtifacts
from bot.adapters.drawing.drawing_process import ProcessFigures
from bot.adapters.git.code_source import GitCode
from bot.adapters.health import serve
from bot.adapters.sampling.sampling_process import ProcessSampler
from bot.adapters.sqlite import SqliteStore, open_store
from bot.chat.client import SignalboxClient
from bot.config.loading import Config, Secrets, projects, snapshot_uri, store_path
from bot.domain.model.names import ID_ALPHABET, ID_LENGTH
from bot.domain.model.rows import Row
from bot.domain.project import Project
from bot.errors import ConfigError
from bot.services import Services
from bot.services.delivery import Delivery, DeliverySettings
from bot.services.jobs.announce_result import AnnounceResult, AnnounceSettings
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.explain_wait import ExplainWait
from bot.services.jobs.find import Find
from bot.services.jobs.launch import Launch, LaunchSettings
from bot.services.jobs.list_artifacts import ListArtifacts
from bot.services.jobs.plot import Plot
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.stop import Stop
from bot.services.jobs.submit import Submit
from bot.services.jobs.track_jobs import TrackJobs
from bot.services.logs.adaptive_pace import AdaptivePace
from bot.services.logs.archive import Archive, ArchiveSettings
from bot.services.logs.post_lines import PostLines
from bot.services.logs.tail import Tail
from bot.services.running import loop_lag
from bot.services.running.loop import Heartbeat, Loop, run_forever
from bot.services.running.snapshot import Snapshot, SnapshotSettings
from bot.services.running.wakeups import Wakeups
from bot.services.sweeps.announce_sweep import AnnounceSweep, Attachments
from bot.services.sweeps.collect_results import CollectResults, CollectSettings, TrialResults
from bot.services.sweeps.diagnose import Diagnose
from bot.services.sweeps.dispatch import Dispatch
from bot.services.sweeps.draw_board import DrawBoard
from bot.services.sweeps.one_trial import OneTrial, TrialLog
from bot.services.sweeps.propose import Propose
from bot.services.sweeps.prune import Prune
from bot.services.sweeps.refresh_board import BoardSettings, RefreshBoard
from bot.services.sweeps.report_trials import ReportTrials
from bot.services.sweeps.stream_metrics import StreamMetrics
from bot.services.sweeps.track_trials import TrackTrials
from bot.services.sweeps.trial_book import TrialBook

log = structlog.get_logger()

EVENTS_WAIT_SECONDS = 20.0
DRAFT_SECONDS = 86_400.0
"""How long a sweep that nobody confirmed is kept."""


@dataclass(frozen=True, slots=True)
class _Outside:
    """The adapters, open."""

    store: SqliteStore
    aws: AwsClients
    figures: ProcessFigures
    sampler: ProcessSampler
    code: GitCode
    chat: SignalboxClient


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
        outside = await _open(config, stack)
        check_projects(await outside.store.unfinished(), config)
        loops = _services(config, outside, stack)
        async with asyncio.TaskGroup() as group:
            group.create_task(loop_lag.measure(), name="lag")
            group.create_task(outside.chat.start(secrets.discord_token.get_secret_value()), name="chat")
            for loop in loops:
                group.create_task(run_forever(loop, heartbeat), name=loop.name)
            gc.collect()
            gc.freeze()  # what a start leaves behind lives to the end: going through it again costs 40 ms a time
            port = await stack.enter_async_context(serve(config.bot.http_port, heartbeat.wrong))
            await outside.chat.ready()
            log.info("ready", http=f"http://127.0.0.1:{port}", projects=list(config.projects))


def check_projects(rows: Iterable[Row], config: Config) -> None:
    """A project that still has unfinished jobs cannot leave the config: nobody could follow or stop them."""
    lost = sorted({row.run.project for row in rows} - config.projects.keys())
    if lost:
        problems = [
            f"projects.{name}: missing, and it has jobs that are not finished; put it back until they are"
            for name in lost
        ]
        raise ConfigError("config", problems)


async def _open(config: Config, stack: AsyncExitStack) -> _Outside:
    data = config.bot.data_dir
    return _Outside(
        store=await stack.enter_async_context(open_store(store_path(config))),
        aws=await stack.enter_async_context(aws_clients(config.aws.region, config.aws.endpoint_url)),
        figures=await stack.enter_async_context(ProcessFigures()),
        sampler=await stack.enter_async_context(ProcessSampler()),
        code=await stack.enter_async_context(GitCode(data / "repositories")),
        chat=await stack.enter_async_context(SignalboxClient(config.discord, projects(config))),
    )


@dataclass(frozen=True, slots=True)
class _Common:
    """What the services share."""

    store: SqliteStore
    engine: BatchEngine
    logs: AwsLogs
    artifacts: AwsArtifacts
    reads: AdaptivePace
    """The pace of all reads of CloudWatch Logs: their quota is the account's."""
    projects: Mapping[str, Project]
    trials: TrialBook
    plot: Plot
    show: Find
    stop: Stop
    submit: Submit
    wakeups: Wakeups
    now: Callable[[], float] = time.time


def _services(config: Config, outside: _Outside, stack: AsyncExitStack) -> list[Loop]:
    """Builds the services, gives the chat those that it calls, and returns those that loop."""
    known = projects(config)
    by_name = {project.name: project for project in known}
    store, wakeups, now = outside.store, Wakeups(), time.time
    engine, artifacts = BatchEngine(outside.aws), AwsArtifacts(outside.aws)
    show = Find(store, artifacts, by_name)
    common = _Common(
        store=store,
        engine=engine,
        logs=AwsLogs(outside.aws),
        artifacts=artifacts,
        reads=AdaptivePace(config.aws.logs_calls_per_second, now=time.monotonic, sleep=asyncio.sleep),
        projects=by_name,
        trials=TrialBook(store, by_name, now=now),
        plot=Plot(show, artifacts, outside.figures, by_name),
        show=show,
        stop=Stop(store, engine, by_name, wakeups, now=now),
        submit=Submit(store, outside.code, known, wakeups, now=now, new_id=new_id),
        wakeups=wakeups,
    )
    outside.chat.attach(_for_chat(common, outside, known))
    return [*_job_loops(config, common, outside, stack), *_sweep_loops(config, common, outside)]


def _for_chat(common: _Common, outside: _Outside, known: tuple[Project, ...]) -> Services:
    store, engine, wakeups = common.store, common.engine, common.wakeups
    trial_log = TrialLog(engine, common.logs, common.projects, common.reads)
    return Services(
        submit=common.submit,
        stop=common.stop,
        show=common.show,
        plot=common.plot,
        browse=ListArtifacts(common.show, common.artifacts, common.projects),
        complete=CompleteOptions(outside.code, known),
        propose=Propose(store, engine, outside.code, known, wakeups, now=common.now, new_id=new_id),
        trial=OneTrial(common.show, common.trials, common.plot, common.submit, common.stop, trial_log),
        projects=known,
    )


def _job_loops(config: Config, common: _Common, outside: _Outside, stack: AsyncExitStack) -> list[Loop]:
    pace, data = config.pace, config.bot.data_dir
    store, engine, wakeups, by_name, now = common.store, common.engine, common.wakeups, common.projects, common.now
    reconcile = Reconcile(store, engine, by_name, wakeups, config.bot.name, now=now)
    explain = ExplainWait(store, engine, wakeups, pace.stuck, now=now)
    copies = SnapshotSettings(data / "snapshots", snapshot_uri(config), config.bot.snapshot_minutes * 60)
    snapshot = Snapshot(store, common.artifacts, copies, now=now)
    launch = Launch(store, engine, by_name, wakeups, LaunchSettings(config.bot.name, pace.lookup), now=now)
    watch = TrackJobs(store, engine, wakeups, now=now)
    tail = Tail(store, common.logs, by_name, wakeups, common.reads, now=now)
    narrate = PostLines(store, wakeups, pace.thread, now=now)
    grace = AnnounceSettings(grace=min(pace.drain, 10), plot_deadline=pace.plot_deadline)
    finish = AnnounceResult(store, common.plot, by_name, wakeups, grace, now=now)
    rest = ArchiveSettings(drain=pace.drain, folder=data / "logs")
    archive = Archive(store, tail, common.artifacts, by_name, wakeups, rest, now=now)
    window = DeliverySettings(card=pace.card, nonce_window=config.discord.nonce_window_seconds)
    notify = Delivery(store, outside.chat.poster, by_name, wakeups, window, now=now)
    stack.push_async_callback(notify.close)

    loops = [
        Loop("launch", launch.once, 5, wakeups.launch),
        Loop("track_jobs", watch.once, pace.describe, wakeups.track_jobs),
        Loop("stop", common.stop.once, 5, wakeups.stop),
        Loop("tail", tail.once, pace.logs, wakeups.tail),
        Loop("post_lines", narrate.once, pace.logs, wakeups.post_lines),
        Loop("announce_result", finish.once, 2, wakeups.announce_result),
        Loop("archive", archive.once, min(pace.drain, 5), wakeups.archive),
        Loop("tidy", archive.tidy, 3600),
        Loop("reconcile", reconcile.once, pace.reconcile),
        Loop("explain", explain.once, min(pace.stuck, 15)),
        Loop("snapshot", snapshot.once, copies.seconds),
        Loop("deliver", notify.once, 1, wakeups.deliver),
    ]
    if config.aws.events_queue_url is not None:
        events = AwsEvents(outside.aws, config.aws.events_queue_url)
        loops.append(Loop("hear", lambda: watch.hear(events, EVENTS_WAIT_SECONDS), 0))
    return loops


def _sweep_loops(config: Config, common: _Common, outside: _Outside) -> list[Loop]:
    pace = config.pace
    store, trials, wakeups, by_name, now = common.store, common.trials, common.wakeups, common.projects, common.now
    feed = Dispatch(store, trials, outside.sampler, by_name, wakeups, now=now)
    follow = TrackTrials(store, common.engine, trials, wakeups, now=now)
    listen = StreamMetrics(store, common.logs, trials, by_name, wakeups, common.reads, now=now)
    prune = Prune(store, common.engine, trials, outside.sampler, by_name, wakeups, now=now)
    report = ReportTrials(store, trials, by_name, wakeups, pace.thread, now=now)
    results = TrialResults(common.artifacts, Diagnose(common.logs, by_name, common.reads), by_name)
    grace = CollectSettings(grace=min(pace.drain, 10), deadline=pace.plot_deadline)
    measure = CollectResults(store, trials, results, wakeups, grace, now=now)
    sketch = DrawBoard(trials, outside.figures, common.artifacts, outside.sampler, by_name)
    pictures = BoardSettings(config.bot.data_dir / "boards", pace.picture)
    paint = RefreshBoard(store, sketch, wakeups, pictures, now=now)
    conclude = AnnounceSweep(
        store,
        trials,
        report,
        Attachments(paint, trials, by_name),
        wakeups,
        now=now,
        picture_deadline=pace.plot_deadline,
    )
    return [
        Loop("dispatch", feed.once, 5, wakeups.dispatch),
        Loop("track_trials", follow.once, pace.describe, wakeups.track_trials),
        Loop("stream_metrics", listen.once, pace.logs, wakeups.stream_metrics),
        Loop("prune", prune.once, 5, wakeups.prune),
        Loop("report", report.once, min(pace.thread, 5)),
        Loop("collect_results", measure.once, 2, wakeups.collect_results),
        Loop("refresh_board", paint.once, 2, wakeups.refresh_board),
        Loop("announce_sweep", conclude.once, 2, wakeups.announce_sweep),
        Loop("drafts", lambda: store.drop_drafts(now() - DRAFT_SECONDS), 3600),
        Loop("pictures", paint.tidy, 3600),
    ]
