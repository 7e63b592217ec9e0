"""What a report on costs reads from the ledger, also from one that an earlier version wrote."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.tally import Tally
from bot.domain.model.trial import TrialState
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.quote import Terms
from bot.domain.posts import Change
from bot.domain.spending.charge import Charge
from bot.ports.costs import FIRST
from tests.bot.adapters.sqlite.sweeps import PLAN
from tests.support.clock import Clock
from tests.support.jobs import make_job, make_sweep, quote
from tests.support.rows import changed

NOON = 1_800_014_400.0
EVER = {"start": 0.0, "end": 9e12, "projects": None, "after": FIRST, "limit": 100}
QUOTE = replace(
    quote(2.0, usual_usd_per_hour=1.0, usual_on_demand_usd_per_hour=3.0, attempts=2),
    terms=Terms.SPOT,
    machine="g5.xlarge",
    usual_machine="g4dn.xlarge",
)
HALF, HOUR = Attempt("a", NOON, NOON + 1_800), Attempt("b", NOON + 3_600, NOON + 7_200, exit_code=0)


async def test_an_entry_has_what_was_lost_and_what_was_saved(tmp_path: Path) -> None:
    async with open_store(tmp_path / "signalbox.db", now=Clock(NOON)) as store:
        job = await store.add(make_job(quote=QUOTE, created_at=NOON, asker_name="みか"), [])
        ended = {"state": JobState.SUCCEEDED, "reason": EndReason.SUCCEEDED, "ended_at": NOON + 7_200}
        await store.change(job.id, lambda row: Change(changed(row, attempts=(HALF, HOUR), started_at=NOON, **ended)))
        tally = Tally(
            {TrialState.SUCCEEDED: 2, TrialState.PRUNED: 1},
            seconds=7_200.0,
            saved_seconds=3_600.0,
            lost_seconds=900.0,
            lost_machines=1,
        )
        sweep = make_sweep(replace(PLAN, trials=4), quote=replace(QUOTE, runs=4), created_at=NOON + 1, tally=tally)
        await store.add(sweep, [])
        first, second = await store.costs(**EVER)
    assert (first.id, first.kind, first.asker_name, first.outcome, first.live) == (
        job.id,
        "job",
        "みか",
        "succeeded",
        False,
    )
    assert (first.seconds, first.machines, first.spent_usd, first.reserved_usd) == (5_400.0, 2, 1.5, 0.0)
    assert (first.lost_seconds, first.lost_machines, first.lost_usd) == (1_800.0, 1, 0.5)
    assert (first.spot_saved_usd, first.early_saved_usd, first.machine, first.terms) == (
        3.0,
        0.0,
        "g4dn.xlarge",
        "spot",
    )
    assert (second.kind, second.runs, second.live, second.lost_usd, second.early_saved_usd) == (
        "sweep",
        4,
        True,
        0.25,
        1.0,
    )


async def test_the_entries_of_an_earlier_version_are_completed_and_keep_their_day(tmp_path: Path) -> None:
    path = tmp_path / "signalbox.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((Path(__file__).parent / "old_ledger.sql").read_text())
        before = db.execute("SELECT id, counted_at FROM ledger ORDER BY id").fetchall()
    async with open_store(path, now=Clock(NOON)) as store:
        found = {entry.id: entry for entry in await store.costs(**EVER)}
    assert [(name, found[name].counted_at) for name in sorted(found)] == before
    assert found["swpld3"].counted_at > found["swpld3"].created_at
    assert {name: entry.asker_name for name, entry in found.items()} == {
        "twcrd2": "みか",
        "swpld3": "noor",
        "nprc44": "mika",
    }
    assert (found["twcrd2"].lost_usd, found["twcrd2"].spot_saved_usd) == (0.5, 3.0)
    assert (found["swpld3"].early_saved_usd, found["nprc44"].spent_usd) == (1.0, None)


async def test_pages_follow_each_other_without_a_gap_also_where_many_count_at_one_time(tmp_path: Path) -> None:
    async with open_store(tmp_path / "signalbox.db", now=Clock(NOON)) as store:
        made = [await store.add(make_job(quote=QUOTE, created_at=NOON), []) for _ in range(7)]
        found, after = list[Charge](), FIRST
        while page := await store.costs(**{**EVER, "after": after, "limit": 3}):
            found += page
            after = page[-1].counted_at, page[-1].id
    assert sorted(entry.id for entry in found) == sorted(job.id for job in made)
    assert len(found) == 7


async def test_only_the_span_and_the_projects_that_were_asked_for(tmp_path: Path) -> None:
    clock = Clock(NOON)
    async with open_store(tmp_path / "signalbox.db", now=clock) as store:
        for project in ("mnist", "walker", "mnist"):
            await store.add(make_job(project=project, quote=QUOTE, created_at=clock()), [])
            clock.tick(60)
        span = {**EVER, "start": NOON + 60, "end": NOON + 120}
        assert [entry.project for entry in await store.costs(**span)] == ["walker"]
        assert [entry.project for entry in await store.costs(**{**EVER, "projects": {"mnist"}})] == ["mnist"] * 2
        assert await store.costs(**{**EVER, "projects": frozenset[str]()}) == []
        assert await store.charged_projects() == ["mnist", "walker"]


async def test_what_counts_against_each_cap(tmp_path: Path) -> None:
    own = Limits(person_day_usd=5)
    caps = Caps(Limits(person_day_usd=20, project_month_usd=100, job_usd=50), {"walker": own})
    async with open_store(tmp_path / "signalbox.db", now=Clock(NOON), caps=caps) as store:
        for project, asker in (("mnist", 1), ("mnist", 2), ("walker", 1)):
            await store.add(make_job(project=project, asker_id=asker, quote=quote(2.0), created_at=NOON), [])
        used = await store.used(["mnist", "other", "walker"], 1)
    assert [(each.cap.setting, each.project, each.sums.reserved_usd) for each in used] == [
        ("caps.person_day_usd", "", 2.0),
        ("caps.project_month_usd", "mnist", 4.0),
        ("caps.project_month_usd", "other", 0.0),
        ("projects.walker.caps.person_day_usd", "walker", 2.0),
        ("caps.project_month_usd", "walker", 2.0),
    ]


@pytest.mark.parametrize("back", [0.0, 86_400.0, 40 * 86_400.0])
async def test_a_clock_set_back_does_not_move_the_latest_time(tmp_path: Path, back: float) -> None:
    clock = Clock(NOON)
    async with open_store(tmp_path / "signalbox.db", now=clock) as store:
        await store.add(make_job(quote=QUOTE, created_at=NOON), [])
        clock.tick(-back)
        assert await store.latest_time() == NOON
        clock.tick(back + 3_600)
        assert await store.latest_time() == NOON + 3_600
