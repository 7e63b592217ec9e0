"""Run git with argument vectors, a clean environment and limits, and leave no process behind."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.git.git_limits import Kind, OverLimit
from bot.errors import Denied, Missing, Refused, ServiceError, Unavailable
from trainer.credentials import without_credentials

_PASSED_ON = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_CONFIG_HOME"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_CAINFO"),
    }
)
_PASSED_ON_PREFIXES = ("GIT_CONFIG_", "AWS_")
"""Git's own ways to pass credentials, and what CodeCommit's credential helper needs."""
_FIXED = {
    "LC_ALL": "C.UTF-8",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    # A fetch from a shallow repository would start another for each missing commit, and that one the next:
    # https://git-scm.com/docs/git has the variable.
    "GIT_NO_LAZY_FETCH": "1",
    "GCM_INTERACTIVE": "never",
}
_SETTINGS = (
    "protocol.ext.allow=never",
    "core.hooksPath=/dev/null",
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
    # Each thread would take memory of its own: https://git-scm.com/docs/git-config, pack.threads.
    "pack.threads=1",
    # What is larger is not held in memory: the same page, core.bigFileThreshold.
    "core.bigFileThreshold=4m",
)
_LIMITED = 'ulimit -d "$1" 2>&-; ulimit -f "$2" 2>&-; shift 2; exec git "$@"'
"""For `sh`. `-d` is in KiB and becomes RLIMIT_DATA, which git inherits to the programs that it starts: "This limit
specifies the maximum size of the process's data segment", with private writable mappings, but without files that are
only read, such as packs. https://man7.org/linux/man-pages/man2/getrlimit.2.html
`-f` is in units of 512 bytes and ends a process that writes a larger file:
https://pubs.opengroup.org/onlinepubs/9699919799/utilities/ulimit.html"""
_BLOCK = 512
_LOOK_SECONDS = 0.2
_CHUNK = 64 * 1024
_MOST_STDERR = 64 * 1024
"""Bytes; a server may send any number of lines for it."""

_MEANINGS: tuple[tuple[str, type[ServiceError], str], ...] = (
    ("git: not found", Refused, "Install git on the bot's machine."),
    ("Authentication failed", Denied, "Set up a git credential helper that may read it."),
    ("could not read Username", Denied, "Set up a git credential helper that may read it."),
    ("Permission denied (publickey", Denied, "Give the bot's machine a key that may read it."),
    ("Host key verification failed", Denied, "Add the host to the bot's known_hosts."),
    ("dubious ownership", Denied, "Make the bot's user the owner of the folder."),
    ("The requested URL returned error: 403", Denied, "Give git credentials that may read it."),
    ("does not appear to be a git repository", Missing, "Check the address of the repository."),
    ("not found", Missing, "Check the address of the repository, and whether the credentials may read it."),
    ("does not exist", Missing, "Check the address of the repository."),
    ("not allowed", Refused, "Use an https://, ssh:// or file:// address."),
)
"""Part of git's message (in any case), our exception for it, and advice. Any other message is `Unavailable`."""
_GENERIC_ENDING = "fatal: Could not read from remote repository"
"""git prints this after the line that gives the reason."""


