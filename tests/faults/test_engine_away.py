"""The engine does not answer when jobs are to be submitted: their cards say so, and claim nothing else."""

from bot.chat.cards import choose
from bot.domain.model.rows import Posted
from bot.errors import Unavailable
from tests.faults.story import settle
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside
from tests.support.sweeps import GRID


async def test_the_card_says_that_a_job_is_not_submitted_while_the_engine_does_not_answer(
    bot: Bot, outside: Outside
) -> None:
    """For a minute it may be a hiccup. The answer that was lost first may have been that of a job."""
    job = await bot.train()
    await bot.tell()
    began = outside.clock()
    outside.engine.fail("submit", Unavailable("503"), times=1000)
    outside.engine.fail("find", Unavailable("503"), times=1000)
    said = []
    for _ in range(8):
        await bot.launch.once()
        await bot.tell()
        said.append(_description(await bot.job(job.id)))
        outside.clock.tick(30)
    assert not any("has not answered" in each for each in said[:2])
    line = f"AWS Batch has not answered since <t:{began:.0f}:R>. I don't know yet whether the job is submitted. I keep"
    assert line in said[-1]
    assert "machine" not in said[-1]
    outside.engine.faults.clear()
    await settle(bot)
    assert "has not answered" not in _description(await bot.job(job.id))
    assert len(outside.engine.submissions) == 1


async def test_a_sweep_does_not_claim_to_wait_for_machines_while_the_engine_does_not_answer(
    bot: Bot, outside: Outside
) -> None:
    sweep = (await bot.sweep(GRID)).sweep
    await bot.dispatch.once()
    outside.engine.fail("submit", Unavailable("503"), times=1000)
    outside.engine.fail("find", Unavailable("503"), times=1000)
    for _ in range(8):
        await bot.launch.once()
        await bot.track_trials.once()
        outside.clock.tick(30)
    said = _description(await bot.job(sweep.id))
    assert "AWS Batch has not answered since" in said
    assert "machines" not in said
    outside.engine.faults.clear()
    await settle(bot)
    assert "has not answered" not in _description(await bot.job(sweep.id))


def _description(posted: Posted) -> str:
    return choose.card(posted, PROJECT).description or ""
