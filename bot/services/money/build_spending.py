"""Build what keeps spending within limits, and the loops that run it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.model.rows import Posted
from bot.domain.money.quote import Quote
from bot.domain.project import Project
from bot.services.money.approve import Approve, Requote
from bot.services.money.pause import Pause
from bot.services.money.quotes import Quotes
from bot.services.running.core import Core, Outside
from bot.services.running.loop import Loop


@dataclass(frozen=True, slots=True)
class Spending:
    """What the chat calls, and the loops."""

    approve: Approve
    pause: Pause
    loops: tuple[Loop, ...]


def build(core: Core, outside: Outside, quotes: Quotes) -> Spending:
    approve, pause = Approve(core, requoting(quotes, core.projects)), Pause(core, outside.chat)
    return Spending(approve, pause, (Loop("approvals", approve.once, 5), Loop("pause", pause.once, 2)))


def requoting(quotes: Quotes, projects: Mapping[str, Project]) -> Requote:
    """What something that waits would be quoted now."""

    async def requote(posted: Posted) -> Quote | None:
        project, seen = projects.get(posted.run.project), posted.run.quote
        if project is None or seen is None:
            return None
        return await quotes.of(project.on(posted.run.machine), seen.runs, seen.expected_seconds, at_once=seen.at_once)

    return requote
