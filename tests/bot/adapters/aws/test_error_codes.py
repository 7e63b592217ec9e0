"""What AWS can do wrong, and what becomes of it."""

import asyncio
import dataclasses
from pathlib import Path

import pytest

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients, aws_clients
from bot.adapters.aws.cloudwatch import AwsLogs
from bot.adapters.aws.event_queue import AwsEvents
from bot.adapters.aws.s3 import AwsArtifacts
from bot.errors import Denied, Missing, Refused, ServiceError, Throttled, Unavailable
from bot.ports.engine import SubmitCall
from tests.bot.adapters.vendor import Answer, Vendor, error, lost, ok, page, torn
from tests.support.clock import skip
from tests.support.waiting import async_until

SUBMISSION = SubmitCall("k7q2mx", "queue", "definition", ("python", "train.py"), {"A": "1"}, {"t": "v"}, 7200)
HTML = "<html><body><h1>It is not us</h1></body></html>"


@pytest.mark.slow
class TestSubmit:
    """The one call that must not be repeated."""

    async def test_gives_the_id(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(ok({"jobId": "b-1", "jobName": "k7q2mx", "jobArn": "arn"}))
        assert await BatchEngine(odd_aws).submit(SUBMISSION) == "b-1"
        assert vendor.asked[0].body == {
            "jobName": "k7q2mx",
            "jobQueue": "queue",
            "jobDefinition": "definition",
            "containerOverrides": {
                "command": ["python", "train.py"],
                "environment": [{"name": "A", "value": "1"}],
            },
            "timeout": {"attemptDurationSeconds": 7200},
            "tags": {"t": "v"},
            "propagateTags": True,
        }

    async def test_never_asks_for_less_than_the_shortest_timeout(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(ok({"jobId": "b-1"}))
        await BatchEngine(odd_aws).submit(dataclasses.replace(SUBMISSION, timeout_seconds=5))
        assert vendor.asked[0].body["timeout"] == {"attemptDurationSeconds": 60}

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (lost, Unavailable),
            (torn, Unavailable),
            (error(500, "ServerException"), Unavailable),
            (page(502, HTML), Unavailable),
            (page(200, HTML), Unavailable),
            (page(200, "[1, 2]", "application/json"), Unavailable),
            (page(200, '{"jobId": ', "application/json"), Unavailable),
            (page(200, "", "application/json"), Unavailable),
            (error(429, "TooManyRequestsException"), Throttled),
            (page(429, HTML), Throttled),
            (error(400, "ClientException"), Refused),
            (error(403, "AccessDeniedException"), Denied),
            (error(403, "UnrecognizedClientException"), Denied),
        ],
    )
    async def test_is_sent_once_whatever_comes_back(
        self, vendor: Vendor, odd_aws: AwsClients, answer: Answer, kind: type[ServiceError]
    ) -> None:
        vendor.answers_with(answer)
        with pytest.raises(ServiceError) as caught:
            await BatchEngine(odd_aws).submit(SUBMISSION)
        assert type(caught.value) is kind
        assert len(vendor.asked) == 1

    async def test_is_not_repeated_on_a_connection_that_served_before(
        self, vendor: Vendor, odd_aws: AwsClients
    ) -> None:
        """HTTP clients like to repeat a request whose kept-alive connection breaks."""
        vendor.answers_with(ok({"jobId": "b-1"}), lost)
        batch = BatchEngine(odd_aws)
        await batch.submit(SUBMISSION)
        with pytest.raises(Unavailable):
            await batch.submit(SUBMISSION)
        assert len(vendor.asked) == 2

    async def test_would_be_repeated_by_the_other_client(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        """What `batch_once` is for: with the SDK's retries one lost answer makes two jobs."""
        vendor.answers_with(lost, ok({"jobId": "b-2"}))
        careless = dataclasses.replace(odd_aws, batch_once=odd_aws.batch)
        assert await BatchEngine(careless).submit(SUBMISSION) == "b-2"
        assert len(vendor.asked) == 2

    async def test_nobody_listens(self, vendor: Vendor) -> None:
        async with aws_clients("us-east-1", "http://127.0.0.1:1") as clients:
            with pytest.raises(Unavailable, match="Batch SubmitJob: AWS gave no valid answer"):
                await BatchEngine(clients).submit(SUBMISSION)

    async def test_an_answer_that_never_comes(self, vendor: Vendor) -> None:
        vendor.answers_with(vendor.hangs)
        async with aws_clients("us-east-1", vendor.url, read_seconds=30) as clients:
            submitting = asyncio.create_task(BatchEngine(clients).submit(SUBMISSION))
            await async_until(lambda: vendor.asked)
            skip(30)
            with pytest.raises(Unavailable):
                await submitting
        assert len(vendor.asked) == 1

    async def test_values_that_cannot_be_sent(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        wrong = dataclasses.replace(SUBMISSION, environment={"A": 1})  # type: ignore[dict-item]
        with pytest.raises(Refused, match="was not sent"):
            await BatchEngine(odd_aws).submit(wrong)
        assert vendor.asked == []

    async def test_without_credentials(self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        async with aws_clients("us-east-1", vendor.url) as clients:
            with pytest.raises(Denied, match="Give the bot valid AWS credentials"):
                await BatchEngine(clients).submit(SUBMISSION)
        assert vendor.asked == []

    async def test_a_profile_that_does_not_exist(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(Denied, match="nobody"):
            async with aws_clients("us-east-1"):
                raise AssertionError("it must not open")


@pytest.mark.slow
class TestReads:
    """What is not understood must never pass for "nothing there"."""

    @pytest.mark.parametrize("answer", [page(200, HTML), page(200, "{}", "application/json"), torn])
    async def test_odd_answers(self, vendor: Vendor, odd_aws: AwsClients, answer: Answer) -> None:
        vendor.answers_with(answer)
        batch = BatchEngine(odd_aws)
        for call in (batch.describe(["b-1"]), batch.find("q", "n"), batch.live("q")):
            with pytest.raises(Unavailable):
                await call
        with pytest.raises(Unavailable):
            await AwsLogs(odd_aws).read("group", ["stream"], 0)

    async def test_a_state_that_nobody_knows(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(ok({"jobs": [{"jobId": "b-1", "jobName": "n", "status": "DREAMING"}]}))
        with pytest.raises(Unavailable, match="DREAMING"):
            await BatchEngine(odd_aws).describe(["b-1"])

    @pytest.mark.parametrize("answer", [page(200, HTML), page(200, "<a/>", "text/xml"), page(200, "x", "text/xml")])
    async def test_odd_lists_of_objects(self, vendor: Vendor, odd_aws: AwsClients, answer: Answer) -> None:
        vendor.answers_with(answer)
        with pytest.raises(Unavailable):
            await AwsArtifacts(odd_aws).list("s3://bucket/jobs/k7q2mx/")

    async def test_an_object_that_is_torn(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(torn)
        with pytest.raises(Unavailable):
            await AwsArtifacts(odd_aws).read("s3://bucket/jobs/k7q2mx/metrics.csv", limit=1 << 20)

    async def test_a_page_in_place_of_s3_is_no_object_and_no_put(
        self, vendor: Vendor, odd_aws: AwsClients, tmp_path: Path
    ) -> None:
        vendor.answers_with(page(200, HTML))
        source = tmp_path / "log.txt"
        source.write_text("all of it")
        with pytest.raises(Unavailable):
            await AwsArtifacts(odd_aws).write("s3://bucket/jobs/k7q2mx/log.txt", source, "text/plain")
        with pytest.raises(Unavailable):
            await AwsArtifacts(odd_aws).read("s3://bucket/jobs/k7q2mx/metrics.csv", limit=1 << 20)

    async def test_a_put_whose_answer_is_lost_is_sent_again_whole(
        self, vendor: Vendor, odd_aws: AwsClients, tmp_path: Path
    ) -> None:
        vendor.answers_with(lost, page(200, "", ETag="1"))
        source = tmp_path / "log.txt"
        source.write_text('{"all": "of it"}')
        await AwsArtifacts(odd_aws).write("s3://bucket/jobs/k7q2mx/log.txt", source, "text/plain")
        assert [asked.body for asked in vendor.asked] == [{"all": "of it"}] * 2

    async def test_an_upload_that_nobody_takes_ends(self, vendor: Vendor, odd_aws: AwsClients, tmp_path: Path) -> None:
        vendor.answers_with(vendor.hangs)
        source = tmp_path / "log.txt"
        source.write_text("x")
        with pytest.raises(Unavailable, match="S3 PutObject"):
            await AwsArtifacts(odd_aws, patience=0.2).write("s3://bucket/log.txt", source, "text/plain")

    async def test_reads_are_tried_again(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(error(500, "ServerException"), ok({"jobs": []}))
        assert await BatchEngine(odd_aws).describe(["b-1"]) == {}

    async def test_whoever_reads_logs_sees_every_throttling(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(error(400, "ThrottlingException", "Rate exceeded", retry_after="2"), ok({"events": []}))
        with pytest.raises(Throttled, match="Rate exceeded") as caught:
            await AwsLogs(odd_aws).read("group", ["stream"], 0)
        assert caught.value.retry_after == 2.0
        assert len(vendor.asked) == 1

    async def test_a_queue_that_is_not_there(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(error(400, "com.amazonaws.sqs#QueueDoesNotExist", "no such queue"))
        with pytest.raises(Missing, match="no such queue"):
            await AwsEvents(odd_aws, f"{vendor.url}/1/events").receive(0)
