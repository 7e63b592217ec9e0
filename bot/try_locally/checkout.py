"""The commit that a try runs: the one that is checked out."""

from pathlib import Path

from bot.adapters.git.working_copy import ask, root_of
from bot.domain.model.run import Commit
from bot.errors import BadInput


class Checkout:
    """A repository on this machine. Raises BadInput if the folder is in none, or if nothing is committed yet."""

    def __init__(self, folder: Path) -> None:
        self.root = root_of(folder)
        sha = ask(self.root, "rev-parse", "--verify", "HEAD")
        if not sha:
            raise BadInput(f"{self.root} has no commit yet. A job runs a commit: git add and git commit first")
        branch = ask(self.root, "symbolic-ref", "--short", "HEAD")
        self.commit = Commit(sha, branch, ask(self.root, "log", "-1", "--format=%s"))

    def remarks(self) -> list[str]:
        """What differs between this folder and the commit, and between the commit and what a job can fetch."""
        found = []
        changed = ask(self.root, "status", "--porcelain").splitlines()
        if changed:
            names = ", ".join(line[3:] for line in changed[:3])
            more = f" and {len(changed) - 3:,} more" if len(changed) > 3 else ""
            found.append(f"Not in this commit, so not in a job either: {names}{more}. Commit what belongs to it.")
        if ask(self.root, "remote") and not ask(self.root, "branch", "--remotes", "--contains", self.commit.sha):
            found.append(f"No remote branch has {self.commit.short} yet. Push it before a job can run it.")
        return found
