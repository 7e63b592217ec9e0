"""Start the AWS stand-in as a separate process."""

import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from deploy.sandbox.aws.common.settings import Settings

_PROJECT = Path(__file__).resolve().parents[3]
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0


class StartError(RuntimeError):
    """The stand-in did not start; the message says how its process ended."""


@asynccontextmanager
async def aws_stand_in(settings: Settings | None = None) -> AsyncIterator[str]:
    """Run the stand-in; its endpoint's URL. At the end no server and no job is left, also if this process is killed."""
    text = (settings or Settings()).model_dump_json()
    with tempfile.TemporaryDirectory(prefix="signalbox-") as folder:
        ready_file = Path(folder) / "aws.json"
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "deploy.sandbox.aws", "--until-input-ends"],
            *["--ready-file", str(ready_file), "--settings", text],
            cwd=_PROJECT,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            endpoint = await _ready(process, ready_file)
        except BaseException:
            await _stop(process)
            raise
    try:
        yield endpoint
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process, ready_file: Path) -> str:
    """Wait for the ready file; the endpoint in it."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not ready_file.exists():  # noqa: ASYNC240  a local look-up
                if process.returncode is not None:
                    raise StartError(f"the AWS stand-in failed to start: exit code {process.returncode}")
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise StartError(f"the AWS stand-in was not ready after {_START_SECONDS:.0f} s") from None
    return _endpoint(ready_file)


def _endpoint(ready_file: Path) -> str:
    endpoint: str = json.loads(ready_file.read_text())["endpoint"]
    return endpoint


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Stop the process. It ends its jobs itself, or its reaper does if it cannot."""
    if process.stdin:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
