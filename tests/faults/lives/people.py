"""People: they ask, stop, approve or don't, and answer warnings or don't."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bot.domain.model.job import Job
from bot.domain.money.hold import HoldKind
from bot.domain.spending.approval import token
from bot.errors import CapReached, Paused, ServiceError, UserError
from bot.services.jobs.submit import TrainRequest
from tests.faults.lives.fates import MOST_PATIENCE, Answer, Life
from tests.faults.lives.judge import Judge
from tests.faults.lives.rules import ASKERS, BOSS
from tests.faults.lives.verdict import Asked
from tests.faults.lives.wired import Wired
from tests.support.clock import Clock
from tests.support.projects import CHANNEL


@dataclass
class Commanded:
    """How far a life is, as its people know it."""

    life: Life
    job_id: str = ""
    accepted_at: float = 0.0
    over: bool = False
    """Refused, or all is done."""
    stopped: bool = False
    left: bool = False
    warned_at: dict[int, float] = field(default_factory=dict)


class People:
    """All of one world. `tell` takes what happens to a command, for the story."""

    def __init__(
        self, lives: Sequence[Life], clock: Clock, judge: Judge, tell: Callable[[str, Commanded | None], None]
    ) -> None:
        self.all = [Commanded(life) for life in lives]
        self._clock, self._judge, self._tell, self._began = clock, judge, tell, clock()
        self.next_id = ""
        """Of the command that is being given."""

    @property
    def over(self) -> bool:
        return all(each.over for each in self.all)

    def restored(self) -> None:
        """What was lost with the store is over, and what was stopped is stopped again where it lives on."""
        for each in self.all:
            each.over = each.over or (bool(each.job_id) and each.job_id not in self._judge.asked)
            each.stopped = False

    async def act(self, bot: Wired) -> None:
        now = self._clock() - self._began
        for each in self.all:
            if each.over or now < each.life.asked_at:
                continue
            if not each.job_id:
                await self._ask(bot, each)
            else:
                await self._follow(bot, each, now)

    async def _ask(self, bot: Wired, each: Commanded) -> None:
        self.next_id = f"l{each.life.number}"
        request = TrainRequest(ASKERS[each.life.asker], CHANNEL, 1_000 + each.life.number)
        try:
            job = await bot.services.submit.train(request)
        except CapReached:
            each.over = True
            self._tell("refused by a cap", each)
            return
        except Paused:
            self._tell("refused by a pause", each)
            each.over = True
            return
        except ServiceError:
            return
        each.job_id, each.accepted_at = job.id, self._clock()
        self._judge.accepted(Asked(job.id, each.life, self._clock()))
        self._tell("accepted", each)

    async def _follow(self, bot: Wired, each: Commanded, now: float) -> None:
        row = await bot.store.job(each.job_id)
        if not isinstance(row, Job) or not row.execution.live:
            return
        life = each.life
        forever = life.patience == MOST_PATIENCE and not each.left
        out_of_patience = now >= life.asked_at + life.patience and not each.stopped and not forever
        if out_of_patience and await granted(bot.services.stop.stop(row.id, ASKERS[life.asker])):
            each.stopped = True
            self._judge.stopped(row.id)
            self._tell("stopped by its asker", each)
        hold, decides_after = row.execution.hold, life.approves_after
        asked_to_approve = hold is not None and hold.kind is HoldKind.APPROVAL and decides_after is not None
        if asked_to_approve and self._clock() >= each.accepted_at + (decides_after or 0.0):
            await self._decide(bot, row, each)
        if row.watch.warned:
            await self._answer(bot, row, each)

    async def _decide(self, bot: Wired, row: Job, each: Commanded) -> None:
        approve = bot.services.approve
        if each.life.declines:
            await granted(approve.decline(row.id, token(row), BOSS))
        else:
            await granted(approve.approve(row.id, token(row), BOSS, ASKERS[each.life.asker]))

    async def _answer(self, bot: Wired, row: Job, each: Commanded) -> None:
        newest = row.watch.warned[-1]
        since = each.warned_at.setdefault(newest.number, self._clock())
        if each.life.answer is Answer.NOTHING or self._clock() < since + each.life.answers_after:
            return
        asker = ASKERS[each.life.asker]
        if each.life.answer is Answer.STOP:
            await granted(bot.services.stop.stop(row.id, asker))
        elif await granted(bot.services.answer_guard.leave(row.id, asker)):
            each.left = True
            self._judge.left(row.id, row.execution.attempts_ended, [warned.condition for warned in row.watch.warned])
            self._tell("left alone by its asker", each)

    def note_ends(self) -> None:
        for each in self.all:
            if each.job_id and not each.over and self._judge.done(each.job_id):
                each.over = True
                self._tell("over", each)


async def granted(command: Awaitable[object]) -> bool:
    """True if it went well. What the bot refuses is refused."""
    with suppress(UserError, ServiceError):
        await command
        return True
    return False
