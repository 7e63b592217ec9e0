"""Each benchmark runs in its small form and gives its figures; their values are another matter: tests do not time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FIGURES = {
    "ready": ("from start to ready, slowest",),
    "ack": ("acknowledgement of 10 commands, p99", "all submitted to Batch, each once"),
    "plot": ("from the job's success to its plot, slowest",),
    "tail": (
        "a stall of the event loop, at most",
        "with the wait for a processor, at most",
        "memory of the bot's process, at most",
        "of 2,000 lines archived, each once and in order",
    ),
    "search": ("tuning by lists: random above the least", "9 points: epochs saved"),
    "training": ("avx2: an epoch faster than the hands-on's loop", "avx2: an epoch"),
}


def _bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", FIGURES)
def test_a_benchmark_gives_its_figures(name: str, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    done = _bench(name, "--small", "--out", str(out))
    assert done.returncode in (0, 1), done.stderr
    assert not done.stderr
    figures = {figure["what"]: figure for figure in json.loads(out.read_text())[name]["figures"]}
    for what in FIGURES[name]:
        assert figures[what]["measured"] > 0
    assert done.returncode == any(figure["verdict"] == "missed" for figure in figures.values())
    assert f"{name}: {BENCHMARKS[name].about}" in done.stdout
    assert "load average" in done.stdout


def test_a_name_that_is_none() -> None:
    done = _bench("spead")
    assert done.returncode == 2
    assert "'spead' was given" in done.stderr
