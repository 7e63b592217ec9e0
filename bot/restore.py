"""Wiring of `signalbox restore`: rebuild a lost store from the newest good snapshot and from AWS."""

import asyncio
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients, aws_clients
from bot.adapters.aws.prices.aws_prices import aws_prices
from bot.adapters.aws.s3 import AwsArtifacts
from bot.adapters.aws.token_lease import LEASE_NAME, adopt_instance, read
from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.presence import rescued
from bot.adapters.sqlite.recovery import Recovery, recover, trouble
from bot.config.loading import Config, lease_folder, projects, snapshot_uri, store_path
from bot.config.prices import price_settings
from bot.domain.model.execution import Lifecycle
from bot.domain.model.rows import Row
from bot.errors import ServiceError
from bot.ports.artifacts import Artifacts
from bot.ports.engine import Engine
from bot.ports.prices import Prices
from bot.services.jobs.reconcile import Reconcile
from bot.services.jobs.track_jobs import TrackJobs
from bot.services.money.build_money import price_book
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core
from bot.services.running.snapshot import SNAPSHOTS, taken
from bot.services.running.wakeups import Wakeups
from trainer.places import write_atomically

MOST_BYTES = 2 * 1024**3
"""The largest snapshot to download."""
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
        folder = store.parent / SNAPSHOTS
        fetched = await _fetch(artifacts, snapshot_uri(config), folder, console)
        snapshots = sorted([*copies(store), *fetched], key=lambda path: path.stat().st_mtime, reverse=True)
        recovery = await asyncio.to_thread(recover, store, snapshots, time.time())
        _report(recovery, store, console)
        prices = await stack.enter_async_context(aws_prices(config.aws.endpoint_url))
        await _reconcile(config, engine, prices if config.prices.enabled else None, recovery, console)
        await _take_over_lease(config, aws, artifacts)
    _say(console, "Done. Start the bot: it posts the results that are still missing.")


def copies(store: Path) -> list[Path]:
    """The copies of a store on this machine, oldest first."""
    found = [*taken(store.parent / SNAPSHOTS), *rescued(store)]
    return sorted(found, key=lambda path: path.stat().st_mtime)


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
    write_atomically(target, content)
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


async def _reconcile(
    config: Config, engine: Engine, prices: Prices | None, recovery: Recovery, console: Console
) -> None:
    """Find jobs started since the snapshot, and jobs that have ended."""
    by_name = {project.name: project for project in projects(config)}
    if recovery.taken_at is None:
        since = time.time() - engine.capabilities.remembers_seconds
    else:
        since = recovery.taken_at - OVERLAP_SECONDS
    async with open_store(store_path(config)) as store:
        known = {row.id: row for row in await store.unfinished()}
        core = Core(store, by_name, Wakeups(), time.time)
        settings = price_settings(config.prices, config.deploy.disk_gib)
        quotes = Quotes(store, engine, price_book(prices, config.bot.data_dir, time.time, settings), settings)
        reconcile = Reconcile(core, engine, config.bot.name, quotes)
        await reconcile.recover(since)
        await reconcile.once()
        await TrackJobs(core, engine).once()
        for row in await store.unfinished():
            _say(console, f"  {row.id}  {row.run.project}  {_fate(row.execution, known.get(row.id))}")


async def _take_over_lease(config: Config, aws: AwsClients, artifacts: Artifacts) -> None:
    """The restored store is in place of the lost one, whose bot may have held its token a moment ago. If that bot still
    runs, it steps back."""
    try:
        leases = [each for each in await artifacts.list(lease_folder(config)) if LEASE_NAME.fullmatch(each.name)]
        found = await read(aws.s3, leases[0].uri) if leases else None
    except ServiceError:
        return  # the bot then starts once the lease has run out
    if found is not None:
        adopt_instance(config.bot.data_dir, found.by.id)


def _fate(now: Lifecycle, before: Row | None) -> str:
    if before is None:
        return f"found at AWS: {now.state.lower()}"
    if before.execution.live and not now.live:
        return f"ended in the meantime: {now.state.lower()}"
    return f"{now.state.lower()}"


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)
