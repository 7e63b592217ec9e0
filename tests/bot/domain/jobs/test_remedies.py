"""What is offered after an end, from what to what, and why nothing is."""

from dataclasses import replace

import pytest

from bot.domain.jobs.remedies import Limits, kept, mended, offer_for, out_of_gpu_memory
from bot.domain.model.job import Job
from bot.domain.model.states import EndReason
from bot.domain.remedy import Obstacle, RemedyKind, ResumeFrom
from tests.support.jobs import make_job
from tests.support.rows import changed

CHECKPOINT = ResumeFrom("k7q2mx", "s3://bucket/jobs/k7q2mx/", "key")
LARGE = Limits(12_288, 60_000, 14_400)


def failed(reason: EndReason, **changes: object) -> Job:
    return changed(make_job(timeout_seconds=7_200).ended(reason, 1_000_100.0), **changes)


class TestMemory:
    def test_half_as_much_more_in_whole_gib(self) -> None:
        for had, after in ((12_288, 18 * 1_024), (12_000, 18 * 1_024), (512, 1_024), (1_025, 2 * 1_024)):
            offer = offer_for(failed(EndReason.OUT_OF_MEMORY, memory_mib=had), replace(LARGE, memory_mib=had))
            assert offer is not None
            assert (offer.kind, offer.before, offer.after, offer.open) == (RemedyKind.MEMORY, had, after, True)

    def test_what_the_job_had_counts_and_else_what_its_definition_says(self) -> None:
        job = failed(EndReason.OUT_OF_MEMORY)
        offer = offer_for(changed(job, run=replace(job.run, memory_mib=0)), LARGE)
        assert offer is not None
        assert offer.before == 12_288

    def test_never_less_than_the_definition_asks_for_by_now(self) -> None:
        offer = offer_for(failed(EndReason.OUT_OF_MEMORY, memory_mib=8_192), replace(LARGE, memory_mib=24_576))
        assert offer is not None
        assert offer.after == 24_576

    def test_as_much_as_the_largest_machine_has_if_that_is_a_fifth_more(self) -> None:
        limits = replace(LARGE, most_memory_mib=15_073)
        offer = offer_for(failed(EndReason.OUT_OF_MEMORY, memory_mib=12_000), limits)
        assert offer is not None
        assert (offer.after, offer.open) == (14_848, True)
        offer = offer_for(failed(EndReason.OUT_OF_MEMORY, memory_mib=13_000), limits)
        assert offer is not None
        assert (offer.obstacle, offer.most, offer.open) == (Obstacle.MACHINES_TOO_SMALL, 15_073, False)

    @pytest.mark.parametrize("limits", [replace(LARGE, most_memory_mib=0), replace(LARGE, memory_mib=0)])
    def test_nothing_is_offered_if_nobody_knows_the_sizes(self, limits: Limits) -> None:
        offer = offer_for(failed(EndReason.OUT_OF_MEMORY), limits)
        assert offer is not None
        assert offer.obstacle is Obstacle.MACHINES_UNKNOWN


class TestTime:
    def test_half_as_long_again_up_to_the_projects_longest(self) -> None:
        job = failed(EndReason.TIMED_OUT)
        for longest, after in ((14_400, 10_800), (9_000, 9_000)):
            offer = offer_for(job, replace(LARGE, longest_seconds=longest, checkpoint=CHECKPOINT))
            assert offer is not None
            assert (offer.kind, offer.before, offer.after) == (RemedyKind.TIME, 7_200, after)
            assert offer.resume_from == CHECKPOINT

    def test_not_beyond_it(self) -> None:
        offer = offer_for(failed(EndReason.TIMED_OUT), replace(LARGE, longest_seconds=7_200))
        assert offer is not None
        assert (offer.obstacle, offer.most) == (Obstacle.LONGEST_TIME, 7_200)


def test_a_lost_machine_changes_nothing() -> None:
    offer = offer_for(failed(EndReason.HOST_LOST), replace(LARGE, checkpoint=CHECKPOINT))
    assert offer is not None
    assert (offer.kind, offer.before, offer.after, offer.resume_from) == (RemedyKind.AGAIN, 0, 0, CHECKPOINT)


@pytest.mark.parametrize(
    "reason",
    [each for each in EndReason if each not in (EndReason.OUT_OF_MEMORY, EndReason.TIMED_OUT, EndReason.HOST_LOST)],
)
def test_nothing_mends_any_other_end(reason: EndReason) -> None:
    assert offer_for(failed(reason), LARGE) is None


@pytest.mark.parametrize(
    "line",
    [
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has 14.6 GiB",
        "torch.cuda.OutOfMemoryError: CUDA out of memory.",
        "RuntimeError: CUDA error: out of memory",
        "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 1 GiB",
        "RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4770354232 bytes.",
        "XlaRuntimeError: RESOURCE_EXHAUSTED: Failed to allocate request for 6.27GiB (6727663616B) on device ordinal 0",
        "ResourceExhaustedError: OOM when allocating tensor with shape[64] on /device:GPU:0 by allocator GPU_0_bfc",
    ],
)
def test_gpu_memory_is_told_by_the_frameworks_own_words(line: str) -> None:
    assert out_of_gpu_memory(line)


@pytest.mark.parametrize(
    "line",
    [
        "MemoryError",
        "numpy._core._exceptions._ArrayMemoryError: Unable to allocate 29.8 GiB for an array",
        "RuntimeError: DataLoader worker (pid 31) is killed by signal: Killed.",
        "ResourceExhaustedError: OOM when allocating tensor with shape[64] on /device:CPU:0 by allocator cpu",
        "OutOfMemoryError: Container killed due to memory usage",
        "",
    ],
)
def test_other_memory_is_none_of_a_gpus(line: str) -> None:
    assert not out_of_gpu_memory(line)


class TestRetry:
    def test_the_run_has_what_is_offered_and_says_so(self) -> None:
        job = failed(EndReason.OUT_OF_MEMORY, memory_mib=12_288)
        offer = offer_for(job, replace(LARGE, checkpoint=CHECKPOINT))
        assert offer is not None
        run = mended(job, job.run, offer, by_bot=False)
        assert (run.memory_mib, run.timeout_seconds, run.resume_from) == (18_432, 7_200, CHECKPOINT)
        assert run.remedied is not None
        assert (run.remedied.of, run.remedied.before, run.remedied.after) == (job.id, 12_288, 18_432)

    def test_that_the_bot_has_retried_once_is_remembered_through_every_retry(self) -> None:
        job = failed(EndReason.OUT_OF_MEMORY, memory_mib=12_288)
        offer = offer_for(job, LARGE)
        assert offer is not None
        first = replace(job, run=mended(job, job.run, offer, by_bot=True))
        second = mended(first, first.run, offer, by_bot=False)
        assert second.remedied is not None
        assert second.remedied.by_bot

    def test_plain_retry_keeps_what_was_changed_unless_the_definition_has_it(self) -> None:
        job = failed(EndReason.OUT_OF_MEMORY, memory_mib=12_288)
        offer = offer_for(job, LARGE)
        assert offer is not None
        run = mended(job, job.run, offer, by_bot=False)
        assert kept(run, job.run, 12_288).memory_mib == 18_432
        assert kept(run, job.run, 24_576).memory_mib == 0
        assert kept(job.run, job.run, 12_288) is job.run

    def test_more_time_is_kept_too(self) -> None:
        job = failed(EndReason.TIMED_OUT)
        offer = offer_for(job, LARGE)
        assert offer is not None
        run = mended(job, job.run, offer, by_bot=False)
        assert kept(run, job.run, 0).timeout_seconds == 10_800
