"""Fetch one commit of a repository, and nothing else of it."""

import os
import re
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
# Answers from the environment: the token is on no command line and in no file.
_HELPER = f'!f() {{ test "$1" = get && echo username=x-access-token && echo "password=${Env.GIT_TOKEN}"; }}; f'
_ABSENT = re.compile(
    r"not our ref|couldn't find remote ref|no such remote ref|unadvertised object"
    r"|reference is not a tree|unable to read tree"
)
_REFUSED = re.compile(r"Authentication failed|could not read (Username|Password)|Permission denied|error: 40[13]")


@dataclass(frozen=True, slots=True)
class Source:
    """Which commit of what. `branch` helps with servers that give no single commits."""

    repository: str
    commit: str
    branch: str
    token: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """`subject` is the commit's first line."""

    subject: str
    seconds: float


def fetch(source: Source, folder: Path, programs: Programs) -> Fetched:
    """Leaves exactly that commit in `folder`, whatever was there before. Raises `Ended`."""
    began = time.monotonic()
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subject = _Git(source, folder, programs).check_out()
    except FileNotFoundError as error:
        raise Ended(ExitCode.REPOSITORY_UNREACHABLE, f"git could not be run: {error}") from error
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
        self._must("init", "--quiet", ".")
        fetched = self._fetch(source.commit, "--depth=1")
        if fetched.code and _ABSENT.search(fetched.stderr) and source.branch:
            fetched = self._fetch(f"refs/heads/{source.branch}")
        if fetched.code:
            raise self._trouble(fetched)
        checked = self._git("checkout", "--quiet", "--detach", source.commit)
        if checked.code:
            raise self._trouble(checked)
        if (self._folder / ".gitmodules").exists():
            self._must("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1")
        commit, _, subject = self._must("log", "-1", "--format=%H %s").partition(" ")
        if commit != source.commit:
            raise Ended(ExitCode.COMMIT_NOT_FOUND, f"Checked out {commit}, expected {source.commit}.")
        return subject.strip()

    def _fetch(self, ref: str, *options: str) -> Output:
        return self._git("fetch", "--quiet", "--no-tags", *options, "--end-of-options", self._source.repository, ref)

    def _must(self, *arguments: str) -> str:
        output = self._git(*arguments)
        if output.code:
            raise self._trouble(output)
        return output.stdout

    def _git(self, *arguments: str) -> Output:
        command = ["git", *self._settings, *arguments]
        return self._programs.run(command, cwd=self._folder, environment=self._environment, timeout=_SECONDS)

    def _credentials(self) -> Sequence[str]:
        """The token goes to the repository's own host alone, and never in the clear over a network."""
        at = urlsplit(self._source.repository)
        local = at.hostname in ("127.0.0.1", "localhost", "::1")
        if not self._source.token or not (at.scheme == "https" or (at.scheme == "http" and local)):
            return ()
        place = f"credential.{at.scheme}://{at.netloc.rpartition('@')[2]}"
        return (f"{place}.helper=", f"{place}.helper={_HELPER}")

    def _trouble(self, output: Output) -> Ended:
        said = masked(_reason(output.stderr))
        where, commit = without_credentials(self._source.repository), self._source.commit
        if "No space left on device" in output.stderr:
            return Ended(ExitCode.DISK_FULL, f"The disk is full: {where} could not be checked out.")
        if _ABSENT.search(output.stderr):
            return Ended(ExitCode.COMMIT_NOT_FOUND, f"{where} has no commit {commit}.")
        if _REFUSED.search(output.stderr):
            hint = "Is GIT_TOKEN allowed to read it?" if self._source.token else "A private one needs GIT_TOKEN."
            return Ended(ExitCode.REPOSITORY_UNREACHABLE, f"{where} refused access ({said}). {hint}")
        return Ended(ExitCode.REPOSITORY_UNREACHABLE, f"{where} could not be fetched: {said}")


def _reason(text: str) -> str:
    """git's own reason: its first `fatal:` or `error:`, else its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (told or lines[-1:] or ["git said nothing"])[0]
