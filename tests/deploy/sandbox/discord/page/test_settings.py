"""`set` of the bot's own commands in the message box: typed as a line, and put together from suggestions."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.chat.buttons import job_actions
from bot.chat.client import SignalboxClient
from bot.domain.jobs.set_text import merged
from bot.domain.parameters import Kind, Parameter
from bot.ports.code import Code
from bot.services.jobs.complete_options import CompleteOptions
from bot.services.jobs.find import Find
from deploy.sandbox.discord.server import DiscordStandIn
from tests.bot.chat.jobs import PROJECT
from tests.bot.chat.room import connected, settings
from tests.bot.chat.services import FakeServices
from tests.deploy.sandbox.discord.page.screen import Open

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

MANY = replace(
    PROJECT,
    parameters=(
        *PROJECT.parameters,
        *(Parameter(f"p{number}", Kind.FLOAT, 0.5, 0, 9) for number in range(40)),
        Parameter("schedule", Kind.CHOICE, "cosine", choices=("cosine", "warm up")),
    ),
)


@pytest_asyncio.fixture(loop_scope="session")
async def services(stand_in: DiscordStandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeServices]:
    """The services of a bot whose project has more parameters than options."""
    monkeypatch.setattr(job_actions, "CARD_SECONDS", 0.0)
    fake = FakeServices()
    known = fake.services([MANY])
    object.__setattr__(
        known, "complete_options", CompleteOptions(cast("Code", fake), cast("Find", fake), [MANY], fake.permits)
    )
    client = SignalboxClient(settings(stand_in), (MANY,))
    client.attach(known)
    async with connected(client, stand_in.token):
        yield fake


def values(services: FakeServices) -> dict[str, object]:
    """What the last command set."""
    request = services.requests[-1]
    return merged(MANY.parameters, request.values, request.settings)


async def test_a_line_with_set_runs(services: FakeServices, open_page: Open) -> None:
    screen = await open_page()
    await screen.submit('/train lr:0.5 set:p39=1e-3 schedule="warm up", p38:2 branch:main')
    await expect(screen.message("Starting job1")).to_be_visible()
    assert values(services) == {"lr": 0.5, "p39": 0.001, "schedule": "warm up", "p38": 2.0}
    assert services.requests[-1].branch == "main"


async def test_suggestions_put_the_text_together(services: FakeServices, open_page: Open) -> None:
    screen = await open_page()
    await screen.type("/train set:sched")
    await expect(screen.picked).to_have_text("schedule= \u2039cosine or warm up; default: cosine\u203a")
    await screen.press("Enter", "ArrowLeft")  # back into the field, which shows the suggestion with its hint
    await screen.page.keyboard.type("warm")
    await expect(screen.picked).to_have_text('schedule="warm up"')
    await screen.press("Enter", "ArrowLeft")
    await screen.page.keyboard.type(" p37=")
    await expect(screen.picked).to_have_text('schedule="warm up" p37=0.5 \u2039default; a number from 0 to 9\u203a')
    await screen.press("Enter", "ArrowLeft")
    await screen.page.keyboard.type(" p36=12")
    await expect(screen.picked).to_have_text(
        "schedule=\"warm up\" p37=0.5 p36=12 \u2039p36 must be a number from 0 to 9, not '12'.\u203a"
    )
    await screen.press("Backspace")
    await expect(screen.picked).to_have_text(
        'schedule="warm up" p37=0.5 p36=1 \u2039a number from 0 to 9; default: 0.5\u203a'
    )
    await screen.press("Enter", "Enter")
    await expect(screen.message("Starting job1")).to_be_visible()
    assert values(services) == {"schedule": "warm up", "p37": 0.5, "p36": 1.0}
