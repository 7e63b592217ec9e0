"""A preview is shown again for as long as it can be confirmed."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.money.caps import Caps, Limits
from bot.errors import NotAllowed, UserError
from bot.ports.store import Store
from bot.services.sweeps.propose import EXPIRES_SECONDS
from tests.support import services
from tests.support.projects import PROJECT
from tests.support.services import MIKA, NOOR, Bot, Outside
from tests.support.sweeps import GRID, LARGE


async def test_preview_is_made_again_after_a_restart_as_it_was(
    bot: Bot, outside: Outside, store: Store, tmp_path: object
) -> None:
    shown = await bot.sweep(LARGE)
    restarted = Bot(outside, store, tmp_path)  # type: ignore[arg-type]
    assert await restarted.propose.unconfirmed(MIKA) == [shown.sweep]
    assert await restarted.propose.again(shown.sweep.id, MIKA) == shown
    await restarted.turn()
    assert not outside.engine.submissions
    await restarted.propose.confirm(shown.sweep.id, MIKA)
    assert await restarted.propose.again(shown.sweep.id, MIKA) is None
    assert await restarted.propose.unconfirmed(MIKA) == []


async def test_preview_is_only_for_whoever_asked(bot: Bot) -> None:
    shown = await bot.sweep(LARGE)
    assert await bot.propose.unconfirmed(NOOR) == []
    with pytest.raises(NotAllowed, match="<@1>, who asked for this sweep"):
        await bot.propose.again(shown.sweep.id, NOOR)


async def test_old_and_cancelled_previews_are_not_shown(bot: Bot, outside: Outside) -> None:
    old = await bot.sweep(LARGE)
    outside.clock.tick(EXPIRES_SECONDS + 1)
    cancelled = await bot.sweep(LARGE, interaction_id=10)
    await bot.propose.cancel(cancelled.sweep.id, MIKA)
    small = await bot.sweep(GRID, interaction_id=11)
    assert await bot.propose.unconfirmed(MIKA) == []
    with pytest.raises(UserError, match="more than an hour old"):
        await bot.propose.again(old.sweep.id, MIKA)
    for each in (cancelled, small):
        assert await bot.propose.again(each.sweep.id, MIKA) is None


async def test_newest_preview_comes_first(bot: Bot, outside: Outside) -> None:
    first = await bot.sweep(LARGE)
    outside.clock.tick(60)
    second = await bot.sweep(LARGE, interaction_id=10)
    assert [draft.id for draft in await bot.propose.unconfirmed(MIKA)] == [second.sweep.id, first.sweep.id]


@pytest.mark.parametrize(("above", "said"), [(40.0, False), (5.0, True), (None, False)])
async def test_a_preview_says_that_somebody_else_must_approve_it(
    outside: Outside, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: float | None, said: bool
) -> None:
    """A trial may cost $2, an hour at that price, and there are 12 of them."""
    monkeypatch.setattr(services, "PROJECT", replace(PROJECT, usd_per_hour=2.0))
    bot = Bot(outside, store, tmp_path, caps=Caps(Limits(approve_above_usd=above)))
    shown = await bot.sweep(LARGE)
    assert shown.sweep.run.quote is not None
    assert shown.sweep.run.quote.usd_most == pytest.approx(2.0 * shown.sweep.plan.runs)
    expected = "It may cost more than $5.00, so after Confirm it waits until somebody else approves it."
    assert (expected in shown.remarks) is said
