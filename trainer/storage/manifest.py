"""`manifest.json`: what ran, on which commit and host, and how each attempt ended."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trainer.credentials import without_credentials
from trainer.fetch.assignment import Assignment
from trainer.process.console import masked
from trainer.storage.not_stored import NotStored

_VERSION = 1
_LISTED = 50
"""How many of the files that are not stored are listed."""
_PACKAGES = ("signalbox-bot", "torch", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt. Times are in seconds since the epoch; `ended` is None if the host was lost.

    `lost_minutes`: the work that the next attempt had to repeat, filled in when that attempt starts.
    """

    attempt: int
    batch_job_id: str
    host: str
    started: float
    ended: float | None = None
    exit_code: int | None = None
    lost_minutes: float | None = None


@dataclass(slots=True)
class Manifest:
    """`attempts` is ordered oldest first; the last is this attempt."""

    assignment: Assignment
    arguments: Sequence[str]
    subject: str = ""
    attempts: list[AttemptRecord] = field(default_factory=list)
    not_stored: Sequence[NotStored] = ()
    """What the command left and is not in the bucket."""

    def body(self) -> bytes:
        """Return the manifest as JSON."""
        return json.dumps(self._document(), indent=2, ensure_ascii=False).encode(errors="backslashreplace")

    def change(self, **values: Any) -> None:
        """Change this attempt's record."""
        self.attempts[-1] = replace(self.attempts[-1], **values)

    def _document(self) -> dict[str, Any]:
        job = self.assignment
        return {
            "version": _VERSION,
            "job": job.job_id,
            "command": [masked(word) for word in self.arguments],
            "parameters": {name: _shown(value) for name, value in job.parameters.items()},
            "seed": job.parameters.get("seed"),
            "repository": without_credentials(job.repository),
            "branch": job.branch,
            "commit": job.commit,
            "subject": self.subject,
            "image": job.image,
            "machine": job.machine,
            "asker": job.asker,
            "remedy": dict(job.remedy) or None,
            "resumed_from": job.origin.job if job.origin is not None else None,
            "attempts": [asdict(attempt) for attempt in self.attempts],
            "not_stored": [
                {"name": masked(each.name), "reason": masked(each.reason)} for each in self.not_stored[:_LISTED]
            ],
            "not_stored_count": len(self.not_stored),
            "versions": {"python": platform.python_version(), **_versions()},
        }


def _shown(value: object) -> object:
    return masked(value) if isinstance(value, str) else value


def earlier_attempts(body: bytes | None, seen_at: float, checkpoint_at: float | None) -> list[AttemptRecord]:
    """Read the attempts in an earlier attempt's manifest, and fill in what the last of them lost.

    It lost the time from its last checkpoint, or its start, to its end or its last renewal at `seen_at`.
    """
    try:
        attempts = [AttemptRecord(**each) for each in json.loads(body or b"{}").get("attempts", [])]
    except (ValueError, TypeError, AttributeError):
        return []
    if attempts:
        last = attempts[-1]
        lost = max(0.0, (last.ended or seen_at) - max(last.started, checkpoint_at or 0.0)) / 60
        attempts[-1] = replace(last, lost_minutes=round(lost, 2))
    return attempts


def _versions() -> dict[str, str]:
    """Read the versions from the packages' metadata: importing torch would take a second."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
