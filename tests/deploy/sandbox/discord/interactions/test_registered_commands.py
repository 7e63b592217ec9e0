"""Commands: how they are registered, refused, kept and hidden."""

import pytest

from deploy.sandbox.discord.protocol.errors import ApiError, Code
from deploy.sandbox.discord.protocol.wire import Json
from tests.deploy.sandbox.discord.room import Room

TRAIN = {"name": "train", "description": "Trains", "type": 1}


def option(name: str = "lr", **changes: object) -> Json:
    return {"type": 3, "name": name, "description": "d"} | changes


def command(*options: Json, **changes: object) -> Json:
    return TRAIN | {"options": list(options)} | changes


REFUSED = [
    (command(name="Train"), "name"),
    (command(name="two words"), "name"),
    (command(name="n" * 33), "name"),
    (command(description=""), "description"),
    (command(description="d" * 101), "description"),
    (command(*(option(str(n)) for n in range(26))), "options"),
    (command(option(), option()), "options.1"),
    (command(option("a"), option("b", required=True)), "options.1"),
    (command(option(type=99)), "options.0.type"),
    (command(option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])), "options.0.choices"),
    (command(option(choices=[{"name": "a", "value": "a"}], autocomplete=True)), "options.0"),
    (command(option(min_value=1)), "options.0"),
    (command(option(type=1, options=[option(description="")])), "options.0.options.0.description"),
    (command(*(option(f"o{n}", choices=[{"name": "x" * 100, "value": "v" * 100}] * 2) for n in range(21))), "options"),
]


@pytest.mark.parametrize(("body", "place"), REFUSED, ids=[place for _, place in REFUSED])
def test_what_discord_refuses(room: Room, body: Json, place: str) -> None:
    with pytest.raises(ApiError) as caught:
        room.discord.commands.put(None, [body])
    found = caught.value.body()["errors"]["0"]
    for step in place.split("."):
        found = found[step]
    assert found["_errors"]
    assert room.discord.commands.all(None) == []


def test_a_put_replaces_all_and_keeps_ids_by_name(room: Room) -> None:
    first = room.discord.commands.put(None, [TRAIN, TRAIN | {"name": "stop"}])
    second = room.discord.commands.put(None, [TRAIN | {"description": "Trains well"}])
    assert [c["name"] for c in room.discord.commands.all(None)] == ["train"]
    assert second[0]["id"] == first[0]["id"]
    assert second[0]["version"] != first[0]["version"]
    with pytest.raises(ApiError, match="must be unique"):
        room.discord.commands.put(None, [TRAIN, TRAIN])


def test_a_hundred_at_most(room: Room) -> None:
    with pytest.raises(ApiError) as caught:
        room.discord.commands.put(None, [TRAIN | {"name": f"c{n}"} for n in range(101)])
    assert caught.value.code is Code.TOO_MANY_COMMANDS
    room.discord.commands.put(None, [TRAIN | {"name": f"c{n}"} for n in range(100)])
    room.discord.commands.upsert(None, TRAIN | {"name": "c7"})
    with pytest.raises(ApiError):
        room.discord.commands.upsert(None, TRAIN)


def test_a_minimum_of_zero_is_kept_and_what_is_false_left_out(room: Room) -> None:
    [kept] = room.discord.commands.put(None, [command(option(type=10, min_value=0, required=False, choices=[]))])
    assert kept["options"] == [{"type": 10, "name": "lr", "description": "d", "min_value": 0}]


def test_patch_and_delete(room: Room) -> None:
    made = room.discord.commands.upsert(None, TRAIN)
    patched = room.discord.commands.patch(None, made["id"], {"description": "better"})
    assert (patched["id"], patched["description"]) == (made["id"], "better")
    room.discord.commands.delete(None, made["id"])
    with pytest.raises(ApiError, match="10063"):
        room.discord.commands.get(None, made["id"])


def test_people_see_what_they_may_use(room: Room) -> None:
    guild_id = room.core.guild.id
    room.discord.commands.put(None, [TRAIN, TRAIN | {"name": "purge", "default_member_permissions": "8"}])
    room.discord.commands.put(guild_id, [TRAIN | {"description": "of this guild"}])
    seen = {name: [c["name"] for c in room.discord.commands.seen_by(room.person(name))] for name in ("mika", "noor")}
    assert seen == {"mika": ["train", "purge"], "noor": ["train"]}
    assert room.discord.commands.seen_by(room.person("noor"))[0]["description"] == "of this guild"
