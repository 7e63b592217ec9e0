"""`/cost`: what the sums, the file and the picture say, and to whom."""

import csv
import datetime as dt
import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.chat.commands.cost import embed, title
from bot.domain.access import Grant, Person, Verb
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.quote import Quote, Terms
from bot.domain.posts import Change
from bot.domain.spending.cost_report import Grouping
from bot.errors import BadInput, Unavailable, UnknownName
from bot.services.money.report_costs import CostAnswer, CostQuery, ReportCosts
from bot.services.people.permits import Permits
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from tests.bot.services.money.scene import PLAN
from tests.support.clock import Clock
from tests.support.fakes import FakeFigures
from tests.support.jobs import make_job, make_sweep
from tests.support.projects import GUILD, PROJECT
from tests.support.rows import changed

NOW = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC).timestamp()
TOKYO = Calendar(ZoneInfo("Asia/Tokyo"))
CAPS = Caps(Limits(person_day_usd=20, project_month_usd=100, job_usd=90, project_live_jobs=9), calendar=TOKYO)
QUOTE = Quote(2.0, 7_200, Terms.SPOT, "g5.xlarge", 1.0, "g4dn.xlarge", usual_on_demand_usd_per_hour=3.0, priced_at=NOW)
ALL, INSIDER = 100_000_000_000_000_101, 100_000_000_000_000_102
MIKA, NOOR = Person(1, "みか", frozenset({ALL})), Person(2, "noor", frozenset({INSIDER}))
GRANTS = (
    Grant(frozenset({str(ALL)}), frozenset({Verb.SEE})),
    Grant(frozenset({str(INSIDER)}), frozenset({Verb.SEE}), projects=frozenset({"mnist"})),
)
MUCH = 8 * 1024 * 1024


class Ledger:
    """A store with jobs of known costs."""

    def __init__(self, store: SqliteStore, clock: Clock) -> None:
        self.store, self.clock, self.figures = store, clock, FakeFigures()
        self.projects = {PROJECT.name: PROJECT, "walker": replace(PROJECT, name="walker")}

    @property
    def service(self) -> ReportCosts:
        core = Core(self.store, self.projects, Wakeups(), self.clock, Permits(GRANTS, GUILD), caps=CAPS)
        return ReportCosts(core, self.figures)  # type: ignore[arg-type]

    async def ask(self, person: Person = MIKA, most_bytes: int = MUCH, **query: object) -> CostAnswer:
        return await self.service.report(person, CostQuery(**query), most_bytes)  # type: ignore[arg-type]

    async def ran(self, hours: float = 1.0, at: float | None = None, **changes: object) -> str:
        """A job that ran so long, and has ended."""
        begun = self.clock() if at is None else at
        asked = {"quote": QUOTE, "created_at": begun, "asker_id": 1, "asker_name": "みか"} | changes
        until = begun + hours * 3_600
        job = await self.store.add(make_job(**asked, recovered_at=begun), [])
        ended = {"state": JobState.SUCCEEDED, "reason": EndReason.SUCCEEDED, "started_at": begun, "ended_at": until}
        once = (Attempt("a", begun, until),)
        await self.store.change(job.id, lambda row: Change(changed(row, attempts=once, **ended)))
        return job.id


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    clock = Clock(NOW)
    async with open_store(tmp_path / "signalbox.db", now=clock, caps=CAPS) as store:
        yield Ledger(store, clock)


def text(answer: CostAnswer) -> str:
    return embed(answer, picture=False).description or ""


def rows(answer: CostAnswer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.csv.decode("utf-8-sig"))))


async def test_a_month_without_jobs_says_so(ledger: Ledger) -> None:
    await ledger.ran(at=NOW - 40 * 86_400)
    found = await ledger.ask()
    assert text(found).startswith("No job or sweep was asked for: nothing to add up.")
    assert rows(found) == []
    assert await ledger.service.picture(found, "", "") == b"costs"
    assert "You asked for no job or sweep in `walker`" in text(await ledger.ask(mine=True, project="walker"))


async def test_one_job_is_added_up_with_what_spot_saved(ledger: Ledger) -> None:
    job = await ledger.ran(hours=2)
    found = await ledger.ask()
    shown = text(found)
    assert title(found) == "Costs, November 2026"
    assert shown.startswith("Spent: **about $2.00** for 1 job, 2 h on machines.\nSaved: about $4.00 by spot machines.")
    assert "taken back" not in shown
    assert "**By project**\n`mnist`: about $2.00, 1 job\n" in shown
    assert "**By person**\nみか: about $2.00, 1 job" in shown
    (row,) = rows(found)
    assert (row["id"], row["person"], row["estimated_usd"], row["counted_on"]) == (job, "みか", "2.0000", "2026-11-29")
    assert row["asked_at"] == "2026-11-29 21:00:00+09:00"
    assert (row["machine"], row["terms"], row["outcome"]) == ("g4dn.xlarge", "spot", "succeeded")


