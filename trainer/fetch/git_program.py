"""Run git for one repository, with its credentials, and turn its errors into the ones that end an attempt."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from trainer.contract import Env, ExitCode
from trainer.credentials import without_credentials
from trainer.errors import Ended
from trainer.fetch.git_errors import GitProblem, decisive_line, find_problem
from trainer.process.console import masked
from trainer.process.tools import Output, Programs

SECONDS = 600.0
_SETTINGS = (
    "protocol.version=2",
    "protocol.ext.allow=never",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
)
# Reads the token from the environment, so it is on no command line and in no file.
_HELPER = f'!f() {{ test "$1" = get && echo username=x-access-token && echo "password=${Env.GIT_TOKEN}"; }}; f'
_REFUSALS = (GitProblem.NO_CREDENTIALS, GitProblem.NO_KEY, GitProblem.NO_PERMISSION, GitProblem.FORBIDDEN)


@dataclass(frozen=True, slots=True)
class Source:
    """The commit to fetch. `branch` is for servers that don't serve single commits.

    `tags`: also fetch the tags and the commits before this one, without their files, as `git describe` needs them.
    `lfs`: replace the pointers of Git LFS by their files.
    """

    repository: str
    commit: str
    branch: str
    token: str
    tags: bool = True
    lfs: bool = True


class Git:
    """Runs git in `folder`."""

    def __init__(self, source: Source, folder: Path, programs: Programs) -> None:
        self.source, self.folder, self._programs = source, folder, programs
        self._environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        self._settings = [word for each in (*_SETTINGS, *self._credentials()) for word in ("-c", each)]

    def run(self, *arguments: str) -> str:
        """Return git's output. Raises `Ended`."""
        output = self.output(*arguments)
        if output.code:
            raise self.error(output)
        return output.stdout

    def output(self, *arguments: str, settings: Sequence[str] = (), folder: Path | None = None) -> Output:
        """Run git, whatever its exit code."""
        more = [word for each in settings for word in ("-c", each)]
        command = ["git", *self._settings, *more, *arguments]
        return self._programs.run(command, cwd=folder or self.folder, environment=self._environment, timeout=SECONDS)

    def error(self, output: Output, what: str = "", commit: str = "") -> Ended:
        """Explain a failure. `what` is the part of the repository that it is about; by default the repository."""
        reason = masked(decisive_line(output.stderr) or "git gave no reason")
        where = what or without_credentials(self.source.repository)
        problem = find_problem(output.stderr)
        if problem is GitProblem.DISK_FULL:
            return Ended(ExitCode.DISK_FULL, f"The disk is full, so {where} can't be checked out.")
        if problem is GitProblem.NO_COMMIT and (commit or not what):
            return Ended(ExitCode.COMMIT_NOT_FOUND, f"{where} has no commit {commit or self.source.commit}.")
        if problem in _REFUSALS:
            hint = "Check that GIT_TOKEN may read it." if self.source.token else "A private one needs GIT_TOKEN."
            return Ended(ExitCode.REPOSITORY_UNREACHABLE, f"{where} refused access ({reason}). {hint}")
        return Ended(ExitCode.REPOSITORY_UNREACHABLE, f"{where} can't be fetched: {reason}")

    def _credentials(self) -> Sequence[str]:
        """Give the token to the repository's own host only, and never unencrypted over a network."""
        address = urlsplit(self.source.repository)
        local = address.hostname in ("127.0.0.1", "localhost", "::1")
        if not self.source.token or not (address.scheme == "https" or (address.scheme == "http" and local)):
            return ()
        section = f"credential.{address.scheme}://{address.netloc.rpartition('@')[2]}"
        return (f"{section}.helper=", f"{section}.helper={_HELPER}")
