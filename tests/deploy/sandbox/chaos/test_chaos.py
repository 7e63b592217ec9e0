"""`make chaos` on a small scale, by its command line: a few kills, a few faults, some thousands of lines."""

import re
import subprocess
import sys

import pytest

from deploy.sandbox.chaos.compare_jobs import PROBLEM_KINDS

pytestmark = pytest.mark.slow

PARTS = {
    "kills": (["--kills", "8", "--minutes", "0", "--lines", "0"], "Killed at any moment (seed 3)"),
    "faults": (["--kills", "0", "--minutes", "0.1", "--lines", "0"], "Faults over HTTP (seed 3)"),
    "lines": (["--kills", "0", "--minutes", "0", "--lines", "15000"], "A flood of log lines"),
}


@pytest.mark.parametrize(
    "part", ["kills", *(pytest.param(part, marks=pytest.mark.exhaustive) for part in ("faults", "lines"))]
)
def test_nothing_is_lost_or_duplicated(part: str) -> None:
    arguments, title = PARTS[part]
    done = subprocess.run(
        [sys.executable, "-m", "deploy.sandbox.chaos", *arguments, "--seed", "3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert title in done.stdout
    figures = dict(re.findall(r"│ (.*?) +│ +(.*?) +│", done.stdout))
    assert int(figures["jobs"]) > 0
    for kind in PROBLEM_KINDS:
        assert figures[kind] == "0", done.stdout
