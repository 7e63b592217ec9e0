"""Only one attempt of a job runs at a time: it holds the claim, a file in S3 beside the results.

`claim.json` names its holder, who renews it while running. If two attempts want it at the same time, S3's
conditional puts decide. A claim may be taken over by:

- a later attempt of the same Batch job, at once: Batch starts it only after the earlier one has ended;
- any attempt, if the claim has not been renewed for `STALE_SECONDS`: its holder died without releasing it;
- any attempt, if the holder ended without success.

A claim that this job has not sealed (`trainer/storage/seal.py`) counts for nothing: it is no holder, and is replaced.

So a second Batch job for the same job (a submission that was sent twice) stops by itself, and so does one that starts
after the job has succeeded. A holder that lost its claim, because it was cut off from S3 while Batch started another
attempt elsewhere, notices at its next renewal and stops without storing anything more.
"""

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from trainer.contract import CLAIM_JSON, ExitCode
from trainer.errors import Ended
from trainer.process import console
from trainer.storage.bucket import ANY, Bucket, Conflict, Stored
from trainer.storage.seal import Seal

RENEW_SECONDS = 10.0
"""Between two renewals at first, while two attempts are likeliest to meet. Later it is twice as much."""
EARLY_SECONDS = 600.0
STALE_SECONDS = 75.0
"""Entrypoints of earlier versions wait 45 s, which is still two renewals."""
_MAX_TRIES = 4


@dataclass(frozen=True, slots=True)
class Holder:
    """The content of `claim.json`. `token` is unique to an attempt; `ended` is its exit code, once it has ended."""

    token: str
    batch_job_id: str
    attempt: int
    host: str
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The previous holder. `seen_at`: its last renewal, in seconds since the epoch."""

    holder: Holder
    seen_at: float


class Claim:
    """One attempt's claim on its job. `earlier`: the holder that `take` took it over from."""

    def __init__(
        self, bucket: Bucket, holder: Holder, seal: Seal | None = None, *, stale_seconds: float = STALE_SECONDS
    ) -> None:
        self._bucket, self._holder, self._stale_seconds = bucket, holder, stale_seconds
        self._seal = seal or Seal()
        self._etag, self._taken_at = "", time.monotonic()
        self.earlier: Earlier | None = None

    def take(self) -> None:
        """Take the claim. Raises `Ended` if another attempt holds it, and BucketTrouble."""
        for _ in range(_MAX_TRIES):
            if self._take_if_free() or self._take_over():
                return
        raise Ended(ExitCode.ALREADY_RUNNING, "Several attempts of this job started at the same time. This one stops.")

    def renew(self) -> None:
        """Renew the claim. Raises `Ended` if another attempt has taken it over, and BucketTrouble."""
        try:
            self._etag = self._put(self._holder, self._etag)
        except (Conflict, KeyError):
            self._confirm_ours()

    def pause(self) -> float:
        """Seconds until the next renewal."""
        early = time.monotonic() - self._taken_at < EARLY_SECONDS
        return RENEW_SECONDS if early else 2 * RENEW_SECONDS

    def end(self, code: int) -> None:
        """Record the exit code, so that the next attempt does not wait for this one."""
        self._holder = replace(self._holder, ended=code)
        self.renew()

    def _take_if_free(self) -> bool:
        try:
            self._etag = self._put(self._holder, ANY)
        except Conflict:
            return False
        return True

    def _take_over(self) -> bool:
        """Return False if the claim has changed meanwhile, so that another try makes sense."""
        stored = self._bucket.get(CLAIM_JSON)
        if stored is None:
            return False
        holder = self._holder_in(stored)
        if holder is not None:
            self._check(holder, stored.age)
        try:
            self._etag = self._put(self._holder, stored.etag)
        except (Conflict, KeyError):
            return False
        self.earlier = Earlier(holder, time.time() - stored.age) if holder else None
        return True

    def _check(self, other: Holder, age: float) -> None:
        """Raise `Ended` if the claim may not be taken over from its holder."""
        if other.token == self._holder.token:
            return
        who = f"Batch job {other.batch_job_id}" if other.batch_job_id else f"another process on {other.host}"
        same_job = bool(other.batch_job_id) and other.batch_job_id == self._holder.batch_job_id
        if same_job and self._holder.attempt > other.attempt:
            return
        if other.ended == 0:
            raise Ended(ExitCode.ALREADY_RUNNING, f"This job has already succeeded, in {who}. This attempt stops.")
        if other.ended is None and age < self._stale_seconds:
            details = f"attempt {other.attempt} on {other.host}, last seen {max(age, 0):.0f} s ago"
            message = f"This job is already running in {who} ({details}). This attempt stops."
            raise Ended(ExitCode.ALREADY_RUNNING, message)

    def _confirm_ours(self) -> None:
        """Continue if the claim is still ours: a put whose answer was lost has changed the version."""
        stored = self._bucket.get(CLAIM_JSON)
        other = self._holder_in(stored) if stored else None
        if stored is not None and other is None and not self._is_sealed(stored):
            self._replace(stored)
            return
        if stored is None or other is None or other.token != self._holder.token:
            by = f" by attempt {other.attempt} on {other.host}" if other else ""
            raise Ended(ExitCode.CLAIM_LOST, f"This job has been taken over{by}. This attempt stops.")
        self._etag = stored.etag

    def _put(self, holder: Holder, if_match: str) -> str:
        body = json.dumps(asdict(holder)).encode()
        return self._bucket.put(CLAIM_JSON, body, metadata=self._seal.on(CLAIM_JSON, body), if_match=if_match)

    def _replace(self, foreign: Stored) -> None:
        """Put the claim over one that this job has not written. If that changes meanwhile, the next renewal does."""
        console.log("the claim was overwritten by somebody else, which counts for nothing")
        with suppress(Conflict, KeyError):
            self._etag = self._put(self._holder, foreign.etag)

    def _is_sealed(self, stored: Stored) -> bool:
        return self._seal.is_on(stored.metadata, CLAIM_JSON, stored.body)

    def _holder_in(self, stored: Stored) -> Holder | None:
        """Parse `claim.json`. None if this job has not written it, or it can't be read."""
        if not self._is_sealed(stored):
            return None
        try:
            return Holder(**json.loads(stored.body))
        except (ValueError, TypeError):
            return None
