"""The trials of a sweep, brought up to what their parts tell."""

import pytest

from bot.domain.model.states import EndReason
from bot.domain.model.trial import TrialState
from bot.domain.posts import Change
from bot.errors import Unavailable
from tests.support.services import Bot, Outside
from tests.support.sweeps import GRID, run_child


async def test_no_answer_is_waited_for_on_trials_that_are_given_up(bot: Bot, outside: Outside) -> None:
    sweep_id = (await bot.sweep(GRID)).sweep.id
    await bot.turn()
    run_child(outside, "batch-1:0")
    await bot.track_jobs.once()
    outside.engine.fail("children", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await bot.track_trials.once()
    await bot.store.change(f"{sweep_id}-0", lambda part: Change(part.ended(EndReason.LOST, outside.clock())))
    outside.clock.tick(61)
    await bot.track_trials.once()
    sweep = await bot.swept(sweep_id)
    assert sweep.tally.counts == {TrialState.FAILED: 4}
    assert sweep.execution.unanswered_since is None
