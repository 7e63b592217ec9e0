"""The example on the page of `/help` works as it stands."""

import re
from dataclasses import replace

import pytest

from bot.chat.commands import all_commands
from bot.chat.commands.help import page
from bot.domain.jobs.set_text import merged
from bot.domain.parameters import Kind, Parameter, complete
from tests.bot.chat.jobs import PROJECT

PARAMETERS = {
    "a default": (Parameter("lr", Kind.FLOAT, 0.1),),
    "none": (),
    "required numbers": (Parameter("lr", Kind.FLOAT, minimum=0.5), Parameter("n", Kind.INT, maximum=-2)),
    "an int between": (Parameter("n", Kind.INT, minimum=0.2, maximum=1.5),),
    "required others": (
        Parameter("kind", Kind.CHOICE, choices=("sgd", "adam")),
        Parameter("fast", Kind.BOOLEAN),
        Parameter("note", Kind.STRING),
        Parameter("lr", Kind.FLOAT, 0.1),
    ),
    "30 that are required": tuple(Parameter(f"p{number}", Kind.CHOICE, choices=("a b",)) for number in range(30)),
    "one without an option": (Parameter("lr", Kind.FLOAT, 0.1, option=False),),
    "optional": (Parameter("wd", Kind.FLOAT, optional=True),),
}


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
def test_the_example_sets_what_is_required(parameters: tuple[Parameter, ...]) -> None:
    project = replace(PROJECT, parameters=parameters)
    found = re.search(r"as in `/train ?([^`]*)`", page(all_commands([project]), [project]))
    assert found is not None
    line, _, settings = found[1].partition("set:")
    given = dict(re.findall(r"(\w+):(.*?)(?: (?=\w+:)|$)", line.strip()))
    assert given.pop("branch") == "main"
    complete(parameters, merged(parameters, given, settings))


def test_what_has_no_option_is_named_with_an_example() -> None:
    project = replace(PROJECT, parameters=tuple(Parameter(f"p{number}", Kind.INT, number) for number in range(40)))
    text = page(all_commands([project]), [project])
    assert "`set` takes any parameters of the project, also those without an option of their own: `set:p22=22" in text
    assert "without an option" not in page(all_commands([PROJECT]), [PROJECT])
