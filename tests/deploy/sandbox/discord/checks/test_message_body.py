"""Sizes and counts, refused as Discord does: 50035 with the path of every mistake."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.discord.checks.message_body import Upload, check
from deploy.sandbox.discord.limits.settings import Limits
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Json
from deploy.sandbox.discord.state.message import MessageFlag
from tests.deploy.sandbox.discord.room import Room

BUTTON = {"type": 2, "style": 1, "label": "Stop", "custom_id": "stop"}
V2 = MessageFlag.COMPONENTS_V2
_KEYS = [
    "content", "embeds", "components", "attachments", "allowed_mentions", "nonce",
    "message_reference", "title", "description", "fields", "footer", "author", "image", "url",
    "color", "name", "value", "text", "icon_url", "type", "style", "label", "custom_id", "options",
    "items", "media", "file", "accessory", "parse", "users", "id", "min_values", "placeholder",
]  # fmt: skip


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def button(**changes: object) -> Json:
    return {key: value for key, value in (BUTTON | changes).items() if value is not None}


def select(count: int = 1, **changes: object) -> Json:
    options = [{"label": str(n), "value": str(n)} for n in range(count)]
    return {"type": 3, "custom_id": "pick", "options": options} | changes


FITS = [
    {"content": "a" * 2000},
    {"embeds": [{"title": "t" * 256, "description": "d" * 4096}]},
    {"embeds": [{"description": "d"}] * 10},
    {"embeds": [{"fields": [{"name": "n" * 256, "value": "v" * 100}] * 16}]},
    {"components": [row(*(button(custom_id=f"{r}{b}") for b in range(5))) for r in range(5)]},
    {"components": [row(select(25))]},
    {"components": [row(button(style=5, url="https://example.org", custom_id=None))]},
    {"nonce": "n" * 25},
    {"nonce": 4711},
    {"allowed_mentions": {"parse": ["roles"], "users": ["1"]}},
]
REFUSED = [
    ({"content": "a" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
    ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
    ({"embeds": [{"description": "d"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"title": "t" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"description": "d" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"footer": {"text": "f" * 2049}}]}, "embeds.0.footer.text", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"author": {"name": "a" * 257}}]}, "embeds.0.author.name", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"fields": [{"name": "n", "value": "v"}] * 26}]}, "embeds.0.fields", "BASE_TYPE_MAX_LENGTH"),
    ({"embeds": [{"fields": [{"name": "", "value": "v"}]}]}, "embeds.0.fields.0.name", "BASE_TYPE_BAD_LENGTH"),
    ({"embeds": [{"fields": [{"name": "n"}]}]}, "embeds.0.fields.0.value", "BASE_TYPE_REQUIRED"),
    ({"embeds": [{"description": "d" * 3001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    ({"embeds": [{"image": {"url": "ftp://x/y"}}]}, "embeds.0.image.url", "URL_TYPE_INVALID_SCHEME"),
    ({"embeds": [{"url": "attachment://y"}]}, "embeds.0.url", "URL_TYPE_INVALID_SCHEME"),
    ({"embeds": [{"title": "t", "color": 1 << 24}]}, "embeds.0.color", "NUMBER_TYPE_MAX"),
    ({"components": [row(BUTTON)] * 6}, "components", "BASE_TYPE_MAX_LENGTH"),
    (
        {"components": [row(*(button(custom_id=str(n)) for n in range(6)))]},
        "components.0.components",
        "BASE_TYPE_BAD_LENGTH",
    ),
    ({"components": [row(BUTTON, BUTTON)]}, "components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
    ({"components": [row(button(custom_id=None))]}, "components.0.components.0.custom_id", "BASE_TYPE_REQUIRED"),
    ({"components": [row(button(custom_id="c" * 101))]}, "components.0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [row(button(label="l" * 81))]}, "components.0.components.0.label", "BASE_TYPE_MAX_LENGTH"),
    ({"components": [row(button(label=None))]}, "components.0.components.0", "BUTTON_COMPONENT_INVALID_LABEL"),
    ({"components": [row(button(style=9))]}, "components.0.components.0.style", "BASE_TYPE_CHOICES"),
    ({"components": [row(button(style=5, custom_id=None))]}, "components.0.components.0.url", "BASE_TYPE_REQUIRED"),
    ({"components": [row(select(26))]}, "components.0.components.0.options", "BASE_TYPE_BAD_LENGTH"),
    ({"components": [row(select(), BUTTON)]}, "components.0.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
    ({"components": [BUTTON]}, "components.0.type", "BASE_TYPE_CHOICES"),
    ({"embeds": [{"footer": "text"}]}, "embeds.0.footer", "MODEL_TYPE_CONVERT"),
    ({"embeds": [{"color": 5}]}, "embeds.0.description", "BASE_TYPE_REQUIRED"),
    ({"embeds": [{"image": {}}]}, "embeds.0.image.url", "BASE_TYPE_REQUIRED"),
    ({"nonce": "n" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
    ({"allowed_mentions": {"parse": ["cats"]}}, "allowed_mentions.parse.0", "BASE_TYPE_CHOICES"),
    (
        {"allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
]


@pytest.mark.parametrize("body", FITS)
def test_valid_body_passes(body: Json) -> None:
    check(body, (), Limits(), MessageFlag(0))


@pytest.mark.parametrize(("body", "place", "code"), REFUSED, ids=[f"{p} {c}" for _, p, c in REFUSED])
def test_invalid_body_is_refused_with_path_and_code(body: Json, place: str, code: str) -> None:
    assert code in mistakes(body, place)


def test_all_mistakes_are_reported_together() -> None:
    body = {"content": "a" * 2001, "embeds": [{"title": "t" * 257}], "nonce": "n" * 26}
    for place in ("content", "embeds.0.title", "nonce"):
        assert mistakes(body, place) == ["BASE_TYPE_MAX_LENGTH"]


def test_components_v2_replaces_text_and_embeds() -> None:
    text = [{"type": 10, "content": "words"}]
    check({"components": text}, (), Limits(), V2)
    assert mistakes({"components": text, "content": "x"}, "content", V2)
    assert mistakes({"components": [{"type": 10, "content": str(n)} for n in range(41)]}, "components", V2)
    inside = [{"type": 17, "components": [row(button(custom_id=str(n))) for n in range(20)]}]
    assert "COMPONENT_LAYOUT_MAX_COMPONENTS" in mistakes({"components": inside}, "components", V2)


@pytest.mark.parametrize(
    ("component", "place"),
    [
        ({"type": 12, "items": [{"media": {"url": "ftp://x"}}]}, "components.0.items.0.media.url"),
        ({"type": 12, "items": []}, "components.0.items"),
        ({"type": 13, "file": {}}, "components.0.file.url"),
        ({"type": 9, "components": [{"type": 10, "content": "x"}]}, "components.0.accessory"),
        (
            {"type": 9, "components": [{"type": 10, "content": "x"}], "accessory": {"type": 2}},
            "components.0.accessory.style",
        ),
        ({"type": 10, "content": ""}, "components.0.content"),
        ({"type": 99}, "components.0.type"),
    ],
)
def test_components_v2_are_validated(component: Json, place: str) -> None:
    assert mistakes({"components": [component]}, place, V2)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(_KEYS), _json), st.sampled_from([0, int(V2)]))
def test_any_body_becomes_a_message_or_a_discord_error(body: Json, flags: int) -> None:
    room = Room()
    with suppress(ApiError):
        message = room.discord.messages.create(room.bot, room.channel(), {"content": "x", **body, "flags": flags})
        assert room.discord.messages.wire(message)["id"] == message.id


def test_files_are_limited_in_size_and_number() -> None:
    limits = replace(Limits(), upload_bytes=10)
    small = Upload("0", "a.txt", "text/plain", b"0123456789")
    check({}, [small] * 10, limits, MessageFlag(0))
    with pytest.raises(ApiError) as caught:
        check({}, [replace(small, data=b"0" * 11)], limits, MessageFlag(0))
    assert (caught.value.code, caught.value.status) == (Code.TOO_LARGE, 413)
    with pytest.raises(ApiError, match="50035"):
        check({}, [small] * 11, limits, MessageFlag(0))


def mistakes(body: Json, place: str, flags: MessageFlag = MessageFlag(0)) -> list[str]:  # noqa: B008 - immutable
    """Return the error codes at one path of the answer."""
    with pytest.raises(ApiError) as caught:
        check(body, (), Limits(), flags)
    answer = caught.value.body()
    assert (answer["code"], answer["message"]) == (50035, "Invalid Form Body")
    found = answer["errors"]
    for step in place.split("."):
        found = found[step]
    return [error["code"] for error in found["_errors"]]
