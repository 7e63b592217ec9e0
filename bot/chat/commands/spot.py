"""`/spot`: what a type of machine has cost as spot, zone by zone, in one or several regions; visible to everyone."""

from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.alt_text import attachment
from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.unfold import unfold
from bot.chat.interactions import Interaction, person
from bot.chat.reports import spot_lines
from bot.domain.parameters import Kind, Parameter
from bot.services.money.spot.spot_prices import HOURS, MOST_HOURS
from bot.services.people.rates import Share

_TYPED = (Parameter("regions", Kind.STRING), Parameter("hours", Kind.INT, minimum=1, maximum=MOST_HOURS))
_REST = "rest"


@app_commands.command(description="Show the spot prices of a machine type, and where it is cheapest now")
@app_commands.describe(
    type="Machine type, such as g4dn.xlarge",
    regions="Regions or groups of them: us, eu, ja, us-east-2 (default: the bot's own region)",
    hours=f"How far back to look (default: {HOURS})",
)
@app_commands.autocomplete(type=autocomplete.machine_types, regions=autocomplete.regions)
@acknowledged(Share.PLOTS, public=True)
async def spot(
    interaction: Interaction,
    type: str,  # noqa: A002  the option's name
    regions: str | None = None,
    hours: app_commands.Range[int, 1, MOST_HOURS] | None = None,
) -> None:
    given = {name: value for name, value in (("type", type), ("regions", regions), ("hours", hours)) if value}
    found = unfold(given, _REST, ["type"], _TYPED)
    where = f"{found.get('regions', '')} {found[_REST]}"
    look_back = found.get("hours", HOURS)
    history = interaction.client.services.spot_prices.history
    prices = await history(person(interaction), str(found.get("type", "")), where, int(str(look_back)))
    files = [attachment(prices.png, f"{prices.machine}-spot.png")] if prices.png is not None else []
    await answer(interaction, spot_lines.text(prices), files=files)
