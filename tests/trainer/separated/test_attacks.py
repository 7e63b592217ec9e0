"""Attacks of training code on the entrypoint, in the image's way of running it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.container import text
from tests.support.git import Repository
from tests.trainer.separated import container
from trainer.storage.bucket import Bucket

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(container.why_not()), reason=f"no users of its own here: {container.why_not()}"),
]

CHECKOUT = Path(__file__).parents[3]
ATTACKS = Path(__file__).with_name("attacks.py").read_text()


@pytest.fixture(params=[True, False], ids=["under an init", "as process 1"])
def init(request: pytest.FixtureRequest) -> bool:
    found: bool = request.param
    return found


@pytest.fixture
def log(place: Path, repository: Repository, aws: Mapping[str, str], bucket: Bucket, init: bool) -> str:
    """The log of a job that attacks. Its files are in the bucket."""
    (place / "gitconfig").write_text("[safe]\n directory = *\n")
    commit = repository.commit({"train.py": ATTACKS}, "Attack")
    shutil.copytree(repository.folder, place / "repository")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **aws,
        "TMPDIR": str(place / "tmp"),
        "WORK_DIR": str(place / "work" / "job"),
        "JOB_ID": bucket.uri.rstrip("/").rpartition("/")[2],
        "JOB_KEY": "the-key-of-the-job",
        "OUTPUT_URI": bucket.uri,
        "REPOSITORY_URL": f"file://{place}/repository",
        "COMMIT_ID": commit,
        "GIT_CONFIG_SYSTEM": str(place / "gitconfig"),
        **container.VARIABLES,
    }
    words = [sys.executable, "train.py", str(place / "of-root"), str(place / "work"), str(place / "tmp" / "imported")]
    entrypoint = [sys.executable, "-m", "trainer.entrypoint", "--", *words]
    done = subprocess.run(
        container.command(entrypoint, init=init),
        env=environment,
        cwd=place / "work",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_attacks_on_the_entrypoint_are_refused_or_without_effect(log: str, place: Path, bucket: Bucket) -> None:
    found = json.loads(text(bucket, "artifacts/found.json"))
    assert {way: answer for way, answer in found.items() if not answer.startswith("refused")} == {}
    assert len(found) >= 30

    imported = place / "tmp" / "imported"
    assert not imported.exists(), (
        f"the entrypoint imported from the folder that it was started in: {imported.read_text()}"
    )

    end = log.index("signalbox: the command ended with 0")
    assert "@metrics" in log[:end]
    assert "@metrics" not in log[end:], "a daemon outlived the command"

    assert bucket.get("artifacts/large.bin") is not None
    for name in ("maps", "status", "fd-0", "fd-3", "cwd-work"):
        assert bucket.get(f"artifacts/link-{name}") is None
