"""A sweep in the store, with its trials, for the tests of what looks at both."""

from dataclasses import replace

from bot.domain.model.plan import Plan, Search
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis, Space
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import Trial
from bot.domain.parameters import Kind
from bot.domain.posts import Change
from bot.ports.store import Store
from bot.services.sweeps.trial_book import TrialBook
from tests.support import rows
from tests.support.projects import CHANNEL, PROJECT
from tests.support.rows import changed


def grid(**axes: tuple[float, ...]) -> Plan:
    space = Space(
        tuple(Axis(name, Kind.FLOAT, values) for name, values in axes.items()),
        {"axes": [[name, list(values)] for name, values in axes.items()]},
    )
    return Plan("", space, Search.GRID, space.size or 0)


TWO = grid(lr=(0.1, 0.01), momentum=(0.5, 0.1))
THREE = grid(lr=(0.1, 0.01, 0.001), momentum=(0.5, 0.1), decay=tuple(n / 10 for n in range(8)))


def sweep_job(plan: Plan = TWO, at: float = 1_000_000.0) -> Sweep:
    return rows.sweep(
        plan,
        id="k7q2mx",
        project=PROJECT.name,
        commit=Commit("a" * 40, "main"),
        parameters={},
        asker_id=1,
        asker_name="mika",
        channel_id=CHANNEL,
        interaction_id=9,
        created_at=at,
        timeout_seconds=3600,
        state=JobState.RUNNING,
    )


class Swept:
    """The sweep's story, as the other services tell it to the store."""

    def __init__(self, store: Store, trials: TrialBook) -> None:
        self._store, self._trials = store, trials

    async def begin(self, plan: Plan = TWO) -> Sweep:
        return await self._store.add(sweep_job(plan), ())

    async def sweep(self) -> Sweep:
        sweep = await self._store.job("k7q2mx")
        assert isinstance(sweep, Sweep)
        return sweep

    async def tell(self, *told: Trial) -> None:
        await self._trials.update(await self.sweep(), {each.number: lambda _, each=each: each for each in told})

    async def touch(self) -> None:
        """Something else of the card changes."""

        def step(sweep: Sweep) -> Change:
            return Change(changed(sweep, revision=sweep.publication.revision + 1))

        await self._store.change("k7q2mx", step)

    async def with_card(self) -> None:
        """The card is posted, and up to date."""

        def step(sweep: Sweep) -> Change:
            return Change(replace(sweep, publication=sweep.publication.card_posted(5, sweep.publication.revision)))

        await self._store.change("k7q2mx", step)

    async def end(self) -> None:
        def step(sweep: Sweep) -> Change:
            return Change(sweep.ended(EndReason.SUCCEEDED, 1_000_100.0))

        await self._store.change("k7q2mx", step)

    async def shown(self) -> None:
        """The card gets the picture that is there."""

        def step(sweep: Sweep) -> Change:
            return Change(changed(sweep, shown_picture=sweep.board.picture))

        await self._store.change("k7q2mx", step)


def good(number: int, value: float, source: str = "") -> Trial:
    return Trial(number, "b", JobState.SUCCEEDED, EndReason.SUCCEEDED, value=value, measured=True, source=source)
