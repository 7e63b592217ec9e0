"""kill -9: what was acknowledged is there, what was not is whole or absent, and the store is free at once."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.trial import Trial
from bot.errors import CapReached, StoreError
from tests.bot.adapters.sqlite.ledger import balance
from tests.bot.adapters.sqlite.victim import BATCH, CAP, JOB, TRIALS
from tests.support.jobs import caps, make_job, quote

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[4]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts victims, which do not outlive the test."""
    victims: list[subprocess.Popen[str]] = []

    def starting(verb: str, store: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.bot.adapters.sqlite.victim", verb, str(store)]
        victims.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return victims[-1]

    yield starting
    for victim in victims:
        victim.kill()
        victim.wait()
        assert victim.stdout is not None
        victim.stdout.close()


def _lines(victim: "subprocess.Popen[str]", number: int | None = None) -> list[str]:
    """The next `number` lines that the victim prints; None for all of them."""
    assert victim.stdout is not None
    return [line.strip() for line in islice(victim.stdout, number)]


@pytest.mark.parametrize("acknowledgements", [1, 30, 200])
async def test_nothing_acknowledged_is_lost(start: Start, tmp_path: Path, acknowledgements: int) -> None:
    victim = start("append", tmp_path / "s.db")
    said = _lines(victim, acknowledgements)
    victim.kill()
    acknowledged = int((said + _lines(victim))[-1])

    async with open_store(tmp_path / "s.db") as store:
        found = await store.log_lines(JOB, 0, 1_000_000)
        job = await store.job(JOB)
        ((posts,),) = await store._read(lambda db: db.execute("SELECT count(*) FROM post").fetchall())

    assert found.total in (acknowledged, acknowledged + BATCH)
    assert [event.id for event in found.events] == [f"e{n}" for n in range(found.total)]
    assert job is not None
    assert (job.publication.lines_posted, posts) == (found.total, found.total // BATCH)


@pytest.mark.parametrize("acknowledgements", [1, 20])
async def test_trials_and_parts_are_all_there_or_none(start: Start, tmp_path: Path, acknowledgements: int) -> None:
    victim = start("record", tmp_path / "s.db")
    said = _lines(victim, acknowledgements)
    victim.kill()
    acknowledged = int((said + _lines(victim))[-1])

    async with open_store(tmp_path / "s.db") as store:
        sweep, trials, parts = await store.job(JOB), await store.trials(JOB), await store.submissions(JOB)

    assert sweep is not None
    assert acknowledged <= sweep.publication.lines_posted <= sweep.publication.revision <= acknowledged + 1
    assert trials == [Trial(number, epoch=sweep.publication.revision) for number in range(TRIALS)]
    assert [part.id for part in parts] == [f"{JOB}-{turn}" for turn in range(1, sweep.publication.lines_posted + 1)]


@pytest.mark.parametrize("acknowledgements", [1, 25])
async def test_what_is_reserved_is_what_the_rows_say_and_never_above_the_cap(
    start: Start, tmp_path: Path, acknowledgements: int
) -> None:
    victim = start("spend", tmp_path / "s.db")
    _lines(victim, acknowledgements)
    victim.kill()
    _lines(victim)

    async with open_store(tmp_path / "s.db", caps=caps(person_day_usd=CAP)) as store:
        assert await store._read(balance.wrong) == []
        total = "SELECT sum(reserved_usd + spent_usd), sum(live) FROM ledger"
        ((usd, live),) = await store._read(lambda db: db.execute(total).fetchall())
        assert 0 < usd <= CAP
        assert live == len(await store.jobs(live=True)) == usd
        more = [make_job(id=f"more{n}", interaction_id=n, quote=quote(1)) for n in range(1, CAP - live + 2)]
        for job in more[:-1]:
            await store.add(job, [])
        with pytest.raises(CapReached):
            await store.add(more[-1], [])


async def test_a_store_that_is_held_is_free_when_its_holder_is_killed(start: Start, tmp_path: Path) -> None:
    victim = start("hold", tmp_path / "s.db")
    assert _lines(victim, 1) == ["open"]
    with pytest.raises(StoreError, match=f"process {victim.pid} on "):
        async with open_store(tmp_path / "s.db"):
            pass

    victim.kill()
    victim.wait()

    async with open_store(tmp_path / "s.db") as store:
        assert await store.unfinished() == []


async def test_a_migration_killed_in_its_middle_is_not_applied(start: Start, tmp_path: Path) -> None:
    job = make_job()
    async with open_store(tmp_path / "s.db") as store:
        await store.add(job, [])

    assert start("migrate", tmp_path / "s.db").wait() == -signal.SIGKILL

    async with open_store(tmp_path / "s.db") as store:
        assert await store.unfinished() == [job]
        assert await store.pending_posts() == []
        half = "SELECT name FROM sqlite_schema WHERE name = 'half'"
        assert await store._read(lambda db: db.execute(half).fetchall()) == []
