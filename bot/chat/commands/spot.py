"""`/spot`: what a type of machine has cost as spot, zone by zone, in one or several regions; visible to everyone.

With `below` the price is watched. There is no `/spot watch`: "Using subcommands or subcommand groups will make your
base command unusable", and `/spot g4dn.xlarge` is to go on working.
https://docs.discord.com/developers/interactions/application-commands#subcommands-and-subcommand-groups
"""

from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.alt_text import attachment
from bot.chat.buttons.views import watch_button, watch_buttons
from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.unfold import unfold
from bot.chat.interactions import Interaction, person
from bot.chat.reports import spot_lines
from bot.domain.inert import stacked
from bot.domain.money.rates import MOST_USD_PER_HOUR
from bot.domain.parameters import Kind, Parameter
from bot.errors import BadInput
from bot.services.money.spot.spot_prices import HOURS, MOST_HOURS
from bot.services.money.spot.spot_watches import UNTIL
from bot.services.people.rates import Share

_BELOW = "below"
_LEAST_USD = 0.0001
_TYPED = (
    Parameter("regions", Kind.STRING),
    Parameter("hours", Kind.INT, minimum=1, maximum=MOST_HOURS),
    Parameter(_BELOW, Kind.FLOAT, minimum=_LEAST_USD, maximum=MOST_USD_PER_HOUR),
    Parameter(UNTIL, Kind.STRING),
)
_REST = "rest"


@app_commands.command(description="Show the spot prices of a machine type, where it is cheapest now, or watch them")
@app_commands.describe(
    type="Machine type, such as g4dn.xlarge",
    regions="Regions or groups of them: us, eu, ja, us-east-2 (default: the bot's own region)",
    hours=f"How far back to look (default: {HOURS})",
    below="Watch it: mention me once when the cheapest zone costs less than this, in USD an hour: 0.20",
    until="Until when to watch it: 18:00, 6h (default: a day)",
)
@app_commands.autocomplete(type=autocomplete.machine_types, regions=autocomplete.regions)
@acknowledged(Share.PLOTS, public=True)
async def spot(
    interaction: Interaction,
    type: str,  # noqa: A002  the option's name
    regions: str | None = None,
    hours: app_commands.Range[int, 1, MOST_HOURS] | None = None,
    below: app_commands.Range[float, _LEAST_USD, MOST_USD_PER_HOUR] | None = None,
    until: str | None = None,
) -> None:
    named = {"type": type, "regions": regions, "hours": hours, _BELOW: below, UNTIL: until}
    found = unfold({name: value for name, value in named.items() if value}, _REST, ["type"], _TYPED)
    where = f"{found.get('regions', '')} {found[_REST]}"
    services, asker = interaction.client.services, person(interaction)
    if UNTIL in found and _BELOW not in found:
        raise BadInput(f"`{UNTIL}` says how long to watch a price, and needs `{_BELOW}`, such as `{_BELOW}:0.20`.")
    end = services.spot_watches.end(str(found.get(UNTIL, "")))
    look_back = int(str(found.get("hours", HOURS)))
    prices = await services.spot_prices.history(asker, str(found.get("type", "")), where, look_back)
    files = [attachment(prices.png, f"{prices.machine}-spot.png")] if prices.png is not None else []
    if _BELOW not in found:
        await answer(interaction, spot_lines.text(prices), files=files)
        return
    watch = await services.spot_watches.watch(asker, prices, float(str(found[_BELOW])), end, interaction.id)
    text = stacked(spot_lines.text(prices), spot_lines.watching(watch))
    await answer(interaction, text, files=files, view=watch_button(watch) if watch is not None else None)


@app_commands.command(description="List the spot prices that you watch, with buttons to stop")
@acknowledged(Share.OTHERS)
async def watches(interaction: Interaction) -> None:
    found = await interaction.client.services.spot_watches.of(person(interaction))
    await answer(interaction, spot_lines.watches(found), view=watch_buttons(found) if found else None)
