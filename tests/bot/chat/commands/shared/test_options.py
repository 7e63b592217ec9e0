"""Options from the config, as they are registered with Discord."""

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.commands import all_commands
from bot.chat.commands.help import page
from bot.config.projects.parameter import RESERVED_OPTIONS
from bot.domain.jobs.set_text import SET
from bot.domain.money.deadline import WHEN
from bot.domain.parameters import Kind, Parameter
from bot.domain.project import Project
from bot.errors import ConfigError
from tests.bot.chat.jobs import PROJECT


def project(name: str, *parameters: Parameter) -> Project:
    return replace(PROJECT, name=name, parameters=parameters)


def options(command: str, *projects: Project) -> dict[str, dict[str, Any]]:
    (found,) = (each for each in all_commands(projects) if each.name == command)
    return {option.name: _told(option) for option in found.parameters}


def _told(parameter: Any) -> dict[str, Any]:
    return {
        "name": parameter.display_name,
        "type": parameter.type.name,
        "description": parameter.description,
        "required": parameter.required,
        "min": parameter.min_value,
        "max": parameter.max_value,
        "choices": [choice.value for choice in parameter.choices],
        "autocomplete": parameter.autocomplete,
    }


def by_name(command: str, *projects: Project) -> dict[str, dict[str, Any]]:
    return {option["name"]: option for option in options(command, *projects).values()}


def test_each_kind_of_parameter_becomes_an_option_of_its_type() -> None:
    found = by_name("train", PROJECT)
    assert list(found) == ["branch", "commit", "lr", "epochs", "optimizer", "augment", "set", "start_below", "by"]
    assert found["lr"] | {"description": ""} == {
        "name": "lr",
        "type": "number",
        "description": "",
        "required": False,
        "min": 1e-6,
        "max": 1.0,
        "choices": [],
        "autocomplete": False,
    }
    assert found["lr"]["description"] == "Learning rate (default: 0.1)"
    assert (found["epochs"]["type"], found["epochs"]["min"], found["epochs"]["max"]) == ("integer", 1, 100)
    assert found["epochs"]["description"] == "epochs (default: 10)"
    assert (found["optimizer"]["type"], found["optimizer"]["choices"]) == ("string", ["sgd", "adam"])
    assert found["augment"]["type"] == "boolean"
    assert found["branch"]["autocomplete"]
    assert found["commit"]["autocomplete"]


def test_a_project_is_asked_for_where_there_are_several() -> None:
    assert "project" not in by_name("train", PROJECT)
    assert "project" in by_name("train", project("a"), project("b"))


def test_projects_are_suggested_to_those_who_may_see_them_and_are_no_fixed_choices() -> None:
    found = by_name("train", project("a"), project("b"))["project"]
    assert (found["choices"], found["autocomplete"]) == ([], True)


def test_a_parameter_without_a_default_must_be_given_but_not_again() -> None:
    needed = project("a", Parameter("lr", Kind.FLOAT))
    assert by_name("train", needed)["lr"]["required"]
    assert not by_name("retry", needed)["lr"]["required"]
    assert by_name("retry", needed)["job"]["required"]
    assert by_name("retry", needed)["lr"]["description"] == "lr (default: as before)"
    assert not by_name("train", needed, project("b"))["lr"]["required"]


def test_names_may_be_what_python_does_not_take() -> None:
    odd = project("a", *(Parameter(name, Kind.INT, 1) for name in ("lambda", "a-b", "a_b", "interaction", "self")))
    assert list(by_name("train", odd))[2:-3] == ["lambda", "a-b", "a_b", "interaction", "self"]


def test_several_projects_share_an_option_with_the_widest_bounds() -> None:
    one = project("a", Parameter("lr", Kind.FLOAT, 0.1, 0.01, 1.0), Parameter("kind", Kind.CHOICE, choices=("x", "y")))
    two = project("b", Parameter("lr", Kind.FLOAT, 0.2, 0.1, 2.0), Parameter("kind", Kind.CHOICE, choices=("y", "z")))
    found = by_name("train", one, two)
    assert (found["lr"]["min"], found["lr"]["max"], found["lr"]["description"]) == (0.01, 2.0, "lr")
    assert (found["kind"]["choices"], found["kind"]["autocomplete"]) == ([], True)
    unbounded = project("c", Parameter("lr", Kind.FLOAT, 0.1))
    assert (by_name("train", one, unbounded)["lr"]["min"], by_name("train", one, unbounded)["lr"]["max"]) == (
        None,
        None,
    )


