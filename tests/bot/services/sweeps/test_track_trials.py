"""The trials of a sweep, brought up to what their parts tell."""

import pytest

from bot.domain.model.states import EndReason
from bot.domain.model.sweep import TrialState
from bot.domain.posts import Change
from bot.errors import Unavailable
from tests.support.services import Bot, Outside
from tests.support.sweeps import GRID, face_of, run_child


async def test_no_answer_is_waited_for_on_trials_that_are_given_up(bot: Bot, outside: Outside) -> None:
    sweep_id = (await bot.sweep(GRID)).job.id
    await bot.turn()
    run_child(outside, "batch-1:0")
    await bot.watch.once()
    outside.engine.fail("children", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        await bot.follow.once()
    await bot.store.change(f"{sweep_id}-0", lambda part: Change(part.ended(EndReason.LOST, outside.clock())))
    outside.clock.tick(61)
    await bot.follow.once()
    face, sweep = await face_of(bot, sweep_id)
    assert sweep.tally.counts == {TrialState.FAILED: 4}
    assert face.unseen_since is None
