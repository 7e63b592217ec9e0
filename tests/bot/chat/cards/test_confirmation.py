"""Answers to whoever starts something, and the page of the documentation that quotes them."""
# ruff: noqa: RUF001  letters of Japanese keyboards

import re
from dataclasses import replace
from pathlib import Path

from bot.chat.cards import confirmation
from bot.chat.catalogue.samples import JOB, PROJECT, SWEEP
from bot.chat.limits import CONTENT_CHARACTERS
from bot.domain.inert import Inert
from bot.domain.model.plan import Search
from bot.domain.model.run import Commit
from bot.domain.model.space import Axis
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar import parse

PAGE = (Path(__file__).parents[4] / "docs" / "typing-commands.md").read_text()
PARAMETERS = (Parameter("lr", Kind.FLOAT, 0.1), Parameter("note", Kind.STRING, ""))


def test_the_page_quotes_the_answers() -> None:
    retried = replace(JOB, request=replace(JOB.request, retry_of="c5d6f7"))
    for job in (JOB, retried):
        sentence = confirmation.text("Starting k7q2mx", job, PROJECT, given=False).split("\n")[1]
        assert f'"{sentence}"' in PAGE.replace("\n", " ")


def test_long_values_of_a_job_fit_into_a_message() -> None:
    values = {f"parameter_{number}": "*" * 200 for number in range(25)}
    run = replace(JOB.run, parameters=values, commit=Commit("a" * 40, "b" * 200, "_s" * 200))
    text = confirmation.text("Starting k7q2mx", replace(JOB, run=run), PROJECT, given=False)
    assert len(text) <= CONTENT_CHARACTERS
    assert re.search(r" and \d+ more$", text, flags=re.M)
    assert text.endswith("Machine: g4dn.xlarge to g5.xlarge, spot")


def test_values_that_somebody_set_come_first_where_there_is_no_room_for_all() -> None:
    values = {f"parameter_{number}": 0.5 for number in range(100)} | {"parameter_97": 0.25}
    declared = tuple(Parameter(name, Kind.FLOAT, 0.5) for name in values)
    job = replace(JOB, run=replace(JOB.run, parameters=values))
    project = replace(PROJECT, parameters=declared)
    text = confirmation.text("Starting k7q2mx", job, project)
    assert "\nparameter_97 **0.25** · parameter_0 **0.5** · parameter_1 **0.5**" in text
    few = replace(JOB, run=replace(JOB.run, parameters=dict(list(values.items())[95:])))
    assert "parameter_95 **0.5** · parameter_96 **0.5** · parameter_97 **0.25**" in confirmation.text("", few, project)


def test_a_large_sweep_fits_into_a_message() -> None:
    axes = tuple(Axis(f"axis_{number}", Kind.STRING, ("*" * 200,) * 9) for number in range(20))
    space = replace(SWEEP.plan.space, axes=axes)
    fixed = {f"parameter_{number}": "_" * 200 for number in range(25)}
    sweep = replace(SWEEP, plan=replace(SWEEP.plan, space=space), run=replace(SWEEP.run, parameters=fixed))
    text = confirmation.text("Starting b2c3d4", sweep, PROJECT, [Inert("The remark.")])
    assert len(text) <= CONTENT_CHARACTERS
    assert text.endswith("The remark.")


def test_what_the_page_says_of_keyboards_is_so() -> None:
    examples = re.findall(r"`((?:ｌｒ|Lr|note)[＝=][^`]+)`", PAGE)
    assert len(examples) == 3
    for example in examples:
        assert parse(example, PARAMETERS, Search.GRID).points == 1