async def test_what_was_lost_and_what_lives_is_said(ledger: Ledger) -> None:
    job = await ledger.store.add(make_job(quote=QUOTE, created_at=NOW, asker_id=1), [])
    attempts = (Attempt("a", NOW, NOW + 1_800), Attempt("b", NOW + 1_900))
    running = {"state": JobState.RUNNING, "started_at": NOW, "last_at": NOW + 3_700}
    await ledger.store.change(job.id, lambda row: Change(changed(row, attempts=attempts, **running)))
    shown = text(await ledger.ask())
    assert "**about $1.00** for 1 job, 1 h on machines.\n1 of them is live and may still cost $3.00 at most.\n" in shown
    assert "About $0.50 of the sum went to 1 machine that was taken back." in shown


async def test_caps_say_what_is_left(ledger: Ledger) -> None:
    await ledger.ran(hours=5)
    shown = text(await ledger.ask())
    left = "you $15.00 of $20.00 today · `mnist` $95.00 of $100.00 this month"
    assert f"Left under the caps: {left} · `mnist` 9 of 9 live jobs · `walker` $100.00 of $100.00 this month." in shown
    assert "Left" not in text(await ledger.ask(when="last month"))


async def test_jobs_without_a_price_name_the_setting(ledger: Ledger) -> None:
    for project in ("mnist", "mnist", "gone"):
        await ledger.ran(project=project, quote=None)
    await ledger.store.add(make_job(created_at=NOW, quote=None, state=JobState.FAILED), [])
    shown = text(await ledger.ask())
    assert shown.startswith("Spent: **unknown cost** for 4 jobs, 3 h on machines.")
    assert "2 jobs of `mnist` have no price: set `projects.mnist.usd_per_hour` to add them." in shown
    assert "1 job of `gone` has no price: the config has this project no longer." in shown
    ledger.projects["mnist"] = replace(PROJECT, usd_per_hour=1.5)
    priced = await ledger.ask()
    assert text(priced).startswith("Spent: **about $3.00** for 4 jobs")
    assert "projects.mnist.usd_per_hour" not in text(priced)
    assert [row["estimated_usd"] for row in rows(priced)] == ["1.5000", "1.5000", "", "0.0000"]


async def test_days_are_those_of_the_timezone(ledger: Ledger) -> None:
    midnight = dt.datetime(2026, 11, 28, 15, 0, tzinfo=dt.UTC).timestamp()
    await ledger.ran(at=midnight - 1)
    await ledger.ran(hours=2, at=midnight)
    shown = text(await ledger.ask(by=Grouping.DAY))
    assert "**By day**\n29 November: about $2.00, 1 job\n28 November: about $1.00, 1 job" in shown
    assert [row["counted_on"] for row in rows(await ledger.ask(when="2026-11-28"))] == ["2026-11-28"]


async def test_a_clock_set_back_hides_nothing_of_this_month(ledger: Ledger) -> None:
    await ledger.ran()
    ledger.clock.tick(-40 * 86_400)
    await ledger.store.add(make_job(quote=QUOTE, created_at=ledger.clock(), asker_id=1), [])
    found = await ledger.ask()
    assert (found.span.name, found.report.total.jobs) == ("November 2026", 2)


async def test_nobody_sees_what_is_of_another_project(ledger: Ledger) -> None:
    await ledger.ran(asker_id=2, asker_name="noor")
    await ledger.ran(hours=3, project="walker")
    await ledger.ran(project="gone")
    for query in ({}, {"by": Grouping.PERSON}, {"by": Grouping.DAY}, {"when": "all time"}):
        found = await ledger.ask(NOOR, **query)
        said = text(found) + found.csv.decode() + str(await ledger.service.picture(found, "", ""))
        said += str(ledger.figures.costs_drawn[-1])
        assert "mnist" in said
        assert "walker" not in said
        assert "gone" not in said
        assert "みか" not in said
        assert found.report.total.jobs == 1
    for hidden in ("walker", "gone", "nothing"):
        with pytest.raises(UnknownName) as error:
            await ledger.ask(NOOR, project=hidden)
        assert str(error.value) == f'There is no project "{hidden}". Choose one: mnist.'
    everything = await ledger.ask(MIKA)
    assert everything.report.total.jobs == 3


async def test_a_deleted_project_can_be_asked_for(ledger: Ledger) -> None:
    await ledger.ran(project="gone")
    await ledger.ran()
    found = await ledger.ask(project="Gone")
    assert (found.report.total.jobs, title(found)) == (1, "Costs of gone, November 2026")


async def test_only_what_the_person_asked_for(ledger: Ledger) -> None:
    await ledger.ran()
    await ledger.ran(asker_id=2, asker_name="noor")
    found = await ledger.ask(mine=True)
    assert (title(found), [row["person"] for row in rows(found)]) == ("Your costs, November 2026", ["みか"])


