"""Restore what an earlier attempt stored, so that this one resumes from it."""

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from trainer.contract import CHECKPOINT, METRICS_CSV, PREVIOUS_CHECKPOINT
from trainer.process import console
from trainer.storage.bucket import Bucket
from trainer.storage.seal import Seal
from trainer.storage.upload import SHA256, is_intact, sha256_of


class Quality(Enum):
    """The newest checkpoint. `UNVERIFIED`: it was not stored by an entrypoint, so there is no digest to compare."""

    ABSENT = auto()
    CORRUPT = auto()
    UNVERIFIED = auto()
    GOOD = auto()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. `checkpoint_at`: when the checkpoint was stored, in s since the epoch. None without one."""

    quality: Quality
    checkpoint_at: float | None = None
    own: bool = True
    """False for that of the job that this one is a retry of."""


def restore(bucket: Bucket, output: Path, seal: Seal | None = None) -> Restored:
    """Download the metrics and the newest checkpoint, or the one before it if the newest is corrupt.

    Files that this job has not sealed are left where they are.
    """
    seal = seal or Seal()
    names = bucket.names()
    if METRICS_CSV in names:
        _download_metrics(bucket, output / METRICS_CSV, seal)
    if CHECKPOINT not in names:
        return Restored(Quality.ABSENT)
    quality = _download(bucket, CHECKPOINT, output, seal)
    if quality is not Quality.GOOD and PREVIOUS_CHECKPOINT in names:
        previous = _download(bucket, PREVIOUS_CHECKPOINT, output, seal)
        if quality is Quality.CORRUPT and previous is not Quality.CORRUPT:
            (output / PREVIOUS_CHECKPOINT).replace(output / CHECKPOINT)
            console.log(f"{CHECKPOINT} is corrupt, resuming from the one before it")
            return Restored(quality, names[PREVIOUS_CHECKPOINT].timestamp())
    if quality is Quality.CORRUPT:
        console.log(f"{CHECKPOINT} is corrupt and there is none before it, starting from the beginning")
        return Restored(quality)
    return Restored(quality, names[CHECKPOINT].timestamp())


def _download_metrics(bucket: Bucket, path: Path, seal: Seal) -> None:
    metadata = bucket.download(METRICS_CSV, path)
    if not seal.is_on_digest(metadata, METRICS_CSV, sha256_of(path)):
        path.unlink()
        _log_foreign(METRICS_CSV)


def _log_foreign(name: str) -> None:
    console.log(f"{name} was not stored by this job, so it counts for nothing")


def _download(bucket: Bucket, name: str, output: Path, seal: Seal) -> Quality:
    """Download a checkpoint. A corrupt one is deleted, and so is one of somebody else's."""
    path = output / name
    metadata = bucket.download(name, path)
    digest = metadata.get(SHA256)
    if not seal.is_on_digest(metadata, name, sha256_of(path)):
        path.unlink()
        _log_foreign(name)
        return Quality.CORRUPT
    if not is_intact(path) or (digest and digest != sha256_of(path)):
        path.unlink()
        return Quality.CORRUPT
    return Quality.GOOD if digest else Quality.UNVERIFIED
