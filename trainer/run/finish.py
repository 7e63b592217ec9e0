"""The end of an attempt: store everything within the time that is left, and say what could not be stored."""

import threading
import time
from collections.abc import Callable, Sequence

from trainer.contract import MANIFEST_JSON, ExitCode
from trainer.errors import Ended
from trainer.process import console
from trainer.process.stopping import Stopping
from trainer.storage.artifacts import Artifacts
from trainer.storage.not_stored import NotStored, because, listed
from trainer.storage.upload import Uploads

RETRY_SECONDS = 60.0
"""How long S3 is asked again, unless the attempt was asked to stop."""
_NO_TIME = "no time was left"


class Finish:
    """`record` stores the manifest, with what is not stored."""

    def __init__(
        self,
        uploads: Uploads,
        artifacts: Artifacts,
        record: Callable[[Sequence[NotStored]], None],
        stopping: Stopping,
        uri: str,
    ) -> None:
        self._uploads, self._artifacts, self._record = uploads, artifacts, record
        self._stopping, self._uri = stopping, uri
        self._problems: list[NotStored] | None = None

    def run(self, code: int) -> int:
        """Return the command's exit code. Raises `Ended` if it is 0 and S3 did not take all results."""
        storing = threading.Thread(target=self._store_everything, daemon=True, name="storing")
        storing.start()
        while storing.is_alive() and self._stopping.left() != 0:
            storing.join(0.1)
        problems = self._problems
        if problems is None:
            names = self._artifacts.waiting() or ["the last files"]
            problems = [NotStored(name, _NO_TIME, by_s3=True) for name in names]
        return self._judge(code, problems)

    def _judge(self, code: int, problems: Sequence[NotStored]) -> int:
        lines = self._artifacts.summary() if problems is self._problems else []
        for line in lines:
            console.log(line)
        if lost := [problem for problem in problems if problem.by_s3]:
            names = listed([problem.name for problem in lost])
            message = f"Can't store the results in {self._uri}: {lost[0].reason} (missing: {names})"
            if code == 0:
                raise Ended(ExitCode.RESULTS_NOT_STORED, message)
            console.log(message)
        elif problems:
            counted = "1 file" if len(problems) == 1 else f"{len(problems):,} files"
            names = listed([problem.name for problem in problems])
            console.log(f"stored the results in {self._uri}, except {counted}: {names}")
        else:
            console.log(f"stored everything{' else' if self._artifacts.left_out() else ''} in {self._uri}")
        return code

    def _store_everything(self) -> None:
        try:
            self._problems = self._until_stored()
        except Exception as error:  # nothing may end this thread without a word
            self._problems = [because("the last files", error)]

    def _until_stored(self) -> list[NotStored]:
        deadline = time.monotonic() + RETRY_SECONDS
        problems = self._store_once()
        while any(problem.again for problem in problems) and time.monotonic() < deadline:
            time.sleep(1)
            problems = self._store_once()
        if problems:
            problems += self._manifest(problems)
        return problems

    def _store_once(self) -> list[NotStored]:
        """Make one pass over everything. The small files come first, as the time may be short."""
        return [*self._uploads.store_last(), *self._manifest([]), *self._artifacts.store_last()]

    def _manifest(self, problems: Sequence[NotStored]) -> list[NotStored]:
        if any(problem.name == MANIFEST_JSON for problem in problems):
            return []
        try:
            self._record(problems)
        except Exception as error:  # the other files are stored all the same
            return [because(MANIFEST_JSON, error)]
        return []
