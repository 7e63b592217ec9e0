"""A command that would lose a value is refused, with what to write instead."""

import pytest
from pydantic import ValidationError

from bot.config.projects.parameter import ParameterSettings
from bot.config.projects.project import ProjectSettings, project
from trainer.command_line import Action, arguments

LR = {"type": "float", "default": 0.1}


def _settings(command: list[str], **changes: object) -> ProjectSettings:
    usual = {
        "repository": "https://example.org/a.git",
        "command": command,
        "queue": "q",
        "job_definition": "d",
        "bucket": "b",
        "parameters": {
            "lr": LR,
            "name": {"type": "string", "default": "x"},
            "fast": {"type": "boolean", "default": False},
            "wd": {"type": "float", "optional": True},
        },
    }
    return ProjectSettings.model_validate({**usual, **changes})


@pytest.mark.parametrize(
    "command",
    [
        ["python", "train.py"],
        ["python", "train.py", "optim.lr={lr}", "{flags}", "{{literal}}", "${HOME}"],
        ["sh", "-c", "python train.py {flags}"],
        ["sh", "-c", 'echo "run with {lr}" && python train.py --name {name} {flags}'],
        ["sh", "-c", 'exec python train.py "$@"', "sh"],
        ["python", "train.py", "--wd={wd}"],
    ],
)
def test_command_that_gets_everything(command: list[str]) -> None:
    assert _settings(command).command == tuple(command)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["t", "{learningrate}"], "no parameter is called {learningrate}. Valid: {lr}, {name}"),
        (["t", "{lr_}"], "no parameter is called {lr_}. Did you mean {lr}?"),
        (["sh", "-c", "awk '{print}' f; t {flags}"], "Literal braces: {{print}}"),
        (["sh", "-c", "python train.py"], '"sh -c" drops what follows its script, so lr, name, fast, wd would not'),
        (["env", "A=1", "/bin/bash", "-ec", "t {lr}"], '"/bin/bash -c" drops what follows its script, so name, fast'),
        (["sh", "-c", "t '{name}' {flags}"], "write {name} without quotes around it"),
        (["sh", "-c", 't "{flags}"'], "write {flags} without quotes around it"),
        (["t", "--wd", "{wd}"], 'write flag and value as one word: "--wd={wd}"'),
        (["sh", "-c", "t wd={wd} {flags}"], "wd is optional"),
    ],
)
def test_command_that_would_lose_a_value(command: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match="command: ") as caught:
        _settings(command)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "style", "said"),
    [
        ({**LR, "flag": "learning-rate"}, "--name value", 'has no dashes: write "--learning-rate"'),
        ({**LR, "flag": "--lr="}, "--name=value", 'ends with "="'),
        ({**LR, "flag": "--a b"}, "--name value", "must be one word without spaces"),
        ({**LR, "action": "store_true"}, "--name value", 'only works with type = "boolean"'),
        ({**LR, "optional": True}, "--name value", "optional and default exclude each other"),
        ({**LR, "flag": "--m"}, "--name value", "2 parameters have the flag --m"),
    ],
)
def test_flag_that_does_not_fit(settings: dict[str, object], style: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _settings(["t"], flags=style, parameters={"lr": settings, "m": LR})
    assert said in str(caught.value)


@pytest.mark.parametrize("folder", ["/srv", "../x", "a/../../b"])
def test_working_directory_outside_the_repository(folder: str) -> None:
    with pytest.raises(ValidationError, match="is not inside the repository"):
        _settings(["t"], working_directory=folder)


def test_the_projects_flags_write_its_command_line() -> None:
    made = project(
        "mnist",
        _settings(
            ["python", "main.py"],
            flags="name=value",
            parameters={"lr": {**LR, "flag": "optimizer.lr"}, "fast": {"type": "boolean", "default": True}},
        ),
    )
    assert arguments(made.command, {"lr": 0.1, "fast": True}, made.flags) == [
        "python",
        "main.py",
        "optimizer.lr=0.1",
        "fast=True",
    ]


def test_action_is_one_of_argparses() -> None:
    assert ParameterSettings.model_validate({"type": "boolean", "action": "store_true"}).action is Action.STORE_TRUE
    with pytest.raises(ValidationError):
        ParameterSettings.model_validate({"type": "boolean", "action": "append"})
