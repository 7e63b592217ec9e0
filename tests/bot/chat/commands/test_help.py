"""The example on the page of `/help` works as it stands."""

import re
from dataclasses import replace

import pytest

from bot.chat.commands import all_commands
from bot.chat.commands.help import page
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
    "optional": (Parameter("wd", Kind.FLOAT, optional=True),),
}


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
def test_the_example_sets_what_is_required(parameters: tuple[Parameter, ...]) -> None:
    project = replace(PROJECT, parameters=parameters)
    found = re.search(r"as in `/train ?([^`]*)`", page(all_commands([project]), [project]))
    assert found is not None
    given = dict(word.split(":", 1) for word in found[1].split())
    assert given.pop("branch") == "main"
    complete(parameters, given)
