"""Open interactions for people; let the bot acknowledge and answer them.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import asyncio
from collections.abc import Sequence
from secrets import token_urlsafe

from deploy.sandbox.discord.checks import message_body as bodies
from deploy.sandbox.discord.checks import modals
from deploy.sandbox.discord.checks.message_body import Upload
from deploy.sandbox.discord.interactions.model import (
    ALLOWED,
    DEFERRED,
    CallbackType,
    Interaction,
    InteractionType,
    gateway_wire,
)
from deploy.sandbox.discord.messages.compose import SETTABLE, apply_body
from deploy.sandbox.discord.messages.posting import Messages, require_content
from deploy.sandbox.discord.protocol.errors import ApiError, Code, FormErrors, invalid
from deploy.sandbox.discord.protocol.wire import Json, without_none
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import Channel, User
from deploy.sandbox.discord.state.events import Event
from deploy.sandbox.discord.state.message import Message, MessageFlag, MessageType

MAX_CHOICES = 25


class Interactions:
    def __init__(self, core: Core, messages: Messages) -> None:
        self._core, self._messages = core, messages
        self._by_id: dict[str, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def open(
        self,
        kind: InteractionType,
        person: User,
        channel: Channel,
        data: Json,
        *,
        name: str,
        source: Message | None = None,
        cause: Interaction | None = None,
    ) -> Interaction:
        """Create an interaction and send it to the bot."""
        self._forget_expired()
        interaction = Interaction(
            id=self._core.snowflakes.next(),
            token=f"aW50ZXJhY3Rpb246{token_urlsafe(48)}",
            type=kind,
            person=person,
            channel=channel,
            data=data,
            created_at=self._core.clock(),
            name=name,
            source=source,
            cause=cause,
        )
        self._by_id[interaction.id] = self._by_token[interaction.token] = interaction
        self._record("interaction.create", interaction, person.name, type=int(kind), name=name)
        message = self._messages.wire(source) if source else None
        data = gateway_wire(self._core, interaction, message)
        self._core.hub.publish(Event("INTERACTION_CREATE", data, channel, to_people=False))
        self._publish_state(interaction, "pending")
        return interaction

    def get(self, interaction_id: str) -> Interaction | None:
        return self._by_id.get(interaction_id)

    async def wait_for_acknowledgement(self, interaction: Interaction) -> bool:
        """Wait for the bot's acknowledgement. Return False if the deadline passes first."""
        try:
            async with asyncio.timeout(self._core.limits.interaction_deadline):
                await interaction.acknowledged.wait()
        except TimeoutError:
            self._record("interaction.failed", interaction, interaction.person.name)
            self._publish_state(interaction, "failed")
            return False
        return True

    def callback(self, interaction_id: str, token: str, body: Json, files: Sequence[Upload]) -> Interaction:
        """Acknowledge an interaction.

        Raises 10062 (unknown, or past the deadline of 3 s), 40060, 50035, and the errors of creating a message.
        """
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise ApiError(Code.UNKNOWN_INTERACTION)
        if interaction.callback is not None:
            raise ApiError(Code.ALREADY_ACKNOWLEDGED)
        if self._core.clock() - interaction.created_at > self._core.limits.interaction_deadline:
            raise ApiError(Code.UNKNOWN_INTERACTION)
        callback = _callback_type(interaction, body)
        self._apply_callback(interaction, callback, body.get("data") or {}, files)
        interaction.callback = callback
        interaction.acknowledged_at = self._core.clock()
        self._record("interaction.callback", interaction, "bot", type=int(callback))
        interaction.acknowledged.set()
        if callback not in DEFERRED:
            interaction.finished.set()
        self._publish_state(interaction, "acknowledged")
        return interaction

    def follow_up(self, token: str, body: Json, files: Sequence[Upload]) -> Message:
        """Send a follow-up. The first one after a deferral replaces the loading message."""
        interaction = self.by_token(token)
        original = interaction.response
        if original is not None and original.flags & MessageFlag.LOADING:
            return self.edit(interaction, original, body, files)
        message = self._new_message(interaction, body, MessageType.DEFAULT)
        if original is not None:
            _reply_to(message, original, interaction)
        message = self._send(interaction, message, body, files)
        self._record("interaction.followup", interaction, "bot", message_id=message.id)
        interaction.finished.set()
        return message

    def edit(self, interaction: Interaction, message: Message, body: Json, files: Sequence[Upload]) -> Message:
        self._messages.edit(message, body, files)
        self._record("interaction.edit", interaction, "bot", message_id=message.id)
        interaction.finished.set()
        return message

    def delete(self, interaction: Interaction, message: Message) -> None:
        self._messages.delete(message, self._core.guild.bot)
        if interaction.response is message:
            interaction.response = None
        interaction.message_ids.discard(message.id)
        interaction.finished.set()

    def by_token(self, token: str) -> Interaction:
        """Raise 50027 for an unknown or expired token, 10015 before the acknowledgement."""
        interaction = self._by_token.get(token)
        if interaction is None or self._is_expired(interaction):
            raise ApiError(Code.INVALID_WEBHOOK_TOKEN)
        if interaction.callback is None:
            raise ApiError(Code.UNKNOWN_WEBHOOK)
        return interaction

    def message(self, interaction: Interaction, message_id: str) -> Message:
        """Find `@original` or a follow-up. Raises 10008."""
        if message_id == "@original":
            if interaction.response is None:
                raise ApiError(Code.UNKNOWN_MESSAGE)
            message_id = interaction.response.id
        if message_id not in interaction.message_ids:
            raise ApiError(Code.UNKNOWN_MESSAGE)
        return self._core.message(interaction.channel.id, message_id)

    def _apply_callback(
        self, interaction: Interaction, callback: CallbackType, data: Json, files: Sequence[Upload]
    ) -> None:
        match callback:
            case CallbackType.MESSAGE:
                message = self._new_message(interaction, data, _answer_type(interaction))
                interaction.response = self._send(interaction, message, data, files)
            case CallbackType.DEFERRED_MESSAGE:
                message = self._new_message(interaction, data, _answer_type(interaction))
                message.flags |= MessageFlag.LOADING
                self._add(interaction, message)
                interaction.response = message
            case CallbackType.DEFERRED_UPDATE | CallbackType.UPDATE:
                if interaction.source is None:
                    raise invalid("type", "BASE_TYPE_CHOICES", "There is no message to update.")
                if callback is CallbackType.UPDATE:
                    self._messages.edit(interaction.source, data, files)
                interaction.response = interaction.source
                interaction.message_ids.add(interaction.source.id)
            case CallbackType.AUTOCOMPLETE:
                interaction.choices = _parse_choices(data)
            case CallbackType.MODAL:
                modals.check(data)
                interaction.modal = modals.wire(data)

    def _new_message(self, interaction: Interaction, data: Json, kind: MessageType) -> Message:
        message = Message(self._core.snowflakes.next(), interaction.channel.id, self._core.guild.bot, kind)
        flags = data.get("flags") or 0
        message.flags = MessageFlag(flags & SETTABLE.value)
        if message.flags & MessageFlag.EPHEMERAL:
            message.only_for = interaction.person.id
        message.application_id = self._core.guild.application_id
        message.interaction = interaction.metadata()
        if kind is MessageType.REPLY and interaction.source:
            _reply_to(message, interaction.source, interaction)
        return message

    def _send(self, interaction: Interaction, message: Message, data: Json, files: Sequence[Upload]) -> Message:
        bodies.check(data, files, self._core.limits, message.flags)
        apply_body(self._core, message, data, files)
        require_content(message)
        self._add(interaction, message)
        return message

    def _add(self, interaction: Interaction, message: Message) -> None:
        interaction.message_ids.add(message.id)
        self._messages.add(message)

    def _is_expired(self, interaction: Interaction) -> bool:
        return self._core.clock() - interaction.created_at > self._core.limits.interaction_lifetime

    def _forget_expired(self) -> None:
        """Remove expired interactions. The oldest come first, so stop at the first one that has not expired."""
        for interaction in list(self._by_id.values()):
            if not self._is_expired(interaction):
                return
            del self._by_id[interaction.id], self._by_token[interaction.token]

    def _publish_state(self, interaction: Interaction, state: str) -> None:
        """Send the interaction's state to its person's page."""
        data = {
            "interaction_id": interaction.id,
            "channel_id": interaction.channel.id,
            "interaction_type": int(interaction.type),
            "name": interaction.name,
            "state": state,
            "type": interaction.callback,
            "modal": interaction.modal,
        }
        self._core.hub.publish(
            Event("INTERACTION", data, interaction.channel, only_for=interaction.person.id, to_bot=False)
        )

    def _record(self, kind: str, interaction: Interaction, by: str, **details: object) -> None:
        message_id = interaction.response.id if interaction.response else None
        fields = {"interaction_id": interaction.id, "channel_id": interaction.channel.id}
        self._core.ledger.add(kind, by, **(fields | without_none(message_id=message_id) | details))


