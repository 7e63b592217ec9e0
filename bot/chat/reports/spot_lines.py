"""What `/spot` says beside its picture, and `/watches`."""

from collections.abc import Iterator, Sequence

from bot.chat.cards.units import CENT, day, hourly, plural, relative
from bot.domain.inert import EMPTY, Inert, code, escape, listed, phrase, stacked
from bot.domain.money.spot_watch import SpotWatch
from bot.domain.texts.command_names import command
from bot.domain.texts.spot_texts import watched
from bot.services.money.spot.spot_prices import SpotAnswer

NAME, MOST_NAMED = 40, 6


def text(answer: SpotAnswer) -> Inert:
    """The cheapest zone in one line, and below it what is missing or old."""
    best, last = answer.zones[0], answer.zones[-1]
    regions = len({zone.region for zone in answer.zones})
    spread = phrase(" to {last}", last=hourly(last.now)) if last.now - best.now >= CENT else EMPTY
    first = phrase(
        "{machine} spot: cheapest now in **{zone}** at **{price}** an hour{below}. {zones} in {regions}, "
        "{from_}{spread}.",
        machine=code(answer.machine),
        zone=escape(best.zone, NAME),
        price=hourly(best.now),
        below=_beside_on_demand(answer),
        zones=plural(len(answer.zones), "zone"),
        regions=plural(regions, "region"),
        from_=hourly(best.now),
        spread=spread,
    )
    return stacked(first, *_missing(answer))


def watching(watch: SpotWatch | None) -> Inert:
    """Below the prices; None if one of them is below the wanted one already."""
    if watch is None:
        return phrase("That is below what you want to watch for, so I watch nothing.")
    return phrase(
        "I watch {watched}: when the cheapest zone falls below, or the time is over, I mention you there, once. "
        "{watches} shows what you watch.",
        watched=watched(watch),
        watches=command("watches"),
    )


def watches(found: Sequence[SpotWatch]) -> Inert:
    """Numbered, as the buttons below are."""
    if not found:
        return phrase(
            "You watch no spot prices. {spot} begins it.", spot=command("spot", "type:g4dn.xlarge below:0.20")
        )
    rows = (phrase("{n}. {watched}", n=n, watched=watched(each)) for n, each in enumerate(found, 1))
    return stacked(phrase("You watch these spot prices, each until it has fallen once:"), *rows)


def stopped(watch: SpotWatch) -> Inert:
    return phrase("I've stopped watching {watched}.", watched=watched(watch))


def _beside_on_demand(answer: SpotAnswer) -> Inert:
    if answer.on_demand is None:
        return phrase(" (on demand: unknown)")
    on_demand, best = answer.on_demand, answer.zones[0].now
    less = 1 - best / on_demand.usd
    share = phrase(", {less:.0%} less than on demand ({usd}", less=less, usd=hourly(on_demand.usd))
    if less < CENT:
        share = phrase(", no less than on demand ({usd}", usd=hourly(on_demand.usd))
    of_day = phrase(", price of {day}", day=day(on_demand.at)) if on_demand.stale else EMPTY
    return phrase("{share}{of_day})", share=share, of_day=of_day)


def _missing(answer: SpotAnswer) -> Iterator[Inert]:
    for why in dict.fromkeys(answer.silent.values()):
        fresh = [name for name, word in answer.silent.items() if word == why and name not in answer.stale]
        if fresh:
            yield phrase("Left out, {why}: {names}.", why=escape(why, NAME), names=_names(fresh))
    for region, at in answer.stale.items():
        yield phrase(
            "{region} does not answer ({why}): its prices are of {at}.",
            region=escape(region, NAME),
            why=escape(answer.silent[region], NAME),
            at=relative(at),
        )
    priced = {zone.region for zone in answer.zones}
    if without := [name for name in answer.regions if name not in priced and name not in answer.silent]:
        yield phrase("No spot price of this type: {names}.", names=_names(without))
    if answer.png is None:
        yield phrase("The picture could not be drawn.")


def _names(names: list[str]) -> Inert:
    more = phrase("{count} more", count=len(names) - MOST_NAMED) if len(names) > MOST_NAMED else EMPTY
    return listed(*(escape(name, NAME) for name in names[:MOST_NAMED]), more)
