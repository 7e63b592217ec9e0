"""Why an array waits."""

from collections.abc import Sequence

import pytest

from bot.domain.model.observation import Observation
from bot.domain.model.states import JobState
from bot.domain.posts import PostKind
from bot.services.jobs.explain_wait import DESCRIBED
from tests.support.services import MIKA, Bot, Outside
from tests.support.sweeps import settle


async def test_a_look_at_an_array_that_waits_is_one_call_whatever_its_size(
    bot: Bot, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To list 10,000 trials takes 100 calls, which are 10 seconds of all that may be asked of Batch."""
    proposal = await bot.sweep("lr=0.0001..0.1:250")
    await bot.propose.confirm(proposal.sweep.id, MIKA)
    await settle(bot, 2)
    for number in range(250):
        state = JobState.SUCCEEDED if number < 150 else JobState.RUNNABLE
        outside.engine.move(f"batch-1:{number}", state, reason="CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY")
    await bot.track_jobs.once()
    calls: list[int] = []
    describe = outside.engine.describe

    async def counted(engine_ids: Sequence[str]) -> dict[str, Observation]:
        calls.append(len(engine_ids))
        return await describe(engine_ids)

    monkeypatch.setattr(outside.engine, "describe", counted)
    monkeypatch.delattr(type(outside.engine), "children")
    for _ in range(6):
        await bot.explain_wait.once()
        outside.clock.tick(61)
    assert calls == [DESCRIBED] * 6
    await bot.tell()
    assert "No machine of this kind is free" in bot.said(PostKind.NOTE)[-1]
