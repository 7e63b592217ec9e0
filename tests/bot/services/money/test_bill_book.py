"""The bill is asked for once a day, kept, and compared with the estimates of the same days."""

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import structlog

from bot.adapters.aws.probe.bill import bill_check
from bot.errors import Denied, ServiceError, Unavailable
from bot.services.money.bill_book import BillBook, read_bills
from bot.services.running.doctor import Finding, Level
from tests.support.clock import Clock

NOW = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC).timestamp()
DAY = 86_400.0


class FakeBills:
    """A dollar a day."""

    def __init__(self) -> None:
        self.asked: list[tuple[dt.date, dt.date]] = []
        self.error: ServiceError | None = None
        self.usd = 1.0

    async def days(self, first: dt.date, until: dt.date) -> Mapping[dt.date, float]:
        self.asked.append((first, until))
        if self.error is not None:
            raise self.error
        return {first + dt.timedelta(days=number): self.usd for number in range((until - first).days)}


class Book:
    """With lives of its own: what it had in memory ends with each."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock, self.bills = folder / "data" / "bills.json", Clock(NOW), FakeBills()

    async def life(self, passes: int = 1) -> BillBook:
        book = BillBook(self.bills, self.path, self.clock)
        for _ in range(passes):
            await book.once()
        return book

    async def checked(self) -> Finding:
        return await bill_check(lambda: read_bills(self.path)).look()


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


async def test_one_request_a_day_whatever_restarts(book: Book) -> None:
    for _ in range(5):
        await book.life(passes=3)
        book.clock.tick(3_600)
    assert book.bills.asked == [(dt.date(2026, 10, 24), dt.date(2026, 11, 28))]
    book.clock.now = NOW + DAY
    await book.life(passes=3)
    assert len(book.bills.asked) == 2


@pytest.mark.parametrize("error", [Denied("AccessDenied: ce:GetCostAndUsage"), Unavailable("reset")])
async def test_a_failure_costs_no_second_request_that_day_and_is_logged_once(book: Book, error: ServiceError) -> None:
    book.bills.error = error
    with structlog.testing.capture_logs() as logged:
        for day in range(3):
            book.clock.now = NOW + day * DAY
            await book.life(passes=2)
    assert len(book.bills.asked) == 3
    assert [entry["event"] for entry in logged] == ["the bill can't be read"]
    assert ("ce:GetCostAndUsage on *" in logged[0]["advice"]) is isinstance(error, Denied)


async def test_what_was_read_is_kept_through_restarts_and_failures_and_corrected(book: Book) -> None:
    await book.life()
    book.bills.error = Unavailable("reset")
    book.clock.now = NOW + 10 * DAY
    assert len((await book.life()).days()) == 35
    book.bills.error, book.bills.usd = None, 2.0
    book.clock.now = NOW + 11 * DAY
    days = (await book.life()).days()
    assert (days[dt.date(2026, 10, 24)], days[dt.date(2026, 11, 28)], max(days)) == (1.0, 2.0, dt.date(2026, 12, 8))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"usd": {"x": 1}}', '{"usd": {}, "asked_at": "soon"}', "null"])
async def test_a_damaged_file_counts_as_none(book: Book, text: str) -> None:
    book.path.parent.mkdir()
    book.path.write_text(text)
    assert len((await book.life()).days()) == 35
    assert json.loads(book.path.read_text())["trouble"] == ""


async def test_a_clock_set_back_asks_once_more_and_then_rests(book: Book) -> None:
    await book.life()
    book.clock.tick(-40 * DAY)
    await book.life(passes=3)
    assert len(book.bills.asked) == 2


async def test_the_doctor_says_what_is_missing_without_asking(book: Book) -> None:
    assert (await book.checked()).level is Level.NOTE
    book.bills.error = Denied("AccessDenied: ce:GetCostAndUsage")
    await book.life()
    assert "ce:GetCostAndUsage on *" in (await book.checked()).advice
    book.bills.error, book.bills.usd = None, 0.0
    book.clock.tick(DAY)
    await book.life()
    assert "Activate signalbox:stack as a cost allocation tag" in (await book.checked()).advice
    book.bills.usd = 1.0
    book.clock.tick(DAY)
    await book.life()
    assert (await book.checked()).found == "the bill was read on 1 December at 12:00 UTC, up to 2026-11-29"
    assert len(book.bills.asked) == 3
