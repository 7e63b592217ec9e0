"""What a job costs at most: the dearest machine of its queue, in all its attempts, with all that is billed."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.money.price_settings import PriceSettings
from bot.domain.money.quote import Quote, Terms
from bot.errors import Unavailable, UserError
from bot.ports.engine import Machines, Pool
from bot.services.money.price_book import PriceBook
from bot.services.money.quotes import ADDRESS_USD, Quotes
from tests.bot.services.money.memory_prices import HOME, FakePrices, machines
from tests.support.services import MIKA, PROJECT, Bot
from tests.support.sweeps import LARGE

SETTINGS = PriceSettings(disk_gib=100, start_seconds=120, idle_seconds=180)
BESIDE = 100 * 0.073 / 730 + ADDRESS_USD
HOUR = 3_600
PRICED = replace(PROJECT, usd_per_hour=None, timeout_seconds=2 * HOUR)


class Office:
    """Quotes with prices in memory."""

    def __init__(self, bot: Bot, folder: Path, settings: PriceSettings = SETTINGS) -> None:
        self.engine, self.prices = bot.outside.engine, FakePrices()
        book = PriceBook(self.prices, folder / "prices.json", bot.outside.clock, settings)
        self.quotes = Quotes(bot.store, self.engine, book, settings)

    async def quote(self, runs: int = 1, seconds: float | None = None, at_once: int = 0) -> Quote:
        quote = await self.quotes.of(PRICED, runs, seconds, at_once=at_once)
        assert quote is not None
        return quote


@pytest.fixture
def office(bot: Bot, tmp_path: Path) -> Office:
    return Office(bot, tmp_path)


async def test_most_is_by_the_dearest_machine_on_demand_and_expected_by_the_cheapest_at_spot(office: Office) -> None:
    office.engine.pools = machines("g4dn.xlarge", "g5.xlarge")
    quote = await office.quote(seconds=HOUR - 300)
    assert (quote.machine, quote.usual_machine, quote.terms) == ("g5.xlarge", "g4dn.xlarge", Terms.SPOT)
    assert quote.usd_most == pytest.approx(3 * (2 * HOUR + 300) / HOUR * (1.0 + BESIDE))
    assert quote.usd_expected == pytest.approx(0.2 + BESIDE)
    assert quote.saved_usd(HOUR - 300, 1) == pytest.approx(0.3)
    assert not quote.stale


async def test_on_demand_has_one_price(office: Office) -> None:
    office.engine.pools = machines("g4dn.xlarge", terms=Terms.ON_DEMAND, attempts=1)
    quote = await office.quote(seconds=HOUR - 300)
    assert quote.usd_expected == pytest.approx(0.5 + BESIDE)
    assert quote.usd_most == pytest.approx((2 * HOUR + 300) / HOUR * (0.5 + BESIDE))
    assert quote.saved_usd(HOUR, 1) == 0


async def test_a_queue_with_spot_and_on_demand_counts_both(office: Office) -> None:
    pools = (Pool(("g4dn.xlarge",), Terms.SPOT), Pool(("g5.xlarge",), Terms.ON_DEMAND))
    office.engine.pools = Machines(HOME, pools, 1)
    quote = await office.quote()
    assert (quote.machine, quote.usual_machine, quote.terms) == ("g5.xlarge", "g4dn.xlarge", Terms.SPOT)


async def test_a_bid_limits_the_most(office: Office) -> None:
    office.engine.pools = machines("g5.xlarge", share=0.4)
    quote = await office.quote()
    assert quote.usd_per_hour == pytest.approx(0.4 + BESIDE)
    assert quote.usual_usd_per_hour == pytest.approx(0.4 + BESIDE), "above the bid, no machine is started"


async def test_a_family_counts_with_all_types_that_the_job_fits_on(office: Office) -> None:
    office.engine.pools = machines("g4dn")
    assert (await office.quote()).machine == "g4dn.2xlarge"
    office.engine.pools = replace(machines("g4dn"), fits=lambda name: "2xlarge" not in name)
    assert (await office.quote()).machine == "g4dn.xlarge"


async def test_delay_before_a_machine_is_ended_is_billed(office: Office) -> None:
    office.engine.pools = Machines(HOME, (Pool(("g5.xlarge",), Terms.SPOT, idle_seconds=1_200),), 1)
    assert (await office.quote()).billed_seconds == 120 + 1_200


async def test_trials_of_a_sweep_share_machines_in_the_estimate_and_not_in_the_most(office: Office) -> None:
    office.engine.pools = machines("g4dn.xlarge", attempts=1)
    quote = await office.quote(runs=12, seconds=600, at_once=3)
    assert quote.usd_expected == pytest.approx((12 * 600 + 3 * 300) / HOUR * (0.2 + BESIDE))
    assert quote.usd_most == pytest.approx(12 * (2 * HOUR + 300) / HOUR * (0.5 + BESIDE))


async def test_a_type_without_a_price_leaves_no_quote(office: Office) -> None:
    for pools in (machines("g4dn.xlarge", "nope.large"), Machines(HOME, (), 1), None):
        office.engine.pools = pools
        assert await office.quotes.of(PRICED) is None
    office.engine.pools = machines("g5.xlarge")
    del office.prices.listed["g5.xlarge"]
    office.quotes._book._known.clear()  # type: ignore[union-attr]
    assert await office.quotes.of(PRICED) is None


async def test_an_unknown_region_leaves_no_quote(bot: Bot, tmp_path: Path) -> None:
    office = Office(bot, tmp_path, replace(SETTINGS, region="us-esat-1"))
    office.engine.pools = machines("g5.xlarge")
    assert await office.quotes.of(PRICED) is None


async def test_service_away_gives_a_stale_quote_that_is_not_lower(office: Office) -> None:
    office.engine.pools = machines("g4dn.xlarge")
    fresh = await office.quote(seconds=600)
    office.prices.error = Unavailable("away")
    office.quotes._book._known.clear()  # type: ignore[union-attr]
    stale = await office.quote(seconds=600)
    assert stale.stale
    assert not fresh.stale
    assert stale.usd_most >= fresh.usd_most
    assert (stale.usd_expected or 0) > (fresh.usd_expected or 0), "without a spot price, the one on demand"


async def test_engine_away_leaves_only_the_price_of_the_config(office: Office) -> None:
    office.engine.fail("machines", Unavailable("away"), times=2)
    assert await office.quotes.of(PRICED) is None
    fixed = await office.quotes.of(replace(PRICED, usd_per_hour=1.0))
    assert fixed is not None
    most = pytest.approx(3 * (2 * HOUR + 300) / HOUR)
    assert (fixed.terms, fixed.attempts, fixed.usd_most) == (Terms.FIXED, 3, most), "with the minutes before and after"


async def test_the_configs_price_overrides_and_may_be_nothing(office: Office) -> None:
    office.engine.pools = machines("g5.xlarge")
    fixed = await office.quotes.of(replace(PRICED, usd_per_hour=0.25))
    assert fixed is not None
    assert fixed.usd_most == pytest.approx(3 * (2 * HOUR + 300) / HOUR * 0.25)
    free = await office.quotes.of(replace(PRICED, usd_per_hour=0.0))
    assert free is not None
    assert free.usd_most == 0
    assert office.prices.asked == []


class TestAccepting:
    """The quote is taken when something is accepted, and never changes."""

    @pytest.fixture
    def priced(self, bot: Bot, office: Office) -> Bot:
        office.engine.pools = machines("g4dn.xlarge")
        bot.quotes = office.quotes
        for service in (bot.submit, bot.propose, bot.reconcile._adopt):
            service._quotes = office.quotes
        return bot

    async def test_a_job_keeps_its_quote_after_a_restart(self, priced: Bot, office: Office, tmp_path: Path) -> None:
        job = await priced.train()
        office.prices.listed["g4dn.xlarge"] = 5.0
        stored = await priced.job(job.id)
        assert stored.run.quote == job.run.quote
        assert stored.run.quote is not None
        assert stored.run.quote.usd_per_hour == pytest.approx(0.5 + BESIDE)

    async def test_preview_is_confirmed_at_its_own_price(self, priced: Bot, office: Office) -> None:
        shown = await priced.sweep(LARGE)
        office.prices.listed["g4dn.xlarge"] = 0.54
        priced.outside.clock.tick(600)
        office.quotes._book._known.clear()  # type: ignore[union-attr]
        accepted = await priced.propose.confirm(shown.sweep.id, MIKA)
        assert accepted.run.quote == shown.sweep.run.quote

    async def test_preview_is_shown_anew_if_prices_rose(self, priced: Bot, office: Office) -> None:
        shown = await priced.sweep(LARGE)
        office.prices.listed["g4dn.xlarge"] = 0.7
        office.quotes._book._known.clear()  # type: ignore[union-attr]
        with pytest.raises(UserError, match=r"Prices have risen since this preview: at most \$.+ instead of"):
            await priced.propose.confirm(shown.sweep.id, MIKA)
        assert await priced.store.job(shown.sweep.id) is None
        again = await priced.propose.again(shown.sweep.id, MIKA)
        assert again is not None
        accepted = await priced.propose.confirm(shown.sweep.id, MIKA)
        assert accepted.run.quote == again.sweep.run.quote
        assert accepted.run.quote is not None
        assert accepted.run.quote.usd_per_hour == pytest.approx(0.7 + BESIDE)