async def test_people_of_one_name_are_told_apart_and_the_newest_name_counts(ledger: Ledger) -> None:
    await ledger.ran(asker_id=10_001, asker_name="old")
    await ledger.ran(asker_id=10_001, asker_name="alex", at=NOW + 60)
    await ledger.ran(asker_id=10_002, asker_name="alex", at=NOW + 60)
    shown = text(await ledger.ask(by=Grouping.PERSON))
    assert "alex …0001: about $2.00, 2 jobs\nalex …0002: about $1.00, 1 job" in shown


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\t=1", "  =1", "\uff1d1", '=HYPERLINK("x")'])
async def test_no_cell_of_the_file_is_a_formula(ledger: Ledger, name: str) -> None:
    await ledger.ran(asker_name=name)
    (row,) = rows(await ledger.ask())
    assert row["person"] == f"'{name}"
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


async def test_the_file_ends_where_it_would_be_too_large_and_says_so(ledger: Ledger) -> None:
    for number in range(5):
        await ledger.ran(at=NOW + number)
    whole = await ledger.ask()
    cut = await ledger.ask(most_bytes=len(whole.csv) - 1)
    assert (cut.left_out, len(rows(cut)), cut.report.total.jobs) == (5, 0, 5)
    assert "5 rows of the newest are missing" in text(cut)
    assert whole.left_out == 0


async def test_a_picture_that_cannot_be_drawn_leaves_the_sums(ledger: Ledger) -> None:
    await ledger.ran()
    ledger.figures.fail("costs", Unavailable("the process ended"))
    assert await ledger.service.picture(await ledger.ask(), "", "") is None


async def test_a_wrong_period_is_refused(ledger: Ledger) -> None:
    with pytest.raises(BadInput, match="is no period"):
        await ledger.ask(when="soon")


async def test_a_sweep_counts_as_one_with_all_its_trials(ledger: Ledger) -> None:
    await ledger.store.add(make_sweep(PLAN, quote=QUOTE, created_at=NOW, asker_id=1, asker_name="みか"), [])
    found = await ledger.ask()
    assert text(found).startswith("Spent: **$0.00** for 1 sweep.")
    assert rows(found)[0]["runs"] == "2"


async def test_ten_thousand_jobs_are_added_up(ledger: Ledger, tmp_path: Path) -> None:
    job = await ledger.ran()
    with closing(sqlite3.connect(tmp_path / "signalbox.db")) as db, db:
        names = [name for _, name, *_ in db.execute("PRAGMA table_info(ledger)") if name not in ("id", "asker_id")]
        copied = ", ".join(names)
        db.executemany(
            f"INSERT INTO ledger (id, asker_id, {copied}) SELECT ?, ?, {copied} FROM ledger WHERE id = ?",
            [(f"copy{number}", number % 50, job) for number in range(9_999)],
        )
    found = await ledger.ask()
    assert found.report.total.jobs == len(rows(found)) == 10_000
    assert found.report.total.spent_usd == pytest.approx(10_000)
    assert "**about $10,000** for 10,000 jobs, 416 d 16 h on machines." in text(found)
    assert "45 more: about" in text(found)
    assert len(text(found)) < 1_500


class Billed:
    """What AWS has billed, by day."""

    def __init__(self, usd: float) -> None:
        self.usd = usd

    def days(self) -> dict[dt.date, float]:
        return {dt.date(2026, 11, day): self.usd for day in range(20, 28)}


async def with_bill(ledger: Ledger, usd: float, person: Person = MIKA, **query: object) -> CostAnswer:
    service = ledger.service
    service._bills = Billed(usd)  # type: ignore[assignment]
    return await service.report(person, CostQuery(**query), MUCH)  # type: ignore[arg-type]


async def test_the_bill_is_compared_with_the_estimates_of_the_same_days(ledger: Ledger) -> None:
    midnight = dt.datetime(2026, 11, 20, tzinfo=dt.UTC).timestamp()
    await ledger.ran(hours=4, at=midnight - 3_600)
    await ledger.ran(hours=2, at=midnight + 8 * 86_400 - 3_600)
    found = await with_bill(ledger, 0.6)
    words = "AWS billed $4.80 for 20 to 27 November 2026 (UTC); the estimates of these days are $4.00."
    assert words in text(found)
    one = await with_bill(ledger, 0.6, when="2026-11-20")
    assert "AWS billed $0.60 for 20 November 2026 (UTC); the estimates of these days are $3.00." in text(one)


async def test_a_bill_of_nothing_asks_for_the_tag(ledger: Ledger) -> None:
    await ledger.ran(at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC).timestamp())
    assert "are $1.00. Is `signalbox:stack` an active cost allocation tag?" in text(await with_bill(ledger, 0.0))


async def test_the_bill_is_shown_for_everything_to_whoever_may_see_all(ledger: Ledger) -> None:
    await ledger.ran(at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC).timestamp())
    assert "AWS billed" not in text(await with_bill(ledger, 1.0, NOOR))
    for query in ({"mine": True}, {"project": "mnist"}, {"when": "last month"}):
        assert "AWS billed" not in text(await with_bill(ledger, 1.0, **query))
