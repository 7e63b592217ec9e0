"""What the result of a failed job offers, and what a click on it starts."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.access import Grant, Verb
from bot.domain.model.states import EndReason, JobState
from bot.domain.remedy import Obstacle, RemedyKind, RemedyMode
from bot.errors import NotAllowed, Paused, Unavailable, UserError
from bot.services.jobs.submit import TrainRequest
from bot.services.remedies.remedies import PriceRisen
from tests.bot.services.remedies.scene import HOST_LOST, MACHINES, OUT_OF_MEMORY, TIMED_OUT, Scene
from tests.support.projects import CHANNEL, TRAINER
from tests.support.services import GUEST, MIKA, NOOR

GPU = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."


class TestOffer:
    async def test_more_memory_with_what_it_costs(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY)
        assert job.offer is not None
        assert (job.offer.kind, job.offer.before, job.offer.after) == (RemedyKind.MEMORY, 12_288, 18_432)
        assert job.offer.usd_most == pytest.approx(0.46)
        assert scene.outside.engine.memory_asked[-1] == 18_432, "the price is that of machines with this memory"

    async def test_more_time_costs_more(self, scene: Scene) -> None:
        job = await scene.fail(status=TIMED_OUT, code=None)
        assert job.offer is not None
        assert (job.offer.kind, job.offer.before, job.offer.after) == (RemedyKind.TIME, 3_600, 5_400)
        assert job.offer.usd_most == pytest.approx(0.66)

    async def test_a_killed_command_alone_proves_nothing(self, scene: Scene) -> None:
        assert (await scene.fail(code=137)).offer is None

    async def test_nothing_where_the_config_wants_none(self, scene: Scene) -> None:
        scene.restart(mode=RemedyMode.OFF)
        assert (await scene.fail(OUT_OF_MEMORY)).offer is None

    async def test_a_checkpoint_is_gone_on_from(self, scene: Scene) -> None:
        for number, name in enumerate(("checkpoint.pt", "resume.json", "artifacts/checkpoint.pt")):
            job = await scene.begin(await scene.bot.train(interaction_id=20 + number))
            scene.checkpoint_of(job, name)
            scene.end("", TIMED_OUT, None)
            await scene.settle()
            offer = (await scene.row(job.id)).offer
            assert offer is not None
            assert (offer.resume_from is not None) == (not name.startswith("artifacts/")), name

    async def test_without_an_answer_of_s3_the_result_goes_out_and_a_retry_starts_over(self, scene: Scene) -> None:
        scene.outside.artifacts.read = _unavailable  # type: ignore[method-assign]
        job = await scene.fail(status=TIMED_OUT, code=None)
        assert scene.results == 1
        assert job.offer is not None
        assert job.offer.resume_from is None

    async def test_without_an_answer_of_the_engine_the_result_goes_out_without_an_offer(self, scene: Scene) -> None:
        job = await scene.begin()
        scene.end(OUT_OF_MEMORY)
        scene.outside.engine.fail("machines", Unavailable("no route"), times=50)
        await scene.settle()
        assert scene.results == 1
        offer = (await scene.row(job.id)).offer
        assert offer is not None
        assert offer.obstacle is Obstacle.MACHINES_UNKNOWN


class TestGpu:
    async def test_gpu_memory_is_never_mended_by_the_hosts(self, scene: Scene) -> None:
        job = await scene.fail(code=1, said=GPU)
        assert (job.execution.reason, job.offer) == (EndReason.COMMAND_FAILED, None)

    async def test_not_even_if_the_engine_says_that_a_process_was_killed_for_memory(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY, code=1, said=GPU)
        assert (job.execution.reason, job.execution.detail, job.offer) == (EndReason.COMMAND_FAILED, GPU, None)

    async def test_a_worker_that_was_killed_for_the_hosts_memory_is_told_apart(self, scene: Scene) -> None:
        said = "RuntimeError: DataLoader worker (pid 31) is killed by signal: Killed."
        job = await scene.fail(OUT_OF_MEMORY, code=1, said=said)
        assert job.execution.reason is EndReason.OUT_OF_MEMORY
        assert job.offer is not None


class TestTake:
    async def test_a_click_runs_the_same_commit_with_more(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY)
        taken = await scene.take(job)
        await scene.bot.turn()
        call = scene.outside.engine.submissions[-1]
        assert (call.resources.memory_mib, call.timeout_seconds) == (18_432, 3_600)
        assert taken.job.run.commit == job.run.commit
        assert taken.job.run.parameters == job.run.parameters
        assert taken.job.run.key != job.run.key
        assert taken.job.run.quote is not None
        assert (await scene.row(job.id)).offer == replace(job.offer, retried_as=taken.job.id)  # type: ignore[type-var]

    async def test_the_limit_and_the_checkpoint_are_in_the_call(self, scene: Scene) -> None:
        job = await scene.begin()
        scene.checkpoint_of(job)
        scene.end("", TIMED_OUT, None)
        await scene.settle()
        job = await scene.row(job.id)
        await scene.take(job)
        await scene.bot.turn()
        call = scene.outside.engine.submissions[-1]
        assert (call.resources.memory_mib, call.timeout_seconds) == (0, 5_400)
        assert f'"job": "{job.id}"' in call.environment["SIGNALBOX_RESUME_FROM"]
        assert f'"key": "{job.run.key}"' in call.environment["SIGNALBOX_RESUME_FROM"]
        assert '"after": 5400' in call.environment["SIGNALBOX_REMEDY"]

    async def test_two_clicks_and_two_people_are_one_job(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY)
        clicks = [(MIKA, 50), (NOOR, 51), (MIKA, 52), (MIKA, 50)]
        taken = await asyncio.gather(*(scene.take(job, person, number) for person, number in clicks))
        assert len({each.job.id for each in taken}) == 1
        assert sum(not each.before for each in taken) >= 1
        assert len(await scene.retries(job)) == 1
        again = await scene.take(await scene.row(job.id), NOOR, 60)
        assert again.before

    async def test_it_takes_the_right_to_train(self, scene: Scene) -> None:
        scene.restart(usd=0.0)
        job = await scene.fail(OUT_OF_MEMORY)
        with pytest.raises(NotAllowed):
            await scene.take(job, GUEST)
        assert await scene.retries(job) == []

    async def test_it_may_cost_no_more_than_the_persons_grant_allows(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY)
        policy = scene.bot.permits.policy
        poor = Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN}), spend_up_to_usd=0.3)
        scene.bot.permits.policy = replace(policy, grants=(policy.grants[0], poor))
        with pytest.raises(NotAllowed, match=r"\$0.30 at most"):
            await scene.take(job, NOOR)
        assert await scene.retries(job) == []

    async def test_a_risen_price_is_said_before_anything_starts(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY)
        scene.restart(usd=0.8)
        risen = await scene.click(job)
        assert isinstance(risen, PriceRisen)
        assert "up to $0.92, not $0.46" in risen.text
        assert await scene.retries(job) == []
        await scene.take(job, seen_usd=risen.usd_most)
        assert len(await scene.retries(job)) == 1

    async def test_not_during_a_pause(self, scene: Scene) -> None:
        job = await scene.fail(OUT_OF_MEMORY)
        await scene.bot.pause.pause(MIKA, "The budget is used up.")
        with pytest.raises(Paused):
            await scene.take(job)
        await scene.bot.pause.resume(MIKA)
        assert not (await scene.take(await scene.row(job.id))).before

    async def test_not_what_the_queue_or_the_project_has_no_more(self, scene: Scene) -> None:
        memory = await scene.fail(OUT_OF_MEMORY)
        scene.outside.engine.pools = replace(MACHINES, most_memory_mib=16_000)
        with pytest.raises(UserError, match="No machine of the queue"):
            await scene.take(memory)

    async def test_nothing_is_offered_for_other_jobs(self, scene: Scene) -> None:
        job = await scene.fail(code=1)
        with pytest.raises(UserError, match="nothing to retry"):
            await scene.take(job)

    async def test_a_second_failure_is_offered_more_again(self, scene: Scene) -> None:
        first = await scene.fail(OUT_OF_MEMORY)
        second = (await scene.take(first)).job
        await scene.bot.turn()
        scene.outside.engine.jobs[scene.engine_id] = replace(
            scene.outside.engine.jobs[scene.engine_id], memory_mib=18_432
        )
        scene.outside.engine.move(scene.engine_id, JobState.RUNNING)
        await scene.bot.turn()
        scene.end(OUT_OF_MEMORY)
        await scene.settle()
        offer = (await scene.row(second.id)).offer
        assert offer is not None
        assert (offer.before, offer.after) == (18_432, 27 * 1_024)

    async def test_plain_retry_keeps_the_memory(self, scene: Scene) -> None:
        first = await scene.fail(OUT_OF_MEMORY)
        second = (await scene.take(first)).job
        third = await scene.bot.submit.retry(second.id, TrainRequest(MIKA, CHANNEL, 70))
        assert third.run.memory_mib == 18_432
        fourth = await scene.bot.submit.retry(first.id, TrainRequest(MIKA, CHANNEL, 71))
        assert fourth.run.memory_mib == 0


async def test_a_lost_machine_is_offered_again_with_its_checkpoint(scene: Scene) -> None:
    job = await scene.begin()
    scene.checkpoint_of(job)
    scene.end("", HOST_LOST, None)
    await scene.settle()
    job = await scene.row(job.id)
    assert job.offer is not None
    assert job.offer.kind is RemedyKind.AGAIN
    retry = (await scene.take(job)).job
    assert (retry.run.memory_mib, retry.run.timeout_seconds) == (0, 3_600)
    assert retry.run.resume_from is not None


async def test_a_retry_that_ended_before_its_first_checkpoint_hands_on_where_it_began(scene: Scene) -> None:
    first = await scene.begin()
    scene.checkpoint_of(first)
    scene.end("", HOST_LOST, None)
    await scene.settle()
    second = (await scene.take(await scene.row(first.id))).job
    failed = await scene.fail(status=HOST_LOST, code=None, job=second)
    assert failed.offer is not None
    assert failed.offer.resume_from is not None
    assert failed.offer.resume_from.job == first.id


async def _unavailable(_uri: str, *, limit: int) -> bytes:
    raise Unavailable("S3 does not answer")
