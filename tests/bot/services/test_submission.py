"""From a command to exactly one Batch job, whatever is lost in between."""
# ruff: noqa: RUF001  full-width letters, as Japanese keyboards type them

import json
from pathlib import Path

import pytest

from bot.domain.model.states import EndReason, JobState
from bot.errors import (
    BadInput,
    Denied,
    NotAllowed,
    Refused,
    ServiceError,
    Throttled,
    Unavailable,
    UnknownName,
    UserError,
)
from bot.ports.store import Store
from bot.services.jobs.submit import TrainRequest
from bot.services.jobs.submit_call import call_for_job
from tests.support.fakes import LOST_REPLY
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import GUEST, MIKA, NOOR, Bot, Outside


async def test_a_command_becomes_one_job_with_the_contract_in_its_environment(bot: Bot, outside: Outside) -> None:
    job = await bot.train(lr=0.01, m="0.9")
    await bot.launch.once()
    await bot.launch.once()
    (submission,) = outside.engine.submissions
    assert submission.name == f"signalbox-mnist-{job.id}"
    assert submission.command == ("python", "train.py")
    assert submission.environment["COMMIT_ID"] == "a" * 40
    assert submission.environment["OUTPUT_URI"] == f"s3://bucket/jobs/{job.id}/"
    assert json.loads(submission.environment["PARAMETERS"]) == {"lr": 0.01, "momentum": 0.9}
    assert submission.tags["signalbox:job"] == job.id
    assert submission.timeout_seconds == 3600
    assert (await bot.job(job.id)).execution.state is JobState.SUBMITTED


async def test_the_same_interaction_replayed_is_the_same_job(bot: Bot, outside: Outside) -> None:
    first = await bot.train(interaction_id=5)
    again = await bot.train(interaction_id=5)
    assert again.id == first.id
    await bot.launch.once()
    assert len(outside.engine.submissions) == 1


