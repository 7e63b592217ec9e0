"""`make demo`: play a scene in the sandbox, print it as it happens, and write sandbox-out/. Ends by itself."""

import asyncio
import shutil
import signal
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from rich.console import Console

from deploy.sandbox.demo.record import Record
from deploy.sandbox.demo.scene import Scene, Tally
from deploy.sandbox.demo.terminal import Terminal
from deploy.sandbox.demo.transcript import write_html
from deploy.sandbox.demo.view import NotSeenError, watching
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox, sandbox
from deploy.sandbox.stack import ENFORCED, deployed

OUT = Path("sandbox-out")
VIEWER, OTHERS = "mika", ("noor", "guest")
TWO_MACHINES = 8
"""vCPUs, room for two jobs at once: a laptop can take them, and a sweep's heatmap fills in step by step."""
WIDTH = 120
"""Columns if the output is not a terminal."""


async def main() -> int:
    """Play the scene. The exit code is 0 if every promise was kept."""
    began = time.monotonic()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    console.print("[bold]Signalbox[/]: a Discord stand-in, an AWS stand-in and the real bot, all on this machine.")
    async with sandbox(aws=ENFORCED, make=partial(deployed, max_vcpus=TWO_MACHINES)) as running:
        await running.bot.start()
        console.print(f"Watch in a browser: {running.ready['discord']['url']}/")
        tally = None
        try:
            tally = await play(running, Terminal(console))
        except (NotSeenError, RuntimeError) as error:
            console.print(
                f"\n[red]The scene stopped: {error}[/]\nLast lines of the bot's log:\n{running.bot.last_lines()}"
            )
        finally:
            record = await Record.fetch(running, OUT)
            record.write(OUT)
            write_html(OUT / "transcript.html", record)
            shutil.copy(running.bot.log_path, OUT / "bot.log")
    if tally is None:
        for each in record.denied():
            console.print(f"[red]wrong: {each}[/]")
        return 1
    return _report(console, tally, record, time.monotonic() - began)


async def main_until_sigterm() -> int:
    """Run `main`. SIGTERM ends it in an orderly way, with the usual exit code 143."""
    scene = asyncio.create_task(main())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, scene.cancel)
    try:
        return await scene
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


async def play(running: Sandbox, terminal: Terminal) -> Tally:
    """Play the scene in a sandbox with a running bot. Raises NotSeenError or RuntimeError if it goes wrong."""
    url = running.ready["discord"]["url"]
    async with AsyncExitStack() as stack:
        others = {name: await stack.enter_async_context(Person(url, name)) for name in OTHERS}
        view = await stack.enter_async_context(watching(url, VIEWER, terminal.show))
        people = {VIEWER: view.person, **others}
        terminal.add_names(await view.person.channels(), running.ready["discord"]["people"])
        scene = Scene(running, people, view, terminal)
        await scene.play()
        return scene.tally


def _report(console: Console, tally: Tally, record: Record, seconds: float) -> int:
    problems = record.problems(tally.accepted)
    console.print()
    console.rule(align="left", style="blue")
    console.print(
        f"{len(tally.accepted)} commands accepted, {len(record.submissions)} SubmitJob calls, "
        f"{sum(len(record.results(job)) for job in tally.accepted)} results posted; "
        f"{tally.refused} refused; {tally.kills} bot killed. {seconds:.0f} s."
    )
    console.print(f"The channel: {OUT}/transcript.html. Every effect: {OUT}/ledger.json.")
    for problem in problems:
        console.print(f"[red]wrong: {problem}[/]")
    return 1 if problems else 0


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    sys.exit(asyncio.run(main_until_sigterm()))
