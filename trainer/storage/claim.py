"""One attempt at a time: the claim on a job, kept in S3 beside its results.

`claim.json` names its holder and is renewed as long as the holder lives; S3's conditional puts decide between
two who want it at once. Who may take it from another:

- a later attempt of the same Batch job, at once: Batch starts it only when the earlier one is over;
- anybody, where it has not been renewed for a while: its holder is dead, and told nobody;
- anybody, where its holder has said that it ended without success.

So a second live Batch job of the same job (a submission that went out twice) stops by itself, and so does one
that comes when the job has already succeeded. A holder that has lost its claim, cut off from S3 while Batch
started a next attempt elsewhere, notices at its next renewal, and stops without storing anything more.
"""

import json
import time
from dataclasses import asdict, dataclass, replace

from trainer.contract import CLAIM_JSON, ExitCode
from trainer.errors import Ended
from trainer.storage.bucket import ANY, Bucket, Conflict, Stored

RENEW_SECONDS = 10.0
STALE_SECONDS = 45.0
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a claim. `token` is one attempt's own; `ended` is its exit code, once it has one."""

    token: str
    batch_job_id: str
    attempt: int
    host: str
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """Who held the claim before; `seen_at`, its last sign of life, in s since the epoch."""

    holder: Holder
    seen_at: float


class Claim:
    """Taken by `take`; `earlier` is whom it was taken from."""

    def __init__(self, bucket: Bucket, holder: Holder, *, stale_seconds: float = STALE_SECONDS) -> None:
        self._bucket, self._holder, self._stale = bucket, holder, stale_seconds
        self._etag = ""
        self.earlier: Earlier | None = None

    def take(self) -> None:
        """Raises `Ended` where another has it, and BucketTrouble."""
        for _ in range(_TRIES):
            if self._took_free() or self._took_over():
                return
        raise Ended(ExitCode.ALREADY_RUNNING, "Several attempts of this job claim it at once; this one stops.")

    def renew(self) -> None:
        """Raises `Ended` where another has taken it, and BucketTrouble."""
        try:
            self._etag = self._put(self._holder, self._etag)
        except (Conflict, KeyError):
            self._lost_unless_ours()

    def end(self, code: int) -> None:
        """Tells the next one that this attempt is over."""
        self._holder = replace(self._holder, ended=code)
        self.renew()

    def _took_free(self) -> bool:
        try:
            self._etag = self._put(self._holder, ANY)
        except Conflict:
            return False
        return True

    def _took_over(self) -> bool:
        """False where it has changed hands meanwhile, and is worth another look."""
        stored = self._bucket.get(CLAIM_JSON)
        if stored is None:
            return False
        held = _holder(stored)
        if held is not None:
            self._check(held, stored.age)
        try:
            self._etag = self._put(self._holder, stored.etag)
        except (Conflict, KeyError):
            return False
        self.earlier = Earlier(held, time.time() - stored.age) if held else None
        return True

    def _check(self, held: Holder, age: float) -> None:
        if held.token == self._holder.token:
            return
        who = f"Batch job {held.batch_job_id}" if held.batch_job_id else f"another process on {held.host}"
        same = bool(held.batch_job_id) and held.batch_job_id == self._holder.batch_job_id
        if same and self._holder.attempt > held.attempt:
            return
        if held.ended == 0:
            raise Ended(ExitCode.ALREADY_RUNNING, f"This job has already succeeded, in {who}; this one stops.")
        if held.ended is None and age < self._stale:
            where = f"attempt {held.attempt} on {held.host}, seen {max(age, 0):.0f} s ago"
            raise Ended(ExitCode.ALREADY_RUNNING, f"This job is already running in {who} ({where}); this one stops.")

    def _lost_unless_ours(self) -> None:
        """A put whose answer was lost has changed the version, and the holder is still this one."""
        stored = self._bucket.get(CLAIM_JSON)
        held = _holder(stored) if stored else None
        if stored is None or held is None or held.token != self._holder.token:
            by = f" by attempt {held.attempt} on {held.host}" if held else ""
            raise Ended(ExitCode.CLAIM_LOST, f"This job has been taken over{by}; this attempt stops.")
        self._etag = stored.etag

    def _put(self, holder: Holder, if_match: str) -> str:
        return self._bucket.put(CLAIM_JSON, json.dumps(asdict(holder)).encode(), if_match=if_match)


def _holder(stored: Stored) -> Holder | None:
    """None where the file is not one of ours."""
    try:
        return Holder(**json.loads(stored.body))
    except (ValueError, TypeError):
        return None
