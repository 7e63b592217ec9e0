"""What one call may hold: a job beyond it would be taken, and then fail."""

from dataclasses import replace

import pytest

from bot.adapters.aws.batch_engine import BATCH_VARIABLES, CAPABILITIES
from bot.domain.money.machine import Resources
from bot.domain.parameters import Kind, Parameter
from bot.errors import BadInput
from bot.ports.engine import SubmitCall
from bot.services.jobs.submit import Submit, TrainRequest
from bot.services.jobs.submit_call import check_fits
from bot.services.running.core import Core
from bot.services.running.wakeups import Wakeups
from deploy.sandbox.aws.batch import submissions
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import MIKA, Bot, Outside


def call(value: str) -> SubmitCall:
    return SubmitCall("n", "q", "d", ("python", "train.py"), {"PARAMETERS": value}, {}, 60)


def test_quotes_and_structure_count_as_the_stand_in_counts_them() -> None:
    asked = call('{"a": "b"}' * 100)
    environment = [{"name": name, "value": value} for name, value in asked.environment.items()]
    overrides = {"command": list(asked.command), "environment": environment}
    assert asked.characters == submissions.characters(overrides)
    more = {**overrides, "resourceRequirements": [{"type": "MEMORY", "value": "18432"}]}
    assert replace(asked, resources=Resources(memory_mib=18_432)).characters == submissions.characters(more)
    assert asked.characters > sum(len(name) + len(value) for name, value in asked.environment.items()) + 400


def test_call_that_fits_without_its_quotes_is_refused() -> None:
    most = CAPABILITIES.call_characters
    assert most == 8_192 - BATCH_VARIABLES
    check_fits(call("x" * (most - 200)), CAPABILITIES, "This job", "Use shorter values.")
    with pytest.raises(BadInput, match=r"This job takes 12,\d+ characters; AWS Batch passes at most 7,592 to a job"):
        check_fits(call('"x' * 4_000), CAPABILITIES, "This job", "Use shorter values.")


async def test_train_with_a_value_that_no_job_can_get_is_refused_before_anything_is_stored(
    bot: Bot, outside: Outside
) -> None:
    project = replace(PROJECT, parameters=(*PROJECT.parameters, Parameter("note", Kind.STRING, default="")))
    core = Core(bot.store, {project.name: project}, Wakeups(), outside.clock, bot.permits)
    submit = Submit(core, outside.code, CAPABILITIES, bot.quotes, new_id=lambda: "k7q2mx")
    with pytest.raises(BadInput, match="Use shorter values"):
        await submit.train(TrainRequest(MIKA, CHANNEL, 9, values={"note": "漢" * 2_000}))
    assert await bot.store.unfinished() == []
    await submit.train(TrainRequest(MIKA, CHANNEL, 9, values={"note": "漢" * 200}))
