"""`/audit`: who asked for what, what was decided, and what the bot did; for administrators."""

import io
import re
from typing import Any

import discord
from discord import app_commands

from bot.chat import gate
from bot.chat.acknowledgement import acknowledged, answer
from bot.chat.commands.shared import autocomplete
from bot.chat.commands.shared.options import Option, typed_command
from bot.chat.commands.shared.unfold import unfold
from bot.chat.interactions import Interaction, person
from bot.chat.limits import SAFE_FILE_BYTES
from bot.domain.audit.entry import Decision, Does
from bot.domain.inert import joined
from bot.domain.job_names import plain_id
from bot.domain.parameters import Kind, Parameter
from bot.domain.texts.audit_lines import audit_line
from bot.errors import BadInput
from bot.ports.audit import Wanted
from bot.services.people.rates import Share

LIST_CHARACTERS = 3_900
_HOUR = 3_600.0
_ID = re.compile(r"\d{15,20}")
"""A snowflake, alone or in a mention: https://docs.discord.com/developers/reference#snowflakes"""


_SECONDS = {"hour": _HOUR, "day": 24 * _HOUR, "week": 7 * 24 * _HOUR, "month": 30 * 24 * _HOUR}
WHAT = (
    *(f"/{name}" for name in gate.COMMANDS),
    *(f"button {action}" for action in gate.BUTTONS),
    *(f"form {action}" for action in gate.FORMS),
    *(str(does) for does in Does if does),
)
"""What an entry can be about: what people use, and what the bot does."""
OPTIONS = (
    Option(Parameter("who", Kind.STRING), "Entries of this person: their ID, or @ and their name"),
    Option(Parameter("job", Kind.STRING), "Entries about this job or sweep", completer=autocomplete.jobs),
    Option(Parameter("project", Kind.STRING), "Entries of this project", completer=autocomplete.projects),
    Option(
        Parameter("what", Kind.STRING),
        "Entries about this command, button or effect",
        completer=autocomplete.one_of(WHAT),
    ),
    Option(Parameter("decided", Kind.CHOICE, choices=tuple(Decision)), "Entries with this decision"),
    Option(Parameter("since", Kind.CHOICE, choices=tuple(_SECONDS)), "Entries of the last hour, day, week or month"),
    Option(Parameter("page", Kind.INT, minimum=1, maximum=10_000), "Older entries: 2, 3, …"),
    Option(
        Parameter("export", Kind.BOOLEAN),
        "A file with every entry since then, to be verified; the other filters do not apply",
    ),
)


def command(prefix: str = "") -> app_commands.Command[Any, ..., None]:
    description = "Show who asked for what and what the bot did, or export it"
    return typed_command(f"{prefix}audit", description, OPTIONS, _audit)


@acknowledged(Share.OTHERS)
async def _audit(interaction: Interaction, options: dict[str, object]) -> None:
    typed = unfold(options, "what", ("who", "job", "project"), [option.parameter for option in OPTIONS])
    read = interaction.client.services.read_audit
    since = read.since(_SECONDS[str(typed["since"])]) if "since" in typed else 0.0
    if typed.get("export"):
        await _export(interaction, since)
        return
    page, project = int(str(typed.get("page", 1))), str(typed.get("project", ""))
    wanted = Wanted(
        person_id=_person_id(str(typed.get("who", ""))),
        job=plain_id(str(typed.get("job", ""))),
        projects=(project,) if project else (),
        what=str(typed["what"]),
        decided=str(typed.get("decided", "")),
        since=since,
    )
    found = await read.page(person(interaction), wanted, page)
    if not found.entries:
        await answer(interaction, "The audit has no such entries." if page == 1 else f"There is no page {page}.")
        return
    lines = joined([audit_line(fields) for fields in found.entries], "\n", LIST_CHARACTERS)
    embed = discord.Embed(title="Audit", description=lines)
    embed.set_footer(text=f"page:{page + 1} has older ones" if found.more else "There are no older ones")
    await answer(interaction, embed=embed)


async def _export(interaction: Interaction, since: float) -> None:
    read = interaction.client.services.read_audit
    made = await read.export(person(interaction), since, SAFE_FILE_BYTES)
    if not made.content:
        await answer(interaction, "The audit has no such entries.")
        return
    name = f"audit-{made.first}-{made.last}.jsonl"
    text = (
        f"Entries {made.first:,} to {made.last:,}. Check the file with `signalbox audit verify {name}`; "
        "the bot's log has the newest hash every quarter of an hour, to compare with."
    )
    await answer(interaction, text, files=[discord.File(io.BytesIO(made.content), name)])


def _person_id(text: str) -> int:
    """Raises `BadInput` for a name: anybody can choose any."""
    if not text.strip():
        return 0
    found = _ID.search(text)
    if found is None:
        raise BadInput(
            "`who` takes a person's ID, as names can be changed: type @ and pick the person, or right-click them, "
            "Copy User ID."
        )
    return int(found[0])
