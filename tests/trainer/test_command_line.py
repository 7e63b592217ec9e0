"""Values reach the training code as its own flags: checked with the parsers that such code uses."""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from trainer.command_line import Action, Flags, Style, arguments, placeholders, quoted_placeholders, script_at
from trainer.contract import Value

PRINT_WORDS = (sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))")
ODD = [
    "a b",
    "$(echo x)",
    "`id`",
    "'",
    '"',
    "a'b\"c",
    "\\",
    "*",
    "~",
    "; echo x",
    "-0.5",
    "",
    "ü 日本",
    "a\nb",
    "!x",
    "{lr}",
]


def _printed(words: Sequence[str]) -> object:
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def test_parameters_become_flags_with_their_own_names() -> None:
    made = arguments(["python", "train.py"], {"lr": 1e-05, "weight_decay": 0, "augment": True, "nesterov": False})
    assert made == ["python", "train.py", "--lr", "1e-05", "--weight_decay", "0", "--augment", "--no-nesterov"]


def test_value_that_looks_like_a_flag_stays_a_value() -> None:
    assert arguments(["t"], {"shift": -0.5, "name": "--help"}) == ["t", "--shift=-0.5", "--name=--help"]


def test_placeholders_replace_flags() -> None:
    made = arguments(["t", "optimizer.lr={lr}", "{other}"], {"lr": 0.1, "debug": True, "steps": 3})
    assert made == ["t", "optimizer.lr=0.1", "{other}", "--debug", "--steps", "3"]


def test_value_with_braces_is_not_substituted_again() -> None:
    assert arguments(["{a}"], {"a": "{b}", "b": "x"}) == ["{b}", "--b", "x"]


def test_the_flags_go_where_their_placeholder_stands() -> None:
    assert arguments(["t", "{flags}", "data/", "seed={seed}"], {"lr": 0.1, "seed": 3}) == [
        "t",
        "--lr",
        "0.1",
        "data/",
        "seed=3",
    ]


@pytest.mark.parametrize("word", ["${lr}", "model.lr=${lr}", "{{lr}}", "{'lr': 1}", "{", "}{", "{lr", "{l r}"])
def test_other_braces_are_left_alone(word: str) -> None:
    kept = "{lr}" if word == "{{lr}}" else word
    assert arguments(["t", word], {"lr": 0.1}) == ["t", kept, "--lr", "0.1"]


@pytest.mark.parametrize(
    ("style", "value", "words"),
    [
        (Style.SPACED, 0.1, ["--lr", "0.1"]),
        (Style.JOINED, 0.1, ["--lr=0.1"]),
        (Style.BARE, 0.1, ["lr=0.1"]),
        (Style.SPACED, True, ["--lr"]),
        (Style.SPACED, False, ["--no-lr"]),
        (Style.JOINED, True, ["--lr=True"]),
        (Style.BARE, False, ["lr=False"]),
        (Style.JOINED, "", ["--lr="]),
        (Style.SPACED, "", ["--lr", ""]),
        (Style.BARE, "-1", ["lr=-1"]),
    ],
)
def test_each_style(style: Style, value: Value, words: list[str]) -> None:
    assert arguments(["t"], {"lr": value}, Flags(style)) == ["t", *words]


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("action", list(Action))
def test_argparse_reads_the_value_that_was_set(action: Action, *, value: bool) -> None:
    parser = argparse.ArgumentParser()
    match action:
        case Action.BOOLEAN_OPTIONAL:
            parser.add_argument("--augment", action=argparse.BooleanOptionalAction)
        case Action.STORE_TRUE:
            parser.add_argument("--augment", action="store_true")
        case Action.STORE_FALSE:
            parser.add_argument("--no-augment", action="store_false", dest="augment")
        case Action.STORE:
            parser.add_argument("--augment", type=lambda text: {"True": True, "False": False}[text])
        case Action.TYPE_BOOL:
            parser.add_argument("--augment", type=bool)
    for style in (Style.SPACED, Style.JOINED):
        words = arguments([], {"augment": value}, Flags(style, actions={"augment": action}))
        assert parser.parse_args(words).augment is value


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (Flags(names={"lr": "--learning-rate"}), ["--learning-rate", "0.1"]),
        (Flags(names={"lr": "-lr"}), ["-lr", "0.1"]),
        (Flags(names={"lr": "--optim.LR"}), ["--optim.LR", "0.1"]),
        (Flags(Style.JOINED, {"lr": "--Optim.LR"}), ["--Optim.LR=0.1"]),
        (Flags(Style.BARE, {"lr": "optimizer.lr"}), ["optimizer.lr=0.1"]),
        (Flags(Style.BARE, {"lr": "+optim.lr"}), ["+optim.lr=0.1"]),
    ],
)
def test_flag_with_another_name(flags: Flags, words: list[str]) -> None:
    assert arguments(["t"], {"lr": 0.1}, flags) == ["t", *words]
    assert Flags.decode(flags.encoded) == flags


