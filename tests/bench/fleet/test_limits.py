"""Which calls are counted, and which exceed a limit."""

from bench.fleet.limits import Ledger, TokenBucket, a_minute, worst


def test_a_bucket_fills_at_its_rate_up_to_one_second() -> None:
    bucket = TokenBucket(2)
    assert [bucket.take(100) for _ in range(3)] == [True, True, False]
    assert [bucket.take(100.5) for _ in range(2)] == [True, False]
    assert [bucket.take(200) for _ in range(3)] == [True, True, False]


def test_describe_and_list_share_a_limit_of_their_own() -> None:
    ledger = Ledger()
    asked = [("DescribeJobs", "ListJobs")[each % 2] for each in range(12)]
    assert [ledger.admit(action, 1_000) for action in asked] == [True] * 10 + [False] * 2
    assert all(ledger.admit("GetObject", 1_000) for _ in range(100))
    assert ledger.admit("SubmitJob", 1_000)
    assert ledger.counts == {"DescribeJobs": 6, "ListJobs": 6, "GetObject": 100, "SubmitJob": 1}
    assert ledger.throttled == {"DescribeJobs": 1, "ListJobs": 1}
    assert ledger.times(["SubmitJob"]) == [1_000]


def test_the_worst_minute_begins_anywhere() -> None:
    times = [0.0, 50.0, 59.0, 61.0, 100.0, 109.9, 110.0, 500.0]
    assert worst(times) == 5
    assert worst(times, 1) == 2
    assert worst([]) == 0


def test_a_mean_needs_two_times() -> None:
    assert a_minute([0.0, 30.0, 60.0]) == 3
    assert a_minute([5.0]) == a_minute([]) == 0
