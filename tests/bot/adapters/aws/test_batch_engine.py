"""Jobs as Batch describes them, read; and the real calls against jobs that run."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.aws.batch_engine import BatchEngine
from bot.adapters.aws.clients import AwsClients
from bot.domain.model.observation import Attempt, Observation, end_reason
from bot.domain.model.states import EndReason, JobState, WaitCause
from bot.domain.money.machine import Resources as JobResources
from bot.errors import Missing, Refused
from bot.ports.engine import SubmitCall
from deploy.sandbox.aws.resources import Resources
from tests.bot.adapters.vendor import Asked, Vendor, error, ok
from tests.support.waiting import PATIENCE

DETAIL: dict[str, Any] = {"jobId": "b-1", "jobName": "signalbox-k7q2mx", "status": "RUNNING", "createdAt": 1_000_500}


@pytest.mark.slow
class TestObservation:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html, read."""

    @pytest.fixture
    def observed(self, vendor: Vendor, odd_aws: AwsClients) -> Any:
        async def observe(**detail: Any) -> Observation:
            vendor.answers_with(ok({"jobs": [{**DETAIL, **detail}]}))
            return (await BatchEngine(odd_aws).describe(["b-1"]))["b-1"]

        return observe

    async def test_times_are_seconds_and_tags_come_along(self, observed: Any) -> None:
        seen = await observed(
            status="FAILED",
            statusReason="Essential container in task exited",
            startedAt=1_001_250,
            stoppedAt=1_002_750,
            isTerminated=True,
            tags={"signalbox:job": "k7q2mx"},
        )
        assert seen == Observation(
            engine_id="b-1",
            name="signalbox-k7q2mx",
            state=JobState.FAILED,
            status_reason="Essential container in task exited",
            created_at=1000.5,
            started_at=1001.25,
            stopped_at=1002.75,
            tags=(("signalbox:job", "k7q2mx"),),
            terminated=True,
        )

    async def test_a_job_cancelled_by_hand_counts_as_terminated(self, observed: Any) -> None:
        assert (await observed(status="FAILED", isCancelled=True)).terminated

    async def test_a_job_that_waits_has_no_attempt(self, observed: Any) -> None:
        assert (await observed(status="RUNNABLE", container={"image": "x"}, attempts=[])).attempts == ()

    async def test_the_cause_of_a_wait_is_read_while_it_waits(self, observed: Any) -> None:
        reason = "UNDETERMINED - Batch job is blocked, root cause is undetermined."
        seen = await observed(status="RUNNABLE", statusReason=reason, attempts=[])
        assert (seen.wait, seen.status_reason) == (WaitCause.UNDETERMINED, reason)
        ended = {"container": {"exitCode": 1}, "statusReason": "Essential container in task exited", "stoppedAt": 1}
        left_over = await observed(status="RUNNABLE", statusReason=ended["statusReason"], attempts=[ended])
        assert left_over.wait is WaitCause.NO_REASON
        assert (await observed(status="RUNNING", statusReason=reason, container={})).wait is None

    @pytest.mark.parametrize("cancelled", [True, False])
    async def test_a_job_that_its_queue_cancelled_never_started(self, observed: Any, cancelled: bool) -> None:
        reason = "Canceled by JobStateTimeLimit action due to reason: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
        seen = await observed(status="FAILED", statusReason=reason, attempts=[], isCancelled=cancelled)
        assert (seen.reason, seen.wait) == (EndReason.NEVER_STARTED, WaitCause.MACHINES_TOO_SMALL)
        assert end_reason(seen, stop_requested=False) is EndReason.NEVER_STARTED
        assert end_reason(seen, stop_requested=True) is EndReason.STOPPED
        lost = {"container": {}, "statusReason": "Host EC2 (instance i-1) terminated.", "stoppedAt": 1}
        again = await observed(status="FAILED", statusReason=reason, attempts=[lost], isCancelled=cancelled)
        assert end_reason(again, stop_requested=False) is EndReason.HOST_LOST

    async def test_a_job_that_failed_without_an_attempt_did_not_start(self, observed: Any) -> None:
        reason = "Container Overrides length must be at most 8192"
        assert (await observed(status="FAILED", statusReason=reason, attempts=[])).reason is EndReason.NOT_STARTED
        empty = [{"container": {"networkInterfaces": []}, "statusReason": reason}]
        assert (await observed(status="FAILED", statusReason=reason, attempts=empty)).reason is EndReason.NOT_STARTED
        array = {"size": 2, "statusSummary": {"FAILED": 2}}
        assert (
            await observed(status="FAILED", statusReason="Array Child Job failed", arrayProperties=array)
        ).reason is None

    async def test_the_attempt_under_way(self, observed: Any) -> None:
        seen = await observed(startedAt=1_001_000, container={"logStreamName": "s/1"}, attempts=[])
        assert seen.attempts == (Attempt(log_stream="s/1", started_at=1001.0),)

    async def test_an_attempt_that_starts_has_no_stream_yet(self, observed: Any) -> None:
        assert (await observed(status="STARTING", container={})).attempts == (Attempt(),)

    async def test_the_second_attempt_comes_after_the_ended_one(self, observed: Any) -> None:
        ended = {
            "container": {"logStreamName": "s/1", "exitCode": 137, "reason": ""},
            "startedAt": 1_001_000,
            "stoppedAt": 1_002_000,
            "statusReason": "Host EC2 (instance i-1) terminated.",
        }
        seen = await observed(startedAt=1_003_000, container={"logStreamName": "s/2"}, attempts=[ended])
        assert seen.attempts == (
            Attempt("s/1", 1001.0, 1002.0, 137, "Host EC2 (instance i-1) terminated."),
            Attempt("s/2", 1003.0),
        )

    @pytest.mark.parametrize("status", ["RUNNING", "RUNNABLE", "STARTING", "SUCCEEDED", "FAILED"])
    async def test_an_ended_attempt_is_not_told_twice(self, observed: Any, status: str) -> None:
        """`container` goes on showing the last attempt after it has ended."""
        container = {"logStreamName": "s/1", "exitCode": 1}
        ended = {"container": container, "startedAt": 1_001_000, "stoppedAt": 1_002_000}
        seen = await observed(status=status, startedAt=1_001_000, container=container, attempts=[ended])
        assert [attempt.log_stream for attempt in seen.attempts] == ["s/1"]

    async def test_an_ended_attempt_without_times_has_ended(self, observed: Any) -> None:
        reason = "CannotPullContainerError: no such image"
        seen = await observed(
            status="FAILED", stoppedAt=1_004_000, attempts=[{"container": {"reason": reason}, "statusReason": "failed"}]
        )
        assert seen.attempts == (Attempt(stopped_at=1004.0, reason=reason),)

    async def test_a_job_that_ended_with_its_container_alone(self, observed: Any) -> None:
        seen = await observed(
            status="FAILED", startedAt=1_001_000, stoppedAt=1_002_000, container={"exitCode": 3, "logStreamName": "s/1"}
        )
        assert seen.attempts == (Attempt("s/1", 1001.0, 1002.0, 3),)

    async def test_a_job_that_submission_lost_has_no_attempt(self, observed: Any) -> None:
        seen = await observed(status="FAILED", stoppedAt=1_002_000, container={"image": "x"}, attempts=[])
        assert seen.attempts == ()

    async def test_an_array_tells_of_its_children(self, observed: Any) -> None:
        counts = {"STARTING": 0, "FAILED": 1, "RUNNABLE": 9_990, "RUNNING": 9, "SUCCEEDED": 0}
        seen = await observed(status="PENDING", arrayProperties={"size": 10_000, "statusSummary": counts})
        assert seen.children == ((JobState.RUNNABLE, 9_990), (JobState.RUNNING, 9), (JobState.FAILED, 1))

    async def test_a_child_has_none(self, observed: Any) -> None:
        assert (await observed(arrayProperties={"index": 7})).children == ()


