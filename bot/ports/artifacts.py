"""What jobs leave: metrics, checkpoints, results."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Artifact:
    """An object that a job left. `name` is its key below the job's prefix; `modified` in s since the epoch."""

    name: str
    uri: str
    size: int
    modified: float


class Artifacts(Protocol):
    """S3, by `s3://bucket/key` URIs."""

    async def read(self, uri: str, *, limit: int = 64 * 1024 * 1024) -> bytes:
        """The object; `Missing` where there is none, `Refused` where it is larger than `limit` bytes."""

    async def write(self, uri: str, source: Path, content_type: str) -> None:
        """Uploads a file, replacing what is there."""

    async def list(self, prefix_uri: str) -> list[Artifact]:
        """All objects below the prefix, newest first; 1,000 at most."""

    async def link(self, uri: str, seconds: int) -> str:
        """A signed GET address that works for so long."""
