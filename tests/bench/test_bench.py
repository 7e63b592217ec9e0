"""`python -m bench` end to end, for one benchmark or two in their small form.

What the figures of each benchmark are made of is tested in `benchmarks/`. No test judges measured times.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIGURES = {
    "ready": ["start to ready, median", "start to ready, slowest", "CPU time until ready, median"],
    "tail": [
        "longest stall of the event loop",
        "longest stall including the wait for a CPU",
        "peak memory of the bot's process",
        "peak memory of its children (drawing, git)",
        "CPU time of the bot's process",
        "log lines archived, each once and in order",
        "job's success to the complete log as a file",
        "messages in the thread, digests included",
        "digests",
        "plots drawn meanwhile",
        "plot command to picture, median",
    ],
}
LINES = "log lines archived, each once and in order"


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "names", [("ready",), pytest.param(("ready", "tail"), marks=pytest.mark.exhaustive)], ids=["one", "two"]
)
def test_benchmarks_print_and_store_their_figures(tmp_path: Path, names: tuple[str, ...]) -> None:
    out = tmp_path / "figures.json"
    done = _bench(*names, "--small", "--out", str(out))
    assert not done.stderr
    results = json.loads(out.read_text())
    assert {name: [each["what"] for each in result["figures"]] for name, result in results.items()} == {
        name: FIGURES[name] for name in names
    }
    figures = {each["what"]: each for result in results.values() for each in result["figures"]}
    assert all(math.isfinite(each["measured"]) and each["measured"] > 0 for each in figures.values())
    assert figures["start to ready, median"]["measured"] <= figures["start to ready, slowest"]["measured"]
    if "tail" in names:
        assert figures[LINES]["measured"] == 2_000
        assert figures["plots drawn meanwhile"]["measured"] >= 2
    assert done.returncode == any(each["verdict"] == "missed" for each in figures.values())
    for name in names:
        assert f"{name}: {BENCHMARKS[name].about}" in done.stdout
        assert all(label in done.stdout for label in FIGURES[name])
    assert done.stdout.count("load average") == len(names)


def test_an_unknown_name_is_refused_with_the_valid_ones() -> None:
    done = _bench("spead")
    assert done.returncode == 2
    assert "there is no benchmark 'spead'" in done.stderr
    for name in BENCHMARKS:
        assert name in done.stderr
