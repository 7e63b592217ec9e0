"""Go on from the checkpoint of the job that this one is a retry of, until this one has stored its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from trainer.fetch.assignment import Assignment
from trainer.process import console
from trainer.storage.bucket import Bucket
from trainer.storage.own_checkpoints import OwnCheckpoints
from trainer.storage.restore import Quality, Restored, restore
from trainer.storage.seal import Seal


class EarlierJob:
    """`open_bucket` opens the folder of the earlier job's files. Without one there is nothing to restore."""

    def __init__(self, job: Assignment, open_bucket: Callable[[str], Bucket]) -> None:
        self._job, self._origin = job, job.origin
        if self._origin is not None:
            self._bucket, self._seal = open_bucket(self._origin.uri), Seal(self._origin.key, self._origin.job)

    def restore(self) -> Restored:
        """Its metrics and its checkpoint. Raises BucketTrouble."""
        if self._origin is None:
            return Restored(Quality.ABSENT)
        restored = replace(restore(self._bucket, self._job.output, self._seal), own=False)
        found = restored.checkpoint_at or self._own().stored_earlier()
        how = "going on from the checkpoint" if found else "starting from the beginning: there is no checkpoint"
        console.log(f"{how} of {self._origin.job}")
        return restored

    def restore_own_checkpoint(self) -> Path | None:
        """The same of a checkpoint that the code writes in its own way."""
        return self._own().restore() if self._origin is not None else None

    def _own(self) -> OwnCheckpoints:
        job = self._job
        return OwnCheckpoints(self._bucket, job.code, job.output, job.checkpoints, self._seal)
