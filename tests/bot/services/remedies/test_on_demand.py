"""`on_demand_machine`: after that many lost machines, a job runs again on demand, by a click or by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.money.caps import Caps
from bot.domain.money.caps import Limits as CapLimits
from bot.domain.money.machine import Machine, Resources
from bot.domain.money.quote import Terms
from bot.domain.project import Project
from bot.domain.remedy import Offer, RemedyKind, RemedyMode
from bot.errors import Unavailable, UserError
from bot.ports.engine import Machines, Pool
from bot.services.jobs.submit import TrainRequest
from tests.bot.services.remedies.scene import HOST_LOST, OUT_OF_MEMORY, Scene
from tests.support.projects import CHANNEL
from tests.support.services import MIKA, Bot, Outside

STEADY = Machine("steady", "on-demand", Resources(memory_mib=16_384), usd_per_hour=1.0)
ON_DEMAND = Machines("", (Pool(("g4dn.xlarge",), Terms.ON_DEMAND),), 1, memory_mib=16_384, most_memory_mib=60_000)


@dataclass
class Moving(Scene):
    """A project on spot at 0.40 USD an hour, with a machine on demand at 1 USD."""

    after: int = 2
    named: str = "steady"

    @property
    def project(self) -> Project:
        project = replace(super().project, machines=(STEADY, Machine("other", "other")))
        return replace(project, on_demand_machine=self.named, on_demand_after=self.after)

    async def lose(self, job: Job | None = None, attempts: int = 1) -> Job:
        """A job that has lost its machine at that many attempts."""
        job, engine_id, now = await self.begin(job), self.engine_id, self.outside.clock()
        tries = [Attempt(f"trainer/{engine_id}-{n}", now - 60, now, None, HOST_LOST) for n in range(attempts)]
        self.outside.engine.move(engine_id, JobState.FAILED, *tries, reason=HOST_LOST)
        self.outside.engine.jobs[engine_id] = replace(self.outside.engine.jobs[engine_id], stopped_at=now)
        await self.settle()
        return await self.row(job.id)


@pytest.fixture
def moving(scene: Scene) -> Moving:
    scene.outside.engine.pools_of["on-demand"] = ON_DEMAND
    return Moving(scene.outside, scene.store, scene.folder)


def offered(job: Job) -> Offer:
    assert job.offer is not None
    return job.offer


class TestOffer:
    async def test_after_as_many_reclaims_the_machine_on_demand_is_offered_at_its_price(self, moving: Moving) -> None:
        job = await moving.lose(attempts=2)
        offer = offered(job)
        assert (offer.kind, offer.machine, offer.reclaims) == (RemedyKind.ON_DEMAND, "steady", 2)
        assert offer.usd_most == pytest.approx(1.15), "an hour and the 9 minutes beside it"

    async def test_after_fewer_the_same_once_more(self, moving: Moving) -> None:
        offer = offered(await moving.lose())
        assert (offer.kind, offer.machine, offer.usd_most) == (RemedyKind.AGAIN, "", pytest.approx(0.46))

    async def test_what_the_jobs_before_it_have_lost_counts(self, moving: Moving) -> None:
        moving.restart(after=3)
        first = await moving.lose()
        second = await moving.lose(await moving.bot.submit.retry(first.id, TrainRequest(MIKA, CHANNEL, 70)))
        assert offered(second).kind is RemedyKind.AGAIN
        third = await moving.lose((await moving.take(second)).job)
        assert (offered(third).kind, offered(third).reclaims) == (RemedyKind.ON_DEMAND, 3)

    async def test_other_jobs_have_nothing_to_do_with_it(self, moving: Moving) -> None:
        await moving.lose()
        assert offered(await moving.lose(await moving.bot.train(interaction_id=30))).kind is RemedyKind.AGAIN

    async def test_without_the_setting_nothing_changes(self, moving: Moving) -> None:
        moving.restart(named="")
        assert offered(await moving.lose(attempts=9)).kind is RemedyKind.AGAIN

    async def test_on_that_machine_it_is_offered_as_it_was(self, moving: Moving) -> None:
        job = await moving.bot.submit.train(TrainRequest(MIKA, CHANNEL, 31, values={"lr": 0.1, "machine": "steady"}))
        job = await moving.lose(job, attempts=3)
        assert (job.run.machine, offered(job).kind) == ("steady", RemedyKind.AGAIN)

    @pytest.mark.parametrize("terms", [(Terms.SPOT,), (Terms.ON_DEMAND, Terms.SPOT)])
    async def test_a_queue_that_may_start_spot_machines_is_not_on_demand(
        self, moving: Moving, terms: Sequence[Terms]
    ) -> None:
        pools = tuple(Pool(("g4dn.xlarge",), each) for each in terms)
        moving.outside.engine.pools_of["on-demand"] = replace(ON_DEMAND, pools=pools)
        assert offered(await moving.lose(attempts=3)).kind is RemedyKind.AGAIN

    async def test_nor_one_where_the_job_does_not_fit(self, moving: Moving) -> None:
        job = (await moving.take(await moving.fail(OUT_OF_MEMORY))).job
        assert job.run.memory_mib == 18_432
        moving.outside.engine.pools_of["on-demand"] = replace(ON_DEMAND, most_memory_mib=17_000)
        assert offered(await moving.lose(job, attempts=3)).kind is RemedyKind.AGAIN

    async def test_if_the_engine_does_not_answer_the_config_counts(self, moving: Moving) -> None:
        await moving.begin()
        moving.outside.engine.fail("machines", Unavailable("no route"), times=50)
        now = moving.outside.clock()
        moving.outside.engine.move(
            moving.engine_id,
            JobState.FAILED,
            *(Attempt("trainer/x", now - 60, now, None, HOST_LOST) for _ in range(2)),
            reason=HOST_LOST,
        )
        await moving.settle()
        (job,) = await moving.store.jobs(limit=5)
        assert isinstance(job, Job)
        assert offered(job).kind is RemedyKind.ON_DEMAND


class TestTake:
    async def test_a_click_runs_it_there(self, moving: Moving) -> None:
        job = await moving.lose(attempts=2)
        retry = (await moving.take(job)).job
        await moving.bot.turn()
        call = moving.outside.engine.submissions[-1]
        assert (call.queue, call.resources.memory_mib) == ("on-demand", 16_384)
        assert '"machine": "steady", "reclaims": 2' in call.environment["SIGNALBOX_REMEDY"], "the manifest has it"
        assert retry.run.quote is not None
        assert retry.run.quote.usd_most == pytest.approx(1.15)

    async def test_a_machine_that_is_gone_is_said(self, moving: Moving) -> None:
        job = await moving.lose(attempts=2)
        moving.outside.engine.pools_of["on-demand"] = replace(ON_DEMAND, pools=(Pool(("g5.xlarge",), Terms.SPOT),))
        with pytest.raises(UserError, match="may start spot machines"):
            await moving.take(job)
        moving.bot = Bot(moving.outside, moving.store, moving.folder, project=super(Moving, moving).project)
        with pytest.raises(UserError, match="has no machine steady any more"):
            await moving.take(job)
        assert await moving.retries(job) == []

    async def test_plain_retry_runs_where_it_ran(self, moving: Moving) -> None:
        job = await moving.lose(attempts=2)
        assert (await moving.bot.submit.retry(job.id, TrainRequest(MIKA, CHANNEL, 71))).run.machine == ""

    async def test_found_again_it_is_what_it_was(self, moving: Moving, outside: Outside, tmp_path: Path) -> None:
        retry = (await moving.take(await moving.lose(attempts=2))).job
        await moving.bot.turn()
        async with open_store(tmp_path / "new.db", now=outside.clock) as store:
            bot = Bot(outside, store, tmp_path, project=moving.project)
            await bot.reconcile.once()
            found = await store.job(retry.id)
        assert found is not None
        assert (found.run.remedied, found.run.machine) == (retry.run.remedied, "steady")


class TestAuto:
    async def test_the_bot_moves_it_once_by_itself(self, moving: Moving) -> None:
        moving.restart(mode=RemedyMode.AUTO)
        job = await moving.lose(attempts=2)
        (retry,) = await moving.retries(job)
        assert (retry.run.machine, offered(job).retried_as, offered(job).by_bot) == ("steady", retry.id, True)
        again = await moving.lose(retry, attempts=2)
        assert (await moving.retries(again), offered(again).kind) == ([], RemedyKind.AGAIN)

    async def test_also_after_it_has_retried_it_unchanged(self, moving: Moving) -> None:
        moving.restart(mode=RemedyMode.AUTO)
        first = await moving.lose()
        (second,) = await moving.retries(first)
        assert second.run.machine == ""
        second = await moving.lose(second)
        (third,) = await moving.retries(second)
        assert third.run.machine == "steady"

    async def test_not_a_second_time_whoever_moves_it_back(self, moving: Moving) -> None:
        moving.restart(mode=RemedyMode.AUTO)
        (moved,) = await moving.retries(await moving.lose(attempts=2))
        moved = await moving.lose(moved)
        back = TrainRequest(MIKA, CHANNEL, 72, values={"machine": "default"})
        job = await moving.lose(await moving.bot.submit.retry(moved.id, back))
        assert (await moving.retries(job), offered(job).kind) == ([], RemedyKind.ON_DEMAND)
        assert "once by myself" in offered(job).not_by_bot

    async def test_the_price_on_demand_counts_under_the_caps(self, outside: Outside, tmp_path: Path) -> None:
        outside.engine.pools_of["on-demand"] = ON_DEMAND
        caps = Caps(CapLimits(person_day_usd=1.0))
        async with open_store(tmp_path / "signalbox.db", now=outside.clock, caps=caps) as store:
            moving = Moving(outside, store, tmp_path, caps, RemedyMode.AUTO)
            job = await moving.lose(attempts=2)
            assert await moving.retries(job) == [], "0.46 USD would have fitted, 1.15 do not"
            assert "caps.person_day_usd" in offered(job).not_by_bot
            moving = Moving(outside, store, tmp_path, caps, RemedyMode.AUTO, named="")
            other = await moving.lose(await moving.bot.train(interaction_id=40), attempts=2)
            assert len(await moving.retries(other)) == 1
