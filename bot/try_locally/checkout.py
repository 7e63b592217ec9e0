"""The commit that a try runs: the one that is checked out."""

import subprocess
from pathlib import Path

from bot.domain.model.run import Commit
from bot.errors import BadInput


class Checkout:
    """A repository on this machine. Raises BadInput if the folder is in none, or if nothing is committed yet."""

    def __init__(self, folder: Path) -> None:
        top = _git(folder, "rev-parse", "--show-toplevel")
        if not top:
            raise BadInput(f"{folder} is no git repository. Run this in your training repository, or name it: --folder")
        self.root = Path(top)
        sha = _git(self.root, "rev-parse", "--verify", "HEAD")
        if not sha:
            raise BadInput(f"{self.root} has no commit yet. A job runs a commit: git add and git commit first")
        branch = _git(self.root, "symbolic-ref", "--short", "HEAD")
        self.commit = Commit(sha, branch, _git(self.root, "log", "-1", "--format=%s"))

    def remarks(self) -> list[str]:
        """What differs between this folder and the commit, and between the commit and what a job can fetch."""
        found = []
        changed = _git(self.root, "status", "--porcelain").splitlines()
        if changed:
            names = ", ".join(line[3:] for line in changed[:3])
            more = f" and {len(changed) - 3:,} more" if len(changed) > 3 else ""
            found.append(f"Not in this commit, so not in a job either: {names}{more}. Commit what belongs to it.")
        if _git(self.root, "remote") and not _git(self.root, "branch", "--remotes", "--contains", self.commit.sha):
            found.append(f"No remote branch has {self.commit.short} yet. Push it before a job can run it.")
        return found


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise BadInput(f"git can't be run in {folder}: {error.strerror}") from error
    return done.stdout.rstrip() if done.returncode == 0 else ""
