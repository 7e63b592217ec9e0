from typing import Any

import pytest

from deploy.sandbox.aws.batch import listing
from deploy.sandbox.aws.batch.errors import RefusedError
from deploy.sandbox.aws.batch.jobs import Job, Status
from tests.deploy.sandbox.aws.factory import QUEUE, Queue, job

NOW = 10_000


def listed(jobs: list[Job], as_of: int = NOW, **request: Any) -> list[str]:
    asked = {"jobQueue": "queue", **request}
    queue_arn = QUEUE.arn if asked.get("jobQueue") else None
    page = listing.page({each.id: each for each in jobs}, asked, queue_arn, as_of)
    return [each["jobId"] for each in page["jobSummaryList"]]


def moved(one: Job, status: Status, at: int = 2000) -> Job:
    one.status = status
    one.history.append((at, status))
    return one


def name_filter(*values: str) -> list[dict[str, Any]]:
    return [{"name": "JOB_NAME", "values": list(values)}]


def test_running_jobs_are_listed_newest_first_by_default() -> None:
    jobs = [moved(job(str(n)), Status.RUNNING) for n in range(3)] + [job("waiting")]
    assert listed(jobs) == ["2", "1", "0"]


def test_jobs_are_listed_by_status_and_queue() -> None:
    other = job("other", queue=Queue(name="other"))
    assert listed([job("mine"), other], jobStatus="SUBMITTED") == ["mine"]


def test_name_filter_ignores_case_and_status() -> None:
    jobs = [job("a", name="Train-1"), moved(job("b", name="train-1"), Status.FAILED), job("c", name="train-2")]
    assert listed(jobs, filters=name_filter("TRAIN-1"), jobStatus="RUNNING") == ["b", "a"]
    assert listed(jobs, filters=name_filter("train*")) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AFTER_CREATED_AT", "1000", ["new"]),
        ("BEFORE_CREATED_AT", "3000", ["old"]),
        ("JOB_DEFINITION", "trainer", ["new", "old"]),
        ("JOB_DEFINITION", "trainer:3", ["new", "old"]),
        ("JOB_DEFINITION", "trainer:4", []),
    ],
)
def test_other_filters(name: str, value: str, expected: list[str]) -> None:
    jobs = [job("old"), job("new", created_at=3000)]
    assert listed(jobs, filters=[{"name": name, "values": [value]}]) == expected


def test_listed_states_are_as_old_as_requested() -> None:
    one = moved(job("1", created_at=1000), Status.RUNNING, at=2000)
    assert listed([one], as_of=999, jobStatus="SUBMITTED") == []
    assert listed([one], as_of=1999, jobStatus="SUBMITTED") == ["1"]
    assert listed([one], as_of=2000) == ["1"]


@pytest.mark.parametrize(("filters", "most"), [([], 1000), (name_filter("job"), 100)])
def test_listing_is_paged(filters: list[dict[str, Any]], most: int) -> None:
    jobs = {str(n): moved(job(str(n)), Status.RUNNING) for n in range(most + 1)}
    request: dict[str, Any] = {"jobQueue": "queue", "filters": filters, "maxResults": 5000}
    first = listing.page(jobs, request, QUEUE.arn, NOW)
    rest = listing.page(jobs, {**request, "nextToken": first["nextToken"]}, QUEUE.arn, NOW)
    assert len(first["jobSummaryList"]) == most
    assert [each["jobId"] for each in rest["jobSummaryList"]] == ["0"]
    assert "nextToken" not in rest


def test_children_are_listed_only_by_their_array() -> None:
    parent = job("p")
    parent.children = [
        moved(Job(f"p:{n}", "arn", parent.spec, 1000, index=n, parent=parent), Status.RUNNING) for n in (0, 1)
    ]
    everything = [parent, *parent.children]
    assert listed(everything, jobQueue=None, arrayJobId="p") == ["p:0", "p:1"]
    assert listed(everything, filters=name_filter("job")) == ["p"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"jobStatus": "DONE"}, "must be one of SUBMITTED"),
        ({"filters": name_filter("a") + name_filter("b")}, "Only one filter"),
        ({"filters": [{"name": "OWNER", "values": ["x"]}]}, "must be one of JOB_NAME"),
        ({"arrayJobId": "p"}, "Exactly one"),
        ({"nextToken": "x"}, "Invalid nextToken"),
    ],
)
def test_refusals_name_valid_values(request_: dict[str, Any], says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        listed([moved(job(), Status.RUNNING)], **request_)


def test_summaries_have_no_tags() -> None:
    page = listing.page({"1": moved(job(), Status.RUNNING)}, {"jobQueue": "queue"}, QUEUE.arn, NOW)
    assert "tags" not in page["jobSummaryList"][0]
