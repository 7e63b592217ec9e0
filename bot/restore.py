"""Wiring of `signalbox restore`: rebuild a lost store from the newest good snapshot and from AWS."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import aws_clients
from bot.adapters.aws.s3 import AwsArtifacts
from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.recovery import Recovery, recover, trouble
from bot.config.loading import Config, projects, snapshot_uri, store_path
from bot.domain.model.job import Job
from bot.errors import ServiceError
from bot.ports.artifacts import Artifacts
from bot.ports.engine import Engine
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.track_jobs import TrackJobs
from bot.services.running.snapshot import taken
from bot.services.running.wakeups import Wakeups

MOST_BYTES = 2 * 1024**3
"""The largest snapshot to download."""
REMEMBERED_SECONDS = 7 * 86_400.0
"""How far back to look for jobs without a snapshot. Batch forgets ended jobs after a day to a week."""
OVERLAP_SECONDS = 3600.0


async def run(config: Config, console: Console, *, force: bool) -> None:
    """Restore and report. Raises `StoreError` while a bot uses the store, and `ServiceError` if AWS does not answer."""
    store = store_path(config)
    damage = await asyncio.to_thread(trouble, store)
    if not damage and not force:
        _say(console, f"{store} is undamaged, so there is nothing to restore. Use --force to replace it anyway.")
        return
    if damage:
        _say(console, damage)
    async with AsyncExitStack() as stack:
        aws = await stack.enter_async_context(aws_clients(config.aws.region, config.aws.endpoint_url))
        engine, artifacts = BatchEngine(aws), AwsArtifacts(aws)
        await _check_aws(engine, config)
        folder = store.parent / "snapshots"
        fetched = await _fetch(artifacts, snapshot_uri(config), folder, console)
        snapshots = sorted([*taken(folder), *fetched], key=lambda path: path.stat().st_mtime, reverse=True)
        recovery = await asyncio.to_thread(recover, store, snapshots, time.time())
        _report(recovery, store, console)
        await _reconcile(config, engine, recovery, console)
    _say(console, "Done. Start the bot: it posts the results that are still missing.")


async def _check_aws(engine: Engine, config: Config) -> None:
    """Check AWS before anything is moved: without it, the store would miss jobs started after the snapshot."""
    await engine.live(projects(config)[0].queue)


async def _fetch(artifacts: Artifacts, uri: str, folder: Path, console: Console) -> list[Path]:
    """Download the newest snapshot from S3, keeping its time. Returns no path if there is none."""
    target = folder / "from-s3.db"
    try:
        found = next((each for each in await artifacts.list(uri.rpartition("/")[0]) if each.uri == uri), None)
        if found is None:
            return []
        content = await artifacts.read(uri, limit=MOST_BYTES)
    except ServiceError as error:
        _say(console, f"Cannot read the snapshot in S3: {error}")
        return []
    await asyncio.to_thread(_write, target, content, found.modified)
    return [target]


def _write(target: Path, content: bytes, modified: float) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.write_bytes(content)
    os.utime(target, (modified, modified))


def _report(recovery: Recovery, store: Path, console: Console) -> None:
    for path in recovery.bad:
        _say(console, f"Skipped {path}: it is damaged too.")
    if recovery.aside is not None:
        _say(console, f"The old store is now {recovery.aside}.")
    if recovery.snapshot is None or recovery.taken_at is None:
        _say(console, f"There is no good snapshot. {store} starts empty and gets the jobs that AWS still knows.")
    else:
        minutes = max(0.0, time.time() - recovery.taken_at) / 60
        _say(console, f"Restored {store} from {recovery.snapshot}, taken {minutes:.0f} min ago.")


async def _reconcile(config: Config, engine: Engine, recovery: Recovery, console: Console) -> None:
    """Find jobs started since the snapshot, and jobs that have ended."""
    by_name = {project.name: project for project in projects(config)}
    wakeups, now = Wakeups(), time.time
    since = now() - REMEMBERED_SECONDS if recovery.taken_at is None else recovery.taken_at - OVERLAP_SECONDS
    async with open_store(store_path(config)) as store:
        known = {job.id: job for job in await store.open_jobs()}
        reconcile = Reconcile(store, engine, by_name, wakeups, config.bot.name, now=now)
        await reconcile.recover(since)
        await reconcile.once()
        await TrackJobs(store, engine, wakeups, now=now).once()
        for job in await store.open_jobs():
            _say(console, f"  {job.id}  {job.project}  {_fate(job, known.get(job.id))}")


def _fate(job: Job, before: Job | None) -> str:
    if before is None:
        return f"found at AWS: {job.state.lower()}"
    if before.live and not job.live:
        return f"ended in the meantime: {job.state.lower()}"
    return f"{job.state.lower()}"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
