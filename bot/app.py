"""The only wiring: config → adapters → services → chat, in one TaskGroup."""

import asyncio
import gc
import secrets
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

import structlog

from bot.adapters.aws_batch import AwsBatch
from bot.adapters.aws_clients import aws_clients
from bot.adapters.aws_events import AwsEvents
from bot.adapters.aws_logs import AwsLogs
from bot.adapters.aws_s3 import AwsArtifacts
from bot.adapters.figures import ProcessFigures
from bot.adapters.git import GitCode
from bot.adapters.health import serve
from bot.adapters.sqlite import open_store
from bot.chat.client import SignalboxClient
from bot.config import Config, Secrets, projects
from bot.domain.job import ID_ALPHABET, ID_LENGTH
from bot.services import Services, lag
from bot.services.aimd import Aimd
from bot.services.archive import Archive, ArchiveSettings
from bot.services.bells import Bell, Bells
from bot.services.browse import Browse
from bot.services.complete import Complete
from bot.services.finish import Finish, FinishSettings
from bot.services.launch import Launch, LaunchSettings
from bot.services.loop import forever
from bot.services.narrate import Narrate
from bot.services.notify import Notify, NotifySettings
from bot.services.plot import Plot
from bot.services.show import Show
from bot.services.stop import Stop
from bot.services.submit import Submit
from bot.services.tail import Tail
from bot.services.watch import Watch

log = structlog.get_logger()

EVENTS_WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Loop:
    """A service that runs for ever, with the longest that it waits between two passes."""

    name: str
    once: Callable[[], Awaitable[None]]
    bell: Bell
    seconds: float


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
    known = projects(config)
    by_name = {project.name: project for project in known}
    bells, now, data = Bells(), time.time, config.bot.data_dir
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(data / "signalbox.db"))
        aws = await stack.enter_async_context(aws_clients(config.aws.region, config.aws.endpoint_url))
        figures = await stack.enter_async_context(ProcessFigures())
        code = await stack.enter_async_context(GitCode(data / "repositories"))
        chat = await stack.enter_async_context(SignalboxClient(config.discord, known))

        batch, artifacts = AwsBatch(aws), AwsArtifacts(aws)
        show = Show(store, artifacts, by_name)
        plot = Plot(show, artifacts, figures, by_name)
        submit = Submit(store, code, known, bells, now=now, new_id=new_id)
        stop = Stop(store, batch, by_name, bells, now=now)
        complete = Complete(code, known)
        chat.attach(Services(submit, stop, show, plot, Browse(show, artifacts, by_name), complete, known))

        pace = config.pace
        launch = Launch(store, batch, by_name, bells, LaunchSettings(config.bot.name, pace.lookup), now=now)
        watch = Watch(store, batch, bells, now=now)
        reads = Aimd(config.aws.logs_calls_per_second, now=time.monotonic, sleep=asyncio.sleep)
        tail = Tail(store, AwsLogs(aws), by_name, bells, reads, now=now)
        narrate = Narrate(store, bells, pace.thread, now=now)
        grace = FinishSettings(grace=min(pace.drain, 10), plot_deadline=pace.plot_deadline)
        finish = Finish(store, plot, by_name, bells, grace, now=now)
        archive_settings = ArchiveSettings(drain=pace.drain, folder=data / "logs")
        archive = Archive(store, tail, artifacts, by_name, bells, archive_settings, now=now)
        notify_settings = NotifySettings(card=pace.card, nonce_window=config.discord.nonce_window_seconds)
        notify = Notify(store, chat.poster, bells, notify_settings, now=now)
        stack.push_async_callback(notify.close)

        async with asyncio.TaskGroup() as group:
            group.create_task(lag.measure(), name="lag")
            group.create_task(chat.start(secrets.discord_token.get_secret_value()), name="chat")
            for each in (
                _Loop("launch", launch.once, bells.launch, 5),
                _Loop("watch", watch.once, bells.watch, pace.describe),
                _Loop("stop", stop.once, bells.stop, 5),
                _Loop("tail", tail.once, bells.tail, pace.logs),
                _Loop("narrate", narrate.once, bells.narrate, pace.logs),
                _Loop("finish", finish.once, bells.finish, 2),
                _Loop("archive", archive.once, bells.archive, min(pace.drain, 5)),
                _Loop("tidy", archive.tidy, Bell(), 3600),
                _Loop("notify", notify.once, bells.notify, 1),
            ):
                group.create_task(forever(each.name, each.once, each.bell, each.seconds), name=each.name)
            if config.aws.events_queue_url is not None:
                hear = _hearing(watch, AwsEvents(aws, config.aws.events_queue_url))
                group.create_task(forever("hear", hear, Bell(), 0), name="hear")
            gc.collect()
            gc.freeze()  # what a start leaves behind lives to the end: going through it again costs 40 ms a time
            await chat.ready()
            port = await stack.enter_async_context(serve(config.bot.http_port, lambda: ""))
            log.info("ready", http=f"http://127.0.0.1:{port}", projects=list(by_name))


def _hearing(watch: Watch, events: AwsEvents) -> Callable[[], Awaitable[None]]:
    async def hear() -> None:
        await watch.hear(events, EVENTS_WAIT_SECONDS)

    return hear
