"""Inputs for each command, option, button id, form and suggestion: what people may send, and what takes a forger."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from discord import AppCommandOptionType as Type
from discord import app_commands

from bot.chat.interactions import Action
from tests.access.people import CHANNELS, GUILD, PROJECTS, Kind
from tests.access.stored import GONE, draft_id
from tests.access.wire import AUTOCOMPLETE, COMMAND, COMPONENT, FORM, PLACES, Json, option

Command = app_commands.Command[Any, ..., None]
NUMBERS = (0, 1, 2, 3, 5, 17, 100_000, -1, 2**53, -(2**53), 0.1, 1e-6, 1e308, -1e308, 5e-324, 0.30000000000000004)
ODD_TEXTS = (
    *(
        "",
        " ",
        ".",
        "..",
        "k7q2mx",
        "#",
        "`",
        "0",
        "-1",
        "9" * 400,
        "x" * 6_000,
        "@everyone",
        "<@&1>",
        "\u202e",
        "\x00",
    ),
    *(
        "../../etc/passwd",
        "--upload-pack=id",
        "main lr:0.1 epochs:2",
        "main lr:0.1 lr:0.2",
        "a b c",
        "job:1",
        "lr:",
        ":",
    ),
    *(
        "\u200b",
        "\U0001f600" * 40,
        "\uff4c\uff52\uff1d\uff10\uff0e\uff11",
        "[x](https://evil.example)",
        "'; DROP TABLE job; --",
        "%s%n",
        "{0}",
    ),
    *(
        "lr=0.1,0.2",
        "lr=0.001..0.1:log:5 m=0.1,0.2",
        "seed=1..100000",
        "lr=0.1:0.9:9999999",
        "lr=",
        "=",
        "lr=1..",
        "a=b",
    ),
    *("lr=0.1,0.2 trials:" + "9" * 400, "epochs=1..100", "lr=nan", "lr=inf", "lr=0.1 " * 300, '"', "lr=0.1,0.1"),
)
_LETTERS = string.ascii_letters + string.digits + " .:,=-_#@<>`*\\/\"'{}[]()\n\t\u3042\u00e9\u0000\u202e"


@dataclass(frozen=True)
class Input:
    kind: int
    data: Json
    what: str
    channel: int
    place: str = ""


def inputs(random: Random, commands: Sequence[Command], kind: Kind, ids: Sequence[str]) -> Input:
    """One of them. `ids` are of jobs that there are by now."""
    channel = random.choice(list(CHANNELS.values()))
    place = random.choice(PLACES) if kind.elsewhere else ""
    make = random.choices((_command, _suggestion, _button, _form, _forged), (40, 20, 25, 8, 7))[0]
    type_, data, what = make(random, commands, kind, ids)
    return Input(type_, data, what, channel, place)


Made = tuple[int, Json, str]


def _command(random: Random, commands: Sequence[Command], kind: Kind, ids: Sequence[str]) -> Made:
    command = random.choice(commands)
    given = [each for each in command.parameters if each.required or random.random() < 0.35]
    options = [_option(random, each, kind, ids) for each in given]
    return COMMAND, _data(command.name, options), f"/{command.name}"


def _suggestion(random: Random, commands: Sequence[Command], kind: Kind, ids: Sequence[str]) -> Made:
    command = random.choice([each for each in commands if any(p.autocomplete for p in each.parameters)])
    focused = random.choice([each for each in command.parameters if each.autocomplete])
    others = [each for each in command.parameters if each is not focused and random.random() < 0.4]
    options = [_option(random, each, kind, ids) for each in others]
    options.append({**_option(random, focused, kind, ids), "focused": True})
    return AUTOCOMPLETE, _data(command.name, options), f"/{command.name} {focused.display_name}: suggestions"


def _button(random: Random, _: Sequence[Command], kind: Kind, ids: Sequence[str]) -> Made:
    action = random.choice(list(Action))
    custom_id = f"sb:{action}:{_target(random, kind, ids)}"
    if random.random() < 0.1:
        custom_id = random.choice(
            (custom_id.upper(), f"sb:{_text(random)}", f"sb:{action}:", _text(random), f"{custom_id}\n")
        )
    return COMPONENT, {"custom_id": custom_id[:100] or "x", "component_type": 2}, f"button {action}"


def _form(random: Random, _: Sequence[Command], kind: Kind, ids: Sequence[str]) -> Made:
    custom_id = f"sb:train_best:{_target(random, kind, ids)}" if random.random() < 0.85 else f"sb:{_text(random)}"
    value: object = random.choice((*NUMBERS, *ODD_TEXTS)) if random.random() < 0.6 else str(random.randint(1, 100))
    field = {"type": 4, "custom_id": random.choice(("epochs", "epochs", "lr")), "value": str(value)}
    row = random.choice(
        ({"type": 1, "components": [field]}, {"type": 18, "component": field}, {"type": 1, "components": []})
    )
    return FORM, {"custom_id": custom_id[:100], "components": random.choice(([row], [row, row], []))}, "form"


def _forged(random: Random, commands: Sequence[Command], kind: Kind, ids: Sequence[str]) -> Made:
    """What Discord's client would not send: unknown commands and options, wrong types, missing required ones."""
    command = random.choice(commands)
    parameters = [each for each in command.parameters if random.random() < 0.5]
    options = [option(each.display_name, _any(random, kind, ids), each.type.value) for each in parameters]
    if random.random() < 0.3:
        options.append(option(random.choice(("nothing", "jobs", "")), _any(random, kind, ids), 3))
    name = random.choice((command.name, command.name, f"{command.name}x", command.name.upper(), "pause", ""))
    return random.choice((COMMAND, AUTOCOMPLETE)), _data(name, _focused(random, options)), "forged"


