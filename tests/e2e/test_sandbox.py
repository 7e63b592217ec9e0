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
        async with asyncio.timeout(60):
            while not ready_file.exists():
                await asyncio.sleep(0.05)
        yield process, json.loads(ready_file.read_text())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _ours(folder: Path) -> list[str]:
    """Command lines of processes whose environment or arguments name the folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command = (place / "cmdline").read_bytes()
            environment = (place / "environ").read_bytes()
        except OSError:
            continue
        if int(place.name) != os.getpid() and str(folder).encode() in command + environment:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


async def _nothing_left(folder: Path) -> None:
    async with asyncio.timeout(20):
        while _ours(folder) or any(folder.glob("signalbox-*")):
            await asyncio.sleep(0.1)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc, which Linux has")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_nothing_outlives_it(tmp_path: Path, number: signal.Signals) -> None:
    async with _started(tmp_path) as (process, ready):
        assert any("-m bot run" in command for command in _ours(tmp_path))
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
        assert not any("-m bot run" in command for command in _ours(tmp_path))