def _callback_type(interaction: Interaction, body: Json) -> CallbackType:
    allowed = ALLOWED[interaction.type]
    if body.get("type") not in allowed:
        choices = tuple(sorted(int(callback) for callback in allowed))
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")
    return CallbackType(body["type"])


def _answer_type(interaction: Interaction) -> MessageType:
    if interaction.type is InteractionType.COMMAND:
        is_menu = interaction.data.get("type", 1) != 1
        return MessageType.CONTEXT_MENU_COMMAND if is_menu else MessageType.CHAT_INPUT_COMMAND
    return MessageType.REPLY if interaction.source else MessageType.CHAT_INPUT_COMMAND


def _reply_to(message: Message, target: Message, interaction: Interaction) -> None:
    message.type = MessageType.REPLY
    message.referenced = target
    message.reference = {
        "type": 0,
        "channel_id": target.channel_id,
        "message_id": target.id,
        "guild_id": interaction.channel.guild_id,
    }


def _parse_choices(data: Json) -> list[Json]:
    errors = FormErrors()
    choices = errors.objects(data.get("choices"), "data.choices", maximum=MAX_CHOICES)
    for at, choice in enumerate(choices):
        errors.text(choice.get("name"), f"data.choices.{at}.name", maximum=100, minimum=1, required=True)
        if isinstance(choice.get("value"), str):
            errors.text(choice["value"], f"data.choices.{at}.value", maximum=100)
        elif not isinstance(choice.get("value"), int | float):
            errors.required(f"data.choices.{at}.value")
    errors.raise_if_any()
    return choices
