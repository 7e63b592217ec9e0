"""Post what a week has cost, once in each project's first channel."""

from dataclasses import replace

import structlog

from bot.domain.clock import passed
from bot.domain.money.period import Span, span
from bot.domain.money.weekly import DigestTime, WeeklyMessage, WeeklyPosition
from bot.domain.spending.cost_report import CostReport
from bot.domain.texts.weekly_text import weekly_text
from bot.errors import Deleted, Denied, Missing, Refused, Unavailable
from bot.ports.chat import Chat
from bot.ports.costs import FIRST
from bot.services.delivery.own_message import SendOnce
from bot.services.money.report_costs import PAGE, ReportCosts
from bot.services.running.core import Core

log = structlog.get_logger()

PASS_SECONDS = 60.0
REFUSED_SECONDS = 600.0
"""Before a channel that refused is tried again: Discord counts each refusal."""


class PostWeekly:
    """`once` sends what is due. What it is about to send is in the store before the first attempt.

    A bot that was down at that time posts late, and once. A channel that is new begins with the next digest. A week
    without a job or a sweep is not mentioned.
    """

    def __init__(self, core: Core, chat: Chat, costs: ReportCosts, nonce_window: float) -> None:
        self._store, self._now, self._projects = core.store, core.now, core.projects
        self._caps, self._costs = core.caps, costs
        self._send = SendOnce(chat, core.now, nonce_window)
        self._refused_at: dict[int, float] = {}

    async def once(self) -> None:
        if (at := self._caps.digest) is None:
            return
        for channel_id in self._channels():
            await self._in_channel(channel_id, at)

    def _channels(self) -> dict[int, list[str]]:
        """The projects of each channel that is the first of any."""
        found: dict[int, list[str]] = {}
        for name, project in self._projects.items():
            if project.channel_ids:
                found.setdefault(project.channel_ids[0], []).append(name)
        return found

    async def _in_channel(self, channel_id: int, at: DigestTime) -> None:
        due = at.last(self._caps.calendar, self._now())
        place = await self._store.weekly_position(channel_id)
        if place is None:
            await self._store.keep_weekly_position(WeeklyPosition(channel_id, due))
            return
        if place.pending is None and (days := place.next_days(due)) is not None:
            place = await self._with_message(place, span(*days, self._caps.calendar))
        if place.pending is not None and passed(self._refused_at.get(channel_id, 0.0), REFUSED_SECONDS, self._now()):
            await self._deliver(place, place.pending)

    async def _with_message(self, place: WeeklyPosition, days: Span) -> WeeklyPosition:
        """The position with a message to send; the same if there is nothing to tell."""
        report = await self._report(self._channels()[place.channel_id], days)
        if not report.total.count:
            return place
        nonce = f"w{days.until:%Y%m%d}-{place.channel_id % 10**11}"
        return replace(place, pending=WeeklyMessage(days.until, nonce, weekly_text(report, days)))

    async def _report(self, projects: list[str], days: Span) -> CostReport:
        report, after = CostReport(self._caps.calendar, self._costs.rates()), FIRST
        while page := await self._store.costs(days.start, days.end, projects=projects, after=after, limit=PAGE):
            for charge in page:
                report.add(charge)
            after = page[-1].counted_at, page[-1].id
        return report

    async def _deliver(self, place: WeeklyPosition, message: WeeklyMessage) -> None:
        async def attempt(at: float) -> None:
            await self._store.keep_weekly_position(replace(place, pending=replace(message, attempted_at=at)))

        try:
            message_id = await self._send.arrived(place.channel_id, message, place.message_id, attempt)
        except Deleted:
            message_id = 0
        except Unavailable as error:
            log.warning("could not post the week's costs, will try again", error=str(error))
            return
        except (Missing, Denied) as error:
            self._refused_at[place.channel_id] = self._now()
            log.warning("the channel refuses the week's costs", channel=place.channel_id, error=str(error))
            return
        except Refused as error:
            log.warning("the week's costs were refused", channel=place.channel_id, error=str(error))
            message_id = 0
        await self._store.keep_weekly_position(place.settled(message.until, message_id))
