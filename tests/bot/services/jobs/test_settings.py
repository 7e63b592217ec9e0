"""`set` in `/train`, `/retry` and `/sweep`: where the values end up, and what is refused."""

import json
from dataclasses import replace

import pytest

from bot.domain.model.states import JobState
from bot.domain.parameters import Kind, Parameter
from bot.domain.sweeps.grammar import GrammarError
from bot.errors import BadInput
from bot.services.jobs.complete_options import Asked, CompleteOptions
from bot.services.jobs.submit import TrainRequest
from bot.services.jobs.submit_call import call_for_job
from bot.services.people.permits import Permits
from bot.services.sweeps.propose import SweepRequest
from tests.support.projects import CHANNEL, GRANTS, GUILD, PROJECT
from tests.support.services import MIKA, Bot, Outside

MORE = replace(
    PROJECT,
    parameters=(
        *PROJECT.parameters,
        Parameter("folds", Kind.INT, 1, 1, 20),
        Parameter("fold", Kind.INT, 0, 0, 20),
        Parameter("note", Kind.STRING, ""),
        *(Parameter(f"p{number}", Kind.INT, number, 0, 1_000) for number in range(40)),
    ),
)
NEEDY = replace(
    PROJECT,
    parameters=(
        Parameter("lr", Kind.FLOAT, minimum=0.5),
        Parameter("kind", Kind.CHOICE, choices=("two words", "b")),
        Parameter("n", Kind.INT, 3),
    ),
)


def use(bot: Bot, project: object) -> None:
    """Both services know this project alone."""
    bot.submit._projects = bot.propose._projects = (project,)  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _with_many_parameters(bot: Bot) -> None:
    use(bot, MORE)


def asked(settings: str, interaction_id: int = 9, **fields: str) -> TrainRequest:
    return TrainRequest(MIKA, CHANNEL, interaction_id, settings=settings, **fields)


async def test_values_reach_the_command_typed_as_declared(bot: Bot) -> None:
    job = await bot.submit.train(asked('p39=1_000 lr=1e-3, note="a, b=c"'))
    passed = json.loads(call_for_job(job, MORE, "signalbox").environment["PARAMETERS"])
    assert (passed["p39"], passed["lr"], passed["note"]) == (1_000, 0.001, "a, b=c")
    assert (passed["p38"], passed["momentum"]) == (38, 0.5)


async def test_a_branch_in_the_text_is_the_branch_and_set_in_the_branch_is_the_text(bot: Bot) -> None:
    job = await bot.submit.train(asked("p1=5 branch:wider-net"))
    assert (job.run.commit.branch, job.run.parameters["p1"]) == ("wider-net", 5)
    job = await bot.submit.train(asked("", 10, branch="wider-net lr:0.3 set:p1=6 p2=7"))
    found = job.run.parameters
    assert (job.run.commit.branch, found["lr"], found["p1"], found["p2"]) == ("wider-net", 0.3, 6, 7)
    with pytest.raises(BadInput, match="`branch` is set a second time"):
        await bot.submit.train(asked("branch:main", branch="wider-net"))
    with pytest.raises(BadInput, match="`set` is set a second time"):
        await bot.submit.train(asked("p1=1", branch="main set:p2=2"))


async def test_a_name_as_an_option_and_in_the_text_is_refused(bot: Bot) -> None:
    request = replace(asked("momentum=0.1"), values={"m": 0.3})
    with pytest.raises(BadInput, match="`m` is set twice, as an option and in `set`"):
        await bot.submit.train(request)


async def test_a_retry_keeps_the_other_values(bot: Bot) -> None:
    first = await bot.submit.train(asked("p1=5 p2=6 lr=0.2"))
    again = await bot.submit.retry(first.id, replace(asked("p2=7 m=0.3", 10), values={"lr": 0.4}))
    found = again.run.parameters
    assert (found["p1"], found["p2"], found["momentum"], found["lr"]) == (5, 7, 0.3, 0.4)


