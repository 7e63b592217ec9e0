"""Copy the store while it is in use: the last few copies on disk, and the newest in S3 in case the machine is lost.

The copies are numbered, because a clock may be set back.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import Gauge

from bot.domain.clock import passed
from bot.errors import ServiceError, StoreError
from bot.ports.artifacts import Artifacts
from bot.services.running.core import Core
from bot.services.running.disk_room import DiskRoom

log = structlog.get_logger()

COPIES = 4
SNAPSHOTS = "snapshots"
"""The folder of the copies, in the bot's data folder."""
TAKEN_AT = Gauge("signalbox_snapshot_seconds", "When the newest snapshot was taken, in seconds since the epoch")
_NAME = re.compile(r"signalbox-(\d{6,})\.db")


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """`uri` is the address of the newest copy in S3."""

    folder: Path
    uri: str
    seconds: float


class Snapshot:
    def __init__(self, core: Core, artifacts: Artifacts, disk: DiskRoom, settings: SnapshotSettings) -> None:
        self._store, self._artifacts, self._settings, self._now = core.store, artifacts, settings, core.now
        self._disk = disk

    async def once(self) -> None:
        """Make a copy if the newest one is old enough: a bot that restarts in a loop must not overwrite the good ones.

        If that fails, the bot goes on without it and tries again.
        """
        folder = self._settings.folder
        before = taken(folder)
        if before and not passed(before[-1].stat().st_mtime, self._settings.seconds / 2, self._now()):
            return
        if before and self._disk.left() < before[-1].stat().st_size:
            log.warning("no snapshot: the disk is nearly full")
            return
        target = folder / f"signalbox-{_number(before[-1]) + 1 if before else 1:06}.db"
        anchor = await self._store.audit_anchor()
        try:
            await self._store.snapshot(target)
        except StoreError as error:
            log.warning("could not take a snapshot", error=str(error))
            return
        TAKEN_AT.set(self._now())
        for old in taken(folder)[:-COPIES]:
            old.unlink(missing_ok=True)
        log.info("snapshot taken", path=str(target), size=target.stat().st_size, audit=str(anchor))
        try:
            await self._artifacts.write(self._settings.uri, target, "application/vnd.sqlite3")
        except ServiceError as error:
            log.warning("could not copy the snapshot to S3", uri=self._settings.uri, error=str(error))


def taken(folder: Path) -> list[Path]:
    """The snapshots in a folder, oldest first."""
    return sorted((path for path in folder.glob("signalbox-*.db") if _NAME.fullmatch(path.name)), key=_number)


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else 0
