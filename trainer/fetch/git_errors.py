"""What git's error messages mean. Standard library only, so the bot can use the same table.

The messages are those of git's C locale: run it with `LC_ALL=C`.
"""

import re
from enum import Enum, auto


class GitProblem(Enum):
    """`FORBIDDEN`: the server knows who asks and refuses. `NO_PERMISSION`: any other refusal, or a file's mode."""

    DISK_FULL = auto()
    NO_COMMIT = auto()
    NO_CREDENTIALS = auto()
    NO_KEY = auto()
    NO_PERMISSION = auto()
    UNKNOWN_HOST_KEY = auto()
    FOREIGN_FOLDER = auto()
    FORBIDDEN = auto()
    NO_REPOSITORY = auto()
    BAD_PROTOCOL = auto()


PHRASES: tuple[tuple[str, GitProblem], ...] = (
    ("No space left on device", GitProblem.DISK_FULL),
    ("not our ref", GitProblem.NO_COMMIT),
    ("couldn't find remote ref", GitProblem.NO_COMMIT),
    ("no such remote ref", GitProblem.NO_COMMIT),
    ("unadvertised object", GitProblem.NO_COMMIT),
    ("reference is not a tree", GitProblem.NO_COMMIT),
    ("unable to read tree", GitProblem.NO_COMMIT),
    ("Authentication failed", GitProblem.NO_CREDENTIALS),
    ("could not read Username", GitProblem.NO_CREDENTIALS),
    ("could not read Password", GitProblem.NO_CREDENTIALS),
    ("error: 401", GitProblem.NO_CREDENTIALS),
    ("error: 403", GitProblem.FORBIDDEN),
    ("Permission denied (publickey", GitProblem.NO_KEY),
    ("Permission denied", GitProblem.NO_PERMISSION),
    ("Host key verification failed", GitProblem.UNKNOWN_HOST_KEY),
    ("dubious ownership", GitProblem.FOREIGN_FOLDER),
    ("does not appear to be a git repository", GitProblem.NO_REPOSITORY),
    ("not found", GitProblem.NO_REPOSITORY),
    ("does not exist", GitProblem.NO_REPOSITORY),
    ("not allowed", GitProblem.BAD_PROTOCOL),
)
"""Phrases in git's stderr, in any case. The first that occurs decides, so the more specific come first."""

_SSH_HINT = "fatal: Could not read from remote repository"
"""Git adds this after ssh's own message, and only that one has the reason."""
_ERROR = re.compile(r"(fatal|error): ")


def find_problem(stderr: str) -> GitProblem | None:
    """Classify git's stderr. None for a message that is not in the table: a network problem, most often."""
    text = stderr.lower()
    return next((problem for phrase, problem in PHRASES if phrase.lower() in text), None)


def decisive_line(stderr: str) -> str:
    """Return the line with the reason: the first `fatal:` or `error:`, else the last. "" if git printed nothing."""
    lines = [line.strip() for line in stderr.partition(_SSH_HINT)[0].splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines[-1:] or [""])[0]
