"""The bot with caps, and with prices that a test sets."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.adapters.sqlite import SqliteStore
from bot.domain.access import Person
from bot.domain.model.job import Job
from bot.domain.model.plan import Plan, Search
from bot.domain.model.rows import Posted
from bot.domain.model.space import Axis, Space
from bot.domain.model.sweep import Sweep
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.quote import Quote
from bot.domain.parameters import Kind
from bot.services.money.admission import Admission
from bot.services.money.approve import Approve
from tests.support.jobs import make_job, make_sweep, quote
from tests.support.projects import CHANNEL
from tests.support.services import NOOR, Bot, Outside

SPACE = Space((Axis("lr", Kind.FLOAT, (0.1, 0.01)),), {"axes": [["lr", [0.1, 0.01]]]})
PLAN = Plan("lr=0.1,0.01", SPACE, Search.GRID, trials=2)
CAPS = Caps(Limits(person_day_usd=20, approve_above_usd=5))


@dataclass
class Scene:
    """`usd` is what a quote would be now."""

    outside: Outside
    store: SqliteStore
    folder: Path
    caps: Caps = CAPS
    quotes: dict[str, Quote] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.bot = Bot(self.outside, self.store, self.folder, caps=self.caps)
        self.bot.approve = Approve(self.bot.core, self._requote)
        self.admission = Admission(self.bot.core)

    async def _requote(self, posted: Posted) -> Quote | None:
        return self.quotes.get(posted.id, posted.run.quote)

    async def job(self, usd: float, person: Person = NOOR) -> Job:
        asked = {"asker_id": person.id, "asker_name": person.name, "channel_id": CHANNEL}
        job = make_job(**asked, quote=quote(usd), created_at=self.outside.clock(), parameters={"lr": 0.1})
        return await self.admission.add(job, person)

    async def sweep(self, usd: float, person: Person = NOOR, parallel: int = 0) -> Sweep:
        asked = {"asker_id": person.id, "asker_name": person.name, "channel_id": CHANNEL, "parameters": {}}
        plan = replace(PLAN, parallel=parallel)
        sweep = make_sweep(plan, **asked, quote=quote(usd, runs=2), created_at=self.outside.clock())
        return await self.admission.add(sweep, person)

    async def row(self, posted: Posted) -> Posted:
        return await self.bot.job(posted.id)

    @property
    def submitted(self) -> int:
        return len(self.outside.engine.submissions)
