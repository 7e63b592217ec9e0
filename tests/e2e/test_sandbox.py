"""`python -m deploy.sandbox`: what its ready file says, and that nothing of it outlives it, however it ends."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.processes import marked, needs_proc
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@asynccontextmanager
async def _started(folder: Path, *arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    ready_file = folder / "ready.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.sandbox", "--ready-file", str(ready_file), *arguments),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    try:
        await asyncio.to_thread(until, ready_file.exists, 60)
        yield process, json.loads(ready_file.read_text())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _nothing_left(folder: Path) -> None:
    def ended() -> bool:
        return not marked(str(folder)) and not any(folder.glob("signalbox-*"))

    await asyncio.to_thread(until, ended, 20)


@needs_proc
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, marks=pytest.mark.exhaustive),
        pytest.param(signal.SIGTERM, marks=pytest.mark.exhaustive),
        signal.SIGKILL,
    ],
)
async def test_nothing_outlives_it(tmp_path: Path, number: signal.Signals) -> None:
    async with _started(tmp_path) as (process, ready):
        assert any("-m bot run" in command for command in marked(str(tmp_path)).values())
        assert ready["pid"] == process.pid
        process.send_signal(number)
        status = await process.wait()
        assert status == (-number if number is signal.SIGKILL else 0)
        await _nothing_left(tmp_path)


async def test_without_the_bot_it_serves_any_other_client(tmp_path: Path) -> None:
    async with _started(tmp_path, "--no-bot") as (_, ready):
        headers = {"Authorization": f"Bot {ready['discord']['token']}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.get(f"{ready['discord']['api']}/users/@me") as response:
                assert (await response.json())["username"] == "Signalbox"
            async with session.get(ready["discord"]["url"] + "/") as response:
                assert response.status == 200
                assert "text/html" in response.headers["Content-Type"]
        assert set(ready) == {"pid", "discord", "aws", "repository"}
        assert set(ready["repository"]["branches"]) >= {"main", "wider-net", "broken-loader", "slow-cooker"}
        assert not any("-m bot run" in command for command in marked(str(tmp_path)).values())
