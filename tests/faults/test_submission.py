"""Submission: at most one live Batch job for each confirmed command, whatever is lost, repeated or killed."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.domain.model.observation import Attempt, Observation
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from bot.errors import StoreError, Unavailable
from bot.ports.store import Store
from bot.services.jobs.submit_call import BOT_TAG, INTERACTION_TAG, PROJECT_TAG
from tests.faults.story import STREAM, archived, count, end, running, settle
from tests.support.fakes import LOST_REPLY
from tests.support.services import MIKA, Bot, Outside


def _double(outside: Outside, engine_id: str, *, age: float, **changes: object) -> Observation:
    """Another Batch job of the same command, older or younger by `age` seconds."""
    first = outside.engine.jobs["batch-1"]
    double = replace(first, engine_id=engine_id, created_at=(first.created_at or 0.0) - age, **changes)  # type: ignore[arg-type]
    outside.engine.jobs[engine_id] = double
    return double


async def _launching(bot: Bot, seconds: int) -> None:
    """Each second, as the loop does while an answer is awaited."""
    for _ in range(seconds):
        await bot.launch.once()
        bot.outside.clock.tick(1)


async def test_a_reply_lost_after_the_effect_is_adopted_by_name_and_there_is_one_job(
    bot: Bot, outside: Outside
) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    for _ in range(10):
        await bot.turn()
        outside.clock.tick(10)
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_a_503_before_the_effect_is_submitted_again_after_it_is_surely_absent(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", Unavailable("503"))
    job = await bot.train()
    await bot.launch.once()
    for _ in range(9):
        outside.clock.tick(5)
        await bot.launch.once()
    assert not outside.engine.submissions, "AWS may not show for 45 s what it has taken"
    outside.clock.tick(5)
    await bot.launch.once()
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_killed_between_intent_and_call(outside: Outside, store: Store, tmp_path: Path) -> None:
    job = await Bot(outside, store, tmp_path).train()
    second = Bot(outside, store, tmp_path)
    await second.turn()
    assert (await second.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_killed_between_call_and_commit_with_list_jobs_lagging_45_seconds(
    outside: Outside, store: Store, tmp_path: Path
) -> None:
    first = Bot(outside, store, tmp_path)
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await first.train()
    await first.launch.once()
    outside.engine.lagging = True
    second = Bot(outside, store, tmp_path)
    for _ in range(44):
        await second.launch.once()
        outside.clock.tick(1)
    outside.engine.lagging = False
    await second.launch.once()
    assert (await second.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_the_same_click_twice_and_the_same_interaction_replayed_are_one_job(bot: Bot, outside: Outside) -> None:
    jobs = [await bot.train(interaction_id=5) for _ in range(3)]
    await settle(bot)
    assert len({job.id for job in jobs}) == len(outside.engine.submissions) == 1
    assert count(bot, PostKind.CARD) == 1


async def test_two_bots_on_one_store_the_second_exits_and_says_why(tmp_path: Path) -> None:
    async with open_store(tmp_path / "signalbox.db"):
        with pytest.raises(StoreError, match=r"Another bot works on the store .*\nEnd that one first"):
            async with open_store(tmp_path / "signalbox.db"):
                pass


async def test_a_late_double_is_ended_and_told_once_and_the_older_job_is_kept(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    _double(outside, "late", age=-60, state=JobState.RUNNABLE, attempts=())
    for _ in range(3):
        await bot.reconcile.once()
        await bot.turn()
    assert set(outside.engine.terminated) == {"late"}
    (note,) = bot.said(PostKind.NOTE)
    assert note == "This command had two jobs in AWS Batch. `late` is being ended; `batch-1` continues."
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"


async def test_of_two_that_wait_the_older_is_kept_also_where_the_store_knows_the_younger(
    bot: Bot, outside: Outside
) -> None:
    job = await bot.train()
    await bot.turn()
    _double(outside, "older", age=60)
    await bot.reconcile.once()
    assert outside.engine.terminated == ["batch-1"]
    assert (await bot.job(job.id)).execution.engine_id == "older"
    outside.engine.jobs["batch-1"] = replace(outside.engine.jobs["batch-1"], state=JobState.FAILED, terminated=True)
    await bot.turn()
    assert (await bot.job(job.id)).execution.live, "the end of the double is not the job's"
    outside.logs.write(STREAM, "hello", at=outside.clock())
    end(bot, engine_id="older")
    await settle(bot)
    assert (await bot.job(job.id)).execution.reason is EndReason.SUCCEEDED
    assert count(bot, PostKind.END) == 1


async def test_one_that_runs_is_not_ended_for_an_older_one_that_waits(bot: Bot, outside: Outside) -> None:
    """It holds the claim on the results: the older would stop by itself."""
    job = await running(bot, "one")
    _double(outside, "older", age=60, state=JobState.RUNNABLE, attempts=())
    await bot.reconcile.once()
    assert outside.engine.terminated == ["older"]
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"


async def test_a_success_is_not_given_up_for_a_double_that_begins(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    end(bot)
    _double(outside, "late", age=-60, state=JobState.STARTING, attempts=())
    await bot.reconcile.once()
    await settle(bot)
    assert "late" in outside.engine.terminated
    assert (await bot.job(job.id)).execution.reason is EndReason.SUCCEEDED


async def test_a_double_found_after_the_end_was_told_is_ended(bot: Bot, outside: Outside) -> None:
    await running(bot, "one")
    end(bot)
    await settle(bot)
    _double(outside, "late", age=-60, state=JobState.RUNNING, attempts=())
    await bot.reconcile.once()
    await settle(bot)
    assert outside.engine.terminated == ["late"]
    assert "This job has ended" in bot.said(PostKind.NOTE)[0]
    assert count(bot, PostKind.END) == 1


async def test_what_ended_while_it_was_looked_at_is_left_alone(bot: Bot, outside: Outside) -> None:
    """The list is older than the store: a job that has just ended is no double of itself."""
    await running(bot, "one")
    stale = await outside.engine.live("queue")
    end(bot)
    await settle(bot)

    async def live(queue: str) -> list[Observation]:
        return stale

    outside.engine.live = live  # type: ignore[method-assign]
    await bot.reconcile.once()
    await bot.tell()
    assert not outside.engine.terminated
    assert not bot.said(PostKind.NOTE)


async def test_a_job_of_a_lost_store_is_adopted_with_its_parameters_its_card_and_its_end(
    bot: Bot, outside: Outside, tmp_path: Path
) -> None:
    before = await running(bot, "one", "two")
    outside.clock.tick(3600)
    async with open_store(tmp_path / "new" / "signalbox.db") as empty:
        second = Bot(outside, empty, tmp_path)
        await second.reconcile.once()
        outside.clock.tick(1)
        outside.logs.write(STREAM, "three", at=outside.clock())
        await settle(second)
        job = await second.job(before.id)
        assert (job.run.parameters, job.run.commit.sha, job.run.commit.branch) == (
            before.run.parameters,
            "a" * 40,
            "main",
        )
        assert (job.request.asker_id, job.request.asker_name, job.request.interaction_id) == (
            MIKA.id,
            "mika",
            before.request.interaction_id,
        )
        end(second)
        await settle(second)
        assert second.said(PostKind.LOG) == ["```\none\ntwo\n```", "```\nthree\n```"], "nothing is told again"
        assert archived(second, job) == ["one", "two", "three"], "everything is kept"
        assert count(second, PostKind.CARD) == count(second, PostKind.END) == 1
        assert (job.publication.card_id, job.publication.thread_id) == (
            before.publication.card_id,
            before.publication.thread_id,
        )
        assert len(outside.engine.submissions) == 1
        assert not outside.engine.terminated


async def test_jobs_of_other_bots_and_of_other_projects_are_left_alone(bot: Bot, outside: Outside) -> None:
    await running(bot, "one")
    tags = dict(outside.engine.jobs["batch-1"].tags)
    for name, changed in (("other", {BOT_TAG: "other"}), ("project", {PROJECT_TAG: "gone", "signalbox:job": "xyz"})):
        _double(outside, name, age=1, tags=tuple({**tags, **changed}.items()))
    _double(outside, "untagged", age=1, tags=())
    await bot.reconcile.once()
    assert not outside.engine.terminated
    assert len(await bot.store.jobs()) == 1


async def test_a_job_with_our_tags_that_cannot_be_read_is_an_orphan(bot: Bot, outside: Outside) -> None:
    """Nobody can see or stop it: the guard names it, and ends it after a grace."""
    await running(bot, "one")
    tags = dict(outside.engine.jobs["batch-1"].tags) | {"signalbox:job": "nobody", INTERACTION_TAG: "abc"}
    _double(outside, "odd", age=1, tags=tuple(tags.items()))
    await bot.reconcile.once()
    assert (outside.engine.terminated, set(bot.reconcile.orphans)) == ([], {"odd"})


async def test_a_queue_that_cannot_be_read_is_tried_again(bot: Bot, outside: Outside) -> None:
    await running(bot, "one")
    _double(outside, "late", age=-60, state=JobState.RUNNABLE)
    outside.engine.fail("live", Unavailable("5xx"))
    with pytest.raises(Unavailable):
        await bot.reconcile.once()
    await bot.reconcile.once()
    assert outside.engine.terminated == ["late"]


async def test_a_clock_set_back_between_call_and_look_up_waits_for_aws_anew(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY)
    await bot.train()
    await bot.launch.once()
    outside.clock.tick(-3600)
    await bot.launch.once()
    for _ in range(11):
        outside.clock.tick(4)
        await bot.launch.once()
    assert not outside.engine.submissions
    outside.clock.tick(2)
    await bot.launch.once()
    assert len(outside.engine.submissions) == 1, "not after an hour and 45 s"
    assert outside.engine.jobs["batch-1"].attempts == ()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
