"""`python -m deploy.sandbox`: run the sandbox until Ctrl-C."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.sandbox.session import sandbox, write_ready
from deploy.sandbox.stack import ENFORCED, deployed

console = Console(highlight=False)


def main(
    *,
    no_bot: Annotated[bool, typer.Option("--no-bot", help="Start only the stand-ins, for any other client.")] = False,
    ready_file: Annotated[
        Path | None, typer.Option(help="JSON with addresses, token and ids, written once everything listens.")
    ] = None,
) -> None:
    """Run the sandbox until Ctrl-C or SIGTERM. Everything it started ends with it."""
    asyncio.run(_stay(no_bot=no_bot, ready_file=ready_file))


async def _stay(*, no_bot: bool, ready_file: Path | None) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    console.print("Starting the sandbox…")
    async with sandbox(aws=ENFORCED, make=deployed) as running:
        if not no_bot:
            await running.bot.start()
        if ready_file is not None:
            write_ready(ready_file, running.ready)
        console.print(f"\n  The channel   [bold]{running.ready['discord']['url']}/[/]")
        console.print(f"  The AWS API   {running.ready['aws']['endpoint']}")
        console.print(f"  Repository    {running.ready['repository']['url']}")
        if not no_bot:
            console.print(f"  Bot's health  {running.bot.http_url}/healthz\n  Bot's log     {running.bot.log_path}")
        console.print("\nOpen the channel and type [bold]/train branch:main lr:0.1[/]. Ctrl-C stops everything.")
        await ended.wait()
        console.print("Stopping…")


if __name__ == "__main__":
    typer.run(main)
