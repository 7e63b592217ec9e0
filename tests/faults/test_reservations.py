"""What is reserved when the bot is killed, and what is paid for: nothing leaks, and nothing is free."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.sqlite import open_store
from bot.adapters.sqlite.ledger import ledger_rows
from bot.domain.model.execution import Execution
from bot.domain.model.observation import Attempt
from bot.domain.model.states import EndReason
from bot.domain.money.caps import Caps, Limits
from bot.domain.money.quote import Terms
from bot.domain.spending.costs import spent
from bot.ports.engine import Machines, Pool
from bot.ports.store import Store
from tests.bot.adapters.sqlite.ledger import balance
from tests.faults.story import end, running, settle
from tests.support.projects import PROJECT
from tests.support.services import Bot, Outside


async def test_what_is_reserved_at_a_kill_before_the_submission_is_submitted_once_and_freed_at_its_end(
    outside: Outside, store: Store, tmp_path: Path
) -> None:
    outside.engine.pools = Machines("us-east-1", (Pool(("g4dn.xlarge",), Terms.SPOT),), 1)
    first = Bot(outside, store, tmp_path)
    priced = replace(PROJECT, usd_per_hour=3.6)
    for service in (first, second := Bot(outside, store, tmp_path)):
        service.submit._projects = (priced,)
    job = await first.train()
    most = (3_600 + 240 + 300) / 1_000
    assert await _sums(store) == (0.0, pytest.approx(most), 1)
    await second.turn()
    await second.turn()
    assert await _sums(store) == (0.0, pytest.approx(most), 1)
    assert len(outside.engine.submissions) == 1
    end(second)
    await settle(second)
    assert not (await second.job(job.id)).execution.live
    assert await _sums(store) == (pytest.approx((10 + 240 + 300) / 1_000), 0.0, 0)
    assert await store._read(balance.wrong) == []  # type: ignore[attr-defined]


async def _sums(store: Store) -> tuple[float, float, int]:
    """Spent, reserved, and how many live."""
    sums = await store._read(lambda db: ledger_rows.sums(db, "true", ()))  # type: ignore[attr-defined]
    return sums.spent_usd, sums.reserved_usd, sums.live


async def test_a_second_job_of_one_command_is_paid_for(bot: Bot, outside: Outside) -> None:
    job = await running(bot, "one")
    started = Attempt("other/1", outside.clock() - 90)
    late = replace(outside.engine.jobs["batch-1"], engine_id="late", created_at=outside.clock(), attempts=(started,))
    outside.engine.jobs["late"] = late
    await bot.reconcile.once()
    await bot.reconcile.once()
    execution = (await bot.job(job.id)).execution
    assert isinstance(execution, Execution)
    assert (execution.engine_id, execution.doubles) == ("batch-1", {"late": 90.0})
    before = spent(replace(await bot.job(job.id), execution=replace(execution, doubles={})))
    after = spent(await bot.job(job.id))
    assert (after.seconds - before.seconds, after.machines - before.machines) == (90.0, 1)


async def test_what_no_longer_fits_under_a_cap_is_not_started_and_says_why(outside: Outside, tmp_path: Path) -> None:
    """Somebody has lowered the cap, or other jobs have cost more than they were to."""
    outside.engine.pools = Machines("us-east-1", (Pool(("g4dn.xlarge",), Terms.SPOT),), 1)
    path = tmp_path / "signalbox.db"
    async with open_store(path) as store:
        bot = Bot(outside, store, tmp_path)
        bot.submit._projects = (replace(PROJECT, usd_per_hour=3.6),)
        job = await bot.train()
    async with open_store(path, caps=Caps(Limits(project_month_usd=1.0))) as store:
        bot = Bot(outside, store, tmp_path)
        for _ in range(3):
            await bot.launch.once()
        ended = (await bot.job(job.id)).execution
        assert ended.reason is EndReason.OVER_CAP
        assert "the cap of mnist is $1.00 a month" in ended.detail
        assert not outside.engine.submissions
        assert await _sums(store) == (0.0, 0.0, 0)
