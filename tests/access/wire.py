"""Interactions as the gateway sends them, and Discord's side of the answers, in memory.

The fields are those of https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from discord.webhook.async_ import AsyncWebhookAdapter

from tests.access.people import ELSEWHERE, GUILD, LOBBY, ORCHARD, ORCHARD_THREAD, ROLES, Kind

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5
EPHEMERAL = 64
ALL_PERMISSIONS = str(2**50 - 1)
TIME = "2026-01-01T00:00:00+00:00"
Json = dict[str, Any]
PLACES = ("another server", "a direct message", "an own installation", "no member")


@dataclass
class Asked:
    """One interaction and every answer to it. `typed` is all its text, by which a leak is told from an echo."""

    id: int
    kind: Kind
    channel: int
    what: str
    typed: str
    began: float = 0.0
    acknowledged_after: float | None = None
    answers: list[Json] = field(default_factory=list)
    public: bool = False

    @property
    def text(self) -> str:
        return json.dumps(self.answers, ensure_ascii=False)

    @property
    def choices(self) -> list[str]:
        found = [answer for answer in self.answers if answer.get("type") == 8]
        return [str(choice["value"]) for answer in found for choice in answer["data"]["choices"]]


class Answers(AsyncWebhookAdapter):
    """Takes the bot's answers in place of Discord, by the interaction's token."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Asked] = {}

    async def request(  # type: ignore[override]
        self,
        route: Any,
        session: object,
        *,
        payload: Json | None = None,
        multipart: Sequence[Json] | None = None,
        **_: object,
    ) -> Any:
        asked = self.asked[str(route.webhook_token)]
        if multipart:
            payload = next(json.loads(part["value"]) for part in multipart if part["name"] == "payload_json")
        if asked.acknowledged_after is None:
            asked.acknowledged_after = asyncio.get_running_loop().time() - asked.began
        if route.method == "DELETE":
            asked.public = False
            asked.answers.clear()
            return None
        body = payload or {}
        asked.answers.append(body)
        if route.path.endswith("/callback"):
            private = (body.get("data") or {}).get("flags", 0) & EPHEMERAL
            asked.public = body["type"] in (4, 5) and not private
            return {"interaction": {"id": str(asked.id), "type": 2}}
        return message(asked.channel)


def message(channel: int, custom_ids: Sequence[str] = ()) -> Json:
    buttons = [{"type": 2, "style": 1, "label": "x", "custom_id": each} for each in custom_ids]
    return {
        "id": "900",
        "channel_id": str(channel),
        "author": {"id": "1", "username": "bot", "discriminator": "0", "avatar": None},
        "content": "",
        "timestamp": TIME,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
        "components": [{"type": 1, "components": buttons}] if buttons else [],
    }


def interaction(asked: Asked, kind: int, data: Json, *, place: str = "") -> Json:
    """The data of INTERACTION_CREATE. `place` is where a stranger asks, one of `PLACES`."""
    user = {"id": str(asked.kind.id), "username": asked.kind.name, "discriminator": "0", "avatar": None}
    member = {"user": user, "roles": [str(role) for role in asked.kind.roles], "joined_at": TIME, "flags": 0}
    whole: Json = {
        "id": str(asked.id),
        "application_id": "1",
        "type": kind,
        "token": str(asked.id),
        "version": 1,
        "data": data,
        "guild_id": str(GUILD),
        "channel_id": str(asked.channel),
        "channel": _channel(asked.channel),
        "member": {**member, "deaf": False, "mute": False, "permissions": ALL_PERMISSIONS},
        "app_permissions": ALL_PERMISSIONS,
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(GUILD)},
        "context": 0,
        "attachment_size_limit": 10_000_000,
    }
    if kind == COMPONENT:
        whole["message"] = message(asked.channel, [data["custom_id"]])
    return _moved(whole, place, user)


def _moved(whole: Json, place: str, user: Json) -> Json:
    if place == "another server":
        return {**whole, "guild_id": str(ELSEWHERE), "authorizing_integration_owners": {"0": str(ELSEWHERE)}}
    if place == "an own installation":
        return {**whole, "authorizing_integration_owners": {"1": user["id"]}}
    if place == "a direct message":
        left = {name: value for name, value in whole.items() if name not in ("guild_id", "member", "channel")}
        return {**left, "user": user, "context": 1, "authorizing_integration_owners": {"0": "0"}}
    if place == "no member":
        return {**{name: value for name, value in whole.items() if name != "member"}, "user": user}
    return whole


def _channel(channel: int) -> Json:
    plain = {"id": str(channel), "type": 0, "name": f"channel-{channel}", "guild_id": str(GUILD), "position": 0}
    if channel != ORCHARD_THREAD:
        return {**plain, "permission_overwrites": [], "nsfw": False, "parent_id": None}
    counts = {"message_count": 0, "member_count": 1, "rate_limit_per_user": 0}
    archive = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": TIME, "locked": False}
    return {**plain, "type": 11, "parent_id": str(ORCHARD), "owner_id": "1", "thread_metadata": archive, **counts}


def guild() -> Json:
    """The data of GUILD_CREATE."""
    roles = {GUILD: "@everyone", **ROLES}
    return {
        "id": str(GUILD),
        "name": "Robot lab",
        "owner_id": "1",
        "roles": [_role(role_id, name) for role_id, name in roles.items()],
        "channels": [_channel(each) for each in (ORCHARD, ORCHARD + 1, LOBBY)],
        "threads": [_channel(ORCHARD_THREAD)],
        "members": [],
        "emojis": [],
        "features": [],
    }


def _role(role_id: int, name: str) -> Json:
    look = {"color": 0, "colors": {"primary_color": 0}, "hoist": False, "position": 0, "managed": False, "flags": 0}
    return {"id": str(role_id), "name": name, "permissions": "0", "mentionable": False, **look}


def option(name: str, value: object, kind: int, *, focused: bool = False) -> Json:
    return {"name": name, "value": value, "type": kind, **({"focused": True} if focused else {})}


def typed_text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, default=str)
