"""Copy the store while it is in use: the last few copies on the disk, the newest in S3 too, for a machine that is lost.

They are numbered, as a clock may be set back.
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

log = structlog.get_logger()

KEPT = 4
TAKEN_AT = Gauge("signalbox_snapshot_seconds", "When the newest snapshot was taken, in seconds since the epoch")
_NAME = re.compile(r"signalbox-(\d{6,})\.db")


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """`uri` is where the newest goes in S3."""

    folder: Path
    uri: str
    seconds: float


class Snapshot:
    def __init__(self, core: Core, artifacts: Artifacts, settings: SnapshotSettings) -> None:
        self._store, self._artifacts, self._settings, self._now = core.store, artifacts, settings, core.now

    async def once(self) -> None:
        """Takes a copy where the newest is old enough: a bot that is restarted in a loop must keep the good ones.

        A copy that fails ends nothing: the bot goes on without it, and tries again.
        """
        folder = self._settings.folder
        before = taken(folder)
        if before and not passed(before[-1].stat().st_mtime, self._settings.seconds / 2, self._now()):
            return
        target = folder / f"signalbox-{_number(before[-1]) + 1 if before else 1:06}.db"
        try:
            await self._store.snapshot(target)
        except StoreError as error:
            log.warning("no snapshot could be taken", error=str(error))
            return
        TAKEN_AT.set(self._now())
        for old in taken(folder)[:-KEPT]:
            old.unlink(missing_ok=True)
        log.info("snapshot taken", path=str(target), size=target.stat().st_size)
        try:
            await self._artifacts.write(self._settings.uri, target, "application/vnd.sqlite3")
        except ServiceError as error:
            log.warning("the snapshot is on this disk alone", uri=self._settings.uri, error=str(error))


def taken(folder: Path) -> list[Path]:
    """The snapshots in a folder, oldest first."""
    return sorted((path for path in folder.glob("signalbox-*.db") if _NAME.fullmatch(path.name)), key=_number)


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else 0
