"""A silent job: what ends the silence, and what must never count as one."""

from pathlib import Path

import pytest

from bot.domain.guard.signs import Condition
from bot.domain.model.observation import Attempt
from bot.domain.model.states import JobState
from bot.domain.posts import PostKind
from bot.errors import Unavailable
from bot.ports.artifacts import Artifact
from bot.ports.store import Store
from tests.bot.services.guard.life import MINUTE, PASS, Life
from tests.support.services import Bot
from trainer.contract import format_metrics
from trainer.gpu_line import GpuUse, format_gpu


async def test_a_silent_job_is_warned_of_and_stopped_after_the_grace(life: Life) -> None:
    await life.begin()
    await life.minutes(5, "epoch 1", each=1)
    await life.minutes(29)
    assert not life.warnings()
    await life.minutes(2)
    (warning,) = life.warnings()
    assert warning.startswith("<@1> **job")
    assert "no log line, no metric and no new file for 30 min" in warning
    await life.minutes(28)
    assert (await life.job()).execution.stop is None
    await life.minutes(3)
    stop = (await life.job()).execution.stop
    assert stop is not None
    assert (stop.by, stop.by_id, stop.why) == ("the guard", 0, "silent for 60 min")
    assert await life.standing() == []
    assert len(life.warnings()) == 1
    await life.bot.stop.once()
    assert life.outside.engine.terminated == ["batch-1"]
    (entry,) = [each for each in await life.bot.store.audit_chain(1, 100) if each.fields["does"] == "stop"]
    assert entry.fields["why"] == "silent for 60 min"


@pytest.mark.parametrize("sign", ["line", "metric", "file"])
async def test_any_sign_of_life_ends_a_silence_and_withdraws_the_warning(life: Life, sign: str) -> None:
    await life.begin()
    await life.minutes(31, "epoch 1", each=29)
    await life.minutes(31)
    assert await life.standing() == [Condition.SILENT]
    if sign == "file":
        life.files.written["checkpoint.pt"] = 5.0
    else:
        life.say("epoch 2" if sign == "line" else format_metrics({"epoch": 2, "train_loss": 0.1}))
    await life.minutes(6)
    assert await life.standing() == []
    assert "there are signs of life again" in life.bot.said(PostKind.NOTE)[-1]
    await life.minutes(20)
    assert (await life.job()).execution.stop is None


async def test_a_checkpoint_every_twenty_minutes_is_enough(life: Life) -> None:
    await life.begin()
    for number in range(8):
        life.files.written["checkpoint.pt"] = float(number)
        await life.minutes(20)
    assert not life.warnings()


async def test_the_claims_renewals_are_no_sign_of_life_and_few_listings_are_made(life: Life) -> None:
    await life.begin()
    await life.minutes(31)
    assert await life.standing() == [Condition.SILENT]
    assert life.files.lists <= 8


async def test_measurements_of_the_gpu_are_no_sign_of_life(life: Life) -> None:
    await life.begin()
    await life.minutes(31, format_gpu(GpuUse(90, 1_000, 0, used=True)), each=1)
    assert await life.standing() == [Condition.SILENT]


async def test_no_silence_is_judged_while_logs_cannot_be_read(life: Life) -> None:
    await life.begin()
    await life.minutes(1, "epoch 1")
    for _ in range(100 * MINUTE):
        life.outside.logs.fail("read", Unavailable("logs are down"))
        life.outside.clock.tick(PASS)
        with pytest.raises(Unavailable):
            await life.bot.tail.once()
        await life.bot.watch_jobs.once()
    assert await life.standing() == []
    await life.minutes(29)
    assert await life.standing() == []
    await life.minutes(3)
    assert await life.standing() == [Condition.SILENT]


async def test_a_stream_that_is_not_there_is_not_silent(life: Life) -> None:
    await life.begin()
    life.outside.logs.streams.clear()
    await life.minutes(70)
    assert not life.warnings()


async def test_no_silence_is_judged_while_the_engine_does_not_answer(life: Life) -> None:
    await life.begin()
    for _ in range(70 * MINUTE):
        life.outside.clock.tick(PASS)
        life.outside.engine.fail("describe", Unavailable("the engine is down"))
        with pytest.raises(Unavailable):
            await life.bot.track_jobs.once()
        await life.look()
    assert await life.standing() == []


async def test_files_that_cannot_be_listed_are_not_taken_for_none(life: Life) -> None:
    await life.begin()
    await life.minutes(4)

    async def down(prefix_uri: str) -> list[Artifact]:
        raise Unavailable(prefix_uri)

    life.outside.artifacts.list = down  # type: ignore[method-assign]
    for _ in range(60 * MINUTE):
        life.outside.clock.tick(PASS)
        await life.bot.tail.once()
        try:
            await life.bot.watch_jobs.once()
        except Unavailable:
            continue
    assert not (await life.job()).watch.warned


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0])
async def test_a_jump_of_the_clock_warns_of_nothing_and_ends_no_grace(life: Life, jump: float) -> None:
    await life.begin()
    await life.minutes(5)
    life.outside.clock.tick(jump)
    await life.minutes(20)
    assert not life.warnings()
    await life.minutes(8)
    assert len(life.warnings()) == 1
    life.outside.clock.tick(jump)
    await life.minutes(20)
    assert (await life.job()).execution.stop is None


async def test_a_restart_forgets_no_silence_and_repeats_no_warning(life: Life, store: Store, tmp_path: Path) -> None:
    await life.begin()
    await life.minutes(16)
    life.bot = Bot(life.outside, store, tmp_path)
    await life.minutes(12)
    assert not life.warnings()
    await life.minutes(5)
    assert len(life.warnings()) == 1
    life.outside.clock.tick(86_400)
    life.bot = Bot(life.outside, store, tmp_path)
    await life.minutes(20)
    assert (await life.job()).execution.stop is None
    await life.minutes(15)
    assert (await life.job()).execution.stop is not None
    assert len(life.warnings()) == 1


async def test_lines_that_came_while_the_bot_was_down_end_the_silence(life: Life, store: Store, tmp_path: Path) -> None:
    await life.begin()
    await life.minutes(21)
    life.outside.clock.tick(600)
    life.say("epoch 2")
    life.bot = Bot(life.outside, store, tmp_path)
    await life.minutes(25)
    assert not life.warnings()


async def test_another_attempt_begins_anew(life: Life) -> None:
    await life.begin()
    await life.minutes(31)
    assert await life.standing() == [Condition.SILENT]
    lost = Attempt("s1", 1.0, life.outside.clock(), reason="Host EC2 (instance i-1) terminated.")
    life.stream = "s2"
    await life.move(JobState.RUNNABLE, lost)
    await life.minutes(1)
    await life.move(JobState.RUNNING, lost)
    await life.minutes(29)
    assert await life.standing() == []
    await life.minutes(3)
    assert await life.standing() == [Condition.SILENT]
