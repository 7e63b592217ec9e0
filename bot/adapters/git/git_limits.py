"""What git may take of the bot's machine, and what people read when a repository wants more."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from bot.errors import Refused, ServiceError, Unavailable
from trainer.credentials import without_credentials

MIB = 1024 * 1024
DISK_RESERVE = 128 * MIB
"""Bytes that fetches leave on the disk. Logs wait from twice as much on, so jobs can still start then."""


class Kind(Enum):
    """What there was too much of. `TRANSFER` is one fetch, `COPY` the whole copy, `LISTING` the names of all refs."""

    TRANSFER = auto()
    COPY = auto()
    LISTING = auto()
    MEMORY = auto()
    SECONDS = auto()
    DISK = auto()


class OverLimit(Exception):
    """git was stopped."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__(f"git was stopped: {kind.name}")


@dataclass(frozen=True, slots=True)
class GitLimits:
    """`[git]` of the config: for each repository."""

    branches: int = 1_000
    """Branches that match the projects' patterns."""
    listing_mib: int = 16
    """The names of all branches or tags that the server lists: about 250,000."""
    fetch_mib: int = 1024
    copy_mib: int = 2048
    memory_mib: int = 256
    """Of each git process."""
    fetch_seconds: float = 60
    first_fetch_seconds: float = 300

    def seconds(self, *, first: bool) -> float:
        return self.first_fetch_seconds if first else self.fetch_seconds

    def refused(self, kind: Kind, repository: str, *, first: bool = False) -> ServiceError:
        """Our exception for a limit that was reached; its code is the kind's name."""
        kinds = {
            Kind.TRANSFER: f"its new commits take more than {self.fetch_mib} MiB (`git.fetch_mib`). {_SMALLER}",
            Kind.COPY: f"the copy takes more than {self.copy_mib} MiB (`git.copy_mib`). {_SMALLER}",
            Kind.LISTING: (
                f"the names of its branches and tags take more than {self.listing_mib} MiB (`git.listing_mib`). "
                "Delete those that nobody needs, or raise the setting."
            ),
            Kind.MEMORY: (
                f"git needs more than {self.memory_mib} MiB of memory for it (`git.memory_mib`). "
                "Raise the setting if the machine has more."
            ),
            Kind.DISK: (
                f"the bot's disk has less than {DISK_RESERVE // MIB} MiB left after what it needs. Free some space."
            ),
        }
        where = without_credentials(repository)
        if kind is Kind.SECONDS:
            name = "git.first_fetch_seconds" if first else "git.fetch_seconds"
            took = f"git took longer than {self.seconds(first=first):g} s and was stopped (`{name}`)"
            return Unavailable(f"{where} can't be fetched: {took}. Try again, or raise the setting.", code="timeout")
        return Refused(f"{where} can't be fetched: {kinds[kind]}", code=kind.name)

    def too_many_branches(self, repository: str, patterns: Sequence[str], found: int) -> ServiceError:
        named = ", ".join(f"`{pattern}`" for pattern in patterns)
        return Refused(
            f"{without_credentials(repository)} can't be fetched: {found:,} of its branches match {named}, and "
            f"{self.branches:,} may (`git.branches`). Name fewer in the project's `branches`, or raise the setting.",
            code="BRANCHES",
        )


DEFAULT_LIMITS = GitLimits()
_SMALLER = (
    "Name fewer branches in the project's `branches`, let the server filter (`uploadpack.allowFilter`), "
    "or raise the setting."
)
