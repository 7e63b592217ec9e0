"""A job as the channel sees it: card, thread, log, end, archive; with kills and lost answers in between."""

import re
from pathlib import Path

import pytest

from bot.domain.logs.log_lines import LogEvent
from bot.domain.model.job import Job
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.posts import PostKind
from bot.domain.texts import notes
from bot.errors import Denied, Missing, Throttled, Unavailable
from bot.ports.engine import Hint
from bot.ports.store import LogLines, Store
from tests.support.fakes import LOST_REPLY
from tests.support.services import MIKA, Bot, Outside

CSV = b"epoch,train_loss,val_loss,val_accuracy\n1,0.9,0.8,71.5\n2,0.5,0.4,96.7\n3,0.4,0.5,96.1\n"
STREAM = "trainer/default/1"


def _metrics(epoch: int, accuracy: float) -> str:
    return f'@metrics {{"epoch": {epoch}, "epochs": 3, "val_accuracy": {accuracy}}}'


async def _run(bot: Bot, *lines: str) -> Job:
    """A job that runs and has printed these lines."""
    outside = bot.outside
    job = await bot.train()
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    outside.logs.write(STREAM, *lines, at=outside.clock())
    await bot.turn()
    return await bot.job(job.id)


def _end(bot: Bot, state: JobState, exit_code: int, reason: str = "") -> None:
    clock = bot.outside.clock
    bot.outside.engine.move("batch-1", state, Attempt(STREAM, clock() - 10, clock(), exit_code, reason))


async def _settle(bot: Bot) -> None:
    """Until everything that waits for time has had it."""
    for _ in range(6):
        await bot.turn()
        bot.outside.clock.tick(15)


async def test_a_success_from_card_to_archive(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "loading", _metrics(1, 71.5), _metrics(2, 96.7), "done")
    assert (job.progress.epoch, job.progress.epochs, job.progress.best) == (2, 3, 96.7)
    assert job.publication.card_id == 500
    assert job.publication.thread_id == 501
    assert bot.said(PostKind.LOG) == ["```\nloading\ndone\n```"]

    outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/metrics.csv"] = CSV
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    kinds = [m.post.new.kind for m in outside.chat.messages]
    assert kinds == [PostKind.CARD, PostKind.THREAD, PostKind.LOG, PostKind.END, PostKind.LOG_FILE]
    end = outside.chat.messages[3]
    assert end.job.execution.reason is EndReason.SUCCEEDED
    assert (end.job.progress.best, end.job.progress.best_epoch) == (96.7, 2)
    assert end.post.new.files[0].name == f"{job.id}.png"
    assert outside.chat.edits[-1].execution.state is JobState.SUCCEEDED
    archived = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].decode()
    assert archived.splitlines() == ["loading", _metrics(1, 71.5), _metrics(2, 96.7), "done"]
    assert not await bot.store.unfinished(), "nothing is left to do"


async def test_a_failure_tells_why_with_its_last_lines(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "epoch 1/3", "Traceback (most recent call last):", "ValueError: shapes do not fit")
    _end(bot, JobState.FAILED, 1, "Essential container in task exited")
    await bot.turn()
    assert not bot.said(PostKind.END), "its last lines may still be on their way"
    await _settle(bot)
    ended = await bot.job(job.id)
    assert (ended.execution.reason, ended.execution.exit_code) == (EndReason.COMMAND_FAILED, 1)
    assert ended.execution.detail == "ValueError: shapes do not fit"
    (text,) = bot.said(PostKind.END)
    assert text.startswith("```\nepoch 1/3\nTraceback")
    assert "no plot" not in text


async def test_success_without_metrics_says_so(bot: Bot) -> None:
    await _run(bot, "hello")
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    assert bot.said(PostKind.END) == [notes.no_metrics_file()]


async def test_success_that_lost_a_result_says_so(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "hello")
    manifest = b'{"not_stored": [{"name": "model.pt", "reason": "Permission denied"}], "not_stored_count": 1}'
    outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/manifest.json"] = manifest
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    ended = await bot.job(job.id)
    assert (ended.execution.reason, ended.execution.detail) == (
        EndReason.SUCCEEDED,
        "not stored: model.pt (Permission denied)",
    )


async def test_the_word_of_a_lost_attempt_is_not_that_of_the_success(bot: Bot) -> None:
    job = await _run(bot, '@signalbox {"error": "claim-lost", "message": "taken over"}')
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    assert (await bot.job(job.id)).execution.detail == ""


