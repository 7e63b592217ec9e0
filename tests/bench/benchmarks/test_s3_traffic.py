"""The counts, in ten minutes of a clock that is set: the same on every machine."""

import pytest

from bench.benchmarks import s3_traffic
from trainer.contract import CLAIM_JSON, METRICS_CSV, RESUME_JSON


@pytest.fixture(scope="module")
def before() -> s3_traffic.CountingBucket:
    return s3_traffic.measure(600, constant=True)[0]


def test_earlier_versions_sent_the_table_each_second(before: s3_traffic.CountingBucket) -> None:
    assert before.puts[METRICS_CSV] == 600
    assert before.puts[CLAIM_JSON] == 62


def test_now_it_is_sent_at_growing_pauses(before: s3_traffic.CountingBucket) -> None:
    now, job = s3_traffic.measure(600)
    assert now.puts[METRICS_CSV] < 100
    assert now.sent[METRICS_CSV] < before.sent[METRICS_CSV] / 5
    assert now.sent[METRICS_CSV] < 22 * len(job.rows.table)
    assert job.oldest <= 30
    assert job.rows.read == 601


def test_each_checkpoint_is_stored() -> None:
    bucket, _ = s3_traffic.measure(600, checkpoints=True)
    assert bucket.puts["checkpoint.pt"] == 10
    assert bucket.puts[RESUME_JSON] >= 9
