"""The line that a person types, read as Discord's client reads it."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.discord.people import slash
from deploy.sandbox.discord.protocol.wire import Json
from tests.deploy.sandbox.discord.room import Room

STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, NUMBER = 3, 4, 5, 6, 7, 8, 10


def option(name: str, kind: int = STRING, **more: object) -> Json:
    return {"name": name, "type": kind, "description": "d"} | more


OPTIONS = [
    option("branch"),
    option("lr", NUMBER, min_value=0, max_value=1),
    option("epochs", INTEGER, min_value=1, max_value=100),
    option("note"),
]
NAMES = ["branch", "lr", "epochs", "note"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("branch:main lr:0.1", {"branch": "main", "lr": "0.1"}),
        ("main", {"branch": "main"}),
        ("lr=0.1,0.01 m=0.5,0.1", {"branch": "lr=0.1,0.01 m=0.5,0.1"}),
        ("main lr:0.1", {"branch": "main", "lr": "0.1"}),
        ("note:two words lr:0.1", {"note": "two words", "lr": "0.1"}),
        ('note:"with lr:0.1 inside" lr:1', {"note": "with lr:0.1 inside", "lr": "1"}),
        (r'note:"a \"b\" \\c"', {"note": r'a "b" \c'}),
        ("note:see http://x/y:1 lr:1", {"note": "see http://x/y:1", "lr": "1"}),
        ("note: spaced   lr: 1 ", {"note": "spaced", "lr": "1"}),
        ('"quoted branch" lr:1', {"branch": "quoted branch", "lr": "1"}),
        ('note:"a" and "b"', {"note": '"a" and "b"'}),
        ('note:"open lr:1', {"note": '"open', "lr": "1"}),
        ("note:xlr:1", {"note": "xlr:1"}),
        ("note:", {"note": ""}),
        ("unknown:1", {"branch": "unknown:1"}),
    ],
)
def test_lines(text: str, expected: dict[str, str]) -> None:
    assert slash.read(text, OPTIONS) == expected


_values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.dictionaries(st.sampled_from(NAMES), _values))
def test_what_is_written_is_read_back(values: dict[str, str]) -> None:
    assert slash.read(slash.write(values), OPTIONS) == values


@given(st.text(max_size=60), st.lists(st.sampled_from(NAMES), unique=True))
def test_any_line_is_read_or_refused_in_words(text: str, names: Sequence[str]) -> None:
    options = [option(name) for name in names]
    with suppress(ValueError):
        values = slash.read(text, options)
        assert set(values) <= set(names)
        assert all(value in text or '"' in text for value in values.values())


def test_a_name_twice_and_words_without_a_place() -> None:
    with pytest.raises(ValueError, match="lr was given twice"):
        slash.read("lr:1 lr:2", OPTIONS)
    with pytest.raises(ValueError, match="'main' has no name in front; the options are lr, each as name:value"):
        slash.read("main", [option("lr", NUMBER)])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lr": "abc"}, "lr: 'abc' was given, a number is expected"),
        ({"lr": "0.1 foo:2"}, "a number is expected; there is no option 'foo'"),
        ({"lr": 2}, "lr: 2 was given, a number from 0 to 1 is expected"),
        ({"lr": "nan"}, "lr: nan was given"),
        ({"lr": True}, "lr: .*True.* was given"),
        ({"epochs": "1.5"}, "epochs: '1.5' was given, a whole number is expected"),
        ({"epochs": 0}, "a whole number from 1 to 100"),
        ({"foo": 1}, "there is no option foo; the options are branch, lr, epochs and note"),
        ({"note": ""}, "note: 0 characters were given, from 1 to 6000"),
    ],
)
def test_values_that_do_not_fit(room: Room, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slash.fill(OPTIONS, values, room.core.guild)


def test_values_get_their_types(room: Room) -> None:
    guild = room.core.guild
    options = [
        *OPTIONS,
        option("dry", BOOLEAN),
        option("who", USER),
        option("where", CHANNEL),
        option("role", ROLE),
        option("size", INTEGER, choices=[{"name": "small", "value": 1}, {"name": "large", "value": 9}]),
    ]
    mika = room.person("mika")
    values = {
        "lr": "0.5",
        "epochs": "7",
        "dry": "true",
        "who": f"<@{mika.id}>",
        "where": "#lab",
        "role": "@trainer",
        "size": "large",
    }
    filled = {entry["name"]: entry["value"] for entry in slash.fill(options, values, guild)}
    assert filled == {
        "lr": 0.5,
        "epochs": 7,
        "dry": True,
        "who": mika.id,
        "where": room.channel("lab").id,
        "role": guild.role_named("trainer").id,
        "size": 9,
    }
    for bad in ({"dry": "perhaps"}, {"who": "nobody"}, {"size": "huge"}, {"where": "#nowhere"}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            slash.fill(options, bad, guild)


def test_required_options(room: Room) -> None:
    options = [option("branch", required=True), option("lr", NUMBER)]
    with pytest.raises(ValueError, match="branch must be given"):
        slash.fill(options, {"lr": 1}, room.core.guild)


def test_subcommands() -> None:
    status = {"name": "status", "type": 1, "options": [option("job")]}
    group = {"name": "sweep", "type": 2, "options": [status]}
    commands = [{"name": "job", "type": 1, "options": [group, status | {"name": "stop"}]}]
    typed = slash.find(commands, "job sweep status k7q2mx")
    assert (typed.name, typed.rest) == ("job sweep status", "k7q2mx")
    assert typed.nest([{"name": "job"}]) == [
        {"name": "sweep", "type": 2, "options": [{"name": "status", "type": 1, "options": [{"name": "job"}]}]}
    ]
    with pytest.raises(ValueError, match="/job needs one of sweep and stop, 'go' was given"):
        slash.find(commands, "job go")
    with pytest.raises(ValueError, match="there is no command /jub; there are /job"):
        slash.find(commands, "jub")


def test_autocomplete_sends_raw_text_and_drops_what_is_wrong(room: Room) -> None:
    options = [option("branch", autocomplete=True), option("lr", NUMBER), option("epochs", INTEGER)]
    filled = slash.fill_partly(options, {"lr": "x", "epochs": "3"}, "branch", room.core.guild)
    assert filled == [
        {"name": "branch", "type": STRING, "value": "", "focused": True},
        {"name": "epochs", "type": INTEGER, "value": 3},
    ]
    with pytest.raises(ValueError, match="lr has no autocomplete; branch can be completed"):
        slash.fill_partly(options, {}, "lr", room.core.guild)