async def test_results_that_s3_refused_are_no_failure_before_the_training(bot: Bot) -> None:
    job = await _run(bot, '@signalbox {"error": "results-not-stored", "message": "AccessDenied (missing: model.pt)"}')
    _end(bot, JobState.FAILED, 74, "Essential container in task exited")
    await _settle(bot)
    ended = (await bot.job(job.id)).execution
    assert (ended.reason, ended.detail) == (EndReason.RESULTS_NOT_STORED, "AccessDenied (missing: model.pt)")


async def test_the_end_waits_for_the_plot_and_then_goes_without(bot: Bot, outside: Outside) -> None:
    await _run(bot, "hello")
    outside.artifacts.fail("read", Unavailable("S3 is slow"), times=100)
    _end(bot, JobState.SUCCEEDED, 0)
    await bot.turn()
    assert not bot.said(PostKind.END)
    outside.clock.tick(61)
    await bot.turn()
    assert bot.said(PostKind.END) == ["The plot could not be drawn: S3 is slow"]


async def test_the_entrypoints_word_becomes_the_reason(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, '@signalbox {"error": "commit-not-found", "message": "commit a1b2c3d is not there"}')
    assert job.execution.detail == "commit a1b2c3d is not there"


@pytest.mark.parametrize("after", [False, True])
async def test_every_message_is_sent_once_though_its_answer_is_lost(bot: Bot, outside: Outside, after: bool) -> None:
    job = await bot.train()
    await bot.launch.once()
    for _ in range(12):
        outside.chat.fail("send", LOST_REPLY, after=after)
        await bot.tell()
        outside.clock.tick(3)
    outside.chat.faults.clear()
    outside.clock.tick(31)
    await bot.tell()
    assert [m.post.new.kind for m in outside.chat.messages] == [PostKind.CARD, PostKind.THREAD]
    assert (await bot.job(job.id)).publication.thread_id == 501


async def test_after_the_nonce_window_the_history_is_read_first(outside: Outside, store: Store, tmp_path: Path) -> None:
    first = Bot(outside, store, tmp_path)
    await first.train()
    outside.chat.fail("send", LOST_REPLY, after=True)
    await first.delivery.once()
    await first.delivery.settle()
    outside.clock.tick(3600)
    second = Bot(outside, store, tmp_path)
    await second.tell()
    kinds = [m.post.new.kind for m in outside.chat.messages]
    assert kinds == [PostKind.CARD, PostKind.THREAD], "one card, though an hour has passed"


async def test_a_kill_in_the_middle_of_a_job_loses_and_repeats_nothing(
    outside: Outside, store: Store, tmp_path: Path
) -> None:
    first = Bot(outside, store, tmp_path)
    job = await _run(first, "one", "two")
    outside.logs.write(STREAM, "three", at=outside.clock())
    await first.tail.once()

    outside.clock.tick(3600)
    outside.logs.write(STREAM, "four", at=outside.clock())
    second = Bot(outside, store, tmp_path)
    _end(second, JobState.SUCCEEDED, 0)
    await _settle(second)
    third = Bot(outside, store, tmp_path)
    await _settle(third)
    assert third.said(PostKind.LOG) == ["```\none\ntwo\n```", "```\nthree\nfour\n```"]
    assert len(third.said(PostKind.END)) == 1
    log = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"]
    assert log.decode().split() == ["one", "two", "three", "four"]


async def test_a_line_that_comes_after_the_end_is_in_the_archive(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "one")
    outside.clock.tick(120)
    _end(bot, JobState.SUCCEEDED, 0)
    await bot.turn()
    outside.clock.tick(9)
    outside.logs.write(STREAM, "late", at=outside.clock() - 100)
    outside.clock.tick(2)
    await _settle(bot)
    log = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"]
    assert log.decode().split() == ["one", "late"]
    assert "late" in bot.said(PostKind.LOG)[-1]


async def test_a_line_that_became_readable_late_has_its_place_in_the_archive(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "first\nstill first", "second")
    outside.clock.tick(4)
    outside.logs.write(STREAM, "fünfth", "sixth", at=outside.clock())
    await bot.turn()
    outside.logs.write(STREAM, "third", "fourth", at=outside.clock() - 2)
    outside.clock.tick(6)
    await bot.turn()
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    log = outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"]
    assert log.decode().splitlines() == ["first", "still first", "second", "third", "fourth", "fünfth", "sixth"]


