"""`make demo` as a newcomer runs it: it ends by itself, keeps every promise, and writes what it says."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from deploy.sandbox.demo.record import Record
from tests.support.processes import marked, needs_proc

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What it printed, and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "tmp").mkdir()

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.sandbox.demo"),
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(500):
            output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        return output.decode()

    return asyncio.run(run()), folder / "sandbox-out"


def _record(folder: Path) -> Record:
    ledger = json.loads((folder / "ledger.json").read_text())
    return Record(json.loads((folder / "transcript.json").read_text()), ledger["discord"], ledger["aws"])


def _jobs(record: Record) -> list[str]:
    """The ids of the jobs and of the sweep, in the order of their submission: `signalbox-mnist-k7q2mx`, of the sweep's
    array with `-0` behind it."""
    return [name.split("-")[2] for name in record.submissions]


def test_the_summary_adds_up(demo: tuple[str, Path]) -> None:
    output, _ = demo
    match = re.search(r"(\d+) commands accepted, (\d+) SubmitJob calls, (\d+) results posted; 3 refused; 1 bot", output)
    assert match, output[-2000:]
    assert match[1] == match[2] == match[3] == "6"


def test_each_job_has_one_submission_and_one_result(demo: tuple[str, Path]) -> None:
    record = _record(demo[1])
    jobs = _jobs(record)
    assert len(set(jobs)) == len(jobs) == 6
    assert record.problems(jobs) == []
    assert not [entry for entry in record.aws if entry["kind"] == "job.refused"]


def test_results_show_what_happened(demo: tuple[str, Path]) -> None:
    record = _record(demo[1])
    first, other, broken, stopped, sweep, killed = (record.results(job)[0] for job in _jobs(record))
    for message in (first, other, killed):
        assert re.search(r"succeeded: val\\?_accuracy [\d.]+ at epoch \d+ of \d+", message["content"])
        assert message["attachments"][0]["filename"].endswith(".png")
    assert "failed: exit code 1" in broken["content"]
    assert re.search(r"```\n.*\nRuntimeError: mat1 and mat2 shapes.*\n```", broken["content"], flags=re.S)
    assert "was stopped by" in stopped["content"]
    assert [m["username"] for m in stopped["mentions"]] == ["noor"]
    assert re.search(r"finished 4 trials: val\\?_accuracy [\d.]+ at lr 0\.1, momentum 0\.5", sweep["content"])
    assert [a["filename"].rpartition(".")[2] for a in sweep["attachments"]] == ["png", "csv"]


def test_the_thread_of_the_job_whose_bot_was_killed_is_whole(demo: tuple[str, Path]) -> None:
    """Every line that the job printed is in the archived file once, and the thread's blocks repeat none."""
    record = _record(demo[1])
    job_id = _jobs(record)[-1]
    thread = next(c for c in record.transcript["channels"] if c["name"].startswith(job_id))
    posted = "\n".join(m["content"] for m in thread["messages"])
    epochs = [int(n) for n in re.findall(r"^epoch +(\d+) ", posted, flags=re.M)]
    assert epochs == list(range(1, 21))
    (file,) = [a for m in thread["messages"] for a in m["attachments"]]
    archived = (demo[1] / file["url"]).read_text()
    assert [int(n) for n in re.findall(r"^epoch +(\d+) ", archived, flags=re.M)] == list(range(1, 21))


def test_cards_end_in_the_state_of_their_job(demo: tuple[str, Path]) -> None:
    record = _record(demo[1])
    cards = [m for m in record.messages if m["embeds"] and re.match(r"mnist \w{6}$", m["embeds"][0].get("title", ""))]
    states = [card["embeds"][0]["description"].split("\n")[0] for card in cards if not card["flags"] & 64]
    words = [re.sub(r"\W", "", state.split()[0]) for state in states]
    assert words == ["Succeeded", "Succeeded", "Failed", "Stopped", "Succeeded"]


def test_the_sweep_s_card_shows_its_heatmap(demo: tuple[str, Path]) -> None:
    record = _record(demo[1])
    (card,) = [m for m in record.messages if m["embeds"] and "mnist sweep" in m["embeds"][0].get("title", "")]
    assert "Finished 4 trials" in card["embeds"][0]["description"]
    assert (demo[1] / card["embeds"][0]["image"]["url"]).read_bytes().startswith(b"\x89PNG")


@needs_proc
def test_it_leaves_nothing_running(demo: tuple[str, Path]) -> None:
    """Neither a process nor a folder: all that it starts has its TMPDIR, or a name in it."""
    folder = demo[1].parent / "tmp"
    assert not marked(str(folder))
    assert list(folder.iterdir()) == []
