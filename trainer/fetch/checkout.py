"""Fetch one commit of a repository, without its history."""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired
from urllib.parse import urlsplit

from trainer.contract import Env, ExitCode
from trainer.credentials import without_credentials
from trainer.errors import Ended, disk_full
from trainer.fetch.git_errors import GitProblem, decisive_line, find_problem
from trainer.process.console import masked
from trainer.process.tools import Output, Programs

_SECONDS = 600.0
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
    """The commit to fetch. `branch` is for servers that don't serve single commits."""

    repository: str
    commit: str
    branch: str
    token: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """`subject` is the first line of the commit's message."""

    subject: str
    seconds: float


def fetch(source: Source, folder: Path, programs: Programs) -> Fetched:
    """Check out the commit in `folder`, replacing whatever was there. Raises `Ended`."""
    began = time.monotonic()
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subject = _Git(source, folder, programs).check_out()
    except FileNotFoundError as error:
        raise Ended(ExitCode.REPOSITORY_UNREACHABLE, f"Can't run git: {error}") from error
    except TimeoutExpired as error:
        message = f"{without_credentials(source.repository)} did not answer in {_SECONDS:g} s."
        raise Ended(ExitCode.REPOSITORY_UNREACHABLE, message) from error
    except OSError as error:
        raise disk_full(error) or error from error
    return Fetched(subject, time.monotonic() - began)


class _Git:
    def __init__(self, source: Source, folder: Path, programs: Programs) -> None:
        self._source, self._folder, self._programs = source, folder, programs
        self._environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        self._settings = [word for each in (*_SETTINGS, *self._credentials()) for word in ("-c", each)]

    def check_out(self) -> str:
        source = self._source
        self._run("init", "--quiet", ".")
        fetched = self._fetch(source.commit, "--depth=1")
        if fetched.code and source.branch and find_problem(fetched.stderr) is GitProblem.NO_COMMIT:
            fetched = self._fetch(f"refs/heads/{source.branch}")
        if fetched.code:
            raise self._error(fetched)
        checked_out = self._git("checkout", "--quiet", "--detach", source.commit)
        if checked_out.code:
            raise self._error(checked_out)
        if (self._folder / ".gitmodules").exists():
            self._run("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
        commit, _, subject = self._run("log", "-1", "--format=%H %s").partition(" ")
        if commit != source.commit:
            raise Ended(ExitCode.COMMIT_NOT_FOUND, f"git checked out {commit} instead of {source.commit}.")
        return subject.strip()

    def _fetch(self, ref: str, *options: str) -> Output:
        return self._git("fetch", "--quiet", "--no-tags", *options, "--end-of-options", self._source.repository, ref)

    def _run(self, *arguments: str) -> str:
        output = self._git(*arguments)
        if output.code:
            raise self._error(output)
        return output.stdout

    def _git(self, *arguments: str) -> Output:
        command = ["git", *self._settings, *arguments]
        return self._programs.run(command, cwd=self._folder, environment=self._environment, timeout=_SECONDS)

    def _credentials(self) -> Sequence[str]:
        """Give the token to the repository's own host only, and never unencrypted over a network."""
        address = urlsplit(self._source.repository)
        local = address.hostname in ("127.0.0.1", "localhost", "::1")
        if not self._source.token or not (address.scheme == "https" or (address.scheme == "http" and local)):
            return ()
        section = f"credential.{address.scheme}://{address.netloc.rpartition('@')[2]}"
        return (f"{section}.helper=", f"{section}.helper={_HELPER}")

    def _error(self, output: Output) -> Ended:
        reason = masked(decisive_line(output.stderr) or "git gave no reason")
        where, commit = without_credentials(self._source.repository), self._source.commit
        problem = find_problem(output.stderr)
        if problem is GitProblem.DISK_FULL:
            return Ended(ExitCode.DISK_FULL, f"The disk is full, so {where} can't be checked out.")
        if problem is GitProblem.NO_COMMIT:
            return Ended(ExitCode.COMMIT_NOT_FOUND, f"{where} has no commit {commit}.")
        if problem in _REFUSALS:
            hint = "Check that GIT_TOKEN may read it." if self._source.token else "A private one needs GIT_TOKEN."
            return Ended(ExitCode.REPOSITORY_UNREACHABLE, f"{where} refused access ({reason}). {hint}")
        return Ended(ExitCode.REPOSITORY_UNREACHABLE, f"{where} can't be fetched: {reason}")