async def test_lines_older_than_the_command_by_the_bots_clock_are_read(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.clock.tick(-3600)  # it was an hour ahead
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    outside.logs.write(STREAM, "one", at=outside.clock())
    await bot.turn()
    assert (await bot.store.log_lines(job.id, 0, 0)).total == 1


async def test_a_clock_set_ahead_loses_no_job_that_batch_is_only_late_to_show(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.launch.once()
    shown, outside.engine.jobs = outside.engine.jobs, {}
    for seconds in (0, 1, 3600, 1):
        outside.clock.tick(seconds)
        await bot.track_jobs.once()
    outside.engine.jobs = shown
    await bot.track_jobs.once()
    assert (await bot.job(job.id)).execution.live


async def test_a_missing_stream_does_not_keep_the_others_from_being_read(bot: Bot, outside: Outside) -> None:
    await bot.train(interaction_id=1)
    await bot.train(interaction_id=2)
    await bot.turn()
    for number in (1, 2):
        outside.engine.move(f"batch-{number}", JobState.RUNNING, Attempt(f"trainer/{number}", outside.clock()))
    outside.logs.write("trainer/2", "hello", at=outside.clock())
    await bot.turn()
    assert bot.said(PostKind.LOG) == ["```\nhello\n```"]


async def test_throttled_reads_slow_down_and_lose_nothing(bot: Bot, outside: Outside) -> None:
    outside.logs.fail("read", Throttled("rate exceeded"), times=3)
    await _run(bot, "one")
    assert bot.said(PostKind.LOG) == ["```\none\n```"]


async def test_lines_wait_for_others_to_share_a_message(outside: Outside, store: Store, tmp_path: Path) -> None:
    bot = Bot(outside, store, tmp_path, hold=10)
    await _run(bot, "one")
    outside.clock.tick(4)
    outside.logs.write(STREAM, "two", at=outside.clock())
    await bot.turn()
    assert bot.said(PostKind.LOG) == []
    outside.clock.tick(7)
    await bot.turn()
    assert bot.said(PostKind.LOG) == ["```\none\ntwo\n```"]
    outside.logs.write(STREAM, *(f"line {n}" for n in range(30)), at=outside.clock())
    await bot.turn()
    assert len(bot.said(PostKind.LOG)) == 2, "that is enough for a message"


async def test_pages_are_read_to_the_end(bot: Bot, outside: Outside) -> None:
    outside.logs.page = 7
    job = await _run(bot, *(f"line {number}" for number in range(50)))
    assert (await bot.store.log_lines(job.id, 0, 0)).total == 50


async def test_a_thread_that_is_far_behind_gets_a_digest_and_the_file(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, *(f"line {number}" for number in range(5000)))
    (message,) = [m for m in outside.chat.messages if m.post.new.kind is PostKind.LOG]
    assert message.post.new.digest
    assert "left out" in message.post.new.text
    assert "line 4999" in message.post.new.text
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    assert "5,000 lines" in bot.said(PostKind.LOG_FILE)[0]
    assert len(outside.artifacts.objects[f"s3://bucket/jobs/{job.id}/log.txt"].splitlines()) == 5000


async def test_lines_that_come_while_a_digest_is_made_are_told_once(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _run(bot, "the first")
    looked = bot.store.log_lines

    async def growing(job_id: str, first: int, limit: int) -> LogLines:
        """The log as it is, and a line more behind it each time."""
        seen = await looked(job_id, first, limit)
        late = LogEvent(f"late{seen.total}", "s", int(outside.clock() * 1000), f"line {seen.total}")
        await bot.store.append_log(job_id, [late], lambda *_: None)
        return seen

    events = [LogEvent(f"e{n}", "s", int(outside.clock() * 1000), f"line {n}") for n in range(1, 2001)]
    await bot.store.append_log(job.id, events, lambda *_: None)
    monkeypatch.setattr(bot.store, "log_lines", growing)
    await bot.post_lines.once()
    monkeypatch.undo()
    await bot.tell()
    told = re.findall(r"^line (\d+)$", "\n".join(bot.said(PostKind.LOG)), flags=re.MULTILINE)
    assert len(set(told)) == len(told)
    assert told[-2:] == ["2001", "2002"]


async def test_an_archived_log_is_forgotten_after_a_week_and_read_from_s3(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "one", _metrics(1, 50), "two")
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    before = await bot.find.log(job.id, 2, MIKA)
    await bot.archive.tidy()
    assert (await bot.store.log_lines(job.id, 0, 0)).total == 3, "a week has not passed"
    outside.clock.tick(8 * 86_400)
    await bot.archive.tidy()
    assert (await bot.store.log_lines(job.id, 0, 0)).total == 0
    assert await bot.find.log(job.id, 2, MIKA) == before
    assert (before.text, before.first, before.total) == ("two", 1, 3)


async def test_events_are_hints_and_acknowledged_after_the_state_is_kept(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.launch.once()
    outside.engine.move("batch-1", JobState.RUNNABLE)
    outside.events.hints = [Hint("batch-1", "r1"), Hint("", "r2"), Hint("foreign", "r3")]
    outside.engine.fail("describe", Unavailable("5xx"))
    with pytest.raises(Unavailable):
        await bot.track_jobs.receive(outside.events, 0)
    assert not outside.events.acknowledged
    await bot.track_jobs.receive(outside.events, 0)
    assert outside.events.acknowledged == ["r1", "r2", "r3"]
    assert (await bot.job(job.id)).execution.state is JobState.RUNNABLE


async def test_a_job_that_batch_has_forgotten_is_told_as_lost(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.turn()
    outside.engine.jobs.clear()
    await bot.turn()
    assert (await bot.job(job.id)).execution.live
    for _ in range(3):
        outside.clock.tick(101)
        await bot.turn()
    ended = await bot.job(job.id)
    assert ended.execution.reason is EndReason.LOST
    assert ended.publication.result.committed_at is not None


async def test_a_reclaim_is_noted_in_the_thread_once(bot: Bot, outside: Outside) -> None:
    job = await _run(bot, "one")
    lost = Attempt(STREAM, outside.clock() - 5, outside.clock(), None, "Host EC2 (instance i-1) terminated.")
    outside.engine.move("batch-1", JobState.RUNNABLE, lost)
    await bot.turn()
    outside.engine.move("batch-1", JobState.RUNNING, lost, Attempt("trainer/default/2", outside.clock()))
    outside.logs.write("trainer/default/2", "again", at=outside.clock())
    await bot.turn()
    await bot.turn()
    (note,) = bot.said(PostKind.NOTE)
    assert note.startswith("Attempt 1 ended (Host EC2 (instance i-1) terminated).")
    assert (await bot.job(job.id)).execution.streams == (STREAM, "trainer/default/2")
    assert bot.said(PostKind.LOG)[-1] == "```\nagain\n```"


async def test_a_thread_that_is_forbidden_is_not_asked_again_and_the_end_is_told(bot: Bot, outside: Outside) -> None:
    outside.chat.fail("send", Unavailable("once"))
    job = await bot.train()
    await bot.turn()
    outside.clock.tick(1)
    await bot.delivery.once()
    await bot.delivery.settle()
    outside.chat.fail("send", Denied("Missing Permissions", code="50013"))
    await bot.tell()
    assert (await bot.job(job.id)).publication.thread_id == 0
    outside.engine.move("batch-1", JobState.RUNNING, Attempt(STREAM, outside.clock()))
    outside.logs.write(STREAM, *(f"line {n}" for n in range(900)), at=outside.clock())
    sends = outside.chat.sends
    for _ in range(4):
        await bot.turn()
    assert outside.chat.sends == sends, "nothing can go into a thread that is not there"
    _end(bot, JobState.SUCCEEDED, 0)
    await _settle(bot)
    assert len(bot.said(PostKind.END)) == 1
    assert not await bot.store.pending_posts()


async def test_a_deleted_card_is_edited_once_and_not_again(bot: Bot, outside: Outside) -> None:
    await _run(bot, "one")
    outside.chat.fail("show", Missing("Unknown Message", code="10008"), times=9)
    for epoch in (1, 2, 3):
        outside.logs.write(STREAM, _metrics(epoch, 90), at=outside.clock())
        outside.clock.tick(6)
        await bot.turn()
    assert len(outside.chat.faults) >= 6


async def test_cards_are_edited_no_more_often_than_the_pace(bot: Bot, outside: Outside) -> None:
    await _run(bot, "one")
    outside.clock.tick(6)
    await bot.turn()
    edits = len(outside.chat.edits)
    for epoch in range(1, 11):
        outside.logs.write(STREAM, _metrics(epoch, 90), at=outside.clock())
        outside.clock.tick(1)
        await bot.turn()
    assert 1 <= len(outside.chat.edits) - edits <= 3