class GitFailed(Exception):
    """git exited with an error. `stderr` is its error output without credentials; `str()` is the line that matters."""

    def __init__(self, stderr: str) -> None:
        self.stderr = stderr
        super().__init__(_deciding_line(stderr))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one git command may take. `disk`: bytes below the folder `watched`; `memory` and `output`: bytes."""

    seconds: float = 20
    memory: int = 256 * 1024 * 1024
    output: int = 64 * 1024 * 1024
    disk: int = 64 * 1024 * 1024
    watched: Path | None = None


DEFAULT = Bounds()


async def run_git(
    arguments: Sequence[str],
    *,
    folder: Path,
    protocols: str = "none",
    bounds: Bounds = DEFAULT,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """Return git's stdout. Raises `GitFailed`, or `OverLimit` after ending it.

    `protocols` (colon-separated) are the ones it may use for remotes. With "none", a partial clone cannot fetch a
    missing object on demand, so a missing object stays unknown.
    """
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", _LIMITED, "sh", str(bounds.memory // 1024), str(bounds.disk // _BLOCK + 1)),
        *settings,
        *arguments,
        cwd=folder,
        env=_environment(os.environ, folder, protocols) | dict(variables or {}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(bounds.seconds):
            stdout, stderr = await _watched(process, stdin, bounds)
    except TimeoutError:
        raise OverLimit(Kind.SECONDS) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise await _failure(stderr, bounds)
    return stdout


async def _failure(stderr: bytes, bounds: Bounds) -> Exception:
    """What an exit code other than 0 means: the system ends git at a limit before the watch has seen it."""
    if bounds.watched is not None and await asyncio.to_thread(size_of, bounds.watched) >= bounds.disk:
        return OverLimit(Kind.TRANSFER)
    text = without_credentials(stderr.decode(errors="replace"))
    return OverLimit(Kind.MEMORY) if any(words in text.lower() for words in _NO_MEMORY) else GitFailed(text)


_NO_MEMORY = ("out of memory", "cannot allocate memory")


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, those that vanish meanwhile left out."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                status = Path(place, name).lstat()
                total += max(status.st_size, status.st_blocks * _BLOCK)
    return total


async def _watched(process: asyncio.subprocess.Process, stdin: bytes, bounds: Bounds) -> tuple[bytes, bytes]:
    """git's stdout and the end of its stderr. Raises `OverLimit` while it is still running."""
    talking = asyncio.ensure_future(_talk(process, stdin, bounds.output))
    watching = asyncio.ensure_future(_watch(bounds))
    try:
        await asyncio.wait({talking, watching}, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        return await talking
    finally:
        for task in (talking, watching):
            task.cancel()
        await asyncio.gather(talking, watching, return_exceptions=True)


async def _watch(bounds: Bounds) -> None:
    """Raise `OverLimit` once the folder has grown too large."""
    while bounds.watched is not None:
        await asyncio.sleep(_LOOK_SECONDS)
        if await asyncio.to_thread(size_of, bounds.watched) > bounds.disk:
            raise OverLimit(Kind.TRANSFER)
    await asyncio.Event().wait()


async def _talk(process: asyncio.subprocess.Process, stdin: bytes, most: int) -> tuple[bytes, bytes]:
    into, out, err = process.stdin, process.stdout, process.stderr
    if into is None or out is None or err is None:
        raise TypeError("git was started without pipes")
    _, stdout, stderr = await asyncio.gather(_feed(into, stdin), _all_of(out, most), _end_of(err))
    await process.wait()
    return stdout, stderr


async def _feed(stream: asyncio.StreamWriter, content: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # git may end without reading it
        stream.write(content)
        await stream.drain()
    stream.close()


async def _all_of(stream: asyncio.StreamReader, most: int) -> bytes:
    found = bytearray()
    while chunk := await stream.read(_CHUNK):
        found += chunk
        if len(found) > most:
            raise OverLimit(Kind.LISTING)
    return bytes(found)


async def _end_of(stream: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while chunk := await stream.read(_CHUNK):
        found += chunk
        del found[:-_MOST_STDERR]
    return bytes(found)


def remote_error(repository: str, failure: GitFailed) -> ServiceError:
    """Our exception for a failure at the remote or on the way to it."""
    text = f"git cannot read {without_credentials(repository)}: {failure}"
    stderr = failure.stderr.lower()
    for message, kind, advice in _MEANINGS:
        if message.lower() in stderr:
            return kind(f"{text}. {advice}", code="git")
    return Unavailable(text, code="git")


def _environment(source: Mapping[str, str], folder: Path, protocols: str) -> dict[str, str]:
    passed_on = {
        name: value for name, value in source.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    # GIT_CEILING_DIRECTORIES: never use a repository that happens to contain the folder.
    return passed_on | _FIXED | {"GIT_ALLOW_PROTOCOL": protocols, "GIT_CEILING_DIRECTORIES": str(folder.parent)}


def _deciding_line(stderr: str) -> str:
    """The line with the reason: the last that starts like a git error, else the last."""
    lines = [line.strip() for line in stderr.partition(_GENERIC_ENDING)[0].splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    line = (errors or lines or ["git failed without a message"])[-1]
    return line.removeprefix("fatal: ").removeprefix("error: ").rstrip(".")[:400]
