"""Which arguments become options, and in which form; each is passed to the script as it takes it."""

import argparse
import json
from typing import Any

import pytest

from bot.config.projects.parameter import ParameterSettings
from bot.init import probe
from bot.init.argument import Argument, load
from bot.init.parameters import parameters
from bot.init.source import arguments_in
from trainer.command_line import Action, Flags, arguments

ROOM = 22


def asked(declare: str) -> list[Argument]:
    parser = argparse.ArgumentParser()
    exec(declare, {"parser": parser, "argparse": argparse})
    return load(json.dumps(probe.described(parser)))


def read(declare: str, tmp_path: Any) -> list[Argument]:
    script = tmp_path / "train.py"
    script.write_text(declare)
    return arguments_in(script, tmp_path)


CASES: list[tuple[str, str, dict[str, Any]]] = [
    ('"--lr", type=float, default=0.1', "lr", {"type": "float", "default": 0.1}),
    ('"--lr", type=float, default=1', "lr", {"type": "float", "default": 1.0}),
    ('"--lr", default=3e-4', "lr", {"type": "float", "default": 3e-4}),
    ('"--epochs", "-e", type=int, default=10', "epochs", {"type": "int", "default": 10}),
    ('"--seed", type=int', "seed", {"type": "int", "optional": True}),
    ('"--seed", type=int, required=True', "seed", {"type": "int"}),
    ('"--arch", default="resnet18"', "arch", {"type": "string", "default": "resnet18"}),
    ('"--note", default=""', "note", {"type": "string", "optional": True}),
    (
        '"--opt", choices=["sgd", "adam"], default="sgd"',
        "opt",
        {"type": "choice", "choices": ["sgd", "adam"], "default": "sgd"},
    ),
    (
        '"--layers", type=int, choices=(18, 50), default=18',
        "layers",
        {"type": "choice", "choices": ["18", "50"], "default": "18"},
    ),
    (
        '"--augment", action="store_true"',
        "augment",
        {"type": "boolean", "action": "store_true", "default": False},
    ),
    (
        '"--no-augment", action="store_false", dest="augment"',
        "augment",
        {"type": "boolean", "action": "store_false", "default": True},
    ),
    (
        '"--plain", action="store_false", dest="augment"',
        "augment",
        {"type": "boolean", "action": "store_false", "default": True, "flag": "--plain"},
    ),
    (
        '"--ema", action=argparse.BooleanOptionalAction, default=True',
        "ema",
        {"type": "boolean", "default": True},
    ),
    ('"--ema", type=bool, default=False', "ema", {"type": "boolean", "action": "type_bool", "default": False}),
    ('"--ema", type=eval, default=False', "ema", {"type": "boolean", "action": "store", "default": False}),
    (
        '"--learning-rate", "--lr", type=float, default=0.1',
        "learning_rate",
        {"type": "float", "default": 0.1, "flag": "--learning-rate", "aliases": ["lr"]},
    ),
    ('"-b", type=int, default=8, dest="batch"', "batch", {"type": "int", "default": 8, "flag": "-b", "aliases": ["b"]}),
    ('"--LR", type=float, default=0.1', "lr", {"type": "float", "default": 0.1, "flag": "--LR"}),
    ('"--optim.lr", type=float, default=0.1', "optim_lr", {"type": "float", "default": 0.1, "flag": "--optim.lr"}),
    ('"--branch", type=int, default=3', "branch_option", {"type": "int", "default": 3, "flag": "--branch"}),
    ('"--width", type=int, default=64 * 4', "width", {"type": "int", "default": 256}),
    (
        '"--lr", type=float, default=0.1, help="Step  size of\\nSGD (default: 0.1)"',
        "lr",
        {"type": "float", "default": 0.1, "description": "Step size of SGD"},
    ),
]


@pytest.mark.parametrize(("declared", "name", "settings"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("way", ["asked", "read"])
def test_each_kind_of_argument(way: str, declared: str, name: str, settings: dict[str, Any], tmp_path: Any) -> None:
    line = f"parser.add_argument({declared})"
    chosen, left_out = parameters(asked(line) if way == "asked" else read(line, tmp_path), ROOM)
    assert not left_out
    assert chosen == {name: settings}


@pytest.mark.parametrize(("declared", "name", "settings"), CASES, ids=[case[0] for case in CASES])
def test_the_script_understands_what_the_bot_would_pass(declared: str, name: str, settings: dict[str, Any]) -> None:
    parser = argparse.ArgumentParser()
    exec(f"parser.add_argument({declared})", {"parser": parser, "argparse": argparse})
    checked = ParameterSettings.model_validate(settings)
    values = {"boolean": [True, False], "float": [0.25], "int": [7], "string": ["x"], "choice": checked.choices}
    for value in values[checked.type]:
        flags = Flags(
            names={name: checked.flag} if checked.flag else {},
            actions={name: Action(checked.action)} if checked.action else {},
        )
        words = arguments(["train.py"], {name: value}, flags)[1:]
        (parsed,) = vars(parser.parse_args(words)).values()
        assert str(parsed) == str(value)


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ('"data"', "no flag"),
        ('"--milestones", nargs="+", type=int', "several values"),
        ('"--size", nargs=2, type=int', "several values"),
        ('"--tag", action="append"', "several values"),
        ('"-v", action="count", dest="loud"', "its action is count"),
        ('"--data-dir", default="data"', "place on the disk"),
        ('"--output", default="out"', "place on the disk"),
        ('"--resume", action="store_true"', "place on the disk"),
        ('"--device", default="cuda"', "belongs to the machine"),
        ('"--num_workers", type=int, default=4', "belongs to the machine"),
        ('"--kind", choices=[" a", "b"]', "must not be blank"),
    ],
)
@pytest.mark.parametrize("way", ["asked", "read"])
def test_what_is_no_option_has_a_reason(way: str, declared: str, reason: str, tmp_path: Any) -> None:
    line = f"parser.add_argument({declared})"
    chosen, (left_out,) = parameters(asked(line) if way == "asked" else read(line, tmp_path), ROOM)
    assert not chosen
    assert reason in left_out.reason


def test_the_important_ones_have_options_where_there_is_no_room_for_all() -> None:
    many = [Argument((f"--x{number}",), f"x{number}", kind="int", default=1) for number in range(40)]
    lr = Argument(("--lr",), "lr", kind="float", default=0.1)
    chosen, left_out = parameters([*many, lr], ROOM)
    assert left_out == []
    assert len(chosen) == 41
    options = [name for name, settings in chosen.items() if settings.get("option") is not False]
    assert len(options) == ROOM
    assert "lr" in options


def test_two_that_differ_in_capitals_alone_have_two_names() -> None:
    both = [Argument((f"--{name}",), name, kind="int", default=1) for name in ("n", "N")]
    chosen, _ = parameters(both, ROOM)
    assert chosen["n"].get("flag") is None
    assert chosen["n_2"]["flag"] == "--N"


def test_defaults_that_are_no_plain_values_make_an_optional_parameter(tmp_path: Any) -> None:
    (argument,) = read('parser.add_argument("--beta", type=float, default=BETA)', tmp_path)
    assert not argument.default_is_known
    assert parameters([argument], ROOM)[0] == {"beta": {"type": "float", "optional": True}}
    (argument,) = asked('parser.add_argument("--beta", type=float, default=float("inf"))')
    assert parameters([argument], ROOM)[0] == {"beta": {"type": "float", "optional": True}}
