"""The options of `/train` that are the bot's own, and those of a project's parameters that have such names."""

from dataclasses import replace

import pytest

from bot.chat.commands import all_commands
from bot.domain.money.machine import Machine
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from tests.bot.chat.jobs import PROJECT


def options(*projects: Project, command: str = "train") -> list[str]:
    (found,) = [each for each in all_commands(projects) if each.name == command]
    return [str(each.display_name) for each in found.parameters]


def test_waiting_for_a_price_is_an_option() -> None:
    assert {"start_below", "by"} <= set(options(PROJECT))
    assert "start_below" not in options(PROJECT, command="sweep")


@pytest.mark.parametrize("names", [("by", ()), ("start_below", ()), ("order", ("by",))])
def test_a_parameter_of_such_a_name_keeps_its_option(names: tuple[str, tuple[str, ...]]) -> None:
    own = Parameter(names[0], Kind.STRING, "a", aliases=names[1])
    found = options(replace(PROJECT, parameters=(*PROJECT.parameters, own)))
    assert found.count(names[0]) == 1
    assert not {"start_below", "by"} - {names[0]} & set(found)


def test_parameters_come_before_waiting_for_a_price() -> None:
    many = tuple(Parameter(f"p{number}", Kind.INT, number) for number in range(21))
    assert "start_below" not in options(replace(PROJECT, parameters=many))
    assert "start_below" in options(replace(PROJECT, parameters=many[:20]))


@pytest.mark.parametrize("command", ["train", "sweep", "retry"])
def test_machine_is_an_option_where_a_project_has_some(command: str) -> None:
    placed = replace(PROJECT, machines=(Machine("big", "q"),))
    assert "machine" in options(placed, command=command)
    assert "machine" in options(PROJECT, replace(placed, name="other"), command=command)
    assert "machine" not in options(PROJECT, command=command)
