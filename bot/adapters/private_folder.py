"""The bot's data folder: its owner's alone, because logs, boards and mirrors of private repositories lie there."""

import os
import stat
from pathlib import Path

import structlog

log = structlog.get_logger()

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private(folder: Path) -> None:
    """Create the folder, or take everybody else's permissions away. Raises OSError if it can't be created.

    A folder of another owner stays as it is, with a warning: the files are still made for this user alone (`umask` of
    `signalbox run`), and a mounted volume may belong to root.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.stat()
    mode = stat.S_IMODE(found.st_mode)
    if not mode & _OTHERS:
        return
    if found.st_uid != os.geteuid():
        log.warning("other users may read the bot's folder: it belongs to another user", folder=str(folder))
        return
    folder.chmod(mode & ~_OTHERS)
    log.info("took other users' permissions away", folder=str(folder))