@pytest.mark.parametrize(
    ("person", "values", "error"),
    [
        (GUEST, {}, NotAllowed),
        (MIKA, {"lr": 7}, BadInput),
        (MIKA, {"warmup": 3}, UnknownName),
    ],
)
async def test_a_refused_command_leaves_nothing(
    bot: Bot, outside: Outside, person: object, values: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await bot.train(person, **values)  # type: ignore[arg-type]
    await bot.turn()
    assert not outside.engine.submissions
    assert not outside.chat.messages


async def test_parameters_that_were_typed_into_the_branch_are_parameters(bot: Bot) -> None:
    job = await bot.submit.train(TrainRequest(MIKA, CHANNEL, 9, branch="main lr:0.01  m:0.9"))
    assert (job.run.commit.branch, job.run.parameters) == ("main", {"lr": 0.01, "momentum": 0.9})
    with pytest.raises(UnknownName) as caught:
        await bot.submit.train(TrainRequest(MIKA, CHANNEL, 10, branch="main warmup:3"))
    assert str(caught.value) == 'There is no parameter "warmup". Choose one: lr, momentum.'
    with pytest.raises(BadInput, match="Set each parameter once"):
        await bot.submit.train(TrainRequest(MIKA, CHANNEL, 11, branch="main lr:0.01", values={"lr": 0.1}))
    with pytest.raises(BadInput, match="Set each parameter once"):
        await bot.submit.train(TrainRequest(MIKA, CHANNEL, 12, branch="main lr:0.01 lr:0.1"))


@pytest.mark.parametrize("typed", [{"branch": "main some words lr:0.2"}, {"commit": "04696fd some words"}])
async def test_left_over_words_are_an_error_that_names_them(bot: Bot, typed: dict[str, str]) -> None:
    with pytest.raises(BadInput, match='"some words" is left over'):
        await bot.submit.train(TrainRequest(MIKA, CHANNEL, 9, **typed))  # type: ignore[arg-type]


async def test_parameters_are_taken_out_of_the_commit_too(bot: Bot) -> None:
    first = await bot.train()
    typed = f"{first.run.commit.sha[:7]} lr:0.2"
    job = await bot.submit.train(TrainRequest(MIKA, CHANNEL, 99, commit=typed))
    assert (job.run.commit.sha, job.run.parameters["lr"]) == (first.run.commit.sha, 0.2)


@pytest.mark.parametrize(
    "typed", ["main Lr:0.2", "ｍａｉｎ\u3000ｌｒ：０．２", "lr:0.2", "lr:0.2 branch:main", "Lr:0.2 main"]
)
async def test_capitals_full_width_and_order_do_not_matter_in_the_branch(bot: Bot, typed: str) -> None:
    job = await bot.submit.train(TrainRequest(MIKA, CHANNEL, 9, branch=typed))
    assert (job.run.commit.branch, job.run.parameters["lr"]) == ("main", 0.2)


async def test_a_lost_answer_is_adopted_by_name(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    await bot.launch.once()
    assert (await bot.job(job.id)).execution.state is JobState.INTENT
    outside.clock.tick(2)
    await bot.launch.once()
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_an_answer_lost_before_the_effect_is_submitted_again_when_the_job_is_surely_absent(
    bot: Bot, outside: Outside
) -> None:
    outside.engine.fail("submit", LOST_REPLY)
    job = await bot.train()
    for _ in range(44):
        await bot.launch.once()
        outside.clock.tick(1)
    assert not outside.engine.submissions, "AWS may lag for 45 s"
    for _ in range(5):
        outside.clock.tick(1)
        await bot.launch.once()
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_a_clock_set_ahead_submits_nothing_twice(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    outside.engine.lagging = True
    for seconds in (0, 1, 3600, 1):
        outside.clock.tick(seconds)
        await bot.launch.once()
    outside.engine.lagging = False
    outside.clock.tick(2)
    await bot.launch.once()
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_a_kill_between_the_call_and_its_commit(outside: Outside, store: Store, tmp_path: Path) -> None:
    first = Bot(outside, store, tmp_path)
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await first.train()
    await first.launch.once()

    second = Bot(outside, store, tmp_path)
    outside.engine.lagging = True
    await second.launch.once()
    assert len(outside.engine.submissions) == 1, "the look-up may lag: no second call"
    outside.engine.lagging = False
    outside.clock.tick(5)
    await second.launch.once()
    assert (await second.job(job.id)).execution.engine_id == "batch-1"
    assert len(outside.engine.submissions) == 1


async def test_throttling_is_surely_without_effect_and_tried_again_soon(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", Throttled("too many"), times=2)
    job = await bot.train()
    for _ in range(4):
        await bot.launch.once()
        outside.clock.tick(2)
    assert (await bot.job(job.id)).execution.state is JobState.SUBMITTED
    assert len(outside.engine.submissions) == 1


@pytest.mark.parametrize("error", [Throttled("too many"), Unavailable("5xx"), Denied("the credentials have expired")])
async def test_a_look_up_that_fails_says_nothing_of_the_job(bot: Bot, outside: Outside, error: ServiceError) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    await bot.launch.once()
    outside.clock.tick(60)
    outside.engine.fail("find", error)
    for _ in range(3):
        await bot.launch.once()
        outside.clock.tick(2)
    assert len(outside.engine.submissions) == 1
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"


async def test_a_click_on_stop_in_the_last_moment_spends_nothing(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    seen = await bot.store.unfinished()
    await bot.stop.stop(job.id, MIKA)
    await bot.stop.once()
    await bot.launch._try(seen[0])
    assert not outside.engine.submissions
    assert (await bot.job(job.id)).execution.reason is EndReason.STOPPED


async def test_a_refusal_ends_the_job_and_is_told(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", Refused("job definition mnist does not exist"))
    job = await bot.train()
    await bot.turn()
    ended = await bot.job(job.id)
    assert (ended.execution.reason, ended.execution.detail) == (
        EndReason.NOT_SUBMITTED,
        "job definition mnist does not exist",
    )
    assert ended.publication.result.committed_at is not None


async def test_one_job_that_goes_wrong_keeps_no_other_from_its_submission(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", Refused("no such definition"))
    outside.engine.fail("submit", RuntimeError("a bug"))  # type: ignore[arg-type]
    jobs = [await bot.train(interaction_id=number) for number in range(20)]
    with pytest.raises(RuntimeError, match="a bug"):
        await bot.launch.once()
    states = [(await bot.job(job.id)).execution.state for job in jobs]
    assert states.count(JobState.SUBMITTED) == 18
    assert len(outside.engine.submissions) == 18


async def test_a_double_that_is_found_is_ended(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    await bot.launch.once()
    await outside.engine.submit(call_for_job(job, PROJECT, "signalbox"))
    outside.clock.tick(2)
    await bot.launch.once()
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert outside.engine.terminated == ["batch-2"]


async def test_a_double_is_ended_though_that_fails_at_first(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    await bot.launch.once()
    await outside.engine.submit(call_for_job(job, PROJECT, "signalbox"))
    outside.engine.fail("terminate", Throttled("too many"))
    for _ in range(3):
        outside.clock.tick(2)
        await bot.launch.once()
    assert (await bot.job(job.id)).execution.engine_id == "batch-1"
    assert outside.engine.terminated == ["batch-2"]


async def test_retry_keeps_the_commit_and_the_parameters_unless_given_anew(bot: Bot) -> None:
    old = await bot.train(lr=0.01, momentum=0.9)
    new = await bot.submit.retry(old.id, TrainRequest(NOOR, CHANNEL, 10, values={"m": 0.1}))
    assert new.run.commit == old.run.commit
    assert new.run.parameters == {"lr": 0.01, "momentum": 0.1}
    assert (new.request.retry_of, new.request.asker_name) == (old.id, "noor")


async def test_stop_before_the_submission_spends_nothing(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.stop.stop(job.id, MIKA)
    await bot.stop.once()
    await bot.launch.once()
    assert not outside.engine.submissions
    assert (await bot.job(job.id)).execution.reason is EndReason.STOPPED


async def test_stop_with_the_answer_lost_finds_the_job_and_ends_it(bot: Bot, outside: Outside) -> None:
    outside.engine.fail("submit", LOST_REPLY, after=True)
    job = await bot.train()
    await bot.launch.once()
    await bot.stop.stop(job.id, MIKA)
    await bot.stop.once()
    outside.clock.tick(2)
    await bot.launch.once()
    await bot.stop.once()
    assert outside.engine.terminated == ["batch-1"]


async def test_who_may_stop_and_what(bot: Bot, outside: Outside) -> None:
    job = await bot.train(MIKA)
    with pytest.raises(NotAllowed):
        await bot.stop.stop(job.id, NOOR)
    with pytest.raises(UnknownName):
        await bot.stop.stop("nothere", MIKA)
    await bot.stop.stop(job.id, MIKA)
    await bot.turn()
    with pytest.raises(UserError, match="was already stopped"):
        await bot.stop.stop(job.id, MIKA)


async def test_terminate_is_repeated_until_the_job_has_ended(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.launch.once()
    await bot.stop.stop(job.id, MIKA)
    outside.engine.fail("terminate", LOST_REPLY)
    await bot.stop.once()
    await bot.stop.once()
    await bot.stop.once()
    assert outside.engine.terminated == ["batch-1"], "once in 30 s"
    outside.clock.tick(31)
    await bot.stop.once()
    assert outside.engine.terminated == ["batch-1", "batch-1"]
    outside.engine.move("batch-1", JobState.FAILED)
    await bot.track_jobs.once()
    outside.clock.tick(31)
    await bot.stop.once()
    assert len(outside.engine.terminated) == 2
    assert (await bot.job(job.id)).execution.reason is EndReason.STOPPED
