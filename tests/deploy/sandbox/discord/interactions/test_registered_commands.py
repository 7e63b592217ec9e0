"""Commands: registered, refused, stored and hidden."""

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
    (command(option(choices=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}])), "options.0.choices.1"),
    (command(option(choices=[{"name": "a", "value": ""}])), "options.0.choices.0.value"),
    (command(option(choices=[{"name": " ", "value": "a"}])), "options.0.choices.0.name"),
    (command(option(choices=[{"name": "a" * 101, "value": "a"}])), "options.0.choices.0.name"),
    (command(option(type=4, min_value=1, max_value=0)), "options.0"),
    (command(option(type=4, max_value=2**53)), "options.0.max_value"),
    (command(option(type=10, min_value=-(2**54))), "options.0.min_value"),
    (command(option(description=" ")), "options.0.description"),
    (command(description="  "), "description"),
    (command(contexts=[]), "contexts"),
    (command(option(type=1, options=[option(description="")])), "options.0.options.0.description"),
    (command(*(option(f"o{n}", choices=[{"name": "x" * 100, "value": "v" * 100}] * 2) for n in range(21))), "options"),
]


@pytest.mark.parametrize(("body", "place"), REFUSED, ids=[place for _, place in REFUSED])
def test_invalid_commands_are_refused(room: Room, body: Json, place: str) -> None:
    with pytest.raises(ApiError) as caught:
        room.discord.commands.replace_all(None, [body])
    found = caught.value.body()["errors"]["0"]
    for step in place.split("."):
        found = found[step]
    assert found["_errors"]
    assert room.discord.commands.all(None) == []


def test_put_replaces_all_and_keeps_ids_by_name(room: Room) -> None:
    first = room.discord.commands.replace_all(None, [TRAIN, TRAIN | {"name": "stop"}])
    second = room.discord.commands.replace_all(None, [TRAIN | {"description": "Trains well"}])
    assert [c["name"] for c in room.discord.commands.all(None)] == ["train"]
    assert second[0]["id"] == first[0]["id"]
    assert second[0]["version"] != first[0]["version"]
    with pytest.raises(ApiError, match="must be unique"):
        room.discord.commands.replace_all(None, [TRAIN, TRAIN])


def test_at_most_100_commands(room: Room) -> None:
    with pytest.raises(ApiError) as caught:
        room.discord.commands.replace_all(None, [TRAIN | {"name": f"c{n}"} for n in range(101)])
    assert caught.value.code is Code.TOO_MANY_COMMANDS
    room.discord.commands.replace_all(None, [TRAIN | {"name": f"c{n}"} for n in range(100)])
    room.discord.commands.upsert(None, TRAIN | {"name": "c7"})
    with pytest.raises(ApiError):
        room.discord.commands.upsert(None, TRAIN)


def test_zero_minimum_is_kept_and_false_fields_dropped(room: Room) -> None:
    [kept] = room.discord.commands.replace_all(
        None, [command(option(type=10, min_value=0, required=False, choices=[]))]
    )
    assert kept["options"] == [{"type": 10, "name": "lr", "description": "d", "min_value": 0}]


def test_patch_and_delete_a_command(room: Room) -> None:
    made = room.discord.commands.upsert(None, TRAIN)
    patched = room.discord.commands.patch(None, made["id"], {"description": "better"})
    assert (patched["id"], patched["description"]) == (made["id"], "better")
    room.discord.commands.delete(None, made["id"])
    with pytest.raises(ApiError, match="10063"):
        room.discord.commands.get(None, made["id"])


def test_people_see_the_commands_they_may_use(room: Room) -> None:
    guild_id = room.core.guild.id
    room.discord.commands.replace_all(None, [TRAIN, TRAIN | {"name": "purge", "default_member_permissions": "8"}])
    room.discord.commands.replace_all(guild_id, [TRAIN | {"description": "of this guild"}])
    seen = {name: [c["name"] for c in room.discord.commands.visible_to(room.person(name))] for name in ("mika", "noor")}
    assert seen == {"mika": ["train", "purge"], "noor": ["train"]}
    assert room.discord.commands.visible_to(room.person("noor"))[0]["description"] == "of this guild"
