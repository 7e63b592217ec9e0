"""What killed fetches and repositories that left the config have left on the disk."""

import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from bot.adapters.git.git_limits import GitLimits
from bot.adapters.git.mirror import folder_of
from bot.adapters.git.remote import PREFIX

_SPARE_SECONDS = 600


def clean(cache_dir: Path, repositories: Iterable[str], limits: GitLimits) -> None:
    """Remove mirrors of other repositories, if any is given, and folders that no fetch can still be using.

    `signalbox doctor` may be fetching into the same folder at the same time.
    """
    oldest = time.time() - limits.first_fetch_seconds - limits.fetch_seconds - _SPARE_SECONDS
    for path in cache_dir.glob(f"{PREFIX}*"):
        if path.stat().st_mtime < oldest:
            shutil.rmtree(path, ignore_errors=True)
    known = {folder_of(repository, cache_dir) for repository in repositories}
    for path in cache_dir.glob("*.git") if known else ():
        if path not in known:
            shutil.rmtree(path, ignore_errors=True)
