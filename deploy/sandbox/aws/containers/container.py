"""A container as a local process with its own session, directories and environment. Nothing outlives it.

A signal's exit code is 128 and its number, and SIGKILL follows SIGTERM after the grace period, as with
https://docs.docker.com/reference/cli/docker/container/stop/
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.sandbox.aws.containers.capabilities import limited
from deploy.sandbox.aws.containers.kill import kill_group, kill_marked
from deploy.sandbox.aws.containers.reaper import Reaper

_PROJECT = Path(__file__).resolve().parents[4]
_CHUNK = 64 * 1024
# Time to read what is still in the pipe once every process has ended.
_DRAIN_SECONDS = 2.0


class CannotStartError(Exception):
    """The process could not be started; the message is Docker's."""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What to run. `mark` is a `NAME=value` of its environment that is unique to this container."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    mark: str
    limit_capabilities: bool = True


class Container:
    """One running container. Use `start`."""

    def __init__(
        self, process: asyncio.subprocess.Process, output: "asyncio.Task[None]", spec: ContainerSpec, reaper: Reaper
    ) -> None:
        self._process = process
        self._output = output
        self._spec = spec
        self._reaper = reaper
        self.exited = asyncio.create_task(process.wait())

    @property
    def mark(self) -> str:
        return self._spec.mark

    @classmethod
    async def start(cls, spec: ContainerSpec, on_output: Callable[[bytes], None], reaper: Reaper) -> "Container":
        """Start the process. `on_output` gets stdout and stderr, merged, as they arrive. Raises CannotStartError."""
        environment = _environment(spec)
        arguments = _with_program_path(spec.arguments, environment)
        for name in ("work", "home", "tmp"):
            (spec.directory / name).mkdir(parents=True)
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(limited(arguments) if spec.limit_capabilities else arguments),
                env=environment,
                cwd=spec.directory / "work",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
            )
        except OSError as error:
            os.close(read_end)
            await _remove(spec.directory)
            raise CannotStartError(str(error)) from error
        finally:
            os.close(write_end)
        reaper.watch(process.pid, spec.mark)
        return cls(process, asyncio.create_task(_pump(read_end, on_output)), spec, reaper)

    def signal(self, number: int, *, group: bool) -> None:
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            if group:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    async def stop(self, grace: float, *, group: bool) -> int:
        """Send SIGTERM, then SIGKILL to the whole group `grace` seconds later, or at once if 0. The exit code."""
        if grace > 0:
            self.signal(signal.SIGTERM, group=group)
            await asyncio.wait({self.exited}, timeout=grace)
        self.signal(signal.SIGKILL, group=True)
        return await self.end()

    async def end(self) -> int:
        """Wait for the exit, then clean up processes, output and directories. The exit code."""
        code = await self.exited
        kill_group(self._process.pid)
        await asyncio.to_thread(kill_marked, self._spec.mark)
        self._reaper.forget(self._process.pid)
        _, late = await asyncio.wait({self._output}, timeout=_DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await _remove(self._spec.directory)
        return 128 - code if code < 0 else code


async def _pump(read_end: int, on_output: Callable[[bytes], None]) -> None:
    reader = asyncio.StreamReader()
    with os.fdopen(read_end, "rb", buffering=0) as pipe:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            while chunk := await reader.read(_CHUNK):
                on_output(chunk)
        finally:
            transport.close()


def _with_program_path(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The arguments with the program's full path, looked up in the container's PATH."""
    if not arguments:
        raise CannotStartError("no command specified")
    program = shutil.which(arguments[0], path=environment.get("PATH"))
    if program is None:
        raise CannotStartError(f'exec: "{arguments[0]}": executable file not found in $PATH: unknown')
    return (program, *arguments[1:])


def _environment(spec: ContainerSpec) -> dict[str, str]:
    """The container's environment: this interpreter's programs first in PATH, our packages, and what `spec` adds."""
    programs = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return {
        "PATH": os.pathsep.join(programs),
        "PYTHONPATH": str(_PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(spec.directory / "home"),
        "TMPDIR": str(spec.directory / "tmp"),
        **spec.environment,
    }


async def _remove(directory: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
