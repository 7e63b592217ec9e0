"""`/cost`: what was spent, by project, person, day or month, with a picture and a file."""

import io
from collections.abc import Mapping
from typing import Any

import discord
from discord import app_commands

from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.alt_text import attachment
from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.options import Option, typed_command
from bot.chat.commands.shared.unfold import unfold
from bot.chat.interactions import Interaction, person
from bot.chat.limits import SAFE_FILE_BYTES
from bot.chat.reports import cost_lines
from bot.domain.inert import joined, plain_line
from bot.domain.parameters import Kind, Parameter
from bot.domain.spending.cost_report import Grouping
from bot.services.money.report_costs import CostAnswer, CostQuery
from bot.services.people.rates import Share

LIST_CHARACTERS = 3_900
PICTURE = "costs.png"
OPTIONS = (
    Option(
        Parameter("when", Kind.STRING),
        "Days to add up: last month, today, 2026-11, 2026-11-03..2026-11-14 (default: this month)",
        completer=autocomplete.periods,
    ),
    Option(
        Parameter("by", Kind.CHOICE, choices=tuple(Grouping)),
        "What to add up by (default: by project and by person)",
    ),
    Option(Parameter("project", Kind.STRING), "Project (default: all)", completer=autocomplete.projects),
    Option(Parameter("mine", Kind.BOOLEAN), "Only what you asked for"),
)


def command(prefix: str = "") -> app_commands.Command[Any, ..., None]:
    description = "Show what was spent, saved and lost, with a picture and a file"
    return typed_command(f"{prefix}cost", description, OPTIONS, _cost)


@acknowledged(Share.PLOTS)
async def _cost(interaction: Interaction, options: dict[str, object]) -> None:
    typed = unfold(options, "when", ("project",), [option.parameter for option in OPTIONS])
    services = interaction.client.services
    found = await services.report_costs.report(person(interaction), _query(typed), SAFE_FILE_BYTES)
    head = title(found)
    files = []
    if found.report.total.count:
        subtitle = plain_line(cost_lines.summary(found.report.total), 100)
        png = await services.report_costs.picture(found, head, f"{subtitle}   days by {found.zone}")
        files = [attachment(png, PICTURE)] if png is not None else []
        name = found.span.name.lower().replace(" ", "-")
        files.append(discord.File(io.BytesIO(found.csv), f"costs-{name}.csv"))
    await answer(interaction, embed=embed(found, picture=len(files) > 1), files=files)


def title(found: CostAnswer) -> str:
    """`Your costs of mnist, November 2026`."""
    whose = "Your costs" if found.query.mine else "Costs"
    project = f" of {found.query.project}" if found.query.project else ""
    return plain_line(f"{whose}{project}, {found.span.name}", 200)


def embed(found: CostAnswer, *, picture: bool) -> discord.Embed:
    lines = [line for line in cost_lines.lines(found) if line]
    made = discord.Embed(title=title(found), description=joined(lines, "\n", LIST_CHARACTERS))
    made.set_footer(text=f"Estimates in USD, without tax. A job counts on the day it was asked for, by {found.zone}.")
    if picture:
        made.set_image(url=f"attachment://{PICTURE}")
    return made


def _query(typed: Mapping[str, object]) -> CostQuery:
    by = Grouping(str(typed["by"])) if "by" in typed else None
    return CostQuery(str(typed.get("when", "")), by, str(typed.get("project", "")), bool(typed.get("mine", False)))
