"""What may cost much starts when a second person has approved exactly that, and otherwise not."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.access import Person
from bot.domain.model.rows import Posted
from bot.domain.model.states import EndReason, JobState
from bot.domain.money.hold import HoldKind
from bot.domain.posts import Change, PostKind
from bot.domain.spending.approval import token
from bot.errors import CapReached, NotAllowed, UserError
from bot.ports.audit import Wanted
from tests.bot.services.money.scene import Scene
from tests.support.jobs import make_job, quote
from tests.support.projects import ADMIN, CHANNEL, GUILD
from tests.support.services import GUEST, MIKA, NOOR

LEAD = Person(4, "lena", frozenset({GUILD, ADMIN}), CHANNEL)
LEFT_THE_TEAM = replace(NOOR, roles=frozenset({GUILD}))


async def approve(scene: Scene, posted: Posted, person: Person = MIKA, asker: Person | None = NOOR) -> Posted:
    return await scene.bot.approve.approve(posted.id, token(posted), person, asker)


class TestWaiting:
    async def test_up_to_the_sum_nothing_waits(self, scene: Scene) -> None:
        job = await scene.job(5)
        assert job.execution.hold is None

    async def test_above_it_nothing_is_submitted_and_the_sum_is_reserved(self, scene: Scene) -> None:
        job, sweep = await scene.job(5.01), await scene.sweep(10)
        await scene.bot.turn()
        assert scene.submitted == 0
        assert [hold.kind for row in (job, sweep) if (hold := row.execution.hold)] == [HoldKind.APPROVAL] * 2
        with pytest.raises(CapReached):
            await scene.job(5)

    async def test_approval_starts_it_also_after_a_restart(self, scene: Scene) -> None:
        job, sweep = await scene.job(6), await scene.sweep(10)
        scene.restart()
        for posted in (job, sweep):
            approved = await approve(scene, posted)
            assert approved.execution.approval is not None
            assert approved.execution.approval.by_id == MIKA.id
        await scene.bot.turn()
        assert scene.submitted == 2

    async def test_a_retry_of_an_approved_job_asks_again(self, scene: Scene) -> None:
        job = await scene.job(6)
        await approve(scene, job)
        again = replace(make_job(asker_id=NOOR.id, channel_id=CHANNEL, created_at=scene.outside.clock()), run=job.run)
        retried = await scene.admission.add(replace(again, request=replace(again.request, retry_of=job.id)), NOOR)
        assert retried.execution.hold is not None

    async def test_without_a_price_it_is_closed(self, scene: Scene) -> None:
        with pytest.raises(CapReached, match="usd_per_hour"):
            await scene.admission.add(make_job(asker_id=NOOR.id, channel_id=CHANNEL), NOOR)


class TestWho:
    async def test_nobody_approves_their_own_not_even_an_admin(self, scene: Scene) -> None:
        job = await scene.job(6, MIKA)
        with pytest.raises(NotAllowed, match="yourself"):
            await approve(scene, job, MIKA, MIKA)
        await approve(scene, job, LEAD, MIKA)

    @pytest.mark.parametrize("person", [NOOR, GUEST])
    async def test_nobody_without_the_verb(self, scene: Scene, person: Person) -> None:
        job = await scene.job(6, MIKA)
        with pytest.raises(NotAllowed):
            await approve(scene, job, person, MIKA)

    @pytest.mark.parametrize("asker", [None, LEFT_THE_TEAM])
    async def test_whoever_asked_must_be_allowed_to_start_it_now(self, scene: Scene, asker: Person | None) -> None:
        job = await scene.job(6)
        with pytest.raises(UserError, match="can't be approved"):
            await approve(scene, job, MIKA, asker)
        await scene.bot.turn()
        assert scene.submitted == 0


class TestOnce:
    async def test_of_clicks_at_once_one_counts_and_the_others_learn_who(self, scene: Scene) -> None:
        job = await scene.job(6)
        clicks = [approve(scene, job, person) for person in (MIKA, LEAD, MIKA, LEAD)]
        results = await asyncio.gather(*clicks, return_exceptions=True)
        refused = [str(each) for each in results if isinstance(each, UserError)]
        assert len(refused) == 3
        assert all("already approved, by mika" in text for text in refused)
        approved = await scene.store.audited(Wanted(what="approve"), 0, 10)
        assert len(approved) == 1

    async def test_a_declined_one_ends_and_is_not_approved_later(self, scene: Scene) -> None:
        job = await scene.job(6)
        declined = await scene.bot.approve.decline(job.id, token(job), MIKA)
        assert (declined.execution.reason, declined.execution.detail) == (EndReason.NOT_APPROVED, "declined by mika")
        with pytest.raises(UserError, match="declined by mika"):
            await approve(scene, job, LEAD)
        await scene.bot.turn()
        (result,) = [m for m in scene.outside.chat.messages if m.post.new.kind is PostKind.END]
        assert (scene.submitted, result.post.new.files) == (0, ())

    async def test_a_stopped_one_is_not_approved(self, scene: Scene) -> None:
        for posted in (await scene.job(6), await scene.sweep(6)):
            await scene.bot.stop.stop(posted.id, NOOR)
            with pytest.raises(UserError, match="does not wait"):
                await approve(scene, posted)
            await scene.bot.turn()
            assert (await scene.row(posted)).execution.reason is EndReason.STOPPED
        assert scene.submitted == 0


class TestBound:
    async def test_a_button_of_another_request_approves_nothing(self, scene: Scene) -> None:
        job, other = await scene.job(6), await scene.job(7)
        with pytest.raises(UserError, match="has changed"):
            await scene.bot.approve.approve(job.id, token(other), MIKA, NOOR)
        with pytest.raises(UserError, match="has changed"):
            await scene.bot.approve.decline(job.id, token(other), MIKA)

    async def test_the_token_is_another_one_for_anything_else(self, scene: Scene) -> None:
        job = await scene.job(6)
        commit = replace(job.run.commit, sha="b" * 40)
        others = [
            replace(job, run=replace(job.run, commit=commit)),
            replace(job, run=replace(job.run, parameters={"lr": 0.2})),
            replace(job, run=replace(job.run, quote=quote(6.01))),
            replace(job, run=replace(job.run, timeout_seconds=7_200)),
        ]
        assert len({token(each) for each in (job, *others)}) == 5
        assert token(await scene.row(job)) == token(job)
        sweep = await scene.sweep(6)
        assert token(await scene.row(sweep)) == token(sweep)
        assert token(replace(sweep, plan=replace(sweep.plan, trials=3))) != token(sweep)

    async def test_after_an_hour_it_ends(self, scene: Scene) -> None:
        rows = [await scene.job(6), await scene.sweep(6)]
        scene.outside.clock.tick(3_599)
        await scene.bot.turn()
        assert (await scene.row(rows[0])).execution.live
        scene.outside.clock.tick(1)
        with pytest.raises(UserError, match="that is over"):
            await approve(scene, rows[0])
        await scene.bot.turn()
        await scene.bot.turn()
        for row in rows:
            ended = await scene.row(row)
            assert ended.execution.reason is EndReason.NOT_APPROVED
            assert ended.publication.result.committed_at is not None
        assert scene.submitted == 0
        await scene.job(20)

    async def test_a_clock_set_back_does_not_lengthen_the_hour(self, scene: Scene) -> None:
        job = await scene.job(6)
        scene.outside.clock.tick(-7_200)
        await scene.bot.turn()
        assert (await scene.row(job)).execution.reason is EndReason.NOT_APPROVED


class TestAgain:
    async def test_the_caps_are_asked_again(self, scene: Scene) -> None:
        job = await scene.job(6)
        adopted = make_job(asker_id=NOOR.id, quote=quote(15), created_at=scene.outside.clock(), recovered_at=1.0)
        await scene.store.add(replace(adopted, execution=replace(adopted.execution, state=JobState.RUNNING)), [])
        with pytest.raises(CapReached, match="can raise it"):
            await approve(scene, job)
        assert (await scene.row(job)).execution.hold is not None

    async def test_a_risen_price_is_asked_anew(self, scene: Scene) -> None:
        job = await scene.job(6)
        scene.outside.clock.tick(3_000)
        scene.quotes[job.id] = quote(8)
        with pytest.raises(UserError, match=r"\$8.00, not \$6.00"):
            await approve(scene, job)
        stored = await scene.row(job)
        assert stored.run.quote == quote(8)
        with pytest.raises(UserError, match="has changed"):
            await approve(scene, job)
        scene.outside.clock.tick(3_000)
        await approve(scene, stored)

    async def test_a_fallen_price_is_not(self, scene: Scene) -> None:
        job = await scene.job(6)
        scene.quotes[job.id] = quote(5.5)
        await approve(scene, job)


class TestRestored:
    async def test_one_that_had_been_approved_and_runs_is_followed_and_not_ended(self, scene: Scene) -> None:
        """A snapshot from before the approval: the engine knows the job."""
        job = await scene.job(6)
        await approve(scene, job)
        await scene.bot.launch.once()
        await scene.store.change(job.id, lambda row: Change(replace(row, execution=job.execution)))
        scene.outside.clock.tick(60)
        await scene.bot.reconcile.once()
        await scene.bot.turn()
        stored = await scene.row(job)
        assert (stored.execution.live, stored.execution.hold, scene.submitted) == (True, None, 1)
        assert scene.outside.engine.terminated == []
