"""Endpoints to answer interactions: the callback, and the webhook of its token.

https://discord.com/developers/docs/interactions/receiving-and-responding#endpoints
"""

from urllib.parse import unquote

from deploy.sandbox.discord.interactions.model import Interaction
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.rest.http import Call, Route
from deploy.sandbox.discord.standin import Discord
from deploy.sandbox.discord.state.message import Message


def callback(discord: Discord, call: Call) -> object:
    interaction = discord.interactions.callback(
        call["interaction_id"], call["interaction_token"], call.json, call.files
    )
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    response = interaction.response
    return interaction.callback_response(discord.messages.wire(response) if response else None)


def follow_up(discord: Discord, call: Call) -> object:
    _require_application(discord, call)
    message = discord.interactions.follow_up(call["webhook_token"], call.json, call.files)
    return discord.messages.wire(message)


def get(discord: Discord, call: Call) -> object:
    _, message = _find(discord, call)
    return discord.messages.wire(message)


def edit(discord: Discord, call: Call) -> object:
    interaction, message = _find(discord, call)
    return discord.messages.wire(discord.interactions.edit(interaction, message, call.json, call.files))


def delete(discord: Discord, call: Call) -> object:
    interaction, message = _find(discord, call)
    discord.interactions.delete(interaction, message)
    return None


def _find(discord: Discord, call: Call) -> tuple[Interaction, Message]:
    _require_application(discord, call)
    interaction = discord.interactions.by_token(call["webhook_token"])
    return interaction, discord.interactions.message(interaction, unquote(call["message_id"]))


def _require_application(discord: Discord, call: Call) -> None:
    if call["webhook_id"] != discord.core.guild.application_id:
        raise ApiError(Code.UNKNOWN_WEBHOOK)


_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_MESSAGE = _WEBHOOK + "/messages/{message_id}"
ROUTES = (
    Route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", callback, None, by_token=True),
    Route("POST", _WEBHOOK, follow_up, "webhook", by_token=True),
    Route("GET", _MESSAGE, get, "webhook", by_token=True),
    Route("PATCH", _MESSAGE, edit, "webhook", by_token=True),
    Route("DELETE", _MESSAGE, delete, "webhook", by_token=True),
)
