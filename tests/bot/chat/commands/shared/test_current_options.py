"""Options of an earlier registration, or that no client sends, are told from those of now."""

import pytest
from discord import app_commands

from bot.chat.commands import all_commands
from bot.chat.commands.shared.current_options import are_current
from tests.bot.chat.jobs import PROJECT

COMMANDS = {command.name: command for command in all_commands([PROJECT])}


@pytest.mark.parametrize(
    ("name", "option", "current"),
    [
        ("train", {"name": "lr", "value": 0.1}, True),
        ("train", {"name": "lr", "value": 1}, True),
        ("train", {"name": "lr", "value": True}, False),
        ("train", {"name": "lr", "value": "0.1"}, False),
        ("train", {"name": "epochs", "value": 1.5}, False),
        ("train", {"name": "augment", "value": True}, True),
        ("train", {"name": "branch", "value": None}, False),
        ("train", {"name": "gone", "value": "x"}, False),
        ("train", {"name": "branch", "value": "m", "focused": True}, True),
        ("jobs", {"name": "state", "value": "l", "focused": True}, False),
        ("status", {"name": "job", "value": {"a": 1}}, False),
    ],
)
def test_each_option_is_one_of_now(name: str, option: dict[str, object], *, current: bool) -> None:
    command = COMMANDS[name]
    assert isinstance(command, app_commands.Command)
    assert are_current(command, [option]) is current


def test_all_of_them_count() -> None:
    assert are_current(COMMANDS["help"], [])
    assert not are_current(COMMANDS["train"], [{"name": "lr", "value": 0.1}, {"name": "gone", "value": "x"}])
