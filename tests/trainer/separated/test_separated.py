"""What training code gets of the token, the role and the entrypoint: in the image, and where all is one user."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.container import text
from tests.support.git import TOKEN, Repository, private
from tests.trainer.separated import container as separated
from tests.trainer.separated.container import OF_ROOT
from trainer.storage.bucket import Bucket

__all__ = ["private"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(separated.why_not()), reason=f"no users of its own here: {separated.why_not()}"),
]

KEY, ROLE_SECRET = "the-key-of-the-job", "the-secret-of-the-role"
CHECKOUT = Path(__file__).parents[3]
PROBE = (Path(__file__).parent / "probe.py").read_text()


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    log: str
    found: dict[str, Any]
    """What the training code wrote down."""


@pytest.fixture
def environment(place: Path, aws: Mapping[str, str], bucket: Bucket, private: str) -> dict[str, str]:
    _spies(place)
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "/root",
        "TMPDIR": str(place / "tmp"),
        "WORK_DIR": str(place / "work" / "job"),
        "CACHE_DIR": str(place / "work" / "cache"),
        "JOB_ID": bucket.uri.rstrip("/").rpartition("/")[2],
        "OUTPUT_URI": bucket.uri,
        "REPOSITORY_URL": private,
        "BRANCH_NAME": "main",
        "GIT_TOKEN": TOKEN,
        "GIT_CONFIG_SYSTEM": str(place / "gitconfig"),
        "JOB_KEY": KEY,
        **aws,
        "AWS_SECRET_ACCESS_KEY": ROLE_SECRET,
    }


def _spies(place: Path) -> None:
    """A filter and hooks of the image's git that write down which environment they got, and as whom."""
    spy = place / "spy"
    spy.write_text(f"#!/bin/sh\n{{ id -u; env; cat /proc/$PPID/environ; }} > {place}/traces/seen-$1-$$ 2>&1\ncat\n")
    spy.chmod(0o755)
    hooks = place / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\nexec {spy} {name} < /dev/null\n")
        (hooks / name).chmod(0o755)
    (place / "gitconfig").write_text(
        f'[filter "spy"]\n smudge = {spy} filter\n required = true\n[init]\n templateDir = {place}/template\n'
        f"[core]\n hooksPath = {hooks}\n fsmonitor = {spy} monitor\n"
    )


@pytest.fixture
def commit(repository: Repository) -> str:
    files = {"train.py": PROBE, ".gitattributes": "data.txt filter=spy\n", "data.txt": "data", "setup.py": ""}
    return repository.commit(files, "Look around")


def _run(place: Path, environment: Mapping[str, str], bucket: Bucket, *, user: int = 0) -> Ran:
    rights = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"] if user else []
    words = [sys.executable, "train.py", str(place / "of-root"), str(place / "traces")]
    entrypoint = [*rights, sys.executable, "-m", "trainer.entrypoint", "--", *words]
    done = subprocess.run(
        separated.command(entrypoint), env=environment, cwd=place, capture_output=True, text=True, check=False
    )
    log = done.stdout + done.stderr
    stored = bucket.get("artifacts/found.json")
    return Ran(done.returncode, log, json.loads(stored.body) if stored else {})


def _stored(bucket: Bucket) -> dict[str, bytes]:
    listed = bucket._s3.list_objects_v2(Bucket=bucket._name, Prefix=bucket._prefix).get("Contents", [])
    keys = [each["Key"].removeprefix(bucket._prefix) for each in listed]
    return {key: stored.body for key in keys if (stored := bucket.get(key))}


def _secrets_in(value: object) -> list[str]:
    return [secret for secret in (TOKEN, KEY, ROLE_SECRET, OF_ROOT) if secret in json.dumps(value)]


def test_training_in_the_image_reaches_nothing_but_its_own(
    place: Path, environment: dict[str, str], bucket: Bucket, commit: str
) -> None:
    role = {"TRAINING_ROLE_ARN": "arn:aws:iam::123456789012:role/training"}
    ran = _run(place, {**environment, **separated.VARIABLES, **role, "COMMIT_ID": commit}, bucket)
    assert ran.code == 0, ran.log
    number, found = separated.TRAINING, ran.found
    assert found["uid"] == [number, number, number, []]
    assert found["status"]["NoNewPrivs"] == "1"
    assert {int(found["status"][name], 16) for name in ("CapEff", "CapPrm", "CapAmb")} == {0}
    assert found["written"]

    others = [each for each in found["processes"].values() if each["uid"] == "0"]
    assert any("trainer.entrypoint" in each["command"] for each in others)
    for each in others:
        read = {name: each[name] for name in ("environ", "maps", "mem", "cwd/.", "root/etc/passwd", "fd/0", "auxv")}
        assert all(value.startswith("refused: ") for value in read.values()), read
    assert found["signalled"] == ["refused: PermissionError"] * 2
    assert not [each for each in found["processes"].values() if each["uid"] == str(separated.FETCHING)]
    assert found["root only"] == "refused: PermissionError"
    assert _secrets_in(found) == []
    assert not {"GIT_TOKEN", "JOB_KEY", "AWS_SECRET_ACCESS_KEY"} & found["environment"].keys()
    assert found["environment"]["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://127.0.0.1:")

    stored = _stored(bucket)
    assert {"claim.json", "manifest.json", "artifacts/mine.txt"} <= stored.keys()
    assert _secrets_in({key: body.decode(errors="replace") for key, body in stored.items()}) == []
    assert _secrets_in(ran.log) == []


@pytest.mark.parametrize("variables", [separated.VARIABLES, {}], ids=["users", "one user"])
def test_filters_and_hooks_get_no_token(
    place: Path, environment: dict[str, str], bucket: Bucket, commit: str, variables: dict[str, str]
) -> None:
    ran = _run(place, {**environment, **variables, "COMMIT_ID": commit}, bucket)
    assert ran.code == 0, ran.log
    traces = {path.name.rpartition("-")[0]: path.read_text(errors="replace") for path in place.glob("traces/seen-*")}
    assert "seen-filter" in traces
    assert not {"seen-post-checkout", "seen-reference-transaction", "seen-post-index-change"} & traces.keys()
    assert _secrets_in(traces) == []
    assert traces["seen-filter"].startswith(f"{separated.TRAINING if variables else 0}\n")


def test_where_all_is_one_user_no_environment_and_no_memory_is_open(
    place: Path, environment: dict[str, str], bucket: Bucket, commit: str
) -> None:
    ran = _run(place, {**environment, "COMMIT_ID": commit}, bucket, user=separated.TRAINING)
    assert ran.code == 0, ran.log
    # A child of the entrypoint that has not begun its program yet has the same command.
    entrypoints = [each for each in ran.found["processes"].values() if "trainer.entrypoint" in each["command"]]
    read = {each[name] for each in entrypoints for name in ("environ", "maps", "mem")}
    assert read == {"refused: PermissionError"}
    assert "GIT_TOKEN" not in ran.found["environment"]
    assert _secrets_in({**ran.found, "environment": {}}) == []
    assert TOKEN not in ran.log + text(bucket, "manifest.json")
