"""What jobs and people who wait for a spot price read."""

from bot.domain.inert import Inert, code, escape, joined, phrase
from bot.domain.money.hold import Hold
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.money.zone_prices import ZonePrices
from bot.domain.texts.command_names import command

NAME, REGIONS = 40, 120


def not_below(hold: Hold) -> str:
    """Why it ended: `g4dn.xlarge did not fall below $0.200 an hour, and was last at $0.310`."""
    last = f", and was last at ${hold.seen_usd:.3f}" if hold.seen_usd else ", as far as I could see"
    return f"{hold.machine or 'its machine'} did not fall below ${hold.below_usd:.3f} an hour{last}"


def watched(watch: SpotWatch) -> Inert:
    """What somebody watches, and until when."""
    return phrase(
        "{machine} below **{below}** an hour in {regions}, until <t:{until}:f> (<t:{until}:R>), in <#{channel}>",
        machine=code(watch.machine, NAME),
        below=_usd(watch.below),
        regions=_regions(watch),
        until=round(watch.until),
        channel=watch.channel_id,
    )


def fell(watch: SpotWatch, zone: ZonePrices) -> Inert:
    """The one message to whoever watches, with the zone that is the cheapest."""
    return phrase(
        "<@{asker}> {machine} costs **{usd}** an hour as spot in **{zone}** now, below your {below}. "
        "I've stopped watching.",
        asker=watch.asker_id,
        machine=code(watch.machine, NAME),
        usd=_usd(zone.now),
        zone=escape(zone.zone, NAME),
        below=_usd(watch.below),
    )


def stayed(watch: SpotWatch) -> Inert:
    """The same if the time is over."""
    return phrase(
        "<@{asker}> I saw no spot price of {machine} below {below} an hour in {regions} until <t:{until}:f>, and I've "
        "stopped watching. {spot} begins again.",
        asker=watch.asker_id,
        machine=code(watch.machine, NAME),
        below=_usd(watch.below),
        regions=_regions(watch),
        until=round(watch.until),
        spot=command("spot", f"type:{watch.machine} below:{watch.below:g}"),
    )


def _usd(amount: float) -> Inert:
    """Ten-thousandths count: `$0.1578`."""
    return phrase("${amount:,.4f}", amount=amount)


def _regions(watch: SpotWatch) -> Inert:
    return joined([escape(each, NAME) for each in watch.regions], ", ", REGIONS)
