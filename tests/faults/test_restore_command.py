"""`signalbox restore` as a command: a machine that is lost, and a store that is deleted under the bot."""

import asyncio
import tomllib
from typing import Any

import pytest
import tomli_w

from bot.services.running.snapshot import taken
from deploy.sandbox.discord.people.client import Person
from deploy.sandbox.session import Sandbox
from tests.faults.process import command, job_id_of, told
from tests.support.waiting import PATIENCE


@pytest.mark.slow
async def test_signalbox_restore_brings_a_lost_machine_back_from_s3_and_aws(box: Sandbox) -> None:
    """The machine is gone with its disk, some seconds after the last snapshot, while a job runs."""
    config = box.folder / "config.toml"
    settings: dict[str, Any] = tomllib.loads(await asyncio.to_thread(config.read_text))
    await asyncio.to_thread(
        config.write_text, tomli_w.dumps(settings | {"bot": {**settings["bot"], "snapshot_minutes": 0.02}})
    )
    data = box.folder / "bot"
    await box.bot.start()
    async with Person(box.discord.url, "mika") as mika:
        job_id = await job_id_of(mika)
        async with asyncio.timeout(PATIENCE):
            while len(taken(data / "snapshots")) < 2:
                await asyncio.sleep(0.1)
        box.bot.kill()
        await box.bot.wait()
        await asyncio.to_thread(data.rename, box.folder / "gone")
        cards = len([m for m in await mika.messages("training") if m["embeds"]])

        status, output = await command(box, "restore")
        assert status == 0, output
        assert "is not there" in output
        assert "Restored " in output
        assert "from-s3.db" in output
        assert job_id in output
        assert "Done. Start the bot" in output

        await box.bot.start()
        async with asyncio.timeout(PATIENCE):
            while not await told(mika, job_id):
                await asyncio.sleep(0.1)
        assert len(await told(mika, job_id)) == 1
        assert len([m for m in await mika.messages("training") if m["embeds"]]) == cards, "one card still"
        await box.bot.stop()
        status, output = await command(box, "restore")
        assert (status, "is undamaged, so there is nothing to restore" in output) == (0, True)


@pytest.mark.slow
async def test_a_store_that_is_deleted_under_the_bot_is_saved_and_restored(box: Sandbox) -> None:
    """The bot ends, starts on no empty store, and goes on after `signalbox restore`, with all that it knew."""
    data = box.folder / "bot"
    await box.bot.start()
    async with Person(box.discord.url, "mika") as mika:
        job_id = await job_id_of(mika)
        for path in data.glob("signalbox.db*"):
            path.unlink()
        async with asyncio.timeout(PATIENCE):
            assert await box.bot.wait() == 1
        said = " ".join(box.bot.last_lines().split())
        assert "was deleted while the bot ran. What it held is in" in said
        with pytest.raises(RuntimeError, match=r"is a\s+copy\s+of\s+it:\s+run\s+`signalbox\s+restore`"):
            await box.bot.start()
        await box.bot.wait()
        status, output = await command(box, "restore")
        assert status == 0, output
        assert "signalbox.db.rescued-1" in output
        assert job_id in output
        await box.bot.start()
        async with asyncio.timeout(PATIENCE):
            while not await told(mika, job_id):
                await asyncio.sleep(0.1)
        assert len(await told(mika, job_id)) == 1
        await box.bot.stop()
