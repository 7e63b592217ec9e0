"""The digest of a week: once, whatever happens in between, late if need be, and not at all if there is nothing."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.sqlite import SqliteStore, open_store
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.calendar import Calendar
from bot.domain.money.caps import Caps
from bot.domain.money.quote import Quote, Terms
from bot.domain.money.weekly import DigestTime
from bot.domain.posts import Change
from bot.errors import Deleted, Denied, Missing, Refused, ServiceError, Unavailable
from bot.services.money.post_weekly import PostWeekly
from bot.services.money.report_costs import ReportCosts
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from tests.support.clock import Clock
from tests.support.fakes import FakeChat, FakeFigures
from tests.support.jobs import make_job
from tests.support.projects import CHANNEL, PROJECT
from tests.support.rows import changed

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, DAY = 3_600.0, 86_400.0
MONDAY = dt.datetime(2026, 11, 30, 9, 0, tzinfo=TOKYO).timestamp()
"""When the digest is due."""
CAPS = Caps(calendar=Calendar(TOKYO), digest=DigestTime(0, dt.time(9)))
QUOTE = Quote(2.0, 7_200, Terms.SPOT, "g5.xlarge", 1.0, "g4dn.xlarge", usual_on_demand_usd_per_hour=3.0)
OTHER = 78


class Week:
    """A bot that is killed and started again as a test likes; the channel stays."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, Clock(MONDAY - 3 * DAY)
        self.chat, self.caps = FakeChat(self.clock), CAPS
        walker = replace(PROJECT, name="walker", channel_ids=(OTHER,))
        self.projects = {PROJECT.name: PROJECT, "walker": walker}

    async def life(self, *, passes: int = 1, killed: bool = False) -> None:
        """Start the bot, let it look so often, and end it. `killed`: an error on the way ends it."""
        async with open_store(self.path, now=self.clock) as store:
            for _ in range(passes):
                try:
                    await self._service(store).once()
                except Killed:
                    assert killed

    def _service(self, store: SqliteStore) -> PostWeekly:
        core = Core(store, self.projects, Wakeups(), self.clock, caps=self.caps)
        return PostWeekly(core, self.chat, ReportCosts(core, FakeFigures()), self.chat.window)  # type: ignore[arg-type]

    async def ran(self, at: float, **changes: object) -> None:
        asked = {"quote": QUOTE, "created_at": at, "recovered_at": at, "asker_id": 1, "asker_name": "みか @everyone"}
        ended = {"state": JobState.SUCCEEDED, "reason": EndReason.SUCCEEDED, "started_at": at, "ended_at": at + HOUR}
        async with open_store(self.path, now=self.clock) as store:
            job = await store.add(make_job(**asked | changes), [])
            once = (Attempt("a", at, at + HOUR),)
            await store.change(job.id, lambda row: Change(changed(row, attempts=once, **ended)))

    @property
    def posted(self) -> list[str]:
        return [text for _, place, text in self.chat.texts if place == CHANNEL]


class Killed(BaseException):
    pass


@pytest.fixture
async def week(tmp_path: Path) -> Week:
    """The bot ran on the Friday before, and knows its channels."""
    week = Week(tmp_path / "signalbox.db")
    await week.life()
    return week


async def test_a_week_is_posted_when_it_is_due_and_once(week: Week) -> None:
    await week.ran(MONDAY - 2 * DAY)
    week.clock.now = MONDAY - 1
    await week.life(passes=2)
    assert week.posted == []
    week.clock.now = MONDAY
    await week.life(passes=3)
    for _ in range(6):
        week.clock.tick(DAY)
        await week.life(passes=2)
    (text,) = week.posted
    assert text == (
        "**Costs of 23 to 29 November 2026**: **about $1.00** for 1 job, 1.0 h on machines.\n"
        "By person: みか \\@everyone about $1.00.\n"
        "Saved: about $2.00 by spot machines.\n"
        "These are estimates. `/cost when:2026-11-23..2026-11-29` shows more."
    )


async def test_each_week_has_its_own_jobs(week: Week) -> None:
    await week.ran(MONDAY - 9 * HOUR - 1)
    await week.ran(MONDAY - 9 * HOUR)
    for _ in range(2):
        week.clock.now = MONDAY if week.clock.now < MONDAY else MONDAY + 7 * DAY
        await week.life()
    assert [text.split(":")[0] for text in week.posted] == [
        "**Costs of 23 to 29 November 2026**",
        "**Costs of 30 November to 6 December 2026**",
    ]
    assert all("for 1 job," in text for text in week.posted)


async def test_what_was_spent_is_told_by_project_person_and_the_dearest(week: Week) -> None:
    week.projects["walker"] = replace(PROJECT, name="walker")
    await week.ran(MONDAY - 2 * DAY, id="k7q2mx", quote=replace(QUOTE, usual_usd_per_hour=2.0))
    await week.ran(MONDAY - DAY, project="walker", asker_id=2, asker_name="noor")
    await week.ran(MONDAY - DAY, project="walker", asker_id=2, asker_name="noor", quote=None)
    week.clock.now = MONDAY
    await week.life()
    (text,) = week.posted
    assert "**about $3.00** for 3 jobs, 3.0 h on machines." in text
    assert "By project: `mnist` about $2.00, `walker` about $1.00." in text
    assert "By person: みか \\@everyone about $2.00, noor about $1.00." in text
    assert "The dearest: `k7q2mx` by みか \\@everyone, about $2.00." in text
    assert "The sums are without 1 job of unknown price." in text


