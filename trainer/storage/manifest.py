"""`manifest.json`: what ran, from what, where, and what became of each attempt."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from trainer.credentials import without_credentials
from trainer.fetch.assignment import Assignment
from trainer.process.console import masked

_VERSION = 1
_PACKAGES = ("signalbox", "torch", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """Times in s since the epoch; without `ended`, its host was lost. `lost_minutes` of work were done again by the
    next attempt, and are known from its start on."""

    attempt: int
    batch_job_id: str
    host: str
    started: float
    ended: float | None = None
    exit_code: int | None = None
    lost_minutes: float | None = None


@dataclass(slots=True)
class Manifest:
    """`attempts`, oldest first; the last is this one."""

    assignment: Assignment
    arguments: Sequence[str]
    subject: str = ""
    attempts: list[AttemptRecord] = field(default_factory=list)

    def body(self) -> bytes:
        return json.dumps(self._document(), indent=2, ensure_ascii=False).encode()

    def change(self, **values: Any) -> None:
        """This attempt's record."""
        self.attempts[-1] = replace(self.attempts[-1], **values)

    def _document(self) -> dict[str, Any]:
        job = self.assignment
        return {
            "version": _VERSION,
            "job": job.job_id,
            "command": [masked(word) for word in self.arguments],
            "parameters": dict(job.parameters),
            "seed": job.parameters.get("seed"),
            "repository": without_credentials(job.repository),
            "branch": job.branch,
            "commit": job.commit,
            "subject": self.subject,
            "image": job.image,
            "asker": job.asker,
            "attempts": [asdict(attempt) for attempt in self.attempts],
            "versions": {"python": platform.python_version(), **_versions()},
        }


def earlier_attempts(body: bytes | None, seen_at: float, checkpoint_at: float | None) -> list[AttemptRecord]:
    """Those of an earlier attempt's manifest, with what was lost of the last: from its last checkpoint, or its
    start, to its last sign of life."""
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
    """By metadata: importing torch to ask would take a second."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