@pytest.mark.slow
class TestCalls:
    """How Batch is asked."""

    async def test_describes_a_hundred_a_call_and_keeps_its_pace(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        vendor.answers_with(ok({"jobs": []}))
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(round(seconds, 6))

        batch = BatchEngine(odd_aws, read_interval=0.25, now=lambda: 100.0, sleep=sleep)
        ids = [f"b-{n}" for n in range(250)]
        assert await batch.describe([*ids, "b-0"]) == {}
        assert [len(asked.body["jobs"]) for asked in vendor.asked] == [100, 100, 50]
        assert slept == [0.25, 0.5]

    async def test_describing_nothing_asks_nothing(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        assert await BatchEngine(odd_aws).describe([]) == {}
        assert vendor.asked == []

    async def test_finds_by_the_exact_name_over_all_pages(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        jobs = [
            {"jobId": "b-2", "jobName": "sb-k7", "status": "RUNNING", "createdAt": 2000},
            {"jobId": "b-1", "jobName": "sb-k7", "status": "FAILED", "createdAt": 1000},
            {"jobId": "b-3", "jobName": "SB-K7", "status": "RUNNING", "createdAt": 500},
        ]
        summaries = [{"jobId": job["jobId"], "jobName": job["jobName"]} for job in jobs]
        vendor.answers_with(
            ok({"jobSummaryList": summaries[:1], "nextToken": "more"}),
            ok({"jobSummaryList": summaries[1:]}),
            ok({"jobs": jobs}),
        )
        found = await BatchEngine(odd_aws, read_interval=0).find("queue", "sb-k7")
        assert [seen.engine_id for seen in found] == ["b-1", "b-2"]
        query = {"jobQueue": "queue", "filters": [{"name": "JOB_NAME", "values": ["sb-k7"]}]}
        assert [asked.body for asked in vendor.asked] == [
            query,
            {**query, "nextToken": "more"},
            {"jobs": ["b-2", "b-1", "b-3"]},
        ]

    async def test_live_asks_for_every_unfinished_state(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        """A job that ended between the listing and the description is not live."""
        jobs = [{"jobId": f"b-{state}", "jobName": "n", "status": state} for state in ("PENDING", "SUCCEEDED")]
        listed = ok({"jobSummaryList": [{"jobId": "b-PENDING"}, {"jobId": "b-SUCCEEDED"}]})
        nothing = ok({"jobSummaryList": []})
        vendor.answers_with(nothing, listed, nothing, nothing, nothing, ok({"jobs": jobs}))
        live = await BatchEngine(odd_aws, read_interval=0).live("queue")
        assert [seen.engine_id for seen in live] == ["b-PENDING"]
        assert [asked.body["jobStatus"] for asked in vendor.asked[:-1]] == [
            *("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
        ]

    async def test_what_was_made_since_is_asked_of_batch_in_milliseconds(
        self, vendor: Vendor, odd_aws: AwsClients
    ) -> None:
        jobs = [
            {"jobId": "b-2", "jobName": "n", "status": "RUNNING", "createdAt": 2000},
            {"jobId": "b-1", "jobName": "m", "status": "SUCCEEDED", "createdAt": 1000},
        ]
        vendor.answers_with(ok({"jobSummaryList": [{"jobId": "b-2"}, {"jobId": "b-1"}]}), ok({"jobs": jobs}))
        made = await BatchEngine(odd_aws, read_interval=0).made_since("queue", 0.9)
        assert [seen.engine_id for seen in made] == ["b-1", "b-2"], "the finished ones too, oldest first"
        assert vendor.asked[0].body["filters"] == [{"name": "AFTER_CREATED_AT", "values": ["900"]}]

    async def test_children_are_listed_by_state_over_all_pages(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        pages = [[f"b-1:{index}" for index in range(start, start + 1_000)] for start in (0, 1_000)]
        listed = [{"jobSummaryList": [{"jobId": each} for each in page]} for page in pages]
        vendor.answers_with(ok(listed[0] | {"nextToken": "more"}), ok(listed[1]))
        found = await BatchEngine(odd_aws, read_interval=0).children("b-1", JobState.FAILED)
        assert found == [*pages[0], *pages[1]]
        query = {"arrayJobId": "b-1", "jobStatus": "FAILED"}
        assert [asked.body for asked in vendor.asked] == [query, {**query, "nextToken": "more"}]

    @pytest.mark.parametrize(("size", "sent"), [(0, None), (2, {"size": 2}), (10_000, {"size": 10_000})])
    async def test_an_array_is_asked_for_by_its_size(
        self, vendor: Vendor, odd_aws: AwsClients, size: int, sent: object
    ) -> None:
        vendor.answers_with(ok({"jobId": "b-1", "jobName": "n"}))
        await BatchEngine(odd_aws).submit(SubmitCall("n", "q", "d", ("true",), {}, {}, 60, array_size=size))
        assert vendor.asked[0].body.get("arrayProperties") == sent

    @pytest.mark.parametrize(
        ("resources", "sent"),
        [
            (JobResources(), None),
            (JobResources(vcpus=8), [{"type": "VCPU", "value": "8"}]),
            (
                JobResources(8, 32_768, 2),
                [
                    {"type": "VCPU", "value": "8"},
                    {"type": "MEMORY", "value": "32768"},
                    {"type": "GPU", "value": "2"},
                ],
            ),
        ],
    )
    async def test_only_the_resources_that_are_named_are_overridden(
        self, vendor: Vendor, odd_aws: AwsClients, resources: JobResources, sent: object
    ) -> None:
        vendor.answers_with(ok({"jobId": "b-1", "jobName": "n"}))
        await BatchEngine(odd_aws).submit(SubmitCall("n", "q", "d", ("true",), {}, {}, 60, resources=resources))
        overrides = vendor.asked[0].body["containerOverrides"]
        assert overrides.get("resourceRequirements") == sent
        assert not {"vcpus", "memory"} & overrides.keys()

    async def test_terminating_what_has_ended_is_no_error(self, vendor: Vendor, odd_aws: AwsClients) -> None:
        ended = ok({"jobs": [{"jobId": "b-1", "jobName": "n", "status": "SUCCEEDED"}]})
        vendor.answers_with(error(400, "ClientException", "it has ended"), ended)
        await BatchEngine(odd_aws).terminate("b-1", "asked by @mika")
        assert vendor.asked[0] == Asked("POST", "/v1/terminatejob", vendor.asked[0].headers, vendor.asked[0].body)
        assert vendor.asked[0].body == {"jobId": "b-1", "reason": "asked by @mika"}

    @pytest.mark.parametrize("state", ["RUNNING", None])
    async def test_a_refused_termination_of_a_live_or_unknown_job_is_told(
        self, vendor: Vendor, odd_aws: AwsClients, state: str | None
    ) -> None:
        jobs = [{"jobId": "b-1", "jobName": "n", "status": state}] if state else []
        vendor.answers_with(error(400, "ClientException", "not that one"), ok({"jobs": jobs}))
        with pytest.raises(Refused, match="not that one"):
            await BatchEngine(odd_aws).terminate("b-1", "why")


@pytest.mark.slow
class TestRunning:
    """Against jobs that run as processes."""

    def submission(self, resources: Resources, name: str, *command: str, **environment: str) -> SubmitCall:
        return SubmitCall(
            name, resources.queue, resources.job_definition, command, environment, {"signalbox:job": name}, 3600
        )

    async def ended(self, batch: BatchEngine, engine_id: str) -> Observation:
        async with asyncio.timeout(PATIENCE):
            while not (seen := (await batch.describe([engine_id]))[engine_id]).state.terminal:
                await asyncio.sleep(0.02)
        return seen

    async def test_a_job_from_submission_to_its_end(self, aws: AwsClients, resources: Resources) -> None:
        batch = BatchEngine(aws, read_interval=0)
        engine_id = await batch.submit(self.submission(resources, "sb-whole", "sh", "-c", "echo $LR; exit 3", LR="0.1"))
        seen = await self.ended(batch, engine_id)
        assert (seen.name, seen.state, seen.last.exit_code, len(seen.attempts)) == ("sb-whole", JobState.FAILED, 3, 1)
        assert dict(seen.tags)["signalbox:job"] == "sb-whole"
        assert dict(seen.environment)["LR"] == "0.1"
        assert engine_id in [each.engine_id for each in await batch.made_since(resources.queue, 0)]
        assert seen.last.log_stream
        assert seen.created_at
        assert seen.started_at
        assert seen.stopped_at
        assert seen.created_at <= seen.started_at <= seen.stopped_at
        assert [found.engine_id for found in await batch.find(resources.queue, "sb-whole")] == [engine_id]
        assert await batch.find(resources.queue, "sb-who") == []

    async def test_a_live_job_is_found_and_ended_once(self, aws: AwsClients, resources: Resources) -> None:
        batch = BatchEngine(aws, read_interval=0)
        engine_id = await batch.submit(self.submission(resources, "sb-long", "sleep", "60"))
        live = await batch.live(resources.queue)
        assert [dict(seen.tags)["signalbox:job"] for seen in live] == ["sb-long"]
        await batch.terminate(engine_id, "stopped by @mika")
        seen = await self.ended(batch, engine_id)
        assert seen.terminated
        assert "stopped by @mika" in seen.status_reason
        await batch.terminate(engine_id, "once more")
        assert await batch.live(resources.queue) == []

    def array(self, resources: Resources, name: str, size: int, *command: str) -> SubmitCall:
        return replace(self.submission(resources, name, *command), array_size=size)

    async def reached(self, batch: BatchEngine, engine_id: str, state: JobState, count: int) -> list[str]:
        """The children of an array, once that number is in that state."""
        async with asyncio.timeout(PATIENCE):
            while len(children := await batch.children(engine_id, state)) < count:
                await asyncio.sleep(0.02)
        return children

    async def test_an_array_from_submission_to_its_end(
        self, aws: AwsClients, resources: Resources, tmp_path: Path
    ) -> None:
        batch = BatchEngine(aws, read_interval=0)
        script = f"until test -e {tmp_path}/go; do sleep 0.02; done; exit $((AWS_BATCH_JOB_ARRAY_INDEX == 1 ? 3 : 0))"
        engine_id = await batch.submit(self.array(resources, "sb-array", 3, "sh", "-c", script))
        assert (await batch.describe([engine_id]))[engine_id].state in (JobState.SUBMITTED, JobState.PENDING)
        (tmp_path / "go").touch()
        seen = await self.ended(batch, engine_id)
        assert seen.state is JobState.FAILED
        assert seen.children == ((JobState.SUCCEEDED, 2), (JobState.FAILED, 1))
        assert await batch.children(engine_id, JobState.SUCCEEDED) == [f"{engine_id}:0", f"{engine_id}:2"]
        assert await batch.children(engine_id, JobState.FAILED) == [f"{engine_id}:1"]
        assert await batch.children(engine_id, JobState.RUNNING) == []
        children = await batch.describe([f"{engine_id}:{index}" for index in range(3)])
        assert [child.last.exit_code for child in children.values()] == [0, 3, 0]
        assert len({child.last.log_stream for child in children.values()} - {None}) == 3
        assert {child.children for child in children.values()} == {()}
        assert [found.engine_id for found in await batch.find(resources.queue, "sb-array")] == [engine_id]

    async def test_one_child_is_ended_and_then_the_whole_array(self, aws: AwsClients, resources: Resources) -> None:
        """Two run at a time, so that the third begins when the first has been ended."""
        batch = BatchEngine(aws, read_interval=0)
        engine_id = await batch.submit(self.array(resources, "sb-long-array", 4, "sleep", "60"))
        first, second = await self.reached(batch, engine_id, JobState.RUNNING, 2)
        await batch.terminate(first, "it cannot win")
        assert await self.reached(batch, engine_id, JobState.FAILED, 1) == [first]
        child = (await batch.describe([first]))[first]
        assert (child.terminated, child.state) == (True, JobState.FAILED)
        assert "it cannot win" in child.status_reason
        assert second in await self.reached(batch, engine_id, JobState.RUNNING, 2)
        assert [seen.engine_id for seen in await batch.live(resources.queue)] == [engine_id]

        await batch.terminate(engine_id, "stopped by @mika")

        seen = await self.ended(batch, engine_id)
        assert (seen.state, seen.terminated, seen.children) == (JobState.FAILED, True, ((JobState.FAILED, 4),))
        assert "stopped by @mika" in (await batch.describe([second]))[second].status_reason
        await batch.terminate(first, "once more")

    async def test_ids_that_batch_does_not_know_are_absent(self, aws: AwsClients) -> None:
        assert await BatchEngine(aws).describe(["00000000-0000-0000-0000-000000000000"]) == {}

    async def test_a_queue_that_is_not_there_is_refused(self, aws: AwsClients, resources: Resources) -> None:
        with pytest.raises((Missing, Refused), match="nowhere"):
            await BatchEngine(aws).submit(
                SubmitCall("sb-x", "nowhere", resources.job_definition, ("true",), {}, {}, 60)
            )
