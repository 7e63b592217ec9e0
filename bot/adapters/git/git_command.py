"""Run git with argument vectors, a clean environment and a time limit, and leave no process behind."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

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
    "GCM_INTERACTIVE": "never",
}
_SETTINGS = (
    "protocol.ext.allow=never",
    "core.hooksPath=/dev/null",
    "gc.autoDetach=false",
    "maintenance.autoDetach=false",
)

_MEANINGS: tuple[tuple[str, type[ServiceError], str], ...] = (
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


async def run_git(
    arguments: Sequence[str], *, folder: Path, protocols: str = "none", timeout: float = 20, stdin: bytes = b""
) -> bytes:
    """Return git's stdout. Raises `GitFailed`, or `Unavailable` after `timeout` seconds.

    `protocols` (colon-separated) are the ones it may use for remotes. With "none", a partial clone cannot fetch a
    missing object on demand, so a missing object stays unknown.
    """
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    process = await asyncio.create_subprocess_exec(
        "git",
        *settings,
        *arguments,
        cwd=folder,
        env=_environment(os.environ, folder, protocols),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout):
            stdout, stderr = await process.communicate(stdin)
    except TimeoutError:
        raise Unavailable(f"git took longer than {timeout:g} s and was stopped", code="timeout") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise GitFailed(without_credentials(stderr.decode(errors="replace")))
    return stdout


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
