"""State: what AWS tells late, twice, in any order, or not at all."""

import itertools
from dataclasses import replace

import pytest

from bot.chat.cards import choose
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from bot.domain.texts import notes
from bot.errors import Throttled, Unavailable
from bot.ports.engine import Hint
from bot.services.jobs.explain_wait import ExplainWait
from bot.services.jobs.track_jobs import QUARANTINED
from bot.services.running.core import Core
from bot.services.running.loop import Heartbeat, Loop, run_forever
from bot.services.running.wakeups import Wakeup, Wakeups
from tests.faults.story import STREAM, count, end, running, settle
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside


async def _hear(bot: Bot, *engine_ids: str) -> None:
    receipts = itertools.count(len(bot.outside.events.acknowledged))
    bot.outside.events.hints = [Hint(engine_id, f"r{next(receipts)}") for engine_id in engine_ids]
    await bot.track_jobs.receive(bot.outside.events, 0)


async def test_an_event_that_comes_five_times_changes_the_state_once(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNABLE)
    before = await bot.job(job.id)
    await _hear(bot, *["batch-1"] * 5)
    await _hear(bot, "batch-1")
    after = await bot.job(job.id)
    assert (after.execution.state, after.publication.revision) == (JobState.RUNNABLE, before.publication.revision + 1)
    assert len(outside.events.acknowledged) == 6


async def test_events_out_of_order_tell_nothing_older_than_what_is_known(bot: Bot, outside: Outside) -> None:
    """Each event only makes the bot ask; what DescribeJobs then says may itself be older than what it said before."""
    job = await running(bot, "one")
    stale = replace(outside.engine.jobs["batch-1"], state=JobState.STARTING)
    end(bot)
    ended = outside.engine.jobs["batch-1"]
    for seen in (ended, stale, ended, stale):
        outside.engine.jobs["batch-1"] = seen
        await _hear(bot, "batch-1")
    await settle(bot)
    assert (await bot.job(job.id)).execution.reason is EndReason.SUCCEEDED
    assert count(bot, PostKind.END) == 1


async def test_events_that_never_come_are_not_missed(bot: Bot) -> None:
    job = await running(bot, "one")
    end(bot)
    await settle(bot)
    assert (await bot.job(job.id)).execution.reason is EndReason.SUCCEEDED
    assert count(bot, PostKind.END) == 1


async def test_failed_before_running_was_ever_seen(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.FAILED, reason="Task failed to start")
    await settle(bot)
    ended = await bot.job(job.id)
    assert (ended.execution.reason, ended.execution.started_at) == (EndReason.NOT_STARTED, None)
    assert count(bot, PostKind.END) == 1


async def test_malformed_and_foreign_events_are_counted_acknowledged_and_never_come_again(
    bot: Bot, outside: Outside
) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNABLE)
    kinds = ("malformed", "foreign")
    before = [QUARANTINED.labels(kind)._value.get() for kind in kinds]
    outside.events.hints = [Hint("", "r1", excerpt="<html>"), Hint("someone-elses", "r2"), Hint("batch-1", "r3")]
    await bot.track_jobs.receive(outside.events, 0)
    await bot.track_jobs.receive(outside.events, 0)
    assert [QUARANTINED.labels(kind)._value.get() for kind in kinds] == [count + 1 for count in before]
    assert outside.events.acknowledged == ["r1", "r2", "r3"]
    assert (await bot.job(job.id)).execution.state is JobState.RUNNABLE


async def test_an_event_queue_that_always_fails_is_asked_ever_more_seldom() -> None:
    """It has no interval of its own: without a rest this would be a loop of failing calls."""
    rests: list[float] = []

    class Counting(Wakeup):
        async def wait(self, seconds: float) -> None:
            rests.append(seconds)
            if len(rests) == 10:
                raise KeyboardInterrupt

    async def fails() -> None:
        raise Unavailable("no such queue")

    with pytest.raises(KeyboardInterrupt):
        await run_forever(Loop("hear", fails, 0, Counting()), Heartbeat(lambda: 0.0))
    assert rests == sorted(rests)
    assert (rests[0], rests[-1]) == (0.5, 30)


@pytest.mark.parametrize("error", [Throttled("TooManyRequestsException"), Unavailable("503")])
async def test_describe_jobs_without_an_answer_for_ten_minutes_the_card_says_how_old_its_state_is(
    bot: Bot, outside: Outside, error: Unavailable
) -> None:
    job = await running(bot, "one")
    known = outside.clock()
    outside.engine.fail("describe", error, times=1000)
    for _ in range(40):
        outside.clock.tick(15)
        with pytest.raises(Unavailable):
            await bot.track_jobs.once()
        await bot.tell()
    old = await bot.job(job.id)
    assert (old.execution.state, old.execution.live, old.execution.unanswered_since) == (
        JobState.RUNNING,
        True,
        known,
    ), "nothing is guessed"
    said = f"AWS Batch has not answered since <t:{known:.0f}:R>. This is the last known state."
    assert said in (choose.card(outside.chat.edits[-1], PROJECT).description or "")
    assert old.publication.revision - job.publication.revision == 1, "said once, not at every try"

    outside.engine.faults.clear()
    outside.clock.tick(15)
    await bot.turn()
    assert (await bot.job(job.id)).execution.unanswered_since is None
    assert "not answered" not in (choose.card(outside.chat.edits[-1], PROJECT).description or "")
    end(bot)
    await settle(bot)
    assert count(bot, PostKind.END) == 1


