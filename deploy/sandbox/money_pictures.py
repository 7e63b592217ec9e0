"""`make screenshots`: what people see of money, with caps and a strict guard: pictures for docs/money.md."""

import asyncio
import re
import tomllib
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tomli_w
import typer
from playwright.async_api import Browser, Locator, Page

from deploy.sandbox.aws.common.settings import Settings
from deploy.sandbox.aws.resources import TRAINER_IMAGE
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.screenshots import (
    CHANNEL,
    DESKTOP,
    OUT_DIR,
    PHONE,
    Shoot,
    chromium,
    console,
    message,
    open_page,
    prepare,
    save,
    show_picture,
)
from deploy.sandbox.session import ENTRYPOINT, sandbox

SETTINGS: dict[str, Any] = {
    "caps": {"person_day_usd": 20.0, "project_month_usd": 200.0, "approve_above_usd": 5.0},
    "guard": {"idle_machine_minutes": 0.5},
}
"""What differs from the sandbox's own config. The times are short, so the pictures say 1 min."""
AWS = Settings(images={TRAINER_IMAGE: ENTRYPOINT}, stop_timeout_seconds=5, scale_down_seconds=3_600)
TRAIN = "/train branch:main lr:0.1 epochs:40"
LARGE = "/sweep lr=0.001..0.1:log:6 m=0.5,0.1 epochs=6 parallel:4"
TOO_LARGE = "/sweep lr=0.001..0.1:log:15 m=0.5,0.1 epochs=6"
QUIET = "lab"
"""The channel of two projects: the training of one hangs after a few epochs, that of the other fails at once."""
HANGS = ["sh", "-c", "python train.py --epochs 4; sleep 600"]
BROKEN = ["python", "-c", "raise FileNotFoundError('data/train-images.gz: no such file')"]
FAILING = "/sweep project:arm space:lr=0.001..0.1:log:5 epochs=6 parallel:2"
"""Below `confirm_trials`, so without a pilot."""
SPOT = "/spot type:g4dn.xlarge regions:us"


async def take(discord_url: str, out_dir: Path) -> list[Path]:
    """Play the scene, and write `page-money-*.png`. Raises playwright's TimeoutError, naming what did not show up."""
    written: list[Path] = []
    shoot = partial(save, out_dir, written)
    async with chromium() as browser, Person(discord_url, "mika") as mika, Person(discord_url, "noor") as noor:
        pages = _Pages(browser, discord_url, {entry["name"]: entry["id"] for entry in await mika.channels()})
        channel = pages.channels[CHANNEL]
        await _card(pages, noor, channel, shoot)
        await _refusal(pages, noor, channel, shoot)
        await _approval(pages, noor, channel, shoot)
        await _idle_machine(pages, shoot)
        await _spot(pages, noor, channel, shoot)
        await _held(pages, noor, shoot)
        await _warning(pages, noor, shoot)
    return written


class _Pages:
    """Opens a channel as somebody sees it. `channels`: their ids by name."""

    def __init__(self, browser: Browser, url: str, channels: dict[str, str]) -> None:
        self._browser, self._url, self.channels = browser, url, channels

    async def open(self, person: str, size: tuple[int, int], channel: str = CHANNEL) -> Page:
        return await open_page(self._browser, f"{self._url}/#/{person}/{self.channels[channel]}", size)


async def _card(pages: _Pages, noor: Person, channel: str, shoot: Shoot) -> None:
    """A card with money: while the job runs, and at its end."""
    await noor.type(TRAIN, channel=channel)
    for name, size in (("card", PHONE), ("card-desktop", DESKTOP)):
        page = await pages.open("noor", size)
        await message(page, re.compile(r"epoch\s*\d\d?/40")).first.wait_for()
        await shoot(page, f"money-{name}")
    await message(page, re.compile("succeeded")).wait_for()


async def _refusal(pages: _Pages, noor: Person, channel: str, shoot: Shoot) -> None:
    phone = await pages.open("noor", PHONE)
    await noor.type(TOO_LARGE, channel=channel)
    await (await _preview(phone)).get_by_role("button", name="Confirm").click()
    await message(phone, re.compile("would fit")).wait_for()
    await shoot(phone, "money-refusal")


