"""What the bot intents_include of an event: by its permissions, its intents, and the message content intent."""

from deploy.sandbox.discord.gateway.session import Intents
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.guild import Guild

NO_CONTENT: Json = {"content": "", "embeds": [], "attachments": [], "components": []}
"""What a message is without its content."""
_NEEDED = {
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
    """Whether the bot may know of it: it sees the channel, or it is an interaction or an ephemeral answer."""
    if event.channel is None or event.only_for is not None or event.name == _INTERACTION:
        return True
    return guild.can_see(guild.bot, event.channel)


def intents_include(intents: Intents, event: Event) -> bool:
    if event.name == _INTERACTION:
        return True
    if event.only_for is not None:
        return bool(intents & Intents.DIRECT_MESSAGES)
    needed = _NEEDED.get(event.name.rpartition("_")[0], Intents(0))
    return needed & intents == needed


def with_guild_and_member(event: Event, guild: Guild) -> Json:
    """A message as the gateway has it: with guild and member, unless it is ephemeral."""
    if event.name not in _MESSAGES or event.only_for is not None or event.author is None:
        return event.data
    return {**event.data, "guild_id": guild.id, "member": event.author.member()}


def needs_content_intent(event: Event, guild: Guild) -> bool:
    """Whether its text needs the message content intent: a person's message that does not mention the bot."""
    if event.name not in _MESSAGES or event.author is None or event.only_for is not None:
        return False
    if event.author.id == guild.bot.id:
        return False
    return all(user["id"] != guild.bot.id for user in event.data["mentions"])
