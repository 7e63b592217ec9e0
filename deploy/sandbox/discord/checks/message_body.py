"""Sizes and counts in a message's body, checked as Discord does and refused in its words.

https://discord.com/developers/docs/resources/message#create-message
"""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.discord.checks import components
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.protocol.errors import MEDIA, WEB, ApiError, Code, FormErrors
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.message import MessageFlag

CONTENT, EMBEDS, EMBED_TOTAL, FIELDS, FILES, NONCE = 2000, 10, 6000, 25, 10, 25
_PARSEABLE = ("everyone", "roles", "users")
_PICTURES = ("image", "thumbnail")
_VISIBLE = ("title", "description", "fields", "footer", "author", *_PICTURES)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body. `key` is the n in `files[n]`."""

    key: str
    filename: str
    content_type: str
    data: bytes


def check(body: Json, files: Sequence[Upload], limits: Limits, flags: MessageFlag) -> None:
    """Raise 50035 with every mistake, or 40005. `flags`: those that the message will have."""
    errors = FormErrors()
    errors.text(body.get("content"), "content", maximum=CONTENT)
    errors.mapping(body.get("message_reference"), "message_reference")
    check_embeds(errors.objects(body.get("embeds"), "embeds", maximum=EMBEDS), errors)
    _check_nonce(body.get("nonce"), errors)
    _check_mentions(body.get("allowed_mentions"), errors)
    v2 = bool(flags & MessageFlag.COMPONENTS_V2)
    parts = errors.objects(body.get("components"), "components", maximum=components.MAX_IN_MESSAGE)
    components.check(parts, errors, v2=v2)
    if v2:
        for name in ("content", "embeds", "poll", "sticker_ids"):
            if body.get(name):
                errors.add(
                    name,
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f'The "{name}" field cannot be used when using MessageFlags.IS_COMPONENTS_V2',
                )
    for name in ("poll", "sticker_ids"):
        if body.get(name):
            errors.add(name, "NOT_IN_THE_SANDBOX", "The sandbox does not support polls and stickers.")
    attachments = errors.objects(body.get("attachments"), "attachments", maximum=FILES)
    for at, attachment in enumerate(attachments):
        errors.text(attachment.get("description"), f"attachments.{at}.description", maximum=1024)
    if len(files) > FILES:
        errors.too_long("attachments", FILES)
    errors.raise_if_any()
    if any(len(file.data) > limits.upload_bytes for file in files):
        raise ApiError(Code.TOO_LARGE)


def check_embeds(embeds: list[Json], errors: FormErrors) -> None:
    total = 0
    for at, embed in enumerate(embeds):
        path = f"embeds.{at}"
        footer = errors.mapping(embed.get("footer"), f"{path}.footer")
        author = errors.mapping(embed.get("author"), f"{path}.author")
        texts = [
            errors.text(embed.get("title"), f"{path}.title", maximum=256),
            errors.text(embed.get("description"), f"{path}.description", maximum=4096),
            errors.text(footer.get("text"), f"{path}.footer.text", maximum=2048),
            errors.text(author.get("name"), f"{path}.author.name", maximum=256),
        ]
        if not any(embed.get(name) for name in _VISIBLE):
            errors.required(f"{path}.description")
        fields = errors.objects(embed.get("fields"), f"{path}.fields", maximum=FIELDS)
        for n, entry in enumerate(fields):
            place = f"{path}.fields.{n}"
            texts.append(errors.text(entry.get("name"), f"{place}.name", maximum=256, minimum=1, required=True))
            texts.append(errors.text(entry.get("value"), f"{place}.value", maximum=1024, minimum=1, required=True))
        _check_embed_urls(embed, path, errors)
        color = embed.get("color")
        if color is not None and (not isinstance(color, int) or not 0 <= color <= 0xFFFFFF):
            errors.add(f"{path}.color", "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
        total += sum(len(text) for text in texts)
    if total > EMBED_TOTAL:
        errors.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL}")


def _check_embed_urls(embed: Json, path: str, errors: FormErrors) -> None:
    errors.url(embed.get("url"), f"{path}.url", schemes=WEB)
    for name in _PICTURES:
        if embed.get(name) is not None:
            picture = errors.mapping(embed[name], f"{path}.{name}")
            errors.url(picture.get("url"), f"{path}.{name}.url", schemes=MEDIA, required=True)
    for name in ("footer", "author"):
        holder = embed.get(name)
        if isinstance(holder, dict):
            errors.url(holder.get("icon_url"), f"{path}.{name}.icon_url", schemes=MEDIA)


def _check_nonce(nonce: object, errors: FormErrors) -> None:
    if nonce is None or (isinstance(nonce, int) and not isinstance(nonce, bool)):
        return
    errors.text(nonce, "nonce", maximum=NONCE)


def _check_mentions(value: object, errors: FormErrors) -> None:
    allowed = errors.mapping(value, "allowed_mentions")
    parse = errors.texts(allowed.get("parse"), "allowed_mentions.parse", maximum=3)
    for at, kind in enumerate(parse):
        if kind not in _PARSEABLE:
            errors.choice(f"allowed_mentions.parse.{at}", str(_PARSEABLE))
    for kind in ("users", "roles"):
        ids = errors.texts(allowed.get(kind), f"allowed_mentions.{kind}", maximum=100)
        if ids and kind in parse:
            errors.add(
                "allowed_mentions",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )
