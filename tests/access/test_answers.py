"""Costs above a grant's limit, answers in public, and lists, each through the real chat and services."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.domain.access import Policy
from bot.domain.posts import Change
from tests.access.matrix import command
from tests.access.people import BOSS, FIELD, LOBBY, MILLER, NOBODY, ORCHARD, ORCHARD_THREAD, PICKER, VIEWER, Kind
from tests.access.scene import Scene, playing
from tests.access.stored import draft_id, seed
from tests.access.wire import AUTOCOMPLETE, COMMAND, COMPONENT, Asked, option
from tests.support.rows import changed

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEN, NINE = "lr=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1.0", "lr=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await seed(tmp_path_factory.mktemp("seeded") / "seeded.db")


@pytest_asyncio.fixture(loop_scope="module")
async def scene(seeded: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    async with playing(tmp_path, seeded) as opened:
        yield opened
        assert opened.errors == []


async def typed(scene: Scene, kind: Kind, channel: int, name: str, **options: str) -> Asked:
    return await scene.ask(kind, channel, COMMAND, command(name, **options), name)


async def clicked(scene: Scene, kind: Kind, channel: int, custom_id: str) -> Asked:
    return await scene.ask(kind, channel, COMPONENT, {"custom_id": custom_id, "component_type": 2}, custom_id)


def limit(scene: Scene, usd: float) -> None:
    permits = scene.client.services.permits
    grants = tuple(replace(grant, spend_up_to_usd=usd) for grant in permits.policy.grants)
    permits.policy = Policy(grants, permits.policy.role_ids)


# ---- trials and results ----------------------------------------------------------------------------------
async def test_trials_are_stopped_by_those_who_may(scene: Scene) -> None:
    refused = await typed(scene, MILLER, FIELD, "stop", job="apric5.1")
    assert "can stop it" in refused.text
    assert scene.effects == []
    for kind, channel, trial in ((PICKER, ORCHARD, 0), (BOSS, FIELD, 2)):
        scene.effects.clear()
        await typed(scene, kind, channel, "stop", job=f"apric5.{trial}")
        assert [effect.verb for effect in scene.effects] == ["stop"]


async def test_results_that_no_channel_took_are_listed_to_those_who_may_see_them(scene: Scene) -> None:
    for job_id in ("apric4", "blueb4"):
        await scene.store.change(job_id, lambda row: Change(changed(row, undeliverable="no channel")))
    status = await typed(scene, PICKER, ORCHARD, "status")
    assert "apric4" in status.text
    assert "blueb4" not in status.text


# ---- costs -----------------------------------------------------------------------------------------------
async def test_a_sweep_above_the_limit_is_refused_before_anything_is_stored(scene: Scene) -> None:
    refused = await typed(scene, MILLER, FIELD, "sweep", space=TEN)
    assert "This may cost up to $20.00, and one command of yours may cost $18.50 at most" in refused.text
    assert scene.effects == []
    await typed(scene, MILLER, FIELD, "sweep", space=NINE)
    assert [effect.usd for effect in scene.effects] == [18.0]
    await typed(scene, BOSS, FIELD, "sweep", space=TEN)
    assert len(scene.effects) == 2


async def test_a_job_or_a_retry_above_the_limit_is_refused(scene: Scene) -> None:
    limit(scene, 1.99)
    for refused in (
        await typed(scene, PICKER, ORCHARD, "train"),
        await typed(scene, PICKER, ORCHARD, "retry", job="apric4"),
        await typed(scene, PICKER, ORCHARD, "retry", job="apric6"),
        await clicked(scene, PICKER, ORCHARD, "sb:retry:apric6.0"),
    ):
        assert "one command of yours may cost $1.99 at most" in refused.text
    assert scene.effects == []
    limit(scene, 2.0)
    await typed(scene, PICKER, ORCHARD, "train")
    assert [effect.verb for effect in scene.effects] == ["train"]


async def test_a_preview_from_before_the_limit_is_not_confirmed(scene: Scene) -> None:
    limit(scene, 3.99)
    draft = draft_id("apricot", PICKER)
    refused = await clicked(scene, PICKER, ORCHARD, f"sb:confirm_sweep:{draft}")
    assert "may cost $3.99 at most" in refused.text
    assert scene.effects == []
    limit(scene, 4.0)
    await clicked(scene, PICKER, ORCHARD, f"sb:confirm_sweep:{draft}")
    assert [effect.verb for effect in scene.effects] == ["sweep"]


# ---- public answers --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "channel", "jobs", "public"),
    [
        (PICKER, ORCHARD, "apric4", True),
        (PICKER, ORCHARD_THREAD, "apric4", True),
        (PICKER, LOBBY, "apric4", False),
        (PICKER, FIELD, "apric4", False),
        (BOSS, ORCHARD, "apric4 blueb4", False),
        (BOSS, FIELD, "blueb4.0 apric4", False),
        (VIEWER, ORCHARD, "cranb4", False),
        (MILLER, FIELD, "blueb4", True),
        (BOSS, FIELD, "blueb6", True),
        (BOSS, LOBBY, "blueb6", False),
    ],
)
async def test_a_plot_is_public_only_where_everybody_there_may_see_the_project(
    scene: Scene, kind: Kind, channel: int, jobs: str, *, public: bool
) -> None:
    asked = await typed(scene, kind, channel, "plot", job=jobs)
    assert asked.public is public
    if not public:
        assert all(answer.get("flags", 0) & 64 for answer in asked.answers if "content" in answer)
        assert asked.answers
    assert ('"filename"' in asked.text) is (jobs not in ("cranb4", "blueb4.0 apric4", "blueb6"))


# ---- lists -----------------------------------------------------------------------------------------------
async def test_lists_and_help_show_what_exists_for_each(scene: Scene) -> None:
    shown = {
        (kind.name, channel, name): (await typed(scene, kind, channel, name)).text
        for kind in (PICKER, MILLER, BOSS, NOBODY)
        for channel in (ORCHARD, FIELD)
        for name in ("jobs", "status", "help")
    }
    for (kind, channel, name), text in shown.items():
        seen = {project for project in ("apricot", "blueberry", "cranberry") if project in text}
        if kind == "boss":
            assert seen >= ({"cranberry"} if name == "jobs" else {"apricot", "blueberry"}), name
        elif kind == "picker":
            assert seen == {"apricot"}
        elif kind == "miller" and channel == FIELD:
            assert seen == {"apricot", "blueberry"}
        else:
            assert seen == set()
    helped = shown["miller", FIELD, "help"]
    assert (
        "You may here, for `blueberry`: see, train (up to $18.50 a command), sweep (up to $18.50 a command)" in helped
    )
    assert "You may here, for `apricot`: see." in helped
    assert "/train" not in shown["nobody", FIELD, "help"]
    assert "You can't see any project here" in shown["nobody", FIELD, "help"]


async def test_help_leaves_out_commands_that_one_may_not_use(scene: Scene) -> None:
    seen = (await typed(scene, VIEWER, LOBBY, "help")).text
    assert "/status" in seen
    assert "Start many trials" not in seen
    assert "Start many trials" in (await typed(scene, BOSS, LOBBY, "help")).text


async def test_similar_ids_and_unconfirmed_previews_of_other_projects_are_not_named(scene: Scene) -> None:
    assert "Did you mean" in (await typed(scene, PICKER, ORCHARD, "logs", job="apric4x")).text
    told = await typed(scene, PICKER, ORCHARD, "logs", job="blueb4x")
    assert "There is no job" in told.text
    assert "blueb4x" in told.text
    assert "blueb4," not in told.text
    assert "Did you mean" not in told.text
    status = await typed(scene, PICKER, ORCHARD, "status")
    assert draft_id("apricot", PICKER) in status.text
    assert draft_id("blueberry", PICKER) not in status.text
    focused = command("status")
    focused["options"] = [option("job", "draft", 3, focused=True)]
    suggested = await scene.ask(PICKER, ORCHARD, AUTOCOMPLETE, focused, "suggestions")
    assert draft_id("apricot", PICKER) in suggested.choices
    assert draft_id("blueberry", PICKER) not in suggested.choices
