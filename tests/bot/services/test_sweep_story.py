"""A sweep as the channel sees it: one array, one card, one end; and everything that may go otherwise."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason, JobState
from bot.domain.model.sweep import Sweep
from bot.domain.model.trial import TrialState
from bot.domain.posts import PostKind
from bot.errors import BadInput, NotAllowed, Refused, Throttled, Unavailable, UserError
from bot.ports.engine import Hint
from bot.ports.store import Store
from bot.services.jobs.submit import TrainRequest
from bot.services.jobs.track_jobs import CHILD_EVENT_SECONDS
from bot.services.sweeps.preview import Proposal
from tests.support.fakes import LOST_REPLY
from tests.support.projects import CHANNEL, GUILD
from tests.support.services import GUEST, MIKA, NOOR, Bot, Outside
from tests.support.sweeps import (
    BEST,
    GRID,
    LARGE,
    end_child,
    finished,
    leave,
    run_child,
    settle,
    table,
)
from trainer.space import point


async def test_a_grid_is_one_array_one_card_and_one_end(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    assert not proposal.needs_confirmation
    sweep_id = proposal.sweep.id
    await bot.turn()
    (call,) = outside.engine.submissions
    assert (call.name, call.array_size) == (f"signalbox-mnist-{sweep_id}-0", 4)
    assert call.environment["JOB_ID"] == sweep_id
    assert call.environment["OUTPUT_URI"] == f"s3://bucket/jobs/{sweep_id}/"
    space = json.loads(call.environment["SWEEP_SPACE"])
    assert space == {
        "mixed": [["lr", [0.1, 0.01]], ["momentum", [0.5, 0.1]]],
        "seed": proposal.sweep.plan.seed,
        "numbers": "0-3",
    }
    points = [point(space, number) for number in range(4)]
    rates, momenta = [str(each["lr"]) for each in points], [str(each["momentum"]) for each in points]

    run_child(outside, "batch-1:0")
    run_child(outside, "batch-1:1")
    await settle(bot, 2)
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.WAITING: 2, TrialState.RUNNING: 2}

    for number, value in enumerate(BEST):
        leave(outside, sweep_id, number, value)
        end_child(outside, f"batch-1:{number}")
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert (sweep.execution.state, sweep.execution.reason) == (JobState.SUCCEEDED, EndReason.SUCCEEDED)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 4}
    assert [(leader.number, leader.value, leader.epoch) for leader in sweep.tally.leaders] == [
        (0, 96.5, 2),
        (1, 94.4, 2),
        (2, 81.3, 2),
        (3, 59.7, 2),
    ]
    assert sweep.tally.leaders[1].parameters == points[1]
    assert sweep.tally.seconds == pytest.approx(240)
    kinds = [message.post.new.kind for message in outside.chat.messages]
    assert sorted(kinds) == [PostKind.CARD, PostKind.END, PostKind.NOTE, PostKind.NOTE, PostKind.THREAD]
    note, curves = bot.said(PostKind.NOTE)
    assert re.search(rf"\.1  94\.4  lr {rates[1]} +momentum {momenta[1]} +epoch 2  0:01:00\n", note)
    assert f"best so far .0: val_accuracy 96.5 at lr {rates[0]} momentum {momenta[0]}" in note
    assert curves == "Curves of the best trials:"
    files = [[file.name for file in message.post.new.files] for message in outside.chat.messages]
    assert [names for names in files if names] == [[f"{sweep_id}.png", f"{sweep_id}.csv"], [f"{sweep_id}-curves.png"]]
    assert [(row["trial"], row["lr"], row["momentum"], row["val_accuracy"]) for row in table(bot)] == [
        (f"{sweep_id}.0", rates[0], momenta[0], "96.5"),
        (f"{sweep_id}.1", rates[1], momenta[1], "94.4"),
        (f"{sweep_id}.2", rates[2], momenta[2], "81.3"),
        (f"{sweep_id}.3", rates[3], momenta[3], "59.7"),
    ]
    assert not await bot.store.unfinished(), "nothing is left to do"
    assert not await bot.store.pending_posts()


async def test_the_submissions_of_a_sweep_are_nobodys_jobs(bot: Bot) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    assert [job.id for job in await bot.find.live(MIKA)] == [proposal.sweep.id]
    with pytest.raises(UserError):
        await bot.find.job(f"{proposal.sweep.id}-0", MIKA)


async def test_failures_alike_are_told_together_with_their_reason(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    for number in range(4):
        run_child(outside, f"batch-1:{number}")
    for number in (1, 3):
        lines = ("epoch 1", "ValueError: shapes (3, 4) and (5,) do not fit")
        outside.logs.write(f"stream/batch-1:{number}", *lines, at=outside.clock())
    for number in range(4):
        if number in (0, 2):
            leave(outside, proposal.sweep.id, number, BEST[number])
        end_child(outside, f"batch-1:{number}", 0 if number in (0, 2) else 1)
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    (failure,) = sweep.tally.failures
    assert (failure.count, failure.numbers, failure.detail) == (
        2,
        (1, 3),
        "ValueError: shapes (3, 4) and (5,) do not fit",
    )
    assert failure.reason is EndReason.COMMAND_FAILED
    assert sweep.execution.reason is EndReason.SUCCEEDED


async def test_all_that_failed_is_a_failure(bot: Bot, outside: Outside) -> None:
    sweep = await finished(bot, (None, None, None, None))
    assert (sweep.execution.state, sweep.execution.reason) == (JobState.FAILED, EndReason.COMMAND_FAILED)
    assert len(bot.said(PostKind.END)) == 1


async def test_a_success_without_metrics_is_told_apart(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.1,0.01")
    await bot.turn()
    leave(outside, proposal.sweep.id, 0, 90.0)
    end_child(outside, "batch-1:0")
    end_child(outside, "batch-1:1")
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 1, TrialState.MISSING: 1}


async def test_a_restart_in_the_middle_loses_and_repeats_nothing(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    for number in (0, 1):
        leave(outside, proposal.sweep.id, number, BEST[number])
        end_child(outside, f"batch-1:{number}")
    await settle(bot, 3)
    again = Bot(outside, store, tmp_path)
    for number in (2, 3):
        leave(outside, proposal.sweep.id, number, BEST[number])
        end_child(outside, f"batch-1:{number}")
    await settle(again)
    sweep = await again.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 4}
    assert len(outside.engine.submissions) == 1
    assert len(again.said(PostKind.END)) == 1


async def test_a_lost_answer_makes_no_second_array(bot: Bot, outside: Outside) -> None:
    await bot.sweep(GRID)
    outside.engine.fail("submit", LOST_REPLY, after=True)
    await settle(bot)
    assert len(outside.engine.submissions) == 1


async def test_a_stopped_sweep_is_told_once(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    run_child(outside, "batch-1:0")
    leave(outside, proposal.sweep.id, 0, 90.0)
    await bot.turn()
    await bot.stop.stop(proposal.sweep.id, MIKA)
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert outside.engine.terminated == ["batch-1"]
    assert sweep.execution.reason is EndReason.STOPPED
    assert sweep.tally.counts == {TrialState.STOPPED: 4}
    assert len(bot.said(PostKind.END)) == 1


async def test_a_sweep_stopped_before_it_was_submitted(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.stop.stop(proposal.sweep.id, MIKA)
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert (sweep.execution.reason, outside.engine.submissions) == (EndReason.STOPPED, [])
    assert len(bot.said(PostKind.END)) == 1


async def test_batch_that_does_not_take_it_ends_it_with_the_reason(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", Refused("Job queue is disabled"))
    proposal = await bot.sweep(GRID)
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert (sweep.execution.state, sweep.execution.reason) == (JobState.FAILED, EndReason.NOT_SUBMITTED)
    assert sweep.tally.failures[0].count == 4
    assert len(bot.said(PostKind.END)) == 1


# ---- confirming ------------------------------------------------------------------------------------------


async def test_a_large_sweep_waits_for_its_confirmation(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(LARGE)
    assert proposal.needs_confirmation
    await settle(bot, 2)
    assert outside.engine.submissions == []
    assert outside.chat.messages == []
    with pytest.raises(NotAllowed):
        await bot.propose.confirm(proposal.sweep.id, NOOR)
    first = await bot.propose.confirm(proposal.sweep.id, MIKA)
    second = await bot.propose.confirm(proposal.sweep.id, MIKA)
    assert first.id == second.id == proposal.sweep.id
    assert isinstance(first, Sweep)
    assert (first.plan, first.run) == (proposal.sweep.plan, proposal.sweep.run), "bound to what was shown"
    await settle(bot, 2)
    (call,) = outside.engine.submissions
    assert call.array_size == 12


async def test_a_preview_that_was_cancelled_or_is_old_starts_nothing(bot: Bot, outside: Outside) -> None:
    cancelled = await bot.sweep(LARGE)
    await bot.propose.cancel(cancelled.sweep.id, MIKA)
    with pytest.raises(UserError, match="gone"):
        await bot.propose.confirm(cancelled.sweep.id, MIKA)
    old = await bot.sweep(LARGE, interaction_id=10)
    outside.clock.tick(3601)
    with pytest.raises(UserError, match="hour old"):
        await bot.propose.confirm(old.sweep.id, MIKA)
    await settle(bot, 2)
    assert outside.engine.submissions == []


async def test_the_preview_says_what_it_takes(bot: Bot, outside: Outside) -> None:
    outside.engine.places = 5
    await _trained(bot, outside, seconds=120)
    proposal = await bot.sweep(LARGE)
    assert proposal.machines == 5
    assert proposal.seconds == pytest.approx(3 * 120), "12 trials on 5 machines are three rounds"
    assert proposal.most_seconds == 12 * 3600
    assert proposal.sweep.run.quote is None, "the project has no price"


async def _trained(bot: Bot, outside: Outside, seconds: float) -> None:
    await bot.train(interaction_id=1)
    await bot.turn()
    now = outside.clock()
    outside.engine.move("batch-1", JobState.RUNNING, Attempt("stream", now - seconds))
    outside.logs.streams["stream"] = []
    await bot.turn()
    outside.engine.move("batch-1", JobState.SUCCEEDED, Attempt("stream", now - seconds, now, 0))
    ended = outside.engine.jobs["batch-1"]
    outside.engine.jobs["batch-1"] = replace(ended, started_at=now - seconds, stopped_at=now)
    await settle(bot)


async def test_the_same_command_twice_is_one_sweep(bot: Bot, outside: Outside) -> None:
    first = await bot.sweep(GRID, interaction_id=5)
    second = await bot.sweep(GRID, interaction_id=5)
    assert first.sweep.id == second.sweep.id
    await settle(bot, 2)
    assert len(outside.engine.submissions) == 1


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        ("lr=0.1,7", {}, UserError),
        ("warmup=3", {}, UserError),
        ("", {}, UserError),
        (GRID, {"search": "genetic"}, BadInput),
        (GRID, {"parallel": -1}, BadInput),
        ("lr=0.001..0.1:log", {"search": "tpe", "trials": 2001}, BadInput),
        ("lr=" + ",".join(f"0.{n:06d}" for n in range(1, 500)), {}, UserError),
    ],
)
async def test_what_cannot_be_is_refused(
    bot: Bot, text: str, options: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await bot.sweep(text, **options)


async def test_who_may_not_train_may_not_sweep(bot: Bot) -> None:
    with pytest.raises(NotAllowed):
        await bot.sweep(GRID, GUEST)


# ---- one by one ------------------------------------------------------------------------------------------
async def test_a_sampler_is_asked_as_trials_end(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=4, parallel=2)
    sweep_id = proposal.sweep.id
    await bot.turn()
    assert [call.environment["JOB_ID"] for call in outside.engine.submissions] == [f"{sweep_id}.0", f"{sweep_id}.1"]
    assert [call.array_size for call in outside.engine.submissions] == [0, 0]
    assert outside.engine.submissions[1].environment["OUTPUT_URI"] == f"s3://bucket/jobs/{sweep_id}/1/"
    for number in range(4):
        run_child(outside, f"batch-{number + 1}")
        await bot.turn()
        leave(outside, sweep_id, number, 80.0 + number)
        end_child(outside, f"batch-{number + 1}")
        await settle(bot, 3)
    await settle(bot)
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 4}
    assert sweep.tally.leaders[0].parameters == {"lr": 0.04}
    assert outside.sampler.asked == [(0, 2), (2, 1), (3, 1)]
    assert len(outside.engine.submissions) == 4
    assert len(bot.said(PostKind.END)) == 1
    assert [row["lr"] for row in table(bot)] == ["0.01", "0.02", "0.03", "0.04"]


async def test_a_sampler_that_fails_is_asked_again(bot: Bot, outside: Outside) -> None:
    outside.sampler.fail("ask", Unavailable("the sampling process died 2 times"))
    await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=2)
    await bot.turn()
    assert outside.engine.submissions == []
    outside.clock.tick(11)
    await bot.turn()
    assert len(outside.engine.submissions) == 2


async def test_a_sampler_that_fails_for_minutes_is_told_of_once(bot: Bot, outside: Outside) -> None:
    outside.sampler.fail("ask", Unavailable("the sampling process died 2 times"), times=60)
    await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=2)
    await settle(bot, 15)
    assert bot.said(PostKind.NOTE) == []
    await settle(bot, 20)
    (note,) = bot.said(PostKind.NOTE)
    assert "the sampling process died 2 times" in note
    await settle(bot, 40)
    assert len(outside.engine.submissions) == 2
    assert len(bot.said(PostKind.NOTE)) == 1


async def test_parallel_keeps_so_many_under_way(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.1,0.2,0.3,0.4,0.5", parallel=2)
    await settle(bot, 2)
    assert len(outside.engine.submissions) == 2
    leave(outside, proposal.sweep.id, 0, 90.0)
    end_child(outside, "batch-1")
    await settle(bot, 2)
    assert len(outside.engine.submissions) == 3
    third = proposal.sweep.plan.space.point(2)
    assert json.loads(outside.engine.submissions[2].environment["PARAMETERS"])["lr"] == third["lr"]


async def test_a_restart_asks_no_sampler_for_a_point_that_is_under_way(
    bot: Bot, outside: Outside, store: Store, tmp_path: Path
) -> None:
    await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=4, parallel=2)
    await bot.dispatch.once()
    again = Bot(outside, store, tmp_path)
    await settle(again, 2)
    assert [json.loads(call.environment["PARAMETERS"])["lr"] for call in outside.engine.submissions] == [0.01, 0.02]


# ---- large -----------------------------------------------------------------------------------------------
async def test_more_than_an_array_holds_is_several(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.0001..0.9:250 m=0..0.9:100")
    assert any("3 arrays" in remark for remark in proposal.remarks)
    await bot.propose.confirm(proposal.sweep.id, MIKA)
    await bot.turn()
    assert [call.array_size for call in outside.engine.submissions] == [10_000, 10_000, 5_000]
    assert [json.loads(call.environment["SWEEP_SPACE"])["numbers"] for call in outside.engine.submissions] == [
        "0-9999",
        "10000-19999",
        "20000-24999",
    ]
    for call in outside.engine.submissions:
        assert call.characters < 8_192


async def test_one_point_is_a_single_job(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.1")
    assert any("only one point" in remark for remark in proposal.remarks)
    await bot.turn()
    (call,) = outside.engine.submissions
    assert (call.array_size, call.environment["JOB_ID"]) == (0, f"{proposal.sweep.id}.0")
    assert json.loads(call.environment["PARAMETERS"]) == {"momentum": 0.5, "lr": 0.1}


# ---- one trial -------------------------------------------------------------------------------------------
async def test_a_trial_trained_again_is_a_job_of_its_own(bot: Bot, outside: Outside) -> None:
    sweep = await finished(bot)
    job = await bot.one_trial.rerun(sweep.id, 1, TrainRequest(MIKA, CHANNEL, 99, values={"momentum": 0.9}))
    assert job.run.parameters == {"lr": 0.1, "momentum": 0.9}
    assert (job.request.retry_of, job.run.commit.sha) == (f"{sweep.id}.1", sweep.run.commit.sha)


async def test_the_log_of_a_trial_is_read_when_somebody_asks(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    run_child(outside, "batch-1:2")
    outside.logs.write("stream/batch-1:2", "one", "two", "three", at=outside.clock())
    await settle(bot, 2)
    log = await bot.one_trial.log(proposal.sweep.id, 2, 2, MIKA)
    assert (log.text, log.first, log.total) == ("two\nthree", 1, 3)


async def test_trials_and_jobs_are_drawn_on_one_axis(bot: Bot, outside: Outside) -> None:
    sweep = await finished(bot)
    await bot.one_trial.picture([f"{sweep.id}.0", f"{sweep.id}.3"], (), MIKA)
    labels = [curve.label for curve in outside.figures.requests[-1].curves]
    first, last = sweep.plan.space.point(0), sweep.plan.space.point(3)
    differing = [name for name in first if first[name] != last[name]]
    expected = [(".0", first), (".3", last)]
    assert labels == [" ".join([number, *(f"{n}={at[n]}" for n in differing)]) for number, at in expected]


async def test_a_trial_beyond_the_last_is_not_there(bot: Bot) -> None:
    proposal = await bot.sweep(GRID)
    with pytest.raises(UserError, match=r"to .*\.3"):
        await bot.one_trial.trial(proposal.sweep.id, 4, MIKA)


async def test_a_trial_without_a_point_is_not_trained_with_one_that_is_made_up(bot: Bot) -> None:
    sweep = (await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=4, parallel=2)).sweep
    with pytest.raises(UserError, match="no parameters yet"):
        await bot.one_trial.rerun(sweep.id, 3, TrainRequest(MIKA, CHANNEL, 99))


async def test_a_trial_that_batch_did_not_take_keeps_the_point_that_was_chosen_for_it(
    bot: Bot, outside: Outside
) -> None:
    outside.engine.fail("submit", Refused("queue is disabled"))
    sweep = (await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=1)).sweep
    await settle(bot)
    assert [(row["lr"], row["reason"]) for row in table(bot)] == [("0.01", "not submitted: queue is disabled")]
    assert (await bot.job(sweep.id)).execution.reason is EndReason.NOT_SUBMITTED


# ---- the failed ones again -------------------------------------------------------------------------------
async def test_the_failed_ones_run_again_beside_the_good_ones(bot: Bot, outside: Outside) -> None:
    old = await finished(bot, (96.5, None, 81.3, None))
    new = (await bot.propose.retry_failed(old.id, TrainRequest(MIKA, CHANNEL, 50))).sweep
    await bot.turn()
    call = outside.engine.submissions[1]
    assert (call.array_size, json.loads(call.environment["SWEEP_SPACE"])["numbers"]) == (2, "1,3")
    assert call.environment["OUTPUT_URI"] == f"s3://bucket/jobs/{new.id}/"
    for index, (number, value) in enumerate(((1, 94.4), (3, 59.7))):
        leave(outside, new.id, number, value)
        end_child(outside, f"batch-2:{index}")
    await settle(bot)
    sweep = await bot.swept(new.id)
    assert (sweep.request.retry_of, sweep.execution.reason) == (old.id, EndReason.SUCCEEDED)
    assert [leader.number for leader in sweep.tally.leaders] == [0, 1, 2, 3]
    assert sweep.tally.seconds == pytest.approx(120), "the kept ones were paid for by the sweep before"
    with pytest.raises(UserError, match="None of"):
        await bot.propose.retry_failed(new.id, TrainRequest(MIKA, CHANNEL, 51))


# ---- Batch tells less than one would like ------------------------------------------------------------------
async def test_an_event_of_a_child_is_one_of_its_array(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    run_child(outside, "batch-1:3")
    outside.events.hints.append(Hint("batch-1:3", "receipt"))
    await bot.track_jobs.receive(outside.events, 0)
    await bot.track_trials.once()
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts[TrialState.RUNNING] == 1


async def test_children_that_tell_all_the_time_have_their_array_looked_at_now_and_then(
    bot: Bot, outside: Outside
) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()

    async def hear(index: int, told: str) -> int:
        run_child(outside, f"batch-1:{index}")
        outside.events.hints.append(Hint(told, f"receipt {index}"))
        await bot.track_jobs.receive(outside.events, 0)
        assert outside.events.acknowledged[-1] == f"receipt {index}"
        (part,) = await bot.store.submissions(proposal.sweep.id)
        return part.children[JobState.RUNNING]

    assert await hear(0, "batch-1:0") == 1
    assert await hear(1, "batch-1:1") == 1
    assert await hear(2, "batch-1") == 3, "an array's own event is another matter"
    outside.clock.tick(CHILD_EVENT_SECONDS)
    assert await hear(3, "batch-1:3") == 4


async def test_throttled_calls_are_made_again(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep(GRID)
    await bot.turn()
    for number, value in enumerate(BEST):
        leave(outside, proposal.sweep.id, number, value)
        end_child(outside, f"batch-1:{number}")
    await bot.track_jobs.once()
    outside.engine.fail("describe", Throttled("Rate exceeded"))
    with pytest.raises(Throttled):
        await bot.track_trials.once()
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 4}


async def test_metrics_that_cannot_be_read_are_waited_for_and_then_given_up(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.1,0.01")
    await bot.turn()
    leave(outside, proposal.sweep.id, 0, 90.0)
    leave(outside, proposal.sweep.id, 1, 91.0)
    end_child(outside, "batch-1:0")
    end_child(outside, "batch-1:1")
    outside.artifacts.fail("read", Unavailable("S3 is away"), times=3)
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 2}
    assert sweep.tally.leaders[0].value == 91.0


async def test_a_reclaimed_trial_goes_on_with_another_attempt(bot: Bot, outside: Outside) -> None:
    proposal = await bot.sweep("lr=0.1,0.01")
    await bot.turn()
    run_child(outside, "batch-1:0")
    await settle(bot, 2)
    now = outside.clock()
    lost = Attempt("stream/batch-1:0", now - 60, now, None, "Host EC2 (instance i-1) terminated.")
    outside.engine.move("batch-1:0", JobState.RUNNABLE, lost)
    await settle(bot, 2)
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.WAITING: 2}
    outside.engine.move("batch-1:0", JobState.SUCCEEDED, lost, Attempt("stream/second", now, now + 60, 0))
    leave(outside, proposal.sweep.id, 0, 90.0)
    end_child(outside, "batch-1:1")
    await settle(bot)
    sweep = await bot.swept(proposal.sweep.id)
    assert sweep.tally.counts == {TrialState.SUCCEEDED: 1, TrialState.MISSING: 1}


async def test_two_clicks_on_retry_are_one_retry(bot: Bot, outside: Outside) -> None:
    """Each click is an interaction of its own."""
    old = await finished(bot, (96.5, None, 81.3, None))
    asked = [bot.propose.retry_failed(old.id, TrainRequest(MIKA, CHANNEL, number)) for number in (50, 51)]
    one, other = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(one, Proposal)
    assert str(other) == f"The failed trials of {old.id} are already being retried, as {one.sweep.id}."
    await settle(bot, 2)
    assert [call.array_size for call in outside.engine.submissions] == [4, 2]
    same = await bot.propose.retry_failed(old.id, TrainRequest(MIKA, CHANNEL, 50))
    assert same.sweep.id == one.sweep.id, "Discord may send an interaction twice"


async def test_a_retry_of_many_is_confirmed_first(bot: Bot, outside: Outside) -> None:
    """One click must not spend what a command had to be confirmed for."""
    shown = await bot.sweep(LARGE)
    await bot.propose.confirm(shown.sweep.id, MIKA)
    await bot.turn()
    leave(outside, shown.sweep.id, 5, 90.0)
    for number in range(12):
        end_child(outside, f"batch-1:{number}", 0 if number == 5 else 1)
    await settle(bot)
    proposal = await bot.propose.retry_failed(shown.sweep.id, TrainRequest(MIKA, CHANNEL, 50))
    assert proposal.needs_confirmation
    assert proposal.most_seconds == 11 * 3600, "the good one is not run again"
    await settle(bot, 2)
    assert len(outside.engine.submissions) == 1
    new = await bot.propose.confirm(proposal.sweep.id, MIKA)
    await settle(bot, 2)
    assert json.loads(outside.engine.submissions[1].environment["SWEEP_SPACE"])["numbers"] == "0-4,6-11"
    sweep = await bot.swept(new.id)
    assert [leader.number for leader in sweep.tally.leaders] == [5]


async def test_the_failed_trials_of_a_search_run_again_where_they_were(bot: Bot, outside: Outside) -> None:
    """A host that was lost says nothing against its point."""
    old = (await bot.sweep("lr=0.001..0.1:log", search="tpe", trials=3, parallel=3)).sweep
    await bot.turn()
    chosen = [json.loads(call.environment["PARAMETERS"])["lr"] for call in outside.engine.submissions]
    for number, code in enumerate((0, 1, 0)):
        leave(outside, old.id, number, 90.0 + number)
        end_child(outside, f"batch-{number + 1}", code)
    await settle(bot)
    await bot.propose.retry_failed(old.id, TrainRequest(MIKA, CHANNEL, 50))
    await settle(bot, 2)
    again = outside.engine.submissions[3:]
    assert [json.loads(call.environment["PARAMETERS"])["lr"] for call in again] == [chosen[1]]


async def test_of_confirm_and_cancel_at_once_only_one_happens(bot: Bot) -> None:
    shown = await bot.sweep(LARGE)
    both = bot.propose.confirm(shown.sweep.id, MIKA), bot.propose.cancel(shown.sweep.id, MIKA)
    confirmed, cancelled = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(confirmed, Sweep) != (cancelled is None)


async def test_who_may_not_train_any_more_may_not_confirm(bot: Bot) -> None:
    shown = await bot.sweep(LARGE)
    with pytest.raises(NotAllowed):
        await bot.propose.confirm(shown.sweep.id, replace(MIKA, roles=frozenset({GUILD})))
    with pytest.raises(UserError, match="This preview is gone"):
        await bot.propose.confirm(shown.sweep.id, replace(MIKA, roles=frozenset()))
    assert await bot.store.job(shown.sweep.id) is None
