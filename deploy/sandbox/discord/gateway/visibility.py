"""Which events the bot receives and with what content: its permissions, intents and the message content intent.

https://docs.discord.com/developers/events/gateway#list-of-intents and #message-content-intent. "Ephemeral messages are
tied to the DIRECT_MESSAGES intent, and the message object won't include guild_id or member."
(https://docs.discord.com/developers/events/gateway-events#message-create)
"""

from deploy.sandbox.discord.gateway.session import Intents
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.entities import DirectChannel
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.guild import Guild

NO_CONTENT: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
"""The fields that a message loses without the message content intent."""
_NEEDED = {
    "GUILD": Intents.GUILDS,
    "MESSAGE": Intents.GUILD_MESSAGES,
    "MESSAGE_REACTION": Intents.GUILD_MESSAGE_REACTIONS,
    "THREAD": Intents.GUILDS,
    "THREAD_MEMBERS": Intents.GUILDS,
    "CHANNEL": Intents.GUILDS,
    "TYPING": Intents.GUILD_MESSAGE_TYPING,
}
_MESSAGES = frozenset({"MESSAGE_CREATE", "MESSAGE_UPDATE"})
_INTERACTION = "INTERACTION_CREATE"


def bot_can_see(event: Event, guild: Guild) -> bool:
    """Whether the bot may see an event: it can see the channel, or it is an interaction or an ephemeral message."""
    if event.channel is None or event.only_for is not None or event.name == _INTERACTION:
        return True
    return guild.can_see(guild.bot, event.channel)


def intents_include(intents: Intents, event: Event) -> bool:
    if event.name == _INTERACTION:
        return True
    direct = isinstance(event.channel, DirectChannel) and event.name.startswith("MESSAGE_")
    if event.only_for is not None or direct:
        return bool(intents & Intents.DIRECT_MESSAGES)
    needed = _NEEDED.get(event.name.rpartition("_")[0], Intents(0))
    return needed & intents == needed


def with_guild_and_member(event: Event, guild: Guild) -> Json:
    """Return the event's data as the gateway sends it: messages get guild and member, unless they are ephemeral."""
    in_guild = event.only_for is None and not isinstance(event.channel, DirectChannel)
    if event.name not in _MESSAGES or not in_guild or event.author is None:
        return event.data
    return {**event.data, "guild_id": guild.id, "member": event.author.member()}


def needs_content_intent(event: Event, guild: Guild) -> bool:
    """Whether the text needs the message content intent: a person wrote it and does not mention the bot."""
    if event.name not in _MESSAGES or event.author is None or event.only_for is not None:
        return False
    if event.author.id == guild.bot.id:
        return False
    return all(user["id"] != guild.bot.id for user in event.data["mentions"])
