"""Build the services that carry log lines into threads and archives, and their loops."""

from bot.services.logs.archive import Archive, ArchiveSettings
from bot.services.logs.post_lines import PostLines
from bot.services.logs.tail import Tail
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.disk_room import DiskRoom
from bot.services.running.loop import Loop


def build(core: Core, outside: Outside, setup: Setup) -> tuple[Loop, ...]:
    pace, wakeups = setup.intervals, core.wakeups
    disk = DiskRoom(setup.data_dir)
    tail = Tail(core, outside.logs, outside.log_pace, disk)
    post_lines = PostLines(core, pace.thread)
    archive_settings = ArchiveSettings(drain=pace.drain, folder=setup.data_dir / "logs")
    archive = Archive(core, tail, outside.artifacts, disk, archive_settings)
    return (
        Loop("tail", tail.once, pace.logs, wakeups.of("tail")),
        Loop("post_lines", post_lines.once, pace.logs, wakeups.of("post_lines")),
        Loop("archive", archive.once, min(pace.drain, 5), wakeups.of("archive")),
        Loop("tidy_logs", archive.tidy, 3600),
    )
