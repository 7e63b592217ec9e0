"""Submodules, as `git clone --recurse-submodules` fetches them."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from trainer.credentials import without_credentials
from trainer.errors import Ended
from trainer.fetch.git_errors import GitProblem, find_problem
from trainer.fetch.git_program import PLAIN, Git
from trainer.process.tools import Output

_PATH = re.compile(r"submodule path '([^']+)'")
_ADDRESS = re.compile(r"clone of '([^']+)'")
_COMMIT = re.compile(r"did not contain ([0-9a-f]{40,64})")
_NO_SSH = (GitProblem.NO_KEY, GitProblem.UNKNOWN_HOST_KEY, GitProblem.NO_PERMISSION)


def fetch_submodules(git: Git) -> None:
    """Fetch all submodules, also those of submodules. Raises `Ended`, with the name of the one that fails."""
    if not (git.folder / ".gitmodules").exists():
        return
    options, settings = ["--depth=1"], [*PLAIN, f"remote.origin.url={git.source.repository}"]
    while (output := _update(git, options, settings)).code:
        https = _over_https(git)
        if https and https[0] not in settings and _needs_ssh(output):
            settings = [*settings, *https]
        elif options and find_problem(output.stderr) is GitProblem.NO_COMMIT:
            options = []  # a server that doesn't serve single commits
        else:
            raise _error(git, output)
        git.output("submodule", "--quiet", "deinit", "--force", "--all")
        shutil.rmtree(git.folder / ".git" / "modules", ignore_errors=True)


def submodule_folders(git: Git) -> list[Path]:
    """List the folders of all submodules that are checked out."""
    if not (git.folder / ".gitmodules").exists():
        return []
    told = git.output("submodule", "--quiet", "foreach", "--recursive", 'printf "%s\\0" "$displaypath"')
    return [git.folder / path for path in told.stdout.split("\0") if path]


def _update(git: Git, options: Sequence[str], settings: Sequence[str]) -> Output:
    return git.output(
        "submodule", "--quiet", "update", "--init", "--recursive", *options, settings=settings, remote=True
    )


def _needs_ssh(output: Output) -> bool:
    return find_problem(output.stderr) in _NO_SSH or "cannot run ssh" in output.stderr


def _over_https(git: Git) -> list[str]:
    """With a token, a submodule on the repository's own host that is named by ssh is fetched as the repository is."""
    address = urlsplit(git.source.repository)
    if not git.source.token or address.scheme not in ("http", "https") or address.hostname is None:
        return []
    base = f"{address.scheme}://{address.netloc.rpartition('@')[2]}/"
    names = (f"git@{address.hostname}:", f"ssh://git@{address.hostname}/")
    return [f"url.{base}.insteadOf={name}" for name in names]


def _error(git: Git, output: Output) -> Ended:
    paths, addresses = _PATH.findall(output.stderr), _ADDRESS.findall(output.stderr)
    path = paths[-1].removeprefix(f"{git.folder}/") if paths else ""
    address = f" ({without_credentials(addresses[-1])})" if addresses else ""
    what = f"The submodule {path}{address}" if path else "A submodule"
    commit = _COMMIT.search(output.stderr)
    return git.error(output, what, commit[1] if commit else "")