async def test_a_channel_hears_of_its_own_projects_alone(week: Week) -> None:
    await week.ran(MONDAY - DAY)
    await week.ran(MONDAY - DAY, project="walker", asker_id=2, asker_name="noor")
    week.clock.now = MONDAY
    await week.life()
    assert len(week.chat.texts) == 2
    for _, channel, text in week.chat.texts:
        assert ("noor" in text) is (channel == OTHER)


@pytest.mark.parametrize("days", [0.1, 3, 6.9])
async def test_a_bot_that_was_down_posts_late_and_once(week: Week, days: float) -> None:
    await week.ran(MONDAY - DAY)
    week.clock.now = MONDAY + days * DAY
    await week.life(passes=2)
    await week.life()
    assert len(week.posted) == 1


async def test_a_bot_that_was_down_for_weeks_posts_the_last_one_alone(week: Week) -> None:
    for ago in (DAY, -6 * DAY, -13 * DAY):
        await week.ran(MONDAY - ago)
    week.clock.now = MONDAY + 15 * DAY
    await week.life(passes=3)
    assert [text.split(":")[0] for text in week.posted] == ["**Costs of 7 to 13 December 2026**"]


async def test_a_week_with_nothing_is_not_mentioned(week: Week) -> None:
    await week.ran(MONDAY - 9 * DAY)
    week.clock.now = MONDAY
    await week.life(passes=2)
    assert week.chat.texts == []


async def test_a_new_channel_begins_with_the_next_digest(tmp_path: Path) -> None:
    week = Week(tmp_path / "signalbox.db")
    await week.ran(MONDAY - 9 * DAY)
    await week.ran(MONDAY - 2 * DAY)
    await week.life()
    assert week.posted == []
    week.clock.now = MONDAY
    await week.life()
    assert len(week.posted) == 1


async def test_without_the_setting_nothing_is_posted(week: Week) -> None:
    await week.ran(MONDAY - DAY)
    week.clock.now, week.caps = MONDAY, replace(CAPS, digest=None)
    await week.life(passes=2)
    assert week.chat.texts == []


async def test_another_weekday_counts_no_day_twice_and_leaves_none_out(week: Week) -> None:
    await week.ran(MONDAY - DAY)
    week.clock.now = MONDAY
    await week.life()
    week.caps = replace(CAPS, digest=DigestTime(2, dt.time(9)))
    await week.ran(MONDAY + DAY)
    week.clock.now = MONDAY + 3 * DAY
    await week.life()
    assert len(week.posted) == 1
    week.clock.now = MONDAY + 9 * DAY
    await week.life(passes=2)
    assert [text.split(":")[0] for text in week.posted[1:]] == ["**Costs of 30 November to 8 December 2026**"]


# ---- kills and refusals ----------------------------------------------------------------------------------
@pytest.mark.parametrize("down", [1.0, 7_200.0])
@pytest.mark.parametrize("after", [False, True])
async def test_killed_while_it_sends_it_is_posted_once(week: Week, down: float, after: bool) -> None:
    await week.ran(MONDAY - DAY)
    week.clock.now = MONDAY
    week.chat.fail("send_text", Killed(), after=after)  # type: ignore[arg-type]
    await week.life(killed=True)
    week.clock.tick(down)
    await week.life(passes=3)
    assert len(week.posted) == 1


@pytest.mark.parametrize("down", [1.0, 7_200.0])
async def test_what_changes_meanwhile_changes_no_message_under_way(week: Week, down: float) -> None:
    await week.ran(MONDAY - DAY)
    week.clock.now = MONDAY
    week.chat.fail("send_text", Killed(), after=True)  # type: ignore[arg-type]
    await week.life(killed=True)
    await week.ran(MONDAY - 2 * DAY)
    week.clock.tick(down)
    await week.life(passes=2)
    assert len(week.posted) == 1
    assert "for 1 job," in week.posted[0]


@pytest.mark.parametrize(("error", "posts"), [(Unavailable("reset"), 1), (Deleted("x"), 0), (Refused("x"), 0)])
async def test_a_passing_error_is_tried_again_and_a_final_one_is_not(
    week: Week, error: ServiceError, posts: int
) -> None:
    await week.ran(MONDAY - DAY)
    week.clock.now = MONDAY
    week.chat.fail("send_text", error)
    await week.life(passes=3)
    assert len(week.posted) == posts


@pytest.mark.parametrize("error", [Missing("Unknown Channel"), Denied("Missing Permissions")])
async def test_a_channel_that_refuses_is_tried_again_later_and_keeps_no_other_waiting(
    week: Week, error: ServiceError
) -> None:
    await week.ran(MONDAY - DAY)
    await week.ran(MONDAY - DAY, project="walker")
    week.clock.now = MONDAY
    async with open_store(week.path, now=week.clock) as store:
        service = week._service(store)
        week.chat.fail("send_text", error)
        await service.once()
        await service.once()
        assert (len(week.posted), len(week.chat.texts)) == (0, 1)
        week.clock.tick(601)
        await service.once()
    assert (len(week.posted), len(week.chat.texts)) == (1, 2)


@pytest.mark.parametrize("back", [HOUR, DAY, 8 * DAY, 400 * DAY])
async def test_a_clock_set_back_posts_nothing_twice(week: Week, back: float) -> None:
    await week.ran(MONDAY - DAY)
    await week.ran(MONDAY - 8 * DAY)
    week.clock.now = MONDAY
    await week.life()
    week.clock.tick(-back)
    await week.life(passes=2)
    week.clock.now = MONDAY + HOUR
    await week.life(passes=2)
    assert len(week.posted) == 1
