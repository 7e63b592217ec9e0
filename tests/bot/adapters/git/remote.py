"""A real repository to fetch from, made of commits without files."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
BEGINNING = 1_700_000_000
"""The time of the first commit; each is a minute younger than the one before."""


@dataclass
class Remote:
    """A bare repository, by file://. `subject` is all that tells commits apart."""

    path: Path
    made: int = 0

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch=main", ".")
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.git("hash-object", "-t", "tree", "-w", "--stdin")

    @property
    def url(self) -> str:
        return self.path.as_uri()

    def git(self, *arguments: str, given: bytes = b"") -> str:
        at = f"{BEGINNING + 60 * self.made} +0000"
        person = {"NAME": "Mika", "EMAIL": "mika@example.org", "DATE": at}
        roles = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
        fixed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "LC_ALL": "C.UTF-8"}
        environment = os.environ | fixed | roles
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.path, env=environment, input=given, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(self, branch: str, subject: str = "", *, onto: str = "") -> str:
        """A commit at the head of a branch; a new branch begins with `onto`, or with no parent."""
        head = onto or self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        self.made += 1
        parents = ["-p", head] if head else []
        sha = self.git("commit-tree", EMPTY_TREE, *parents, given=(subject or f"commit {self.made}").encode())
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha

    def delete(self, branch: str) -> None:
        """The commits stay: a server keeps what it once had."""
        self.git("update-ref", "-d", f"refs/heads/{branch}")