async def _approval(pages: _Pages, noor: Person, channel: str, shoot: Shoot) -> None:
    """The preview of a sweep above the sum, and its card as somebody sees it who may approve it."""
    phone = await pages.open("noor", PHONE)
    await noor.type(LARGE, channel=channel)
    preview = await _preview(phone)
    await shoot(phone, "money-preview")
    await preview.get_by_role("button", name="Confirm").click()
    for name, size in (("approval", PHONE), ("approval-desktop", DESKTOP)):
        page = await pages.open("mika", size)
        card = message(page, re.compile("may approve it"))
        await card.get_by_role("button", name="Approve").wait_for()
        await shoot(page, f"money-{name}")
    await card.get_by_role("button", name="Decline").click()


async def _preview(page: Page) -> Locator:
    preview = message(page, re.compile("Nothing has been started")).last
    await preview.get_by_role("button", name="Confirm").wait_for()
    return preview


async def _idle_machine(pages: _Pages, shoot: Shoot) -> None:
    phone = await pages.open("mika", PHONE)
    await message(phone, re.compile("has had no job for")).first.wait_for()
    await shoot(phone, "money-idle-machine")


async def _spot(pages: _Pages, noor: Person, channel: str, shoot: Shoot) -> None:
    await noor.type(SPOT, channel=channel)
    for name, size in (("spot", PHONE), ("spot-desktop", DESKTOP)):
        page = await pages.open("noor", size)
        await show_picture(message(page, re.compile("g4dn.xlarge")).last.get_by_role("img").last)
        await shoot(page, f"money-{name}")


async def _held(pages: _Pages, noor: Person, shoot: Shoot) -> None:
    """A sweep whose first trials failed alike, as its card and the message about it show it."""
    await noor.type(FAILING, channel=pages.channels[QUIET])
    for name, size in (("held", PHONE), ("held-desktop", DESKTOP)):
        page = await pages.open("noor", size, QUIET)
        held = message(page, re.compile("failed the same way")).last
        await held.get_by_role("button", name="Continue at the newest commit").wait_for()
        await shoot(page, f"money-{name}")
    await held.get_by_role("button", name="Cancel").click()


async def _warning(pages: _Pages, noor: Person, shoot: Shoot) -> None:
    await noor.type("/train project:walker branch:main", channel=pages.channels[QUIET])
    for name, size in (("warning", PHONE), ("warning-desktop", DESKTOP)):
        page = await pages.open("noor", size, QUIET)
        await page.locator(".thread-card").last.click()
        log = page.locator(".pane").nth(1)
        await log.get_by_role("button", name="Leave it").wait_for()
        await shoot(page, f"money-{name}")


async def _main(out_dir: Path) -> None:
    async with sandbox(aws=AWS) as running:
        config = running.folder / "config.toml"
        content = {**tomllib.loads(config.read_text()), **SETTINGS}
        content["grants"][-1]["may"].append("approve")
        channel = int(running.ready["discord"]["channels"][QUIET])
        hangs = {"command": HANGS, "channels": [channel], "guard": {"silent_minutes": 0.3}}
        broken = {"command": BROKEN, "channels": [channel], "hold_after": 2}
        content["projects"]["arm"] = {**content["projects"]["mnist"], **broken}
        content["projects"]["walker"] = {**content["projects"]["mnist"], **hangs, "parameters": {}}
        config.write_text(tomli_w.dumps(content))
        await running.bot.start()
        for path in await take(str(running.ready["discord"]["url"]), out_dir):
            console.print(f"{path}  {path.stat().st_size // 1024} KB")


def main(
    out_dir: Annotated[Path, typer.Option(help="Folder for the pictures.")] = OUT_DIR,
) -> None:
    """Start a sandbox with caps, take the pictures, and stop it."""
    prepare(out_dir)
    asyncio.run(_main(out_dir))


if __name__ == "__main__":
    typer.run(main)
