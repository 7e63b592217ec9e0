"""`remedy = "auto"`: the bot retries once by itself, in one transaction with the result, and never past a cap."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.access import Grant, Verb
from bot.domain.money.caps import Caps, Limits
from bot.domain.posts import PostKind
from bot.domain.remedy import RemedyMode
from bot.ports.audit import Wanted
from bot.services.jobs.submit import TrainRequest
from tests.bot.services.remedies.scene import HOST_LOST, OUT_OF_MEMORY, TIMED_OUT, Scene
from tests.support.projects import CHANNEL, TRAINER
from tests.support.services import MIKA, Outside


@pytest.fixture
def auto(scene: Scene) -> Scene:
    scene.restart(mode=RemedyMode.AUTO)
    return scene


class TestOnce:
    async def test_with_its_result_a_job_is_retried_with_more(self, auto: Scene) -> None:
        job = await auto.fail(OUT_OF_MEMORY)
        (retry,) = await auto.retries(job)
        assert job.offer is not None
        assert (job.offer.retried_as, job.offer.by_bot) == (retry.id, True)
        assert [call.resources.memory_mib for call in auto.outside.engine.submissions] == [0, 18_432]
        assert (retry.request.asker_id, retry.request.channel_id) == (MIKA.id, CHANNEL)
        assert retry.publication.card_id is not None
        assert auto.results == 1

    async def test_never_twice_in_a_row(self, auto: Scene) -> None:
        first = await auto.fail(OUT_OF_MEMORY)
        (second,) = await auto.retries(first)
        second = await auto.fail(OUT_OF_MEMORY, job=second)
        assert await auto.retries(second) == []
        assert second.offer is not None
        assert second.offer.open
        assert "once by myself" in second.offer.not_by_bot
        third = (await auto.take(second)).job
        third = await auto.fail(OUT_OF_MEMORY, job=third)
        assert await auto.retries(third) == [], "nor after a click in between"

    async def test_nor_after_a_plain_retry_in_between(self, auto: Scene) -> None:
        first = await auto.fail(OUT_OF_MEMORY)
        (second,) = await auto.retries(first)
        await auto.fail(code=1, job=second)
        third = await auto.bot.submit.retry(second.id, TrainRequest(MIKA, CHANNEL, 80))
        third = await auto.fail(OUT_OF_MEMORY, job=third)
        assert await auto.retries(third) == []

    async def test_a_click_after_it_gets_the_same_job(self, auto: Scene) -> None:
        job = await auto.fail(OUT_OF_MEMORY)
        taken = await auto.take(job)
        assert taken.before
        assert len(await auto.retries(job)) == 1

    async def test_the_audit_says_that_the_bot_did_it(self, auto: Scene) -> None:
        job = await auto.fail(OUT_OF_MEMORY)
        (retry,) = await auto.retries(job)
        (entry,) = await auto.store.audited(Wanted(job=retry.id, what="start"), 0, 5)
        assert (entry.fields["by"]["id"], entry.fields["why"]) == ("0", f"retry of {job.id}: memory")


class TestWhat:
    async def test_a_lost_machine_is_retried_unchanged(self, auto: Scene) -> None:
        job = await auto.fail(status=HOST_LOST, code=None)
        (retry,) = await auto.retries(job)
        await auto.bot.turn()
        first, second = auto.outside.engine.submissions
        assert (second.resources.memory_mib, second.timeout_seconds, second.command) == (
            0,
            first.timeout_seconds,
            first.command,
        )
        assert retry.run.parameters == job.run.parameters

    async def test_a_time_limit_only_with_a_checkpoint(self, auto: Scene) -> None:
        job = await auto.fail(status=TIMED_OUT, code=None)
        assert await auto.retries(job) == []
        assert job.offer is not None
        assert job.offer.open
        assert "start over" in job.offer.not_by_bot
        other = await auto.begin(await auto.bot.train(interaction_id=30))
        auto.checkpoint_of(other)
        auto.end("", TIMED_OUT, None)
        await auto.settle()
        (retry,) = await auto.retries(other)
        assert (retry.run.timeout_seconds, retry.run.resume_from is not None) == (5_400, True)

    async def test_nothing_that_cannot_be_offered(self, auto: Scene) -> None:
        auto.outside.engine.pools = replace(auto.outside.engine.pools, most_memory_mib=12_500)  # type: ignore[type-var]
        job = await auto.fail(OUT_OF_MEMORY)
        assert await auto.retries(job) == []

    async def test_nothing_else(self, auto: Scene) -> None:
        ends = (("", 1), ("", 137), ("CannotPullContainerError: no such image", None))
        for number, (reason, code) in enumerate(ends):
            job = await auto.fail(reason, code=code, job=await auto.bot.train(interaction_id=20 + number))
            assert await auto.retries(job) == []


class TestLimits:
    async def test_a_pause_keeps_it_from_starting_and_the_button_stays(self, auto: Scene) -> None:
        job = await auto.begin()
        auto.end(OUT_OF_MEMORY)
        await auto.bot.pause.pause(MIKA, "The budget is used up.")
        await auto.settle()
        job = await auto.row(job.id)
        assert await auto.retries(job) == []
        assert job.offer is not None
        assert job.offer.open
        assert "The budget is used up." in job.offer.not_by_bot
        assert auto.results == 1

    async def test_a_cap_keeps_it_from_starting_and_the_result_says_so(self, outside: Outside, tmp_path: Path) -> None:
        caps = Caps(Limits(person_day_usd=0.461))
        async with open_store(tmp_path / "signalbox.db", now=outside.clock, caps=caps) as store:
            auto = Scene(outside, store, tmp_path, caps, RemedyMode.AUTO)
            job = await auto.fail(OUT_OF_MEMORY)
            assert await auto.retries(job) == []
            assert job.offer is not None
            assert "caps.person_day_usd" in job.offer.not_by_bot
            assert auto.results == 1

    async def test_what_somebody_must_approve_waits_for_somebody_to_ask(self, auto: Scene) -> None:
        job = await auto.begin()
        auto.restart(caps=Caps(Limits(approve_above_usd=0.3)))
        auto.end(OUT_OF_MEMORY)
        await auto.settle()
        failed = await auto.row(job.id)
        assert await auto.retries(failed) == []
        assert failed.offer is not None
        assert "must approve" in failed.offer.not_by_bot

    async def test_nobody_is_made_to_spend_more_than_their_grant_allows(self, auto: Scene) -> None:
        policy = auto.bot.permits.policy
        poor = Grant(frozenset({str(TRAINER)}), frozenset({Verb.TRAIN}), spend_up_to_usd=0.3)
        job = await auto.begin()
        auto.bot.permits.policy = replace(policy, grants=(poor, *policy.grants[2:]))
        auto.end(OUT_OF_MEMORY)
        await auto.settle()
        failed = await auto.row(job.id)
        assert await auto.retries(failed) == []
        assert failed.offer is not None
        assert "$0.30" in failed.offer.not_by_bot


async def test_the_result_says_what_was_done(auto: Scene) -> None:
    job = await auto.fail(OUT_OF_MEMORY)
    (retry,) = await auto.retries(job)
    ends = [m for m in auto.outside.chat.messages if m.post.new.kind is PostKind.END]
    shown = ends[0].job.offer
    assert shown is not None
    assert shown.retried_as == retry.id, "known when the result is posted"
