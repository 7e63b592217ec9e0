"""Command lines that a person types, parsed as Discord's client does."""

from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.discord.people import typed_command
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
        ("main", {}),
        ("lr=0.1,0.01 m=0.5,0.1", {}),
        ("main lr:0.1", {"lr": "0.1"}),
        ("note:two words lr:0.1", {"note": "two words", "lr": "0.1"}),
        ('note:"with lr:0.1 inside" lr:1', {"note": "with lr:0.1 inside", "lr": "1"}),
        (r'note:"a \"b\" \\c"', {"note": r'a "b" \c'}),
        ("note:see http://x/y:1 lr:1", {"note": "see http://x/y:1", "lr": "1"}),
        ("note: spaced   lr: 1 ", {"note": "spaced", "lr": "1"}),
        ('"quoted branch" lr:1', {"lr": "1"}),
        ('note:"a" and "b"', {"note": '"a" and "b"'}),
        ('note:"open lr:1', {"note": '"open', "lr": "1"}),
        ("note:xlr:1", {"note": "xlr:1"}),
        ("note:", {"note": ""}),
        ("unknown:1", {}),
    ],
)
def test_lines_become_values(text: str, expected: dict[str, str]) -> None:
    assert typed_command.parse_options(text, OPTIONS) == expected


_values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.dictionaries(st.sampled_from(NAMES), _values))
def test_formatted_options_are_parsed_back(values: dict[str, str]) -> None:
    assert typed_command.parse_options(typed_command.format_options(values), OPTIONS) == values


@given(st.text(max_size=60), st.lists(st.sampled_from(NAMES), unique=True))
def test_any_line_is_parsed_or_refused(text: str, names: Sequence[str]) -> None:
    options = [option(name) for name in names]
    with suppress(ValueError):
        values = typed_command.parse_options(text, options)
        assert set(values) <= set(names)
        assert all(value in text or '"' in text for value in values.values())


def test_words_without_a_name_go_only_into_a_required_option() -> None:
    options = [option("space", required=True), *OPTIONS]
    line = "lr=0.1,0.01 m=0.5 epochs:3"
    assert typed_command.parse_options(line, options) == {"space": "lr=0.1,0.01 m=0.5", "epochs": "3"}
    assert typed_command.parse_options("lr=0.1,0.01 epochs:3", OPTIONS) == {"epochs": "3"}


def test_repeated_names_are_refused() -> None:
    with pytest.raises(ValueError, match="lr appears twice"):
        typed_command.parse_options("lr:1 lr:2", OPTIONS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lr": "abc"}, r"lr must be a number \(got 'abc'\)"),
        ({"lr": "0.1 foo:2"}, "lr must be a number .*; there is no option 'foo'"),
        ({"lr": 2}, r"lr must be a number from 0 to 1 \(got 2\)"),
        ({"lr": "nan"}, r"lr must be a number \(got 'nan'\)"),
        ({"lr": "inf"}, "lr must be a number"),
        ({"epochs": "\uff11\uff10"}, "epochs must be a whole number"),
        ({"epochs": "1e1"}, "epochs must be a whole number"),
        ({"lr": True}, r"lr must be .* \(got .*True"),
        ({"epochs": "1.5"}, r"epochs must be a whole number \(got '1.5'\)"),
        ({"epochs": 0}, "a whole number from 1 to 100"),
        ({"epochs": "1_0"}, r"epochs must be a whole number \(got '1_0'\)"),
        ({"lr": "0_0.1"}, r"lr must be a number \(got '0_0.1'\)"),
        ({"lr": "\uff10.\uff11"}, "lr must be a number"),  # full-width digits
        ({"lr": "\u22120.1"}, "lr must be a number"),  # a typographic minus sign
        ({"lr": "0x1"}, "lr must be a number"),
        ({"lr": "infinity"}, "lr must be a number"),
        ({"lr": "."}, "lr must be a number"),
        ({"epochs": "1e2"}, "epochs must be a whole number"),
        ({"foo": 1}, "unknown option foo; the options are branch, lr, epochs and note"),
        ({"note": ""}, r"note must have 1 to 6000 characters \(got 0\)"),
    ],
)
def test_invalid_values_are_explained(room: Room, values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        typed_command.fill_options(OPTIONS, values, room.core.guild)


def test_values_are_converted_to_their_types(room: Room) -> None:
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
    filled = {entry["name"]: entry["value"] for entry in typed_command.fill_options(options, values, guild)}
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
            typed_command.fill_options(options, bad, guild)


@pytest.mark.parametrize(
    ("typed", "sent"), [("0,1", 1.0), ("0,0.5", 0.5), ("1e-1", 0.1), (" .5 ", 0.5), ("+1.", 1.0), ("1E-2", 0.01)]
)
def test_an_english_client_drops_commas_from_numbers(room: Room, typed: str, sent: float) -> None:
    assert typed_command.fill_options(OPTIONS, {"lr": typed}, room.core.guild)[0]["value"] == sent


def test_required_options_must_be_present(room: Room) -> None:
    options = [option("branch", required=True), option("lr", NUMBER)]
    with pytest.raises(ValueError, match="branch must be given"):
        typed_command.fill_options(options, {"lr": 1}, room.core.guild)


def test_subcommands_are_found_and_nested() -> None:
    status = {"name": "status", "type": 1, "options": [option("job")]}
    group = {"name": "sweep", "type": 2, "options": [status]}
    commands = [{"name": "job", "type": 1, "options": [group, status | {"name": "stop"}]}]
    typed = typed_command.find_command(commands, "job sweep status k7q2mx")
    assert (typed.name, typed.rest) == ("job sweep status", "k7q2mx")
    assert typed.nest([{"name": "job"}]) == [
        {"name": "sweep", "type": 2, "options": [{"name": "status", "type": 1, "options": [{"name": "job"}]}]}
    ]
    with pytest.raises(ValueError, match=r"/job needs one of sweep and stop \(got 'go'\)"):
        typed_command.find_command(commands, "job go")
    with pytest.raises(ValueError, match="unknown command /jub; the commands are /job"):
        typed_command.find_command(commands, "jub")


def test_autocomplete_sends_raw_text_and_drops_invalid_values(room: Room) -> None:
    options = [option("branch", autocomplete=True), option("lr", NUMBER), option("epochs", INTEGER)]
    filled = typed_command.fill_for_autocomplete(options, {"lr": "x", "epochs": "3"}, "branch", room.core.guild)
    assert filled == [
        {"name": "branch", "type": STRING, "value": "", "focused": True},
        {"name": "epochs", "type": INTEGER, "value": 3},
    ]
    with pytest.raises(ValueError, match="lr has no autocomplete; these options do: branch"):
        typed_command.fill_for_autocomplete(options, {}, "lr", room.core.guild)
