"""Which files in the bucket this job has stored itself, so that what somebody else put there counts for nothing.

The bot gives each job a key, which only its entrypoint sees. With it the entrypoint seals what a later attempt relies
on: the claim, the manifest, the metrics and the checkpoints. A seal is of one file of one job with one content, in the
object's metadata. Without a key, as from an earlier version of the bot, everything counts.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from trainer.contract import CHECKPOINT, PREVIOUS_CHECKPOINT

_NAME = "seal"


@dataclass(frozen=True, slots=True)
class Seal:
    """`job_id` is a trial's own in a sweep, whose trials share a key."""

    key: str = field(default="", repr=False)
    job_id: str = ""

    def on(self, name: str, content: bytes) -> dict[str, str]:
        """Return the metadata for a file with this content."""
        return self.on_digest(name, sha256(content))

    def on_digest(self, name: str, digest: str) -> dict[str, str]:
        """The same for a file whose SHA-256 is known."""
        return {_NAME: self._of(name, digest)} if self.key else {}

    def is_on(self, metadata: Mapping[str, str], name: str, content: bytes) -> bool:
        """Tell whether this job has stored this file."""
        return self.is_on_digest(metadata, name, sha256(content))

    def is_on_digest(self, metadata: Mapping[str, str], name: str, digest: str) -> bool:
        given = metadata.get(_NAME, "").encode(errors="replace")
        return not self.key or hmac.compare_digest(given, self._of(name, digest).encode())

    def _of(self, name: str, digest: str) -> str:
        """The checkpoint before the newest is a copy of what was the newest, so both have one name here."""
        name = CHECKPOINT if name == PREVIOUS_CHECKPOINT else name
        return hmac.new(self.key.encode(), "\0".join((self.job_id, name, digest)).encode(), "sha256").hexdigest()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
