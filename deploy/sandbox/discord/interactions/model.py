"""An interaction: what a person did, and how far the bot has answered it.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object and
#interaction-response-object-interaction-callback-type
"""

import asyncio
from dataclasses import dataclass, field
from enum import IntEnum

from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import Channel, User
from deploy.sandbox.discord.state.message import Message, MessageFlag


class InteractionType(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackType(IntEnum):
    """The ways to acknowledge an interaction."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


ALLOWED: dict[InteractionType, frozenset[CallbackType]] = {
    InteractionType.COMMAND: frozenset({CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE, CallbackType.MODAL}),
    InteractionType.COMPONENT: frozenset(CallbackType) - {CallbackType.AUTOCOMPLETE},
    InteractionType.AUTOCOMPLETE: frozenset({CallbackType.AUTOCOMPLETE}),
    InteractionType.MODAL: frozenset(CallbackType) - {CallbackType.AUTOCOMPLETE, CallbackType.MODAL},
}
DEFERRED = frozenset({CallbackType.DEFERRED_MESSAGE, CallbackType.DEFERRED_UPDATE})


@dataclass(slots=True)
class Interaction:
    id: str
    token: str
    type: InteractionType
    person: User
    channel: Channel
    data: Json
    created_at: float
    name: str = ""
    """The full name of a command, or the custom id of a component or modal."""
    source: Message | None = None
    """The message with the component that was used, also for the modal that the component opened."""
    cause: "Interaction | None" = None
    """The interaction that opened the modal."""
    callback: CallbackType | None = None
    acknowledged_at: float | None = None
    response: Message | None = None
    """The message that `@original` refers to."""
    message_ids: set[str] = field(default_factory=set)
    """The messages that the interaction's token may edit."""
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when no deferred answer is outstanding."""

    def metadata(self) -> Json:
        """Return `interaction` and `interaction_metadata` for the messages that answer it."""
        data: Json = {
            "id": self.id,
            "type": int(self.type),
            "user": self.person.wire(),
            "authorizing_integration_owners": {"0": self.channel.guild_id},
        }
        if self.type is InteractionType.COMMAND:
            data |= {"name": self.name, "command_type": self.data.get("type", 1)}
        if self.type is InteractionType.COMPONENT and self.source:
            data["interacted_message_id"] = self.source.id
        if self.cause:
            data["triggering_interaction_metadata"] = self.cause.metadata()["interaction_metadata"]
        message: Json = {"interaction_metadata": data}
        if self.type is InteractionType.COMMAND:
            brief = {"id": self.id, "type": 2, "name": self.name, "user": self.person.wire()}
            message["interaction"] = brief
        return message

    def callback_response(self, message: Json | None) -> Json:
        """Return the answer to a callback with `with_response`."""
        summary: Json = {"id": self.id, "type": int(self.type), "channel_id": self.channel.id}
        summary["guild_id"] = self.channel.guild_id
        if self.response is not None:
            summary |= {
                "response_message_id": self.response.id,
                "response_message_loading": bool(self.response.flags & MessageFlag.LOADING),
                "response_message_ephemeral": self.response.only_for is not None,
            }
        answer: Json = {"interaction": summary}
        if self.callback in (CallbackType.MESSAGE, CallbackType.UPDATE):
            answer["resource"] = {"type": int(self.callback), "message": message}
        return answer


def gateway_wire(core: Core, interaction: Interaction, message: Json | None) -> Json:
    """Return the data of INTERACTION_CREATE."""
    guild, channel, person = core.guild, interaction.channel, interaction.person
    permissions = str(int(guild.permissions(person, channel)))
    data: Json = {
        "id": interaction.id,
        "application_id": guild.application_id,
        "type": int(interaction.type),
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "locale": "en-US",
        "channel_id": channel.id,
        "channel": {**channel.wire(), "permissions": permissions},
        "member": {**guild.member(person), "permissions": permissions},
        "app_permissions": str(int(guild.permissions(guild.bot, channel))),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": {"0": guild.id},
        "context": 0,
        "attachment_size_limit": core.limits.upload_bytes,
    }
    return data | ({"message": message} if message else {})
