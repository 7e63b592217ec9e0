"""`[prices]`."""

from typing import Annotated

from pydantic import Field, StrictBool

from bot.config.section import Section
from bot.domain.money.price_settings import PriceSettings

REGION = r"^([a-z]{2,}(-[a-z0-9]+)+)?$"
Minutes = Annotated[float, Field(ge=0, le=1_440, allow_inf_nan=False)]


class Prices(Section):
    """[prices] What machines cost, read from AWS. Costs are computed from it."""

    enabled: bool = True
    region: Annotated[str, Field(pattern=REGION)] = ""
    refresh_hours: Annotated[float, Field(gt=0, le=168)] = 24
    spot_minutes: Annotated[float, Field(gt=0, le=1_440)] = 10
    start_minutes: Minutes = 4
    idle_minutes: Minutes = 5
    cost_explorer: StrictBool = False


def price_settings(prices: Prices, disk_gib: float) -> PriceSettings:
    """The settings for the services. `disk_gib` is each machine's."""
    return PriceSettings(
        region=prices.region,
        fresh_seconds=prices.refresh_hours * 3_600,
        fresh_spot_seconds=prices.spot_minutes * 60,
        disk_gib=disk_gib,
        start_seconds=prices.start_minutes * 60,
        idle_seconds=prices.idle_minutes * 60,
    )
