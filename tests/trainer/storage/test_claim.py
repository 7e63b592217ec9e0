import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clock import Clock
from tests.support.memory_bucket import MemoryBucket
from trainer.contract import CLAIM_JSON, ExitCode
from trainer.errors import Ended
from trainer.storage import claim as claim_module
from trainer.storage.bucket import Bucket
from trainer.storage.claim import Claim, Holder

FIRST = Holder("one", "batch-1", 1, "host-1")


def taken(bucket: Bucket, holder: Holder, *, stale_seconds: float = 45.0) -> Claim:
    claim = Claim(bucket, holder, stale_seconds=stale_seconds)
    claim.take()
    return claim


def test_free_claim_is_taken(bucket: Bucket) -> None:
    claim = taken(bucket, FIRST)
    assert claim.earlier is None
    stored = bucket.get(CLAIM_JSON)
    assert stored is not None
    assert json.loads(stored.body) == asdict(FIRST)


@pytest.mark.parametrize(
    "second",
    [
        Holder("two", "batch-2", 1, "host-2"),
        Holder("two", "batch-2", 2, "host-2"),
        Holder("two", "batch-1", 1, "host-2"),
        Holder("two", "", 1, "host-2"),
    ],
)
def test_claim_of_a_live_attempt_is_not_taken(bucket: Bucket, second: Holder) -> None:
    first = taken(bucket, FIRST)
    with pytest.raises(Ended, match="already running in Batch job batch-1") as caught:
        taken(bucket, second)
    assert caught.value.trouble.code is ExitCode.ALREADY_RUNNING
    first.renew()


def test_later_attempt_of_the_same_batch_job_takes_over_at_once(bucket: Bucket) -> None:
    first = taken(bucket, FIRST)
    second = taken(bucket, Holder("two", "batch-1", 2, "host-2"))
    assert second.earlier is not None
    assert second.earlier.holder == FIRST
    with pytest.raises(Ended, match="taken over by attempt 2 on host-2") as caught:
        first.renew()
    assert caught.value.trouble.code is ExitCode.CLAIM_LOST
    second.renew()


def test_stale_claim_is_taken_over_by_any_attempt(bucket: Bucket) -> None:
    taken(bucket, FIRST)
    second = taken(bucket, Holder("two", "batch-2", 1, "host-2"), stale_seconds=-1)
    assert second.earlier is not None


def test_claim_of_a_failed_attempt_is_taken_over(bucket: Bucket) -> None:
    taken(bucket, FIRST).end(1)
    assert taken(bucket, Holder("two", "batch-2", 1, "host-2")).earlier is not None


def test_claim_of_a_successful_attempt_is_never_taken_over(bucket: Bucket) -> None:
    taken(bucket, FIRST).end(0)
    with pytest.raises(Ended, match="already succeeded, in Batch job batch-1"):
        taken(bucket, Holder("two", "batch-2", 1, "host-2"), stale_seconds=-1)


def test_renewal_survives_a_lost_answer(bucket: Bucket) -> None:
    claim = taken(bucket, FIRST)
    bucket.put(CLAIM_JSON, json.dumps(asdict(FIRST)).encode() + b"\n")
    claim.renew()
    claim.renew()


def test_unreadable_claim_is_replaced(bucket: Bucket) -> None:
    bucket.put(CLAIM_JSON, b"garbage")
    assert taken(bucket, FIRST).earlier is None


def test_one_of_many_attempts_gets_the_claim(bucket: Bucket) -> None:
    outcomes = []
    for number in range(5):
        try:
            taken(bucket, Holder(str(number), f"batch-{number}", 1, "host"))
            outcomes.append(number)
        except Ended:
            continue
    assert outcomes == [0]


def test_an_attempt_whose_first_answer_was_lost_keeps_its_own_claim(bucket: Bucket) -> None:
    """Its claim is there, and it is the holder itself: neither a live one that it waits for nor one that ended."""
    taken(bucket, FIRST)
    claim = taken(bucket, FIRST)
    claim.renew()
    claim.end(0)
    taken(bucket, FIRST).renew()


def test_a_holder_whose_claim_was_taken_over_does_not_renew_it(bucket: Bucket) -> None:
    first = taken(bucket, FIRST)
    second = taken(bucket, Holder("two", "batch-1", 2, "host-2"))
    with pytest.raises(Ended, match="taken over by attempt 2 on host-2") as caught:
        first.renew()
    assert caught.value.trouble.code is ExitCode.CLAIM_LOST
    second.renew()


def test_renewals_are_rarer_later_and_far_from_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(1000.0)
    monkeypatch.setattr(claim_module, "time", SimpleNamespace(monotonic=clock, time=clock))
    bucket: Any = MemoryBucket()
    claim = taken(bucket, FIRST)
    pauses = []
    while clock.now < 1000 + 7200:
        pauses.append(claim.pause())
        clock.tick(pauses[-1])
    assert pauses == [10.0] * 60 + [20.0] * 330
    assert max(pauses) * 2 < 45 < claim_module.STALE_SECONDS
