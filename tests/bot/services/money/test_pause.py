"""While it is paused nothing new reaches the engine, and what runs goes on."""

from dataclasses import replace

import pytest

from bot.domain.access import Grant, Person, Verb
from bot.domain.audit.entry import Actor, Entry
from bot.domain.model.states import JobState
from bot.domain.spending.approval import token
from bot.errors import NotAllowed, Paused, Unavailable, UserError
from bot.ports.audit import Wanted, asking
from bot.services.people.permits import Permits
from tests.bot.services.money.scene import Scene
from tests.support.projects import CHANNEL, GUILD
from tests.support.services import MIKA, NOOR

OTHER = 300_000_000_000_000_009


async def test_nothing_new_is_accepted_and_whoever_asks_learns_who_and_why(scene: Scene) -> None:
    await scene.bot.pause.pause(MIKA, "The bill is *too* high.")
    for request in (scene.job(1), scene.sweep(1), scene.job(6)):
        with pytest.raises(Paused, match=r"mika paused all new .*: The bill is \\\*too\\\* high\. What runs goes on"):
            await request
    scene.restart()
    with pytest.raises(Paused):
        await scene.job(1)
    await scene.bot.pause.resume(MIKA)
    await scene.job(1)


async def test_what_was_accepted_before_waits_and_its_card_says_so(scene: Scene) -> None:
    job, sweep = await scene.job(1), await scene.sweep(1)
    await scene.bot.pause.pause(MIKA, "")
    await scene.bot.turn()
    await scene.bot.turn()
    assert scene.submitted == 0
    assert [(await scene.row(row)).execution.paused_by for row in (job, sweep)] == ["mika", "mika"]
    await scene.bot.pause.resume(MIKA)
    await scene.bot.turn()
    await scene.bot.turn()
    assert scene.submitted == 2
    assert [(await scene.row(row)).execution.paused_by for row in (job, sweep)] == ["", ""]


async def test_what_runs_goes_on_to_its_end(scene: Scene) -> None:
    job = await scene.job(1)
    await scene.bot.turn()
    await scene.bot.pause.pause(MIKA, "")
    scene.outside.engine.move("batch-1", JobState.RUNNING)
    await scene.bot.turn()
    assert (await scene.row(job)).execution.state is JobState.RUNNING


async def test_the_next_trials_of_a_running_sweep_wait(scene: Scene) -> None:
    sweep = await scene.sweep(1, parallel=1)
    await scene.bot.turn()
    await scene.bot.pause.pause(MIKA, "")
    scene.outside.engine.move("batch-1", JobState.SUCCEEDED)
    for _ in range(3):
        scene.outside.clock.tick(30)
        await scene.bot.turn()
    assert scene.submitted == 1
    assert (await scene.row(sweep)).execution.paused_by == "mika"
    await scene.bot.pause.resume(MIKA)
    await scene.bot.turn()
    assert scene.submitted == 2


async def test_a_job_that_is_about_to_be_handed_over_is_kept(scene: Scene) -> None:
    """The pause comes between the look at the store and the call of the engine."""
    job = await scene.job(1)
    launch = scene.bot.launch
    rows = await scene.store.unfinished()
    await scene.bot.pause.pause(MIKA, "")
    await launch._try(next(row for row in rows if row.id == job.id))  # type: ignore[arg-type]
    assert scene.submitted == 0
    assert (await scene.row(job)).execution == job.execution


async def test_nothing_is_approved_meanwhile(scene: Scene) -> None:
    job = await scene.job(6)
    await scene.bot.pause.pause(MIKA, "")
    with pytest.raises(Paused):
        await scene.bot.approve.approve(job.id, token(job), MIKA, NOOR)


async def test_a_lost_answer_is_looked_up_meanwhile(scene: Scene) -> None:
    job = await scene.job(1)
    scene.outside.engine.fail("submit", Unavailable("lost"), after=True)
    await scene.bot.launch.once()
    await scene.bot.pause.pause(MIKA, "")
    scene.outside.clock.tick(60)
    await scene.bot.launch.once()
    stored = await scene.row(job)
    assert (stored.execution.state, scene.submitted) == (JobState.SUBMITTED, 1)


async def test_it_is_announced_once_in_each_projects_channel(scene: Scene) -> None:
    await scene.bot.pause.pause(MIKA, "")
    scene.outside.chat.fail("send_text", Unavailable("later"), after=True)
    for _ in range(3):
        await scene.bot.pause.once()
        scene.restart()
    await scene.bot.pause.resume(MIKA)
    await scene.bot.pause.once()
    texts = [(channel, text.partition(" ")[0], "ended" in text) for _, channel, text in scene.outside.chat.texts]
    assert texts == [(CHANNEL, "mika", False), (CHANNEL, "mika", True)]


async def test_only_administrators_of_all_projects_may(scene: Scene) -> None:
    with pytest.raises(NotAllowed):
        await scene.bot.pause.pause(NOOR, "")
    scene.bot.pause._permits = Permits(
        [Grant(frozenset({str(OTHER)}), frozenset({Verb.ADMINISTER}), frozenset({"walker"}))], GUILD
    )
    with pytest.raises(NotAllowed, match="all projects"):
        await scene.bot.pause.pause(Person(5, "ola", frozenset({GUILD, OTHER}), CHANNEL), "")
    assert await scene.bot.pause.current() is None


async def test_a_second_word_changes_nothing(scene: Scene) -> None:
    with pytest.raises(UserError, match="Nothing is paused"):
        await scene.bot.pause.resume(MIKA)
    await scene.bot.pause.pause(MIKA, "first")
    with pytest.raises(UserError, match="first"):
        await scene.bot.pause.pause(replace(MIKA, id=9), "second")
    found = await scene.bot.pause.current()
    assert found is not None
    assert found.reason == "first"


async def test_it_is_on_record(scene: Scene) -> None:
    asked = asking.set(Entry("7", "/pause", Actor(MIKA.id, "mika"), options={"reason": "too high"}))
    try:
        await scene.bot.pause.pause(MIKA, "too high")
    finally:
        asking.reset(asked)
    (link,) = await scene.store.audited(Wanted(what="pause"), 0, 10)
    assert '"does":"pause"' in link.content.replace(" ", "")
