"""The page in headless Chromium, on the real stand-in, with a bot on the real discord.py."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import discord
import pytest
import pytest_asyncio
import yarl
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from deploy.sandbox.discord.server import DiscordStandIn
from tests.deploy.sandbox.discord.page.robot import DEADLINE, Robot
from tests.deploy.sandbox.discord.page.screen import Open, Screen
from tests.support.waiting import PATIENCE, UNHURRIED

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = (1280, 800)
PATIENCE_MS = 1000 * PATIENCE
"""Long, for busy machines: these tests do not measure speed."""
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("these tests need Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stand_in() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(limits=replace(UNHURRIED, interaction_deadline=DEADLINE)) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def robot(stand_in: DiscordStandIn, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Robot]:
    monkeypatch.setattr(discord.http.Route, "BASE", stand_in.api)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(stand_in.gateway_url))
    robot = Robot()
    running = asyncio.create_task(robot.start(stand_in.token))
    try:
        async with asyncio.timeout(PATIENCE):
            await robot.connected.wait()
        yield robot
    finally:
        await robot.close()
        with suppress(asyncio.CancelledError):
            await running


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, stand_in: DiscordStandIn) -> AsyncIterator[Open]:
    """Opens the page as a person. Each call gets its own browser context."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    async def open_as(
        person: str = "mika",
        *,
        url: str = "",
        size: tuple[int, int] = DESKTOP,
        ready: str = "Welcome to #training!",
    ) -> Screen:
        context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(f"{url or stand_in.url}/#/{person}/{stand_in.channels['training']}")
        await page.get_by_text(ready).wait_for()
        return Screen(page)

    yield open_as
    for context in contexts:
        await context.close()
    assert problems == []
