"""Fetch one commit of a repository, without its history."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import TimeoutExpired

from trainer.contract import ExitCode
from trainer.credentials import without_credentials
from trainer.errors import Ended, disk_full
from trainer.fetch.git_errors import GitProblem, find_problem
from trainer.fetch.git_program import PLAIN, SECONDS, Git, Source
from trainer.fetch.lfs import fetch_large_files
from trainer.fetch.submodules import fetch_submodules, submodule_folders
from trainer.process.tools import Output, Programs
from trainer.process.users import Users

__all__ = ["Fetched", "Source", "fetch"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """`subject` is the first line of the commit's message."""

    subject: str
    seconds: float


def fetch(source: Source, folder: Path, programs: Programs, users: Users | None = None) -> Fetched:
    """Check out the commit in `folder`, replacing whatever was there. Raises `Ended`.

    With a token and users, one user fetches and another one owns the checkout when this returns.
    """
    began = time.monotonic()
    fetching = users.fetching if users and source.token else None
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if fetching:
            folder.parent.chmod(0o711)  # a temporary folder is its owner's alone
            fetching.own(folder)
        git = Git(source, folder, programs, fetching)
        subject = _check_out(git)
        if users and fetching:
            users.training.own(folder)
        if source.token:
            _apply_filters(Git(replace(source, token=""), folder, programs), git.filters())
    except FileNotFoundError as error:
        raise Ended(ExitCode.REPOSITORY_UNREACHABLE, f"Can't run git: {error}") from error
    except TimeoutExpired as error:
        message = f"{without_credentials(source.repository)} did not answer in {SECONDS:g} s."
        raise Ended(ExitCode.REPOSITORY_UNREACHABLE, message) from error
    except OSError as error:
        raise disk_full(error) or error from error
    return Fetched(subject, time.monotonic() - began)


def _check_out(git: Git) -> str:
    source = git.source
    git.run("init", "--quiet", ".")
    # Relative submodules and Git LFS look for their servers beside it. The files get no credentials.
    git.run("config", "remote.origin.url", without_credentials(source.repository))
    fetched = _fetch(git, source.commit, "--depth=1")
    if fetched.code and source.branch and find_problem(fetched.stderr) is GitProblem.NO_COMMIT:
        fetched = _fetch(git, f"refs/heads/{source.branch}")
    if fetched.code:
        raise git.error(fetched)
    if source.tags:
        _fetch_tags(git)
    checked_out = git.output("checkout", "--quiet", "--detach", source.commit, settings=PLAIN)
    if checked_out.code:
        raise git.error(checked_out)
    fetch_submodules(git)
    fetch_large_files(git, [git.folder, *submodule_folders(git)])
    commit, _, subject = git.run("log", "-1", "--format=%H %s").partition(" ")
    if commit != source.commit:
        raise Ended(ExitCode.COMMIT_NOT_FOUND, f"git checked out {commit} instead of {source.commit}.")
    return subject.strip()


def _apply_filters(git: Git, filters: Sequence[str]) -> None:
    """Check out again what the image's own filters change. They get no token: what they run may be the repository's."""
    for name in filters:
        named = git.output("ls-files", "-z", f":(attr:filter={name})").stdout
        for path in filter(None, named.split("\0")):
            (git.folder / path).unlink(missing_ok=True)
            git.run("checkout-index", "--force", "--", path)


def _fetch(git: Git, ref: str, *options: str) -> Output:
    return git.output(
        "fetch", "--quiet", "--no-tags", *options, "--end-of-options", git.source.repository, ref, remote=True
    )


def _fetch_tags(git: Git) -> None:
    """Fetch the tags, and the history without its trees and files: `--filter` of https://git-scm.com/docs/git-rev-list."""
    refs = [git.source.commit, "+refs/tags/*:refs/tags/*"]
    shallow = ["--unshallow"] if (git.folder / ".git" / "shallow").exists() else []
    settings = [f"remote.origin.url={git.source.repository}"]
    words = ("fetch", "--quiet", "--filter=tree:0", *shallow, "--end-of-options", "origin", *refs)
    fetched = git.output(*words, settings=settings, remote=True)
    if fetched.code:
        raise git.error(fetched)
