"""A member of the server with the roles of now, who is not the one who clicks.

https://docs.discord.com/developers/resources/guild#get-guild-member needs no privileged intent.
"""

import discord

from bot.chat.discord_errors import PASSING, translated
from bot.chat.interactions import Interaction
from bot.domain.access import Person
from bot.domain.model.request import Request
from bot.errors import Missing


async def member(interaction: Interaction, request: Request) -> Person | None:
    """Whoever asked, as if they asked in the same channel now; None if they have left the server. Raises `ServiceError`
    while Discord does not answer."""
    client = interaction.client
    try:
        found = await client.http.get_member(client.guild_id, request.asker_id)
    except (discord.HTTPException, *PASSING) as error:
        failure = translated("Looking up a member", error)
        if isinstance(failure, Missing):
            return None
        raise failure from error
    roles = frozenset({client.guild_id, *map(int, found["roles"])})
    return Person(request.asker_id, request.asker_name, roles, request.channel_id)
