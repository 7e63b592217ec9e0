"""What an earlier attempt left, for this one to go on from."""

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from trainer.contract import CHECKPOINT, METRICS_CSV, PREVIOUS_CHECKPOINT
from trainer.process.console import say
from trainer.storage.bucket import Bucket
from trainer.storage.upload import DIGEST, digest_of, whole


class Quality(Enum):
    """`UNPROVED`: not stored by an entrypoint, so nothing says what it should be."""

    ABSENT = auto()
    CORRUPT = auto()
    UNPROVED = auto()
    GOOD = auto()


@dataclass(frozen=True, slots=True)
class Restored:
    """What there was. `age` of the checkpoint in s since the epoch, None without one."""

    quality: Quality
    checkpoint_at: float | None = None


def restore(bucket: Bucket, output: Path) -> Restored:
    """Puts metrics and checkpoint in place; where the newest checkpoint is corrupt, the one before it."""
    names = bucket.names()
    if METRICS_CSV in names:
        bucket.download(METRICS_CSV, output / METRICS_CSV)
    if CHECKPOINT not in names:
        return Restored(Quality.ABSENT)
    quality = _fetch(bucket, CHECKPOINT, output)
    if quality is not Quality.GOOD and PREVIOUS_CHECKPOINT in names:
        previous = _fetch(bucket, PREVIOUS_CHECKPOINT, output)
        if quality is Quality.CORRUPT and previous is not Quality.CORRUPT:
            (output / PREVIOUS_CHECKPOINT).replace(output / CHECKPOINT)
            say(f"{CHECKPOINT} is corrupt: going on from the one before it")
            return Restored(quality, names[PREVIOUS_CHECKPOINT].timestamp())
    if quality is Quality.CORRUPT:
        say(f"{CHECKPOINT} is corrupt, and there is none before it: starting anew")
        return Restored(quality)
    return Restored(quality, names[CHECKPOINT].timestamp())


def _fetch(bucket: Bucket, name: str, output: Path) -> Quality:
    """Downloads it; a corrupt one is not left."""
    path = output / name
    digest = bucket.download(name, path).get(DIGEST)
    if not whole(path) or (digest and digest != digest_of(path)):
        path.unlink()
        return Quality.CORRUPT
    return Quality.GOOD if digest else Quality.UNPROVED