def _focused(random: Random, options: list[Json]) -> list[Json]:
    if options:
        options[random.randrange(len(options))]["focused"] = True
    return options


def _data(name: str, options: list[Json]) -> Json:
    return {"id": "1", "name": name, "type": 1, "guild_id": str(GUILD), "options": options}


def _option(random: Random, parameter: Any, kind: Kind, ids: Sequence[str]) -> Json:
    name, type_ = str(parameter.display_name), parameter.type
    return option(name, _value(random, name, parameter, kind, ids), type_.value)


def _value(random: Random, name: str, parameter: Any, kind: Kind, ids: Sequence[str]) -> object:
    """As Discord's client would pass it: of the right type, and within choices and bounds where it checks them."""
    if parameter.choices:
        return random.choice(parameter.choices).value
    if parameter.type is Type.boolean:
        return random.random() < 0.5
    if parameter.type in (Type.integer, Type.number):
        low = parameter.min_value if parameter.min_value is not None else -(2**53)
        high = parameter.max_value if parameter.max_value is not None else 2**53
        return random.randint(int(low), int(high)) if parameter.type is Type.integer else random.uniform(low, high)
    return _word(random, name, kind, ids)


def _word(random: Random, name: str, kind: Kind, ids: Sequence[str]) -> str:
    if random.random() < 0.3:
        return _text(random)
    project = random.choice((*PROJECTS, GONE))
    match name:
        case "job" | "more":
            several = random.randint(1, 3) if name == "more" else 1
            return " ".join(_target(random, kind, ids) for _ in range(several))
        case "project":
            return random.choice((project, project.upper(), project[:-1], " "))
        case "branch":
            return random.choice(
                (f"{project}-main", "main", f"{project}-main lr:0.2", f"{project}-main project:{project}")
            )
        case "commit":
            return random.choice(("0000000", "1111111", "7777777", "HEAD", "v1.0"))
        case "space":
            return random.choice(
                ("lr=0.1,0.2", "lr=0.1,0.2,0.3", "lr=0.1,0.2 epochs=1,2", f"lr=0.1,0.2 project:{project}")
            )
        case "metrics":
            return random.choice((f"{project}_loss", "val_accuracy", "loss, acc"))
        case "file":
            return random.choice((f"{project}-model.pt", "metrics.csv", "claim.json", "../4/metrics.csv"))
    return _text(random)


def _target(random: Random, kind: Kind, ids: Sequence[str]) -> str:
    """A job, sweep, trial or draft: known ones above all, their neighbours, and anything."""
    known = random.choice(ids)
    own = draft_id(random.choice(PROJECTS), kind, random.choice(("", "x")))
    near = known[:-1] + random.choice("23456789bcdf")
    trial = f"{known}.{random.choice((0, 1, 2, 3, 8, 9, 99_999, 999_999))}"
    return random.choices((known, own, trial, near, _text(random, 20)), (50, 12, 20, 8, 10))[0]


def _any(random: Random, kind: Kind, ids: Sequence[str]) -> object:
    return random.choice((random.choice(NUMBERS), _text(random), True, _target(random, kind, ids), None, [1], {"a": 1}))


def _text(random: Random, most: int = 60) -> str:
    if random.random() < 0.5:
        return random.choice(ODD_TEXTS)
    return "".join(random.choices(_LETTERS, k=random.randint(0, most)))