async def test_an_outage_does_not_make_a_job_lost_that_batch_had_only_just_not_known(
    bot: Bot, outside: Outside
) -> None:
    job = await bot.train()
    await bot.turn()
    known = outside.engine.jobs.pop("batch-1")
    await bot.track_jobs.once()
    outside.engine.fail("describe", Throttled("slow down"), times=10)
    for _ in range(10):
        outside.clock.tick(60)
        with pytest.raises(Throttled):
            await bot.track_jobs.once()
    await bot.track_jobs.once()
    assert (await bot.job(job.id)).execution.live
    outside.engine.jobs["batch-1"] = known


async def test_a_job_that_describe_jobs_no_longer_knows_is_told_as_lost_once(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    outside.engine.jobs.clear()
    for _ in range(30):
        await bot.turn()
        outside.clock.tick(15)
    ended = await bot.job(job.id)
    assert ended.execution.reason is EndReason.LOST
    assert "is unknown" in ended.execution.detail
    assert count(bot, PostKind.END) == 1


async def test_a_clock_that_jumps_ahead_an_hour_makes_no_job_lost(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    known = outside.engine.jobs.pop("batch-1")
    await bot.track_jobs.once()
    outside.clock.tick(3600)
    await bot.track_jobs.once()
    assert (await bot.job(job.id)).execution.live
    outside.engine.jobs["batch-1"] = known
    await bot.track_jobs.once()
    assert (await bot.job(job.id)).execution.live


async def test_succeeded_without_metrics(bot: Bot) -> None:
    await running(bot, "hello")
    end(bot)
    await settle(bot)
    assert bot.said(PostKind.END) == [notes.no_metrics_file()]


async def test_a_reclaim_and_a_second_attempt(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    lost = Attempt(STREAM, outside.clock() - 5, outside.clock(), None, "Host EC2 (instance i-1) terminated.")
    outside.engine.move("batch-1", JobState.RUNNABLE, lost)
    await bot.turn()
    waiting = await bot.job(job.id)
    assert "The machine was taken away" in (choose.card(waiting, PROJECT).description or "")
    second = Attempt("trainer/default/2", outside.clock())
    outside.engine.move("batch-1", JobState.RUNNING, lost, second)
    outside.logs.write("trainer/default/2", "two", at=outside.clock())
    await bot.turn()
    outside.engine.jobs["batch-1"] = replace(
        outside.engine.jobs["batch-1"],
        state=JobState.SUCCEEDED,
        attempts=(lost, replace(second, stopped_at=outside.clock(), exit_code=0)),
    )
    await settle(bot)
    assert [text for text in bot.said(PostKind.NOTE) if text.startswith("Attempt 1 ended")] == bot.said(PostKind.NOTE)
    assert count(bot, PostKind.NOTE) == count(bot, PostKind.END) == 1
    assert bot.said(PostKind.LOG) == ["```\none\n```", "```\ntwo\n```"]


@pytest.mark.parametrize(
    ("reason", "cause", "mend"),
    [
        ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - …", "No machine of this kind is free", "more instance types"),
        ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - …", "more vCPUs than this queue may have", "maximum"),
        ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - …", "No machine of this queue", "lower the memory"),
        ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - …", "lacks a permission", "service role"),
        ("MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - …", "may not have it", "instance types"),
        ("ACTION_REQUIRED - CE(s) … are invalid.", "compute environments are invalid", "doctor"),
        ("UNDETERMINED - …", "says: `UNDETERMINED - …`", "quota"),
        ("SOMETHING:NEW - …", "says: `SOMETHING:NEW - …`", "doctor"),
        ("", "AWS Batch gives no reason", "doctor"),
    ],
)
async def test_runnable_for_long_its_cause_is_told_once_with_the_mend(
    bot: Bot, outside: Outside, reason: str, cause: str, mend: str
) -> None:
    await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNABLE, reason=reason)
    for _ in range(60):
        await bot.turn()
        await bot.explain_wait.once()
        outside.clock.tick(15)
    await bot.tell()
    (note,) = bot.said(PostKind.NOTE)
    assert note.startswith("Waiting for a machine for 5 min.")
    assert cause in note
    assert mend in note


async def test_a_misconfiguration_that_passes_while_the_queue_scales_from_zero_is_not_told(
    bot: Bot, outside: Outside
) -> None:
    await bot.train()
    await bot.turn()
    for reason in ("", "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - …", ""):
        outside.engine.move("batch-1", JobState.RUNNABLE, reason=reason)
        for _ in range(10):
            await bot.turn()
            await bot.explain_wait.once()
            outside.clock.tick(15)
    assert not bot.said(PostKind.NOTE)


async def test_what_the_store_says_right_after_a_start_is_not_told_as_if_it_were_so_still(
    bot: Bot, outside: Outside
) -> None:
    """The bot was down for hours: the job may run since, and is only about to be looked at."""
    await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNABLE)
    await bot.track_jobs.once()
    outside.clock.tick(7200)
    await bot.explain_wait.once()
    await bot.tell()
    assert not bot.said(PostKind.NOTE)


async def test_a_new_cause_is_told_too_and_neither_again_after_a_restart(bot: Bot, outside: Outside) -> None:
    await bot.train()
    await bot.turn()
    for reason in ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"):
        outside.engine.move("batch-1", JobState.RUNNABLE, reason=reason)
        for _ in range(30):
            await bot.turn()
            await bot.explain_wait.once()
            outside.clock.tick(15)
        bot.explain_wait = ExplainWait(Core(bot.store, {}, Wakeups(), outside.clock), outside.engine, 300)
    for _ in range(30):
        await bot.turn()
        await bot.explain_wait.once()
        outside.clock.tick(15)
    assert [
        ("No machine of this kind" in note, "No machine of this queue" in note) for note in bot.said(PostKind.NOTE)
    ] == [
        (True, False),
        (False, True),
    ]
