"""Secrets of a job, seen from outside the entrypoint."""

from pathlib import Path

import pytest

from tests.support.container import Container, text
from tests.support.git import Repository
from trainer.storage.bucket import Bucket

pytestmark = pytest.mark.slow


def test_secret_is_the_commands_and_is_never_in_the_log(
    container: Container, repository: Repository, bucket: Bucket, tmp_path: Path
) -> None:
    script = "import os, sys; key = os.environ['WANDB_API_KEY']; print('got', key, len(key)); sys.exit('bad ' + key)"
    commit = repository.commit({"train.py": script})
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\nenv >> {folder}/seen\nexec /usr/bin/git "$@"\n')
    (folder / "git").chmod(0o755)
    secrets = {"SECRETS": "WANDB_API_KEY", "WANDB_API_KEY": "key-123456"}
    path = f"{folder}:{container.environment['PATH']}"
    code, log = container.run("python", "train.py", COMMIT_ID=commit, PATH=path, **secrets)
    assert (code, "got [redacted: known secret] 10" in log, "bad [redacted: known secret]" in log) == (1, True, True), (
        log
    )
    stored = text(bucket, "manifest.json")
    assert "key-123456" not in log + stored + (folder / "seen").read_text()
