from deploy.sandbox.aws.common.ledger import Ledger


def test_entries_are_numbered_in_order() -> None:
    times = iter([1.0, 2.0])
    ledger = Ledger(lambda: next(times))
    ledger.add("job.submit", jobId="a")
    ledger.add("job.state", jobId="a", status="RUNNABLE")
    assert ledger.entries() == [
        {"n": 1, "at": 1.0, "kind": "job.submit", "jobId": "a"},
        {"n": 2, "at": 2.0, "kind": "job.state", "jobId": "a", "status": "RUNNABLE"},
    ]


def test_entries_are_filtered_by_kind_and_number() -> None:
    ledger = Ledger(lambda: 1.0)
    for kind in ("a", "b", "a"):
        ledger.add(kind)
    assert [entry["n"] for entry in ledger.entries(kind="a")] == [1, 3]
    assert [entry["n"] for entry in ledger.entries(after=1)] == [2, 3]


def test_each_log_stream_has_one_counting_entry() -> None:
    ledger = Ledger(lambda: 1.0)
    ledger.count_lines("group", "a", ["one", "☺"])
    ledger.count_lines("group", "b", ["x"])
    ledger.count_lines("group", "a", ["three"])
    counts = [(entry["stream"], entry["lines"], entry["bytes"]) for entry in ledger.entries()]
    assert counts == [("a", 3, 11), ("b", 1, 1)]


def test_returned_entries_are_copies() -> None:
    ledger = Ledger(lambda: 1.0)
    ledger.count_lines("group", "a", ["one"])
    before = ledger.entries()
    ledger.count_lines("group", "a", ["two"])
    assert before[0]["lines"] == 1
