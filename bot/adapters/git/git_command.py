"""Runs git: argument vectors, a clean environment, a time limit, nothing left behind."""

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
"""Git's own ways to hand over credentials, and what CodeCommit's credential helper needs."""
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
    ("Authentication failed", Denied, "Give git credentials for it, by a credential helper."),
    ("could not read Username", Denied, "Give git credentials for it, by a credential helper."),
    ("Permission denied (publickey", Denied, "Give the bot's machine a key that may read it."),
    ("Host key verification failed", Denied, "Add the host to the bot's known_hosts."),
    ("dubious ownership", Denied, "Give the folder to the user that the bot runs as."),
    ("The requested URL returned error: 403", Denied, "Give git credentials that may read it."),
    ("does not appear to be a git repository", Missing, "Check the address of the repository."),
    ("not found", Missing, "Check the address of the repository, and whether the credentials may read it."),
    ("does not exist", Missing, "Check the address of the repository."),
    ("not allowed", Refused, "Use an https://, ssh:// or file:// address."),
)
"""What git says, in any case of letters; anything else is `Unavailable`."""
_NOTHING_NEW = "fatal: Could not read from remote repository"
"""Follows the line that tells why."""


class GitFailed(Exception):
    """git ended with an error. `said` is all of its stderr, without credentials; `str()` the line that matters."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(_decisive(said))


async def run_git(
    arguments: Sequence[str], *, folder: Path, protocols: str = "none", timeout: float = 20, given: bytes = b""
) -> bytes:
    """git's stdout. Raises `GitFailed`, and `Unavailable` where it takes longer than `timeout` seconds.

    `protocols` (colon-separated) are those that it may use for remotes. With none, a partial clone cannot
    fetch a missing object by itself: what is not here stays unknown.
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
            stdout, stderr = await process.communicate(given)
    except TimeoutError:
        raise Unavailable(f"git had not ended after {timeout:g} s, and was stopped", code="timeout") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if process.returncode:
        raise GitFailed(without_credentials(stderr.decode(errors="replace")))
    return stdout


def remote_error(repository: str, failure: GitFailed) -> ServiceError:
    """Ours, for a failure at the remote's end or on the way there."""
    text = f"git cannot read {without_credentials(repository)}: {failure}"
    said = failure.said.lower()
    for words, kind, mend in _MEANINGS:
        if words.lower() in said:
            return kind(f"{text}. {mend}", code="git")
    return Unavailable(text, code="git")


def _environment(source: Mapping[str, str], folder: Path, protocols: str) -> dict[str, str]:
    passed_on = {
        name: value for name, value in source.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    # Never a repository that the folder happens to lie in.
    return passed_on | _FIXED | {"GIT_ALLOW_PROTOCOL": protocols, "GIT_CEILING_DIRECTORIES": str(folder.parent)}


def _decisive(said: str) -> str:
    """The line that tells why: the last that begins as git's errors do, else the last."""
    lines = [line.strip() for line in said.partition(_NOTHING_NEW)[0].splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    line = (errors or lines or ["git failed and did not say why"])[-1]
    return line.removeprefix("fatal: ").removeprefix("error: ").rstrip(".")[:400]
