"""`make screenshots`: the page in headless Chromium, playing a little scene, as pictures for the documents."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.async_api import Browser, Locator, Page, async_playwright
from rich.console import Console

from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import sandbox

console = Console(highlight=False)

OUT_DIR = Path(__file__).parents[2] / "docs"
CHANNEL = "training"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, TALL, PHONE = (1280, 800), (1280, 1000), (390, 844)
SCALE = 1.5
"""Pixels of the pictures for one of the page."""
PATIENCE = 120.0
"""Seconds to wait for anything of a job to be seen."""
COMMAND = "/train branch:main lr:0.1 momentum:0.5 epochs:60"
MIDDLE = re.compile(r"epoch\s*([2-4]\d)/60")
SWEEP = "/sweep lr=0.1,0.01,0.001 m=0.5,0.1,0.05 epochs=6"
LARGE = "/sweep lr=0.001..0.1:log:5 m=0.5,0.1,0.05 seed=1..3"


async def take(discord_url: str, out_dir: Path) -> list[Path]:
    """Plays the scene through the person API and the page, and writes `page-*.png`.

    A bot that knows `/train` has to be connected. Raises playwright's TimeoutError naming what was not seen.
    """
    made: list[Path] = []

    async def shoot(page: Page, name: str) -> None:
        path = out_dir / f"page-{name}.png"
        await page.screenshot(path=path, animations="disabled")
        await asyncio.to_thread(_shrink, path)
        made.append(path)

    async with _chromium() as browser, Person(discord_url, "mika") as mika, Person(discord_url, "noor") as noor:
        channels = {entry["name"]: entry["id"] for entry in await mika.channels()}
        place = channels[CHANNEL]
        await noor.write("The warm-up is merged. Who takes it for a first run?", channel=place)
        await mika.write("On it: **lr 0.1**, momentum 0.5.", channel=place)
        desktop = await _open(browser, f"{discord_url}/#/mika/{place}", DESKTOP)
        await mika.type(COMMAND, channel=place)
        await _watch(desktop)
        await shoot(desktop, "running")
        verdict = _message(desktop, re.compile("succeeded"))
        await _drawn(verdict.get_by_role("img").last)
        await desktop.mouse.move(0, 0)
        await shoot(desktop, "finished")
        await desktop.get_by_role("button", name="Close thread").click()
        await _type(desktop, "/")
        await desktop.get_by_role("option").first.wait_for()
        await shoot(desktop, "commands")
        phone = await _open(browser, f"{discord_url}/#/mika/{place}", PHONE)
        await _drawn(_message(phone, re.compile("succeeded")).get_by_role("img").last)
        await shoot(phone, "phone")
        tall = await _open(browser, f"{discord_url}/#/mika/{place}", TALL)
        await mika.type(SWEEP, channel=place)
        await _watch_sweep(tall)
        await shoot(tall, "sweep")
        await phone.reload()
        await _drawn(_message(phone, re.compile(r"swept \d+ trials")).get_by_role("img").last)
        await mika.type(LARGE, channel=place)
        await _message(phone, re.compile("Nothing has been started")).get_by_role("button", name="Confirm").wait_for()
        await shoot(phone, "sweep-preview")
    return made


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def _open(browser: Browser, address: str, size: tuple[int, int]) -> Page:
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=SCALE, color_scheme="dark"
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    await page.goto(address)
    await page.locator(".message").first.wait_for()
    return page


def _box(page: Page) -> Locator:
    return page.get_by_role("combobox", name=f"Message {CHANNEL}")


async def _type(page: Page, text: str) -> None:
    await _box(page).focus()
    await page.keyboard.type(text)


async def _watch(page: Page) -> None:
    """A job in the middle of its run, with its log beside it."""
    await _message(page, MIDDLE).first.wait_for()
    await page.locator(".thread-card").last.click()
    log = page.locator(".pane").nth(1)
    await log.locator(".message pre").first.wait_for()
    await page.mouse.move(0, 0)


async def _watch_sweep(page: Page) -> None:
    """A sweep's end, and beside it the thread, which has the card on top."""
    await _drawn(_message(page, re.compile(r"swept \d+ trials")).get_by_role("img").last)
    await page.locator(".thread-card").last.click()
    await _drawn(page.locator(".pane").nth(1).get_by_role("img").last)
    await page.mouse.move(0, 0)


def _shrink(path: Path) -> None:
    """To a palette: a third of the size, and no difference to be seen."""
    with Image.open(path) as image:
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


def _message(page: Page, text: re.Pattern[str]) -> Locator:
    return page.locator(".pane").first.locator(".message").filter(has_text=text)


async def _drawn(image: Locator) -> None:
    """A picture with all its pixels there, in sight."""
    await image.wait_for()
    await image.evaluate("image => image.decode()")
    await image.scroll_into_view_if_needed()


async def _main(out_dir: Path) -> None:
    async with sandbox() as running:
        await running.bot.start()
        for path in await take(str(running.ready["discord"]["url"]), out_dir):
            console.print(f"{path}  {path.stat().st_size // 1024} KB")


def main(
    out_dir: Annotated[Path, typer.Option(help="Where the pictures are written.")] = OUT_DIR,
) -> None:
    """Starts the sandbox with its bot, takes the pictures, ends it."""
    if not Path(CHROMIUM).exists():
        console.print(f"There is no {CHROMIUM}. Install it: apt-get install chromium")
        raise typer.Exit(1)
    out_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_main(out_dir))


if __name__ == "__main__":
    typer.run(main)
