"""Applies a request body to a message: text, embeds, components, files, mentions.

https://docs.discord.com/developers/resources/message#allowed-mentions-object and
https://docs.discord.com/developers/reference#editing-message-attachments
"""

import mimetypes
import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from deploy.sandbox.discord.checks import components
from deploy.sandbox.discord.checks.message_body import Upload
from deploy.sandbox.discord.messages.image_size import dimensions
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.core import Core
from deploy.sandbox.discord.state.entities import Role, User
from deploy.sandbox.discord.state.message import Attachment, Message, MessageFlag
from deploy.sandbox.discord.state.permissions import Permission

SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.EPHEMERAL | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2
)
_DEFAULT_MENTIONS: Json = {"parse": ["users", "roles", "everyone"], "replied_user": True}
_CODE = re.compile(r"```.*?```|``.*?``|`[^`\n]+`", re.DOTALL)
_USER, _ROLE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_ATTACHMENT = "attachment://"
_T = TypeVar("_T", User, Role)


def apply_body(core: Core, message: Message, body: Json, files: Sequence[Upload]) -> None:
    """Set what the body contains; leave the rest of the message as it is."""
    _update_files(core, message, body.get("attachments"), files)
    by_name = {file.filename: file for file in message.files}
    if "embeds" in body:
        message.embeds = [_embed(embed, by_name) for embed in body["embeds"] or ()]
    if "components" in body:
        message.components = components.with_ids(_resolved(body["components"] or [], by_name))
    urls = set(_urls([message.embeds, message.components]))
    message.embedded_file_ids = {file.id for file in message.files if file.url in urls}
    if "content" in body:
        message.content = (body["content"] or "").strip()
    if "content" in body or message.reference:
        set_mentions(core, message, body.get("allowed_mentions"))


def set_mentions(core: Core, message: Message, allowed: Json | None) -> None:
    """Set whom the text pings, given allowed mentions and the author's permissions. Text in code pings nobody."""
    allowed = _DEFAULT_MENTIONS if allowed is None else allowed
    text = _CODE.sub("", message.content)
    guild = core.guild
    users = [guild.users[found] for found in _USER.findall(text) if found in guild.users]
    roles = [guild.roles[found] for found in _ROLE.findall(text) if found in guild.roles]
    channel = guild.channels.get(message.channel_id)
    may_ping_all = bool(guild.permissions(message.author, channel) & Permission.MENTION_EVERYONE)
    parse = allowed.get("parse") or []
    # discord.py sends ids as integers, which Discord accepts.
    allowed_users, allowed_roles = ({str(id_) for id_ in allowed.get(kind) or ()} for kind in ("users", "roles"))
    mentioned = [user for user in users if "users" in parse or user.id in allowed_users]
    if message.referenced and allowed.get("replied_user", allowed is _DEFAULT_MENTIONS):
        mentioned.append(message.referenced.author)
    message.mentions = _unique(mentioned)
    message.mention_roles = [
        role.id
        for role in _unique(roles)
        if (may_ping_all or role.mentionable) and ("roles" in parse or role.id in allowed_roles)
    ]
    message.mention_everyone = bool(_EVERYONE.search(text)) and may_ping_all and "everyone" in parse


def _unique(things: Iterable[_T]) -> list[_T]:
    return list({thing.id: thing for thing in things}.values())


def _update_files(core: Core, message: Message, attachments: list[Json] | None, files: Sequence[Upload]) -> None:
    """Keep the files that `attachments` lists (all, if it is absent) and add the new ones."""
    described = {str(entry.get("id")): entry for entry in attachments or ()}
    if attachments is not None:
        message.files = [file for file in message.files if file.id in described]
    for upload in files:
        entry = described.get(upload.key, {})
        message.files.append(_attachment(core, message.channel_id, upload, entry))


def _attachment(core: Core, channel_id: str, upload: Upload, entry: Json) -> Attachment:
    filename = re.sub(r"[^\w.\-]", "_", entry.get("filename") or upload.filename) or "unknown"
    file_id = core.snowflakes.next()
    content_type = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    if content_type.startswith("text/") or content_type == "application/json":
        content_type += "; charset=utf-8"
    return Attachment(
        id=file_id,
        filename=filename,
        content_type=content_type,
        data=upload.data,
        url=f"{core.url}/attachments/{channel_id}/{file_id}/{filename}",
        size_in_pixels=dimensions(upload.data),
        description=entry.get("description"),
    )


def _embed(embed: Json, by_name: dict[str, Attachment]) -> Json:
    """Return an embed as Discord does: with its type, without empty parts, images with URL and size."""
    filled = {name: value for name, value in embed.items() if value not in (None, "", [], {})}
    filled["type"] = "rich"
    for name in ("image", "thumbnail"):
        if name in filled:
            filled[name] = _media(filled[name], by_name)
    for name in ("footer", "author"):
        if (filled.get(name) or {}).get("icon_url", "").startswith(_ATTACHMENT):
            icon = _media({"url": filled[name]["icon_url"]}, by_name)["url"]
            filled[name] = {**filled[name], "icon_url": icon, "proxy_icon_url": icon}
    if "fields" in filled:
        filled["fields"] = [{"inline": False, **entry} for entry in filled["fields"]]
    return filled


def _media(media: Json, by_name: dict[str, Attachment]) -> Json:
    url = media["url"]
    if not url.startswith(_ATTACHMENT):
        return {"url": url, "proxy_url": url}
    file = by_name.get(url.removeprefix(_ATTACHMENT))
    if file is None:
        return {"url": url}
    width, height = file.size_in_pixels or (0, 0)
    return {
        "url": file.url,
        "proxy_url": file.url,
        "width": width,
        "height": height,
        "content_type": file.content_type,
    }


def _resolved(parts: list[Json], by_name: dict[str, Attachment]) -> list[Json]:
    """Copy components, replacing `attachment://` URLs at every level."""
    return [_resolved_part(part, by_name) for part in parts]


def _resolved_part(part: Json, by_name: dict[str, Attachment]) -> Json:
    copy = dict(part)
    for name in ("media", "file"):
        if isinstance(copy.get(name), dict) and "url" in copy[name]:
            copy[name] = _media(copy[name], by_name)
    for name in ("components", "items"):
        if isinstance(copy.get(name), list):
            copy[name] = _resolved(copy[name], by_name)
    if isinstance(copy.get("accessory"), dict):
        copy["accessory"] = _resolved_part(copy["accessory"], by_name)
    return copy


def _urls(value: object) -> Iterable[str]:
    """Iterate over all URLs at every level."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("url", "icon_url") and isinstance(inner, str):
                yield inner
            else:
                yield from _urls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _urls(inner)
