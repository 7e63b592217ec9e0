"""Permissions in the guild, in channels and in threads, and Discord's errors for missing ones."""

import re
from pathlib import Path

import pytest

from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.state.permissions import ALL, EVERYONE, NONE, Overwrite, Permission, in_channel, in_guild
from deploy.sandbox.discord.state.world_spec import BOT
from tests.deploy.sandbox.discord.room import Room

VIEW, SEND = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES


def test_administrators_have_all_permissions() -> None:
    base = in_guild(NONE, [Permission.ADMINISTRATOR])
    assert base == ALL
    assert in_channel(base, {"everyone": Overwrite(deny=VIEW)}, "everyone", [], "me") == ALL


@pytest.mark.parametrize(
    ("overwrites", "expected"),
    [
        ({}, VIEW | SEND),
        ({"everyone": Overwrite(deny=SEND)}, VIEW),
        ({"everyone": Overwrite(deny=SEND), "role": Overwrite(allow=SEND)}, VIEW | SEND),
        ({"role": Overwrite(deny=SEND), "other": Overwrite(allow=SEND)}, VIEW | SEND),
        ({"role": Overwrite(allow=SEND), "me": Overwrite(deny=SEND)}, VIEW),
        ({"everyone": Overwrite(deny=VIEW)}, NONE),
    ],
)
def test_overwrites_apply_in_order(overwrites: dict[str, Overwrite], expected: Permission) -> None:
    assert in_channel(VIEW | SEND, overwrites, "everyone", ["role", "other"], "me") == expected


def test_missing_access_and_missing_permissions_differ(room: Room) -> None:
    for channel, code in (("hidden", Code.MISSING_ACCESS), ("quiet", Code.MISSING_PERMISSIONS)):
        with pytest.raises(ApiError) as caught:
            room.post(channel=room.channel(channel))
        assert caught.value.code is code


def test_embeds_and_files_need_their_own_permissions(room: Room) -> None:
    plain = room.channel("plain")
    room.post("words are fine", channel=plain)
    with pytest.raises(ApiError, match="50013"):
        room.post(channel=plain, embeds=[{"title": "card"}])


def test_hidden_channel_is_visible_to_administrators(room: Room) -> None:
    seen = {person.name: room.core.guild.can_see(person, room.channel("hidden")) for person in room.core.guild.people}
    assert seen == {"mika": True, "noor": False, "guest": False}


def test_private_thread_is_visible_to_members_and_moderators(room: Room) -> None:
    role = room.core.guild.roles[room.bot.role_ids[0]]
    role.permissions |= Permission.CREATE_PRIVATE_THREADS
    thread = room.discord.threads.start(room.channel(), room.bot, {"name": "secret", "type": 12})
    guild = room.core.guild
    assert guild.can_see(room.bot, thread)
    assert guild.can_see(room.person("mika"), thread), "an administrator"
    assert not guild.can_see(room.person("noor"), thread)
    thread.members[room.person("noor").id] = room.clock()
    assert guild.can_see(room.person("noor"), thread)


def test_default_permissions_suffice_for_a_conversation() -> None:
    assert EVERYONE & (VIEW | SEND | Permission.USE_APPLICATION_COMMANDS)
    assert not EVERYONE & (Permission.MENTION_EVERYONE | Permission.MANAGE_THREADS | Permission.ADMINISTRATOR)


def test_the_bot_has_the_invitations_permissions_and_nothing_more() -> None:
    guide = (Path(__file__).parents[5] / "docs" / "getting-started.md").read_text()
    (invited,) = re.findall(r"&permissions=(\d+)", guide)
    assert int(BOT) == int(invited)
