"""The sandbox's git repository: a bare one with a history that is the same, to the last digit, every time.

What is committed are the files of `training/`, a folder for each step: `main` in three commits, `first` the
settings that v1.0 had, and a folder for each branch with what it changes.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TRAINING = Path(__file__).with_name("training")
# The first commit's; every next one is an hour later. 2026-11-02 09:00 UTC.
_FIRST_AT = 1793610000
_STEP_SECONDS = 3600

_MIKA = ("Mika", "mika@example.org")
_NOOR = ("Noor", "noor@example.org")


@dataclass(frozen=True, slots=True)
class Repository:
    """`branches` and `tags` map names to full commit ids."""

    url: str
    branches: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Commit:
    """`files` maps paths in the repository to paths below `training/`."""

    subject: str
    author: tuple[str, str]
    files: Mapping[str, str]
    branch: str = "main"
    tag: str = ""


_HISTORY = (
    _Commit("Load the digits, and keep a fifth for validation", _MIKA, {"digits.py": "main/digits.py"}),
    _Commit(
        "A small convolutional net and its training loop",
        _MIKA,
        {"net.py": "main/net.py", "train.py": "main/train.py", "settings.toml": "first/settings.toml"},
        tag="v1.0",
    ),
    _Commit("Twice the channels: half a point of accuracy more", _NOOR, {"settings.toml": "main/settings.toml"}),
    _Commit("Say how to run it, and what to expect", _MIKA, {"README.md": "main/README.md"}),
    _Commit("Twice the channels again", _NOOR, {"settings.toml": "wider-net/settings.toml"}, branch="wider-net"),
    _Commit("Look closer at the digits, later on", _MIKA, {"digits.py": "broken-loader/digits.py"}, "broken-loader"),
    _Commit(
        "Cool down between epochs, the office is warm",
        _NOOR,
        {"settings.toml": "slow-cooker/settings.toml"},
        branch="slow-cooker",
    ),
)


def create(path: Path) -> Repository:
    """Makes the bare repository at `path`. Raises FileExistsError; CalledProcessError where git fails."""
    if path.exists():
        raise FileExistsError(f"the repository is to be made at {path}, which is there already")
    _git(path.parent, "init", "--quiet", "--bare", "--initial-branch=main", path.name)
    # As the servers that people use are: any commit that they still hold can be fetched, and in part.
    for setting in ("allowAnySHA1InWant", "allowFilter"):
        _git(path, "config", f"uploadpack.{setting}", "true")
    heads: dict[str, str] = {}
    tags: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, commit in enumerate(_HISTORY):
            environment = _identity(commit, _FIRST_AT + number * _STEP_SECONDS, Path(folder) / "index")
            parent = heads.get(commit.branch) or heads.get("main")
            heads[commit.branch] = _add(path, commit, parent, environment)
            if commit.tag:
                _git(
                    path, "tag", "-a", "-m", f"{commit.tag}: it reads digits", commit.tag, heads["main"], **environment
                )
                tags[commit.tag] = heads["main"]
    for branch, head in heads.items():
        _git(path, "update-ref", f"refs/heads/{branch}", head)
    return Repository(path.resolve().as_uri(), heads, tags)


def _add(path: Path, commit: _Commit, parent: str | None, environment: Mapping[str, str]) -> str:
    """Writes a commit's files over its parent's, without a working tree. The commit's id."""
    _git(path, "read-tree", *([parent] if parent else ["--empty"]), **environment)
    for name, source in commit.files.items():
        blob = _git(path, "hash-object", "-w", "--no-filters", str(TRAINING / source))
        _git(path, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", **environment)
    tree = _git(path, "write-tree", **environment)
    return _git(path, "commit-tree", tree, *(["-p", parent] if parent else []), "-m", commit.subject, **environment)


def _identity(commit: _Commit, at: int, index: Path) -> dict[str, str]:
    name, email = commit.author
    return {
        "GIT_INDEX_FILE": str(index),
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_AUTHOR_DATE": f"{at} +0000",
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
        "GIT_COMMITTER_DATE": f"{at} +0000",
    }


def _git(folder: Path, *arguments: str, **environment: str) -> str:
    """One git command, with nobody's own configuration. Its output."""
    own = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    answer = subprocess.run(
        ["git", *arguments], cwd=folder, env={**own, **environment}, check=True, capture_output=True, text=True
    )
    return answer.stdout.strip()
