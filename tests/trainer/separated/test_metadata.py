"""The machine's metadata: closed to training code by the stack's own rules, and open to the entrypoint."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.container import trouble_in
from tests.support.git import Repository
from tests.trainer.separated import container, machine
from tests.trainer.separated.metadata_service import SECRET, TOKEN
from trainer.contract import ExitCode

_WHY_NOT = container.why_not() or machine.why_not()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_WHY_NOT), reason=f"no machine of its own here: {_WHY_NOT}")]

CHECKOUT = Path(__file__).parents[3]
PROBE = Path(__file__).with_name("metadata_probe.py").read_text()
ROLE = {"TRAINING_ROLE_ARN": "arn:aws:iam::123456789012:role/training"}


@pytest.fixture
def environment(place: Path, repository: Repository) -> dict[str, str]:
    (place / "gitconfig").write_text("[safe]\n directory = *\n")
    commit = repository.commit({"train.py": PROBE}, "Ask")
    shutil.copytree(repository.folder, place / "repository")  # pytest's own folder is closed to other users
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(place / "tmp"),
        "WORK_DIR": str(place / "work" / "job"),
        "JOB_ID": "asks",
        "OUTPUT_URI": f"file://{place}/work/stored/",
        "REPOSITORY_URL": f"file://{place}/repository",
        "COMMIT_ID": commit,
        "GIT_CONFIG_SYSTEM": str(place / "gitconfig"),
        **container.VARIABLES,
    }


def _run(place: Path, environment: dict[str, str], *, firewall: bool) -> tuple[int, str]:
    entrypoint = [sys.executable, "-m", "trainer.entrypoint", "--", sys.executable, "train.py"]
    command = container.command(entrypoint, machine=machine.script(place, firewall=firewall))
    done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, timeout=90, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_rules_of_the_template_close_it_to_training_and_leave_it_to_the_entrypoint(
    place: Path, environment: dict[str, str]
) -> None:
    code, log = _run(place, {**environment, **ROLE}, firewall=True)
    assert code == 0, log
    found = json.loads((place / "work" / "stored" / "artifacts" / "found.json").read_text())
    answered = {way: answer for way, answer in found.items() if not answer.startswith("refused")}
    assert answered == {}
    manifest = json.loads((place / "work" / "stored" / "manifest.json").read_text())
    assert manifest["attempts"][0]["host"] == "i-0abc g4dn.xlarge"


def test_a_job_with_a_role_of_its_own_runs_nothing_where_metadata_is_open(
    place: Path, environment: dict[str, str]
) -> None:
    code, log = _run(place, {**environment, **ROLE}, firewall=False)
    trouble = trouble_in(log)
    assert (code, trouble.code) == (75, ExitCode.METADATA_OPEN), log
    for each in ("169.254.169.254:80", "[fd00:ec2::254]:80", "127.0.0.1:51678", "Nothing of the repository has run"):
        assert each in trouble.message
    assert not list(place.rglob("found.json"))


def test_without_a_role_the_log_says_that_metadata_is_open(place: Path, environment: dict[str, str]) -> None:
    """This also shows that the probe would find a way."""
    code, log = _run(place, environment, firewall=False)
    assert code == 0, log
    assert "signalbox: This machine's metadata answers the job's code (at 169.254.169.254:80, " in log
    found = json.loads((place / "work" / "stored" / "artifacts" / "found.json").read_text())
    assert found["IPv4"] == found["IPv6"] == TOKEN
    open_ways = {way for way, answer in found.items() if TOKEN in answer or SECRET in answer}
    assert "IPv4 in IPv6" in open_ways  # the others depend on the kernel's settings, and on what came before
