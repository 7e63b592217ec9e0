"""`make screenshots`: play a short scene in the page, in headless Chromium, and save pictures for the docs."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
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
"""Picture pixels per page pixel."""
PATIENCE = 300.0
"""Seconds to wait until something about a job shows up: on a busy machine a sweep takes minutes."""
COMMAND = "/train branch:main lr:0.1 momentum:0.5 epochs:60"
MIDDLE = re.compile(r"epoch\s*([2-4]\d)/60")
SWEEP = "/sweep lr=0.1,0.01,0.001 m=0.5,0.1,0.05 epochs=6"
LARGE = "/sweep lr=0.001..0.1:log:5 m=0.5,0.1,0.05 seed=1..3"


Shoot = Callable[[Page, str], Awaitable[None]]
"""Takes a picture of a page, under a name."""


async def take(discord_url: str, out_dir: Path) -> list[Path]:
    """Play the scene through the person API and the page, and write `page-*.png`.

    A bot that knows `/train` must be connected. Raises playwright's TimeoutError, naming what did not show up.
    """
    written: list[Path] = []

    shoot = partial(save, out_dir, written)

    async with chromium() as browser, Person(discord_url, "mika") as mika, Person(discord_url, "noor") as noor:
        channels = {entry["name"]: entry["id"] for entry in await mika.channels()}
        channel = channels[CHANNEL]
        address = f"{discord_url}/#/mika/{channel}"
        await noor.write("The warm-up is merged. Who takes it for a first run?", channel=channel)
        await mika.write("On it: **lr 0.1**, momentum 0.5.", channel=channel)
        desktop = await open_page(browser, address, DESKTOP)
        await mika.type(COMMAND, channel=channel)
        await _shoot_job(desktop, shoot)
        phone = await open_page(browser, address, PHONE)
        await show_picture(message(phone, re.compile("succeeded")).get_by_role("img").last)
        await shoot(phone, "phone")
        tall = await open_page(browser, address, TALL)
        await mika.type(SWEEP, channel=channel)
        await _open_sweep(tall)
        await shoot(tall, "sweep")
        await phone.reload()
        await show_picture(message(phone, re.compile(r"finished \d+ trials")).get_by_role("img").last)
        await mika.type(LARGE, channel=channel)
        await message(phone, re.compile("Nothing has been started")).get_by_role("button", name="Confirm").wait_for()
        await shoot(phone, "sweep-preview")
        for name, size in (("cost", TALL), ("cost-phone", PHONE)):
            await _shoot_costs(await open_page(browser, address, size), shoot, name)
    return written


async def save(out_dir: Path, written: list[Path], page: Page, name: str) -> None:
    """Write `page-<name>.png`, and note it in `written`."""
    path = out_dir / f"page-{name}.png"
    await page.screenshot(path=path, animations="disabled")
    await asyncio.to_thread(shrink, path)
    written.append(path)


async def _shoot_job(desktop: Page, shoot: Shoot) -> None:
    """A running job, the same job at its end, and the list of commands."""
    await _open_running_job(desktop)
    await shoot(desktop, "running")
    verdict = message(desktop, re.compile("succeeded"))
    await show_picture(verdict.get_by_role("img").last)
    await desktop.mouse.move(0, 0)
    await shoot(desktop, "finished")
    await desktop.get_by_role("button", name="Close thread").click()
    await _type(desktop, "/")
    await desktop.get_by_role("option").first.wait_for()
    await shoot(desktop, "commands")


async def _shoot_costs(page: Page, shoot: Shoot, name: str) -> None:
    """The answer to `/cost`, which only whoever asked sees."""
    await _type(page, "/cost")
    await page.get_by_role("option").first.wait_for()
    for _ in range(2):  # choose the command, then send it
        await page.keyboard.press("Enter")
    answer = message(page, re.compile("Estimates in USD")).last
    await show_picture(answer.get_by_role("img").last)
    await page.mouse.move(0, 0)
    await shoot(page, name)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_page(browser: Browser, address: str, size: tuple[int, int]) -> Page:
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


async def _open_running_job(page: Page) -> None:
    """Wait until a job is in the middle of its run, and open its log."""
    await message(page, MIDDLE).first.wait_for()
    await page.locator(".thread-card").last.click()
    log = page.locator(".pane").nth(1)
    await log.locator(".message pre").first.wait_for()
    await page.mouse.move(0, 0)


async def _open_sweep(page: Page) -> None:
    """Wait for a sweep's result, and open its thread, which has the card on top."""
    await show_picture(message(page, re.compile(r"finished \d+ trials")).get_by_role("img").last)
    await page.locator(".thread-card").last.click()
    await show_picture(page.locator(".pane").nth(1).get_by_role("img").last)
    await page.mouse.move(0, 0)


def shrink(path: Path) -> None:
    """Convert to a palette: a third of the size, and no visible difference."""
    with Image.open(path) as image:
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE).save(
            path, optimize=True
        )


def message(page: Page, text: re.Pattern[str]) -> Locator:
    return page.locator(".pane").first.locator(".message").filter(has_text=text)


async def show_picture(image: Locator) -> None:
    """Wait until a picture is fully loaded, and scroll to it."""
    await image.wait_for()
    await image.evaluate("image => image.decode()")
    await image.scroll_into_view_if_needed()


async def _main(out_dir: Path) -> None:
    async with sandbox() as running:
        await running.bot.start()
        for path in await take(str(running.ready["discord"]["url"]), out_dir):
            console.print(f"{path}  {path.stat().st_size // 1024} KB")


def main(
    out_dir: Annotated[Path, typer.Option(help="Folder for the pictures.")] = OUT_DIR,
) -> None:
    """Start the sandbox with its bot, take the pictures, and stop it."""
    prepare(out_dir)
    asyncio.run(_main(out_dir))


def prepare(out_dir: Path) -> None:
    """Make the folder. Ends the program if there is no Chromium."""
    if not Path(CHROMIUM).exists():
        console.print(f"{CHROMIUM} is missing. Install it: apt-get install chromium")
        raise typer.Exit(1)
    out_dir.mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    typer.run(main)
