"""Acknowledge an interaction within Discord's 3 seconds, then fill in the answer."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import discord
from discord.utils import MISSING

from bot.chat.audit.recording import record
from bot.chat.discord_errors import INTERACTION_ACKNOWLEDGED, PASSING
from bot.chat.interactions import Interaction
from bot.chat.rivals import AnsweredElsewhere, counting
from bot.services.people.rates import Share

ACKNOWLEDGE_TRIES = 3
_ACKNOWLEDGED = "acknowledged"
_PUBLIC = "public"
_PUBLIC_UNTIL_NOW = "public until now"
"""A follow-up to the deleted response is private if it says so; an edit has nothing left to edit."""

P = ParamSpec("P")
Handler = Callable[Concatenate[Interaction, P], Coroutine[Any, Any, None]]


def acknowledged(share: Share, *, public: bool = False, update: bool = False) -> Callable[[Handler[P]], Handler[P]]:
    """Decorate a handler: `acknowledge` the interaction, run it as part of the asker's `share`, and `record` it."""

    def decorate(handler: Handler[P]) -> Handler[P]:
        @wraps(handler)
        async def acknowledge_first(interaction: Interaction, /, *args: P.args, **kwargs: P.kwargs) -> None:
            await acknowledge(interaction, public=public, update=update)
            async with admitted(interaction, share):
                await handler(interaction, *args, **kwargs)
            await record(interaction)

        return acknowledge_first

    return decorate


def admitted(interaction: Interaction, share: Share) -> AbstractAsyncContextManager[None]:
    """Raises `TooMany` if the asker has used up their share."""
    return interaction.client.services.rates.admitted(interaction.user.id, share)


async def acknowledge(interaction: Interaction, *, public: bool = False, update: bool = False) -> None:
    """Acknowledge within Discord's 3 seconds, before any other I/O. With `update`, `answer` edits the clicked message.

    Retries if the reply is lost; then "already acknowledged" counts as success. As the answer to the very first request
    it comes from another bot with this token, and raises `AnsweredElsewhere`: both gateway sessions get each command,
    and the second callback gets 40060 (assumption: two-sessions). discord.py repeats a request by itself after a 5xx.
    https://docs.discord.com/developers/interactions/receiving-and-responding
    """
    await first_answer(interaction, lambda: interaction.response.defer(ephemeral=not public, thinking=not update))
    interaction.extras.update({_ACKNOWLEDGED: True, _PUBLIC: public})


async def first_answer(interaction: Interaction, answer: Callable[[], Awaitable[object]]) -> None:
    """Make the first answer to an interaction, as `acknowledge` does: it may also be a form or a message.

    After an answer that was lost, nothing tells this bot's own acknowledgement from another's. If another bot was
    noticed in the last minutes, it is taken for that one's: better nobody carries the command out than two.
    """
    with counting() as requests:
        for tries in range(1, ACKNOWLEDGE_TRIES + 1):
            try:
                await answer()
            except discord.HTTPException as error:
                if error.code != INTERACTION_ACKNOWLEDGED:
                    raise
                if max(tries, len(requests)) == 1 or interaction.client.rivals.wrong():
                    raise AnsweredElsewhere(f"another bot answered interaction {interaction.id}") from error
            except PASSING:
                if tries == ACKNOWLEDGE_TRIES:
                    raise
                continue
            return


async def answer(
    interaction: Interaction,
    content: str | None = None,
    *,
    embed: discord.Embed | None = None,
    view: discord.ui.View | None = None,
    files: Sequence[discord.File] = (),
) -> None:
    """Fill in the acknowledged response. What was asked is on record before its answer is shown."""
    await record(interaction)
    if interaction.extras.get(_PUBLIC_UNTIL_NOW):
        await interaction.followup.send(
            content or "", embed=embed or MISSING, view=view or MISSING, files=files, ephemeral=True
        )
        return
    await interaction.edit_original_response(content=content, embed=embed, view=view, attachments=files)


async def go_private(interaction: Interaction) -> None:
    """Take a public acknowledgement back: from now on only the asker gets answers. Does nothing if they are private."""
    if interaction.extras.pop(_PUBLIC, False):
        interaction.extras[_PUBLIC_UNTIL_NOW] = True
        await interaction.delete_original_response()


async def answer_privately(interaction: Interaction, text: str) -> None:
    """Answer only the asker, whether or not the interaction is acknowledged."""
    if not interaction.extras.get(_ACKNOWLEDGED):
        await interaction.response.send_message(text, ephemeral=True)
    else:
        await go_private(interaction)
        await answer(interaction, text)
