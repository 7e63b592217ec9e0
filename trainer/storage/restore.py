"""Restore what an earlier attempt stored, so that this one resumes from it."""

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from trainer.contract import CHECKPOINT, METRICS_CSV, PREVIOUS_CHECKPOINT
from trainer.process import console
from trainer.storage.bucket import Bucket
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


def restore(bucket: Bucket, output: Path) -> Restored:
    """Download the metrics and the newest checkpoint, or the one before it if the newest is corrupt."""
    names = bucket.names()
    if METRICS_CSV in names:
        bucket.download(METRICS_CSV, output / METRICS_CSV)
    if CHECKPOINT not in names:
        return Restored(Quality.ABSENT)
    quality = _download(bucket, CHECKPOINT, output)
    if quality is not Quality.GOOD and PREVIOUS_CHECKPOINT in names:
        previous = _download(bucket, PREVIOUS_CHECKPOINT, output)
        if quality is Quality.CORRUPT and previous is not Quality.CORRUPT:
            (output / PREVIOUS_CHECKPOINT).replace(output / CHECKPOINT)
            console.log(f"{CHECKPOINT} is corrupt, resuming from the one before it")
            return Restored(quality, names[PREVIOUS_CHECKPOINT].timestamp())
    if quality is Quality.CORRUPT:
        console.log(f"{CHECKPOINT} is corrupt and there is none before it, starting from the beginning")
        return Restored(quality)
    return Restored(quality, names[CHECKPOINT].timestamp())


def _download(bucket: Bucket, name: str, output: Path) -> Quality:
    """Download a checkpoint. A corrupt one is deleted."""
    path = output / name
    digest = bucket.download(name, path).get(SHA256)
    if not is_intact(path) or (digest and digest != sha256_of(path)):
        path.unlink()
        return Quality.CORRUPT
    return Quality.GOOD if digest else Quality.UNVERIFIED
