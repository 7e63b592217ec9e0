"""Messages: nonces, mentions, files in embeds, replies, edits, refusals."""

import pytest

from deploy.sandbox.discord.checks.message_body import Upload
from deploy.sandbox.discord.limits.rate_limiter import RateLimited
from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.state.message import MessageFlag, MessageType
from tests.deploy.sandbox.discord.clients import HEIGHT, PICTURE, WIDTH
from tests.deploy.sandbox.discord.room import Room

PLOT = Upload("0", "plot.png", "image/png", PICTURE)
SHOWN = {"embeds": [{"title": "plot", "image": {"url": "attachment://plot.png"}}]}


def test_enforced_nonce_creates_one_message_in_its_window(room: Room) -> None:
    first = room.post(nonce="n", enforce_nonce=True)
    room.clock.now += 179
    assert room.post(nonce="n", enforce_nonce=True) is first
    assert room.post(nonce="other", enforce_nonce=True) is not first
    assert room.post(nonce="n", enforce_nonce=True, channel=room.channel("lab")) is first
    room.clock.now += 2
    assert room.post(nonce="n", enforce_nonce=True) is not first
    replayed = [entry.details["replayed"] for entry in room.core.ledger.of("message.create")]
    assert replayed == [False, True, False, True, False]


def test_nonce_of_a_deleted_message_is_answered_as_unknown(room: Room) -> None:
    first = room.post(nonce="n", enforce_nonce=True)
    room.discord.messages.delete(first, room.person("mika"))
    with pytest.raises(ApiError, match="10008"):
        room.post(nonce="n", enforce_nonce=True)
    room.clock.now += 181
    assert room.post(nonce="n", enforce_nonce=True) is not first


def test_nonce_without_enforcement_does_not_deduplicate(room: Room) -> None:
    assert room.post(nonce="n") is not room.post(nonce="n")


def test_nonce_is_only_shown_at_creation(room: Room) -> None:
    message = room.post(nonce="n")
    assert room.discord.messages.wire(message, nonce=True)["nonce"] == "n"
    assert "nonce" not in room.discord.messages.wire(message)


@pytest.mark.parametrize("body", [{}, {"content": "  \n "}, {"components": [{"type": 1, "components": []}]}])
def test_empty_message_is_refused(room: Room, body: dict[str, object]) -> None:
    with pytest.raises(ApiError) as caught:
        room.discord.messages.create(room.bot, room.channel(), body)
    assert caught.value.code in (Code.EMPTY_MESSAGE, Code.INVALID_FORM)
    assert room.kinds() == []


def test_mentions_follow_allowed_mentions(room: Room) -> None:
    mika, noor = room.person("mika"), room.person("noor")
    text = f"<@{mika.id}> <@!{noor.id}> @everyone"
    assert [user.name for user in room.post(text).mentions] == ["mika", "noor"]
    assert room.post(text, allowed_mentions={"parse": []}).mentions == []
    only = room.post(text, allowed_mentions={"parse": [], "users": [noor.id]})
    assert [user.name for user in only.mentions] == ["noor"]


def test_mass_mentions_need_permission_or_a_mentionable_role(room: Room) -> None:
    trainer, admin = (room.core.guild.role_named(name).id for name in ("trainer", "admin"))
    text = f"<@&{trainer}> <@&{admin}> @here"
    by_bot, by_admin = room.post(text), room.post(text, by=room.person("mika"))
    assert (by_bot.mention_roles, by_bot.mention_everyone) == ([trainer], False)
    assert (by_admin.mention_roles, by_admin.mention_everyone) == ([trainer, admin], True)
    assert not room.post(text, by=room.person("mika"), allowed_mentions={"parse": ["users"]}).mention_everyone


def test_code_mentions_nobody(room: Room) -> None:
    mika = room.person("mika")
    text = f"```\n<@{mika.id}> @everyone\n``` and `<@{mika.id}>`"
    message = room.post(text, by=mika)
    assert (message.mentions, message.mention_everyone) == ([], False)
    broken_out = room.post(f"```\nlog ``` <@{mika.id}>\n```")
    assert [user.name for user in broken_out.mentions] == ["mika"]


def test_file_shown_by_an_embed_is_not_in_attachments(room: Room) -> None:
    message = room.discord.messages.create(room.bot, room.channel(), {"content": "done", **SHOWN}, [PLOT])
    wire = room.discord.messages.wire(message)
    image = wire["embeds"][0]["image"]
    assert (image["width"], image["height"]) == (WIDTH, HEIGHT)
    assert image["url"].endswith("/plot.png")
    assert wire["attachments"] == []
    assert wire["embeds"][0]["type"] == "rich"


