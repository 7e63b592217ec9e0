"""The room on the bot's disk: when little is left, logs and copies wait, so that jobs and messages can go on."""

import shutil
from collections.abc import Callable
from pathlib import Path

RESERVE = 256 * 1024 * 1024
"""Bytes. Jobs, cards and messages take some kilobytes each, so this lasts for weeks."""


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class DiskRoom:
    """The disk that holds `folder`, which exists."""

    def __init__(self, folder: Path, *, free: Callable[[Path], int] = _free) -> None:
        self._folder, self._free = folder, free

    def left(self) -> int:
        """Bytes that logs and copies may still take."""
        return max(0, self._free(self._folder) - RESERVE)
