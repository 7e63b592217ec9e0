"""Build what keeps spending within limits, and the loops that run it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.model.rows import Posted
from bot.domain.money.quote import Quote
from bot.domain.project import Project
from bot.services.money import bill_book
from bot.services.money.approve import Approve, Requote
from bot.services.money.bill_book import BILLS_FILE, BillBook
from bot.services.money.pause import Pause
from bot.services.money.post_weekly import PASS_SECONDS, PostWeekly
from bot.services.money.quotes import Needs, Quotes
from bot.services.money.report_costs import ReportCosts
from bot.services.running.core import Core, Outside, Setup
from bot.services.running.loop import Loop


@dataclass(frozen=True, slots=True)
class Spending:
    """What the chat calls, and the loops."""

    approve: Approve
    pause: Pause
    report_costs: ReportCosts
    loops: tuple[Loop, ...]


def build(core: Core, outside: Outside, quotes: Quotes, setup: Setup) -> Spending:
    approve, pause = Approve(core, requoting(quotes, core.projects)), Pause(core, outside.chat)
    book = BillBook(outside.bills, setup.data_dir / BILLS_FILE, core.now) if outside.bills is not None else None
    report_costs = ReportCosts(core, outside.figures, book)
    weekly = PostWeekly(core, outside.chat, report_costs, setup.nonce_window)
    loops = [
        Loop("approvals", approve.once, 5),
        Loop("pause", pause.once, 2),
        Loop("post_weekly", weekly.once, PASS_SECONDS),
    ]
    if book is not None:
        loops.append(Loop("read_bill", book.once, bill_book.PASS_SECONDS))
    return Spending(approve, pause, report_costs, tuple(loops))


def requoting(quotes: Quotes, projects: Mapping[str, Project]) -> Requote:
    """What something that waits would be quoted now."""

    async def requote(posted: Posted) -> Quote | None:
        project, seen = projects.get(posted.run.project), posted.run.quote
        if project is None or seen is None:
            return None
        needs, place = Needs(posted.run.timeout_seconds, posted.run.memory_mib), project.on(posted.run.machine)
        return await quotes.of(place, seen.runs, seen.expected_seconds, at_once=seen.at_once, needs=needs)

    return requote
