"""Jobs under the bot's name that it cannot adopt."""

from dataclasses import replace
from typing import cast

import pytest

from bot.domain.model.states import JobState
from bot.services.guard.orphans import Orphans
from bot.services.running.core import Core
from bot.services.running.core import Outside as Systems
from bot.services.running.wakeups import Wakeups
from tests.support.projects import CHANNEL, PROJECT
from tests.support.services import Bot, Outside

GRACE = 1_800.0


class Found:
    """A job of the bot's that another store knew, as the engine lists it."""

    def __init__(self, bot: Bot, outside: Outside) -> None:
        self.bot, self.outside = bot, outside
        self.project = replace(PROJECT, channel_ids=(CHANNEL,))
        self.orphans = self.restarted()

    def restarted(self) -> Orphans:
        core = Core(self.bot.store, {PROJECT.name: self.project}, Wakeups(), self.outside.clock)
        return Orphans(core, cast("Systems", self.outside), self.bot.reconcile, GRACE)

    async def begin(self, **tags: str) -> None:
        """Submitted by the real call, then with other tags; the store knows nothing of it."""
        await self.bot.train(lr=0.1)
        await self.bot.launch.once()
        seen = self.outside.engine.jobs.pop("batch-1")
        changed = {**dict(seen.tags), "signalbox:job": "other1", **tags}
        kept = tuple((name, value) for name, value in changed.items() if value)
        environment = tuple((name, value) for name, value in seen.environment if name != "COMMIT_ID")
        orphan = replace(seen, engine_id="batch-9", name="signalbox-old-other1", tags=kept, environment=environment)
        self.outside.engine.jobs["batch-9"] = replace(orphan, state=JobState.RUNNING)

    async def minutes(self, count: int) -> None:
        for _ in range(count):
            self.outside.clock.tick(60)
            await self.bot.reconcile.once()
            await self.orphans.once()

    def said(self) -> list[str]:
        return [text for _, channel, text in self.outside.chat.texts if channel == CHANNEL]


@pytest.fixture
def found(bot: Bot, outside: Outside) -> Found:
    return Found(bot, outside)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"signalbox:project": "gone"}, "its project is not in the config"),
        ({}, "its tags and variables cannot be read"),
        ({"signalbox:job": ""}, "its tags and variables cannot be read"),
    ],
)
async def test_an_orphan_is_named_in_the_first_channel_and_ended_after_the_grace(
    found: Found, tags: dict[str, str], why: str
) -> None:
    await found.begin(**tags)
    await found.minutes(30)
    (named,) = found.said()
    assert "`batch-9`" in named
    assert why in named
    assert found.outside.engine.terminated == []
    await found.minutes(2)
    assert found.outside.engine.terminated == ["batch-9"]
    assert len(found.said()) == 2
    await found.minutes(10)
    assert found.outside.engine.terminated.count("batch-9") >= 2, "asked again while it is there"
    assert len(found.said()) == 2


async def test_an_orphan_that_ends_or_is_adopted_meanwhile_is_left_alone(found: Found) -> None:
    await found.begin(**{"signalbox:project": "gone"})
    await found.minutes(10)
    del found.outside.engine.jobs["batch-9"]
    await found.minutes(40)
    assert found.outside.engine.terminated == []


async def test_a_restart_names_it_once_and_gives_the_whole_grace(found: Found) -> None:
    await found.begin(**{"signalbox:project": "gone"})
    await found.minutes(20)
    found.orphans = found.restarted()
    found.outside.clock.tick(86_400)
    await found.minutes(29)
    assert len(found.said()) == 1
    assert found.outside.engine.terminated == []
    await found.minutes(3)
    assert found.outside.engine.terminated == ["batch-9"]


async def test_other_bots_jobs_are_nobodys_business(found: Found) -> None:
    await found.begin(**{"signalbox:bot": "another", "signalbox:project": "gone"})
    await found.minutes(60)
    assert found.said() == []
    assert found.outside.engine.terminated == []
