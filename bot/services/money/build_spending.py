"""Build what keeps spending within limits, and the loops that run it."""

from dataclasses import dataclass

from bot.services.money.approve import Approve
from bot.services.money.pause import Pause
from bot.services.running.core import Core, Outside
from bot.services.running.loop import Loop


@dataclass(frozen=True, slots=True)
class Spending:
    """What the chat calls, and the loops."""

    approve: Approve
    pause: Pause
    loops: tuple[Loop, ...]


def build(core: Core, outside: Outside) -> Spending:
    approve, pause = Approve(core), Pause(core, outside.chat)
    return Spending(approve, pause, (Loop("approvals", approve.once, 5), Loop("pause", pause.once, 2)))
