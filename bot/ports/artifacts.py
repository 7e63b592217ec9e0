"""What jobs leave: metrics, checkpoints, results."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TOO_LARGE = "TooLarge"
"""The code of `Refused` for an object that is larger than the limit."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An object that a job left. `name` is its key below the job's prefix; `modified` in s since the epoch."""

    name: str
    uri: str
    size: int
    modified: float


class Artifacts(Protocol):
    """S3, by `s3://bucket/key` URIs."""

    def stream(self, uri: str, *, limit: int) -> AsyncGenerator[bytes, None]:
        """The object in chunks; `Missing` where there is none, `Refused` once it has more than `limit` bytes."""

    async def read(self, uri: str, *, limit: int) -> bytes:
        """The whole object, in memory; raises like `stream`. For what jobs write, `limit` is small."""

    async def write(self, uri: str, source: Path, content_type: str) -> None:
        """Uploads a file, replacing what is there."""

    async def list(self, prefix_uri: str) -> list[Artifact]:
        """All objects below the prefix, newest first; 1,000 at most."""

    async def link(self, uri: str, seconds: int) -> str:
        """A signed GET address that works for so long."""