def test_boolean_flag_with_another_name() -> None:
    flags = Flags(names={"augment": "--use-aug"})
    assert arguments([], {"augment": False}, flags) == ["--no-use-aug"]


def test_optional_parameter_without_a_value_leaves_nothing() -> None:
    flags = Flags(optional=frozenset({"wd", "clip"}))
    assert arguments(["t", "optim.wd={wd}"], {"lr": 0.1}, flags) == ["t", "--lr", "0.1"]
    assert arguments(["t", "optim.wd={wd}"], {"lr": 0.1, "wd": 1}, flags) == ["t", "optim.wd=1", "--lr", "0.1"]


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "SCRIPT"],
        ["/bin/bash", "-lc", "SCRIPT"],
        ["bash", "-euo", "pipefail", "-c", "SCRIPT"],
        ["bash", "-eu", "-o", "pipefail", "-c", "SCRIPT", "name"],
        ["timeout", "1h", "bash", "-xc", "SCRIPT"],
        ["env", "A=1", "bash", "--login", "-c", "SCRIPT"],
        ["xvfb-run", "-a", "sh", "-c", "--", "SCRIPT"],
    ],
)
def test_the_script_of_a_shell(command: list[str]) -> None:
    assert script_at(command) == command.index("SCRIPT")


@pytest.mark.parametrize(
    "command", [["python", "-c", "x"], ["bash", "run.sh", "-c", "x"], ["sh"], ["sh", "-c"], ["bash", "-e", "x"], []]
)
def test_no_script(command: list[str]) -> None:
    assert script_at(command) is None


@pytest.mark.parametrize("text", ODD)
def test_a_shell_passes_every_value_as_it_is(text: str) -> None:
    program = " ".join(f"'{word}'" for word in PRINT_WORDS)
    by_name = arguments(["sh", "-c", f"true && {program} {{name}}"], {"name": text})
    assert _printed(by_name) == [text]
    flags = arguments(["bash", "-ec", f"{program} {{flags}}"], {"name": text, "lr": 0.1})
    expected = [f"--name={text}"] if text.startswith("-") else ["--name", text]
    assert _printed(flags) == [*expected, "--lr", "0.1"]


def test_words_behind_the_script_are_its_own_arguments() -> None:
    made = arguments(["sh", "-c", 'exec "$@"', "sh", *PRINT_WORDS], {"name": "a $b"})
    assert _printed(made) == ["--name", "a $b"]


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("python t.py {lr}", set()),
        ("python t.py '{lr}' {m}", {"lr"}),
        ('echo "run {name} of {m}"; t {lr}', {"name", "m"}),
        ("echo it\\'s {lr}", set()),
        ('echo "it\'s {lr}"', {"lr"}),
        ("echo 'a\\' {lr}", set()),
        ("echo '{{lr}}'", set()),
    ],
)
def test_placeholders_inside_quotes(script: str, names: set[str]) -> None:
    assert quoted_placeholders(script) == names


def test_placeholders_of_a_command() -> None:
    assert placeholders(["t", "{lr}", "a={m},b={flags}", "${x}", "{{y}}"]) == {"lr", "m", "flags"}


@pytest.mark.parametrize("text", ["[]", "{", '{"style": "x"}', '{"actions": {"a": "b"}}', '{"names": 3}'])
def test_flags_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Flags.decode(text)


def test_the_usual_flags_take_no_room_in_the_environment() -> None:
    assert not Flags().encoded
    assert Flags.decode("") == Flags()