def test_edit_without_attachments_keeps_the_picture(room: Room) -> None:
    message = room.discord.messages.create(room.bot, room.channel(), SHOWN, [PLOT])
    url = message.embeds[0]["image"]["url"]
    room.discord.messages.edit(message, {"embeds": [{"title": "new", "image": {"url": "attachment://plot.png"}}]})
    assert message.embeds[0]["image"]["url"] == url
    room.discord.messages.edit(message, {"content": "gone", "embeds": [], "attachments": []})
    assert message.files == []
    assert room.core.attachments == {}


def test_new_files_replace_or_join_the_listed_ones(room: Room) -> None:
    message = room.discord.messages.create(room.bot, room.channel(), {}, [PLOT])
    kept = message.files[0].id
    log = Upload("0", "my log?.txt", "text/plain", b"line")
    entry = {"id": 0, "description": "the log"}
    room.discord.messages.edit(message, {"attachments": [{"id": kept}, entry]}, [log])
    wire = room.discord.messages.wire(message)["attachments"]
    assert [file["filename"] for file in wire] == ["plot.png", "my_log_.txt"]
    assert wire[1]["description"] == "the log"
    assert wire[1]["content_type"] == "text/plain; charset=utf-8"


def test_components_without_id_are_numbered_from_one(room: Room) -> None:
    button = {"type": 2, "style": 1, "label": "x"}
    rows = [{"type": 1, "components": [button | {"custom_id": "a", "id": 2}, button | {"custom_id": "b"}]}]
    message = room.post(components=rows)
    assert message.components[0]["id"] == 1
    assert [child["id"] for child in message.components[0]["components"]] == [2, 3]
    assert "id" not in rows[0]


def test_reply_contains_the_message_it_answers(room: Room) -> None:
    first = room.post("first", by=room.person("mika"))
    reply = room.discord.messages.wire(room.post("second", message_reference={"message_id": first.id}))
    assert reply["type"] == MessageType.REPLY
    assert reply["message_reference"]["message_id"] == first.id
    assert reply["referenced_message"]["content"] == "first"
    assert [user["username"] for user in reply["mentions"]] == ["mika"]
    with pytest.raises(ApiError, match="REPLYING_TO_UNKNOWN_MESSAGE"):
        room.post("third", message_reference={"message_id": "1"})
    lax = room.post("third", message_reference={"message_id": "1", "fail_if_not_exists": False})
    assert lax.type is MessageType.DEFAULT


def test_edits_have_a_time_and_old_messages_few_of_them(room: Room) -> None:
    message = room.post()
    room.clock.now += 3599
    for _ in range(40):
        room.discord.messages.edit(message, {"content": "young"})
    assert message.edited_at == room.clock.now
    room.clock.now += 2
    for _ in range(3):
        room.discord.messages.edit(message, {"content": "old"})
    with pytest.raises(RateLimited) as caught:
        room.discord.messages.edit(message, {"content": "too often"})
    assert caught.value.answer.body()["code"] == 30046
    assert caught.value.answer.retry_after == 6
    assert message.content == "old"
    room.clock.now += 6
    room.discord.messages.edit(message, {"content": "later"})


def test_refused_edit_changes_nothing(room: Room) -> None:
    message = room.discord.messages.create(room.bot, room.channel(), SHOWN, [PLOT])
    before = room.discord.messages.wire(message)
    for body in ({"content": "a" * 2001, "attachments": []}, {"content": "", "embeds": [], "attachments": []}):
        with pytest.raises(ApiError):
            room.discord.messages.edit(message, body)
        assert room.discord.messages.wire(message) == before
    with pytest.raises(ApiError):
        room.discord.messages.edit(message, {"attachments": [], "embeds": [{"title": "t" * 257}]}, [PLOT])
    assert list(room.core.attachments.values()) == message.files


def test_embeds_can_be_suppressed_and_restored(room: Room) -> None:
    message = room.post()
    room.discord.messages.edit(message, {"flags": 4})
    assert message.flags & MessageFlag.SUPPRESS_EMBEDS
    room.discord.messages.edit(message, {"flags": 0})
    assert not message.flags & MessageFlag.SUPPRESS_EMBEDS


def test_deleting_a_message_deletes_its_files(room: Room) -> None:
    message = room.discord.messages.create(room.bot, room.channel(), {}, [PLOT])
    room.discord.messages.delete(message, room.bot)
    assert room.core.attachments == {}
    with pytest.raises(ApiError, match="10008"):
        room.core.message(room.channel().id, message.id)