def test_bounds_are_such_as_discord_takes() -> None:
    wide = project("a", Parameter("n", Kind.INT, 1, 0.5, 9.5), Parameter("big", Kind.FLOAT, 1.0, -1e300, 1e300))
    found = by_name("train", wide)
    assert (found["n"]["min"], found["n"]["max"]) == (1, 9)
    assert (found["big"]["min"], found["big"]["max"]) == (None, None)


def test_descriptions_fit() -> None:
    long = project("a", Parameter("s", Kind.STRING, "v" * 500, description="d" * 100))
    assert 0 < len(by_name("train", long)["s"]["description"]) <= 100


def test_projects_that_agree_on_choices_show_them() -> None:
    both = [
        project(name, Parameter("kind", Kind.CHOICE, default, choices=("x", "y")))
        for name, default in (("a", "x"), ("b", "y"))
    ]
    assert by_name("train", *both)["kind"]["choices"] == ["x", "y"]
    assert not by_name("train", *both)["kind"]["autocomplete"]


@pytest.mark.parametrize(
    ("one", "two", "kind"),
    [
        (Kind.FLOAT, Kind.INT, "number"),
        (Kind.INT, Kind.FLOAT, "number"),
        (Kind.FLOAT, Kind.STRING, "string"),
        (Kind.BOOLEAN, Kind.INT, "string"),
        (Kind.CHOICE, Kind.STRING, "string"),
    ],
)
def test_an_option_of_two_types_takes_the_values_of_both(one: Kind, two: Kind, kind: str) -> None:
    choices = {Kind.CHOICE: ("x", "y")}
    both = [project(n, Parameter("p", k, choices=choices.get(k, ()))) for n, k in (("a", one), ("b", two))]
    found = by_name("train", *both)["p"]
    assert (found["type"], found["choices"], found["autocomplete"]) == (kind, [], True)


def test_more_choices_than_discord_shows_are_suggested() -> None:
    found = by_name("train", project("a", Parameter("k", Kind.CHOICE, choices=tuple(map(str, range(40))))))
    assert (found["k"]["type"], found["k"]["choices"], found["k"]["autocomplete"]) == ("string", [], True)


def test_choices_that_take_too_many_characters_are_suggested() -> None:
    large = tuple(f"{number:0100}" for number in range(25))
    found = by_name("train", project("a", *(Parameter(f"k{n}", Kind.CHOICE, choices=large) for n in range(3))))
    assert [len(found[f"k{n}"]["choices"]) for n in range(3)] == [25, 0, 0]
    assert found["k2"]["autocomplete"]


PROBE = Parameter("probe", Kind.INT, 1)
PROJECTS = [(project("a", PROBE),), (project("a", PROBE), project("b", PROBE))]


def beside_parameters(projects: tuple[Project, ...]) -> list[set[str]]:
    """The names of the other options, for each command that has one for the parameter."""
    names = [{option.display_name for option in command.parameters} for command in all_commands(projects)]
    return [each - {PROBE.name} for each in names if PROBE.name in each]


def test_the_reserved_words_are_the_options_beside_the_parameters() -> None:
    found = [names for projects in PROJECTS for names in beside_parameters(projects)]
    assert set().union(*found) == {*RESERVED_OPTIONS, SET, *WHEN}


@pytest.mark.parametrize("projects", PROJECTS, ids=["one project", "two"])
def test_option_names_are_as_discord_takes_them(projects: tuple[Project, ...]) -> None:
    for command in all_commands(projects):
        names = [option.display_name for option in command.parameters]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[-_a-z0-9]{1,32}", name) for name in names)


@pytest.mark.parametrize("name", RESERVED_OPTIONS)
def test_no_command_has_two_options_of_one_name(name: str) -> None:
    one, two = project("a", Parameter(name, Kind.STRING)), project("b", PROBE)
    with pytest.raises(ConfigError, match=rf"has two options named {name}$"):
        all_commands((one, two))


def test_the_help_page_fits_with_as_many_options_as_there_may_be() -> None:
    many = project("a", *(Parameter("p" * 30 + str(number), Kind.INT, 1) for number in range(10, 32)))
    text = page(all_commands((many,)), (many,))
    assert len(text) < 4_096
    assert "`/help`" in text


def test_the_help_page_says_which_result_is_best() -> None:
    lowest = replace(project("a"), metric="val_loss", maximize=False)
    assert "Best of `a`: the lowest `val_loss`." in page(all_commands((lowest,)), (lowest,))
