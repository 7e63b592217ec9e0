"""What the doctor says about prices."""

from dataclasses import replace

import pytest

from bot.adapters.aws.probe.price import PriceProbe, price_check
from bot.domain.money.machine import Machine
from bot.domain.money.price_settings import PriceSettings
from bot.errors import Denied, Unavailable
from bot.services.running.doctor import Finding, Level
from tests.bot.adapters.aws.probe.answers import PROJECT, Asked, found, made_batch, refusal
from tests.bot.services.money.memory_prices import HOME, FakePrices


class Found:
    """The finding about a queue, by prices in memory."""

    def __init__(self) -> None:
        self.prices, self.settings, self.kept_at = FakePrices(), PriceSettings(region=HOME), 0.0

    async def look(
        self, types: list[str], usd: float | None = None, *, kind: str = "SPOT", batch: Asked | None = None
    ) -> Finding:
        probe = PriceProbe(self.prices, self.settings, lambda: self.kept_at or None, lambda: 100_000.0)
        project = replace(PROJECT, usd_per_hour=usd)
        return await found(price_check(batch or made_batch((kind, types)), probe, project))


@pytest.mark.parametrize(
    ("usd", "types", "level", "said"),
    [
        (
            None,
            ["g4dn.xlarge", "g5.xlarge"],
            Level.OK,
            "start g5.xlarge 1 (spot 0.45), g4dn.xlarge 0.5 (spot 0.2), in",
        ),
        (None, ["g4dn"], Level.OK, "q may start g4dn.2xlarge 0.75, g4dn.xlarge 0.5 (spot 0.2), in USD an hour"),
        (0.5, ["g4dn.xlarge", "g5.xlarge"], Level.NOTE, "usd_per_hour is 0.5, but q may start g5.xlarge 1"),
        (1.0, ["g4dn.xlarge", "g5.xlarge"], Level.OK, "usd_per_hour is 1; q may start g5.xlarge 1"),
        (None, ["g4dn.xlarge", "p9.48xlarge"], Level.NOTE, "the price list has no p9.48xlarge, which q may start, so"),
        (1.0, ["p9.48xlarge"], Level.OK, "usd_per_hour is 1; the price list has no p9.48xlarge"),
        (None, [], Level.NOTE, "nobody knows the price of the machines of q, so costs are unknown"),
        (0.0, ["g5.xlarge"], Level.OK, "no costs are shown, because projects.mnist.usd_per_hour is 0"),
    ],
)
async def test_prices_are_named_and_compared_with_the_configs(
    usd: float | None, types: list[str], level: Level, said: str
) -> None:
    finding = await Found().look(types, usd)
    assert (finding.level, said in finding.found) == (level, True), finding


async def test_on_demand_queue_has_no_spot_prices() -> None:
    finding = await Found().look(["g4dn.xlarge"], kind="EC2")
    assert "g4dn.xlarge 0.5, in USD an hour" in finding.found


async def test_the_machine_on_demand_has_no_spot_machines() -> None:
    project = replace(PROJECT, machines=(Machine("steady", "q"),), on_demand_machine="steady")
    for kinds, said in ((("EC2",), False), (("EC2", "SPOT"), True)):
        batch, desk = made_batch(*((kind, ["g4dn.xlarge"]) for kind in kinds)), Found()
        probe = PriceProbe(desk.prices, desk.settings, lambda: None)
        finding = await found(price_check(batch, probe, project.on("steady")))
        assert ('projects.mnist.on_demand_machine is "steady"' in finding.found) is said, finding
        assert (finding.level is Level.NOTE) is said
        own = await found(price_check(batch, probe, project))
        assert own.level is Level.OK, "spot in the project's own queue is what it is for"


async def test_missing_permission_is_named_with_the_age_of_the_prices_that_count() -> None:
    desk = Found()
    desk.prices.error = Denied("Price List GetProducts: pricing:GetProducts is not allowed on *")
    desk.kept_at = 100_000.0 - 7_200
    finding = await desk.look(["g4dn.xlarge"])
    assert finding.level is Level.NOTE
    assert "prices that are 2 hours old, because of this: Price List GetProducts" in finding.found
    assert "pricing:GetProducts and ec2:DescribeSpotPriceHistory on *" in finding.advice


async def test_service_away_without_any_price_read_before() -> None:
    desk = Found()
    desk.prices.error = Unavailable("no answer")
    finding = await desk.look(["g4dn.xlarge"])
    assert (finding.level, "the bot's own table" in finding.found) == (Level.NOTE, True)


async def test_unknown_region_is_said() -> None:
    desk = Found()
    desk.settings = PriceSettings(region="us-esat-1")
    finding = await desk.look(["g4dn.xlarge"])
    assert (finding.level, finding.found[:36]) == (Level.NOTE, 'There is no region "us-esat-1". Choo')
    assert finding.advice.startswith("Correct prices.region")


async def test_without_prices_only_the_configs_counts() -> None:
    probe = PriceProbe(None, PriceSettings(), lambda: None)
    for usd, said in ((None, "because prices.enabled is false"), (1.5, "usd_per_hour is 1.5; prices.enabled is false")):
        finding = await found(price_check(made_batch(("SPOT", ["g5"])), probe, replace(PROJECT, usd_per_hour=usd)))
        assert (finding.level, said in finding.found) == (Level.OK, True), finding


async def test_batch_that_refuses_leaves_costs_unknown() -> None:
    batch = made_batch(("SPOT", ["g4dn.xlarge"]), describe_compute_environments=refusal("AccessDeniedException", 403))
    finding = await Found().look([], batch=batch)
    assert (finding.level, "nobody knows the price" in finding.found) == (Level.NOTE, True)
