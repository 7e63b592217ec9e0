"""Run git for one repository, with its credentials, and turn its errors into the ones that end an attempt.

The token is in the environment of the commands that reach the server, and of nothing else. With a token, no command
runs anything that the repository or the image adds to git: hooks, filters (https://git-scm.com/docs/gitattributes), a
file-system monitor, maintenance in the background. In the image these commands have a user of their own.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from trainer.contract import Env, ExitCode
from trainer.credentials import without_credentials
from trainer.errors import Ended
from trainer.fetch.git_errors import GitProblem, decisive_line, find_problem
from trainer.process.console import masked
from trainer.process.environment import harmless
from trainer.process.tools import Output, Programs
from trainer.process.users import User

SECONDS = 600.0
_SETTINGS = (
    "protocol.version=2",
    "protocol.ext.allow=never",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
PLAIN = ("filter.lfs.smudge=", "filter.lfs.process=", "filter.lfs.required=false")
"""Git LFS's own filter stays away: what it cannot fetch would look like an error of the checkout. Debian's package sets
it for all users, by `git lfs install --system`: https://github.com/git-lfs/git-lfs/blob/main/docs/man/git-lfs-install.adoc
"""
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
    token: str = field(repr=False)
    tags: bool = True
    lfs: bool = True


class Git:
    """Runs git in `folder`, as `user` if there is one."""

    def __init__(self, source: Source, folder: Path, programs: Programs, user: User | None = None) -> None:
        self.source, self.folder, self._programs, self._user = source, folder, programs, user
        self._environment = {**harmless(os.environ), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        self._settings = [*_SETTINGS]
        self._settings += self._off(self.filters()) if source.token else []

    def run(self, *arguments: str) -> str:
        """Return git's output. Raises `Ended`."""
        output = self.output(*arguments)
        if output.code:
            raise self.error(output)
        return output.stdout

    def output(
        self, *arguments: str, settings: Sequence[str] = (), folder: Path | None = None, remote: bool = False
    ) -> Output:
        """Run git, whatever its exit code. Only a `remote` command gets the token."""
        environment, credentials = self._environment, self._credentials() if remote else ()
        if credentials:
            environment = {**environment, Env.GIT_TOKEN: self.source.token}
        words = [word for each in (*self._settings, *credentials, *settings) for word in ("-c", each)]
        where = folder or self.folder
        command = ["git", *words, *arguments]
        return self._programs.run(command, cwd=where, environment=environment, timeout=SECONDS, user=self._user)

    def filters(self) -> list[str]:
        """List the filters that the image's configuration has, but Git LFS's: git-crypt, nbstripout."""
        listed = self.output("config", "--get-regexp", "--name-only", r"^filter\..*\.(smudge|process)$").stdout
        names = {name.removeprefix("filter.").rpartition(".")[0] for name in listed.splitlines()}
        return sorted(names - {"lfs"})

    @staticmethod
    def _off(filters: Sequence[str]) -> list[str]:
        return [
            f"filter.{name}.{setting}"
            for name in (*filters, "lfs")
            for setting in ("smudge=", "clean=", "process=", "required=false")
        ]

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
