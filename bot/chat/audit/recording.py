"""One entry in the audit for each command, button and form: with the commit of its effect, or before its answer.

The gate begins it for whatever it hears. What starts or ends something writes it in its own commit
(`bot/ports/audit.py`); `record` writes it for everything else, ahead of the first answer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord
import structlog

from bot.chat.interactions import Interaction
from bot.domain.audit.entry import Actor, Decision, Does, Effect, Entry, Place, shown_options
from bot.domain.text import folded
from bot.ports.audit import asking

log = structlog.get_logger()

_ENTRY, _RECORDED = "entry", "recorded"
_CUSTOM_ID = re.compile(r"sb:(?P<action>[a-z_]{1,40}):(?P<job>[0-9a-z.]{1,64})")
_JOB = re.compile(r"[0-9a-z]{1,20}(\.\d{1,9})?")


def begin(interaction: Interaction) -> None:
    """Note what was asked: from now on, whatever this task commits carries its entry.

    Suggestions have none: they show nothing that the commands don't.
    """
    if interaction.type is discord.InteractionType.autocomplete:
        return
    entry = _entry(interaction)
    interaction.extras[_ENTRY] = entry
    asking.set(entry)


async def record(interaction: Interaction, decided: Decision = Decision.ALLOWED, why: str = "") -> None:
    """Write the entry, unless it is written.

    The log has the outcome even if the entry of an effect was written before something failed.
    """
    entry = interaction.extras.get(_ENTRY)
    if not isinstance(entry, Entry) or interaction.extras.get(_RECORDED):
        return
    await interaction.client.services.audit.audit(replace(entry, decided=decided, why=why))
    interaction.extras[_RECORDED] = True
    log.info(
        "interaction",
        what=entry.what,
        by=entry.by.id,
        interaction=interaction.id,
        options=dict(entry.options),
        decided=str(decided),
        **({"why": why} if why else {}),
    )


def fields(components: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """The typed texts of a form by field id, whether in labels or in rows."""
    for component in components:
        if "value" in component:
            yield str(component["custom_id"]), str(component["value"])
        yield from fields([component["component"]] if "component" in component else component.get("components", []))


def _entry(interaction: Interaction) -> Entry:
    data: Mapping[str, Any] = interaction.data or {}
    custom_id = _CUSTOM_ID.fullmatch(str(data.get("custom_id", "")))
    options = shown_options(_typed(data))
    if custom_id is not None:
        kind = "form" if interaction.type is discord.InteractionType.modal_submit else "button"
        what, job = f"{kind} {custom_id['action']}", custom_id["job"]
    elif "custom_id" in data:
        what, job = "form of another version", ""
    else:
        name = str(data.get("name", "")).removeprefix(interaction.client.command_prefix)
        what, job = f"/{name}", options.get("job", "")
    named = _JOB.match(folded(job))
    effect = Effect(Does.NOTHING, named[0] if named else "", options.get("project", ""))
    return Entry(str(interaction.id), what, _actor(interaction), _place(interaction), options, effect=effect)


def _actor(interaction: Interaction) -> Actor:
    """With the roles that the interaction has, by id: names can be chosen, and may not be known yet."""
    user = interaction.user
    roles = tuple(user._roles) if isinstance(user, discord.Member) else ()
    return Actor(getattr(user, "id", 0), getattr(user, "display_name", ""), roles)


def _place(interaction: Interaction) -> Place:
    channel, guild_id = interaction.channel, interaction.guild_id or 0
    if isinstance(channel, discord.Thread):
        return Place(guild_id, channel.parent_id, channel.id)
    return Place(guild_id, interaction.channel_id or 0)


def _typed(data: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The options of a command, or the fields of a form, as Discord sends them."""
    for option in data.get("options", ()):
        if "value" in option:
            yield str(option["name"]), option["value"]
        yield from _typed(option)
    yield from fields(data.get("components", ()))
