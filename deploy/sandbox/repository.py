"""The sandbox's git repository: bare, with the same history and the same commit ids every time.

It commits the files in `training/`: `main/` in several commits, `first/` with the settings of v1.0, and one folder for
each other branch with the files it changes.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TRAINING = Path(__file__).with_name("training")
# Time of the first commit, 2026-11-02 09:00 UTC. Each later commit is an hour after the one before.
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
    """One commit. `files` maps paths in the repository to paths in `training/`."""

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
    """Create the bare repository at `path`. Raises FileExistsError, or CalledProcessError if git fails."""
    if path.exists():
        raise FileExistsError(f"cannot create the repository: {path} already exists")
    _git(path.parent, "init", "--quiet", "--bare", "--initial-branch=main", path.name)
    # Like the servers that people use: any commit can be fetched by its id, and partial clones work.
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
    """Commit files on top of a parent, without a working tree. Returns the commit's id."""
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
    """Run one git command without anybody's own configuration, and return its output."""
    base = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**base, **environment}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
