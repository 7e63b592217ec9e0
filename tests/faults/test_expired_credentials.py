"""Credentials that expire while the bot runs, as an SSO session does: nothing is lost, and the cards say what to do."""

import pytest

from bot.chat.cards import choose
from bot.chat.error_replies import explain
from bot.domain.model.states import JobState
from bot.errors import CredentialsExpired, Unavailable
from tests.faults.story import running, settle
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside
from tests.support.sweeps import GRID

EXPIRED = CredentialsExpired("Batch: The security token included in the request is expired", code="ExpiredToken")


def _said(outside: Outside, at: float) -> bool:
    line = (
        f"The bot's credentials for AWS Batch expired <t:{at:.0f}:R>. This is the last known state. "
        "Ask an admin to run `signalbox doctor`, which says how to renew them."
    )
    return line in (choose.card(outside.chat.edits[-1], PROJECT).description or "")


async def test_a_job_waits_for_new_ones_and_its_card_says_so(bot: Bot, outside: Outside) -> None:
    job = await bot.train()
    await bot.tell()
    began = outside.clock()
    outside.engine.fail("submit", EXPIRED, times=1000)
    for _ in range(5):
        await bot.launch.once()
        await bot.tell()
        outside.clock.tick(30)
    waiting = await bot.job(job.id)
    assert (waiting.execution.state, waiting.execution.submit_called_at) == (JobState.INTENT, None)
    assert _said(outside, began)
    outside.engine.faults.clear()
    await settle(bot)
    submitted = await bot.job(job.id)
    assert submitted.execution.engine_id == "batch-1"
    assert (submitted.execution.unanswered_since, submitted.execution.credentials_expired) == (None, False)
    assert "credentials" not in (choose.card(outside.chat.edits[-1], PROJECT).description or "")
    assert len(outside.engine.submissions) == 1


async def test_the_card_of_a_running_job_says_so_at_once(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    known = outside.clock()
    outside.engine.fail("describe", EXPIRED, times=1000)
    for _ in range(5):
        with pytest.raises(CredentialsExpired):
            await bot.track_jobs.once()
        await bot.tell()
        outside.clock.tick(15)
    assert _said(outside, known)
    assert (await bot.job(job.id)).publication.revision == job.publication.revision + 1, "said once"
    outside.engine.faults.clear()
    outside.clock.tick(15)
    await bot.turn()
    assert not (await bot.job(job.id)).execution.credentials_expired


async def test_what_was_an_outage_first_is_told_as_expired(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    for error, seconds in ((Unavailable("503"), 600), (EXPIRED, 15), (Unavailable("503"), 15)):
        outside.clock.tick(seconds)
        outside.engine.fail("describe", error)
        with pytest.raises(type(error)):
            await bot.track_jobs.once()
        expired = (await bot.job(job.id)).execution.credentials_expired
        assert expired is isinstance(error, CredentialsExpired)


async def test_the_card_of_a_sweep_says_so(bot: Bot, outside: Outside) -> None:
    sweep = (await bot.sweep(GRID)).sweep
    outside.engine.fail("submit", EXPIRED, times=1000)
    await settle(bot)
    waiting = await bot.swept(sweep.id)
    assert waiting.execution.credentials_expired
    assert _said(outside, waiting.execution.unanswered_since or 0)
    outside.engine.faults.clear()
    outside.clock.tick(60)
    await settle(bot)
    assert not (await bot.swept(sweep.id)).execution.credentials_expired
    assert "credentials" not in (choose.card(outside.chat.edits[-1], PROJECT).description or "")
    assert len(outside.engine.submissions) == 1


def test_a_command_that_needs_them_says_so() -> None:
    said = explain(EXPIRED)
    assert said.startswith("The bot's credentials have expired. Ask an admin to renew them, then try again. (Batch: ")