async def test_a_sweep_has_the_same_values_in_all_trials(bot: Bot) -> None:
    proposal = await bot.sweep("lr=0.1,0.01", settings="p1=5 note=x branch:wider-net")
    run = proposal.sweep.run
    assert (run.parameters["p1"], run.parameters["note"], run.commit.branch) == (5, "x", "wider-net")
    assert "lr" not in run.parameters
    await bot.turn()
    (call,) = bot.outside.engine.submissions
    assert json.loads(call.environment["PARAMETERS"])["p1"] == 5


@pytest.mark.parametrize(
    ("space", "settings", "folds", "said"),
    [
        ("lr=0.1,0.01", "lr=0.5", 1, "`lr` is in both `space` and `set`. Leave it out of one."),
        ("m=0.1,0.5", "momentum=0.5", 1, "`momentum` is in both `space` and `set`"),
        ("lr=0.1,0.01", "fold=1", 3, "`folds:3` already sets `fold`. Leave it out of `set`."),
    ],
)
async def test_a_value_for_all_trials_is_not_varied(bot: Bot, space: str, settings: str, folds: int, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        await bot.sweep(space, settings=settings, folds=folds)
    with pytest.raises(GrammarError, match="`p1` takes one value here"):
        await bot.sweep("lr=0.1,0.01", settings="p1=1..5")


async def test_what_must_be_given_is_asked_for_with_an_example_that_works(bot: Bot) -> None:
    use(bot, NEEDY)
    with pytest.raises(BadInput) as caught:
        await bot.submit.train(asked("n=4"))
    assert str(caught.value) == (
        "Set `lr` (a number of at least 0.5), `kind` (two words or b); they have no default. "
        'For example, `set:lr=0.5 kind="two words"`.'
    )
    found = (await bot.submit.train(asked('lr=0.5 kind="two words"'))).run.parameters
    assert found == {"lr": 0.5, "kind": "two words", "n": 3}
    with pytest.raises(BadInput, match=r"Set `kind` to two words or b; it has no default\. For example, `set:kind="):
        await bot.sweep("lr=0.5,0.6")
    assert (await bot.sweep("lr=0.5,0.6", settings="kind=b", interaction_id=10)).sweep.run.parameters == {
        "kind": "b",
        "n": 3,
    }


async def test_suggestions_are_those_of_the_channels_project_or_of_the_job_to_retry(bot: Bot, outside: Outside) -> None:
    other = replace(NEEDY, name="other", channel_ids=())
    complete = CompleteOptions(outside.code, bot.find, [MORE, other], Permits(GRANTS, GUILD))
    here, there = Asked("", MIKA), Asked("other", MIKA)
    assert [value for _, value in await complete.settings(here, (), (), "p3")][:3] == ["p3=", "p30=", "p31="]
    assert [value for _, value in await complete.settings(there, (), (), "")] == ["lr=", "kind=", "n="]
    assert await complete.settings(Asked("nothere", MIKA), (), (), "") == []
    assert await complete.values(there, "lr", "0.7") == [("0.7 \u2039a number of at least 0.5\u203a", 0.7)]
    assert await complete.values(there, "p1", "") == []
    job = await bot.submit.train(asked("p3=77"))
    retry = Asked("", replace(MIKA, channel_id=0), f"{job.id} lr:0.1")
    assert (await complete.settings(retry, (), (), "p3="))[0] == (
        "p3=77 \u2039as before; a whole number from 0 to 1000\u203a",
        "p3=77",
    )
    assert (await complete.values(retry, "p3", ""))[0][1] == 77
    assert await complete.settings(Asked("", MIKA, "nothere"), (), (), "") == []
    assert (await bot.job(job.id)).execution.state is JobState.INTENT


async def test_the_same_text_in_a_sweep_of_one_point(bot: Bot) -> None:
    request = SweepRequest(MIKA, CHANNEL, 9, "p1=5", settings="p2=6")
    found = (await bot.propose.sweep(request)).sweep
    assert found.run.parameters["p2"] == 6
    assert found.plan.trials == 1
