"""`make demo`: plays the scene in the sandbox, prints it as it happens, leaves sandbox-out/, and ends by itself."""

import asyncio
import shutil
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from deploy.sandbox.aws.resources import ResourcePlan
from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.scene import Scene, Tally
from deploy.sandbox.demo.screen import Screen
from deploy.sandbox.demo.transcript import write_html
from deploy.sandbox.demo.view import NotSeenError, View
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox

OUT = Path("sandbox-out")
CAST = ("mika", "noor", "guest")
TWO_MACHINES = ResourcePlan(vcpus=4, max_vcpus=8)
"""A sweep's picture fills in as trials end, and two trainings at once suit a laptop."""
WIDTH = 120
"""Columns, where the output is not a terminal."""


async def main() -> int:
    """The exit code: 0 when every promise was kept."""
    began = time.monotonic()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    console.print("[bold]Signalbox[/]: a Discord stand-in, an AWS stand-in and the real bot, all on this machine.")
    async with sandbox(plan=TWO_MACHINES) as running:
        await running.bot.start()
        console.print(f"Watch it in a browser, too: {running.ready['discord']['url']}/")
        try:
            tally = await play(running, Screen(console))
        except (NotSeenError, RuntimeError) as error:
            console.print(f"\n[red]The scene stopped: {error}[/]\nThe bot's last lines:\n{running.bot.last_lines()}")
            return 1
        finally:
            record = await Record.fetch(running, OUT)
            record.write(OUT)
            write_html(OUT / "transcript.html", record)
            shutil.copy(running.bot.log_path, OUT / "bot.log")
    return _account(console, tally, record, time.monotonic() - began)


async def until_told_to_end() -> int:
    """`main`, ended in order by SIGTERM, too; then 143, as for every process that SIGTERM ends."""
    scene = asyncio.create_task(main())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, scene.cancel)
    try:
        return await scene
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


async def play(running: Sandbox, screen: Screen) -> Tally:
    """The scene, in a sandbox whose bot runs. Raises NotSeenError, and RuntimeError, where it does not go as told."""
    url = running.ready["discord"]["url"]
    async with AsyncExitStack() as stack:
        people = {name: await stack.enter_async_context(Person(url, name)) for name in CAST}
        view = View(people["mika"], screen.show)
        screen.know(await people["mika"].channels(), running.ready["discord"]["people"])
        feed = asyncio.create_task(view.feed())
        stack.callback(feed.cancel)
        scene = Scene(running, people, view, screen)
        await scene.play()
        return scene.tally


def _account(console: Console, tally: Tally, record: Record, seconds: float) -> int:
    wrong = record.wrong(tally.accepted)
    console.print()
    console.rule(align="left", style="blue")
    console.print(
        f"{len(tally.accepted)} commands accepted, {len(record.submissions)} SubmitJob calls, "
        f"{sum(len(record.endings(job)) for job in tally.accepted)} endings told; "
        f"{tally.refused} refused; {tally.kills} bot killed. {seconds:.0f} s."
    )
    console.print(f"The channel to look at: {OUT}/transcript.html. Every effect: {OUT}/ledger.json.")
    for line in wrong:
        console.print(f"[red]wrong: {line}[/]")
    return 1 if wrong else 0


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    sys.exit(asyncio.run(until_told_to_end()))
