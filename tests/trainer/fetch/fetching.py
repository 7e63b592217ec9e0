"""Fetch a commit, and make the repositories that it includes."""

from pathlib import Path

import pytest

from tests.support.git import Repository
from trainer.fetch.checkout import Source, fetch
from trainer.process.tools import Programs


def fetched(repository: str, commit: str, folder: Path, *, branch: str = "", token: str = "") -> str:
    return fetch(Source(repository, commit, branch, token, tags=False), folder, Programs()).subject


def allow_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Submodules from the disk: git refuses them by default, https://git-scm.com/docs/git-config (protocol.allow)."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")


def library(folder: Path, files: dict[str, str]) -> Repository:
    made = Repository(folder)
    folder.mkdir()
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit(files)
    return made
